// gocql 1.x (Go): the driver's own integration suite, over protocol v4 with compression.
import type { Application } from '../application.js';
import { goSuite } from '../go.js';

export const gocql: Application = {
  name: 'gocql',
  needs: ['go'],
  short: true,
  run: (place, server) =>
    goSuite(place, server, {
      packages: ['github.com/gocql/gocql'],
      tags: 'cassandra integration',
      flags: ['-proto=4', '-compressor=snappy', '-gocql.cversion=5.0.9'],
    }),
};

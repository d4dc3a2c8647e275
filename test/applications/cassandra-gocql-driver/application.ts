// Apache's Go driver, gocql 2.x: its own integration suite, over protocol v5 with compression.
import type { Application } from '../application.js';
import { goSuite } from '../go.js';

export const cassandraGocqlDriver: Application = {
  name: 'cassandra-gocql-driver',
  needs: ['go'],
  // The tests themselves wait for most of a minute.
  short: false,
  run: (place, server) =>
    goSuite(place, server, {
      packages: ['github.com/apache/cassandra-gocql-driver/v2'],
      tags: 'cassandra integration',
      // It starts a container of Cassandra 3.11.
      skip: '^TestDocker$',
      flags: ['-proto=5', '-compressor=lz4', '-gocql.cversion=5.0.9'],
    }),
};

// ScyllaDB's fork of gocql (Go), which finds a row's shard, and gocqlx, the mapper upon it: their integration suites.
import type { Application } from '../application.js';
import { goSuite } from '../go.js';

const mapper = 'github.com/scylladb/gocqlx/v3';

export const scyllaGocql: Application = {
  name: 'scylla-gocql',
  needs: ['go'],
  short: false,
  async run(place, server) {
    const driver = await goSuite(place, server, {
      packages: ['github.com/gocql/gocql'],
      tags: 'integration',
      // Timeouts of some nanoseconds, which pass by chance on Cassandra too; names for addresses that have no port.
      skip: '^(TestNewConnectWithLowTimeout|TestDNS)$',
      flags: ['-proto=4', '-compressor=snappy', '-gocql.cversion=5.0.9'],
    });
    const packages = [mapper, `${mapper}/dbutil`, `${mapper}/migrate`];
    return [...driver, ...(await goSuite(place, server, { packages, tags: 'all' }))];
  },
};

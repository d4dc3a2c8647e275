// Temporal (Go, gocql 1.x): the tests of its server's persistence in Cassandra: conditional batches, ranges, queues, histories.
import { join } from 'node:path';
import type { Application } from '../application.js';
import { goResults } from '../results.js';

const tests = 'go.temporal.io/server/common/persistence/tests';

export const temporal: Application = {
  name: 'temporal',
  needs: ['go'],
  // The tests take seconds, but building them takes minutes.
  short: false,
  async run(place, { host, port }) {
    const report = join(place.work, 'report.json');
    const command = `go test -count=1 -timeout 30m -json -run TestCassandra ${tests} > '${report}'`;
    await place.run('sh', ['-c', command], { env: { CASSANDRA_SEEDS: host, CASSANDRA_PORT: String(port) } });
    return goResults(place.report('report.json'));
  },
};

// golang-migrate (Go, gocql 1.x): its suite for drivers, its example migrations, and some of several statements.
import type { Application } from '../application.js';
import { goResults } from '../results.js';

export const golangMigrate: Application = {
  name: 'golang-migrate',
  needs: ['go'],
  short: true,
  async run(place, { host, port }) {
    await place.run('sh', ['-c', 'go test -count=1 -timeout 10m -json ./... > report.json'], {
      env: { CQL_HOST: host, CQL_PORT: String(port) },
    });
    return goResults(place.report('report.json'));
  },
};

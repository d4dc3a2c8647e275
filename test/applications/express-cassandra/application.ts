// express-cassandra (Node.js, cassandra-driver 4): an object mapper, with the models of its documentation.
import { join } from 'node:path';
import type { Application } from '../application.js';
import { junitResults } from '../results.js';

export const expressCassandra: Application = {
  name: 'express-cassandra',
  needs: ['npm'],
  short: true,
  async run(place, { host, port }) {
    await place.node();
    const report = join(place.work, 'report.xml');
    // Packages are found in the folder above `work`.
    const reporters = ['--test-reporter=junit', `--test-reporter-destination=${report}`];
    await place.run(process.execPath, ['--test', ...reporters, 'express-cassandra.test.mjs'], {
      env: { CQL_HOST: host, CQL_PORT: String(port) },
    });
    return junitResults(place.report('report.xml'));
  },
};

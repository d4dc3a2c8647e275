// cassandra-store (Node.js, the driver's version 3.5): an express session store with the tests in its package.
import { join } from 'node:path';
import { CqlClient } from '../../support/cql-client.js';
import type { Application } from '../application.js';
import { junitResults } from '../results.js';

export const cassandraStore: Application = {
  name: 'cassandra-store',
  needs: ['npm'],
  short: true,
  async run(place, { host, port }) {
    const packages = await place.node();
    // Its tests want the table of its README in a keyspace `tests`.
    const client = await CqlClient.connect({ host, port });
    await client.query(
      "CREATE KEYSPACE IF NOT EXISTS tests WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    );
    await client.query(
      'CREATE TABLE IF NOT EXISTS tests.sessions (sid text, session text, expires timestamp, PRIMARY KEY (sid))',
    );
    await client.close();
    const report = join(place.work, 'report.xml');
    const options = ['--exit', '--timeout', '10000', '--reporter', 'xunit', '--reporter-option', `output=${report}`];
    await place.run(process.execPath, [join(packages, 'mocha', 'bin', 'mocha.js'), ...options, 'test/*.js'], {
      cwd: join(packages, 'cassandra-store'),
      env: { DBHOST: `${host}:${port}` },
    });
    return junitResults(place.report('report.xml'));
  },
};

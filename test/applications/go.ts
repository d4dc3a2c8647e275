// Suites of Go modules whose tests come with them, as gocql and the drivers made of it have them.
import { join } from 'node:path';
import type { Place, Server } from './application.js';
import { goResults, type TestResult } from './results.js';

export type GoSuite = {
  readonly packages: readonly string[];
  /** The build tags of the tests. */
  readonly tags: string;
  /** Tests that are left out, as a regular expression. */
  readonly skip?: string;
  /** Flags that the tests themselves know. */
  readonly flags?: readonly string[];
};

/** Runs the tests of the packages, which the folder's go.mod pins, one package after the other: they share keyspaces. */
export async function goSuite(place: Place, { host, port }: Server, suite: GoSuite): Promise<readonly TestResult[]> {
  const report = join(place.work, 'report.json');
  const run = ['go', 'test', '-count=1', '-timeout=10m', '-p=1', '-json', `-tags='${suite.tags}'`];
  if (suite.skip !== undefined) run.push(`-skip='${suite.skip}'`);
  const flags = [`-cluster=${host}:${port}`, '-gocql.timeout=60s', ...(suite.flags ?? [])];
  await place.run('sh', ['-c', `${[...run, ...suite.packages, ...flags].join(' ')} > '${report}'`]);
  return goResults(place.report('report.json'));
}

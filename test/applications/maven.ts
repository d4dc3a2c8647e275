// Applications whose tests Maven runs.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, Server } from './application.js';
import { junitResults, type TestResult } from './results.js';

/** `mvn test` in the copy of the application's folder; its tests read CQL_HOST and CQL_PORT. */
export async function surefire(place: Place, { host, port }: Server): Promise<readonly TestResult[]> {
  const env = { CQL_HOST: host, CQL_PORT: String(port) };
  // Its exit status says no more than its reports, unless there are none.
  await place.run('mvn', ['-q', '-B', 'test'], { env });
  const reports = join('target', 'surefire-reports');
  let names: string[];
  try {
    names = readdirSync(join(place.work, reports)).filter((name) => name.endsWith('.xml'));
  } catch {
    throw new Error(`no ${reports}: the tests did not run`);
  }
  return names.flatMap((name) => junitResults(place.report(join(reports, name))));
}

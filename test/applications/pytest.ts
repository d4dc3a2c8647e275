// Applications whose tests pytest runs.
import { join } from 'node:path';
import type { Place, Server } from './application.js';
import { junitResults, type TestResult } from './results.js';

/** pytest in the copy of the application's folder, with what its requirements.txt names; its tests read CQL_HOST and CQL_PORT. */
export async function pytest(place: Place, { host, port }: Server): Promise<readonly TestResult[]> {
  const bin = await place.python();
  // Its exit status says no more than its report, unless there is none.
  await place.run(join(bin, 'python'), ['-m', 'pytest', '-p', 'no:cacheprovider', '--junitxml=report.xml'], {
    env: { CQL_HOST: host, CQL_PORT: String(port) },
  });
  return junitResults(place.report('report.xml'));
}

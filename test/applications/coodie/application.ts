// coodie (Python, an object mapper on pydantic): the integration tests of its source distribution, on cassandra-driver.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Application } from '../application.js';
import { junitResults } from '../results.js';

const version = '1.9.3';

export const coodie: Application = {
  name: 'coodie',
  needs: ['python3', 'tar'],
  short: false,
  async run(place, { port }) {
    const bin = await place.python(async (programs) => {
      const only = ['--no-deps', '--no-binary', 'coodie', '-d', place.home];
      await place.must(join(programs, 'pip'), ['download', '-q', ...only, `coodie==${version}`]);
      const archive = readdirSync(place.home).find((name) => name === `coodie-${version}.tar.gz`);
      if (archive === undefined) throw new Error('no source distribution of coodie');
      await place.must('tar', ['xzf', join(place.home, archive), '-C', place.home]);
    });
    const report = join(place.work, 'report.xml');
    const options = ['-m', 'integration', '--driver-type', 'cassandra', '--no-cov', '-p', 'no:cacheprovider'];
    await place.run(join(bin, 'python'), ['-m', 'pytest', ...options, `--junitxml=${report}`, 'tests/integration'], {
      cwd: join(place.home, `coodie-${version}`),
      // Its tests ask a container engine for a server; the module in this folder answers with ours.
      env: { PYTHONPATH: join(place.work, 'containers'), CQL_PORT: String(port) },
    });
    return junitResults(place.report('report.xml'));
  },
};

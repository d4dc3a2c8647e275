// Runs the compiled tests: `node scripts/test.js [FOLDER-OR-FILE-PREFIX ...]`, default unit and integration.
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testFiles } from './test-files.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// `npm run test:crash -- --indexes`: a thousand crashes of a table with every kind of index and with views.
const withIndexes = process.argv.includes('--indexes');
const wanted = process.argv.slice(2).flatMap((arg) => {
  if (arg === '--indexes') return [];
  return withIndexes && arg === 'crash' ? ['crash/indexes.test.js'] : [arg];
});
if (withIndexes) process.env.CRASH_ROUNDS ??= '1000';
const files = new Set();
for (const part of wanted.length > 0 ? wanted : ['unit', 'integration']) {
  const found = testFiles(root, part);
  if (found.length === 0) {
    console.error(`test: no test file found for ${part}`);
    process.exit(1);
  }
  for (const file of found) files.add(file);
}
// Most wait for what must come, and for ever when it does not: a file that takes so long has failed. What is asked for by name may be long.
const hangMs = 10 * 60_000;
const limits = wanted.length > 0 ? [] : [`--test-timeout=${hangMs}`];
const reporter = new URL('test-reporter.js', import.meta.url).href;
// Those of SSTables share a Cassandra whose offline tools read its schema: nobody may change that meanwhile.
const concurrency = wanted.includes('sstables') ? 1 : 2;
const options = ['--test', `--test-concurrency=${concurrency}`, ...limits, `--test-reporter=${reporter}`];
const result = spawnSync(process.execPath, [...options, ...files], { cwd: root, stdio: 'inherit' });
process.exit(result.status ?? 1);

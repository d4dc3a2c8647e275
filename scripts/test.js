// Runs the compiled tests: `node scripts/test.js [FOLDER-OR-FILE-PREFIX ...]`, default unit and integration.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function collect(path, files) {
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) collect(join(path, name), files);
  else if (path.endsWith('.test.js')) files.push(path);
}

// `npm run test:crash -- --indexes`: a thousand crashes of a table with every kind of index and with views.
const withIndexes = process.argv.includes('--indexes');
const wanted = process.argv.slice(2).flatMap((arg) => {
  if (arg === '--indexes') return [];
  return withIndexes && arg === 'crash' ? ['crash/indexes.test.js'] : [arg];
});
if (withIndexes) process.env.CRASH_ROUNDS ??= '1000';
const files = [];
for (const part of wanted.length > 0 ? wanted : ['unit', 'integration'])
  collect(join(root, 'dist', 'test', part), files);
// A compiled test whose source is gone must not run.
const live = files.filter((file) => existsSync(file.replace(join(root, 'dist'), root).replace(/\.js$/, '.ts')));
if (live.length === 0) {
  console.error('test: no test file found');
  process.exit(1);
}
// Most wait for what must come, and for ever when it does not: a file that takes so long has failed. What is asked for by name may be long.
const hangMs = 10 * 60_000;
const limits = wanted.length > 0 ? [] : [`--test-timeout=${hangMs}`];
const reporter = new URL('test-reporter.js', import.meta.url).href;
// Those of SSTables share a Cassandra whose offline tools read its schema: nobody may change that meanwhile.
const concurrency = wanted.includes('sstables') ? 1 : 2;
const options = ['--test', `--test-concurrency=${concurrency}`, ...limits, `--test-reporter=${reporter}`];
const result = spawnSync(process.execPath, [...options, ...live], { cwd: root, stdio: 'inherit' });
process.exit(result.status ?? 1);

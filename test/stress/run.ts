// `npm run test:stress`: latte runs a key-value and a time-series workload against a Ferrosa of its own. latte's exit status says
// nothing of failed requests, so the verdict comes from the errors and the row count of its report.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CqlClient } from '../support/cql-client.js';
import { Ferrosa } from '../support/ferrosa.js';

const version = '0.29.0';
const cache = process.env['FERROSA_TOOLS_CACHE'] ?? join(homedir(), '.cache', 'ferrosa-tools');
const latte = join(cache, 'bin', 'latte');
const seconds = process.env['STRESS_SECONDS'] ?? '10';
const rows = 20_000;

if (!existsSync(latte)) {
  execFileSync('cargo', ['install', '--quiet', '--locked', `latte-cli@${version}`, '--root', cache], {
    stdio: 'inherit',
  });
}

type Report = { readonly result: { readonly errors: readonly unknown[]; readonly request_count: number } };

/** Schema, load and run of one workload file. Throws when a request failed. */
function workload(file: string, target: string, functions: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'ferrosa-latte-'));
  const run = (...args: string[]): void => {
    execFileSync(latte, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  };
  const path = join(process.cwd(), 'test', 'stress', file);
  try {
    run('schema', path, target);
    run('load', path, target, '-q');
    const report = join(folder, 'report.json');
    const which = functions.length === 0 ? [] : ['-f', functions.join(',')];
    run('run', path, target, '-q', '-d', `${seconds}s`, '-w', '1s', '-p', '32', '-c', '2', '-o', report, ...which);
    const { result } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    if (result.errors.length > 0) throw new Error(`${file}: ${JSON.stringify(result.errors).slice(0, 2000)}`);
    if (!(result.request_count > 0)) throw new Error(`${file}: no request was made`);
    return result.request_count;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function countRows(port: number, table: string): Promise<number> {
  const client = await CqlClient.connect({ port });
  const result = await client.query(`SELECT count(*) AS n FROM ${table}`);
  await client.close();
  return Number(result.objects()[0]?.['n']);
}

const external = process.env['CQL_TARGET'];
const ferrosa = external === undefined ? await Ferrosa.start() : null;
const target = external ?? `127.0.0.1:${ferrosa?.port}`;
let passed = 0;
let failed = 0;
for (const [name, file, functions, table] of [
  ['key-value', 'kv.rn', [], 'latte_kv.kv'],
  ['time-series', 'ts.rn', [], 'latte_ts.readings'],
  ['time-series, mixed', 'ts.rn', ['append:8', 'newest:2', 'range:1'], 'latte_ts.readings'],
] as const) {
  try {
    const requests = workload(file, target, functions);
    const stored = await countRows(Number(target.split(':')[1]), table);
    if (stored < rows) throw new Error(`${table} has ${stored} rows, ${rows} were loaded`);
    passed++;
    console.log(`ok - ${name}: ${requests} requests without an error, ${stored} rows`);
  } catch (error) {
    failed++;
    console.log(`not ok - ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
await ferrosa?.remove();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

// `npm run test:cqlsh`: cqlsh as PyPI has it against a Ferrosa of its own. With ORACLE=HOST:PORT it runs DESCRIBE on a real
// Cassandra instead and rewrites describe.golden.txt, what DESCRIBE has to print.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CqlClient } from '../support/cql-client.js';
import { Ferrosa } from '../support/ferrosa.js';

const here = join('test', 'cqlsh');
const golden = join(here, 'describe.golden.txt');
const cache = process.env['FERROSA_TOOLS_CACHE'] ?? join(homedir(), '.cache', 'ferrosa-tools');

/** cqlsh in a virtual environment of its own, installed the first time. */
function install(): string {
  const venv = join(cache, 'python');
  const cqlsh = join(venv, 'bin', 'cqlsh');
  if (!existsSync(cqlsh)) {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
    execFileSync(join(venv, 'bin', 'pip'), ['install', '-q', 'cqlsh', 'cassandra-driver', 'lz4', 'python-snappy'], {
      stdio: 'inherit',
    });
  }
  return cqlsh;
}

const cqlsh = install();

type Output = { readonly code: number; readonly text: string };

function shell(host: string, port: number, args: readonly string[]): Promise<Output> {
  return new Promise((resolve) => {
    const options = { maxBuffer: 64 * 1024 * 1024, timeout: 300_000 };
    execFile(cqlsh, ['--request-timeout=60', host, String(port), ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, text: stdout + stderr });
    });
  });
}

/** Without what differs between two servers by nature: ids of tables. */
function normalize(text: string): string {
  return text
    .replaceAll(/ID = [0-9a-f-]{36}/g, 'ID = ...')
    .replaceAll(/USING TIMESTAMP \d+/g, 'USING TIMESTAMP ...')
    .split('\n')
    .filter((line) => !line.startsWith('WARNING: cqlsh was built against'))
    .map((line) => line.trimEnd())
    .join('\n');
}

async function describeAll(host: string, port: number): Promise<string> {
  const parts: string[] = [];
  for (const command of readFileSync(join(here, 'describe-commands.txt'), 'utf8').trim().split('\n')) {
    const { text } = await shell(host, port, ['-e', command]);
    parts.push(`=== ${command}\n${normalize(text)}`);
  }
  return parts.join('\n');
}

let passed = 0;
let failed = 0;
async function check(name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
    passed++;
    console.log(`ok - ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok - ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function act1(port: number): Promise<void> {
  const { code, text } = await shell('127.0.0.1', port, ['-f', join(here, 'act1.cql')]);
  assert.equal(code, 0, text);
  assert.deepEqual(
    text
      .match(/^\s+\d+$/gm)
      ?.map((line) => line.trim())
      .slice(0, 2),
    ['5', '5'],
    text,
  );
  assert.match(text, /3 \| +click \| +\{"note": "it's fine"\}/);
}

async function describe(port: number): Promise<void> {
  const { code, text } = await shell('127.0.0.1', port, ['-f', join(here, 'schema.cql')]);
  assert.equal(code, 0, text);
  const actual = (await describeAll('127.0.0.1', port)).split('\n=== ');
  const expected = readFileSync(golden, 'utf8').split('\n=== ');
  const differing = expected.filter((part, i) => part.trim() !== actual[i]?.trim()).map((part) => part.split('\n')[0]);
  for (const name of differing.slice(0, 3)) {
    const i = expected.findIndex((part) => part.startsWith(name as string));
    console.log(`--- expected ${expected[i]}\n--- actual ${actual[i]}`);
  }
  assert.deepEqual(differing, [], 'DESCRIBE differs from Cassandra');
}

const copyRows = 100_000;

async function copy(port: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ferrosa-copy-'));
  const input = join(folder, 'in.csv');
  const output = join(folder, 'out.csv');
  const lines = Array.from({ length: copyRows }, (_, i) => `${i},${i % 97},name ${i},"a \\"quoted\\", text",${i / 8}`);
  writeFileSync(input, `${lines.join('\n')}\n`);
  const ddl =
    "CREATE KEYSPACE IF NOT EXISTS copy WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}; CREATE TABLE copy.t (a int, b int, c text, d text, e double, PRIMARY KEY (a, b))";
  assert.equal((await shell('127.0.0.1', port, ['-e', ddl])).code, 0);
  const from = await shell('127.0.0.1', port, ['-e', `COPY copy.t (a, b, c, d, e) FROM '${input}'`]);
  assert.match(from.text, new RegExp(`${copyRows} rows imported`), from.text);
  const to = await shell('127.0.0.1', port, ['-e', `COPY copy.t (a, b, c, d, e) TO '${output}'`]);
  assert.match(to.text, new RegExp(`${copyRows} rows exported`), to.text);
  const exported = readFileSync(output, 'utf8').trim().split(/\r?\n/);
  assert.equal(new Set(exported.map((line) => line.split(',')[0])).size, copyRows);
}

async function tracing(port: number): Promise<void> {
  const { text } = await shell('127.0.0.1', port, ['-e', 'TRACING ON; SELECT * FROM app.events LIMIT 1;']);
  assert.match(text, /Tracing session: [0-9a-f-]{36}/, text);
  assert.match(text, /Request complete/, text);
}

async function source(port: number): Promise<void> {
  const { code, text } = await shell('127.0.0.1', port, ['-e', `SOURCE '${join(here, 'act1.cql')}'`]);
  assert.equal(code, 0, text);
  assert.match(text, /logout/);
}

async function paging(port: number): Promise<void> {
  const { text } = await shell('127.0.0.1', port, ['-e', 'PAGING 7; SELECT event_id FROM app.events;']);
  assert.equal(text.match(/^\s+\d+$/gm)?.length, 10, text);
  const off = await shell('127.0.0.1', port, [
    '-e',
    'PAGING OFF; EXPAND ON; CONSISTENCY ONE; SELECT * FROM app.events LIMIT 3; SHOW VERSION; SHOW HOST',
  ]);
  assert.match(off.text, /@ Row 3/, off.text);
  assert.match(off.text, /Cassandra 5\.0/, off.text);
}

async function errors(port: number): Promise<void> {
  const { code, text } = await shell('127.0.0.1', port, ['-e', 'SELECT nothing FROM app.events']);
  assert.equal(code, 1);
  assert.match(
    text,
    /InvalidRequest: Error from server: code=2200 \[Invalid query\] message="Undefined column name nothing/,
  );
}

async function main(): Promise<void> {
  const oracle = process.env['ORACLE'];
  if (oracle !== undefined) {
    const [host, port] = oracle.split(':') as [string, string];
    const { code, text } = await shell(host, Number(port), ['-f', join(here, 'schema.cql')]);
    if (code !== 0) throw new Error(text);
    writeFileSync(golden, `${await describeAll(host, Number(port))}\n`);
    return;
  }
  const ferrosa = await Ferrosa.start();
  const { port } = ferrosa;
  await check('DESCRIBE of all kinds prints what Cassandra prints for the same schema', () => describe(port));
  await check("the tutorial's first act has its counts", () => act1(port));
  await check('COPY FROM and COPY TO of 100,000 rows', () => copy(port));
  await check('TRACING ON shows the trace', () => tracing(port));
  await check('SOURCE runs a file', () => source(port));
  await check('paging, EXPAND, SHOW', () => paging(port));
  await check('an error names what is wrong', () => errors(port));
  await check('a second connection still works', async () => {
    const client = await CqlClient.connect({ port });
    await client.query('SELECT * FROM system.local');
    client.close();
  });
  await ferrosa.remove();
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}

await main();

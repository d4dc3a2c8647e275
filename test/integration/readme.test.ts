import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { CqlClient } from '../support/cql-client.js';
import { Ferrosa } from '../support/ferrosa.js';

const readme = readFileSync('README.md', 'utf8');
const cleanups: (() => Promise<void>)[] = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

test('the statements of the README do what it shows, also after kill -9', async () => {
  const ferrosa = await Ferrosa.start();
  cleanups.push(() => ferrosa.remove());
  const statements = [...readme.matchAll(/^cqlsh> (.*);$/gm)].map(([, statement]) => statement as string);
  assert.ok(statements.length >= 4, 'the README shows statements');
  const shown = [...readme.matchAll(/^ +(\d+) \| +(\w+)$/gm)].map(([, id, name]) => ({ id: Number(id), name }));
  const client = await CqlClient.connect({ port: ferrosa.port });
  for (const statement of statements) await client.query(statement);
  assert.deepEqual((await client.query(statements.at(-1) as string)).objects(), shown);
  await client.close();
  await ferrosa.down('SIGKILL');
  await ferrosa.up();
  const again = await CqlClient.connect({ port: ferrosa.port });
  assert.deepEqual((await again.query(statements.at(-1) as string)).objects(), shown);
  await again.close();
});

test('every npm script that the documents name exists', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const documents = ['README.md', 'CONTRIBUTING.md', '.ci/run'].map((path) => readFileSync(path, 'utf8')).join('\n');
  const named = [...documents.matchAll(/npm (?:run )?((?:test|bench|start|lint)[:\w-]*)/g)].map(
    ([, name]) => name as string,
  );
  assert.ok(named.length > 5);
  assert.deepEqual(
    [...new Set(named)].filter((name) => scripts[name] === undefined),
    [],
  );
});

test('every file that the README points to is there', () => {
  const links = [...readme.matchAll(/\]\(([^)h][^)]*)\)/g)].map(([, path]) => path as string);
  const folders = [...readme.matchAll(/^\| `([^`]+)`(?:, `([^`]+)`)*/gm)].flatMap(([row]) =>
    [...row.matchAll(/`([^`]+)`/g)].map(([, path]) => path as string),
  );
  assert.deepEqual(
    [...links, ...folders].filter((path) => !existsSync(path)),
    [],
  );
});

test('ferrosa help names every setting that the README mentions', () => {
  const help = execFileSync(process.execPath, ['bin/ferrosa.js', 'help'], { encoding: 'utf8' });
  for (const word of ['start', 'commitlog-sync', 'data-dir', 'cql-bind'])
    assert.match(help, new RegExp(word.replace('-', '[-_]')));
});

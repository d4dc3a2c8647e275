// The other way: SSTables that Cassandra wrote, put into the folders of Ferrosa's tables, are taken up when the node starts and answered
// through CQL, and so is what Ferrosa makes of them by a compaction.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { promisify } from 'node:util';
import { CqlClient } from '../support/cql-client.js';
import { Ferrosa } from '../support/ferrosa.js';
import { withoutFloatText } from '../unit/sstable/cql-json.js';
import { type FixtureTable, fixtureRoot, loadFixture } from '../unit/sstable/fixture.js';
import { schemaOf, selectAll } from './fixture-cql.js';

const run = promisify(execFile);
const names = fs.readdirSync(fixtureRoot).sort();
const tables = new Map<string, FixtureTable>();
const notCreated = new Map<string, string>();
let ferrosa: Ferrosa;
let client: CqlClient;

async function createTable(name: string): Promise<void> {
  try {
    for (const statement of schemaOf(tables.get(name)!)) {
      await client.query(statement);
      if (statement.startsWith('CREATE KEYSPACE')) await client.query(`USE ${name}`);
    }
  } catch (error) {
    notCreated.set(name, String(error)); // the fixture's own test fails with it
  }
}

/** Puts the components of all SSTables where the fixture's table has its files. */
function putFiles(name: string): void {
  const { folder } = tables.get(name)!;
  const { directory } = JSON.parse(fs.readFileSync(path.join(folder, 'fixture.json'), 'utf8'));
  const target = path.join(ferrosa.dataDir, 'data', name, directory);
  fs.mkdirSync(target, { recursive: true });
  for (const file of fs.readdirSync(folder))
    if (file.startsWith('da-')) fs.copyFileSync(path.join(folder, file), path.join(target, file));
}

async function expectRows(name: string): Promise<void> {
  assert.equal(notCreated.get(name), undefined);
  const table = tables.get(name)!;
  assert.deepEqual(await selectAll(client, table, name), table.expected.map(withoutFloatText));
}

before(async () => {
  ferrosa = await Ferrosa.start();
  client = await CqlClient.connect({ port: ferrosa.port });
  for (const name of names) tables.set(name, loadFixture(name));
  for (const name of names) await createTable(name);
  await client.close();
  await ferrosa.down('SIGTERM');
  for (const name of names) putFiles(name);
  await ferrosa.up();
  client = await CqlClient.connect({ port: ferrosa.port });
});

after(async () => {
  await client?.close();
  await ferrosa?.remove();
});

for (const name of names)
  test(`the SSTables of the fixture ${name} are taken up at the start and answered through CQL`, () =>
    expectRows(name));

test('a compaction of the files of Cassandra changes no answer', async () => {
  await run(process.execPath, ['bin/ferrosa-ctl.js', '-p', String(ferrosa.webPort), 'compact']);
  for (const name of ['types', 'collections', 'udts', 'static', 'counters', 'wide', 'merge', 'range_tombstones'])
    await expectRows(name);
});

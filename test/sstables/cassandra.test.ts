// Cassandra opens what Ferrosa writes: its tools print and verify the files, a node imports them and answers from them.
// Needs Maven and a JDK 17 for scripts/oracle/cassandra, which is started when it does not run yet.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NativeStore } from '../../src/native/index.js';
import { compact, flushMemtable } from '../../src/storage/sstable/build.js';
import { ChunkStore } from '../../src/storage/sstable/chunk-store.js';
import { componentName, components, type SSTableName } from '../../src/storage/sstable/format.js';
import { SSTableReader } from '../../src/storage/sstable/reader.js';
import { scanSSTable } from '../../src/storage/sstable/scan.js';
import { CqlClient } from '../support/cql-client.js';
import { jsonOf, withoutFloatText } from '../unit/sstable/cql-json.js';
import { type FixtureTable, loadFixture } from '../unit/sstable/fixture.js';
import { mutationOf } from '../unit/sstable/mutation.js';

const oracle = fileURLToPath(new URL('../../../scripts/oracle/cassandra', import.meta.url));
const run = (...args: string[]): string =>
  execFileSync(oracle, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });
const written: SSTableName = { version: 'da', id: '1', format: 'bti' };
const lz4 = { class: 'LZ4Compressor', chunk_length_in_kb: '16' };
let client: CqlClient;
let folder: string;

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrosa-oracle-'));
  fs.chmodSync(folder, 0o755);
  const port = Number(run('port').trim());
  try {
    client = await CqlClient.connect({ port, version: 4 });
  } catch {
    run('start');
    client = await CqlClient.connect({ port, version: 4 });
  }
});

after(async () => {
  await client?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

type Made = { readonly how: string; make(table: FixtureTable, where: string): Promise<void> };

const output = (table: FixtureTable, where: string) => ({
  descriptor: table.descriptor,
  bloomFilterFpChance: 0.01,
  compression: lz4,
  folder: where,
  ids: { first: 1, count: 1 },
  hostId: new Uint8Array(16).fill(9),
});

const compacted: Made = {
  how: 'compaction',
  async make(table, where) {
    const inputs = table.names.map((name) => ({ folder: table.folder, name }));
    compact({ ...output(table, where), inputs, purge: null, overlapping: [] });
  },
};

const flushed: Made = {
  how: 'a flush',
  async make(table, where) {
    const store = new NativeStore(new Uint8Array(16).fill(7));
    store.setTable(table.descriptor);
    const chunks = new ChunkStore(1 << 26);
    for (const name of table.names) {
      const reader = SSTableReader.open(table.folder, name, table.descriptor, chunks);
      for await (const partition of scanSSTable(reader, chunks)) store.apply(mutationOf(partition));
      reader.close();
    }
    flushMemtable({ ...output(table, where), frozen: store.freeze(new Uint8Array(16)) });
  },
};

const dataOf = (where: string, name: SSTableName): string => path.join(where, componentName(name, components.data));
const dump = (file: string): unknown => JSON.parse(run('sstabledump', file));

for (const { how, make } of [compacted, flushed]) {
  for (const name of [
    'types',
    'collections',
    'static',
    'ttl',
    'tombstones',
    'range_tombstones',
    'udts',
    'columns_64',
    'ck_four',
  ]) {
    test(`sstabledump prints the fixture ${name} from the file of ${how} as from Cassandra's own`, async () => {
      const table = loadFixture(name);
      const where = fs.mkdtempSync(path.join(folder, 'dump-'));
      await make(table, where);
      assert.deepEqual(dump(dataOf(where, written)), dump(dataOf(table.folder, table.names[0]!)));
    });
  }
}

/** The statements of a fixture's schema in a keyspace of another name. */
async function createSchema(table: FixtureTable, keyspace: string): Promise<void> {
  await client.query(`DROP KEYSPACE IF EXISTS ${keyspace}`);
  const statements = fs.readFileSync(path.join(table.folder, 'schema.cql'), 'utf8').split('\n').filter(Boolean);
  for (const statement of statements) {
    if (statement.startsWith('USE')) continue;
    await client.query(
      statement
        .replace(/CREATE KEYSPACE \w+/, `CREATE KEYSPACE ${keyspace}`)
        .replace(/(CREATE TABLE) (\w+)/, `$1 ${keyspace}.$2`)
        .replace(/ WITH ID = [0-9a-f-]+ AND/, ' WITH')
        .replace(/ WITH ID = [0-9a-f-]+/, ''),
    );
  }
}

async function select(table: FixtureTable, keyspace: string): Promise<unknown[]> {
  const labels = Object.keys(table.expected[0]!);
  const rows: unknown[] = [];
  const text = `SELECT ${labels.map((label) => label.replace(/^(\w+)(\((.*)\))?$/, (all) => all)).join(', ')} FROM ${keyspace}.t`;
  const typeOf = (label: string, i: number) => {
    const call = /^(writetime|ttl)\((.*)\)$/.exec(label);
    if (call !== null) return call[1] === 'ttl' ? ({ kind: 'int' } as const) : ({ kind: 'bigint' } as const);
    const column = table.columns.find((found) => found.name === label);
    if (column !== undefined) return column.type;
    return i < table.partitionKey.length
      ? table.partitionKey[i]!
      : table.clustering[i - table.partitionKey.length]!.type;
  };
  let pagingState: Uint8Array | null = null;
  do {
    const result = await client.query(text, [], { pageSize: 1000, pagingState });
    for (const row of result.rows)
      rows.push(Object.fromEntries(labels.map((label, i) => [label, jsonOf(typeOf(label, i), row[i]!)])));
    pagingState = result.pagingState;
  } while (pagingState !== null);
  return rows;
}

for (const { how, make } of [compacted, flushed]) {
  for (const name of [
    'types',
    'collections',
    'tombstones',
    'range_tombstones',
    'many_partitions',
    'wide_text_desc',
    'merge',
  ]) {
    test(`a Cassandra node imports the file of ${how} of the fixture ${name}, verifies it and answers from it`, async () => {
      const table = loadFixture(name);
      const keyspace = `ferrosa_sstables_${name}`;
      // Cassandra passes over files whose folder is not named as a table's is: <keyspace>/<table>.
      const where = path.join(fs.mkdtempSync(path.join(folder, 'import-')), keyspace, 't');
      fs.mkdirSync(where, { recursive: true });
      await make(table, where);
      await createSchema(table, keyspace);
      run('nodetool', '--', 'import', '--copy-data', keyspace, 't', where);
      assert.deepEqual(await select(table, keyspace), table.expected.map(withoutFloatText));
      assert.match(run('sstableverify', '-f', '-e', keyspace, 't'), /Verify of .* succeeded/);
      await client.query(`DROP KEYSPACE ${keyspace}`);
    });
  }
}

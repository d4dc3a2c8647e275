// Cassandra opens what Ferrosa writes: its tools print and verify the files, a node imports them and answers from them. The contents are
// those of the fixtures, written again by a flush and by a compaction.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { NativeStore } from '../../src/native/index.js';
import { compact, flushMemtable } from '../../src/storage/sstable/build.js';
import { ChunkStore } from '../../src/storage/sstable/chunk-store.js';
import { componentName, components, type SSTableName } from '../../src/storage/sstable/format.js';
import { SSTableReader } from '../../src/storage/sstable/reader.js';
import { scanSSTable } from '../../src/storage/sstable/scan.js';
import type { CqlClient } from '../support/cql-client.js';
import { withoutFloatText } from '../unit/sstable/cql-json.js';
import { type FixtureTable, loadFixture } from '../unit/sstable/fixture.js';
import { mutationOf } from '../unit/sstable/mutation.js';
import { createSchema, selectAll } from './fixture-cql.js';
import { connectOracle, oracleTool, type ToolRun } from './oracle.js';

const written: SSTableName = { version: 'da', id: '1', format: 'bti' };
const lz4 = { class: 'LZ4Compressor', chunk_length_in_kb: '16' };

const output = (table: FixtureTable, where: string) => ({
  descriptor: table.descriptor,
  bloomFilterFpChance: 0.01,
  compression: lz4,
  folder: where,
  ids: { first: 1, count: 1 },
  hostId: new Uint8Array(16).fill(9),
});

const ways = {
  compaction: async (table: FixtureTable, where: string): Promise<void> => {
    const inputs = table.names.map((name) => ({ folder: table.folder, name }));
    compact({ ...output(table, where), inputs, purge: null, overlapping: [] });
  },
  flush: async (table: FixtureTable, where: string): Promise<void> => {
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

// One SSTable each: what is printed of it is comparable.
const dumped = [
  'types',
  'collections',
  'static',
  'ttl',
  'tombstones',
  'range_tombstones',
  'udts',
  'columns_64',
  'ck_four',
];
const imported = [
  'types',
  'collections',
  'static',
  'ttl',
  'tombstones',
  'range_tombstones',
  'many_partitions',
  'wide',
  'wide_text_desc',
  'merge',
];

type Case = { way: keyof typeof ways; name: string; table: FixtureTable; keyspace: string; where: string };
const casesOf = (names: readonly string[]) =>
  (Object.keys(ways) as (keyof typeof ways)[]).flatMap((way) => names.map((name) => ({ way, name })));
const idOf = ({ way, name }: Pick<Case, 'way' | 'name'>): string => `${name}_${way}`;

let client: CqlClient;
let folder: string;
const cases = new Map<string, Case>();
const dumps = new Map<string, unknown>();
const imports = new Map<string, ToolRun>();
const verified = new Map<string, ToolRun>();

const dataOf = (where: string, name: SSTableName): string => path.join(where, componentName(name, components.data));

/** Writes the SSTable of every case. Cassandra passes over files in folders that are not named as its own: <keyspace>/<table>. */
async function writeAll(): Promise<void> {
  const tables = new Map<string, FixtureTable>();
  for (const { way, name } of casesOf([...new Set([...dumped, ...imported])])) {
    const table = tables.get(name) ?? loadFixture(name);
    tables.set(name, table);
    const keyspace = `ferrosa_sstables_${name}_${way}`;
    const where = path.join(folder, keyspace, 't');
    fs.mkdirSync(where, { recursive: true });
    await ways[way](table, where);
    cases.set(`${name}_${way}`, { way, name, table, keyspace, where });
  }
}

async function dumpAll(): Promise<void> {
  const files = new Map<string, string>();
  for (const each of casesOf(dumped)) {
    const { table, where } = cases.get(idOf(each))!;
    files.set(idOf(each), dataOf(where, written));
    files.set(each.name, dataOf(table.folder, table.names[0]!));
  }
  const runs = await oracleTool(
    'sstabledump',
    [...files.values()].map((file) => [file]),
  );
  [...files.keys()].forEach((id, i) => {
    assert.equal(runs[i]!.status, 0, `${id}: ${runs[i]!.err}`);
    dumps.set(id, JSON.parse(runs[i]!.out));
  });
}

async function importAll(): Promise<void> {
  const list = casesOf(imported).map((each) => cases.get(idOf(each))!);
  for (const { table, keyspace } of list) await createSchema(client, table, keyspace);
  const importing = list.map(({ keyspace, where }) => ['import', '--copy-data', keyspace, 't', where]);
  const verifying = list.map(({ keyspace }) => ['-f', '-e', keyspace, 't']);
  for (const [i, done] of (await oracleTool('nodetool', importing)).entries()) imports.set(idOf(list[i]!), done);
  for (const [i, done] of (await oracleTool('sstableverify', verifying)).entries()) verified.set(idOf(list[i]!), done);
}

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrosa-oracle-'));
  client = await connectOracle();
  await writeAll();
  await dumpAll();
  await importAll();
});

after(async () => {
  for (const each of casesOf(imported))
    await client?.query(`DROP KEYSPACE IF EXISTS ferrosa_sstables_${each.name}_${each.way}`);
  await client?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

for (const each of casesOf(dumped))
  test(`sstabledump prints the fixture ${each.name} after a ${each.way} as from Cassandra's own file`, () => {
    assert.deepEqual(dumps.get(idOf(each)), dumps.get(each.name));
  });

for (const each of casesOf(imported)) {
  test(`a Cassandra node imports the fixture ${each.name} after a ${each.way} and answers the same rows`, async () => {
    const { table, keyspace } = cases.get(idOf(each))!;
    const { status, out, err } = imports.get(idOf(each))!;
    assert.equal(status, 0, out + err);
    assert.deepEqual(await selectAll(client, table, keyspace), table.expected.map(withoutFloatText));
  });

  test(`sstableverify accepts the fixture ${each.name} after a ${each.way}`, () => {
    const { status, out, err } = verified.get(idOf(each))!;
    assert.match(out, /Verify of .* succeeded/, out + err);
    assert.equal(status, 0, out + err);
  });
}

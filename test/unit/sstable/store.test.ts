// SSTables behind the store: merged with each other and with memtables, paged, sliced, reversed; and memtables written as SSTables.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { NativeStore, ReadOperation, readBudgetDefault } from '../../../src/native/index.js';
import { type ReadColumn, ReadCommandBuilder, Selected } from '../../../src/storage/read-command.js';
import { cellsOf, RowStream, rowsOf } from '../../../src/storage/row-stream.js';
import { flushMemtable } from '../../../src/storage/sstable/build.js';
import { ChunkStore } from '../../../src/storage/sstable/chunk-store.js';
import { SSTableReader } from '../../../src/storage/sstable/reader.js';
import { type ScanPartition, scanSSTable } from '../../../src/storage/sstable/scan.js';
import { jsonOf, withoutFloatText } from './cql-json.js';
import { type FixtureTable, keyComponents, loadFixture } from './fixture.js';
import { mutationOf } from './mutation.js';

const tableId = new Uint8Array(16);
const counterId = new Uint8Array(16).fill(7);
const int = { kind: 'int' } as const;
const bigint = { kind: 'bigint' } as const;
const least = -(2n ** 63n);

/** The result columns that the labels of rows.jsonl stand for, and how to show each. */
function selection(
  table: FixtureTable,
  labels: string[],
): { columns: ReadColumn[]; show: ((cell: Uint8Array | null, key: Uint8Array) => unknown)[] } {
  const columns: ReadColumn[] = [];
  const show: ((cell: Uint8Array | null, key: Uint8Array) => unknown)[] = [];
  for (const [i, label] of labels.entries()) {
    const call = /^(writetime|ttl)\((.*)\)$/.exec(label);
    const index = table.columns.findIndex(({ name }) => name === (call?.[2] ?? label));
    if (i < table.partitionKey.length) {
      columns.push({ what: Selected.partitionKey, which: i });
      show.push((_cell, key) => jsonOf(table.partitionKey[i]!, keyComponents(table, key)[i]!));
    } else if (i < table.partitionKey.length + table.clustering.length && index < 0) {
      const which = i - table.partitionKey.length;
      columns.push({ what: Selected.clustering, which });
      show.push((cell) => jsonOf(table.clustering[which]!.type, cell));
    } else {
      const what = call === null ? Selected.value : call[1] === 'ttl' ? Selected.ttl : Selected.writetime;
      const type = call === null ? table.columns[index]!.type : call[1] === 'ttl' ? int : bigint;
      columns.push({ what, which: index + 1 });
      show.push((cell) => jsonOf(type, cell));
    }
  }
  return { columns, show };
}

type Page = { rowLimit: number; reversed?: boolean; budgetBytes?: number };

/** SELECT * of everything, page by page, through a store with every SSTable of the fixture. */
async function select(table: FixtureTable, page: Page): Promise<Record<string, unknown>[]> {
  const chunks = new ChunkStore(page.budgetBytes ?? 1 << 26);
  const store = new NativeStore(counterId);
  store.setTable(table.descriptor);
  const readers = table.names.map((name) => SSTableReader.open(table.folder, name, table.descriptor, chunks));
  store.replaceSources(
    tableId,
    [],
    [],
    readers.map((reader) => reader.native.source),
  );
  const labels = Object.keys(table.expected[0]!);
  const { columns, show } = selection(table, labels);
  const rows: Record<string, unknown>[] = [];
  const range = { start: least, startInclusive: true, end: 2n ** 63n - 1n, endInclusive: true };
  let startAfter: Uint8Array | null = null;
  for (;;) {
    const command = {
      tableId,
      nowSeconds: table.now,
      columns,
      partitions: { range },
      unrestricted: true,
      ...page,
      startAfter,
    };
    const operation = new ReadOperation(new ReadCommandBuilder().encode(command));
    let answer = store.read(operation, readBudgetDefault);
    for (; !(answer instanceof Uint8Array); answer = store.read(operation, readBudgetDefault))
      if (answer !== null) await chunks.load(answer);
    const stream = new RowStream(answer);
    for (const partition of stream.partitions())
      for (const row of rowsOf(partition, columns.length)) {
        const cells = cellsOf(row.cells, columns.length);
        rows.push(Object.fromEntries(labels.map((label, i) => [label, show[i]!(cells[i]!, partition.key)])));
      }
    startAfter = stream.position === null ? null : stream.position.slice();
    if (startAfter === null) break;
  }
  for (const reader of readers) reader.close();
  return rows;
}

function reversedInPartitions(table: FixtureTable, rows: Record<string, unknown>[]): Record<string, unknown>[] {
  const keys = Object.keys(rows[0]!).slice(0, table.partitionKey.length);
  const keyOf = (row: Record<string, unknown>): string => JSON.stringify(keys.map((key) => row[key]));
  const groups = new Map<string, Record<string, unknown>[]>();
  for (const row of rows) groups.set(keyOf(row), [row, ...(groups.get(keyOf(row)) ?? [])]);
  return [...groups.values()].flat();
}

const all = [
  'types',
  'collections',
  'udts',
  'static',
  'counters',
  'ttl',
  'tombstones',
  'range_tombstones',
  'range_tombstones_desc',
  'many_partitions',
  'range_tombstones_many_sstables',
  'merge',
  'altered',
  'readded',
  'udt_altered',
  'ck_four',
  'ck_decimal_varint',
  'wide_range_tombstones',
  'wide_text_desc',
  'columns_64',
  'compact_dense',
];
const selected = process.env.FERROSA_FIXTURE_NAMES?.split(',') ?? all;

for (const name of selected) {
  test(`a store over the SSTables of the fixture ${name} answers as Cassandra does, in one page, in many, and reversed`, async () => {
    const table = loadFixture(name);
    const expected = table.expected.map(withoutFloatText) as Record<string, unknown>[];
    assert.deepEqual(await select(table, { rowLimit: 0xffffffff }), expected);
    const small = table.expected.length > 2000 ? 97 : 3;
    assert.deepEqual(await select(table, { rowLimit: small, budgetBytes: 0 }), expected);
    assert.deepEqual(
      await select(table, { rowLimit: 0xffffffff, reversed: true }),
      reversedInPartitions(table, expected),
    );
    assert.deepEqual(await select(table, { rowLimit: small, reversed: true }), reversedInPartitions(table, expected));
  });
}

async function scan(
  folder: string,
  name: { version: string; id: string; format: 'bti' | 'big' },
  descriptor: Uint8Array,
): Promise<ScanPartition[]> {
  const chunks = new ChunkStore(1 << 26);
  const reader = SSTableReader.open(folder, name, descriptor, chunks);
  const partitions: ScanPartition[] = [];
  for await (const partition of scanSSTable(reader, chunks)) partitions.push(partition);
  reader.close();
  return partitions;
}

for (const name of [
  'types',
  'collections',
  'udts',
  'static',
  'ttl',
  'tombstones',
  'range_tombstones',
  'range_tombstones_desc',
  'wide_range_tombstones',
  'columns_64',
  'nested',
  'ck_four',
]) {
  test(`a memtable with the content of the fixture ${name} is flushed as the SSTable that Cassandra made of it`, async (t) => {
    const table = loadFixture(name);
    const content = await scan(table.folder, table.names[0]!, table.descriptor);
    const store = new NativeStore(counterId);
    store.setTable(table.descriptor);
    for (const partition of content) store.apply(mutationOf(partition));
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrosa-flush-'));
    t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
    const [info] = flushMemtable({
      frozen: store.freeze(tableId),
      descriptor: table.descriptor,
      bloomFilterFpChance: 0.01,
      compression: { class: 'LZ4Compressor', chunk_length_in_kb: '16' },
      folder,
      ids: { first: 42, count: 1 },
      hostId: counterId,
    });
    assert.equal(info!.partitions, content.length);
    assert.deepEqual(await scan(folder, { version: 'da', id: '42', format: 'bti' }, table.descriptor), content);
  });
}

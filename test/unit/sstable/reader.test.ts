// What Cassandra wrote is read as Cassandra reads it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { ChunkStore } from '../../../src/storage/sstable/chunk-store.js';
import { SSTableReader } from '../../../src/storage/sstable/reader.js';
import { type ScanRow, scanSSTable } from '../../../src/storage/sstable/scan.js';
import { withoutFloatText } from './cql-json.js';
import { type FixtureTable, jsonRow, loadFixture } from './fixture.js';

const MiB = 1 << 20;
const fixtures = process.env.FERROSA_FIXTURE_NAMES?.split(',') ?? [
  'types',
  'collections',
  'udts',
  'static',
  'ttl',
  'tombstones',
  'range_tombstones',
  'wide',
  'many_partitions',
  'lz4',
  'uncompressed',
];

/** The rows of a scan in the order and form of SELECT. */
async function rowsOf(table: FixtureTable, budgetBytes: number, reversed = false): Promise<Record<string, unknown>[]> {
  const store = new ChunkStore(budgetBytes);
  const reader = SSTableReader.open(table.folder, table.names[0]!, table.descriptor, store);
  const labels = Object.keys(table.expected[0]!);
  const rows: Record<string, unknown>[] = [];
  for await (const partition of scanSSTable(reader, store, reversed)) {
    const staticRow = partition.items.find((item): item is ScanRow => item.kind === 'static') ?? null;
    const items = partition.items.filter((item): item is ScanRow => item.kind === 'row');
    const found = items
      .map((row) => jsonRow(table, partition.key, staticRow, row, labels))
      .filter((row) => row !== null);
    if (reversed) found.reverse();
    if (found.length === 0 && table.clustering.length > 0)
      found.push(...[jsonRow(table, partition.key, staticRow, null, labels)].filter((row) => row !== null));
    rows.push(...found);
  }
  reader.close();
  return rows;
}

// Thousands of small SSTables are more files than a process may have open.
test('small SSTables are read without a file held open, also when theirs are gone', {
  skip: process.platform === 'linux' ? false : 'open files are counted in /proc',
}, async (t) => {
  const original = loadFixture('static');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrosa-small-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  fs.cpSync(original.folder, folder, { recursive: true });
  const openFiles = () => fs.readdirSync('/proc/self/fd').length;
  const before = openFiles();
  const store = new ChunkStore(0);
  const readers = Array.from({ length: 40 }, () =>
    SSTableReader.open(folder, original.names[0]!, original.descriptor, store),
  );
  assert.ok(openFiles() < before + 40, `${openFiles() - before} files are open for ${readers.length} SSTables`);
  for (const file of fs.readdirSync(folder)) fs.rmSync(path.join(folder, file));
  for (const reader of readers) {
    let partitions = 0;
    for await (const _ of scanSSTable(reader, store)) partitions++;
    assert.equal(partitions, reader.partitions);
    reader.close();
  }
});

for (const name of fixtures) {
  test(`every row of the fixture ${name} is read as Cassandra returns it, forwards, backwards and with hardly any cache`, async () => {
    const table = loadFixture(name);
    const expected = table.expected.map(withoutFloatText);
    assert.deepEqual(await rowsOf(table, 64 * MiB), expected);
    assert.deepEqual(await rowsOf(table, 0, true), expected);
  });
}

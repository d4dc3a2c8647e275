// What Cassandra wrote is read as Cassandra reads it.
import assert from 'node:assert/strict';
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

for (const name of fixtures) {
  test(`every row of the fixture ${name} is read as Cassandra returns it, forwards, backwards and with hardly any cache`, async () => {
    const table = loadFixture(name);
    const expected = table.expected.map(withoutFloatText);
    assert.deepEqual(await rowsOf(table, 64 * MiB), expected);
    assert.deepEqual(await rowsOf(table, 0, true), expected);
  });
}

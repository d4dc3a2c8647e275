// What is written has the very bytes that Cassandra writes for the same content.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { compact } from '../../../src/storage/sstable/build.js';
import { ChunkStore } from '../../../src/storage/sstable/chunk-store.js';
import { CompressedFile, PlainFile } from '../../../src/storage/sstable/component-file.js';
import { readCompressionInfo } from '../../../src/storage/sstable/compression.js';
import { componentName, components, type SSTableName } from '../../../src/storage/sstable/format.js';
import { SSTableReader } from '../../../src/storage/sstable/reader.js';
import { listSSTables } from '../../../src/storage/sstable/remove.js';
import { type ScanPartition, scanSSTable } from '../../../src/storage/sstable/scan.js';
import { readStatistics } from '../../../src/storage/sstable/statistics.js';
import { type FixtureTable, loadFixture } from './fixture.js';

const lz4 = { class: 'org.apache.cassandra.io.compress.LZ4Compressor', chunk_length_in_kb: '16' };
const written: SSTableName = { version: 'da', id: '1', format: 'bti' };

function temporary(t: { after(run: () => void): void }): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrosa-sstable-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function rewrite(table: FixtureTable, folder: string, compression: Record<string, string> | null, more: object = {}) {
  return compact({
    descriptor: table.descriptor,
    bloomFilterFpChance: 0.01,
    compression,
    folder,
    ids: { first: 1, count: 100 },
    hostId: null,
    inputs: table.names.map((name) => ({ folder: table.folder, name })),
    purge: null,
    overlapping: [],
    ...more,
  });
}

function plainData(folder: string, name: SSTableName): Buffer {
  const data = path.join(folder, componentName(name, components.data));
  const info = path.join(folder, componentName(name, components.compressionInfo));
  const file = fs.existsSync(info)
    ? new CompressedFile(data, readCompressionInfo(fs.readFileSync(info), info))
    : new PlainFile(data);
  const chunks = Array.from({ length: Math.ceil(file.length / file.chunkBytes) }, (_, i) => file.readChunkSync(i));
  file.close();
  return Buffer.concat(chunks);
}

async function scan(folder: string, name: SSTableName, descriptor: Uint8Array): Promise<ScanPartition[]> {
  const store = new ChunkStore(1 << 26);
  const reader = SSTableReader.open(folder, name, descriptor, store);
  const partitions: ScanPartition[] = [];
  for await (const partition of scanSSTable(reader, store)) partitions.push(partition);
  reader.close();
  return partitions;
}

const identical = [
  'types',
  'types_empty',
  'udts',
  'nested',
  'vector',
  'tombstones',
  'range_tombstones',
  'range_tombstones_desc',
  'wide',
  'many_partitions',
  'lz4',
  'columns_64',
  'ck_decimal_varint',
  'ck_four',
  'wide_range_tombstones',
  'wide_text_desc',
  'compact_dense',
];

for (const name of identical) {
  test(`the fixture ${name}, read and written again, has Cassandra's bytes in Data.db, Rows.db, Partitions.db and Filter.db`, (t) => {
    const table = loadFixture(name);
    const folder = temporary(t);
    rewrite(table, folder, null);
    const original = table.names[0]!;
    assert.ok(plainData(folder, written).equals(plainData(table.folder, original)), 'Data.db');
    for (const component of [components.partitions, components.rows, components.filter]) {
      const ours = fs.readFileSync(path.join(folder, componentName(written, component)));
      assert.ok(ours.equals(fs.readFileSync(path.join(table.folder, componentName(original, component)))), component);
    }
  });

  test(`Statistics.db of the fixture ${name}, written again, says the same`, (t) => {
    const table = loadFixture(name);
    const folder = temporary(t);
    rewrite(table, folder, lz4);
    const read = (where: string, sstable: SSTableName) => {
      const file = path.join(where, componentName(sstable, components.statistics));
      const statistics = readStatistics(fs.readFileSync(file), file);
      // What belongs to the node and not to the content.
      const own = {
        commitLogIntervals: 0,
        commitLogUpperBound: 0,
        commitLogLowerBound: 0,
        originatingHostId: 0,
        compressionRatio: 0,
      };
      return { ...statistics, stats: { ...statistics.stats, ...own } };
    };
    assert.deepEqual(read(folder, written), read(table.folder, table.names[0]!));
  });
}

for (const compressor of ['LZ4Compressor', 'SnappyCompressor', 'DeflateCompressor', 'NoopCompressor', '']) {
  test(`an SSTable written with ${compressor === '' ? 'no compressor' : compressor} holds what it was made of`, async (t) => {
    const table = loadFixture('lz4');
    const folder = temporary(t);
    const [info] = rewrite(table, folder, { class: compressor, chunk_length_in_kb: '4', min_compress_ratio: '1.1' });
    assert.deepEqual(
      await scan(folder, written, table.descriptor),
      await scan(table.folder, table.names[0]!, table.descriptor),
    );
    assert.deepEqual(
      fs
        .readFileSync(path.join(folder, componentName(written, components.toc)), 'utf8')
        .trim()
        .split('\n'),
      info!.components,
    );
    assert.deepEqual(listSSTables(folder), { finished: [written], unfinished: [] });
  });
}

test('an output that passes its limit is split at partitions, and the parts hold everything in order', async (t) => {
  const table = loadFixture('many_partitions');
  const folder = temporary(t);
  const parts = rewrite(table, folder, lz4, { fileBytesMax: 200_000 });
  assert.ok(parts.length > 3);
  const all: ScanPartition[] = [];
  for (const { id } of parts) all.push(...(await scan(folder, { ...written, id }, table.descriptor)));
  assert.deepEqual(all, await scan(table.folder, table.names[0]!, table.descriptor));
});

test('token ranges keep the partitions whose token is in them', async (t) => {
  const table = loadFixture('many_partitions');
  const folder = temporary(t);
  rewrite(table, folder, lz4, {
    ranges: [
      [-(2n ** 63n), -(2n ** 62n)],
      [0n, 2n ** 61n],
    ],
  });
  const kept = (await scan(table.folder, table.names[0]!, table.descriptor)).filter(
    ({ token }) => token <= -(2n ** 62n) || (token > 0n && token <= 2n ** 61n),
  );
  assert.deepEqual(await scan(folder, written, table.descriptor), kept);
});

test('a damaged input fails by name and leaves nothing behind', (t) => {
  const table = loadFixture('many_partitions');
  const folder = temporary(t);
  const broken = path.join(folder, 'in');
  fs.cpSync(table.folder, broken, { recursive: true });
  const data = path.join(broken, componentName(table.names[0]!, components.data));
  const bytes = fs.readFileSync(data);
  bytes[bytes.length - 100]! ^= 1;
  fs.writeFileSync(data, bytes);
  const out = path.join(folder, 'out');
  assert.throws(() => rewrite({ ...table, folder: broken }, out, lz4, { fileBytesMax: 200_000 }), {
    code: 'CORRUPT',
    message: /Data\.db.* at \d+/,
  });
  assert.deepEqual(fs.readdirSync(out), []);
});

/** Without what differs from run to run: the clock of the node and the time UUIDs of list elements. */
function withoutClock(partitions: ScanPartition[]): unknown {
  return JSON.parse(
    JSON.stringify(partitions, (key, value) => {
      if (key === 'localDeletionTime' || key === 'expiresAt') return undefined;
      if (key === 'path' && value !== null && value.data?.length === 16) return 'element';
      return typeof value === 'bigint' ? String(value) : value;
    }),
  );
}

// The four SSTables of `merge` overwrite and delete each other's rows; the other two fixtures are the same writes, compacted by Cassandra.
for (const [outcome, nowSeconds, gcBefore] of [
  ['merge_stcs', 1600000000, 1600000000 - 864000],
  ['merge_purged', 1600100000, 1600100000],
] as const) {
  test(`compaction of the fixture merge gives the partitions of ${outcome}, which Cassandra's compaction gave`, async (t) => {
    const table = loadFixture('merge');
    const folder = temporary(t);
    const purge = { nowSeconds, gcBefore, maxPurgeableTimestamp: 2n ** 63n - 1n };
    rewrite(table, folder, lz4, { purge });
    const expected = loadFixture(outcome);
    assert.deepEqual(
      withoutClock(await scan(folder, written, table.descriptor)),
      withoutClock(await scan(expected.folder, expected.names[0]!, expected.descriptor)),
    );
  });
}

test('a tombstone stays while an SSTable outside of the compaction may hold what it deletes', async (t) => {
  const table = loadFixture('merge');
  const folder = temporary(t);
  const tombstones = async (overlapping: SSTableName[], maxPurgeableTimestamp: bigint): Promise<number> => {
    const purge = { nowSeconds: 1600100000, gcBefore: 1600100000, maxPurgeableTimestamp };
    const where = fs.mkdtempSync(path.join(folder, 'out-'));
    const inputs = table.names.slice(2).map((name) => ({ folder: table.folder, name }));
    rewrite(table, where, lz4, {
      purge,
      inputs,
      overlapping: overlapping.map((name) => ({ folder: table.folder, name })),
    });
    const rows = (await scan(where, written, table.descriptor)).flatMap(({ deletion, items }) => [
      deletion,
      ...items.flatMap((item) =>
        item.kind === 'marker' ? [item.open] : [item.deletion, ...item.cells.filter((cell) => cell.tombstone)],
      ),
    ]);
    return rows.filter((found) => found !== null).length;
  };
  const largest = 2n ** 63n - 1n;
  assert.equal(await tombstones([], largest), 0);
  assert.ok((await tombstones(table.names.slice(0, 2), largest)) > 0);
  assert.ok((await tombstones([], 0n)) > 0);
});

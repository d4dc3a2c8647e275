// Damaged files: whatever the bytes, reading ends, with rows or with an error that names the file; it never crashes and never hangs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { compact } from '../../../src/storage/sstable/build.js';
import { ChunkStore } from '../../../src/storage/sstable/chunk-store.js';
import { componentName, components, type SSTableName } from '../../../src/storage/sstable/format.js';
import { SSTableReader } from '../../../src/storage/sstable/reader.js';
import { scanPartition, scanSSTable } from '../../../src/storage/sstable/scan.js';
import { type FixtureTable, loadFixture } from './fixture.js';

const rounds = Number(process.env.FERROSA_FUZZ_ROUNDS ?? 25);
const seed = Number(process.env.FERROSA_FUZZ_SEED ?? 20260101);
const plain: SSTableName = { version: 'da', id: '1', format: 'bti' };

/** mulberry32 */
function generator(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

function damaged(bytes: Buffer, random: (below: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  if (random(8) === 0) return copy.subarray(0, random(copy.length + 1));
  const interesting = [0, 1, 0x7f, 0x80, 0xfe, 0xff];
  for (let n = 1 + random(4); n > 0 && copy.length > 0; n--)
    copy[random(copy.length)] = random(2) === 0 ? interesting[random(interesting.length)]! : random(256);
  return copy;
}

/** Everything that a reader can be asked; returns the number of partitions read. */
async function readAll(table: FixtureTable, folder: string, keys: Uint8Array[]): Promise<number> {
  const chunks = new ChunkStore(1 << 22);
  const reader = SSTableReader.open(folder, plain, table.descriptor, chunks);
  let partitions = 0;
  try {
    for (const reversed of [false, true]) for await (const _ of scanSSTable(reader, chunks, reversed)) partitions += 1;
    for (const key of keys)
      for (const reversed of [false, true])
        await scanPartition(reader, chunks, key, { reversed, from: { kind: reversed ? 6 : 1, prefix: [] } });
  } finally {
    reader.close();
  }
  return partitions;
}

for (const name of ['types', 'collections', 'range_tombstones', 'wide_range_tombstones', 'columns_64', 'counters']) {
  test(`damage in any component of the fixture ${name} is an error or harmless`, { timeout: 120_000 }, async (t) => {
    t.diagnostic(`FERROSA_FUZZ_SEED=${seed}`);
    const random = generator(seed);
    const table = loadFixture(name);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrosa-damage-'));
    t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
    // Without compression and checksums the damage reaches the decoders.
    compact({
      descriptor: table.descriptor,
      bloomFilterFpChance: 0.01,
      compression: null,
      folder,
      ids: { first: 1, count: 1 },
      hostId: null,
      inputs: [{ folder: table.folder, name: table.names[0]! }],
      purge: null,
      overlapping: [],
    });
    fs.rmSync(path.join(folder, componentName(plain, components.crc)));
    const chunks = new ChunkStore(1 << 22);
    const reader = SSTableReader.open(folder, plain, table.descriptor, chunks);
    const keys: Uint8Array[] = [];
    for await (const partition of scanSSTable(reader, chunks)) if (keys.length < 4) keys.push(partition.key.slice());
    reader.close();
    let errors = 0;
    for (const component of [
      components.data,
      components.partitions,
      components.rows,
      components.statistics,
      components.filter,
    ]) {
      const file = path.join(folder, componentName(plain, component));
      const good = fs.readFileSync(file);
      for (let round = 0; round < rounds; round++) {
        fs.writeFileSync(file, damaged(good, random));
        try {
          await readAll(table, folder, keys);
        } catch (error) {
          errors += 1;
          assert.equal((error as { code?: string }).code, 'CORRUPT', `${component}: ${(error as Error).stack}`);
          assert.match((error as Error).message, /\.db: /);
        }
      }
      fs.writeFileSync(file, good);
    }
    assert.ok(errors > rounds);
  });
}

for (const name of ['lz4', 'snappy', 'deflate', 'uncompressed']) {
  test(`a flipped bit anywhere in Data.db of the fixture ${name} is found`, async (t) => {
    const random = generator(seed);
    const table = loadFixture(name);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrosa-damage-'));
    t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
    fs.cpSync(table.folder, folder, { recursive: true });
    const file = path.join(folder, componentName(table.names[0]!, components.data));
    const good = fs.readFileSync(file);
    for (let round = 0; round < 20; round++) {
      const bytes = Buffer.from(good);
      bytes[random(bytes.length)]! ^= 1 << random(8);
      fs.writeFileSync(file, bytes);
      await assert.rejects(readAll(table, folder, []), { code: 'CORRUPT', message: /Data\.db: .* at \d+/ });
    }
  });
}

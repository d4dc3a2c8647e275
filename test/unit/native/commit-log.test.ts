import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { CommitLog, LogFound, LogReader, LogRecord, logRecordHeaderBytes } from '../../../src/native/index.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function open(segmentBytes = 1 << 17, shard = 3): { folder: string; log: CommitLog } {
  const folder = mkdtempSync(join(tmpdir(), 'ferrosa-log-'));
  folders.push(folder);
  const log = new CommitLog({
    folder,
    shard,
    shardCount: 4,
    segmentBytes,
    recordBytesMax: segmentBytes / 2,
    firstSegmentId: 256 * 10 + shard,
  });
  return { folder, log };
}

const tableA = Buffer.alloc(16, 0xaa);
const tableB = Buffer.alloc(16, 0xbb);
const mutation = (table: Buffer, text: string) => Buffer.concat([Buffer.from([1, 0]), table, Buffer.from(text)]);

type Item = { found: number; kind: number; offset: number; size: number; payload: Buffer };
function read(file: Buffer): Item[] {
  const reader = new LogReader(file);
  const items: Item[] = [];
  for (let quads = reader.next(7); quads.length > 0; quads = reader.next(7))
    for (let i = 0; i < quads.length; i += 4) {
      const [found, kind, offset, size] = quads.subarray(i, i + 4) as unknown as [number, number, number, number];
      items.push({ found, kind, offset, size, payload: file.subarray(offset + logRecordHeaderBytes, offset + size) });
    }
  return items;
}
const texts = (items: Item[]) =>
  items
    .filter((i) => i.found === LogFound.record && i.kind === LogRecord.mutation)
    .map((i) => i.payload.toString('latin1', 18));
const segmentFiles = (folder: string) =>
  readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));

test('what was appended is read back in order', () => {
  const { folder, log } = open();
  for (let i = 0; i < 100; i++) log.append(1, mutation(tableA, `m${i}`));
  const file = readFileSync(segmentFiles(folder)[0]!);
  assert.deepEqual(new LogReader(file).header(), { id: 2563, shard: 3, shardCount: 4, bytes: 1 << 17 });
  assert.deepEqual(
    texts(read(file)),
    Array.from({ length: 100 }, (_, i) => `m${i}`),
  );
});

test('a log that is full of records goes on in a new segment, and flushing frees the old ones', async () => {
  const { folder, log } = open();
  for (let i = 0; i < 10; i++) log.append(1, mutation(i < 8 ? tableA : tableB, 'x'.repeat(40_000)));
  assert.equal(segmentFiles(folder).length, 4);
  assert.deepEqual(
    log.oldestTables().map((b) => b.toString()),
    [tableA.toString()],
  );
  await log.sync(false, false);
  const { segment, offset } = log.position();
  // Table B was written last, into the third segment and the active one.
  const freed = log.markFlushed(tableA, segment, offset);
  assert.deepEqual(freed, segmentFiles(folder).slice(0, 2));
  assert.deepEqual(log.markFlushed(tableB, segment, offset), segmentFiles(folder).slice(2, 3));
});

test('a sync in steps covers full segments, which are then no longer mapped', {
  skip: process.platform !== 'linux',
}, async () => {
  const { folder, log } = open();
  const written = Array.from({ length: 10 }, (_, i) => `${i}${'x'.repeat(40_000)}`);
  for (const text of written) log.append(1, mutation(tableA, text));
  const full = segmentFiles(folder).slice(0, -1);
  const mapped = () => full.filter((file) => readFileSync('/proc/self/maps', 'utf8').includes(file));
  assert.deepEqual(mapped(), full);
  await log.sync(true, false);
  assert.equal(log.stats().synced, log.appended());
  while (mapped().length > 0) await setTimeout(1); // given back by another thread
  assert.deepEqual(
    segmentFiles(folder).flatMap((file) => texts(read(readFileSync(file)))),
    written,
  );
});

// Flush marks, replay and what a flush frees all go by the ids of segments.
test('segments are written in the order of their ids, also when a spare one comes too late', async () => {
  const { folder, log } = open();
  const written: string[] = [];
  const write = (bytes: number): void => {
    written.push(`${written.length}${'x'.repeat(bytes)}`);
    log.append(1, mutation(tableA, written.at(-1)!));
  };
  for (let round = 0; round < 3; round++) {
    let before = log.position().segment;
    write(60_000);
    const spare = log.prepareSpare();
    // The spare segment is being made, and no append waits for it.
    for (let i = 0; i < 4; i++) write(60_000);
    await spare;
    for (let i = 0; i < 4; i++) {
      write(60_000);
      const { segment } = log.position();
      assert.ok(segment >= before, `segment ${segment} behind ${before}`);
      before = segment;
    }
  }
  assert.deepEqual(
    segmentFiles(folder).flatMap((file) => texts(read(readFileSync(file)))),
    written,
  );
  await log.sync(false, false);
  // All but the last segment hold nothing that a flush up to here does not have; the others are gone once each.
  const { segment, offset } = log.position();
  const freed = log.markFlushed(tableA, segment, offset);
  assert.deepEqual(freed, segmentFiles(folder).slice(0, freed.length));
  assert.ok(freed.every((file) => !file.includes(String(segment))));
});

test('a flush only frees what was written before it', async () => {
  const { log } = open();
  log.append(1, mutation(tableA, 'first'));
  const { segment, offset } = log.position();
  for (let i = 0; i < 3; i++) log.append(1, mutation(tableA, 'y'.repeat(60_000)));
  await log.sync(false, false);
  assert.deepEqual(log.markFlushed(tableA, segment, offset), []);
  assert.ok(log.stats().segments >= 2);
});

test('the tables of every mutation of a batch hold the segment', () => {
  const { log } = open();
  const part = (m: Buffer) => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(m.length);
    return Buffer.concat([head, m]);
  };
  const count = Buffer.alloc(4);
  count.writeUInt32LE(2);
  log.append(2, Buffer.concat([count, part(mutation(tableA, '1')), part(mutation(tableB, '2'))]));
  assert.deepEqual(
    log
      .oldestTables()
      .map((b) => b[0])
      .sort(),
    [0xaa, 0xbb],
  );
});

test('a torn tail is told from a clean end', () => {
  const { folder, log } = open();
  log.append(1, mutation(tableA, 'kept'));
  const end = log.position().offset;
  log.append(1, mutation(tableA, 'cut off in the middle'));
  const file = readFileSync(segmentFiles(folder)[0]!);
  file.fill(0, end + 30, end + 60);
  const items = read(file);
  assert.deepEqual(texts(items), ['kept']);
  assert.deepEqual(
    items.slice(1).map(({ found, offset }) => ({ found, offset })),
    [{ found: LogFound.torn, offset: end }],
  );
});

test('a flipped bit costs one record, wherever it is', () => {
  const { folder, log } = open();
  const offsets: number[] = [];
  for (let i = 0; i < 20; i++) {
    offsets.push(log.position().offset);
    log.append(1, mutation(tableA, `m${i}`));
  }
  const clean = readFileSync(segmentFiles(folder)[0]!);
  const all = Array.from({ length: 20 }, (_, i) => `m${i}`);
  const hit = 7;
  for (let at = offsets[hit]!; at < offsets[hit + 1]!; at++)
    for (const bit of [1, 0x80]) {
      const file = Buffer.from(clean);
      file[at]! ^= bit;
      const items = read(file);
      assert.deepEqual(
        texts(items),
        all.filter((_, i) => i !== hit),
        `byte ${at}`,
      );
      const damage = items.filter((i) => i.found === LogFound.damage);
      assert.deepEqual(
        damage.map(({ offset, size }) => [offset, size]),
        [[offsets[hit], offsets[hit + 1]! - offsets[hit]!]],
      );
    }
});

test('a sync leaves a marker that covers what was on disk', async () => {
  const { folder, log } = open();
  log.append(1, mutation(tableA, 'one'));
  const before = log.position().offset;
  await log.sync(false, false);
  log.append(1, mutation(tableA, 'two'));
  const items = read(readFileSync(segmentFiles(folder)[0]!));
  const marker = items.find((i) => i.kind === LogRecord.syncMarker)!;
  assert.equal(marker.payload.readBigUInt64LE(0), 2563n);
  assert.equal(marker.payload.readUInt32LE(8), before);
  assert.deepEqual(texts(items), ['one', 'two']);
  await log.sync(false, false);
  assert.equal(log.sync(false, false), null, 'a marker alone asks for no further sync');
});

test('a header that is damaged, foreign or of another version is refused', () => {
  const { folder, log } = open();
  log.append(1, mutation(tableA, 'x'));
  const file = readFileSync(segmentFiles(folder)[0]!);
  for (let at = 0; at < 64; at++) {
    const bad = Buffer.from(file);
    bad[at]! ^= 0x10;
    assert.throws(() => new LogReader(bad), { code: 'CORRUPT' }, `byte ${at}`);
  }
  assert.throws(() => new LogReader(Buffer.alloc(10)), { code: 'CORRUPT' });
});

test('records of another segment in the unused space are not read', () => {
  const { folder, log } = open();
  log.append(1, mutation(tableA, 'mine'));
  const other = open();
  const second = new CommitLog({
    folder: other.folder,
    shard: 3,
    shardCount: 4,
    segmentBytes: 1 << 17,
    recordBytesMax: 1 << 16,
    firstSegmentId: 256 * 11 + 3,
  });
  second.append(1, mutation(tableA, 'theirs'));
  const file = readFileSync(segmentFiles(folder)[0]!);
  const foreign = readFileSync(segmentFiles(other.folder)[1]!);
  foreign.copy(file, 500, 64, 200);
  assert.deepEqual(texts(read(file)), ['mine']);
});

test('a mutation larger than half a segment is refused and nothing is written', () => {
  const { log } = open();
  const before = log.position();
  assert.throws(() => log.append(1, Buffer.alloc((1 << 16) + 1)), { code: 'INVALID', message: /oversized mutation/ });
  assert.deepEqual(log.position(), before);
});

test('a spare segment made beforehand is used by the next rotation', async () => {
  const { folder, log } = open();
  assert.equal(log.prepareSpare(), null);
  log.append(1, mutation(tableA, 'z'.repeat(60_000)));
  await log.prepareSpare();
  log.append(1, mutation(tableA, 'z'.repeat(65_000)));
  log.append(1, mutation(tableA, 'z'.repeat(65_000)));
  assert.equal(segmentFiles(folder).length, 2);
  assert.equal(log.stats().lateSegments, 0);
});

test('a folder that is gone makes appends fail until a retry works', () => {
  const { folder, log } = open();
  rmSync(folder, { recursive: true });
  log.append(1, mutation(tableA, 'z'.repeat(60_000)));
  log.append(1, mutation(tableA, 'z'.repeat(60_000)));
  assert.throws(() => log.append(1, mutation(tableA, 'z'.repeat(60_000))), {
    code: 'SERVER_ERROR',
    message: /cannot create .*segment-\d+\.log: No such file/,
  });
  assert.match(log.stats().failed!, /No such file/);
  log.retry();
  assert.equal(log.stats().failed, null);
});

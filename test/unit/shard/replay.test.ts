import assert from 'node:assert/strict';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { CommitLog } from '../../../src/native/index.js';
import { commitLogFolder } from '../../../src/shard/files/names.js';
import { LogSync } from '../../../src/shard/log/log-sync.js';
import { oldSegments, type ReplayReport, replay } from '../../../src/shard/log/replay.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newData(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ferrosa-replay-'));
  folders.push(folder);
  return folder;
}
function openLog(dataDir: string, shard = 0, generation = 1, segmentBytes = 1 << 16): CommitLog {
  const folder = commitLogFolder(dataDir, shard);
  mkdirSync(folder, { recursive: true });
  const firstSegmentId = generation * 256_000 + shard;
  return new CommitLog({
    folder,
    shard,
    shardCount: 2,
    segmentBytes,
    recordBytesMax: segmentBytes / 2,
    firstSegmentId,
  });
}
const table = (byte: number) => Buffer.alloc(16, byte);
function mutation(tableByte: number, text: string, token = 1n): Buffer {
  const head = Buffer.alloc(28);
  head[0] = 1;
  table(tableByte).copy(head, 2);
  head.writeBigInt64LE(token, 18);
  return Buffer.concat([head, Buffer.from(text)]);
}
async function run(dataDir: string, ignoreErrors = false): Promise<ReplayReport & { texts: string[] }> {
  const texts: string[] = [];
  const report = await replay(await oldSegments(dataDir), {
    ignoreErrors,
    apply: ({ mutation: bytes, tableId }) => {
      if (tableId.startsWith('ee')) return 'unknown';
      texts.push(bytes.toString('latin1', 28));
      return 'applied';
    },
  });
  return { ...report, texts };
}
const segments = (dataDir: string, shard = 0) =>
  readdirSync(commitLogFolder(dataDir, shard))
    .sort()
    .map((name) => join(commitLogFolder(dataDir, shard), name));
function flip(path: string, offset: number): void {
  const file = readFileSync(path);
  file[offset]! ^= 0x40;
  writeFileSync(path, file);
}

test('all lanes are replayed, oldest segment first', async () => {
  const data = newData();
  const first = openLog(data, 1, 1);
  for (let i = 0; i < 3; i++) first.append(1, mutation(1, `lane 1, ${i} ${'x'.repeat(30_000)}`));
  openLog(data, 0, 2).append(1, mutation(1, 'lane 0'));
  const report = await run(data);
  assert.deepEqual(
    report.texts.map((text) => text.slice(0, 9).trim()),
    ['lane 1, 0', 'lane 1, 1', 'lane 1, 2', 'lane 0'],
  );
  assert.equal(report.segments, 3);
  assert.deepEqual(report.damage, []);
});

test('mutations of a table that does not exist any more are counted and skipped', async () => {
  const data = newData();
  const log = openLog(data);
  log.append(1, mutation(0xee, 'gone'));
  log.append(1, mutation(1, 'here'));
  const report = await run(data);
  assert.deepEqual(report.texts, ['here']);
  assert.equal(report.unknownTable, 1);
});

test('the mutations of a batch come one by one with the end of their record', async () => {
  const data = newData();
  const log = openLog(data);
  const parts = [mutation(1, 'a'), mutation(2, 'b')].flatMap((m) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(m.length);
    return [length, m];
  });
  log.append(2, Buffer.concat([Buffer.from([2, 0, 0, 0]), ...parts]));
  const ends: number[] = [];
  await replay(await oldSegments(data), {
    ignoreErrors: false,
    apply: ({ end }) => {
      ends.push(end.offset);
      return 'applied';
    },
  });
  assert.deepEqual(ends, [log.position().offset, log.position().offset]);
});

/** A log of a synced record and one that the end of its process cut off at `end`. */
async function tornLog() {
  const data = newData();
  const log = openLog(data);
  log.append(1, mutation(1, 'whole'));
  await log.sync(false, false);
  const end = log.position().offset;
  log.append(1, mutation(1, 'torn apart'));
  flip(segments(data)[0]!, end + 40);
  return { data, log, end };
}

test('a torn tail is reported with file, offset and bytes, and does not stop the start', async () => {
  const { data, log, end } = await tornLog();
  const report = await run(data);
  assert.deepEqual(report.texts, ['whole']);
  assert.deepEqual(report.damage, [
    { path: segments(data)[0], offset: end, bytes: log.position().offset - end, torn: true },
  ]);
});

test('a torn tail of one start is no damage at the next, whose markers stand in later segments', async () => {
  const { data } = await tornLog();
  assert.equal((await run(data)).damage.length, 1);
  // The process that has replayed it writes, and is killed before it has flushed what it replayed.
  const next = openLog(data, 0, 2);
  next.append(1, mutation(1, 'later'));
  await next.sync(false, false);
  const report = await run(data);
  assert.deepEqual(report.texts, ['whole', 'later']);
  assert.deepEqual(report.damage, []);
});

test('a segment that the file system cut short is a torn tail too', async () => {
  const data = newData();
  const log = openLog(data);
  log.append(1, mutation(1, 'whole'));
  const end = log.position().offset;
  log.append(1, mutation(1, 'cut'));
  truncateSync(segments(data)[0]!, end + 10);
  const report = await run(data);
  assert.deepEqual(report.texts, ['whole']);
  assert.equal(report.damage[0]!.torn, true);
});

test('a flipped byte in what was synced stops the start with file, offset and what to do', async () => {
  const data = newData();
  const log = openLog(data);
  log.append(1, mutation(1, 'one'));
  const second = log.position().offset;
  log.append(1, mutation(1, 'two'));
  log.append(1, mutation(1, 'three'));
  await log.sync(false, false);
  log.append(1, mutation(1, 'four'));
  flip(segments(data)[0]!, second + 42);
  await assert.rejects(run(data), (error: Error & { code: string }) => {
    assert.equal(error.code, 'CORRUPT');
    assert.ok(error.message.includes(`${segments(data)[0]} at offset ${second} `), error.message);
    assert.match(error.message, /FERROSA_COMMITLOG_IGNORE_REPLAY_ERRORS/);
    return true;
  });
  const report = await run(data, true);
  assert.deepEqual(report.texts, ['one', 'three', 'four'], 'only the damaged record is lost');
  assert.deepEqual(
    report.damage.map(({ offset, torn }) => [offset, torn]),
    [[second, false]],
  );
});

test('damage at the end of a segment is told from a torn tail by the markers of the next one', async () => {
  const data = newData();
  const log = openLog(data);
  log.append(1, mutation(1, 'x'.repeat(30_000)));
  const last = log.position().offset;
  log.append(1, mutation(1, 'y'.repeat(30_000)));
  log.append(1, mutation(1, 'z'.repeat(30_000)));
  await log.sync(false, false);
  flip(segments(data)[0]!, last + 100);
  await assert.rejects(run(data), { code: 'CORRUPT' });
});

test('a hole in what was never synced is skipped: the machine stopped in between', async () => {
  const data = newData();
  const log = openLog(data);
  log.append(1, mutation(1, 'one'));
  const second = log.position().offset;
  log.append(1, mutation(1, 'two'));
  log.append(1, mutation(1, 'three'));
  flip(segments(data)[0]!, second + 5);
  const report = await run(data);
  assert.deepEqual(report.texts, ['one', 'three']);
  assert.deepEqual(
    report.damage.map(({ offset }) => offset),
    [second],
  );
  // Nor is it damage at the next start, when this one's process has written and was killed before it had flushed.
  const next = openLog(data, 0, 2);
  next.append(1, mutation(1, 'later'));
  await next.sync(false, false);
  const again = await run(data);
  assert.deepEqual(again.texts, ['one', 'three', 'later']);
  assert.deepEqual(again.damage, []);
});

test('a segment whose header never reached the disk is nothing, one with a damaged header stops the start', async () => {
  const data = newData();
  openLog(data, 0, 1).append(1, mutation(1, 'here'));
  const [path] = segments(data);
  writeFileSync(join(commitLogFolder(data, 0), 'segment-512000.log'), Buffer.alloc(1 << 16));
  assert.deepEqual((await run(data)).texts, ['here']);
  flip(path!, 20);
  await assert.rejects(run(data), { code: 'CORRUPT', message: /segment-256000\.log at offset 0 .*header's checksum/ });
  assert.deepEqual((await run(data, true)).texts, []);
});

/** A log of two segments whose last marker covers the first. */
async function syncedLog() {
  const data = newData();
  const log = openLog(data);
  for (const text of ['one', 'two', 'three']) log.append(1, mutation(1, text.padEnd(30_000, '.')));
  await log.sync(false, false);
  const [first, second] = segments(data);
  const texts = async (ignoreErrors = false) => (await run(data, ignoreErrors)).texts.map((text) => text.split('.')[0]);
  return { data, log, first: first!, second: second!, texts };
}

// Goal: what was acknowledged is not lost without a word. Method: all that makes a segment look as if it had never been written.
for (const [what, left] of [
  ['cut to nothing', () => Buffer.alloc(0)],
  ['cut within its header and zeroed', () => Buffer.alloc(30)],
  ['zeroed', (file: Buffer) => Buffer.alloc(file.length)],
] as const)
  test(`a synced segment that was ${what} stops the start with its name`, async () => {
    const { data, first, texts } = await syncedLog();
    writeFileSync(first, left(readFileSync(first)));
    await assert.rejects(run(data), {
      code: 'CORRUPT',
      message: /segment-256000\.log at offset 0 .*nothing is left of a segment/,
    });
    assert.equal((await oldSegments(data)).length, 2, 'the file stays');
    assert.deepEqual(
      (await run(data, true)).damage.map(({ path }) => path),
      [first],
    );
    assert.deepEqual(await texts(), ['three']);
  });

test('records behind a header of zeros are damage with or without markers, and are applied where errors are ignored', async () => {
  const data = newData();
  const log = openLog(data);
  for (const text of ['one', 'two']) log.append(1, mutation(1, text.padEnd(3_000, '.')));
  const [path] = segments(data);
  const whole = readFileSync(path!);
  for (const [zeros, left] of [
    [64, ['one', 'two']],
    [2_048, ['two']],
  ] as const) {
    writeFileSync(path!, Buffer.from(whole).fill(0, 0, zeros));
    await assert.rejects(run(data), { code: 'CORRUPT', message: /segment-256000\.log at offset 0 .*records follow/ });
    const { texts, damage } = await run(data, true);
    assert.deepEqual(
      texts.map((text) => text.split('.')[0]),
      left,
    );
    assert.equal(damage[0]!.path, path);
  }
});

test('a segment that was never written is no damage, now or at the next start, whose markers cover it', async () => {
  const { data, texts } = await syncedLog();
  const folder = commitLogFolder(data, 0);
  writeFileSync(join(folder, 'segment-512000.log'), Buffer.alloc(0));
  writeFileSync(join(folder, 'segment-512256.log'), Buffer.alloc(1 << 16));
  writeFileSync(join(folder, 'segment-512512.log.new'), Buffer.alloc(1 << 16));
  assert.deepEqual((await run(data)).damage, []);
  const next = openLog(data, 0, 3);
  next.append(1, mutation(1, 'later'));
  await next.sync(false, false);
  assert.deepEqual(await texts(), ['one', 'two', 'three', 'later']);
  assert.equal(segments(data).length, 3);
});

function beginOf(path: string): string {
  const [fd, bytes] = [openSync(path, 'r'), Buffer.alloc(4)];
  readSync(fd, bytes);
  closeSync(fd);
  return bytes.toString('latin1');
}

test('a segment has its header as soon as it has its name, also while its pages are made', async () => {
  const data = newData();
  const log = openLog(data, 0, 1, 1 << 25);
  log.append(1, mutation(1, 'x'.repeat(9 << 20)));
  const made = log.prepareSpare()!;
  let ended = false;
  void made.then(() => {
    ended = true;
  });
  while (!ended) {
    for (const path of segments(data).filter((name) => name.endsWith('.log')))
      assert.equal(beginOf(path), 'FLOG', path);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(segments(data).length, 2);
});

test('a folder in the place of a segment is named', async () => {
  const data = newData();
  openLog(data).append(1, mutation(1, 'here'));
  const path = join(commitLogFolder(data, 0), 'segment-512000.log');
  mkdirSync(path);
  await assert.rejects(run(data), (error: Error) => error.message.includes(path) && /is a folder/.test(error.message));
});

test('batch mode syncs what arrived while the last sync ran, together', async () => {
  const data = newData();
  const log = openLog(data);
  let synced = 0;
  const logSync = new LogSync(log, {
    mode: 'batch',
    periodMs: 0,
    onSynced: () => synced++,
    onFailed: (error) => assert.fail(error),
  });
  assert.equal(logSync.acknowledgesAfterSync, true);
  for (let i = 0; i < 50; i++) {
    log.append(1, mutation(1, `m${i}`));
    logSync.appended();
  }
  await logSync.flush();
  assert.ok(log.stats().synced >= log.stats().appended);
  assert.ok(synced <= 3, `${synced} syncs for 50 writes`);
  await logSync.stop();
});

test('periodic mode acknowledges at once and has everything on disk after it stopped', async () => {
  const data = newData();
  const log = openLog(data);
  const logSync = new LogSync(log, {
    mode: 'periodic',
    periodMs: 3_600_000,
    onSynced: () => {},
    onFailed: (error) => assert.fail(error),
  });
  assert.equal(logSync.acknowledgesAfterSync, false);
  log.append(1, mutation(1, 'x'));
  logSync.appended();
  assert.equal(log.stats().synced, 0);
  await logSync.stop();
  assert.equal(log.sync(false, false), null);
});

test('periodic mode syncs full segments without waiting for the period, and leaves the one that is written', async () => {
  const data = newData();
  const log = openLog(data);
  const syncs: number[] = [];
  const logSync = new LogSync(log, {
    mode: 'periodic',
    periodMs: 3_600_000,
    onSynced: () => syncs.push(log.stats().synced),
    onFailed: (error) => assert.fail(error),
  });
  log.append(1, mutation(1, 'x'));
  logSync.relieve();
  while (log.stats().segments < 3) log.append(1, mutation(1, 'x'.repeat(1_000)));
  const full = log.appended();
  logSync.relieve();
  while (syncs.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(syncs.length, 1);
  assert.ok(syncs[0]! > 0 && syncs[0]! < full, `${syncs[0]} of ${full}`);
  await logSync.covered();
  assert.ok(log.stats().synced >= full);
  await logSync.stop();
});

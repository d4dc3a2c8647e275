import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FerrosaError } from '../../../src/common/errors.js';
import { type LogEntry, MetadataLog } from '../../../src/raft/index.js';

function folder(t: { after(run: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'ferrosa-metadata-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const entry = (index: number): LogEntry => ({ index, term: 1, command: { kind: 'test', value: `value ${index}` } });

/** A log with entries 1 to `count`; returns the file's length after each. */
function writeLog(path: string, count: number): number[] {
  const log = new MetadataLog(path);
  log.open();
  const lengths = [log.length];
  for (let index = 1; index <= count; index++) {
    log.append([entry(index)]);
    lengths.push(log.length);
  }
  log.close();
  return lengths;
}

function reopen(path: string) {
  const log = new MetadataLog(path);
  const restored = log.open();
  return { log, restored };
}

test('entries that were appended are there after a restart, in order', (t) => {
  const path = folder(t);
  writeLog(path, 5);
  const { log, restored } = reopen(path);
  assert.deepEqual(restored.entries, [1, 2, 3, 4, 5].map(entry));
  assert.deepEqual(restored.reports, []);
  assert.equal(log.lastIndex, 5);
  log.close();
});

// Goal: a node that died while it wrote starts again with every entry that was acknowledged. Method: the file cut at
// every byte of it.
test('a log cut at any byte gives every whole entry, reports the torn one, and takes new entries', (t) => {
  const path = folder(t);
  const lengths = writeLog(path, 3);
  const file = join(path, 'metadata.log');
  const whole = readFileSync(file);
  for (let length = 8; length <= whole.length; length++) {
    writeFileSync(file, whole.subarray(0, length));
    const { log, restored } = reopen(path);
    const count = lengths.filter((end) => end <= length).length - 1;
    assert.deepEqual(restored.entries, [1, 2, 3].slice(0, count).map(entry));
    assert.equal(restored.reports.length, lengths.includes(length) ? 0 : 1);
    log.append([entry(count + 1)]);
    log.close();
    const again = reopen(path);
    assert.deepEqual(again.restored.entries.at(-1), entry(count + 1));
    assert.deepEqual(again.restored.reports, []);
    again.log.close();
  }
});

// Goal: damage to what may have been acknowledged is never taken for a torn tail. Method: every byte of the records
// before the last turned over, one at a time.
test('a damaged record before others is an error that names file and offset', (t) => {
  const path = folder(t);
  const lengths = writeLog(path, 3);
  const file = join(path, 'metadata.log');
  const whole = readFileSync(file);
  for (let offset = 0; offset < lengths[2]!; offset++) {
    const bytes = Buffer.from(whole);
    bytes[offset]! ^= 0xff;
    writeFileSync(file, bytes);
    const start = offset < 8 ? 0 : lengths.findLast((end) => end <= offset)!;
    assert.throws(
      () => new MetadataLog(path).open(),
      (error) =>
        error instanceof FerrosaError &&
        error.code === 'CORRUPT' &&
        error.message.startsWith(`${file} is damaged at offset ${start}:`),
    );
  }
});

/** A log whose last record is long; `whole` has it from `start` on. */
function longLog(path: string): { file: string; whole: Buffer; start: number } {
  const log = new MetadataLog(path);
  log.open();
  log.append([entry(1)]);
  const start = log.length;
  log.append([{ index: 2, term: 1, command: { kind: 'test', value: 'x'.repeat(9_000) } }]);
  log.close();
  const file = join(path, 'metadata.log');
  return { file, whole: readFileSync(file), start };
}

// Goal: the last record was acknowledged too, and is not taken for one that a crash cut off. Method: bytes of it turned over, one at a time.
test('a damaged last record is an error that names file and offset', (t) => {
  const { file, whole, start } = longLog(folder(t));
  for (
    let offset = start;
    offset < whole.length;
    offset += offset < start + 50 || offset > whole.length - 50 ? 1 : 37
  ) {
    const bytes = Buffer.from(whole);
    bytes[offset]! ^= 0x40;
    writeFileSync(file, bytes);
    assert.throws(() => new MetadataLog(join(file, '..')).open(), {
      code: 'CORRUPT',
      message: new RegExp(`^${file} is damaged at offset ${start}:`),
    });
    assert.equal(statSync(file).size, whole.length, 'nothing is cut');
  }
});

// Goal: a machine that stopped in the middle of an append starts again. Method: the file has grown, and any one sector or page, or all from
// some byte on, did not reach the disk.
test('a last record with sectors, pages or an end of zeros is cut', (t) => {
  const { file, whole, start } = longLog(folder(t));
  const holes: [number, number][] = [];
  for (const bytes of [512, 4096])
    for (let at = 0; at < whole.length; at += bytes) holes.push([Math.max(at, start), at + bytes]);
  for (let at = start; at < whole.length - 5; at += 97) holes.push([at, whole.length]);
  for (const [from, to] of holes) {
    writeFileSync(file, Buffer.from(whole).fill(0, from, Math.min(to, whole.length)));
    const { log, restored } = reopen(join(file, '..'));
    assert.deepEqual(restored.entries, [entry(1)], `zeros from ${from} to ${to}`);
    assert.equal(restored.reports.length, 1);
    log.close();
  }
});

test('a snapshot takes the place of the entries before it', (t) => {
  const path = folder(t);
  writeLog(path, 4);
  const { log } = reopen(path);
  const before = log.length;
  log.snapshot({ kept: 'state' }, 3, 1);
  assert.ok(log.length < before);
  log.append([entry(5)]);
  log.close();
  const { restored, log: after } = reopen(path);
  assert.deepEqual(restored.snapshot, { index: 3, term: 1, state: { kept: 'state' } });
  assert.deepEqual(restored.entries, [entry(4), entry(5)]);
  after.close();
});

test('a node that died between snapshot and new log skips the entries that the snapshot has', (t) => {
  const path = folder(t);
  writeLog(path, 4);
  const old = readFileSync(join(path, 'metadata.log'));
  const { log } = reopen(path);
  log.snapshot({ kept: 'state' }, 3, 1);
  log.close();
  writeFileSync(join(path, 'metadata.log'), old);
  writeFileSync(join(path, 'metadata.log.new'), 'half');
  const { restored, log: after } = reopen(path);
  assert.deepEqual(restored.entries, [entry(4)]);
  assert.equal(restored.snapshot?.index, 3);
  after.close();
});

test('a damaged snapshot is an error that names the file', (t) => {
  const path = folder(t);
  writeLog(path, 2);
  const { log } = reopen(path);
  log.snapshot({ kept: 'state' }, 2, 1);
  log.close();
  const file = join(path, 'metadata.snapshot');
  const bytes = readFileSync(file);
  for (let offset = 0; offset < statSync(file).size; offset++) {
    const turned = Buffer.from(bytes);
    turned[offset]! ^= 0xff;
    writeFileSync(file, turned);
    assert.throws(() => new MetadataLog(path).open(), { code: 'CORRUPT', message: new RegExp(`^${file} is damaged`) });
  }
});

test('a log that lost entries between snapshot and first record does not start', (t) => {
  const path = folder(t);
  const lengths = writeLog(path, 3);
  const file = join(path, 'metadata.log');
  const whole = readFileSync(file);
  writeFileSync(file, Buffer.concat([whole.subarray(0, 8), whole.subarray(lengths[1]!)]));
  assert.throws(() => new MetadataLog(path).open(), { code: 'CORRUPT', message: /entry 1 is missing/ });
});

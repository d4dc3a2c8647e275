// Logs of records: what is written can be read again, files roll and go, a full queue waits or drops.
import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { RecordKind, readRecords } from '../../../src/audit/records/record-file.js';
import { RolledLog, type RolledLogOptions } from '../../../src/audit/records/rolled-log.js';

const root = mkdtempSync(join(tmpdir(), 'ferrosa-records-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

type Setup = Partial<RolledLogOptions> & { readonly errors?: string[] };

function open(setup: Setup = {}) {
  const folder = join(root, String(folders++));
  const counts = { written: 0, dropped: 0 };
  const options: RolledLogOptions = {
    folder,
    prefix: 'audit',
    kind: RecordKind.audit,
    archiveCommand: '',
    rollCycle: 'HOURLY',
    block: true,
    maxQueueWeight: 1 << 20,
    maxLogSize: 1 << 30,
    maxArchiveRetries: 0,
    nowMs: () => Date.UTC(2026, 0, 2, 15, 4),
    log: { info: () => {}, error: (_, message) => setup.errors?.push(message) },
    ...setup,
  };
  return { log: new RolledLog(options, counts), counts, folder: options.folder, options };
}

function contents(folder: string): string[] {
  const found: string[] = [];
  for (const name of readdirSync(folder).sort())
    assert.equal(
      readRecords(join(folder, name), RecordKind.audit, (record) => found.push(record.toString())).problem,
      null,
    );
  return found;
}

test('every record comes back, in order, whatever bytes it has', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 5_000 }), { maxLength: 40 }), async (records) => {
      const { log, counts, folder } = open();
      for (const record of records) await log.append(record);
      await log.stop();
      const found: Uint8Array[] = [];
      for (const name of readdirSync(folder))
        readRecords(join(folder, name), RecordKind.audit, (record) => found.push(Uint8Array.from(record)));
      assert.deepEqual(found, records);
      assert.deepEqual(counts, { written: records.length, dropped: 0 });
    }),
    { numRuns: 30 },
  );
});

test('a file is named after the beginning of its cycle, and the next cycle begins another', async () => {
  let now = Date.UTC(2026, 0, 2, 15, 4);
  const { log, folder } = open({ nowMs: () => now });
  log.append(Buffer.from('first'));
  await until(() => readdirSync(folder).length === 1);
  now += 3_600_000;
  log.append(Buffer.from('second'));
  await log.stop();
  assert.deepEqual(readdirSync(folder).sort(), ['audit-20260102T1500Z-0000.bin', 'audit-20260102T1600Z-0000.bin']);
  assert.deepEqual(contents(folder), ['first', 'second']);
});

test('a log that is opened again goes on in a file of its own', async () => {
  const first = open();
  first.log.append(Buffer.from('before'));
  await first.log.stop();
  const again = open({ folder: first.folder });
  again.log.append(Buffer.from('after'));
  await again.log.stop();
  assert.equal(readdirSync(first.folder).length, 2);
  assert.deepEqual(contents(first.folder), ['before', 'after']);
});

test('beyond max_log_size the oldest files go, and other files stay', async () => {
  let now = Date.UTC(2026, 0, 2, 0, 0);
  const { log, folder } = open({ nowMs: () => now, rollCycle: 'MINUTELY', maxLogSize: 2_500 });
  writeFileSync(join(folder, 'audit-notes.txt'), 'mine');
  for (let i = 0; i < 6; i++) {
    log.append(Buffer.alloc(1_000, `${i}`));
    await until(() => readdirSync(folder).length >= Math.min(i + 2, 4));
    await setTimeout(20);
    now += 60_000;
  }
  await log.stop();
  const names = readdirSync(folder).sort();
  assert.deepEqual(names, [
    'audit-20260102T0003Z-0000.bin',
    'audit-20260102T0004Z-0000.bin',
    'audit-20260102T0005Z-0000.bin',
    'audit-notes.txt',
  ]);
});

test('with block a full queue makes its callers wait, and nothing is lost', async () => {
  const { log, counts, folder } = open({ maxQueueWeight: 1_000 });
  const waits = Array.from({ length: 50 }, (_, i) => log.append(Buffer.alloc(300, String.fromCharCode(65 + (i % 26)))));
  assert.ok(waits.filter((wait) => wait !== undefined).length > 40);
  await Promise.all(waits);
  await log.stop();
  assert.deepEqual(counts, { written: 50, dropped: 0 });
  assert.equal(
    contents(folder)
      .map((record) => record[0])
      .join(''),
    'ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWX',
  );
});

test('without block a full queue drops records, and counts them', async () => {
  const { log, counts, folder } = open({ maxQueueWeight: 1_000, block: false });
  for (let i = 0; i < 50; i++) assert.equal(log.append(Buffer.alloc(300)), undefined);
  await log.stop();
  assert.equal(counts.written, contents(folder).length);
  assert.ok(counts.written >= 2 && counts.written < 50);
  assert.equal(counts.dropped, 50 - counts.written);
});

test('what cannot be written: a log without block drops it, one with block keeps it until it can', async (t) => {
  if (process.getuid?.() === 0) {
    // Root writes everywhere: the folder itself goes away instead.
    const errors: string[] = [];
    const dropping = open({ block: false, errors });
    rmSync(dropping.folder, { recursive: true });
    dropping.log.append(Buffer.from('lost'));
    await until(() => dropping.counts.dropped === 1);
    await dropping.log.stop();
    assert.match(errors[0]!, /cannot be written; they are dropped/);
    const waiting = open({ errors });
    rmSync(waiting.folder, { recursive: true });
    waiting.log.append(Buffer.from('kept'));
    await until(() => errors.length === 2);
    const { mkdirSync } = await import('node:fs');
    mkdirSync(waiting.folder);
    await until(() => waiting.counts.written === 1);
    await waiting.log.stop();
    assert.deepEqual(contents(waiting.folder), ['kept']);
    return;
  }
  const { log, counts, folder } = open({ block: false });
  chmodSync(folder, 0o500);
  t.after(() => chmodSync(folder, 0o700));
  log.append(Buffer.from('lost'));
  await until(() => counts.dropped === 1);
  await log.stop();
});

test('a torn or damaged end is named, and what is before it is read', async () => {
  const { log, folder } = open();
  for (const text of ['one', 'two', 'three']) log.append(Buffer.from(text));
  await log.stop();
  const path = join(folder, readdirSync(folder)[0]!);
  const whole = readFileSync(path);
  const read = () => {
    const found: string[] = [];
    return { end: readRecords(path, RecordKind.audit, (record) => found.push(record.toString())), found };
  };
  truncateSync(path, whole.length - 2);
  assert.deepEqual(read().found, ['one', 'two']);
  assert.match(read().end.problem!, /ends within a record at offset 34/);
  const damaged = Buffer.from(whole);
  damaged[whole.length - 1]! ^= 1;
  writeFileSync(path, damaged);
  assert.match(read().end.problem!, /damaged at offset 34/);
  writeFileSync(path, 'some other file');
  assert.throws(() => read(), /is no log of records/);
  const other = Buffer.from(whole);
  other.writeUInt16BE(RecordKind.fullQuery, 10);
  writeFileSync(path, other);
  assert.throws(() => read(), /records of fullQuery, not of audit/);
});

test('archive_command gets each full file as an argument, not as a piece of a shell line', async () => {
  let now = Date.UTC(2026, 0, 2, 0, 0);
  const list = join(root, 'archived');
  const script = join(root, 'archive.sh');
  writeFileSync(script, `#!/bin/sh\nprintf '%s\\n' "$1" "$2" >> ${list}\n`);
  chmodSync(script, 0o755);
  appendFileSync(list, '');
  const odd = join(root, `odd $(touch ${join(root, 'harm')})`.replaceAll('/', '_'));
  const { log } = open({
    folder: odd,
    nowMs: () => now,
    rollCycle: 'MINUTELY',
    archiveCommand: `${script} --file %path`,
  });
  log.append(Buffer.from('a'));
  await until(() => readdirSync(odd).length === 1);
  now += 60_000;
  log.append(Buffer.from('b'));
  await until(() => readFileSync(list, 'utf8') !== '');
  await log.stop();
  assert.equal(readFileSync(list, 'utf8'), `--file\n${join(odd, 'audit-20260102T0000Z-0000.bin')}\n`);
});

/** Waits for what is about to happen. */
async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000; i++) {
    if (condition()) return;
    await setTimeout(5);
  }
  assert.fail('it has not happened');
}

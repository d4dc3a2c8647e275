// The system's clock is set back while the node is down: views and indexes show what is written afterwards.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { StampClock } from '../../../src/cli/node/stamp-clock.js';
import { LoggingNode } from '../../support/logging-node.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ferrosa-clock-'));
  folders.push(folder);
  return join(folder, 'clock');
}

const hour = 3_600_000_000n;

test('a row of a view that was removed before comes back, and an entry of an index that a reader had found stale', async () => {
  const path = newPath();
  const node = new LoggingNode();
  const { session } = node;
  const wall = () => node.node.nowMicros();
  let clock = StampClock.open(path, wall);
  node.stampMicros = () => clock.now();
  await session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'CREATE TABLE k.t (k int PRIMARY KEY, v int)',
    'CREATE MATERIALIZED VIEW k.by_v AS SELECT * FROM k.t WHERE v IS NOT NULL AND k IS NOT NULL PRIMARY KEY (v, k)',
    'CREATE TABLE k.i (k int PRIMARY KEY, v int)',
    'CREATE INDEX ON k.i (v)',
  );
  let timestamp = 1n;
  const write = async (v: number) => {
    timestamp++;
    for (const table of ['t', 'i'])
      await session.query(`INSERT INTO k.${table} (k, v) VALUES (1, ${v}) USING TIMESTAMP ${timestamp}`);
  };
  const shown = async (v: number) =>
    Promise.all(['by_v', 'i'].map((table) => session.rows(`SELECT k FROM k.${table} WHERE v = ${v}`)));
  await write(5);
  await write(6);
  // The reader removes the entry of 5.
  assert.deepEqual(await shown(5), [[], []]);
  assert.deepEqual(await shown(6), [[['1']], [['1']]]);
  const before = wall();
  for (const end of ['crash', 'stop']) {
    if (end === 'stop') clock.close();
    node.node.frozenMicros = before - hour;
    clock = StampClock.open(path, wall);
    for (const v of [5, 6, 5]) {
      await write(v);
      assert.deepEqual(await shown(11 - v), [[], []], end);
      assert.deepEqual(await shown(v), [[['1']], [['1']]], end);
    }
    await write(6);
  }
});

test('the clock grows over any ends of the process, and writes its file rarely', () => {
  const path = newPath();
  let wall = 1_000_000n * hour;
  let last = 0n;
  let files = 0;
  let content = '';
  for (let run = 0; run < 20; run++) {
    const clock = StampClock.open(path, () => wall);
    for (let i = 0; i < 500; i++) {
      wall += i % 7 === 0 ? -50n : 1_000n;
      const now = clock.now();
      assert.ok(now > last);
      last = now;
      const written = readFileSync(path, 'utf8');
      if (written !== content) files++;
      content = written;
    }
    if (run % 2 === 0) clock.close();
    wall += run % 3 === 0 ? -hour : hour;
  }
  assert.ok(files <= 40, `${files} files`);
});

test('a damaged file of the clock is an error that names it', () => {
  const path = newPath();
  writeFileSync(path, 'noon');
  assert.throws(() => StampClock.open(path, () => 1n), { code: 'CORRUPT', message: new RegExp(path) });
});

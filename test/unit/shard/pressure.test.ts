// What a shard does as its memory becomes short: it slows writes down before it refuses them, and says why when it does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommitLog } from '../../../src/native/index.js';
import type { Flusher } from '../../../src/shard/worker/flusher.js';
import { Pressure } from '../../../src/shard/worker/pressure.js';
import type { ShardTables, TableState } from '../../../src/shard/worker/tables.js';

const budget = 1000;

/** A shard of one table whose memory the test sets. */
function shard() {
  const memory = { growing: 0, frozen: 0 };
  const flushed: string[] = [];
  const refusals: (string | null)[] = [];
  const flusher = {
    problem: null as string | null,
    flush: (state: TableState) => {
      flushed.push(state.table.id);
      return Promise.resolve();
    },
  };
  const state = { table: { id: 't', flushPeriodMs: 0 }, id: Buffer.alloc(16), frozen: [], flushing: null };
  const tables = {
    byId: new Map([['t', state]]),
    store: {
      memtableBytes: () => [memory.growing, memory.frozen],
      stats: () => ({ memtablePartitions: 1, memtableBytes: memory.growing }),
    },
  };
  const pressure = new Pressure(
    tables as unknown as ShardTables,
    { stats: () => ({ totalBytes: 0 }) } as unknown as CommitLog,
    flusher as unknown as Flusher,
    { memtableBytesMax: budget, logBytesMax: 1 << 20 },
    (reason) => refusals.push(reason),
  );
  const at = (growing: number, frozen: number, nowMs = 1): Pressure => {
    Object.assign(memory, { growing, frozen });
    pressure.check(nowMs);
    return pressure;
  };
  return { at, flushed, refusals, flusher };
}

test('half of the budget in a growing memtable begins a flush', () => {
  const { at, flushed } = shard();
  at(500, 0);
  assert.deepEqual(flushed, []);
  at(501, 0);
  assert.deepEqual(flushed, ['t']);
});

test('writes are slowed down from three quarters of the budget on, the more the less is left, before any is refused', () => {
  const { at, refusals } = shard();
  assert.equal(at(250, 500).brakeMsAMiB, 0);
  const waits = [760, 850, 950, 1000].map((bytes) => at(250, bytes - 250).brakeMsAMiB);
  assert.ok(waits[0]! > 0 && waits.every((ms, i) => i === 0 || ms > waits[i - 1]!), `waits grow: ${waits}`);
  assert.deepEqual(refusals, []);
  assert.equal(at(100, 0).brakeMsAMiB, 0);
});

test('a full budget refuses writes with what keeps flushes from helping, until a tenth is free again', () => {
  const { at, refusals, flusher } = shard();
  flusher.problem = 'No space left on device';
  assert.match(at(0, 1001).refusing!, /Memtables are full \(memtable_offheap_space\): No space left on device/);
  at(0, 950);
  assert.equal(refusals.length, 1, 'still refused: nothing changes at the border at each tick');
  assert.equal(at(0, 900).refusing, null);
  assert.deepEqual(refusals.slice(1), [null]);
});

test('a budget that is full while flushes succeed refuses writes only when it stays so', () => {
  const { at, refusals } = shard();
  assert.equal(at(0, 1001, 5).refusing, null);
  assert.equal(at(0, 1001, 1_004).refusing, null);
  assert.equal(at(0, 900, 1_005).refusing, null);
  assert.equal(at(0, 1001, 1_006).refusing, null, 'counted anew');
  assert.match(at(0, 1001, 2_006).refusing!, /Memtables are full .* flushing does not keep up/);
  assert.equal(at(0, 950, 2_007).refusing, refusals[0]);
  assert.equal(at(0, 900, 2_008).refusing, null);
});

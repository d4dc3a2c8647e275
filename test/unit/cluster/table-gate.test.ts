// The gate of a table: what runs beside what.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TableGate } from '../../../src/cluster/index.js';
import { FerrosaError } from '../../../src/common/errors.js';
import { Signal, turns } from '../../support/logging-node.js';
import { Prng } from '../../support/prng.js';

const late = () => new FerrosaError('OVERLOADED', 'late');

test('whatever comes when, nothing runs beside the work of a closed gate, and everything runs', async (t) => {
  const seed = Number(process.env['DB_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`replay with DB_TEST_SEED=${seed}`);
  const numbers = new Prng(seed);
  const below = (n: number) => numbers.next() % n;
  const gate = new TableGate();
  const [running, ended] = [new Map<string, number>(), new Set<number>()];
  let alone: string | null = null;
  let closing: Promise<unknown> = Promise.resolve();
  const all: Promise<unknown>[] = [];
  for (let i = 0; i < 2_000; i++) {
    const table = `t${below(2)}`;
    const steps = below(6);
    const what = below(40);
    if (what < 2) {
      closing = closing.then(() =>
        gate.close(table, 60_000, late, async () => {
          assert.equal(running.get(table) ?? 0, 0);
          alone = table;
          await turns(steps);
          assert.equal(running.get(table) ?? 0, 0);
          alone = null;
        }),
      );
      all.push(closing.then(() => ended.add(i)));
    } else if (what < 4) {
      all.push(gate.passed(table).then(() => ended.add(i)));
    } else
      all.push(
        gate
          .run(table, 60_000, late, async () => {
            assert.notEqual(alone, table);
            running.set(table, (running.get(table) ?? 0) + 1);
            await turns(steps);
            assert.notEqual(alone, table);
            running.set(table, running.get(table)! - 1);
          })
          .then(() => ended.add(i)),
      );
    if (below(4) === 0) await turns(1);
  }
  await Promise.all(all);
  assert.equal(ended.size, 2_000);
  assert.equal(gate.size, 0);
});

test('passed() does not wait for what came after it', async () => {
  const gate = new TableGate();
  const [first, second] = [new Signal(), new Signal()];
  const one = gate.run('t', 1_000, late, () => first.promise);
  let hasPassed = false;
  const passed = gate.passed('t').then(() => {
    hasPassed = true;
  });
  const two = gate.run('t', 1_000, late, () => second.promise);
  await turns();
  assert.equal(hasPassed, false);
  first.give();
  await Promise.all([one, passed]);
  second.give();
  await two;
  assert.equal(gate.size, 0);
});

test('who waits too long for a closed gate is told so', async () => {
  const gate = new TableGate();
  const opens = new Signal();
  const closed = gate.close('t', 1_000, late, () => opens.promise);
  await assert.rejects(
    gate.run('t', 10, late, async () => {}),
    { message: 'late' },
  );
  opens.give();
  await closed;
  await gate.run('t', 10, late, async () => {});
  assert.equal(gate.size, 0);
});

// Operations of one partition come one after the other; those of others do not wait.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PartitionQueue } from '../../../src/cluster/index.js';
import { FerrosaError } from '../../../src/common/errors.js';
import { partitionWaitersMax } from '../../../src/common/limits.js';

const never = (ahead: number) => new FerrosaError('WRITE_TIMEOUT', `waited behind ${ahead}`);
const long = 2 ** 30;

/** An operation that ends when told. */
function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test('operations of a partition run in the order of their coming and never together; others run at once', async () => {
  const queue = new PartitionQueue();
  const events: string[] = [];
  const first = gate();
  const operation = (name: string, until?: Promise<void>) => async () => {
    events.push(`${name} begins`);
    await until;
    events.push(`${name} ends`);
    return name;
  };
  const a = queue.run('p', long, never, operation('a', first.opened));
  const b = queue.run('p', long, never, operation('b'));
  const c = queue.run('p', long, never, operation('c'));
  assert.equal(await queue.run('q', long, never, operation('other')), 'other');
  first.open();
  assert.deepEqual(await Promise.all([a, b, c]), ['a', 'b', 'c']);
  assert.deepEqual(events, [
    ...['a begins', 'other begins', 'other ends'],
    ...['a ends', 'b begins', 'b ends', 'c begins', 'c ends'],
  ]);
  assert.equal(queue.size, 0);
});

test('one that fails lets the next have its turn', async () => {
  const queue = new PartitionQueue();
  const failing = queue.run('p', long, never, () => Promise.reject(new Error('no')));
  const next = queue.run('p', long, never, async () => 1);
  await assert.rejects(failing, /no/);
  assert.equal(await next, 1);
});

test('one that waits too long is told how many were before it, and never runs', async () => {
  const queue = new PartitionQueue();
  const first = gate();
  const running = queue.run('p', long, never, () => first.opened);
  let ran = false;
  const late = queue.run('p', 1, never, async () => {
    ran = true;
  });
  await assert.rejects(late, /waited behind 1/);
  first.open();
  await running;
  assert.equal(await queue.run('p', long, never, async () => 2), 2);
  assert.equal(ran, false);
});

test('more than may wait are refused', async () => {
  const queue = new PartitionQueue();
  const first = gate();
  const all = Array.from({ length: partitionWaitersMax + 1 }, () => queue.run('p', long, never, () => first.opened));
  await assert.rejects(
    queue.run('p', long, never, async () => {}),
    (error: FerrosaError) => error.code === 'OVERLOADED',
  );
  first.open();
  await Promise.all(all);
  assert.equal(queue.size, 0);
});

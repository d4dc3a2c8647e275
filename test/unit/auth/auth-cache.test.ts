// The cache of what system_auth says, on a clock of its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthCache, type AuthCacheOptions } from '../../../src/auth/index.js';

function cacheWith(options: Partial<AuthCacheOptions>) {
  const state = { nowMs: 0, loads: [] as string[], answer: 1, gate: Promise.resolve() };
  const load = async (key: string): Promise<number> => {
    state.loads.push(key);
    const { answer } = state;
    await state.gate;
    return answer;
  };
  const all = { validityMs: 100, updateIntervalMs: 0, maxEntries: 10, activeUpdate: false, ...options };
  return { state, cache: new AuthCache(load, all, () => state.nowMs) };
}

test('an entry is used while it is valid and read again afterwards', async () => {
  const { state, cache } = cacheWith({});
  assert.equal(cache.peek('a'), undefined);
  assert.equal(await cache.get('a'), 1);
  state.answer = 2;
  state.nowMs = 99;
  assert.equal(cache.peek('a'), 1);
  state.nowMs = 100;
  assert.equal(cache.peek('a'), undefined);
  assert.equal(await cache.get('a'), 2);
});

test('an entry older than the update interval is used once more while it is read again', async () => {
  const { state, cache } = cacheWith({ updateIntervalMs: 10 });
  await cache.get('a');
  state.answer = 2;
  state.nowMs = 10;
  assert.equal(cache.peek('a'), 1);
  assert.deepEqual(state.loads, ['a', 'a']);
  await cache.get('a');
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(cache.peek('a'), 2);
});

test('a read that began before an invalidation is not kept', async () => {
  const { state, cache } = cacheWith({});
  let open = () => {};
  state.gate = new Promise((resolve) => {
    open = resolve;
  });
  const old = cache.get('a');
  state.answer = 2;
  cache.invalidate('a');
  const fresh = cache.get('a');
  open();
  assert.equal(await old, 1);
  assert.equal(await fresh, 2);
  assert.equal(cache.peek('a'), 2);
});

test('with a validity of 0 nothing is remembered', async () => {
  const { state, cache } = cacheWith({ validityMs: 0 });
  await cache.get('a');
  await cache.get('a');
  assert.equal(state.loads.length, 2);
  assert.deepEqual(cache.keys(), []);
});

test('the entries are bounded: the oldest goes first', async () => {
  const { cache } = cacheWith({ maxEntries: 2 });
  for (const key of ['a', 'b', 'c']) await cache.get(key);
  assert.deepEqual(cache.keys(), ['b', 'c']);
});

test('a read that fails is not remembered', async () => {
  let fails = true;
  const load = async () => {
    if (fails) throw new Error('no answer');
    return 7;
  };
  const options = { validityMs: 100, updateIntervalMs: 0, maxEntries: 10, activeUpdate: false };
  const cache = new AuthCache(load, options, () => 0);
  await assert.rejects(cache.get('a'), /no answer/);
  fails = false;
  assert.equal(await cache.get('a'), 7);
});

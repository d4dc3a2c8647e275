import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frozenStats, murmurToken, type NativeStore, releaseFrozen } from '../../../src/native/index.js';
import { MutationBuilder, Selected } from '../../../src/storage/index.js';
import {
  descriptorOf,
  hex,
  i32,
  int,
  native,
  openStore,
  readAll,
  type TestColumn,
  type TestTable,
  tableId,
} from './support.js';

const a: TestColumn = { id: 1, name: 'a', type: int };
const b: TestColumn = { id: 2, name: 'b', type: int };
const first: TestTable = { id: tableId(5), partitionKey: [int], clustering: [], columns: [a, b] };
const key = i32(1);
const builder = new MutationBuilder();
const start = () => builder.reset(first.id, murmurToken(key), key);

function read(store: NativeStore, ids: number[]): (string | null)[][] {
  return readAll(store, {
    tableId: first.id,
    nowSeconds: 100,
    columns: ids.map((which) => ({ what: Selected.value, which })),
    partitions: { keys: [key] },
  });
}

test('an added column that sorts first does not shift the values written before', () => {
  const store = openStore(first);
  store.apply(start().row([]).cell(1, 1n, i32(10)).cell(2, 1n, i32(20)).finish());
  const frozen = store.setTable(
    descriptorOf({ ...first, version: 2, columns: [{ id: 9, name: 'A', type: int }, a, b] }),
  );
  assert.notEqual(frozen, 0);
  store.apply(start().row([]).cell(9, 2n, i32(90)).cell(2, 2n, i32(21)).finish());
  assert.deepEqual(read(store, [9, 1, 2]), [[hex(i32(90)), hex(i32(10)), hex(i32(21))]]);
});

test('a descriptor with the same columns freezes nothing', () => {
  const store = openStore(first);
  store.apply(start().row([]).cell(1, 1n, i32(10)).finish());
  assert.equal(store.setTable(descriptorOf({ ...first, version: 2 })), 0);
  assert.deepEqual(read(store, [1]), [[hex(i32(10))]]);
});

test('cells of a dropped column do not come back when its name is added again', () => {
  const store = openStore(first);
  store.apply(start().row([]).cell(1, 5n, i32(10)).cell(2, 5n, i32(20)).finish());
  store.setTable(descriptorOf({ ...first, version: 2, columns: [a, { ...b, dropped: true, droppedAt: 50n }] }));
  assert.deepEqual(read(store, [1]), [[hex(i32(10))]]);
  store.setTable(descriptorOf({ ...first, version: 3, columns: [a, { ...b, droppedAt: 50n }] }));
  assert.deepEqual(read(store, [1, 2]), [[hex(i32(10)), null]]);
  store.apply(start().row([]).cell(2, 51n, i32(21)).finish());
  assert.deepEqual(read(store, [1, 2]), [[hex(i32(10)), hex(i32(21))]]);
});

test('a row whose only cells are of a dropped column is not there', () => {
  const store = openStore(first);
  store.apply(start().row([]).cell(2, 5n, i32(20)).finish());
  store.setTable(descriptorOf({ ...first, version: 2, columns: [a, { ...b, dropped: true, droppedAt: 50n }] }));
  assert.deepEqual(read(store, [1]), []);
});

test('truncate forgets everything, drop makes the table unknown', () => {
  const store = openStore(first);
  store.apply(start().row([]).cell(1, 1n, i32(10)).finish());
  const frozen = store.freeze(first.id);
  store.apply(start().row([]).cell(2, 1n, i32(20)).finish());
  assert.equal(frozenStats(frozen)?.partitions, 1);
  store.truncate(first.id);
  assert.deepEqual(read(store, [1, 2]), []);
  assert.equal(frozenStats(frozen), null);
  store.dropTable(first.id);
  assert.throws(() => read(store, [1]), { code: 'INVALID' });
});

test('a frozen memtable is read until it is replaced', () => {
  const store = openStore(first);
  assert.equal(store.freeze(first.id), 0);
  store.apply(start().row([]).cell(1, 1n, i32(10)).finish());
  const frozen = store.freeze(first.id);
  assert.deepEqual(frozenStats(frozen), { partitions: 1, rows: 1, dataBytes: 8, minTimestamp: 1n, maxTimestamp: 1n });
  assert.deepEqual(read(store, [1]), [[hex(i32(10))]]);
  assert.equal(store.stats(first.id).frozen, 1);
  assert.throws(() => store.replaceSources(first.id, [frozen], [], [4_000_000_000]), { code: 'INVALID' });
  assert.deepEqual(read(store, [1]), [[hex(i32(10))]]);
  store.replaceSources(first.id, [frozen], [], []);
  assert.deepEqual(read(store, [1]), []);
  releaseFrozen(frozen);
  releaseFrozen(0);
});

test('a counter table and its columns are told from others by the descriptor', () => {
  const table: TestTable = { ...first, id: tableId(6), columns: [{ id: 1, name: 'c', type: native('counter') }] };
  const store = openStore(table);
  assert.equal(store.check(builder.reset(table.id, 1n, key).row([]).counterDelta(1, 1n, 1n).finish()), true);
  const plain = openStore(first);
  assert.throws(() => plain.check(start().row([]).counterDelta(1, 1n, 1n).finish()), { code: 'CORRUPT' });
});

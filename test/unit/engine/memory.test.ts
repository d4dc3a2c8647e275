import assert from 'node:assert/strict';
import { test } from 'node:test';
import { murmurToken } from '../../../src/native/index.js';
import { MutationBuilder } from '../../../src/storage/index.js';
import { i32, i64, int, native, openStore, type TestTable, tableId } from './support.js';

// The bound is the reason why a gigabyte of memtable holds half a gigabyte of small rows.
test('small partitions cost at most 2.2 bytes of memory a byte of data', () => {
  const table: TestTable = {
    id: tableId(3),
    partitionKey: [native('bigint')],
    clustering: [],
    columns: [{ id: 1, name: 'v', type: native('blob') }],
  };
  const store = openStore(table);
  const builder = new MutationBuilder();
  const value = new Uint8Array(100);
  for (let i = 0; i < 500_000; i++) {
    const key = i64(BigInt(i));
    store.apply(builder.reset(table.id, murmurToken(key), key).insertRow([], 1n).cell(1, 1n, value).finishBorrowed());
  }
  const stats = store.stats(table.id);
  assert.equal(stats.memtablePartitions, 500_000);
  assert.equal(stats.memtableDataBytes, 500_000 * 108);
  assert.ok(stats.memtableBytes <= 2.2 * stats.memtableDataBytes, `${stats.memtableBytes} bytes`);
});

test('writing the same cells again and again does not grow the memtable', () => {
  const table: TestTable = {
    id: tableId(4),
    partitionKey: [int],
    clustering: [{ type: int }],
    columns: [
      { id: 1, name: 'v', type: native('blob') },
      { id: 2, name: 'l', type: { kind: 'list', element: int, frozen: false } },
    ],
  };
  const store = openStore(table);
  const builder = new MutationBuilder();
  const key = i32(1);
  const write = (round: bigint): void => {
    for (let row = 0; row < 10; row++) {
      builder.reset(table.id, murmurToken(key), key).insertRow([i32(row)], round);
      builder.cell(1, round, new Uint8Array(50 + Number(round % 14n)).fill(Number(round % 256n)));
      store.apply(builder.finishBorrowed());
    }
  };
  for (let round = 1n; round < 100n; round++) write(round);
  const before = store.stats(table.id).memtableBytes;
  for (let round = 100n; round < 5000n; round++) write(round);
  assert.equal(store.stats(table.id).memtableBytes, before);
  assert.equal(store.stats(table.id).memtablePartitions, 1);
});

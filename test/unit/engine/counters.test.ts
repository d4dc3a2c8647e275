import assert from 'node:assert/strict';
import { test } from 'node:test';
import { murmurToken, NativeStore } from '../../../src/native/index.js';
import { decodeMutation, MutationBuilder, Selected } from '../../../src/storage/index.js';
import {
  counterId,
  descriptorOf,
  hex,
  i32,
  i64,
  int,
  native,
  openStore,
  readAll,
  type TestTable,
  tableId,
} from './support.js';

const table: TestTable = {
  id: tableId(2),
  partitionKey: [int],
  clustering: [{ type: int }],
  columns: [
    { id: 1, name: 'total', type: native('counter'), isStatic: true },
    { id: 2, name: 'hits', type: native('counter') },
    { id: 3, name: 'misses', type: native('counter') },
  ],
};
const key = i32(1);
const builder = new MutationBuilder();
const start = () => builder.reset(table.id, murmurToken(key), key);

function count(store: NativeStore, mutation: Uint8Array): Uint8Array {
  assert.equal(store.check(mutation), true);
  const prepared = store.prepareCounter(mutation);
  assert.ok(!(prepared instanceof Uint32Array));
  store.apply(prepared);
  return prepared;
}

function read(store: NativeStore): (string | null)[][] {
  return readAll(store, {
    tableId: table.id,
    nowSeconds: 100,
    columns: [1, 2, 3].map((which) => ({ what: Selected.value, which })),
    partitions: { keys: [key] },
  });
}
const big = (value: bigint): string => hex(i64(value))!;

test('increments add up, also over a frozen memtable and twice in one mutation', () => {
  const store = openStore(table);
  count(
    store,
    start()
      .row([i32(5)])
      .counterDelta(2, 10n, 3n)
      .counterDelta(2, 10n, 4n)
      .finish(),
  );
  store.freeze(table.id);
  count(
    store,
    start()
      .staticRow()
      .counterDelta(1, 11n, 100n)
      .row([i32(5)])
      .counterDelta(2, 11n, -10n)
      .finish(),
  );
  assert.deepEqual(read(store), [[big(100n), big(-3n), null]]);
});

test('an increment is logged as a context of this node with the next clock', () => {
  const store = openStore(table);
  count(
    store,
    start()
      .row([i32(5)])
      .counterDelta(2, 10n, 3n)
      .finish(),
  );
  const second = decodeMutation(
    count(
      store,
      start()
        .row([i32(5)])
        .counterDelta(2, 11n, 4n)
        .finish(),
    ),
  );
  const row = second.items[0]!;
  assert.ok(row.kind === 'row');
  assert.equal(hex(row.operations[0]!.value), `00018000${hex(counterId)}${big(2n)}${big(7n)}`);
});

test('replaying the logged mutations in any order and more than once gives the same counter', () => {
  const store = openStore(table);
  const logged = [1n, 20n, 300n].map((delta, i) =>
    count(
      store,
      start()
        .row([i32(5)])
        .counterDelta(2, BigInt(10 + i), delta)
        .finish(),
    ),
  );
  const replayed = openStore(table);
  for (const i of [2, 0, 2, 1, 0]) replayed.apply(logged[i]!);
  assert.deepEqual(read(replayed), read(store));
  assert.deepEqual(read(replayed), [[null, big(321n), null]]);
});

test('contexts of several nodes are summed, of each the highest clock', () => {
  const store = openStore(table);
  const shard = (id: number, clock: bigint, value: bigint): string =>
    Buffer.alloc(16, id).toString('hex') + big(clock) + big(value);
  const context = (...shards: string[]): Uint8Array =>
    new Uint8Array(
      Buffer.from(
        hex(i32(shards.length))!.slice(4) + shards.map((_, i) => (0x8000 + i).toString(16)).join('') + shards.join(''),
        'hex',
      ),
    );
  store.apply(
    start()
      .row([i32(1)])
      .cell(2, 5n, context(shard(1, 3n, 30n), shard(2, 1n, 5n)))
      .finish(),
  );
  store.freeze(table.id);
  store.apply(
    start()
      .row([i32(1)])
      .cell(2, 4n, context(shard(1, 2n, 999n), shard(2, 2n, 7n), shard(9, 1n, 1n)))
      .finish(),
  );
  assert.deepEqual(read(store), [[null, big(38n), null]]);
});

test('a deleted counter stays deleted for older increments and starts anew for later ones', () => {
  const store = openStore(table);
  count(
    store,
    start()
      .row([i32(5)])
      .counterDelta(2, 10n, 3n)
      .finish(),
  );
  store.apply(
    start()
      .deleteRow([i32(5)], 20n, 100)
      .finish(),
  );
  assert.deepEqual(read(store), []);
  count(
    store,
    start()
      .row([i32(5)])
      .counterDelta(2, 30n, 4n)
      .finish(),
  );
  assert.deepEqual(read(store), [[null, big(4n), null]]);
});

test('apply refuses an increment that was not prepared', () => {
  const store = openStore(table);
  assert.throws(
    () =>
      store.apply(
        start()
          .row([i32(5)])
          .counterDelta(2, 10n, 3n)
          .finish(),
      ),
    { code: 'INVALID' },
  );
  assert.throws(() => new NativeStore(counterId).apply(start().finish()), { code: 'INVALID' });
  assert.throws(() => store.apply(descriptorOf(table)), { code: 'INVALID' });
});

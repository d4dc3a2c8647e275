import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addon } from '../../../src/native/binding.js';
import { murmurToken, NativeStore, ReadOperation } from '../../../src/native/index.js';
import {
  decodeMutation,
  encodeReadCommand,
  MutationBuilder,
  RowStream,
  rowsOf,
  Selected,
  sliceOf,
} from '../../../src/storage/index.js';
import {
  counterId,
  descriptorOf,
  i32,
  i64,
  int,
  native,
  openStore,
  Prng,
  type TestTable,
  tableId,
  testSeed,
  utf8,
} from './support.js';

const table: TestTable = {
  id: tableId(7),
  partitionKey: [int, native('text')],
  clustering: [{ type: native('timeuuid') }, { type: native('varint'), reversed: true }],
  columns: [
    { id: 1, name: 's', type: native('text'), isStatic: true },
    { id: 2, name: 'v', type: native('decimal') },
    { id: 3, name: 'l', type: { kind: 'list', element: int, frozen: false } },
    { id: 4, name: 'm', type: { kind: 'map', key: native('double'), value: int, frozen: false } },
  ],
};
const key = new Uint8Array([0, 4, 0, 0, 0, 1, 0, 0, 2, 97, 98, 0]);
const uuid = new Uint8Array(16).fill(0x11);

function sampleMutation(): Uint8Array {
  return new MutationBuilder(table.id, murmurToken(key), key)
    .partitionDeletion(1n, 1)
    .staticRow()
    .cell(1, 5n, utf8('static'))
    .insertRow([uuid, i32(4)], 5n, 100, 2000)
    .cell(2, 5n, i64(77n))
    .complexDeletion(3, 4n, 9)
    .pathCell(3, 5n, uuid, i32(1))
    .pathCell(4, 5n, i64(3n), i32(2), 60, 3000)
    .rangeTombstone(sliceOf([uuid]), 2n, 8)
    .finish();
}

function sampleCommand(): Uint8Array {
  return encodeReadCommand({
    tableId: table.id,
    nowSeconds: 1000,
    partitions: { keys: [key] },
    slices: [sliceOf([uuid])],
    reversed: true,
    positions: true,
    rowLimit: 10,
    columns: [
      ...[0, 1].map((which) => ({ what: Selected.partitionKey, which })),
      ...[0, 1].map((which) => ({ what: Selected.clustering, which })),
      ...[1, 2, 3, 4].map((which) => ({ what: Selected.value, which })),
      { what: Selected.writetime, which: 4 },
      { what: Selected.ttl, which: 4 },
      { what: Selected.paths, which: 3 },
      { what: Selected.token, which: 0 },
    ],
  });
}

/** Cuts, inserts or changes; the table id stays, so that most get past it. */
function damage(prng: Prng, bytes: Uint8Array): Uint8Array {
  const how = prng.below(4);
  const at = 18 + prng.below(Math.max(1, bytes.length - 18));
  if (how === 0) return bytes.slice(0, at);
  if (how === 1) return new Uint8Array([...bytes.subarray(0, at), prng.below(256), ...bytes.subarray(at)]);
  const out = bytes.slice();
  for (let n = prng.below(3); n >= 0; n--) out[18 + prng.below(out.length - 18)] = prng.below(256);
  return out;
}

function attempt(action: () => void, codes: readonly string[]): boolean {
  try {
    action();
    return true;
  } catch (error) {
    const code = (error as { code?: string }).code;
    assert.ok(code !== undefined && codes.includes(code), String(error));
    return false;
  }
}

test('damaged bytes at any entry of the store give a coded error or are taken for what they say', (t) => {
  const seed = testSeed();
  t.diagnostic(`replay with DB_TEST_SEED=${seed}`);
  const prng = new Prng(seed);
  const store = openStore(table);
  const mutation = sampleMutation();
  store.apply(mutation);
  const descriptor = descriptorOf(table);
  const coded = ['INVALID', 'CORRUPT'];
  for (let i = 0; i < 4000; i++) {
    const bytes = damage(prng, mutation);
    const checked = attempt(() => store.check(bytes), coded);
    assert.equal(
      attempt(() => store.apply(bytes), coded),
      checked && !store.check(bytes),
    );
    attempt(() => store.prepareCounter(bytes), coded);
    if (i % 50 === 0) attempt(() => void new NativeStore(counterId).setTable(damage(prng, descriptor)), coded);
    attempt(() => {
      const operation = new ReadOperation(damage(prng, sampleCommand()));
      for (let calls = 0; calls < 10_000; calls++) if (store.read(operation, 20) !== null) return;
      assert.fail('the read does not end');
    }, coded);
  }
});

test('damaged mutations and row streams are refused by the decoders with CORRUPT', (t) => {
  const seed = testSeed();
  t.diagnostic(`replay with DB_TEST_SEED=${seed}`);
  const prng = new Prng(seed);
  const store = openStore(table);
  store.apply(sampleMutation());
  const stream = store.read(new ReadOperation(sampleCommand()), 1000);
  assert.ok(stream instanceof Uint8Array);
  for (let i = 0; i < 4000; i++) {
    attempt(() => void decodeMutation(damage(prng, sampleMutation())), ['CORRUPT']);
    attempt(() => {
      const parsed = new RowStream(damage(prng, stream));
      for (const partition of parsed.partitions()) if (partition.rowCount < 1000) [...rowsOf(partition, 12, true)];
    }, ['CORRUPT']);
  }
});

test('arguments of the wrong kind are type errors', () => {
  const store = openStore(table) as unknown as Record<string, (...values: unknown[]) => unknown>;
  for (const method of [
    'setTable',
    'dropTable',
    'check',
    'apply',
    'prepareCounter',
    'read',
    'freeze',
    'truncate',
    'stats',
  ]) {
    for (const value of [undefined, null, 1, 'text', {}, new Float64Array(2)]) {
      assert.throws(() => store[method]!(value, 1), TypeError, method);
    }
  }
  assert.throws(() => store['replaceSources']!(table.id, 1, [], []), TypeError);
  assert.throws(() => store['replaceSources']!(table.id, ['x'], [], []), TypeError);
  assert.throws(() => store['stats']!(new Uint8Array(15)), TypeError);
  assert.throws(() => new NativeStore(new Uint8Array(3)), TypeError);
  const Read = addon['ReadOperation'] as new (value: unknown) => unknown;
  assert.throws(() => new Read(5), TypeError);
  const Store = addon['Store'] as { prototype: Record<string, (value: unknown) => unknown> };
  assert.throws(() => Store.prototype['check']!.call({}, sampleMutation()));
});

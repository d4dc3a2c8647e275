// What Cassandra 5.0.9 answered to the same writes; the statements stand above the expectations.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { murmurToken, type NativeStore } from '../../../src/native/index.js';
import { MutationBuilder, type ReadColumn, type ReadCommand, Selected, sliceOf } from '../../../src/storage/index.js';
import { type CqlType, parseCqlType } from '../../../src/types/index.js';
import {
  descriptorOf,
  hex,
  i32,
  int,
  native,
  openStore,
  Prng,
  readAll,
  type TestTable,
  tableId,
  utf8,
} from './support.js';

const value = (which: number): ReadColumn => ({ what: Selected.value, which });
const builder = new MutationBuilder();

test('clusterings of every type come in the order of Cassandra, ascending and descending', () => {
  const file = new URL('../../../../test/unit/engine/data/clustering-order.json', import.meta.url);
  const golden = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { asc: string[]; desc: string[] }>;
  const prng = new Prng(5);
  let id = 100;
  for (const [name, orders] of Object.entries(golden)) {
    const type = parseCqlType(name, 'ks', () => undefined);
    for (const reversed of [false, true]) {
      const table: TestTable = {
        id: tableId(id++),
        partitionKey: [int],
        clustering: [{ type, reversed }],
        columns: [],
      };
      const store = openStore(table);
      const key = i32(0);
      const expected = reversed ? orders.desc : orders.asc;
      for (const text of [...expected, ...expected].sort(() => prng.below(3) - 1)) {
        const clustering = new Uint8Array(Buffer.from(text, 'hex'));
        store.apply(builder.reset(table.id, murmurToken(key), key).insertRow([clustering], 1n).finish());
      }
      const command: ReadCommand = {
        tableId: table.id,
        nowSeconds: 1,
        columns: [{ what: Selected.clustering, which: 0 }],
        partitions: { keys: [key] },
      };
      assert.deepEqual(readAll(store, command).flat(), expected, `${name} ${reversed ? 'DESC' : 'ASC'}`);
      assert.deepEqual(readAll(store, { ...command, reversed: true }).flat(), [...expected].reverse(), name);
      for (const text of expected) {
        const slices = [sliceOf([new Uint8Array(Buffer.from(text, 'hex'))])];
        assert.deepEqual(readAll(store, { ...command, slices }).flat(), [text], `${name}: one row`);
      }
    }
  }
});

const udt: CqlType = {
  kind: 'udt',
  keyspace: 'ks',
  name: 'u',
  fieldNames: ['a', 'b', 'c'],
  fieldTypes: [int, native('text'), int],
  frozen: false,
};
// create table g (p int, c int, st int static, v int, l list<int>, m map<int,text>, se set<int>, u u, primary key (p, c))
const g: TestTable = {
  id: tableId(50),
  partitionKey: [int],
  clustering: [{ type: int }],
  columns: [
    { id: 1, name: 'st', type: int, isStatic: true },
    { id: 2, name: 'v', type: int },
    { id: 3, name: 'l', type: { kind: 'list', element: int, frozen: false } },
    { id: 4, name: 'm', type: { kind: 'map', key: int, value: native('text'), frozen: false } },
    { id: 5, name: 'se', type: { kind: 'set', element: int, frozen: false } },
    { id: 6, name: 'u', type: udt },
  ],
};
const empty = new Uint8Array(0);
const timeuuid = (n: number): Uint8Array =>
  new Uint8Array(Buffer.from(`e4a3d1b0${n.toString(16).padStart(4, '0')}11ee8000000000000001`, 'hex'));
const field = (n: number): Uint8Array => Uint8Array.of(0, n);

test('collections and user types: values, writetime, ttl and maxwritetime', () => {
  // insert into g (p,c,v,l,se,m,u) values (1,1,5,[3,1],{9,2},{4:'x'},{a:1,c:3}) using timestamp 1000
  // update g using timestamp 2000 and ttl 5000 set m[7]='y', u.b='bb' where p=1 and c=1
  const store = openStore(g);
  const key = i32(1);
  const row = builder
    .reset(g.id, murmurToken(key), key)
    .insertRow([i32(1)], 1000n)
    .cell(2, 1000n, i32(5));
  for (const column of [3, 4, 5, 6]) row.complexDeletion(column, 999n, 10);
  row.pathCell(3, 1000n, timeuuid(1), i32(3)).pathCell(3, 1000n, timeuuid(2), i32(1));
  row.pathCell(4, 1000n, i32(4), utf8('x')).pathCell(5, 1000n, i32(9), empty).pathCell(5, 1000n, i32(2), empty);
  store.apply(row.pathCell(6, 1000n, field(0), i32(1)).pathCell(6, 1000n, field(2), i32(3)).finish());
  store.freeze(g.id);
  const update = builder.reset(g.id, murmurToken(key), key).row([i32(1)]);
  update.pathCell(4, 2000n, i32(7), utf8('y'), 5000, 15000);
  store.apply(update.pathCell(6, 2000n, field(1), utf8('bb'), 5000, 15000).finish());
  const times = (what: ReadColumn['what'], ids: number[]): ReadColumn[] => ids.map((which) => ({ what, which }));
  const rows = readAll(store, {
    tableId: g.id,
    nowSeconds: 10000,
    partitions: { keys: [key] },
    columns: [
      ...[3, 5, 4, 6].map(value),
      ...times(Selected.writetime, [2, 5, 4, 6]),
      ...times(Selected.maxWritetime, [4, 6, 2, 5]),
      ...times(Selected.ttl, [4, 6, 2, 5]),
    ],
  });
  assert.deepEqual(rows, [
    [
      '0000000200000004000000030000000400000001',
      '0000000200000004000000020000000400000009',
      '000000020000000400000004000000017800000004000000070000000179',
      '00000004000000010000000262620000000400000003',
      '00000000000003e8',
      '000000020000000800000000000003e80000000800000000000003e8',
      '000000020000000800000000000003e80000000800000000000007d0',
      '000000030000000800000000000003e80000000800000000000007d00000000800000000000003e8',
      '00000000000007d0',
      '00000000000007d0',
      '00000000000003e8',
      '00000000000003e8',
      '00000002ffffffff0000000400001388',
      '00000003ffffffff0000000400001388ffffffff',
      null,
      '00000002ffffffffffffffff',
    ],
  ]);
});

test('a partition with static content only shows in whole and distinct reads, not in restricted ones', () => {
  // insert into g (p,st) values (2,7)
  const store = openStore(g);
  const key = i32(2);
  store.apply(builder.reset(g.id, murmurToken(key), key).staticRow().cell(1, 1n, i32(7)).finish());
  const command: ReadCommand = {
    tableId: g.id,
    nowSeconds: 1,
    partitions: { keys: [key] },
    columns: [{ what: Selected.partitionKey, which: 0 }, { what: Selected.clustering, which: 0 }, value(1), value(2)],
  };
  assert.deepEqual(readAll(store, { ...command, unrestricted: true }), [[hex(key), null, hex(i32(7)), null]]);
  assert.deepEqual(readAll(store, { ...command, distinct: true }), [[hex(key), null, hex(i32(7)), null]]);
  const above = { start: [i32(0)], startInclusive: false, end: [], endInclusive: true };
  assert.deepEqual(readAll(store, { ...command, slices: [above] }), []);
  assert.deepEqual(readAll(store, { ...command, slices: [sliceOf([i32(1)])] }), []);
});

// create table t (p int primary key, v int)
const t: TestTable = {
  id: tableId(51),
  partitionKey: [int],
  clustering: [],
  columns: [{ id: 1, name: 'v', type: int }],
};
const start = (key: number): MutationBuilder => builder.reset(t.id, murmurToken(i32(key)), i32(key));
const read = (store: NativeStore, key: number): (string | null)[][] =>
  readAll(store, { tableId: t.id, nowSeconds: 1000, partitions: { keys: [i32(key)] }, columns: [value(1)] });

// Each write is a source of its own, in both orders, so that memtable and merge are held to the same answers.
const ties: [string, ((key: number) => Uint8Array)[], (string | null)[][]][] = [
  [
    'the larger value in unsigned bytes wins',
    [1, 2, -1].map((v) => (key: number) => start(key).row([]).cell(1, 5n, i32(v)).finish()),
    [['ffffffff']],
  ],
  [
    'an expiring cell beats a larger value that stays',
    [
      (key) => start(key).row([]).cell(1, 5n, i32(-1)).finish(),
      (key) => start(key).row([]).cell(1, 5n, i32(0), 1000, 2000).finish(),
    ],
    [['00000000']],
  ],
  [
    'the later expiry beats the larger value',
    [
      (key) => start(key).row([]).cell(1, 5n, i32(0), 1000, 2000).finish(),
      (key) => start(key).row([]).cell(1, 5n, i32(9), 500, 1500).finish(),
    ],
    [['00000000']],
  ],
  [
    'a tombstone beats an expiring cell',
    [
      (key) => start(key).row([]).cell(1, 5n, i32(0), 1000, 2000).finish(),
      (key) => start(key).row([]).cellTombstone(1, 5n, 1000).finish(),
    ],
    [],
  ],
  [
    'a row deletion covers what has its timestamp',
    [
      (key) => start(key).insertRow([], 5n).cell(1, 5n, i32(1)).finish(),
      (key) => start(key).deleteRow([], 5n, 1000).finish(),
    ],
    [],
  ],
  [
    'an inserted row stays when its last value is deleted',
    [
      (key) => start(key).insertRow([], 6n).cell(1, 6n, i32(1)).finish(),
      (key) => start(key).row([]).cellTombstone(1, 9n, 1000).finish(),
    ],
    [[null]],
  ],
  [
    'an updated row goes with its last value',
    [
      (key) => start(key).row([]).cell(1, 6n, i32(1)).finish(),
      (key) => start(key).row([]).cellTombstone(1, 9n, 1000).finish(),
    ],
    [],
  ],
];
for (const [name, writes, expected] of ties) {
  test(`of writes with one timestamp: ${name}`, () => {
    for (const order of [writes, [...writes].reverse()]) {
      const together = openStore(t);
      const apart = openStore(t);
      for (const write of order) {
        together.apply(write(1));
        apart.apply(write(1));
        apart.freeze(t.id);
      }
      assert.deepEqual(read(together, 1), expected);
      assert.deepEqual(read(apart, 1), expected);
    }
  });
}

test('a descriptor that is cut short is refused', () => {
  const whole = descriptorOf(g);
  const store = openStore(t);
  for (let size = 0; size < whole.length; size++) {
    assert.throws(() => store.setTable(whole.subarray(0, size)), { code: 'INVALID' });
  }
});

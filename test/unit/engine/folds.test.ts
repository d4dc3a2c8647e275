// Goal: aggregates that storage computes equal those over the rows it gives, however the read is cut into pages and turns.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { murmurToken } from '../../../src/native/index.js';
import { cellsOf, FoldKind, MutationBuilder, type ReadCommand, rowsOf, Selected } from '../../../src/storage/index.js';
import {
  hex,
  i32,
  int,
  native,
  openStore,
  Prng,
  readAll,
  readStream,
  type TestTable,
  tableId,
  testSeed,
  utf8,
} from './support.js';

const table: TestTable = {
  id: tableId(1),
  partitionKey: [int],
  clustering: [{ type: int }],
  columns: [
    { id: 1, name: 's', type: int, isStatic: true },
    { id: 2, name: 'n', type: int },
    { id: 3, name: 't', type: native('text') },
  ],
};
const columns = [
  { what: Selected.clustering, which: 0 },
  { what: Selected.value, which: 2 },
  { what: Selected.value, which: 3 },
] as const;
const folds = [
  { kind: FoldKind.rows, column: 0 },
  { kind: FoldKind.values, column: 1 },
  { kind: FoldKind.sum, column: 1 },
  { kind: FoldKind.min, column: 0 },
  { kind: FoldKind.max, column: 1 },
  { kind: FoldKind.min, column: 2 },
] as const;
const range = { start: -(2n ** 63n), startInclusive: true, end: 2n ** 63n - 1n, endInclusive: true };
const base: ReadCommand = { tableId: table.id, nowSeconds: 1000, partitions: { range }, columns };

function randomStore(prng: Prng) {
  const store = openStore(table);
  for (let write = 0; write < 400; write++) {
    const key = i32(prng.below(6));
    const builder = new MutationBuilder(table.id, murmurToken(key), key);
    const timestamp = BigInt(prng.below(50));
    const clustering = [i32(prng.below(40) - 20)];
    if (prng.chance(10)) builder.deleteRow(clustering, timestamp, 999);
    else if (prng.chance(5)) builder.partitionDeletion(timestamp, 999);
    else {
      builder.insertRow(clustering, timestamp);
      if (prng.chance(70)) builder.cell(2, timestamp, i32(prng.below(2 ** 31) - prng.below(2 ** 31)));
      if (prng.chance(50)) builder.cell(3, timestamp, utf8('x'.repeat(prng.below(4)) + prng.below(10)));
    }
    store.apply(builder.finish());
  }
  return store;
}

/** As above, with all that can be wrong with a row, and with partitions that no deletion covers as a whole. */
function tornStore(prng: Prng) {
  const store = openStore(table);
  for (let write = 0; write < 600; write++) {
    const k = prng.below(4);
    const key = i32(k);
    const builder = new MutationBuilder(table.id, murmurToken(key), key);
    const timestamp = BigInt(prng.below(50));
    const c = prng.below(60) - 20;
    const [ttl, expires] = prng.chance(30) ? [10, 990 + prng.below(20)] : [0, 0];
    const kind = prng.below(10);
    if (kind === 0) builder.deleteRow([i32(c)], timestamp, 999);
    else if (kind === 1 && k === 3)
      builder.rangeTombstone(
        { start: [i32(c)], startInclusive: true, end: [i32(c + prng.below(9))], endInclusive: false },
        timestamp,
        999,
      );
    else {
      if (prng.chance(60)) builder.insertRow([i32(c)], timestamp, ttl, expires);
      else builder.row([i32(c)]);
      if (prng.chance(20)) builder.cellTombstone(2, timestamp, 999);
      else
        builder.cell(
          2,
          timestamp,
          prng.chance(5) ? new Uint8Array() : i32(prng.below(2 ** 31) - 2 ** 30),
          ttl,
          expires,
        );
      if (prng.chance(50)) builder.cell(3, timestamp, utf8(`${prng.below(10)}`), ttl, expires);
    }
    store.apply(builder.finish());
  }
  return store;
}

test('rows with tombstones, expired cells and empty values fold to what their rows show, in any slice and in any steps', (t) => {
  const seed = testSeed();
  t.diagnostic(`replay with DB_TEST_SEED=${seed}`);
  const prng = new Prng(seed);
  for (let round = 0; round < 60; round++) {
    const store = tornStore(prng);
    const start = prng.below(60) - 25;
    const slice = {
      start: [i32(start)],
      startInclusive: prng.chance(50),
      end: [i32(start + prng.below(40))],
      endInclusive: prng.chance(50),
    };
    const command: ReadCommand = {
      ...base,
      partitions: prng.chance(50) ? { range } : { keys: [i32(prng.below(4)), i32(9)] },
      slices: prng.chance(30) ? [] : [slice],
    };
    const rows = readAll(store, command);
    const numbers = rows.flatMap((row) => (row[1] === null || row[1] === '' ? [] : [number(row[1]!)]));
    const parts = folded(
      store,
      { ...command, rowLimit: prng.chance(50) ? 0xffffffff : 1 + prng.below(40) },
      1 + prng.below(4),
      [...folds, { kind: FoldKind.numbers, column: 1 }],
    );
    const sum = (fold: number) => parts.reduce((total, part) => total + whole(part[fold]!), 0n);
    const values = (fold: number) => parts.flatMap((part) => (part[fold] === null ? [] : [hex(part[fold]!)!]));
    assert.equal(sum(0), BigInt(rows.length));
    assert.equal(sum(1), BigInt(rows.filter((row) => row[1] !== null).length));
    assert.equal(
      sum(2),
      numbers.reduce((total, n) => total + BigInt(n), 0n),
    );
    assert.equal(sum(6), BigInt(numbers.length));
    assert.deepEqual(
      values(3)
        .map(number)
        .sort((a, b) => a - b)[0],
      rows.map((row) => number(row[0]!)).sort((a, b) => a - b)[0],
    );
    const largest = numbers.length === 0 ? undefined : Math.max(...numbers);
    const most = values(4)
      .filter((cell) => cell !== '')
      .map(number);
    assert.equal(most.length === 0 ? undefined : Math.max(...most), largest);
    assert.deepEqual(values(5).sort()[0], rows.flatMap((row) => row[2] ?? []).sort()[0]);
    const whole1 = readStream(store, command, 2048);
    const inFolds = readStream(store, { ...command, folds }, 2048);
    assert.deepEqual([inFolds.tombstones, inFolds.liveRows], [whole1.tombstones, whole1.liveRows]);
  }
});

/** The folds of a command, all its pages added up, as the rows of the answers give them. */
function folded(
  store: ReturnType<typeof openStore>,
  command: ReadCommand,
  budget: number,
  wanted: NonNullable<ReadCommand['folds']> = folds,
) {
  const parts: (Uint8Array | null)[][] = [];
  let startAfter: Uint8Array | null = null;
  do {
    const stream = readStream(store, { ...command, folds: wanted, startAfter }, budget);
    const runs = [...stream.partitions()];
    assert.equal(runs.length, 1);
    for (const row of rowsOf(runs[0]!, wanted.length)) parts.push(cellsOf(row.cells, wanted.length));
    startAfter = stream.position;
  } while (startAfter !== null);
  return parts;
}

const whole = (bytes: Uint8Array): bigint => BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex(bytes)}`));
const number = (cell: string): number => Buffer.from(cell, 'hex').readInt32BE();

test('folds over pages of any size equal the aggregates over the rows', (t) => {
  const seed = testSeed();
  t.diagnostic(`replay with DB_TEST_SEED=${seed}`);
  const prng = new Prng(seed);
  for (let round = 0; round < 30; round++) {
    const store = randomStore(prng);
    const rows = readAll(store, base);
    const numbers = rows.flatMap((row) => (row[1] === null ? [] : [number(row[1]!)]));
    const texts = rows.flatMap((row) => (row[2] === null ? [] : [Buffer.from(row[2]!, 'hex').toString()])).sort();
    for (const [rowLimit, budget] of [
      [0xffffffff, 2048],
      [1, 2048],
      [7, 10],
      [1 + prng.below(60), 1 + prng.below(40)],
    ] as const) {
      const parts = folded(store, { ...base, rowLimit }, budget);
      const sum = (fold: number) => parts.reduce((total, part) => total + whole(part[fold]!), 0n);
      const values = (fold: number) => parts.flatMap((part) => (part[fold] === null ? [] : [part[fold]!]));
      assert.equal(sum(0), BigInt(rows.length));
      assert.equal(sum(1), BigInt(numbers.length));
      assert.equal(
        sum(2),
        numbers.reduce((total, n) => total + BigInt(n), 0n),
      );
      const least = values(3).map((cell) => Buffer.from(cell).readInt32BE());
      assert.equal(Math.min(...least), Math.min(...rows.map((row) => number(row[0]!))));
      const most = values(4).map((cell) => Buffer.from(cell).readInt32BE());
      assert.equal(Math.max(...most), Math.max(...numbers));
      const first = values(5).map((cell) => Buffer.from(cell).toString());
      assert.equal(first.sort()[0], texts[0]);
    }
  }
});

test('folds over nothing are counts of zero and no values', () => {
  const [part] = folded(openStore(table), base, 2048);
  assert.deepEqual(
    part!.map((cell) => (cell === null ? null : whole(cell))),
    [0n, 0n, 0n, null, null, null],
  );
});

test('a command whose folds name no column of it is refused', () => {
  const store = openStore(table);
  for (const bad of [[{ kind: FoldKind.max, column: 3 }], [{ kind: 9 as FoldKind, column: 0 }]])
    assert.throws(() => readStream(store, { ...base, folds: bad }), /bad folds/);
  assert.throws(() => readStream(store, { ...base, folds, positions: true }), /bad folds/);
});

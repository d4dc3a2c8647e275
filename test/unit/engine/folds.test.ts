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

/** The folds of a command, all its pages added up, as the rows of the answers give them. */
function folded(store: ReturnType<typeof openStore>, command: ReadCommand, budget: number) {
  const parts: (Uint8Array | null)[][] = [];
  let startAfter: Uint8Array | null = null;
  do {
    const stream = readStream(store, { ...command, folds, startAfter }, budget);
    const runs = [...stream.partitions()];
    assert.equal(runs.length, 1);
    for (const row of rowsOf(runs[0]!, folds.length)) parts.push(cellsOf(row.cells, folds.length));
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

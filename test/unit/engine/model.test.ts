import assert from 'node:assert/strict';
import { test } from 'node:test';
import { murmurToken, type NativeStore } from '../../../src/native/index.js';
import {
  type ClusteringSlice,
  MutationBuilder,
  type ReadColumn,
  type ReadCommand,
  Selected,
} from '../../../src/storage/index.js';
import { type LiveRow, type ModelCell, ModelPartition, type ModelWrite, staticRow } from './model.js';
import {
  hex,
  i32,
  i64,
  int,
  native,
  openStore,
  Prng,
  readAll,
  type TestTable,
  tableId,
  testSeed,
  utf8,
} from './support.js';

const ids = { s: 1, v: 2, w: 3, m: 4, tags: 5 };
const table: TestTable = {
  id: tableId(1),
  partitionKey: [int],
  clustering: [{ type: int }, { type: native('text'), reversed: true }],
  columns: [
    { id: ids.s, name: 's', type: int, isStatic: true },
    { id: ids.v, name: 'v', type: int },
    { id: ids.w, name: 'w', type: native('blob') },
    { id: ids.m, name: 'm', type: { kind: 'map', key: int, value: native('text'), frozen: false } },
    { id: ids.tags, name: 'tags', type: { kind: 'set', element: native('text'), frozen: false } },
  ],
};
const columns: ReadColumn[] = [
  { what: Selected.partitionKey, which: 0 },
  { what: Selected.clustering, which: 0 },
  { what: Selected.clustering, which: 1 },
  ...Object.values(ids).map((which) => ({ what: Selected.value, which })),
  { what: Selected.writetime, which: ids.v },
  { what: Selected.ttl, which: ids.w },
];
const now = 1000;

type Clustering = readonly [number, string];
const keys = [1, 2, 3, 4, 5].map(i32);
const clusterings: Clustering[] = [];
for (let a = -2; a < 3; a++) for (const b of ['', 'a', 'ab', 'b']) clusterings.push([a, b]);
const bytesOf = (c: Clustering): Uint8Array[] => [i32(c[0]), utf8(c[1])];
const nameOf = (c: Clustering): string => JSON.stringify(c);

/** Ascending by the first column, descending by the second. */
function compare(a: Clustering, b: Clustering): number {
  if (a[0] !== b[0]) return a[0] - b[0];
  return a[1] === b[1] ? 0 : a[1] < b[1] ? 1 : -1;
}

function covers(slice: ClusteringSlice, c: Clustering): boolean {
  const side = (prefix: ClusteringSlice['start']): number => {
    if (prefix.length > 0 && c[0] !== Buffer.from(prefix[0]!).readInt32BE()) {
      return c[0] - Buffer.from(prefix[0]!).readInt32BE();
    }
    return prefix.length > 1 ? compare(c, [c[0], Buffer.from(prefix[1]!).toString()]) : 0;
  };
  const start = side(slice.start);
  const end = side(slice.end);
  return (start > 0 || (start === 0 && slice.startInclusive)) && (end < 0 || (end === 0 && slice.endInclusive));
}

class World {
  readonly partitions = new Map<string, ModelPartition>();
  readonly store: NativeStore = openStore(table);
  readonly builder = new MutationBuilder();

  constructor(readonly prng: Prng) {}

  private timestamp(): bigint {
    return BigInt(this.prng.below(40));
  }

  randomSlice(): ClusteringSlice {
    const prefix = (): Uint8Array[] => bytesOf(this.prng.pick(clusterings)).slice(0, this.prng.below(3));
    const slice = {
      start: prefix(),
      startInclusive: this.prng.chance(50),
      end: prefix(),
      endInclusive: this.prng.chance(50),
    };
    if (slice.start.length === 0) slice.startInclusive = true;
    if (slice.end.length === 0) slice.endInclusive = true;
    return slice;
  }

  /** One mutation of one to four pieces, in the store and in the model. */
  mutate(): void {
    const key = this.prng.pick(keys);
    const name = hex(key)!;
    const partition = this.partitions.get(name) ?? new ModelPartition();
    this.partitions.set(name, partition);
    this.builder.reset(table.id, murmurToken(key), key);
    if (this.prng.chance(3)) {
      const timestamp = this.timestamp();
      this.builder.partitionDeletion(timestamp, now);
      partition.writes.push({ kind: 'partition', timestamp });
    }
    for (let pieces = 1 + this.prng.below(3); pieces > 0; pieces--) partition.writes.push(...this.piece());
    this.store.apply(this.builder.finish());
  }

  private piece(): ModelWrite[] {
    const prng = this.prng;
    if (prng.chance(12)) {
      const slice = this.randomSlice();
      const timestamp = this.timestamp();
      this.builder.rangeTombstone(slice, timestamp, now);
      return [{ kind: 'range', slice, timestamp }];
    }
    if (prng.chance(10)) {
      this.builder.staticRow();
      return [this.simpleCell(staticRow, ids.s)];
    }
    const clustering = prng.pick(clusterings);
    const row = nameOf(clustering);
    const timestamp = this.timestamp();
    if (prng.chance(10)) {
      this.builder.deleteRow(bytesOf(clustering), timestamp, now);
      return [{ kind: 'row', row, timestamp }];
    }
    const writes: ModelWrite[] = [];
    if (prng.chance(50)) {
      const ttl = prng.chance(20) ? 100 : 0;
      const expires = now - 5 + prng.below(10);
      this.builder.insertRow(bytesOf(clustering), timestamp, ttl, expires);
      writes.push({ kind: 'liveness', row, timestamp, ttl, expires });
    } else {
      this.builder.row(bytesOf(clustering));
    }
    for (let cells = prng.below(4); cells > 0; cells--) {
      if (prng.chance(60)) writes.push(this.simpleCell(row, prng.pick([ids.v, ids.w])));
      else writes.push(this.complex(row, prng.pick([ids.m, ids.tags])));
    }
    return writes;
  }

  private simpleCell(row: string, column: number): ModelWrite {
    const timestamp = this.timestamp();
    const cell = { column, path: null, timestamp };
    if (this.prng.chance(20)) {
      const localDeletionTime = now - this.prng.below(3);
      this.builder.cellTombstone(column, timestamp, localDeletionTime);
      return { kind: 'cell', row, cell: { ...cell, ttl: 0, localDeletionTime, value: null } };
    }
    const value = i32(this.prng.below(5));
    const ttl = this.prng.chance(20) ? 50 : 0;
    const expires = now - 3 + this.prng.below(6);
    this.builder.cell(column, timestamp, value, ttl, expires);
    const localDeletionTime = ttl === 0 ? null : expires;
    return { kind: 'cell', row, cell: { ...cell, ttl, localDeletionTime, value: hex(value) } };
  }

  private complex(row: string, column: number): ModelWrite {
    const timestamp = this.timestamp();
    if (this.prng.chance(20)) {
      this.builder.complexDeletion(column, timestamp, now);
      return { kind: 'complex', row, column, timestamp };
    }
    const n = this.prng.below(4);
    const path = column === ids.m ? i32(n - 1) : utf8('x'.repeat(n));
    const cell = { column, path: hex(path), timestamp };
    if (this.prng.chance(20)) {
      this.builder.pathTombstone(column, timestamp, path, now);
      return { kind: 'cell', row, cell: { ...cell, ttl: 0, localDeletionTime: now, value: null } };
    }
    const value = column === ids.m ? utf8(this.prng.pick(['p', 'q', ''])) : new Uint8Array(0);
    this.builder.pathCell(column, timestamp, path, value);
    return { kind: 'cell', row, cell: { ...cell, ttl: 0, localDeletionTime: null, value: hex(value) } };
  }

  /** What the command should give. */
  expected(command: ReadCommand, keyOrder: readonly Uint8Array[]): (string | null)[][] {
    const out: (string | null)[][] = [];
    for (const key of keyOrder) {
      const partition = this.partitions.get(hex(key)!);
      if (partition === undefined) continue;
      const statics = partition.read(staticRow, now, () => false);
      const rows: (string | null)[][] = [];
      const sorted = [...partition.rowNames()].map((name) => JSON.parse(name) as Clustering).sort(compare);
      if (command.reversed) sorted.reverse();
      for (const c of sorted) {
        const slices = command.slices ?? [];
        if (slices.length > 0 && !slices.some((slice) => covers(slice, c))) continue;
        const row = partition.read(nameOf(c), now, (slice) => covers(slice, c));
        if (row.exists) rows.push(rowOf(key, c, row, statics));
      }
      const none: LiveRow = { exists: false, cells: new Map() };
      if (command.distinct)
        rows.splice(0, rows.length, ...(rows.length > 0 || statics.exists ? [rowOf(key, null, none, statics)] : []));
      if (rows.length === 0 && statics.exists && command.unrestricted) rows.push(rowOf(key, null, none, statics));
      out.push(...rows.slice(0, command.perPartitionLimit ?? rows.length));
    }
    return out.slice(0, command.rowLimit ?? out.length);
  }
}

function rowOf(key: Uint8Array, c: Clustering | null, row: LiveRow, statics: LiveRow): (string | null)[] {
  const cell = (from: LiveRow, id: number): ModelCell | undefined => from.cells.get(id)?.get('');
  const v = cell(row, ids.v);
  const w = cell(row, ids.w);
  const sized = (text: string): string => hex(i32(text.length / 2))! + text;
  const collection = (id: number, pairs: boolean): string | null => {
    const cells = row.cells.get(id);
    if (cells === undefined) return null;
    const paths = [...cells.keys()].sort((a, b) =>
      id === ids.m ? Buffer.from(a, 'hex').readInt32BE() - Buffer.from(b, 'hex').readInt32BE() : a < b ? -1 : 1,
    );
    const parts = paths.map((path) => sized(path) + (pairs ? sized(cells.get(path)!.value!) : ''));
    return hex(i32(paths.length))! + parts.join('');
  };
  return [
    hex(key),
    c === null ? null : hex(i32(c[0])),
    c === null ? null : hex(utf8(c[1])),
    cell(statics, ids.s)?.value ?? null,
    v?.value ?? null,
    w?.value ?? null,
    collection(ids.m, true),
    collection(ids.tags, false),
    v === undefined ? null : hex(i64(v.timestamp)),
    w === undefined || w.ttl === 0 ? null : hex(i32(w.localDeletionTime! - now)),
  ];
}

function disjointSlices(world: World): ClusteringSlice[] {
  const picked = clusterings.filter(() => world.prng.chance(15));
  const forms = [...picked].sort(compare).map((c) => ({
    start: bytesOf(c),
    startInclusive: true,
    end: bytesOf(c),
    endInclusive: true,
  }));
  return forms;
}

function randomCommand(world: World): { command: ReadCommand; keyOrder: Uint8Array[] } {
  const prng = world.prng;
  const byToken = [...keys].sort((a, b) => (murmurToken(a) < murmurToken(b) ? -1 : 1));
  const range = prng.chance(50);
  const picked = keys.filter(() => prng.chance(60)).reverse();
  const kind = prng.below(4);
  const slices = kind === 0 ? [] : kind === 1 ? [world.randomSlice()] : kind === 2 ? disjointSlices(world) : undefined;
  const command: ReadCommand = {
    tableId: table.id,
    nowSeconds: now,
    columns,
    partitions: range
      ? { range: { start: -(2n ** 63n), startInclusive: true, end: 2n ** 63n - 1n, endInclusive: true } }
      : { keys: picked },
    ...(slices === undefined ? {} : { slices }),
    reversed: prng.chance(40),
    positions: prng.chance(20),
    unrestricted: slices === undefined,
    distinct: slices === undefined && prng.chance(15),
  };
  if (prng.chance(30))
    return { command: { ...command, perPartitionLimit: 1 + prng.below(4) }, keyOrder: range ? byToken : picked };
  return { command, keyOrder: range ? byToken : picked };
}

// Goal: whatever was written, in whatever order and memtable, every read equals the model's.
// Method: few keys, few clusterings, few timestamps, so that writes collide; the memtable is frozen now and then; each command is
// run whole, in pages of one to three rows, and with a budget of a few rows.
test('reads of memtables agree with a model that keeps every write', (t) => {
  const seed = testSeed();
  t.diagnostic(`replay with DB_TEST_SEED=${seed}`);
  for (let round = 0; round < 25; round++) {
    const world = new World(new Prng(seed + round));
    for (let step = 0; step < 60; step++) {
      for (let i = world.prng.below(4); i >= 0; i--) world.mutate();
      if (world.prng.chance(5)) world.store.freeze(table.id);
      const { command, keyOrder } = randomCommand(world);
      const expected = world.expected(command, keyOrder);
      assert.deepEqual(readAll(world.store, command), expected);
      assert.deepEqual(readAll(world.store, { ...command, rowLimit: 1 + world.prng.below(3) }), expected, 'in pages');
      assert.deepEqual(
        readAll(world.store, { ...command, bytesLimit: 100 }, 5),
        expected,
        'by bytes, with a small budget',
      );
    }
  }
});

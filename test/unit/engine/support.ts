// Table descriptors, mutations and reads for the tests of the engine, and a seeded generator of numbers.
import { NativeStore, ReadOperation } from '../../../src/native/index.js';
import {
  ByteWriter,
  cellsOf,
  encodeReadCommand,
  type ReadCommand,
  RowStream,
  rowsOf,
} from '../../../src/storage/index.js';
import { type CqlType, encodeDescriptorType, isMulticell } from '../../../src/types/index.js';

export type TestColumn = {
  readonly id: number;
  readonly name: string;
  readonly type: CqlType;
  readonly isStatic?: boolean;
  readonly droppedAt?: bigint;
  readonly dropped?: boolean;
};

export type TestTable = {
  readonly id: Uint8Array;
  readonly version?: number;
  readonly partitionKey: readonly CqlType[];
  readonly clustering: readonly { readonly type: CqlType; readonly reversed?: boolean }[];
  readonly columns: readonly TestColumn[];
};

export const native = (kind: string): CqlType => ({ kind }) as CqlType;
export const int = native('int');

function str(out: ByteWriter, text: string): void {
  const bytes = Buffer.from(text);
  out.u16(bytes.length);
  out.raw(bytes);
}

/** docs/format/table-descriptor.md. Columns must come in its order. */
export function descriptorOf(table: TestTable): Uint8Array {
  const out = new ByteWriter();
  const counter = table.columns.some((column) => column.type.kind === 'counter');
  out.u8(1);
  out.raw(table.id);
  out.u32(table.version ?? 1);
  out.u8(counter ? 1 : 0);
  out.u32(864000);
  out.u32(0);
  out.i64(0x3f847ae147ae147bn);
  out.u32(4096);
  out.u32(16384);
  str(out, 'ks');
  str(out, 'tab');
  out.u16(table.partitionKey.length);
  for (const type of table.partitionKey) out.raw(encodeDescriptorType(type));
  out.u16(table.clustering.length);
  for (const { type, reversed } of table.clustering) {
    out.u8(reversed ? 1 : 0);
    out.raw(encodeDescriptorType(type));
  }
  out.u16(table.columns.length);
  for (const column of table.columns) {
    out.u16(column.id);
    out.u8(
      (column.isStatic ? 1 : 0) |
        (isMulticell(column.type) ? 2 : 0) |
        (column.type.kind === 'counter' ? 4 : 0) |
        (column.dropped ? 8 : 0),
    );
    out.i64(column.droppedAt ?? 0n);
    str(out, column.name);
    out.raw(encodeDescriptorType(column.type));
  }
  out.u16(0); // indexes of vectors
  return out.finish();
}

export const counterId = new Uint8Array(16).fill(7);

export function openStore(table: TestTable): NativeStore {
  const store = new NativeStore(counterId);
  store.setTable(descriptorOf(table));
  return store;
}

export function tableId(n: number): Uint8Array {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(12, n);
  return id;
}

export function i32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return bytes;
}

export function i64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value);
  return bytes;
}

export const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
export const hex = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('hex');

/** Runs one read command to its end, a little at a time. */
export function readStream(store: NativeStore, command: ReadCommand, budget = 2048): RowStream {
  const operation = new ReadOperation(encodeReadCommand(command));
  for (let calls = 0; calls < 100_000; calls++) {
    const answer = store.read(operation, budget);
    if (answer instanceof Uint32Array) throw new Error('a memtable cannot miss');
    if (answer !== null) return new RowStream(answer);
  }
  throw new Error('the read does not end');
}

/** All rows of a command, page after page, as hexadecimal cells. */
export function readAll(store: NativeStore, command: ReadCommand, budget = 2048): (string | null)[][] {
  const rows: (string | null)[][] = [];
  let startAfter: Uint8Array | null = null;
  for (let pages = 0; pages < 100_000; pages++) {
    const stream: RowStream = readStream(store, { ...command, startAfter }, budget);
    let count = 0;
    for (const partition of stream.partitions())
      for (const row of rowsOf(partition, command.columns.length, command.positions ?? false)) {
        rows.push(cellsOf(row.cells, command.columns.length).map(hex));
        count++;
      }
    if (count !== stream.rowCount) throw new Error(`${count} rows in a stream that says ${stream.rowCount}`);
    if (!stream.more) return rows;
    startAfter = stream.position;
  }
  throw new Error('the pages do not end');
}

/** mulberry32. */
export class Prng {
  private state: number;
  constructor(readonly seed: number) {
    this.state = seed >>> 0;
  }
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit);
  }
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

/** From DB_TEST_SEED, else fresh. */
export function testSeed(): number {
  const given = process.env['DB_TEST_SEED'];
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}

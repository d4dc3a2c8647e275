// Small encodings that plans need beside those of the types.
import { compareBytes, scratchBytes } from '../common/bytes.js';
import { type CqlType, compareValues, hasPart, isMulticell, type UserType } from '../types/index.js';

/** Big-endian int. */
export function int32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return bytes;
}

export function readInt32(bytes: Uint8Array): number {
  return (bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!;
}

/** Big-endian long. */
export function int64Bytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value);
  return bytes;
}

export function readInt64(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigInt64(0);
}

export function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && compareBytes(a, b) === 0;
}

/** Null sorts first. */
export function compareNullable(type: CqlType, a: Uint8Array | null, b: Uint8Array | null): number {
  if (a === null) return b === null ? 0 : -1;
  return b === null ? 1 : compareValues(type, a, b);
}

/** Values of the type are equal objects of Java only when their bytes are: decimals of as many digits, tuples as they were written. */
const isEqualByBytes = (type: CqlType): boolean =>
  hasPart(type, ({ kind }) => kind === 'decimal' || kind === 'tuple' || kind === 'udt');

/** Whether another value of the type is worth the same. */
export const isEqualTo =
  (type: CqlType, value: Uint8Array) =>
  (other: Uint8Array): boolean =>
    compareValues(type, other, value) === 0;

/** Whether an element is `value`, as CONTAINS asks: in a frozen collection Cassandra compares objects of Java, to which the decimals 1.0 and 1.00 are two. */
export function isElement(collection: CqlType, type: CqlType, value: Uint8Array): (other: Uint8Array) => boolean {
  if (!isMulticell(collection) && isEqualByBytes(type)) return (other) => sameBytes(other, value);
  return isEqualTo(type, value);
}

/** Cells that stay when the bytes they are of go: those of a page that was read. */
export const copyCells = (cells: readonly (Uint8Array | null)[]): (Uint8Array | null)[] =>
  cells.map((cell) => cell?.slice() ?? null);

/** The field's index, -1 when the type has no such field. */
export const fieldIndex = (type: UserType, field: string): number => type.fieldNames.indexOf(field);

/** Serialized partition key from its components: one alone, several in CompositeType's encoding. */
export function packPartitionKey(components: readonly Uint8Array[]): Uint8Array {
  if (components.length === 1) return components[0]!;
  let length = 0;
  for (const component of components) length += 3 + component.length;
  const bytes = scratchBytes(length);
  let at = 0;
  for (const component of components) {
    bytes[at] = component.length >>> 8;
    bytes[at + 1] = component.length & 0xff;
    bytes.set(component, at + 2);
    at += 3 + component.length;
    bytes[at - 1] = 0;
  }
  return bytes;
}

/** The components of a serialized partition key of `count` columns. */
export function unpackPartitionKey(key: Uint8Array, count: number): Uint8Array[] {
  if (count === 1) return [key];
  const components: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const length = (key[at]! << 8) | key[at + 1]!;
    components.push(key.subarray(at + 2, at + 2 + length));
    at += 3 + length;
  }
  return components;
}

/** The row's cells as the native protocol has them: i32 length (-1 null) and bytes each. */
export function packCells(cells: readonly (Uint8Array | null)[]): Uint8Array {
  let size = 0;
  for (const cell of cells) size += 4 + (cell === null ? 0 : cell.length);
  const row = scratchBytes(size);
  let at = 0;
  for (const cell of cells) {
    const length = cell === null ? -1 : cell.length;
    row[at] = length >> 24;
    row[at + 1] = length >> 16;
    row[at + 2] = length >> 8;
    row[at + 3] = length;
    at += 4;
    if (cell === null) continue;
    row.set(cell, at);
    at += length;
  }
  return row;
}

/** 16 bytes of a UUID in text. */
export function uuidBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll('-', ''), 'hex'));
}

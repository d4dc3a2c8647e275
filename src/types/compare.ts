// The order of serialized values: that of clustering columns, of sets and map keys, and of comparisons in conditions.
import { BufferReader, compareBytes } from '../common/bytes.js';
import { compareCustom } from './custom.js';
import { compareDecimals, decodeDecimal } from './decimal.js';
import type { CqlType, MapType } from './model.js';
import { compareDoubles, decodeDouble, decodeFloat, decodeVarint } from './numbers.js';
import { splitVector } from './validate.js';

/**
 * Order of two values of a type, as Cassandra's AbstractType.compare: negative, 0 or positive. Empty values come first.
 * A DESC clustering column is the caller's to turn around. REQUIRES: bytes that validateValue took.
 */
export function compareValues(type: CqlType, a: Uint8Array, b: Uint8Array): number {
  switch (type.kind) {
    case 'ascii':
    case 'text':
    case 'blob':
    case 'inet':
    case 'date':
    case 'time':
    case 'duration':
      return compareBytes(a, b);
    case 'custom':
      return compareCustom(type, a, b, compareValues);
    case 'tuple':
      return compareFields(type.fields, a, b);
    case 'udt':
      return compareFields(type.fieldTypes, a, b);
    case 'vector':
      return compareVectors(type.element, splitVector(type, a), splitVector(type, b));
    default:
      if (a.length === 0 || b.length === 0) return Number(b.length === 0) - Number(a.length === 0);
      return compareNonEmpty(type, a, b);
  }
}

function compareNonEmpty(type: CqlType, a: Uint8Array, b: Uint8Array): number {
  switch (type.kind) {
    case 'boolean':
      return Number(a[0] !== 0) - Number(b[0] !== 0);
    case 'tinyint':
      // By the first byte: as a constant a blob of any length is taken for a tinyint, as in Cassandra.
      return (a[0]! ^ 0x80) - (b[0]! ^ 0x80);
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'counter':
    case 'timestamp':
      return compareSigned(a, b);
    case 'varint':
      return order(decodeVarint(a), decodeVarint(b));
    case 'float':
      return compareDoubles(decodeFloat(a), decodeFloat(b));
    case 'double':
      return compareDoubles(decodeDouble(a), decodeDouble(b));
    case 'decimal':
      return compareDecimals(decodeDecimal(a), decodeDecimal(b));
    case 'uuid':
      return compareUuids(a, b);
    case 'timeuuid':
      return compareTimeuuids(a, b);
    case 'list':
    case 'set':
      return compareLists(type.element, a, b);
    case 'map':
      return compareMaps(type, a, b);
    default:
      return 0; // empty
  }
}

/** Two's complement numbers of one length: the first byte is signed, the others are not. */
function compareSigned(a: Uint8Array, b: Uint8Array): number {
  const difference = (a[0]! ^ 0x80) - (b[0]! ^ 0x80);
  return difference !== 0 ? difference : compareBytes(a, b);
}

const order = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));

function compareLists(element: CqlType, a: Uint8Array, b: Uint8Array): number {
  const left = new BufferReader(a);
  const right = new BufferReader(b);
  const [countA, countB] = [left.i32(), right.i32()];
  for (let i = 0; i < Math.min(countA, countB); i++) {
    const result = compareNullable(element, left.value(), right.value());
    if (result !== 0) return result;
  }
  return countA - countB;
}

function compareMaps(type: MapType, a: Uint8Array, b: Uint8Array): number {
  const left = new BufferReader(a);
  const right = new BufferReader(b);
  const [countA, countB] = [left.i32(), right.i32()];
  for (let i = 0; i < Math.min(countA, countB); i++) {
    for (const part of [type.key, type.value]) {
      const result = compareNullable(part, left.value(), right.value());
      if (result !== 0) return result;
    }
  }
  return countA - countB;
}

/** Fields that are not there are null; null comes first, and trailing nulls make no difference. */
function compareFields(types: readonly CqlType[], a: Uint8Array, b: Uint8Array): number {
  const left = new BufferReader(a);
  const right = new BufferReader(b);
  for (const type of types) {
    const x = left.remaining > 0 ? left.value() : null;
    const y = right.remaining > 0 ? right.value() : null;
    const result = compareNullable(type, x, y);
    if (result !== 0) return result;
  }
  return 0;
}

function compareNullable(type: CqlType, a: Uint8Array | null, b: Uint8Array | null): number {
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  return compareValues(type, a, b);
}

function compareVectors(element: CqlType, a: readonly Uint8Array[], b: readonly Uint8Array[]): number {
  for (const [i, value] of a.entries()) {
    const result = compareValues(element, value, b[i]!);
    if (result !== 0) return result;
  }
  return 0;
}

/** By version, then by timestamp (version 1) or all bytes unsigned. */
function compareUuids(a: Uint8Array, b: Uint8Array): number {
  const version = a[6]! >> 4;
  const difference = version - (b[6]! >> 4);
  if (difference !== 0) return difference;
  if (version !== 1) return compareBytes(a, b);
  return compareTimestampBytes(a, b) || compareBytes(a.subarray(8), b.subarray(8));
}

/** By timestamp, then by the other bytes as signed numbers, as Cassandra always did. */
function compareTimeuuids(a: Uint8Array, b: Uint8Array): number {
  const difference = compareTimestampBytes(a, b);
  if (difference !== 0) return difference;
  for (let i = 8; i < 16; i++) {
    const byte = ((a[i]! << 24) >> 24) - ((b[i]! << 24) >> 24);
    if (byte !== 0) return byte;
  }
  return 0;
}

const timestampBytes = [6, 7, 4, 5, 0, 1, 2, 3];

function compareTimestampBytes(a: Uint8Array, b: Uint8Array): number {
  for (const i of timestampBytes) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

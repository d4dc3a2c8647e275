// Are these bytes a value of that type? With Cassandra's message when they are not.
import { BufferReader, toHex } from '../common/bytes.js';
import { type FerrosaError, invalid } from '../common/errors.js';
import { typeToCql } from './cql-text.js';
import { customForm, validateCustom } from './custom.js';
import { decodeDurationParts } from './duration.js';
import type { CqlType, ListType, MapType, SetType, TupleType, UserType, VectorType } from './model.js';
import { isCassandraUtf8 } from './utf8.js';
import { decodeUnsignedVint } from './vint.js';

/**
 * Checks a serialized value. Null is not a value: callers deal with it before.
 * @throws FerrosaError INVALID with the text of Cassandra's serializer for that type
 */
export function validateValue(type: CqlType, bytes: Uint8Array): void {
  switch (type.kind) {
    case 'list':
    case 'set':
      validateElements(type, bytes);
      break;
    case 'map':
      validateMap(type, bytes);
      break;
    case 'tuple':
      validateTuple(type, bytes);
      break;
    case 'udt':
      validateUserType(type, bytes);
      break;
    case 'vector':
      validateVector(type, bytes);
      break;
    case 'custom':
      validateCustom(type, bytes, validateValue);
      break;
    default: {
      const problem = problemOf(type.kind, bytes);
      if (problem !== null) throw invalid(problem);
    }
  }
}

function problemOf(kind: string, bytes: Uint8Array): string | null {
  const size = bytes.length;
  switch (kind) {
    case 'ascii': {
      const high = bytes.find((byte) => byte > 127);
      return high === undefined ? null : `Invalid byte for ascii: ${high - 256}`;
    }
    case 'text':
      return isCassandraUtf8(bytes) ? null : "String didn't validate.";
    case 'boolean':
      return size <= 1 ? null : `Expected 1 or 0 byte value (${size})`;
    case 'tinyint':
      return size === 1 ? null : `Expected 1 byte for a tinyint (${size})`;
    case 'smallint':
      return size === 2 ? null : `Expected 2 bytes for a smallint (${size})`;
    case 'int':
      return size === 4 || size === 0 ? null : `Expected 4 or 0 byte int (${size})`;
    case 'bigint':
    case 'counter':
      return size === 8 || size === 0 ? null : `Expected 8 or 0 byte long (${size})`;
    case 'float':
      return size === 4 || size === 0 ? null : `Expected 4 or 0 byte value for a float (${size})`;
    case 'double':
      return size === 8 || size === 0 ? null : `Expected 8 or 0 byte value for a double (${size})`;
    case 'decimal':
      return size === 0 || size >= 4 ? null : `Expected 0 or at least 4 bytes (${size})`;
    case 'timestamp':
      return size === 8 || size === 0 ? null : `Expected 8 or 0 byte long for date (${size})`;
    case 'date':
      return size === 4 ? null : `Expected 4 byte long for date (${size})`;
    case 'time':
      return size === 8 ? null : `Expected 8 byte long for time (${size})`;
    case 'uuid':
      return size === 16 || size === 0 ? null : `UUID should be 16 or 0 bytes (${size})`;
    case 'timeuuid':
      return timeuuidProblem(bytes);
    case 'inet':
      return size === 0 || size === 4 || size === 16 ? null : `Expected 4 or 16 byte inetaddress; got ${toHex(bytes)}`;
    case 'duration':
      return durationProblem(bytes);
    case 'empty':
      return size === 0 ? null : 'EmptyType only accept empty values';
    default:
      return null; // blob, varint: any bytes
  }
}

function timeuuidProblem(bytes: Uint8Array): string | null {
  if (bytes.length === 0) return null;
  if (bytes.length !== 16) return `UUID should be 16 or 0 bytes (${bytes.length})`;
  if ((bytes[6]! & 0xf0) === 0x10) return null;
  return `Invalid version for TimeUUID type: 0x${(bytes[0]! >> 4).toString(16)}`; // Cassandra prints byte 0, not 6
}

function durationProblem(bytes: Uint8Array): string | null {
  const parts = bytes.length < 3 ? null : decodeDurationParts(bytes);
  if (parts === null) return `Expected at least 3 bytes for a duration (${bytes.length})`;
  const [months, days, nanoseconds] = parts;
  if (months !== BigInt.asIntN(32, months)) {
    return `The duration months must be a 32 bits integer but was: ${months}`;
  }
  if (days !== BigInt.asIntN(32, days)) return `The duration days must be a 32 bits integer but was: ${days}`;
  if (parts.every((part) => part >= 0n) || parts.every((part) => part <= 0n)) return null;
  return `The duration months, days and nanoseconds must be all of the same sign (${months}, ${days}, ${nanoseconds})`;
}

function validateElements(type: ListType | SetType, bytes: Uint8Array): void {
  const short = (): FerrosaError => invalid(`Not enough bytes to read a ${type.kind}`);
  const reader = new BufferReader(bytes, short);
  const count = reader.i32();
  for (let i = 0; i < count; i++) {
    const element = reader.value();
    if (element === null) throw invalid('Null value read when not allowed');
    validateValue(type.element, element);
  }
  if (reader.remaining > 0) throw invalid(`Unexpected extraneous bytes after ${type.kind} value`);
}

function validateMap(type: MapType, bytes: Uint8Array): void {
  const reader = new BufferReader(bytes, () => invalid('Not enough bytes to read a map'));
  const count = reader.i32();
  for (let i = 0; i < count; i++) {
    for (const part of [type.key, type.value]) {
      const value = reader.value();
      if (value === null) throw invalid('Null value read when not allowed');
      validateValue(part, value);
    }
  }
  if (reader.remaining > 0) throw invalid('Unexpected extraneous bytes after map value');
}

/** Fewer fields than declared are allowed: a field may have been added since. */
function validateTuple(type: TupleType, bytes: Uint8Array): void {
  const reader = new BufferReader(bytes);
  for (const [i, field] of type.fields.entries()) {
    if (reader.remaining === 0) return;
    if (reader.remaining < 4) throw invalid(`Not enough bytes to read size of ${i}th component`);
    const size = reader.i32();
    if (size < 0) continue;
    if (reader.remaining < size) throw invalid(`Not enough bytes to read ${i}th component`);
    validateValue(field, reader.bytes(size));
  }
  if (reader.remaining > 0) throw invalid('Invalid remaining data after end of tuple value');
}

function validateUserType(type: UserType, bytes: Uint8Array): void {
  const reader = new BufferReader(bytes);
  for (const [i, field] of type.fieldTypes.entries()) {
    const name = type.fieldNames[i]!;
    if (reader.remaining === 0) return;
    if (reader.remaining < 4) throw invalid(`Not enough bytes to read size of ${i}th field ${name}`);
    const size = reader.i32();
    if (size < 0) continue;
    if (reader.remaining < size) throw invalid(`Not enough bytes to read ${i}th field ${name}`);
    try {
      validateValue(field, reader.bytes(size));
    } catch (error) {
      throw invalid(`Failure validating the ${i}th field ${name}; ${(error as Error).message}`);
    }
  }
  if (reader.remaining > 0) throw invalid('Invalid remaining data after end of UDT value');
}

/** Bytes of every value of a type, or null when they vary: vectors of such types have no lengths between elements. */
export function fixedLengthOf(type: CqlType): number | null {
  switch (type.kind) {
    case 'boolean':
      return 1;
    case 'int':
    case 'float':
      return 4;
    case 'bigint':
    case 'double':
    case 'timestamp':
      return 8;
    case 'uuid':
    case 'timeuuid':
      return 16;
    case 'empty':
      return 0;
    case 'custom':
      return customForm(type).kind === 'lexicalUuid' ? 16 : null;
    case 'vector': {
      const element = fixedLengthOf(type.element);
      return element === null ? null : element * type.dimensions;
    }
    default:
      return null;
  }
}

/** Any bytes of their length are a value of these. */
const anyBytes: ReadonlySet<CqlType['kind']> = new Set(['int', 'float', 'bigint', 'double', 'timestamp', 'uuid']);

function validateVector(type: VectorType, bytes: Uint8Array): void {
  if (bytes.length === 0) throw invalid('Invalid empty vector value');
  // Vectors of embeddings have hundreds of elements, and each of these would be found good.
  if (anyBytes.has(type.element.kind) && bytes.length === fixedLengthOf(type)) return;
  for (const element of splitVector(type, bytes)) validateValue(type.element, element);
}

/**
 * The elements of a vector, not validated themselves.
 * @throws FerrosaError INVALID when there are not as many elements as the type has dimensions
 */
export function splitVector(type: VectorType, bytes: Uint8Array): Uint8Array[] {
  const fixed = fixedLengthOf(type.element);
  const elements: Uint8Array[] = [];
  let offset = 0;
  for (let i = 0; i < type.dimensions; i++) {
    const range: readonly [number, number] | null =
      fixed === null ? sizedElement(bytes, offset) : [offset, offset + fixed];
    if (range === null || range[1] > bytes.length) throw invalid(`Not enough bytes to read a ${typeToCql(type)}`);
    elements.push(bytes.subarray(range[0], range[1]));
    offset = range[1];
  }
  if (offset < bytes.length) {
    throw invalid(`Unexpected ${bytes.length - offset} extraneous bytes after ${typeToCql(type)} value`);
  }
  return elements;
}

function sizedElement(bytes: Uint8Array, offset: number): [number, number] | null {
  const size = decodeUnsignedVint(bytes, offset);
  if (size === null || size.value > BigInt(bytes.length)) return null;
  return [size.next, size.next + Number(size.value)];
}

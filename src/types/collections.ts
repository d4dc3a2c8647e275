// Collections, tuples, user types and vectors: putting serialized values together and taking them apart.
import { BufferReader, BufferWriter, concatBytes, emptyBytes } from '../common/bytes.js';
import { invalid } from '../common/errors.js';
import { compareValues } from './compare.js';
import { typeToCql } from './cql-text.js';
import {
  type CqlType,
  isCollection,
  type MapType,
  type SetType,
  type TupleType,
  type UserType,
  type VectorType,
} from './model.js';
import { fixedLengthOf, splitVector, validateValue } from './validate.js';
import { encodeUnsignedVint } from './vint.js';

export type MapEntry = readonly [Uint8Array, Uint8Array];

/** i32 count, then every value with its i32 length; `count` is that of entries for a map. */
export function packCollection(values: readonly (Uint8Array | null)[], count = values.length): Uint8Array {
  let size = 4;
  for (const value of values) size += 4 + (value === null ? 0 : value.length);
  const writer = new BufferWriter(size);
  writer.i32(count);
  for (const value of values) writer.value(value);
  return writer.peek();
}

/** Elements in the order given. */
export function packList(elements: readonly Uint8Array[]): Uint8Array {
  return packCollection(elements);
}

/** Elements sorted, equal ones once. */
export function packSet(element: CqlType, elements: readonly Uint8Array[]): Uint8Array {
  const sorted = [...elements].sort((a, b) => compareValues(element, a, b));
  return packCollection(sorted.filter((value, i) => i === 0 || compareValues(element, sorted[i - 1]!, value) !== 0));
}

/** Entries sorted by key; of equal keys the last one given stays. */
export function packMap(key: CqlType, entries: readonly MapEntry[]): Uint8Array {
  const sorted = [...entries].sort((a, b) => compareValues(key, a[0], b[0]));
  const kept = sorted.filter((entry, i) => {
    const next = sorted[i + 1];
    return next === undefined || compareValues(key, entry[0], next[0]) !== 0;
  });
  return packCollection(kept.flat(), kept.length);
}

const short = (what: string) => () => invalid(`Not enough bytes to read a ${what}`);

/**
 * Elements of a serialized list or set, not validated. A list of IN values may hold nulls.
 * @throws FerrosaError INVALID when the bytes are no such collection
 */
export function unpackElements(bytes: Uint8Array, kind: 'list' | 'set' = 'list'): (Uint8Array | null)[] {
  const reader = new BufferReader(bytes, short(kind));
  const count = reader.i32();
  if (count < 0) throw invalid(`The data cannot be deserialized as a ${kind}`);
  const elements: (Uint8Array | null)[] = [];
  for (let i = 0; i < count; i++) elements.push(reader.value());
  if (reader.remaining > 0) throw invalid(`Unexpected extraneous bytes after ${kind} value`);
  return elements;
}

/** Elements of a serialized list or set. Null elements are an error. */
export function unpackList(bytes: Uint8Array, kind: 'list' | 'set' = 'list'): Uint8Array[] {
  return unpackElements(bytes, kind).map(notNull);
}

export function unpackSet(bytes: Uint8Array): Uint8Array[] {
  return unpackList(bytes, 'set');
}

function notNull(value: Uint8Array | null): Uint8Array {
  if (value === null) throw invalid('Null value read when not allowed');
  return value;
}

/** Entries of a serialized map, not validated. */
export function unpackMap(bytes: Uint8Array): [Uint8Array, Uint8Array][] {
  const reader = new BufferReader(bytes, short('map'));
  const count = reader.i32();
  if (count < 0) throw invalid('The data cannot be deserialized as a map');
  const entries: [Uint8Array, Uint8Array][] = [];
  for (let i = 0; i < count; i++) entries.push([notNull(reader.value()), notNull(reader.value())]);
  if (reader.remaining > 0) throw invalid('Unexpected extraneous bytes after map value');
  return entries;
}

/** Fields of a tuple or user type, each with its i32 length, -1 for null. */
export function packTuple(fields: readonly (Uint8Array | null)[]): Uint8Array {
  const writer = new BufferWriter(64);
  for (const field of fields) writer.value(field);
  return writer.finish();
}

/**
 * Fields of a serialized tuple or user type, as many as are in the bytes: there may be fewer than the type has now.
 * @throws FerrosaError INVALID when there are more, or the bytes end within one
 */
export function splitTuple(bytes: Uint8Array, type: TupleType | UserType): (Uint8Array | null)[] {
  const count = type.kind === 'udt' ? type.fieldTypes.length : type.fields.length;
  const fields: (Uint8Array | null)[] = [];
  const reader = new BufferReader(bytes, () => invalid(`Not enough bytes to read ${fields.length}th component`));
  while (fields.length < count && reader.remaining > 0) fields.push(reader.value());
  if (reader.remaining > 0) {
    const values = count === 1 ? 'value' : 'values';
    throw invalid(`Expected ${count} ${values} for ${typeToCql(type)} column, but got more`);
  }
  return fields;
}

/** As splitTuple, with null for every field that is not in the bytes. */
export function unpackTuple(bytes: Uint8Array, type: TupleType | UserType): (Uint8Array | null)[] {
  const fields = splitTuple(bytes, type);
  const count = type.kind === 'udt' ? type.fieldTypes.length : type.fields.length;
  while (fields.length < count) fields.push(null);
  return fields;
}

/** Types whose empty value is a value; of the others it stands for null. */
const emptyIsValue: ReadonlySet<CqlType['kind']> = new Set([
  'ascii',
  'text',
  'blob',
  'tuple',
  'udt',
  'vector',
  'custom',
  'empty',
]);

/** The elements one after the other; with a length before each where the element type has no fixed one. */
export function packVector(type: VectorType, elements: readonly Uint8Array[]): Uint8Array {
  if (elements.length !== type.dimensions) {
    throw invalid(`Required ${type.dimensions} elements, but saw ${elements.length}`);
  }
  if (!emptyIsValue.has(type.element.kind) && elements.some((element) => element.length === 0)) {
    throw invalid('null is not supported inside vectors');
  }
  if (fixedLengthOf(type.element) !== null) return concatBytes(elements);
  return concatBytes(elements.flatMap((element) => [encodeUnsignedVint(BigInt(element.length)), element]));
}

export const unpackVector = splitVector;

/**
 * A bound collection as Cassandra stores it: validated, sets and maps sorted and without duplicates, at every depth of
 * collections. Other values are validated and come back as they are.
 */
export function normalizeValue(type: CqlType, bytes: Uint8Array): Uint8Array {
  if (type.kind !== 'list' && type.kind !== 'set' && type.kind !== 'map') {
    validateValue(type, bytes);
    return bytes;
  }
  if (bytes.length === 0) throw short(type.kind)();
  if (type.kind === 'map') {
    const entries = unpackMap(bytes).map(
      ([key, value]): MapEntry => [normalizeValue(type.key, key), normalizeValue(type.value, value)],
    );
    return packMap(type.key, entries);
  }
  const elements = unpackList(bytes, type.kind).map((element) => normalizeValue(type.element, element));
  return type.kind === 'set' ? packSet(type.element, elements) : packList(elements);
}

/** Value of a map's key, or the element itself for a set; null when it is not there. */
export function collectionElement(type: SetType | MapType, bytes: Uint8Array, key: Uint8Array): Uint8Array | null {
  if (type.kind === 'set') {
    return unpackSet(bytes).find((element) => compareValues(type.element, element, key) === 0) ?? null;
  }
  return unpackMap(bytes).find((entry) => compareValues(type.key, entry[0], key) === 0)?.[1] ?? null;
}

/**
 * The part of a set or map from one key to another, both included; null bounds are open.
 * @returns null when nothing is left of a collection that is not frozen
 */
export function collectionSlice(
  type: SetType | MapType,
  bytes: Uint8Array,
  from: Uint8Array | null,
  to: Uint8Array | null,
): Uint8Array | null {
  const keyType = type.kind === 'set' ? type.element : type.key;
  const within = (key: Uint8Array) =>
    (from === null || compareValues(keyType, from, key) <= 0) && (to === null || compareValues(keyType, key, to) <= 0);
  if (from === null && to === null) return bytes;
  const kept: readonly (readonly Uint8Array[])[] =
    type.kind === 'set'
      ? unpackSet(bytes)
          .filter(within)
          .map((element) => [element])
      : unpackMap(bytes).filter((entry) => within(entry[0]));
  if (kept.length === 0 && !type.frozen) return null;
  return packCollection(kept.flat(), kept.length);
}

/** Number of elements or entries; 0 for no bytes. */
export function collectionSize(bytes: Uint8Array): number {
  return bytes.length === 0 ? 0 : new BufferReader(bytes, short('collection')).i32();
}

/** An empty collection of any kind. */
export const emptyCollection: Uint8Array = packCollection([]);

/** What a type holds where a value is needed and there is none: no bytes, or an empty collection. */
export function emptyValueOf(type: CqlType): Uint8Array {
  return isCollection(type) ? emptyCollection : emptyBytes;
}

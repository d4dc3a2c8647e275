// From what the process holds to serialized CQL values.
import assert from 'node:assert';
import { utf8Bytes } from '../../common/bytes.js';
import {
  type CqlType,
  compareValues,
  encodeByte,
  encodeDouble,
  encodeFloat,
  encodeInt,
  encodeLong,
  encodeShort,
  parseInet,
  parseUuid,
} from '../../types/index.js';

/**
 * A value as the process has it: text also for uuids and addresses, numbers also for timestamps (milliseconds), lists
 * for sets and lists, a Map or an object with text keys for maps.
 */
export type PlainValue =
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | readonly PlainValue[]
  | ReadonlyMap<PlainValue, PlainValue>
  | { readonly [key: string]: PlainValue }
  | null
  | undefined;

function encodeElements(values: readonly Uint8Array[], count: number): Uint8Array {
  const length = values.reduce((sum, value) => sum + 4 + value.length, 4);
  const bytes = Buffer.alloc(length);
  let offset = bytes.writeInt32BE(count);
  for (const value of values) {
    offset = bytes.writeInt32BE(value.length, offset);
    bytes.set(value, offset);
    offset += value.length;
  }
  return bytes;
}

function encodeCollection(type: CqlType & { kind: 'list' | 'set' }, value: readonly PlainValue[]): Uint8Array | null {
  // An empty collection of cells is no cells: null.
  if (value.length === 0 && !type.frozen) return null;
  const elements = value.map((one) => encodeElement(type.element, one));
  if (type.kind === 'set') elements.sort((a, b) => compareValues(type.element, a, b));
  return encodeElements(elements, elements.length);
}

function encodeMap(type: CqlType & { kind: 'map' }, value: object): Uint8Array | null {
  const plain: [PlainValue, PlainValue][] = value instanceof Map ? [...value] : Object.entries(value);
  if (plain.length === 0 && !type.frozen) return null;
  const entries = plain.map(
    ([key, inner]) => [encodeElement(type.key, key), encodeElement(type.value, inner)] as const,
  );
  entries.sort(([a], [b]) => compareValues(type.key, a, b));
  return encodeElements(entries.flat(), entries.length);
}

function encodeElement(type: CqlType, value: PlainValue): Uint8Array {
  const bytes = encodePlain(type, value);
  assert(bytes !== null);
  return bytes;
}

/** The serialized value; null for null and undefined. REQUIRES: a value that fits the type. */
export function encodePlain(type: CqlType, value: PlainValue): Uint8Array | null {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'text':
    case 'ascii':
      return utf8Bytes(value as string);
    case 'boolean':
      return Uint8Array.of(value === true ? 1 : 0);
    case 'tinyint':
      return encodeByte(Number(value));
    case 'smallint':
      return encodeShort(Number(value));
    case 'int':
      return encodeInt(Number(value));
    case 'bigint':
    case 'counter':
    case 'timestamp':
      return encodeLong(typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value))));
    case 'double':
      return encodeDouble(Number(value));
    case 'float':
      return encodeFloat(Number(value));
    case 'uuid':
    case 'timeuuid':
      return parseUuid(value as string);
    case 'inet':
      return parseInet(value as string);
    case 'blob':
      return value as Uint8Array;
    case 'list':
    case 'set':
      return encodeCollection(type, value as readonly PlainValue[]);
    case 'map':
      return encodeMap(type, value as object);
    default:
      assert.fail(`no built-in table has a column of type ${type.kind}`);
  }
}

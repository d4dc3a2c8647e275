// CQL values and their form in JavaScript (docs/udf.md has the table).
import { fromHex, toHex, utf8Bytes } from '../../common/bytes.js';
import {
  type CqlType,
  decodeByte,
  decodeDouble,
  decodeDuration,
  decodeFloat,
  decodeInt,
  decodeLong,
  decodeShort,
  decodeVarint,
  encodeByte,
  encodeDouble,
  encodeDuration,
  encodeFloat,
  encodeInt,
  encodeLong,
  encodeShort,
  encodeText,
  encodeVarint,
  int32Max,
  int32Min,
  int64Max,
  int64Min,
  type MapEntry,
  packList,
  packMap,
  packSet,
  packTuple,
  packVector,
  plainText,
  typeToCqlUnfrozen,
  unpackList,
  unpackMap,
  unpackTuple,
  unpackVector,
  validateValue,
} from '../../types/index.js';
import type { Tagged } from './tagged.js';

const clock = { nowMs: (): number => Date.now() };

/** Empty values of most types mean nothing: functions see null. */
export function isNull(type: CqlType, bytes: Uint8Array | null): bytes is null {
  if (bytes === null) return true;
  return bytes.length === 0 && type.kind !== 'text' && type.kind !== 'ascii' && type.kind !== 'blob';
}

function taggedNumber(value: number): Tagged {
  if (Object.is(value, -0)) return { f: '-0' };
  return Number.isFinite(value) ? value : { f: String(value) };
}

/** @param bytes  a valid value of the type */
export function toTagged(type: CqlType, bytes: Uint8Array | null): Tagged {
  if (isNull(type, bytes)) return null;
  switch (type.kind) {
    case 'tinyint':
      return decodeByte(bytes);
    case 'smallint':
      return decodeShort(bytes);
    case 'int':
      return decodeInt(bytes);
    case 'float':
      return taggedNumber(decodeFloat(bytes));
    case 'double':
      return taggedNumber(decodeDouble(bytes));
    case 'bigint':
    case 'counter':
      return { n: decodeLong(bytes).toString() };
    case 'varint':
      return { n: decodeVarint(bytes).toString() };
    case 'boolean':
      return bytes[0] !== 0;
    case 'timestamp':
      return { d: Number(decodeLong(bytes)) };
    case 'blob':
    case 'custom':
      return { b: toHex(bytes) };
    case 'duration': {
      const { months, days, nanoseconds } = decodeDuration(bytes);
      return { o: [['months', months], ['days', days], ['nanoseconds', { n: nanoseconds.toString() }]] }; // biome-ignore format: one object
    }
    case 'list':
      return { l: unpackList(bytes).map((element) => toTagged(type.element, element)) };
    case 'vector':
      return { l: unpackVector(type, bytes).map((element) => toTagged(type.element, element)) };
    case 'set':
      return { s: unpackList(bytes, 'set').map((element) => toTagged(type.element, element)) };
    case 'map':
      return { m: unpackMap(bytes).map(([key, value]) => [toTagged(type.key, key), toTagged(type.value, value)]) };
    case 'tuple':
      return { l: unpackTuple(bytes, type).map((field, i) => toTagged(type.fields[i]!, field)) };
    case 'udt':
      return {
        o: unpackTuple(bytes, type).map((field, i) => [type.fieldNames[i]!, toTagged(type.fieldTypes[i]!, field)]),
      };
    default:
      return plainText(type, bytes);
  }
}

const shown = (value: Tagged): string => {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
};

function refuse(type: CqlType, value: Tagged): never {
  throw new TypeError(`${shown(value)} is not a value of type ${typeToCqlUnfrozen(type)}`);
}

const isTag = <K extends string>(value: Tagged, tag: K): value is Extract<Tagged, { readonly [P in K]: unknown }> =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, tag);

function integerOf(type: CqlType, value: Tagged, min: bigint, max: bigint): bigint {
  let integer: bigint;
  if (typeof value === 'number' && Number.isInteger(value)) integer = BigInt(value);
  else if (isTag(value, 'n')) integer = BigInt(value.n);
  else if (isTag(value, 'f') && value.f === '-0') integer = 0n;
  else return refuse(type, value);
  return integer < min || integer > max ? refuse(type, value) : integer;
}

function floatOf(type: CqlType, value: Tagged): number {
  if (typeof value === 'number') return value;
  if (isTag(value, 'f')) return value.f === '-0' ? -0 : Number(value.f);
  return isTag(value, 'n') ? Number(value.n) : refuse(type, value);
}

const elementsOf = (type: CqlType, value: Tagged): readonly Tagged[] => {
  if (isTag(value, 'l')) return value.l;
  return type.kind === 'set' && isTag(value, 's') ? value.s : refuse(type, value);
};

function fieldsOf(type: CqlType, value: Tagged): ReadonlyMap<string, Tagged> {
  if (isTag(value, 'o')) return new Map(value.o);
  if (isTag(value, 'm') && value.m.every(([key]) => typeof key === 'string'))
    return new Map(value.m as readonly (readonly [string, Tagged])[]);
  return refuse(type, value);
}

function entriesOf(type: CqlType, value: Tagged): readonly (readonly [Tagged, Tagged])[] {
  if (isTag(value, 'm')) return value.m;
  return isTag(value, 'o') ? value.o : refuse(type, value);
}

/** An element may not be null. */
const required = (type: CqlType, value: Tagged): Uint8Array => fromTagged(type, value) ?? refuse(type, value);

/**
 * The bytes of what a function gave.
 * @throws TypeError when it is no value of the type
 */
export function fromTagged(type: CqlType, value: Tagged): Uint8Array | null {
  if (value === null) return null;
  switch (type.kind) {
    case 'tinyint':
      return encodeByte(Number(integerOf(type, value, -128n, 127n)));
    case 'smallint':
      return encodeShort(Number(integerOf(type, value, -32768n, 32767n)));
    case 'int':
      return encodeInt(Number(integerOf(type, value, int32Min, int32Max)));
    case 'bigint':
    case 'counter':
      return encodeLong(integerOf(type, value, int64Min, int64Max));
    case 'varint':
      return encodeVarint(integerOf(type, value, -(2n ** 65536n), 2n ** 65536n));
    case 'float':
      return encodeFloat(floatOf(type, value));
    case 'double':
      return encodeDouble(floatOf(type, value));
    case 'boolean':
      return typeof value === 'boolean' ? Uint8Array.of(value ? 1 : 0) : refuse(type, value);
    case 'text':
      return typeof value === 'string' ? utf8Bytes(value) : refuse(type, value);
    case 'blob':
    case 'custom':
      return isTag(value, 'b') ? (fromHex(value.b) ?? refuse(type, value)) : refuse(type, value);
    case 'timestamp':
      return timestampBytes(type, value);
    case 'duration':
      return durationBytes(type, value);
    case 'list':
      return packList(elementsOf(type, value).map((element) => required(type.element, element)));
    case 'set':
      return packSet(
        type.element,
        elementsOf(type, value).map((element) => required(type.element, element)),
      );
    case 'vector': {
      const elements = elementsOf(type, value);
      if (elements.length !== type.dimensions) refuse(type, value);
      return packVector(
        type,
        elements.map((element) => required(type.element, element)),
      );
    }
    case 'map':
      return packMap(
        type.key,
        entriesOf(type, value).map(([key, of]): MapEntry => [required(type.key, key), required(type.value, of)]),
      );
    case 'tuple': {
      const elements = elementsOf(type, value);
      if (elements.length > type.fields.length) refuse(type, value);
      return packTuple(type.fields.map((field, i) => fromTagged(field, elements[i] ?? null)));
    }
    case 'udt': {
      const fields = fieldsOf(type, value);
      for (const name of fields.keys()) if (!type.fieldNames.includes(name)) refuse(type, value);
      return packTuple(type.fieldNames.map((name, i) => fromTagged(type.fieldTypes[i]!, fields.get(name) ?? null)));
    }
    default:
      return textBytes(type, value);
  }
}

function timestampBytes(type: CqlType, value: Tagged): Uint8Array {
  if (isTag(value, 'd') && value.d !== null) return encodeLong(BigInt(value.d));
  return typeof value === 'string' ? textBytes(type, value) : encodeLong(integerOf(type, value, int64Min, int64Max));
}

function durationBytes(type: CqlType, value: Tagged): Uint8Array {
  if (typeof value === 'string') return textBytes(type, value);
  const fields = fieldsOf(type, value);
  const part = (name: string, max: bigint) => integerOf(type, fields.get(name) ?? 0, -max, max);
  const months = Number(part('months', int32Max));
  const days = Number(part('days', int32Max));
  const bytes = encodeDuration({ months, days, nanoseconds: part('nanoseconds', int64Max) });
  validateValue(type, bytes);
  return bytes;
}

/** Types that are strings in JavaScript; numbers may stand for decimals. */
function textBytes(type: CqlType, value: Tagged): Uint8Array {
  let text: string | null = null;
  if (typeof value === 'string') text = value;
  else if (type.kind === 'decimal' && typeof value === 'number') text = String(value);
  else if (type.kind === 'decimal' && isTag(value, 'n')) text = value.n;
  if (text === null) return refuse(type, value);
  try {
    return encodeText(type, text, clock);
  } catch {
    return refuse(type, value);
  }
}

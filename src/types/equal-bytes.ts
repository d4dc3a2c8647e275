// One form for equal values: decimals have as many as zeros may follow them, NaNs have payloads, tuples may leave out nulls at their end.
import { packCollection, splitTuple, unpackElements, unpackMap } from './collections.js';
import { decodeDecimal, encodeDecimal, stripTrailingZeros } from './decimal.js';
import type { CqlType } from './model.js';
import { decodeDouble, decodeFloat, decodeVarint, encodeDouble, encodeFloat, encodeVarint } from './numbers.js';
import { hasPart } from './parts.js';
import { splitVector } from './validate.js';

const ofManyForms: ReadonlySet<CqlType['kind']> = new Set([
  'boolean',
  'varint',
  'decimal',
  'float',
  'double',
  'tuple',
  'udt',
]);

/** Values of the type are equal only when their bytes are. */
export const hasOneForm = (type: CqlType): boolean => !hasPart(type, ({ kind }) => ofManyForms.has(kind));

/**
 * Bytes that two values have in common exactly when compareValues takes them for equal: to be hashed or compared, no value of the type.
 * REQUIRES: bytes that validateValue took.
 */
export function equalBytes(type: CqlType, value: Uint8Array): Uint8Array {
  if (hasOneForm(type)) return value;
  if (type.kind === 'tuple' || type.kind === 'udt') {
    const types = type.kind === 'tuple' ? type.fields : type.fieldTypes;
    const fields = splitTuple(value, type).map((field, i) => part(types[i]!, field));
    return packCollection(fields.slice(0, fields.findLastIndex((field) => field !== null) + 1));
  }
  if (value.length === 0) return value;
  switch (type.kind) {
    case 'boolean':
      return new Uint8Array([Number(value[0] !== 0)]);
    case 'varint':
      return encodeVarint(decodeVarint(value));
    case 'decimal':
      return encodeDecimal(stripTrailingZeros(decodeDecimal(value)));
    case 'float':
      return encodeFloat(decodeFloat(value));
    case 'double':
      return encodeDouble(decodeDouble(value));
    case 'list':
    case 'set':
      return packCollection(unpackElements(value).map((element) => part(type.element, element)));
    case 'map': {
      const entries = unpackMap(value);
      const parts = entries.flatMap(([key, inner]) => [part(type.key, key), part(type.value, inner)]);
      return packCollection(parts, entries.length);
    }
    case 'vector':
      return packCollection(splitVector(type, value).map((element) => part(type.element, element)));
    default:
      return value;
  }
}

const part = (type: CqlType, value: Uint8Array | null): Uint8Array | null =>
  value === null ? null : equalBytes(type, value);

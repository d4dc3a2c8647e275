// Numbers of CQL in arithmetic: decoded once, converted as Java's Number does, encoded into the result type.
import {
  type CqlType,
  type Decimal,
  decimalToDouble,
  decodeByte,
  decodeDecimal,
  decodeDouble,
  decodeFloat,
  decodeInt,
  decodeLong,
  decodeShort,
  decodeVarint,
  encodeByte,
  encodeDecimal,
  encodeDouble,
  encodeFloat,
  encodeInt,
  encodeLong,
  encodeShort,
  encodeVarint,
  formatDecimal,
  formatDouble,
  parseDecimal,
  parseFloat32,
} from '../../types/index.js';
import { toWhole } from './decimal-math.js';

export const numericKinds = [
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'float',
  'double',
  'decimal',
  'varint',
  'counter',
] as const;
export type NumericKind = (typeof numericKinds)[number];

export function isNumeric(type: CqlType): type is CqlType & { kind: NumericKind } {
  return (numericKinds as readonly string[]).includes(type.kind);
}

/** bigint: any whole number type; number: float and double. */
export type NumericValue = bigint | number | Decimal;

export const isDecimal = (value: NumericValue): value is Decimal => typeof value === 'object';

/** The number in the bytes; null for null and for an empty value. */
export function decodeNumber(kind: NumericKind, bytes: Uint8Array | null): NumericValue | null {
  if (bytes === null || bytes.length === 0) return null;
  switch (kind) {
    case 'tinyint':
      return BigInt(decodeByte(bytes));
    case 'smallint':
      return BigInt(decodeShort(bytes));
    case 'int':
      return BigInt(decodeInt(bytes));
    case 'bigint':
    case 'counter':
      return decodeLong(bytes);
    case 'varint':
      return decodeVarint(bytes);
    case 'float':
      return decodeFloat(bytes);
    case 'double':
      return decodeDouble(bytes);
    case 'decimal':
      return decodeDecimal(bytes);
  }
}

export function encodeNumber(kind: NumericKind, value: NumericValue): Uint8Array {
  switch (kind) {
    case 'tinyint':
      return encodeByte(Number(BigInt.asIntN(8, toBigInt(value))));
    case 'smallint':
      return encodeShort(Number(BigInt.asIntN(16, toBigInt(value))));
    case 'int':
      return encodeInt(Number(BigInt.asIntN(32, toBigInt(value))));
    case 'bigint':
    case 'counter':
      return encodeLong(toBigInt(value));
    case 'varint':
      return encodeVarint(toBigInt(value));
    case 'float':
      return encodeFloat(toFloat(value));
    case 'double':
      return encodeDouble(toDouble(value));
    case 'decimal':
      return encodeDecimal(toDecimal(value));
  }
}

/** Whole part; a double is cut off to 64 bits and NaN is 0, as Java converts to long. */
export function toBigInt(value: NumericValue): bigint {
  if (typeof value === 'bigint') return value;
  if (isDecimal(value)) return toWhole(value, 'down').unscaled;
  return saturate(value, 64);
}

/** A double as an integer of some bits: cut off toward zero, held at the ends, 0 for NaN. */
export function saturate(value: number, bits: 32 | 64): bigint {
  if (Number.isNaN(value)) return 0n;
  const limit = 2 ** (bits - 1);
  if (value >= limit) return BigInt(limit) - 1n;
  return value <= -limit ? -BigInt(limit) : BigInt(Math.trunc(value));
}

export function toDouble(value: NumericValue): number {
  return isDecimal(value) ? decimalToDouble(value) : Number(value);
}

/** Rounded once, straight to a float. */
export function toFloat(value: NumericValue): number {
  if (typeof value === 'number') return Math.fround(value);
  return parseFloat32(isDecimal(value) ? formatDecimal(value) : value.toString())!;
}

/** A double by the digits it prints with. REQUIRES: finite. */
export function doubleToDecimal(value: number): Decimal {
  return parseDecimal(formatDouble(value))!;
}

function toDecimal(value: NumericValue): Decimal {
  if (isDecimal(value)) return value;
  return typeof value === 'bigint' ? { unscaled: value, scale: 0 } : doubleToDecimal(value);
}

// Numbers as bytes and as the text that Cassandra prints for them.
import { toHex } from '../common/bytes.js';
import { type Digits, doubleDigits, floatDigits } from './java-float.js';

export const int32Min = -(2n ** 31n);
export const int32Max = 2n ** 31n - 1n;
export const int64Min = -(2n ** 63n);
export const int64Max = 2n ** 63n - 1n;

/** The shortest two's complement bytes of an integer of any size, big-endian: varint, and the digits of a decimal. */
export function encodeVarint(value: bigint): Uint8Array {
  const magnitude = value < 0n ? -value - 1n : value;
  const bits = magnitude === 0n ? 0 : magnitude.toString(16).length * 4 - leadingZeroBits(magnitude);
  const length = (bits >> 3) + 1;
  let hex = BigInt.asUintN(length * 8, value).toString(16);
  hex = hex.padStart(length * 2, '0');
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

function leadingZeroBits(magnitude: bigint): number {
  const first = Number.parseInt(magnitude.toString(16)[0]!, 16);
  return Math.clz32(first) - 28;
}

/** The integer of two's complement bytes of any length; no bytes are 0. */
export function decodeVarint(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${toHex(bytes)}`));
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** REQUIRES nothing of the range: the low 32 bits are kept. */
export function encodeInt(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/** REQUIRES: at least 4 bytes. */
export function decodeInt(bytes: Uint8Array): number {
  return (bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!;
}

export function encodeShort(value: number): Uint8Array {
  const bytes = new Uint8Array(2);
  viewOf(bytes).setInt16(0, value);
  return bytes;
}

export function decodeShort(bytes: Uint8Array): number {
  return viewOf(bytes).getInt16(0);
}

export function encodeByte(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff);
}

export function decodeByte(bytes: Uint8Array): number {
  return viewOf(bytes).getInt8(0);
}

/** REQUIRES nothing of the range: the low 64 bits are kept, as in Java. */
export function encodeLong(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigInt64(0, BigInt.asIntN(64, value));
  return bytes;
}

export function decodeLong(bytes: Uint8Array): bigint {
  return viewOf(bytes).getBigInt64(0);
}

const canonicalNaN32 = 0x7fc00000;

export function encodeFloat(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  if (Number.isNaN(value)) viewOf(bytes).setUint32(0, canonicalNaN32);
  else viewOf(bytes).setFloat32(0, value);
  return bytes;
}

export function decodeFloat(bytes: Uint8Array): number {
  return viewOf(bytes).getFloat32(0);
}

export function encodeDouble(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  if (Number.isNaN(value)) viewOf(bytes).setUint32(0, 0x7ff80000);
  else viewOf(bytes).setFloat64(0, value);
  return bytes;
}

export function decodeDouble(bytes: Uint8Array): number {
  return viewOf(bytes).getFloat64(0);
}

/** Order of Java's Double.compare: -0 before 0, NaN after everything. */
export function compareDoubles(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return Number(Object.is(b, -0)) - Number(Object.is(a, -0));
}

/** A double as Java prints it: 1.0, 1.0E7, 1.0E-4, NaN, -Infinity. */
export function formatDouble(value: number): string {
  return formatBinary(value, doubleDigits);
}

/** A float as Java prints it. */
export function formatFloat(value: number): string {
  return formatBinary(value, floatDigits);
}

function formatBinary(value: number, digitsOf: (magnitude: number) => Digits): string {
  if (Number.isNaN(value)) return 'NaN';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const magnitude = Math.abs(value);
  if (magnitude === Number.POSITIVE_INFINITY) return `${sign}Infinity`;
  if (magnitude === 0) return `${sign}0.0`;
  const { digits, exponent } = digitsOf(magnitude);
  if (exponent < -2 || exponent > 7) return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent - 1}`;
  if (exponent <= 0) return `${sign}0.${'0'.repeat(-exponent)}${digits}`;
  return `${sign}${digits.slice(0, exponent).padEnd(exponent, '0')}.${digits.slice(exponent) || '0'}`;
}

const javaFloat = /^[\0- ]*([+-]?)(?:(NaN)|(Infinity)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[dDfF]?)[\0- ]*$/;

/** What Java's Double.valueOf reads, or null. Hexadecimal floating point is left out. */
export function parseDouble(text: string): number | null {
  const match = javaFloat.exec(text);
  if (match === null) return null;
  const negative = match[1] === '-';
  if (match[2] !== undefined) return Number.NaN;
  const value = match[3] !== undefined ? Number.POSITIVE_INFINITY : Number(match[4]);
  return negative ? -value : value;
}

/** What Java's Float.parseFloat reads, or null: the decimal text rounded once, straight to a float. */
export function parseFloat32(text: string): number | null {
  const value = parseDouble(text);
  if (value === null || !Number.isFinite(value) || value === 0) return value;
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded) || isExactlyDouble(value, rounded)) return rounded;
  return correctDoubleRounding(text, value, rounded);
}

/** True unless `value` lies in the middle of two floats, where rounding twice may go wrong. */
function isExactlyDouble(value: number, rounded: number): boolean {
  const bytes = encodeDouble(value);
  const low = viewOf(bytes).getUint32(4) & 0x1fffffff;
  return low !== 0x10000000 || value === rounded;
}

/** The double was in the middle of two floats: the decimal digits say on which side the text really was. */
function correctDoubleRounding(text: string, value: number, rounded: number): number {
  const other = Math.fround(value + (value - rounded));
  const [lower, upper] = rounded < other ? [rounded, other] : [other, rounded];
  const order = compareTextToDouble(text.trim(), value);
  if (order < 0) return lower;
  return order > 0 ? upper : rounded;
}

function compareTextToDouble(text: string, value: number): number {
  const a = toRational(text.replace(/[dDfF]$/, ''));
  const b = toRational(value.toPrecision(100).replace(/e\+/, 'e'));
  const left = a.numerator * b.denominator;
  const right = b.numerator * a.denominator;
  return left < right ? -1 : left > right ? 1 : 0;
}

function toRational(text: string): { numerator: bigint; denominator: bigint } {
  const [mantissa, exponentText] = text.toLowerCase().split('e');
  const [whole, fraction = ''] = mantissa!.split('.');
  const exponent = Number(exponentText ?? 0) - fraction.length;
  const negative = whole!.startsWith('-');
  const digits = BigInt((whole!.replace(/^[+-]/, '') + fraction || '0').replace(/^$/, '0'));
  const signed = negative ? -digits : digits;
  if (exponent >= 0) return { numerator: signed * 10n ** BigInt(Math.min(exponent, 400)), denominator: 1n };
  return { numerator: signed, denominator: 10n ** BigInt(-exponent) };
}

/** What Java's Long.parseLong and BigInteger read: an optional sign and decimal digits; null for anything else. */
export function parseInteger(text: string): bigint | null {
  return /^[+-]?\d+$/.test(text) ? BigInt(text.startsWith('+') ? text.slice(1) : text) : null;
}

/** As parseInteger, null also when the number is outside min to max. */
export function parseIntegerWithin(text: string, min: bigint, max: bigint): bigint | null {
  const value = parseInteger(text);
  return value === null || value < min || value > max ? null : value;
}

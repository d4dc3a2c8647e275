// Decimal numbers of any precision: unscaled * 10^-scale, with the rules of Java's BigDecimal that Cassandra shows.
import { decodeInt, decodeVarint, encodeInt, encodeVarint } from './numbers.js';

export type Decimal = { readonly unscaled: bigint; readonly scale: number };

const scaleMin = -(2 ** 31);
const scaleMax = 2 ** 31 - 1;

/** Bytes of a decimal: i32 scale, then the unscaled number in two's complement. */
export function encodeDecimal(value: Decimal): Uint8Array {
  const digits = encodeVarint(value.unscaled);
  const bytes = new Uint8Array(4 + digits.length);
  bytes.set(encodeInt(value.scale));
  bytes.set(digits, 4);
  return bytes;
}

/** REQUIRES: at least 4 bytes. */
export function decodeDecimal(bytes: Uint8Array): Decimal {
  return { scale: decodeInt(bytes), unscaled: decodeVarint(bytes.subarray(4)) };
}

/** Reads decimal text with an optional exponent; null for other text and for a scale beyond 32 bits. */
export function parseDecimal(text: string): Decimal | null {
  const match = /^([+-]?)(?:(\d+)\.?(\d*)|\.(\d+))(?:[eE]([+-]?\d{1,10}))?$/.exec(text);
  if (match === null) return null;
  const fraction = match[4] ?? match[3] ?? '';
  const exponent = Number(match[5] ?? 0);
  const scale = fraction.length - exponent;
  if (exponent > scaleMax || exponent < scaleMin || scale < scaleMin || scale > scaleMax) return null;
  const digits = BigInt((match[2] ?? '') + fraction);
  return { unscaled: match[1] === '-' ? -digits : digits, scale: scale === 0 ? 0 : scale };
}

/** Text as BigDecimal.toString: plain, or with an exponent for a negative scale or a number below 10^-6. */
export function formatDecimal(value: Decimal): string {
  const { scale } = value;
  if (scale === 0) return value.unscaled.toString();
  const sign = value.unscaled < 0n ? '-' : '';
  const digits = magnitude(value.unscaled).toString();
  const adjusted = digits.length - 1 - scale;
  if (scale >= 0 && adjusted >= -6) {
    const padded = digits.padStart(scale + 1, '0');
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  if (adjusted === 0) return sign + mantissa;
  return `${sign}${mantissa}E${adjusted > 0 ? '+' : ''}${adjusted}`;
}

/** Numeric order; 1.0 and 1.00 are equal. The cost does not depend on the size of the scales. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const signA = a.unscaled < 0n ? -1 : Number(a.unscaled > 0n);
  const signB = b.unscaled < 0n ? -1 : Number(b.unscaled > 0n);
  if (signA !== signB || signA === 0) return signA - signB;
  const order = compareMagnitudes(a, b);
  return signA < 0 ? -order : order;
}

function compareMagnitudes(a: Decimal, b: Decimal): number {
  const left = magnitude(a.unscaled);
  const right = magnitude(b.unscaled);
  const adjustedA = left.toString().length - a.scale;
  const adjustedB = right.toString().length - b.scale;
  if (adjustedA !== adjustedB) return adjustedA - adjustedB;
  // Equal leading positions, so the scales differ by no more than the digits do.
  const shift = BigInt(Math.abs(a.scale - b.scale));
  const x = a.scale < b.scale ? left * 10n ** shift : left;
  const y = b.scale < a.scale ? right * 10n ** shift : right;
  return x < y ? -1 : Number(x > y);
}

const powers = new Map<number, bigint>();
const powersMax = 64;
const powerKeptMax = 50_000;

/** 10 to the power of a whole number that is not negative. The last ones are kept: sums and averages ask for the same again and again. */
export function powerOfTen(exponent: number): bigint {
  const known = powers.get(exponent);
  if (known !== undefined) return known;
  const power = 10n ** BigInt(exponent);
  if (exponent <= powerKeptMax) {
    if (powers.size >= powersMax) powers.clear();
    powers.set(exponent, power);
  }
  return power;
}

/** Number of decimal digits of the unscaled value, 1 for zero. The cost is linear: long numbers are not written out in decimal. */
export function precision(value: Decimal): number {
  const number = magnitude(value.unscaled);
  if (number < 1_000_000_000_000_000n) return Number(number).toString().length;
  const hex = number.toString(16);
  const bits = hex.length * 4 - Math.clz32(Number.parseInt(hex[0]!, 16)) + 28;
  const least = Math.floor((bits - 1) * Math.LOG10E * Math.LN2);
  return number >= powerOfTen(least + 1) ? least + 2 : least + 1;
}

/** The nearest double. */
export function decimalToDouble(value: Decimal): number {
  return Number(formatDecimal(value).replace('E', 'e'));
}

export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** The same number with trailing zeros taken off; zero becomes 0 with scale 0. */
export function stripTrailingZeros(value: Decimal): Decimal {
  return value.unscaled === 0n ? { unscaled: 0n, scale: 0 } : stripZerosTo(value, scaleMin);
}

/**
 * The same number with trailing zeros taken off while its scale stays at or above `least`. Zeros go by powers of two of them, so that a
 * hundred thousand zeros cost a few divisions. REQUIRES: not zero.
 */
export function stripZerosTo(value: Decimal, least: number): Decimal {
  let { unscaled, scale } = value;
  const powers: bigint[] = [];
  for (let power = 10n, count = 1; scale - count >= least && unscaled % power === 0n; power *= power, count *= 2) {
    powers.push(power);
    unscaled /= power;
    scale -= count;
  }
  for (let i = powers.length - 1; i >= 0; i--) {
    const count = 2 ** i;
    if (scale - count < least || unscaled % powers[i]! !== 0n) continue;
    unscaled /= powers[i]!;
    scale -= count;
  }
  return { unscaled, scale };
}

export type Rounding = 'down' | 'halfUp' | 'halfEven';

/** dividend / divisor to an integer, rounded as asked. REQUIRES: divisor != 0. */
export function divideRounded(dividend: bigint, divisor: bigint, rounding: Rounding): bigint {
  const quotient = dividend / divisor;
  const remainder = dividend - quotient * divisor;
  if (remainder === 0n || rounding === 'down') return quotient;
  const twice = 2n * magnitude(remainder);
  const half = magnitude(divisor);
  const up = twice > half || (twice === half && (rounding === 'halfUp' || quotient % 2n !== 0n));
  if (!up) return quotient;
  return dividend < 0n === divisor < 0n ? quotient + 1n : quotient - 1n;
}

/** The number with exactly `scale` digits after the point. Throws RangeError when that needs more than `digitsMax`. */
export function setScale(value: Decimal, scale: number, rounding: Rounding, digitsMax = 1_000_000): Decimal {
  if (value.unscaled === 0n) return { unscaled: 0n, scale };
  const shift = scale - value.scale;
  if (shift > digitsMax) throw new RangeError('decimal too large');
  if (shift >= 0) return { unscaled: value.unscaled * powerOfTen(shift), scale };
  if (-shift > precision(value) + 1) return { unscaled: 0n, scale };
  return { unscaled: divideRounded(value.unscaled, powerOfTen(-shift), rounding), scale };
}

/** Rounds to a number of significant digits (MathContext); 0 leaves it exact. */
export function roundToPrecision(value: Decimal, digits: number, rounding: Rounding): Decimal {
  let result = value;
  while (digits > 0) {
    const excess = precision(result) - digits;
    if (excess <= 0) break;
    result = {
      unscaled: divideRounded(result.unscaled, powerOfTen(excess), rounding),
      scale: result.scale - excess,
    };
  }
  return result;
}

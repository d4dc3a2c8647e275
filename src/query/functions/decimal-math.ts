// Arithmetic on decimals with the precision, scales and messages that Java's BigDecimal gives Cassandra.
import {
  type Decimal,
  divideRounded,
  magnitude,
  powerOfTen,
  precision,
  roundToPrecision,
  setScale,
  stripTrailingZeros,
  stripZerosTo,
} from '../../types/index.js';

/** Significant digits of sums and products; rounded half up beyond them. */
const digitsMax = 10_000;
/** Digits that quotients, exponentials and logarithms have at least. */
const significantDigitsMin = 32;
const scaleMin = 32;
const scaleMax = 1_000;
/** Zeros that one operation appends at most: a decimal of a few bytes may name two billion, and Java would work on them for hours. */
const appendedZerosMax = 100_000;

export const decimalZero: Decimal = { unscaled: 0n, scale: 0 };

/** What Java throws as ArithmeticException; the message reaches the client. */
export class ArithmeticError extends Error {
  override readonly name = 'ArithmeticError';
}

const overflow = () => new ArithmeticError('BigInteger would overflow supported range');

function checkScale(scale: number): number {
  if (scale > 2 ** 31 - 1) throw new ArithmeticError('Underflow');
  if (scale < -(2 ** 31)) throw new ArithmeticError('Overflow');
  return scale === 0 ? 0 : scale;
}

function alignTo(value: Decimal, scale: number): bigint {
  return value.unscaled * powerOfTen(scale - value.scale);
}

/** The exact sum. REQUIRES: scales that do not differ by more than a few times digitsMax. */
function addExactly(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { unscaled: alignTo(a, scale) + alignTo(b, scale), scale };
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  if (a.unscaled === 0n || b.unscaled === 0n) return addZero(a, b);
  const [big, small] = a.scale <= b.scale ? [a, b] : [b, a];
  // A number too small to change the kept digits is replaced by one that rounds the same way and is short.
  const ulpScale = big.scale - precision(big) + digitsMax;
  const highestDigit = small.scale - precision(small) + 1;
  const isTiny = highestDigit > big.scale + 2 && highestDigit > ulpScale + 2;
  const other: Decimal = isTiny
    ? { unscaled: small.unscaled < 0n ? -1n : 1n, scale: checkScale(Math.max(big.scale, ulpScale) + 3) }
    : small;
  if (Math.abs(big.scale - other.scale) > 4 * digitsMax) throw overflow();
  return roundToPrecision(addExactly(big, other), digitsMax, 'halfUp');
}

/** One is zero: the other one, with the larger scale where the digits allow it. */
function addZero(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  if (a.unscaled === 0n && b.unscaled === 0n) return { unscaled: 0n, scale };
  const rounded = roundToPrecision(a.unscaled === 0n ? b : a, digitsMax, 'halfUp');
  if (rounded.scale >= scale) return rounded;
  const room = digitsMax - precision(rounded);
  return setScale(rounded, Math.min(scale, rounded.scale + room), 'halfUp');
}

export function negateDecimal(value: Decimal): Decimal {
  return { unscaled: -value.unscaled, scale: value.scale };
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  const product = { unscaled: a.unscaled * b.unscaled, scale: checkScale(a.scale + b.scale) };
  return roundToPrecision(product, digitsMax, 'halfUp');
}

/** a / b with exactly `scale` digits after the point. */
function divideToScale(a: Decimal, b: Decimal, scale: number, rounding: 'halfUp' | 'halfEven'): Decimal {
  const shift = scale + b.scale - a.scale;
  if (b.unscaled === 0n) {
    // Java divides longs as long as they hold the dividend and what it is raised by, and BigIntegers from there on; each has its own words.
    const raise = Math.max(shift, 0);
    const isLong = raise <= 18 && (a.unscaled === 0n || precision(a) + raise <= 18);
    throw new ArithmeticError(isLong ? '/ by zero' : 'BigInteger divide by zero');
  }
  if (Math.abs(shift) > appendedZerosMax) {
    if (shift > 0 && a.unscaled !== 0n) throw overflow();
    return { unscaled: 0n, scale };
  }
  const dividend = shift > 0 ? a.unscaled * powerOfTen(shift) : a.unscaled;
  const divisor = shift < 0 ? b.unscaled * powerOfTen(-shift) : b.unscaled;
  return { unscaled: divideRounded(dividend, divisor, rounding), scale };
}

export function divideDecimals(a: Decimal, b: Decimal): Decimal {
  const firstDigit = precision(a) - a.scale - (precision(b) - b.scale);
  const wanted = Math.max(significantDigitsMin - firstDigit, a.scale, b.scale, scaleMin);
  return stripTrailingZeros(divideToScale(a, b, Math.min(wanted, scaleMax), 'halfUp'));
}

/** a / b rounded half even at the scale of a: what averages use. */
export function divideAtOwnScale(a: Decimal, b: Decimal): Decimal {
  return divideToScale(a, b, a.scale, 'halfEven');
}

/** The remainder with the sign of a. */
export function remainderOfDecimals(a: Decimal, b: Decimal): Decimal {
  if (b.unscaled === 0n) throw new ArithmeticError(a.unscaled === 0n ? 'Division undefined' : 'Division by zero');
  const scale = Math.max(a.scale, b.scale);
  if (Math.abs(a.scale - b.scale) > appendedZerosMax) throw overflow();
  const dividend = alignTo(a, scale);
  const divisor = alignTo(b, scale);
  const remainder = dividend % divisor;
  const preferred = a.scale - b.scale;
  if (preferred >= 0 || magnitude(dividend) < magnitude(divisor)) {
    return setScale({ unscaled: remainder, scale }, a.scale, 'down');
  }
  // The whole quotient sheds trailing zeros down to the preferred scale, and the remainder's scale follows it.
  const quotient = stripZerosTo({ unscaled: dividend / divisor, scale: 0 }, preferred);
  return setScale({ unscaled: remainder, scale }, Math.max(a.scale, quotient.scale + b.scale), 'down');
}

/** Rounds half up to a whole number. */
export function roundDecimal(value: Decimal): Decimal {
  return toWhole(value, 'halfUp');
}

export function toWhole(value: Decimal, rounding: 'halfUp' | 'down'): Decimal {
  try {
    return setScale(value, 0, rounding, appendedZerosMax);
  } catch {
    throw overflow();
  }
}

const workingDigits = (value: Decimal) => Math.min(Math.max(significantDigitsMin, precision(value)), digitsMax);

/** e to the power of the value, to as many digits as the value has and at least 32. */
export function expOfDecimal(value: Decimal): Decimal {
  if (value.unscaled === 0n) return { unscaled: 1n, scale: 0 };
  const digits = workingDigits(value);
  const integerDigits = precision(value) - value.scale;
  if (integerDigits > 10) throw new ArithmeticError(value.unscaled > 0n ? 'Overflow' : 'Underflow');
  const guard = digits + Math.max(integerDigits, 0) + 20;
  const x = toFixedPoint(value, guard);
  const one = powerOfTen(guard);
  const ln10 = naturalLog(10n * one, one);
  const power = divideRounded(x, ln10, 'halfEven');
  const reduced = x - power * ln10;
  const mantissa = expSeries(reduced, one);
  return roundToPrecision({ unscaled: mantissa, scale: guard - Number(power) }, digits, 'halfEven');
}

/** Natural logarithm. @throws ArithmeticError for zero and below */
export function logOfDecimal(value: Decimal): Decimal {
  if (value.unscaled <= 0n) throw new ArithmeticError('Natural log of number zero or less');
  return logarithm(value, false);
}

/** Logarithm of base 10. @throws ArithmeticError for zero and below */
export function log10OfDecimal(value: Decimal): Decimal {
  if (value.unscaled <= 0n) throw new ArithmeticError('Log10 of number zero or less');
  return logarithm(value, true);
}

function logarithm(value: Decimal, base10: boolean): Decimal {
  const digits = workingDigits(value);
  const exponent = precision(value) - 1 - value.scale;
  const guard = digits + 30 + exponent.toString().length;
  const one = powerOfTen(guard);
  const mantissa = toFixedPoint({ unscaled: value.unscaled, scale: precision(value) - 1 }, guard);
  if (mantissa === one && (exponent === 0 || base10)) return { unscaled: BigInt(exponent), scale: 0 };
  const ln10 = naturalLog(10n * one, one);
  const natural = naturalLog(mantissa, one) + BigInt(exponent) * ln10;
  const result = base10 ? divideRounded(natural * one, ln10, 'halfEven') : natural;
  return roundToPrecision({ unscaled: result, scale: guard }, digits, 'halfEven');
}

function toFixedPoint(value: Decimal, digits: number): bigint {
  return setScale(value, digits, 'down').unscaled;
}

/** exp of a fixed-point number below 10, by halving it and squaring back. */
function expSeries(x: bigint, one: bigint): bigint {
  const halvings = 16;
  const small = x >> BigInt(halvings);
  let term = one;
  let sum = one;
  for (let i = 1n; term !== 0n; i++) {
    term = (term * small) / (one * i);
    sum += term;
  }
  for (let i = 0; i < halvings; i++) sum = (sum * sum) / one;
  return sum;
}

/** ln of a fixed-point number from 1 to 10: square roots bring it near 1, where the series of atanh is short. */
function naturalLog(x: bigint, one: bigint): bigint {
  const roots = 12;
  let reduced = x;
  for (let i = 0; i < roots; i++) reduced = squareRoot(reduced * one);
  const z = ((reduced - one) * one) / (reduced + one);
  const square = (z * z) / one;
  let power = z;
  let sum = 0n;
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += power / k;
    power = (power * square) / one;
  }
  return (sum << 1n) << BigInt(roots);
}

function squareRoot(value: bigint): bigint {
  let estimate = 1n << BigInt((value.toString(16).length * 4 + 1) >> 1);
  for (;;) {
    const next = (estimate + value / estimate) >> 1n;
    if (next >= estimate) return estimate;
    estimate = next;
  }
}

// abs, exp, log, log10 and round for every numeric type; the result has the type of the argument.
import { type Decimal, decimalToDouble } from '../../types/index.js';
import type { ScalarFunction } from '../function-api.js';
import { functionFailure, native, scalar } from './build.js';
import {
  ArithmeticError,
  expOfDecimal,
  log10OfDecimal,
  logOfDecimal,
  negateDecimal,
  roundDecimal,
} from './decimal-math.js';
import {
  decodeNumber,
  encodeNumber,
  isDecimal,
  type NumericKind,
  type NumericValue,
  numericKinds,
  saturate,
  toBigInt,
  toDouble,
} from './numeric.js';

type MathName = 'abs' | 'exp' | 'log' | 'log10' | 'round';

function abs(value: NumericValue): NumericValue {
  if (typeof value === 'number') return Math.abs(value);
  if (isDecimal(value)) return value.unscaled < 0n ? negateDecimal(value) : value;
  return value < 0n ? -value : value;
}

/** Floating numbers are rounded half up to an int (float) or long (double) and held at its ends. */
function round(kind: NumericKind, value: NumericValue): NumericValue {
  if (isDecimal(value)) return roundDecimal(value);
  if (typeof value === 'bigint') return value;
  return Number(saturate(Math.floor(value + 0.5), kind === 'float' ? 32 : 64));
}

/** e to any power beyond is infinite, or 0; to one below the other limit JavaScript has it right. */
const exponentMax = 746;
const exponentMin = 1e-10;

/** The double nearest to the result, as a JVM has it; JavaScript's own are off by a bit too often. */
function nearest(name: 'exp' | 'log' | 'log10', value: number): number {
  const isPlain = name === 'exp' ? inBounds(Math.abs(value)) : value > 0 && Number.isFinite(value);
  return isPlain ? decimalToDouble(ofDecimals[name](doubleToExactDecimal(value))) : Math[name](value);
}

const inBounds = (exponent: number): boolean => exponent >= exponentMin && exponent <= exponentMax;

const ofDecimals = { exp: expOfDecimal, log: logOfDecimal, log10: log10OfDecimal };

/** exp and logarithms: exact digits for decimal and varint, the platform's doubles for the rest. */
function transcendental(name: 'exp' | 'log' | 'log10', kind: NumericKind, value: NumericValue): NumericValue {
  if (kind !== 'decimal' && kind !== 'varint') {
    const result = nearest(name, toDouble(value));
    if (kind === 'float' || kind === 'double') return result;
    return saturate(result, kind === 'bigint' || kind === 'counter' ? 64 : 32);
  }
  const decimal = isDecimal(value) ? value : { unscaled: toBigInt(value), scale: 0 };
  const result = ofDecimals[name](decimal);
  return kind === 'varint' ? toBigInt(result) : result;
}

/** Every digit of a finite double. */
function doubleToExactDecimal(value: number): Decimal {
  let scaled = value;
  let exponent = 0;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    exponent += 1;
  }
  return { unscaled: BigInt(scaled) * 5n ** BigInt(exponent), scale: exponent };
}

function compute(name: MathName, kind: NumericKind, value: NumericValue): NumericValue {
  if (name === 'abs') return abs(value);
  return name === 'round' ? round(kind, value) : transcendental(name, kind, value);
}

function mathFunction(name: MathName, kind: NumericKind): ScalarFunction {
  const types = [native(kind)];
  return scalar(name, types, native(kind), ([bytes]) => {
    const value = decodeNumber(kind, bytes ?? null);
    if (value === null) return null;
    try {
      return encodeNumber(kind, compute(name, kind, value));
    } catch (error) {
      if (!(error instanceof ArithmeticError)) throw error;
      throw functionFailure(name, types, `execution of 'system.${name}[${kind}]' failed: ${error.message}`);
    }
  });
}

export function mathFunctions(): ScalarFunction[] {
  const names = ['abs', 'exp', 'log', 'log10', 'round'] as const;
  return numericKinds.flatMap((kind) => names.map((name) => mathFunction(name, kind)));
}

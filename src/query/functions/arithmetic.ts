// Operators + - * / % and negation: on numbers with Cassandra's promotion, on dates with durations, + on strings.
import { concatBytes } from '../../common/bytes.js';
import { FerrosaError, invalid } from '../../common/errors.js';
import {
  addMonthsToMillis,
  type CqlType,
  type Duration,
  decodeDuration,
  decodeInt,
  decodeLong,
  encodeLong,
  formatDuration,
  millisPerDay,
  nanosPerMilli,
  typeToCql,
} from '../../types/index.js';
import type { ScalarFunction } from '../function-api.js';
import { functionFailure, native, scalar } from './build.js';
import {
  ArithmeticError,
  addDecimals,
  divideDecimals,
  multiplyDecimals,
  negateDecimal,
  remainderOfDecimals,
} from './decimal-math.js';
import {
  decodeNumber,
  doubleToDecimal,
  encodeNumber,
  isDecimal,
  type NumericKind,
  type NumericValue,
  numericKinds,
  toBigInt,
  toDouble,
  toFloat,
} from './numeric.js';
import { dateFromMillis, dateToMillis } from './time-values.js';

export type Operator = '+' | '-' | '*' | '/' | '%';

/** Names of the functions behind the operators; messages show some of them. */
export const operatorFunctionNames: Readonly<Record<Operator, string>> = {
  '+': '_add',
  '-': '_substract',
  '*': '_multiply',
  '/': '_divide',
  '%': '_modulo',
};
const operators = Object.keys(operatorFunctionNames) as Operator[];
export const negationFunctionName = '_negate';

const sizes: Readonly<Record<NumericKind, number>> = {
  tinyint: 1,
  smallint: 2,
  int: 4,
  float: 4,
  bigint: 8,
  counter: 8,
  double: 8,
  varint: Number.POSITIVE_INFINITY,
  decimal: Number.POSITIVE_INFINITY,
};

/** Type of an operation on two numbers: the larger of both sizes, floating when one of them is. */
export function promotedKind(left: NumericKind, right: NumericKind): NumericKind {
  const isFloating = [left, right].some((kind) => kind === 'float' || kind === 'double' || kind === 'decimal');
  const size = Math.max(sizes[left], sizes[right]);
  if (isFloating) return size <= 4 ? 'float' : size === 8 ? 'double' : 'decimal';
  const byKind: Readonly<Record<number, NumericKind>> = { 1: 'tinyint', 2: 'smallint', 4: 'int', 8: 'bigint' };
  return byKind[size] ?? 'varint';
}

function integerOperation(op: Operator, a: bigint, b: bigint, kind: NumericKind): bigint {
  if ((op === '/' || op === '%') && b === 0n) {
    throw new ArithmeticError(kind === 'varint' ? 'BigInteger divide by zero' : '/ by zero');
  }
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
  }
}

function floatOperation(op: Operator, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
  }
}

/** Whole numbers below varint go through a double, as in Cassandra, and come out with one digit after the point. */
function decimalOperand(kind: NumericKind, value: NumericValue) {
  if (isDecimal(value)) return value;
  if (kind === 'varint') return { unscaled: toBigInt(value), scale: 0 };
  const double = toDouble(value);
  if (Number.isNaN(double)) throw new ArithmeticError('A NaN cannot be converted into a decimal');
  if (!Number.isFinite(double)) throw new ArithmeticError('An infinite number cannot be converted into a decimal');
  return doubleToDecimal(double);
}

function numericOperation(
  op: Operator,
  result: NumericKind,
  left: { kind: NumericKind; value: NumericValue },
  right: { kind: NumericKind; value: NumericValue },
): NumericValue {
  if (result === 'float') return floatOperation(op, toFloat(left.value), toFloat(right.value));
  if (result === 'double') return floatOperation(op, toDouble(left.value), toDouble(right.value));
  if (result !== 'decimal') return integerOperation(op, toBigInt(left.value), toBigInt(right.value), result);
  const a = decimalOperand(left.kind, left.value);
  const b = decimalOperand(right.kind, right.value);
  switch (op) {
    case '+':
      return addDecimals(a, b);
    case '-':
      return addDecimals(a, negateDecimal(b));
    case '*':
      return multiplyDecimals(a, b);
    case '/':
      return divideDecimals(a, b);
    case '%':
      return remainderOfDecimals(a, b);
  }
}

type Operation = (left: Uint8Array, right: Uint8Array) => Uint8Array | null;

/** An operator as a function: null when an operand is, and every failure told with the operation's types. */
function operation(op: Operator, left: CqlType, right: CqlType, result: CqlType, operate: Operation): ScalarFunction {
  const name = operatorFunctionNames[op];
  const argTypes = [left, right];
  return scalar(
    name,
    argTypes,
    result,
    ([a, b]) => {
      if (a === null || b === null) return null;
      try {
        return operate(a!, b!);
      } catch (error) {
        if (!(error instanceof ArithmeticError) && !(error instanceof FerrosaError)) throw error;
        const what = `the operation '${typeToCql(left)} ${op} ${typeToCql(right)}' failed`;
        throw functionFailure(name, argTypes, `${what}: ${error.message}`);
      }
    },
    { columnName: ([a, b]) => `${a} ${op} ${b}` },
  );
}

function numericFunction(op: Operator, left: NumericKind, right: NumericKind): ScalarFunction {
  const result = promotedKind(left, right);
  return operation(op, native(left), native(right), native(result), (a, b) => {
    const x = decodeNumber(left, a);
    const y = decodeNumber(right, b);
    if (x === null || y === null) return null;
    return encodeNumber(result, numericOperation(op, result, { kind: left, value: x }, { kind: right, value: y }));
  });
}

/** Milliseconds moved by a duration; months first, by the calendar, when there are any. */
export function addDuration(millis: bigint, duration: Duration, sign: 1 | -1): bigint {
  const factor = BigInt(sign);
  const clockMillis = (factor * duration.nanoseconds) / nanosPerMilli;
  const dayMillis = factor * BigInt(duration.days) * millisPerDay;
  if (duration.months === 0) return BigInt.asIntN(64, millis + dayMillis + clockMillis);
  const moved = addMonthsToMillis(millis, sign * duration.months);
  return BigInt.asIntN(64, moved + dayMillis + BigInt.asIntN(32, clockMillis));
}

function temporalFunction(op: '+' | '-', kind: 'timestamp' | 'date'): ScalarFunction {
  const sign = op === '+' ? 1 : -1;
  return operation(op, native(kind), native('duration'), native(kind), (time, amount) => {
    if (time.length === 0) return null;
    const duration = decodeDuration(amount);
    if (kind === 'date') {
      if (duration.nanoseconds !== 0n) {
        throw invalid(`The duration must have a day precision. Was: ${formatDuration(duration)}`);
      }
      return dateFromMillis(addDuration(dateToMillis(decodeInt(time)), duration, sign));
    }
    if (duration.nanoseconds % nanosPerMilli !== 0n) {
      throw invalid(`The duration must have a millisecond precision. Was: ${formatDuration(duration)}`);
    }
    return encodeLong(addDuration(decodeLong(time), duration, sign));
  });
}

function concatenation(left: 'text' | 'ascii', right: 'text' | 'ascii'): ScalarFunction {
  const result = left === 'ascii' && right === 'ascii' ? 'ascii' : 'text';
  return operation('+', native(left), native(right), native(result), (a, b) => concatBytes([a, b]));
}

function negation(kind: NumericKind): ScalarFunction {
  const execute = ([value]: readonly (Uint8Array | null)[]) => {
    const number = decodeNumber(kind, value ?? null);
    if (number === null) return null;
    return encodeNumber(kind, isDecimal(number) ? negateDecimal(number) : -number);
  };
  return scalar(negationFunctionName, [native(kind)], native(kind), execute, { columnName: ([of]) => `-${of}` });
}

export function arithmeticFunctions(): ScalarFunction[] {
  const strings = ['text', 'ascii'] as const;
  return [
    ...numericKinds.flatMap((left) =>
      numericKinds.flatMap((right) => operators.map((op) => numericFunction(op, left, right))),
    ),
    ...numericKinds.map(negation),
    ...(['timestamp', 'date'] as const).flatMap((kind) => [temporalFunction('+', kind), temporalFunction('-', kind)]),
    ...strings.flatMap((left) => strings.map((right) => concatenation(left, right))),
  ];
}

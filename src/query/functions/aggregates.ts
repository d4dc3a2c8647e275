// count, min, max, sum and avg, with Cassandra's overflow and rounding.

import { FoldKind } from '../../storage/index.js';
import {
  type CqlType,
  compareValues,
  type Decimal,
  decimalToDouble,
  encodeDecimal,
  encodeDouble,
  encodeFloat,
  encodeLong,
} from '../../types/index.js';
import type { Accumulator, AggregateFunction, FoldedAggregate } from '../function-api.js';
import { aggregate, native } from './build.js';
import { addDecimals, decimalZero, divideAtOwnScale, negateDecimal } from './decimal-math.js';
import { decodeNumber, doubleToDecimal, encodeNumber, type NumericKind, numericKinds } from './numeric.js';

class Count implements Accumulator {
  #count = 0n;
  constructor(private readonly everyRow: boolean) {}

  add(args: readonly (Uint8Array | null)[]): void {
    if (this.everyRow || (args[0] ?? null) !== null) this.#count += 1n;
  }

  result(): Uint8Array {
    return encodeLong(this.#count);
  }
}

class Extreme implements Accumulator {
  #best: Uint8Array | null = null;
  constructor(
    private readonly type: CqlType,
    private readonly sign: 1 | -1,
  ) {}

  add([value]: readonly (Uint8Array | null)[]): void {
    if (!value) return;
    if (this.#best === null || compareValues(this.type, value, this.#best) * this.sign > 0) this.#best = value;
  }

  result(): Uint8Array | null {
    return this.#best;
  }
}

/** Whole numbers: the sum wraps around in the type, the average of the exact sum is cut off to a whole number. */
class Integers implements Accumulator {
  #sum = 0n;
  #count = 0n;
  constructor(
    private readonly kind: NumericKind,
    private readonly isAverage: boolean,
  ) {}

  add([value]: readonly (Uint8Array | null)[]): void {
    const number = decodeNumber(this.kind, value ?? null);
    if (number === null) return;
    this.#sum += number as bigint;
    this.#count += 1n;
  }

  result(): Uint8Array {
    if (!this.isAverage) return encodeNumber(this.kind, this.#sum);
    return encodeNumber(this.kind, this.#count === 0n ? 0n : this.#sum / this.#count);
  }
}

/** Floating numbers: Kahan's summation; an average whose sum leaves the range of doubles goes on in decimals. */
class Floats implements Accumulator {
  #sum = 0;
  #compensation = 0;
  #simpleSum = 0;
  #count = 0;
  #exactSum: Decimal | null = null;

  constructor(
    private readonly kind: 'float' | 'double',
    private readonly isAverage: boolean,
  ) {}

  add([value]: readonly (Uint8Array | null)[]): void {
    const number = decodeNumber(this.kind, value ?? null) as number | null;
    if (number === null) return;
    this.#count += 1;
    if (this.#exactSum !== null && Number.isFinite(number)) {
      this.#exactSum = addDecimals(this.#exactSum, doubleToDecimal(number));
      return;
    }
    const previous = this.#sum;
    this.#simpleSum += number;
    const corrected = number - this.#compensation;
    const rounded = previous + corrected;
    this.#compensation = rounded - previous - corrected;
    this.#sum = rounded;
    if (this.isAverage && !Number.isFinite(rounded) && Number.isFinite(number) && Number.isFinite(previous)) {
      this.#exactSum = addDecimals(doubleToDecimal(previous), doubleToDecimal(number));
    }
  }

  result(): Uint8Array {
    const result = this.#compute();
    return this.kind === 'float' ? encodeFloat(Math.fround(result)) : encodeDouble(result);
  }

  #compute(): number {
    if (this.isAverage && this.#count === 0) return 0;
    if (this.#exactSum !== null) {
      return decimalToDouble(divideAtOwnScale(this.#exactSum, { unscaled: BigInt(this.#count), scale: 0 }));
    }
    let sum = this.#sum + this.#compensation;
    if (Number.isNaN(sum) && Math.abs(this.#simpleSum) === Number.POSITIVE_INFINITY) sum = this.#simpleSum;
    return this.isAverage ? sum / this.#count : sum;
  }
}

class DecimalSum implements Accumulator {
  #sum = decimalZero;

  add([value]: readonly (Uint8Array | null)[]): void {
    const number = decodeNumber('decimal', value ?? null) as Decimal | null;
    if (number !== null) this.#sum = addDecimals(this.#sum, number);
  }

  result(): Uint8Array {
    return encodeDecimal(this.#sum);
  }
}

/** A running average: each step is rounded half even at the scale of the number's distance from it. */
class DecimalAverage implements Accumulator {
  #average = decimalZero;
  #count = 0n;

  add([value]: readonly (Uint8Array | null)[]): void {
    const number = decodeNumber('decimal', value ?? null) as Decimal | null;
    if (number === null) return;
    this.#count += 1n;
    const distance = addDecimals(number, negateDecimal(this.#average));
    const step = divideAtOwnScale(distance, { unscaled: this.#count, scale: 0 });
    this.#average = addDecimals(this.#average, step);
  }

  result(): Uint8Array {
    return encodeDecimal(this.#average);
  }
}

/** Sum or average of whole numbers from sums and counts of parts of the rows. */
class IntegerParts implements Accumulator {
  #sum = 0n;
  #count = 0n;
  constructor(private readonly kind: NumericKind) {}

  /** A sum and, for an average, a count. */
  add([sum, count]: readonly (Uint8Array | null)[]): void {
    this.#sum += decodeNumber('varint', sum!) as bigint;
    if (count) this.#count += decodeNumber('bigint', count) as bigint;
  }

  result(): Uint8Array {
    return encodeNumber(this.kind, this.#count === 0n ? this.#sum : this.#sum / this.#count);
  }
}

const combining = (name: string, returnType: CqlType, create: () => Accumulator): AggregateFunction =>
  aggregate(name, [], returnType, create);

/** Whole numbers that storage adds up, by their bytes. */
const foldedWidths: Readonly<Record<string, number>> = { tinyint: 1, smallint: 2, int: 4, bigint: 8 };

/** Of floating numbers and decimals the order of the additions shows in the result. */
function foldedNumeric(name: 'sum' | 'avg', kind: NumericKind): FoldedAggregate | null {
  const width = foldedWidths[kind];
  if (width === undefined) return null;
  return {
    folds: name === 'sum' ? [FoldKind.sum] : [FoldKind.sum, FoldKind.numbers],
    combined: combining(name, native(kind), () => new IntegerParts(kind)),
    output: { kind: name === 'sum' ? 'sum' : 'average', width },
  };
}

/** Types of which equal values are equal bytes, so that it does not matter which of them is kept. */
const plainlyOrdered: ReadonlySet<string> = new Set([
  ...Object.keys(foldedWidths),
  ...['ascii', 'text', 'blob', 'boolean', 'timestamp', 'date', 'time', 'uuid', 'timeuuid', 'inet'],
]);

function foldedExtreme(name: 'min' | 'max', type: CqlType): FoldedAggregate | null {
  if (!plainlyOrdered.has(type.kind)) return null;
  return {
    folds: [name === 'min' ? FoldKind.min : FoldKind.max],
    combined: combining(name, type, () => new Extreme(type, name === 'max' ? 1 : -1)),
    output: { kind: 'best', width: 0 },
  };
}

function accumulatorOf(kind: NumericKind, isAverage: boolean): Accumulator {
  switch (kind) {
    case 'decimal':
      return isAverage ? new DecimalAverage() : new DecimalSum();
    case 'float':
    case 'double':
      return new Floats(kind, isAverage);
    default:
      return new Integers(kind, isAverage);
  }
}

/** sum or avg of a numeric type. */
export function numericAggregate(name: 'sum' | 'avg', kind: NumericKind): AggregateFunction {
  const create = () => accumulatorOf(kind, name === 'avg');
  return aggregate(name, [native(kind)], native(kind), create, undefined, foldedNumeric(name, kind));
}

/** min or max of any type, by the order of its values. */
export function extremeAggregate(name: 'min' | 'max', type: CqlType): AggregateFunction {
  const create = () => new Extreme(type, name === 'max' ? 1 : -1);
  return aggregate(name, [type], type, create, undefined, foldedExtreme(name, type));
}

const countAggregate = (name: string, args: readonly CqlType[], everyRow: boolean, column?: () => string) =>
  aggregate(name, args, native('bigint'), () => new Count(everyRow), column, {
    folds: [everyRow ? FoldKind.rows : FoldKind.values],
    combined: combining(name, native('bigint'), () => new Integers('bigint', false)),
    output: { kind: 'count', width: 8 },
  });

/** count(*): every row counts. */
export const countRows: AggregateFunction = countAggregate('count_rows', [], true, () => 'count');

export function aggregateFunctions(): AggregateFunction[] {
  return [
    countRows,
    countAggregate('countRows', [], true, () => 'count'),
    countAggregate('count', [native('blob')], false),
    ...numericKinds.flatMap((kind) => [numericAggregate('sum', kind), numericAggregate('avg', kind)]),
  ];
}

// CAST(x AS type), also callable as cast_as_type(x).
import { utf8Bytes } from '../../common/bytes.js';
import { type CqlType, formatFloat, type NativeTypeName, parseDecimal, plainText } from '../../types/index.js';
import type { ScalarFunction } from '../function-api.js';
import { type Execute, functionFailure, native, scalar } from './build.js';
import {
  decodeNumber,
  doubleToDecimal,
  encodeNumber,
  isDecimal,
  type NumericKind,
  type NumericValue,
  numericKinds,
  saturate,
  toBigInt,
} from './numeric.js';
import { fromMillis, millisOf, type TimeKind } from './time-values.js';

/** Name of the function behind a cast. */
export const castFunctionName = (to: CqlType): string => `cast_as_${to.kind}`;

/** Both names of a cast; the older one is only reached in double quotes. */
function castFunctions(from: NativeTypeName, to: NativeTypeName, execute: Execute): ScalarFunction[] {
  const legacyName = `castAs${to[0]!.toUpperCase()}${to.slice(1)}`;
  const columnName = ([of]: readonly string[]) => `cast(${of} as ${to})`;
  return [castFunctionName(native(to)), legacyName].map((name) =>
    scalar(name, [native(from)], native(to), execute, { columnName }),
  );
}

/** The low 64 bits of the whole part, as BigDecimal.longValue gives them: from 10^64 on they are zero, however many zeros follow. */
function low64Bits(value: NumericValue): bigint {
  return isDecimal(value) && value.scale <= -64 ? 0n : BigInt.asIntN(64, toBigInt(value));
}

/** Java's conversion between number types: small integers keep the low bits of an int, larger ones of a long. */
function convert(from: NumericKind, to: NumericKind, value: NumericValue): NumericValue {
  switch (to) {
    case 'decimal':
      if (from === 'float') return parseDecimal(formatFloat(value as number)) ?? 0n;
      if (typeof value === 'number') return doubleToDecimal(value);
      return value;
    case 'varint':
    case 'bigint':
      return low64Bits(value);
    case 'tinyint':
    case 'smallint':
    case 'int':
      return typeof value === 'number' ? saturate(value, 32) : low64Bits(value);
    default:
      return value;
  }
}

function isConvertible(from: NumericKind, to: NumericKind, value: NumericValue): boolean {
  // A decimal has no NaN and no infinity; the cast fails there.
  return to !== 'decimal' || isDecimal(value) || typeof value === 'bigint' || Number.isFinite(value) || from === to;
}

function numericCast(from: NumericKind, to: NumericKind): ScalarFunction[] {
  return castFunctions(from, to, ([bytes]) => {
    const value = decodeNumber(from, bytes ?? null);
    if (value === null) return null;
    if (!isConvertible(from, to, value)) {
      const name = castFunctionName(native(to));
      throw functionFailure(
        name,
        [native(from)],
        `execution of 'system.${name}[${from}]' failed: ${plainText(native(from), bytes!)} is no decimal number`,
      );
    }
    return encodeNumber(to, convert(from, to, value));
  });
}

function textCast(from: NativeTypeName): ScalarFunction[] {
  const execute: Execute = ([bytes]) => {
    if (!bytes || bytes.length === 0) return null;
    return utf8Bytes(plainText(native(from), bytes));
  };
  return [...castFunctions(from, 'ascii', execute), ...castFunctions(from, 'text', execute)];
}

function timeCast(from: TimeKind, to: 'timestamp' | 'date'): ScalarFunction[] {
  return castFunctions(from, to, ([bytes]) => {
    const millis = millisOf(from, bytes);
    return millis === null ? null : fromMillis(to, millis);
  });
}

export function castFunctionsOfAll(): ScalarFunction[] {
  const targets = numericKinds.filter((kind) => kind !== 'counter');
  const texts: readonly NativeTypeName[] = [
    ...numericKinds,
    'inet',
    'boolean',
    'timeuuid',
    'timestamp',
    'date',
    'time',
    'uuid',
  ];
  return [
    ...numericKinds.flatMap((from) => targets.filter((to) => to !== from).flatMap((to) => numericCast(from, to))),
    ...texts.flatMap(textCast),
    ...castFunctions('ascii', 'text', ([bytes]) => bytes ?? null),
    ...timeCast('timeuuid', 'date'),
    ...timeCast('timeuuid', 'timestamp'),
    ...timeCast('timestamp', 'date'),
    ...timeCast('date', 'timestamp'),
  ];
}

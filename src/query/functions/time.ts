// Functions on time: now and its kin, conversions, floor.
import { invalid } from '../../common/errors.js';
import {
  addMonthsToMillis,
  civilFromDays,
  type Duration,
  decodeDuration,
  decodeLong,
  encodeLong,
  floorDiv,
  formatDuration,
  isNegativeDuration,
  millisPerDay,
  nanosPerHour,
  nanosPerMilli,
} from '../../types/index.js';
import type { FunctionContext, ScalarFunction } from '../function-api.js';
import { native, scalar } from './build.js';
import { dateFromMillis, fromMillis, maxTimeuuid, millisOf, minTimeuuid, type TimeKind } from './time-values.js';

const nowMillis = (context: FunctionContext) => floorDiv(context.nowMicros, 1000n);

function now(name: string, kind: 'timeuuid' | 'timestamp' | 'date' | 'time'): ScalarFunction {
  const execute = (_args: unknown, context: FunctionContext) => {
    switch (kind) {
      case 'timeuuid':
        return context.nextTimeUuid();
      case 'timestamp':
        return encodeLong(nowMillis(context));
      case 'date':
        return dateFromMillis(nowMillis(context));
      case 'time':
        return encodeLong((context.nowMicros % (millisPerDay * 1000n)) * 1000n);
    }
  };
  return scalar(name, [], native(kind), execute, { pure: false });
}

function conversion(
  name: string,
  from: TimeKind,
  to: 'date' | 'timestamp' | 'bigint' | 'timeuuid',
  convert: (millis: bigint) => Uint8Array,
): ScalarFunction {
  return scalar(name, [native(from)], native(to), ([value]) => {
    const millis = millisOf(from, value);
    return millis === null ? null : convert(millis);
  });
}

/** A function under its name and the one it had before 5.0. */
function both(name: string, make: (name: string) => ScalarFunction): ScalarFunction[] {
  return [make(name), make(name.replaceAll('_', ''))];
}

/** Start + the largest multiple of the duration that is not after the time. */
export function floorTimestamp(time: bigint, duration: Duration, start: bigint): bigint {
  if (start > time) throw invalid('The floor function starting time is greater than the provided time');
  if (isNegativeDuration(duration)) throw invalid('Negative durations are not supported by the floor function');
  const step = BigInt(duration.days) * millisPerDay + duration.nanoseconds / nanosPerMilli;
  if (duration.months === 0) return step === 0n ? time : time - ((time - start) % step);
  let multiplier = Math.trunc((monthIndex(time) - monthIndex(start)) / duration.months);
  let floor = addMonthsToMillis(start, multiplier * duration.months);
  if (step === 0n && duration.days === 0 && duration.nanoseconds === 0n) return floor;
  let months = floor;
  floor = months + BigInt(multiplier) * step;
  while (floor > time) {
    multiplier -= 1;
    months = addMonthsToMillis(months, -duration.months);
    floor = months + BigInt(multiplier) * step;
  }
  return floor > start ? floor : start;
}

function monthIndex(millis: bigint): number {
  const { year, month } = civilFromDays(floorDiv(millis, millisPerDay));
  return Number(year) * 12 + month;
}

function checkFloorDuration(kind: TimeKind, duration: Duration): void {
  const text = formatDuration(duration);
  if (kind === 'date') {
    if (duration.nanoseconds === 0n) return;
    throw invalid(`The floor on date values cannot be computed for the ${text} duration as precision is below 1 day`);
  }
  if (duration.nanoseconds % nanosPerMilli === 0n) return;
  throw invalid(`The floor cannot be computed for the ${text} duration as precision is below 1 millisecond`);
}

function floor(kind: TimeKind, withStart: boolean): ScalarFunction {
  const result = kind === 'date' ? 'date' : 'timestamp';
  const types = [native(kind), native('duration'), ...(withStart ? [native(result)] : [])];
  return scalar('floor', types, native(result), ([value, amount, startValue]) => {
    const time = millisOf(kind, value);
    const start = withStart ? millisOf(result, startValue) : 0n;
    if (time === null || start === null || !amount) return null;
    const duration = decodeDuration(amount);
    checkFloorDuration(kind, duration);
    return fromMillis(result, floorTimestamp(time, duration, start));
  });
}

function floorTime(): ScalarFunction {
  return scalar('floor', [native('time'), native('duration')], native('time'), ([value, amount]) => {
    if (!value || value.length === 0 || !amount) return null;
    const duration = decodeDuration(amount);
    if (isNegativeDuration(duration)) throw invalid('Negative durations are not supported by the floor function');
    if (duration.months !== 0 || duration.days !== 0 || duration.nanoseconds > nanosPerHour * 24n) {
      throw invalid('For time values, the floor can only be computed for durations smaller that a day');
    }
    const nanos = decodeLong(value);
    return encodeLong(duration.nanoseconds === 0n ? nanos : nanos - (nanos % duration.nanoseconds));
  });
}

export function timeFunctions(): ScalarFunction[] {
  return [
    now('now', 'timeuuid'),
    ...(['timeuuid', 'timestamp', 'date', 'time'] as const).flatMap((kind) =>
      both(`current_${kind}`, (name) => now(name, kind)),
    ),
    ...both('min_timeuuid', (name) => conversion(name, 'timestamp', 'timeuuid', minTimeuuid)),
    ...both('max_timeuuid', (name) => conversion(name, 'timestamp', 'timeuuid', maxTimeuuid)),
    ...(['timeuuid', 'timestamp'] as const).flatMap((from) =>
      both('to_date', (name) => conversion(name, from, 'date', dateFromMillis)),
    ),
    ...(['timeuuid', 'date'] as const).flatMap((from) =>
      both('to_timestamp', (name) => conversion(name, from, 'timestamp', encodeLong)),
    ),
    ...(['timeuuid', 'timestamp', 'date'] as const).flatMap((from) =>
      both('to_unix_timestamp', (name) => conversion(name, from, 'bigint', encodeLong)),
    ),
    ...(['timestamp', 'timeuuid', 'date'] as const).flatMap((kind) => [floor(kind, false), floor(kind, true)]),
    floorTime(),
  ];
}

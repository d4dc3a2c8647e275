// Durations: months, days and nanoseconds, each kept apart, all of one sign.
import { concatBytes } from '../common/bytes.js';
import { invalid } from '../common/errors.js';
import { int64Max } from './numbers.js';
import { decodeVint, encodeVint } from './vint.js';

export type Duration = { readonly months: number; readonly days: number; readonly nanoseconds: bigint };

export const nanosPerMilli = 1_000_000n;
const nanosPerSecond = 1_000_000_000n;
const nanosPerMinute = 60n * nanosPerSecond;
export const nanosPerHour = 60n * nanosPerMinute;
const int32Max = 2n ** 31n - 1n;

export function encodeDuration(duration: Duration): Uint8Array {
  return concatBytes([
    encodeVint(BigInt(duration.months)),
    encodeVint(BigInt(duration.days)),
    encodeVint(duration.nanoseconds),
  ]);
}

/** The three numbers as they are in the bytes, unchecked; null when the bytes end early. */
export function decodeDurationParts(bytes: Uint8Array): [bigint, bigint, bigint] | null {
  const months = decodeVint(bytes, 0);
  const days = months && decodeVint(bytes, months.next);
  const nanoseconds = days && decodeVint(bytes, days.next);
  return nanoseconds === null ? null : [months!.value, days!.value, nanoseconds.value];
}

/** REQUIRES: bytes that validateValue took. */
export function decodeDuration(bytes: Uint8Array): Duration {
  const parts = decodeDurationParts(bytes);
  if (parts === null) throw invalid(`Expected at least 3 bytes for a duration (${bytes.length})`);
  return { months: Number(parts[0]), days: Number(parts[1]), nanoseconds: parts[2] };
}

export function isNegativeDuration(duration: Duration): boolean {
  return duration.months < 0 || duration.days < 0 || duration.nanoseconds < 0n;
}

/** Text as Cassandra prints it, e.g. `1y2mo3d4h5m6s7ms8us9ns`; empty for the zero duration. */
export function formatDuration(duration: Duration): string {
  let text = isNegativeDuration(duration) ? '-' : '';
  const months = Math.abs(duration.months);
  const days = Math.abs(duration.days);
  if (months >= 12) text += `${Math.floor(months / 12)}y`;
  if (months % 12 !== 0) text += `${months % 12}mo`;
  if (days !== 0) text += `${days}d`;
  let rest = duration.nanoseconds < 0n ? -duration.nanoseconds : duration.nanoseconds;
  for (const [unit, size] of clockUnits) {
    if (rest >= size) text += `${rest / size}${unit}`;
    rest %= size;
  }
  return text;
}

const clockUnits: readonly (readonly [string, bigint])[] = [
  ['h', nanosPerHour],
  ['m', nanosPerMinute],
  ['s', nanosPerSecond],
  ['ms', nanosPerMilli],
  ['us', 1_000n],
  ['ns', 1n],
];

type Unit = { index: number; name: string; part: 'months' | 'days' | 'nanoseconds'; size: bigint };
const units: Readonly<Record<string, Unit>> = {
  y: { index: 1, name: 'years', part: 'months', size: 12n },
  mo: { index: 2, name: 'months', part: 'months', size: 1n },
  w: { index: 3, name: 'weeks', part: 'days', size: 7n },
  d: { index: 4, name: 'days', part: 'days', size: 1n },
  h: { index: 5, name: 'hours', part: 'nanoseconds', size: nanosPerHour },
  m: { index: 6, name: 'minutes', part: 'nanoseconds', size: nanosPerMinute },
  s: { index: 7, name: 'seconds', part: 'nanoseconds', size: nanosPerSecond },
  ms: { index: 8, name: 'milliseconds', part: 'nanoseconds', size: nanosPerMilli },
  us: { index: 9, name: 'microseconds', part: 'nanoseconds', size: 1_000n },
  ns: { index: 10, name: 'nanoseconds', part: 'nanoseconds', size: 1n },
};
const unitNames = ['', ...Object.values(units).map((unit) => unit.name)];

const standardStep = /(\d+)(y|mo|w|d|h|s|ms|us|µs|ns|m)/iy;
const isoFormat = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const isoUnits = ['y', 'mo', 'd', 'h', 'm', 's'];
const isoAlternative = /^P(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})$/;

/**
 * Reads `1h30m`, `P1Y2M3DT4H5M6S`, `P2W` and `P0001-02-03T04:05:06`, each with an optional minus before it.
 * @throws FerrosaError INVALID with Cassandra's text
 */
export function parseDuration(input: string): Duration {
  const negative = input.startsWith('-');
  const source = negative ? input.slice(1) : input;
  const builder = new DurationBuilder(source);
  if (!source.startsWith('P')) builder.standard();
  else if (source.endsWith('W')) builder.groups(/^P(\d+)W$/, ['w']);
  else builder.groups(source.includes('-') ? isoAlternative : isoFormat, isoUnits);
  return builder.build(negative);
}

class DurationBuilder {
  readonly #source: string;
  readonly #sums = { months: 0n, days: 0n, nanoseconds: 0n };
  #current = 0;

  constructor(source: string) {
    this.#source = source;
  }

  standard(): void {
    let position = 0;
    do {
      standardStep.lastIndex = position;
      const match = standardStep.exec(this.#source);
      if (match === null) throw this.#unreadable();
      this.#add(match[1]!, match[2]!.toLowerCase().replace('µ', 'u'));
      position = standardStep.lastIndex;
    } while (position < this.#source.length);
  }

  groups(pattern: RegExp, unitKeys: readonly string[]): void {
    const match = pattern.exec(this.#source);
    if (match === null) throw this.#unreadable();
    unitKeys.forEach((key, i) => {
      const digits = match[i + 1];
      if (digits !== undefined) this.#add(digits, key);
    });
  }

  build(negative: boolean): Duration {
    const sign = negative ? -1n : 1n;
    return {
      months: Number(sign * this.#sums.months),
      days: Number(sign * this.#sums.days),
      nanoseconds: sign * this.#sums.nanoseconds,
    };
  }

  #add(digits: string, key: string): void {
    const unit = units[key]!;
    const count = BigInt(digits);
    if (count > int64Max) throw this.#unreadable();
    if (unit.index === this.#current) {
      throw invalid(`Invalid duration. The ${unit.name} are specified multiple times`);
    }
    if (unit.index < this.#current) {
      throw invalid(`Invalid duration. The ${unitNames[this.#current]} should be after ${unit.name}`);
    }
    this.#current = unit.index;
    const max = unit.part === 'nanoseconds' ? int64Max : int32Max;
    if (count > (max - this.#sums[unit.part]) / unit.size) {
      throw invalid(`Invalid duration. The total number of ${unit.part} must be less or equal to ${int32Max}`);
    }
    this.#sums[unit.part] += count * unit.size;
  }

  #unreadable(): Error {
    return invalid(`Unable to convert '${this.#source}' to a duration`);
  }
}

// Dates, times and timestamps as text, in every form that Cassandra reads.
import { invalid } from '../common/errors.js';
import { civilFromDays, daysFromCivil, daysInMonth, floorDiv, floorMod, millisPerDay } from './calendar.js';
import { int64Max, int64Min, parseIntegerWithin } from './numbers.js';
import { localToInstant, localZone, parseOffset, parseZoneName, utc, type Zone } from './zones.js';

const yearMax = 999_999_999n; // java.time.Year

/** Stored dates count days from -2^31, so that 1970-01-01 is 2^31. */
export const dateEpoch = 2n ** 31n;
const datesMax = 2n ** 32n - 1n;

/** Unsigned 32-bit value of a date literal: `yyyy-mm-dd`, or the stored number itself. */
export function parseDate(text: string): number {
  if (/^-?\d+$/.test(text)) {
    const raw = parseIntegerWithin(text, 0n, datesMax);
    if (raw === null) throw invalid(`Unable to make unsigned int (for date) from: '${text}'`);
    return Number(raw);
  }
  const days = parseIsoDate(text, 'strict');
  if (days === null || isBeyondMillis(days)) throw invalid(`Unable to coerce '${text}' to a formatted date (long)`);
  if (days < -dateEpoch) {
    throw invalid(`Input date ${text} is less than min supported date -5877641-06-23T00:00Z`);
  }
  if (days >= dateEpoch) {
    throw invalid(`Input date ${text} is greater than max supported date +5881580-07-11T00:00Z`);
  }
  return Number(days + dateEpoch);
}

function isBeyondMillis(days: bigint): boolean {
  const millis = days * millisPerDay;
  return millis < int64Min || millis > int64Max;
}

/** Days from 1970 of ISO_LOCAL_DATE text; `smart` moves day 29 to 31 back to the end of a shorter month. */
function parseIsoDate(text: string, resolver: 'strict' | 'smart'): bigint | null {
  const match = /^([+-]?)(\d{4,10})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return null;
  const [, sign, digits, monthText, dayText] = match as unknown as [string, string, string, string, string];
  if (digits.length === 4 ? sign === '+' : sign === '') return null;
  const year = sign === '-' ? -BigInt(digits) : BigInt(digits);
  if (year > yearMax || year < -yearMax || (sign === '-' && year === 0n)) return null;
  return resolveDate(year, Number(monthText), Number(dayText), resolver);
}

function resolveDate(year: bigint, month: number, day: number, resolver: 'strict' | 'smart'): bigint | null {
  if (month < 1 || month > 12 || day < 1 || day > 31) return null;
  const last = daysInMonth(year, month);
  if (day > last && resolver === 'strict') return null;
  return daysFromCivil({ year, month, day: Math.min(day, last) });
}

function formatYear(year: bigint): string {
  const digits = (year < 0n ? -year : year).toString().padStart(4, '0');
  if (year < 0n) return `-${digits}`;
  return year > 9999n ? `+${digits}` : digits;
}

const two = (value: number) => value.toString().padStart(2, '0');

/** ISO date of the stored unsigned number. */
export function formatDate(stored: number): string {
  const { year, month, day } = civilFromDays(BigInt(stored) - dateEpoch);
  return `${formatYear(year)}-${two(month)}-${two(day)}`;
}

const nanosPerDay = 86_400_000_000_000n;

/** Nanoseconds since midnight of `hh:mm:ss[.fffffffff]`, or the number itself. */
export function parseTime(text: string): bigint {
  if (/^-?\d+$/.test(text)) {
    const raw = parseIntegerWithin(text, 0n, nanosPerDay - 1n);
    if (raw === null) throw invalid(`Unable to make long (for time) from: '${text}'`);
    return raw;
  }
  const match = /^([+-]?\d+):([+-]?\d+):([+-]?\d+)(?:\.(\d{1,9}))?$/.exec(text.trim());
  const [hours, minutes, seconds] = (match ?? []).slice(1, 4).map(Number);
  if (
    match === null ||
    !(hours! >= 0 && hours! < 24 && minutes! >= 0 && minutes! < 60 && seconds! >= 0 && seconds! < 60)
  ) {
    throw invalid(`(TimeType) Unable to coerce '${text}' to a formatted time (long)`);
  }
  const nanos = BigInt((match[4] ?? '').padEnd(9, '0'));
  return BigInt((hours! * 60 + minutes!) * 60 + seconds!) * 1_000_000_000n + nanos;
}

/** `hh:mm:ss.fffffffff` of nanoseconds since midnight. */
export function formatTime(nanos: bigint): string {
  const seconds = Number(nanos / 1_000_000_000n);
  const fraction = (nanos % 1_000_000_000n).toString().padStart(9, '0');
  const hours = two(Math.floor(seconds / 3600) % 24);
  return `${hours}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${fraction}`;
}

const dateTime = /^(-?)(\d{1,19})-(\d{1,19})-(\d{1,19})([T ])(\d{1,19}):(\d{1,19})(?::(\d{1,19})(\.\d{0,9})?)?(.*)$/s;
const dateOnly = /^(\d{4}|\+\d{5,10})-(\d\d)-(\d\d)(.*)$/s;

/**
 * Milliseconds since 1970 of a timestamp literal: a number of them, `now`, a date and time with or without seconds,
 * fraction and zone, or a date with or without a zone. Without a zone the process's own counts.
 * @param nowMs  the clock, for the word `now`
 * @param local  the zone of text without one
 * @throws FerrosaError INVALID with Cassandra's text
 */
export function parseTimestamp(text: string, nowMs: () => number, local: Zone = localZone): bigint {
  if (text.toLowerCase() === 'now') return BigInt(nowMs());
  if (/^-?\d+$/.test(text)) {
    const raw = parseIntegerWithin(text, int64Min, int64Max);
    if (raw === null) throw invalid(`Unable to make long (for date) from: '${text}'`);
    return raw;
  }
  const millis = parseDateTime(text, local) ?? parseDateWithZone(text, local);
  if (millis === null || millis < int64Min || millis > int64Max) {
    throw invalid(`Unable to parse a date/time from '${text}'`);
  }
  return millis;
}

function parseDateTime(text: string, local: Zone): bigint | null {
  const match = dateTime.exec(text);
  if (match === null || match[1] === '-') return null; // a year of the era is positive
  const [year, month, day] = [BigInt(match[2]!), Number(match[3]), Number(match[4])];
  if (year < 1n || year > yearMax) return null;
  const days = resolveDate(year, month, day, 'smart');
  const time = resolveTime(Number(match[6]), Number(match[7]), Number(match[8] ?? 0), match[9] ?? '');
  const zone = parseZone(match[10]!, local);
  if (days === null || time === null || zone === null) return null;
  return localToInstant(days * millisPerDay + BigInt(time), zone);
}

/** Milliseconds in the day; 24:00:00 is the next midnight. Digits beyond milliseconds are cut off. */
function resolveTime(hours: number, minutes: number, seconds: number, fraction: string): number | null {
  const millis = Number(fraction.slice(1, 4).padEnd(3, '0'));
  const isEndOfDay = hours === 24 && minutes === 0 && seconds === 0 && millis === 0;
  if ((hours > 23 && !isEndOfDay) || minutes > 59 || seconds > 59) return null;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis;
}

/** What follows the time: nothing, an offset with or without a space, or a space and a zone name. */
function parseZone(text: string, local: Zone): Zone | null {
  if (text === '') return local;
  if (text === 'Z' || text === ' Z') return utc;
  const offset = parseOffset(text, 'compact') ?? parseOffset(text, 'colon');
  if (offset !== null || !text.startsWith(' ')) return offset;
  const name = text.slice(1);
  return parseOffset(name, 'compact') ?? parseZoneName(name);
}

function parseDateWithZone(text: string, local: Zone): bigint | null {
  const match = dateOnly.exec(text);
  if (match !== null && match[4] !== '') {
    const zone = parseZone(match[4]!, local);
    const year = BigInt(match[1]!.replace('+', ''));
    const days = year < 1n ? null : resolveDate(year, Number(match[2]), Number(match[3]), 'smart');
    if (zone !== null && days !== null) return localToInstant(days * millisPerDay, zone);
  }
  const withOffset = /^(.*?)(Z|[+-]\d\d:\d\d(?::\d\d)?)?$/s.exec(text)!;
  const days = parseIsoDate(withOffset[1]!, 'smart');
  if (days === null) return null;
  const offset = withOffset[2];
  const zone = offset === undefined ? local : offset === 'Z' ? utc : parseOffset(offset, 'colonSeconds');
  return zone === null ? null : localToInstant(days * millisPerDay, zone);
}

/** `yyyy-MM-dd<separator>HH:mm:ss.SSSZ` in UTC; years before 1 are printed as years of their era, as Cassandra does. */
export function formatTimestamp(millis: bigint, separator: 'T' | ' '): string {
  const days = floorDiv(millis, millisPerDay);
  const { year, month, day } = civilFromDays(days);
  const ofDay = Number(floorMod(millis, millisPerDay));
  const yearOfEra = year < 1n ? 1n - year : year;
  const clock = `${two(Math.floor(ofDay / 3_600_000))}:${two(Math.floor(ofDay / 60_000) % 60)}`;
  const seconds = `${two(Math.floor(ofDay / 1000) % 60)}.${(ofDay % 1000).toString().padStart(3, '0')}`;
  return `${formatYear(yearOfEra)}-${two(month)}-${two(day)}${separator}${clock}:${seconds}Z`;
}

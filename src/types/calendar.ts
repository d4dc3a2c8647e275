// Days and dates of the proleptic ISO calendar, over the whole range of a 64-bit millisecond clock.

export const millisPerDay = 86_400_000n;

export type CivilDate = { readonly year: bigint; readonly month: number; readonly day: number };

export function floorDiv(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

export function floorMod(a: bigint, b: bigint): bigint {
  return a - floorDiv(a, b) * b;
}

export function isLeapYear(year: bigint): boolean {
  return year % 4n === 0n && (year % 100n !== 0n || year % 400n === 0n);
}

export function daysInMonth(year: bigint, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01. Years are counted from March, so that the leap day is the last of its year. */
export function daysFromCivil(date: CivilDate): bigint {
  const year = date.month <= 2 ? date.year - 1n : date.year;
  const era = floorDiv(year, 400n);
  const yearOfEra = year - era * 400n;
  const monthFromMarch = BigInt((date.month + 9) % 12);
  const dayOfYear = (153n * monthFromMarch + 2n) / 5n + BigInt(date.day) - 1n;
  const dayOfEra = yearOfEra * 365n + yearOfEra / 4n - yearOfEra / 100n + dayOfYear;
  return era * 146_097n + dayOfEra - 719_468n;
}

export function civilFromDays(days: bigint): CivilDate {
  const shifted = days + 719_468n;
  const era = floorDiv(shifted, 146_097n);
  const dayOfEra = shifted - era * 146_097n;
  const yearOfEra = (dayOfEra - dayOfEra / 1_460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n;
  const dayOfYear = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const monthFromMarch = (5n * dayOfYear + 2n) / 153n;
  const day = Number(dayOfYear - (153n * monthFromMarch + 2n) / 5n) + 1;
  const month = Number(monthFromMarch < 10n ? monthFromMarch + 3n : monthFromMarch - 9n);
  const year = yearOfEra + era * 400n + (month <= 2 ? 1n : 0n);
  return { year, month, day };
}

/** The same day some months later, or the last day of that month when it has fewer. */
export function addMonths(date: CivilDate, months: number): CivilDate {
  const total = date.year * 12n + BigInt(date.month - 1 + months);
  const year = floorDiv(total, 12n);
  const month = Number(floorMod(total, 12n)) + 1;
  return { year, month, day: Math.min(date.day, daysInMonth(year, month)) };
}

/** Adds calendar months to milliseconds since 1970, UTC. */
export function addMonthsToMillis(millis: bigint, months: number): bigint {
  const days = floorDiv(millis, millisPerDay);
  const moved = daysFromCivil(addMonths(civilFromDays(days), months));
  return moved * millisPerDay + (millis - days * millisPerDay);
}

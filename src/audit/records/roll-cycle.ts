// How often a log begins a new file: the names of Cassandra's settings.
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Milliseconds by name. FAST_, LARGE_, XLARGE_ and HUGE_ are sizes of an index that these files do not have. */
const cycles: Readonly<Record<string, number>> = {
  MINUTELY: minuteMs,
  FIVE_MINUTELY: 5 * minuteMs,
  TEN_MINUTELY: 10 * minuteMs,
  TWENTY_MINUTELY: 20 * minuteMs,
  HALF_HOURLY: 30 * minuteMs,
  HOURLY: hourMs,
  FAST_HOURLY: hourMs,
  LARGE_HOURLY: hourMs,
  TWO_HOURLY: 2 * hourMs,
  FOUR_HOURLY: 4 * hourMs,
  SIX_HOURLY: 6 * hourMs,
  DAILY: 24 * hourMs,
  FAST_DAILY: 24 * hourMs,
  LARGE_DAILY: 24 * hourMs,
  XLARGE_DAILY: 24 * hourMs,
  HUGE_DAILY: 24 * hourMs,
};

export const rollCycleNames: readonly string[] = Object.keys(cycles);

/** Milliseconds of a cycle, null for a name that is none. */
export const rollCycleMs = (name: string): number | null => cycles[name] ?? null;

/** The beginning of a cycle as file names have it: `20260102T1500Z`. */
export const cycleStamp = (startMs: number): string =>
  `${new Date(startMs).toISOString().slice(0, 16).replaceAll(/[-:]/g, '')}Z`;

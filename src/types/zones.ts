// Time zones in timestamp literals: offsets, region names, and the short names that Java knows.
import { millisPerDay } from './calendar.js';

/** A zone as text names it: a fixed offset, or a region whose offset depends on the date. */
export type Zone = { readonly offsetSeconds: number } | { readonly region: string };

/** The zone of this process, which timestamps without one are in. */
export const localZone: Zone = { region: Intl.DateTimeFormat().resolvedOptions().timeZone };
export const utc: Zone = { offsetSeconds: 0 };

/** A region and the short names that Java takes for it, odd as some are. Summer names stand for the region too. */
const regionsWithShortNames = [
  'America/New_York EST EDT ET',
  'America/Chicago CST CDT CT',
  'America/Denver MST MDT',
  'America/Los_Angeles PST PDT PT',
  'Europe/Moscow MSK MSD MT',
  'America/Anchorage AKST AKDT AKT',
  'Pacific/Honolulu HST HDT',
  'America/Halifax AST ADT AT',
  'America/St_Johns NST NDT NT',
  'Pacific/Pago_Pago SST ST',
  'Pacific/Guam ChST',
  'Atlantic/South_Georgia GST',
  'Asia/Jakarta WIB',
  'Asia/Makassar WITA',
  'Asia/Jayapura WIT',
  'Asia/Hong_Kong HKT',
  'Asia/Singapore SGT',
  'Asia/Kuala_Lumpur MYT',
  'Asia/Kathmandu NPT',
  'Asia/Karachi PKT',
  'Asia/Tashkent UZT',
  'Europe/Istanbul TRT',
  'Africa/Nairobi EAT',
  'Africa/Maputo CAT',
  'Africa/Lagos WAT',
  'Africa/Johannesburg SAST',
  'America/Cayenne GFT',
  'America/Sao_Paulo BRT BRST',
  'America/Argentina/Buenos_Aires ART',
  'America/Punta_Arenas CLT CLST',
  'America/Lima PET',
  'America/Bogota COT',
  'America/Caracas VET',
  'America/La_Paz BOT',
  'America/Asuncion PYT',
  'America/Montevideo UYT',
  'America/Guayaquil ECT',
  'America/Guyana GYT',
  'Europe/Dublin IST',
  'Asia/Colombo IDT',
  'Asia/Tokyo JST',
  'Asia/Seoul KST',
  'Europe/Samara SAMT',
  'Asia/Yekaterinburg YEKT',
  'Asia/Omsk OMST',
  'Asia/Krasnoyarsk KRAT',
  'Asia/Novosibirsk NOVT',
  'Asia/Irkutsk IRKT',
  'Asia/Yakutsk YAKT',
  'Asia/Vladivostok VLAT',
  'Asia/Magadan MAGT',
  'Asia/Kamchatka PETT',
  'Australia/Sydney AEST AEDT',
  'America/Eirunepe ACST',
  'Australia/Adelaide ACDT',
  'Australia/Perth AWST',
  'Pacific/Auckland NZST NZDT',
  'Pacific/Bougainville BST',
  'WET WET WEST',
  'Europe/Paris CET CEST',
  'MET MET MEST',
  'EET EET EEST',
];
const shortNames = new Map(
  regionsWithShortNames.flatMap((line) => {
    const [region, ...names] = line.split(' ');
    return names.map((name) => [name, region!] as const);
  }),
);

/** Regions without a slash in their name. */
const plainRegions = new Set(
  (
    'CET CST6CDT Cuba EET EST5EDT Egypt Eire GB GB-Eire GMT0 Greenwich Hongkong Iceland Iran Israel Jamaica Japan ' +
    'Kwajalein Libya MET MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROK Singapore Turkey UCT Universal ' +
    'W-SU WET Zulu'
  ).split(' '),
);

/** Long names of pattern `zzzz`. */
const longNames: Readonly<Record<string, string>> = {
  'Coordinated Universal Time': 'UTC',
  'Greenwich Mean Time': 'GMT',
  'Central European Time': 'Europe/Paris',
  'Central European Standard Time': 'Europe/Paris',
  'Central European Summer Time': 'Europe/Paris',
  'Eastern European Time': 'EET',
  'Western European Time': 'WET',
  'Eastern Standard Time': 'America/New_York',
  'Eastern Daylight Time': 'America/New_York',
  'Central Standard Time': 'America/Chicago',
  'Central Daylight Time': 'America/Chicago',
  'Mountain Standard Time': 'America/Denver',
  'Mountain Daylight Time': 'America/Denver',
  'Pacific Standard Time': 'America/Los_Angeles',
  'Pacific Daylight Time': 'America/Los_Angeles',
  'Japan Standard Time': 'Asia/Tokyo',
  'India Standard Time': 'Asia/Kolkata',
};

/** `+hh`, `+hhmm`, `+hh:mm` and, where `seconds` allows it, `+hh:mm:ss`; at most 18 hours; null for anything else. */
export function parseOffset(text: string, style: 'compact' | 'colon' | 'colonSeconds'): Zone | null {
  const pattern = {
    compact: /^([+-])(\d\d)(?:(\d\d))?$/,
    colon: /^([+-])(\d\d):(\d\d)$/,
    colonSeconds: /^([+-])(\d\d):(\d\d)(?::(\d\d))?$/,
  }[style];
  const match = pattern.exec(text);
  if (match === null) return null;
  const [hours, minutes, seconds] = [Number(match[2]), Number(match[3] ?? 0), Number(match[4] ?? 0)];
  if (minutes > 59 || seconds > 59) return null;
  const total = hours * 3600 + minutes * 60 + seconds;
  if (total > 18 * 3600) return null;
  return { offsetSeconds: match[1] === '-' ? -total : total };
}

/** The zone of patterns `z` and `zzzz`: an offset, UTC or GMT with an offset, a region, or a name of one. */
export function parseZoneName(name: string): Zone | null {
  const prefixed = /^(?:UTC|GMT|UT)?([+-].+)$/.exec(name);
  if (prefixed !== null) return parseOffset(prefixed[1]!, 'colonSeconds');
  if (name === 'UTC' || name === 'GMT' || name === 'UT' || name === 'Z') return utc;
  const region = shortNames.get(name) ?? longNames[name] ?? name;
  return isRegion(region) ? { region } : null;
}

const regions = new Map<string, Intl.DateTimeFormat | null>();
const regionsMax = 600; // what the time zone database has; other names are not remembered

function formatOf(region: string): Intl.DateTimeFormat | null {
  const known = regions.get(region);
  if (known !== undefined) return known;
  const isNamed = /^[A-Z][A-Za-z_]*\/[A-Za-z0-9_+\-/]+$/.test(region) || plainRegions.has(region);
  if (!isNamed && region !== 'UTC' && region !== 'GMT') return null;
  try {
    const format = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
      timeZone: region,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    if (regions.size < regionsMax) regions.set(region, format);
    return format;
  } catch {
    return null;
  }
}

function isRegion(region: string): boolean {
  return formatOf(region) !== null;
}

const dateMillisMax = 8.64e15; // the range of a JavaScript Date
/** Before it clocks showed the sun's time of their place, always the same; and Intl counts old dates in Julian days. */
const firstOffsetMillis = Date.UTC(1800, 0, 1);

/** Seconds that a region's clocks are ahead of UTC at an instant. */
function regionOffset(region: string, instantMillis: bigint): number {
  const millis = Math.max(firstOffsetMillis, Math.min(dateMillisMax - 1e9, Number(instantMillis)));
  const parts = Object.fromEntries(
    formatOf(region)!
      .formatToParts(millis)
      .map((part) => [part.type, part.value]),
  );
  const local = new Date(0);
  local.setUTCFullYear(Number(parts['year']), Number(parts['month']) - 1, Number(parts['day']));
  local.setUTCHours(Number(parts['hour']), Number(parts['minute']), Number(parts['second']));
  return Math.round((local.getTime() - Math.floor(millis / 1000) * 1000) / 1000);
}

/**
 * The instant of a wall-clock time in a zone, both as milliseconds. Of two instants the earlier one; a time that the
 * clocks skipped is moved on by what they skipped (as Java's ZonedDateTime).
 */
export function localToInstant(localMillis: bigint, zone: Zone): bigint {
  if ('offsetSeconds' in zone) return localMillis - BigInt(zone.offsetSeconds) * 1000n;
  const before = regionOffset(zone.region, localMillis - millisPerDay);
  const after = regionOffset(zone.region, localMillis + millisPerDay);
  const instantBefore = localMillis - BigInt(before) * 1000n;
  if (before === after || regionOffset(zone.region, instantBefore) === before) return instantBefore;
  const instantAfter = localMillis - BigInt(after) * 1000n;
  return regionOffset(zone.region, instantAfter) === after ? instantAfter : instantBefore;
}

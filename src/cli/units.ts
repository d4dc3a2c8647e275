// Values with units as cassandra.yaml 5.0 writes them: "10s", "32MiB", "64MiB/s". A number without a unit is refused, because
// nobody remembers which unit a key has.

import { inLargest, sizes, sizeText } from '../common/units.js';

const durations: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 };

function parse(text: string, units: Readonly<Record<string, number>>, what: string, example: string): number {
  const match = /^\s*(\d+)\s*([^\d\s]*)\s*$/.exec(text);
  if (match === null) throw new Error(`"${text}" is not a ${what}: write it like "${example}"`);
  const unit = units[match[2]!];
  if (unit === undefined) {
    const known = Object.keys(units).filter((name) => name !== 'µs');
    const problem = match[2] === '' ? 'has no unit' : `has the unknown unit "${match[2]}"`;
    throw new Error(`"${text}" ${problem}: write it like "${example}" (units: ${known.join(', ')})`);
  }
  const value = Number(match[1]) * unit;
  if (!Number.isSafeInteger(Math.ceil(value))) throw new Error(`"${text}" is too large`);
  return value;
}

/** Milliseconds of "10s", "500ms", "2h". @throws Error that says what to write */
export const parseDurationMs = (text: string): number => parse(text, durations, 'duration', '10s');

/** Bytes of "32MiB". @throws Error that says what to write */
export const parseBytes = (text: string): number => parse(text, sizes, 'size', '32MiB');

/** Bytes a second of "64MiB/s". @throws Error that says what to write */
export function parseBytesPerSecond(text: string): number {
  const match = /^(.*)\/s\s*$/.exec(text);
  if (match === null) throw new Error(`"${text}" is not a rate: write it like "64MiB/s"`);
  return parse(match[1]!, sizes, 'rate', '64MiB/s');
}

/** As `parseDurationMs` takes it. */
export const durationText = (ms: number): string => inLargest(ms, ['ms', 's', 'm', 'h', 'd'], durations);
/** As `parseBytesPerSecond` takes it. */
export const rateText = (bytes: number): string => `${sizeText(bytes)}/s`;

export type HostAndPort = { readonly host: string; readonly port: number };

/** Of a server that listens on every address of its machine. */
export const isEveryAddress = (host: string): boolean => host === '0.0.0.0' || host === '::';

/** As `parseBind` takes it. */
export const bindText = ({ host, port }: HostAndPort): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** "127.0.0.1:9042", "[::1]:9042" or "localhost:0". @throws Error that says what to write */
export function parseBind(text: string): HostAndPort {
  const match = /^\s*(?:\[([^\]]+)\]|([^:\s]+)):(\d+)\s*$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new Error(`"${text}" is not an address: write it like "127.0.0.1:9042"`);
  return { host: (match[1] ?? match[2])!, port };
}

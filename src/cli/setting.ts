// What a setting is, and the kinds of them.

import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { sizeText } from '../common/units.js';
import { durationText, isEveryAddress, parseBytes, parseDurationMs } from './units.js';

export type Setting<T> = {
  readonly fallback: () => T;
  /** @throws Error whose message says what is wrong with the text and what to write. */
  readonly parse: (text: string) => T;
  /** A value as `parse` takes it. */
  show(value: T): string;
  /** How the help shows the value that is expected. */
  readonly shape: string;
  readonly help: string;
};

export function setting<T>(
  shape: string,
  parse: (text: string) => T,
  fallback: T | (() => T),
  help: string,
  show: (value: T) => string = String,
): Setting<T> {
  const given = typeof fallback === 'function' ? (fallback as () => T) : () => fallback;
  return { shape, parse, show, help, fallback: given };
}

/** Without a text as its default it may be empty. */
export const text = (fallback: string, help: string) =>
  setting<string>(
    'TEXT',
    (value) => {
      if (value.trim() === '' && fallback !== '') throw new Error('must not be empty');
      return value.trim();
    },
    fallback,
    help,
  );

/** An address that others reach this machine at, or none. */
export const ownAddress = (help: string) =>
  setting<string>(
    'ADDRESS',
    (value) => {
      if (value === '') return value;
      if (isIP(value) === 0 || isEveryAddress(value))
        throw new Error(`"${value}" is no address of one machine, such as 192.0.2.1`);
      return value;
    },
    '',
    help,
  );

export const folder = (fallback: () => string, help: string) => setting<string>('PATH', folderPath, fallback, help);

function folderPath(value: string): string {
  if (value === '') throw new Error('"" is not a folder');
  return resolve(value.replace(/^~(?=\/|$)/, homedir()));
}

export function boolean(fallback: boolean, help: string): Setting<boolean> {
  const parse = (value: string) => {
    if (/^(true|on|yes|1)$/i.test(value)) return true;
    if (/^(false|off|no|0)$/i.test(value)) return false;
    throw new Error(`"${value}" is neither true nor false`);
  };
  return setting('true|false', parse, fallback, help);
}

export function integer(fallback: number | (() => number), min: number, max: number, help: string): Setting<number> {
  const parse = (value: string) => {
    const number = Number(value);
    if (!/^\s*-?\d+\s*$/.test(value) || number < min || number > max)
      throw new Error(`"${value}" is not a whole number from ${min} to ${max}`);
    return number;
  };
  return setting('N', parse, fallback, help);
}

export function oneOf<const T extends string>(choices: readonly T[], fallback: T, help: string): Setting<T> {
  const parse = (value: string) => {
    const found = choices.find((choice) => choice.toLowerCase() === value.toLowerCase());
    if (found === undefined) throw new Error(`"${value}" is not one of ${choices.join(', ')}`);
    return found;
  };
  return setting(choices.join('|'), parse, fallback, help);
}

export function listOf<const T extends string>(choices: readonly T[], fallback: readonly T[], help: string) {
  const parse = (value: string): readonly T[] => {
    const found = value.split(/[\s,]+/).filter((word) => word !== '');
    const known = found.map((word) => choices.find((choice) => choice.toLowerCase() === word.toLowerCase()));
    const bad = found.find((_, i) => known[i] === undefined);
    if (bad !== undefined || found.length === 0)
      throw new Error(`"${bad ?? value}" is not one of ${choices.join(', ')}`);
    return known as T[];
  };
  return setting<readonly T[]>(choices.join(','), parse, () => fallback, help);
}

export const within =
  (parse: (text: string) => number, min: number, max: number, range: string) =>
  (value: string): number => {
    const number = parse(value);
    if (number < min || number > max) throw new Error(`"${value}" is out of range: ${range}`);
    return number;
  };
export const duration = (fallbackMs: number, help: string) =>
  setting('DURATION', within(parseDurationMs, 0, 2 ** 31 - 1, '0ms to 24d'), fallbackMs, help, durationText);
export const size = (fallback: number | (() => number), min: number, max: number, range: string, help: string) =>
  setting('SIZE', within(parseBytes, min, max, range), fallback, help, sizeText);

// Differences that are meant: each is a row of docs/differences.md, named here by the words it begins with.
import type { Outcome } from '../diff/outcome.js';

type Known = {
  /** The beginning of the first cell of the row in docs/differences.md. */
  readonly reason: string;
  matches(cql: string, what: string, ours: Outcome, theirs: Outcome): boolean;
};

/** Codes with which Cassandra says that it failed itself: server error, read failure, write failure, timeouts. */
const ownFailures = new Set([0x0000, 0x1100, 0x1200, 0x1300, 0x1500]);

function failedItself(outcome: Outcome): boolean {
  if (!('code' in outcome)) return false;
  return ownFailures.has(outcome.code) || outcome.message === 'Invalid value for the paging state';
}

const withoutSign = (row: string): string =>
  row.replace(/\bfff8000000000000\b/g, '7ff8000000000000').replace(/\bffc00000\b/g, '7fc00000');
const timeUuid = (column: string): string => column.replace(/org.apache.cassandra.db.marshal.LegacyTimeUUIDType/g, 'f');
const jsonName = (column: string): string => timeUuid(column).replace(/to_?json/g, 'to_json');

function same(part: 'rows' | 'columns', ours: Outcome, theirs: Outcome, plain: (text: string) => string): boolean {
  if ('code' in ours || 'code' in theirs) return false;
  const texts = (outcome: Exclude<Outcome, { code: number }>): string =>
    outcome[part]
      .filter((text) => text !== '--')
      .map(plain)
      .join('\n');
  return texts(ours) === texts(theirs);
}

const message = (outcome: Outcome): string => ('code' in outcome ? outcome.message : '');

export const knownDifferences: readonly Known[] = [
  {
    reason: 'A statement at which Cassandra itself fails',
    matches: (_cql, _what, ours, theirs) => failedItself(theirs) && !('code' in ours && ours.code <= 0),
  },
  {
    reason: '`-NaN` and what is computed from it',
    matches: (_cql, what, ours, theirs) => what === 'rows' && same('rows', ours, theirs, withoutSign),
  },
  {
    reason: '`min` and `max` of a `timeuuid`',
    matches: (_cql, what, ours, theirs) => what === 'columns' && same('columns', ours, theirs, timeUuid),
  },
  {
    reason: 'The name of a column of `to_json(x)` and `tojson(x)`',
    matches: (_cql, what, ours, theirs) => what === 'columns' && same('columns', ours, theirs, jsonName),
  },
  {
    reason: 'Arithmetic on constants, and a cast to its own type, where a clustering column is in descending order',
    matches: (_cql, _what, _ours, theirs) =>
      /^(Ambiguous '.' operation with args|Invalid call to function system.cast_as_)/.test(message(theirs)),
  },
];

/** The reason of a difference that is meant, or null. */
export function knownDifference(cql: string, what: string, ours: Outcome, theirs: Outcome): string | null {
  return knownDifferences.find((known) => known.matches(cql, what, ours, theirs))?.reason ?? null;
}

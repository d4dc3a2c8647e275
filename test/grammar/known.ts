// Differences that are meant: each is the row of that number in docs/differences.md.
import type { Outcome } from '../diff/outcome.js';
import { plainCell, shortest, shortestInteger, typeOfColumn } from './plain-cell.js';

type Known = {
  readonly reason: number;
  /** What the row begins with. */
  readonly what: string;
  /** null where no generated statement can meet it. */
  readonly matches: ((what: string, ours: Outcome, theirs: Outcome, of: Circumstances) => boolean) | null;
};

/** What a difference may hang on beside the statement. */
export type TableKind = {
  /** It has a clustering column in descending order. */
  readonly hasReversed: boolean;
  /** It has varints or decimals, of which equal ones may be other bytes: as clustering columns, in sets, as keys of maps. */
  readonly hasEqualNumbers: boolean;
  /** A row was inserted with a time to live. */
  readonly hasTtl: boolean;
  /** Names of its static columns, of now or before. */
  readonly statics: ReadonlySet<string>;
};

/** What a difference may hang on: the statement's table, and the statement. */
type Circumstances = TableKind & { readonly cql: string };

/** Codes with which Cassandra says that it failed itself: server error, read failure, write failure, timeouts. */
const ownFailures = new Set([0x0000, 0x1100, 0x1200, 0x1300, 0x1500]);

function failedItself(outcome: Outcome): boolean {
  if (!('code' in outcome)) return false;
  return ownFailures.has(outcome.code) || outcome.message === 'Invalid value for the paging state';
}

const withoutSign = (row: string): string =>
  row.replace(/fff8000000000000/g, '7ff8000000000000').replace(/ffc00000/g, '7fc00000');
const timeUuid = (column: string): string => column.replace(/org.apache.cassandra.db.marshal.LegacyTimeUUIDType/g, 'f');
const jsonName = (column: string): string => timeUuid(column).replace(/to_?json/g, 'to_json');
/** The same names as keys of SELECT JSON, in hexadecimal. */
const jsonNameInRow = (row: string): string => row.replaceAll('746f6a736f6e', '746f5f6a736f6e');
const ownCastInRow = (row: string): string =>
  row
    .split(' ')
    .map((cell) => (cell === 'null' ? cell : ownCast(Buffer.from(cell, 'hex').toString('latin1'))))
    .join('\0');
const ownCast = (column: string): string => column.replace(/cast\((\w+|[^()]+) as \w+\)/g, '$1');

/** A tuple of one null as a null, in a cell and in one of JSON. */
const tupleOfNullAsNull = (row: string): string =>
  row.replace(/\bffffffff\b/g, 'null').replaceAll('5b6e756c6c5d', '6e756c6c');

function same(part: 'rows' | 'columns', ours: Outcome, theirs: Outcome, plain: (text: string) => string): boolean {
  if ('code' in ours || 'code' in theirs) return false;
  const texts = (outcome: Exclude<Outcome, { code: number }>): string =>
    outcome[part]
      .filter((text) => text !== '--')
      .map(plain)
      .join('\n');
  return texts(ours) === texts(theirs);
}

/** The same rows but for what `plain` leaves out of the cells of some columns, each of which is `name type`. */
function sameCells(
  ours: Outcome,
  theirs: Outcome,
  isMeant: (column: string) => boolean,
  plain: (cell: string) => string,
): boolean {
  if ('code' in ours || 'code' in theirs) return false;
  const meant = ours.columns.map(isMeant);
  const plainRow = (row: string): string =>
    row
      .split(' ')
      .map((cell, i) => (meant[i] ? plain(cell) : cell))
      .join(' ');
  return same('rows', ours, theirs, plainRow);
}

/** The same rows but for what reason 4 leaves open: names within JSON, the order within sets, the form of equal numbers, what mask_hash gives. */
function sameValues(ours: Outcome, theirs: Outcome, cql: string): boolean {
  if ('code' in ours || 'code' in theirs) return false;
  const columns = ours.columns.map((column) => ({ type: typeOfColumn(column), isKey: /^c\d+ /.test(column) }));
  const isHashed = /mask_hash/i.test(cql);
  const hasKeysAsJson = /map_?keys/i.test(cql);
  const plain = (cell: string, i: number): string => {
    const { type = null, isKey = false } = columns[i] ?? {};
    if (cell === 'null' || type === null) return cell;
    if (isHashed && cell.length === 64) return '';
    const value = plainCell(type, cell, isKey);
    const text = isHashed ? value.replace(hashInText, '') : value;
    return hasKeysAsJson && / d$/.test(ours.columns[i]!) ? inOneOrder(text) : text;
  };
  return same('rows', ours, theirs, (row) => withoutSign(jsonNameInRow(row)).split(' ').map(plain).join(' '));
}

/** `0x` and 64 digits, as a cell of text shows them. */
const hashInText = /3078(3[0-9]|6[1-6]){64}/g;

/** What a cell of text has between brackets and commas, in one order. */
const inOneOrder = (cell: string): string =>
  Buffer.from(cell, 'hex')
    .toString('latin1')
    .split(/[[\],{} ]+/)
    .sort()
    .join();

/** The same rows but for how many zeros stand behind what log10 gave, as a decimal or as JSON. */
const sameLogarithms = (ours: Outcome, theirs: Outcome): boolean =>
  sameCells(ours, theirs, (column) => / 6$/.test(column), shortest) || sameNumbersInJson(ours, theirs);

/** The same rows but for zeros at the end of numbers in JSON. */
const sameNumbersInJson = (ours: Outcome, theirs: Outcome): boolean =>
  sameCells(
    ours,
    theirs,
    (column) => / d$/.test(column),
    (cell) =>
      Buffer.from(jsonNameInRow(cell), 'hex')
        .toString('latin1')
        .replace(/-?\d+(\.\d*0|\.?\d*E[+-]?\d+)/g, (number) => String(Number(number))),
  );

/** Columns that are a clustering column of a type as a blob, under its name or AS another one. */
function keysAsBlobs(type: string, cql: string): (column: string) => boolean {
  const call = `${type}_?as_?blob\\(c\\d+\\)`;
  const isCall = new RegExp(`${call} `, 'i');
  const aliases = new Set(Array.from(cql.matchAll(new RegExp(`${call} AS (\\w+)`, 'gi')), ([, name]) => name));
  return (column) => isCall.test(column) || aliases.has(column.split(' ')[0]);
}

/** The same rows but for the bytes of a number that is a clustering column, as a blob. */
const sameKeysAsBlobs = (ours: Outcome, theirs: Outcome, cql: string): boolean =>
  sameCells(ours, theirs, keysAsBlobs('decimal', cql), shortest) ||
  sameCells(ours, theirs, keysAsBlobs('varint', cql), shortestInteger);

/** The same rows but for what is computed of a set's decimals, of which equal ones have other digits to be rounded to. */
const sameFoldedSets = (ours: Outcome, theirs: Outcome): boolean =>
  sameCells(
    ours,
    theirs,
    (column) => /collection_(avg|sum|min|max)\(\w+\) 6$/.test(column),
    () => '',
  );

/** The same rows but for elements beside a slice that begins with them, and for its own, of which Cassandra gives no value. */
function sameButBesideSlice(ours: Outcome, theirs: Outcome, cql: string): boolean {
  if ('code' in ours || 'code' in theirs) return false;
  // By its name, or in the statement when it has another one there.
  const isSelected = (element: string): boolean =>
    cql.replace(/\s/g, '').includes(element) || ours.columns.some((column) => column.startsWith(element));
  const starts = ours.columns.flatMap((column, i) => {
    const start = /^(\w+\[.+?)\.\./.exec(column)?.[1];
    if (start === undefined) return [];
    return isSelected(`${start}]`) || ours.rows.every((row) => row.split(' ')[i] === 'null') ? [start] : [];
  });
  const isBeside = (column: string): boolean =>
    starts.some((start) => column.startsWith(`${start}]`) || column.startsWith(`${start}..`));
  return sameCells(ours, theirs, isBeside, () => '');
}

const isAggregate = /\b(count|min|max|sum|avg)\(| GROUP BY /i;

/** In a cell, or in one of JSON. */
const hasNull = (row: string): boolean => row.split(' ').includes('null') || row.includes('6e756c6c');

/** The same rows, but for some that one side has beyond the other, each of which is meant. */
function sameRowsBut(
  ours: Outcome,
  theirs: Outcome,
  extraOf: 'ours' | 'theirs',
  isExtra: (row: string) => boolean,
): boolean {
  if ('code' in ours || 'code' in theirs) return false;
  const [more, fewer] = extraOf === 'ours' ? [ours.rows, theirs.rows] : [theirs.rows, ours.rows];
  let at = 0;
  for (const row of more) {
    if (row === fewer[at]) at++;
    else if (!isExtra(row)) return false;
  }
  return at === fewer.length;
}

const sameRowsInAnyOrder = (ours: Outcome, theirs: Outcome): boolean =>
  'rows' in ours && 'rows' in theirs && ours.rows.toSorted().join('\n') === theirs.rows.toSorted().join('\n');

const message = (outcome: Outcome): string => ('code' in outcome ? outcome.message : '');

/** What Cassandra says of terms beside a clustering column in descending order, whose type it does not take for itself. */
const reversedType = new RegExp(
  "^(Ambiguous '.' operation with args|Invalid call to function system.cast_as_|Cannot use CONTAINS|" +
    'Function system\\.\\w+ requires an? .* argument, but found argument|Type error: .* cannot be passed as argument|' +
    'Invalid tuple literal: too many elements)',
);

const severalRelations = new RegExp(
  'cannot be restricted by (more than one relation|both an equality and an inequality relation|two inequalities not)|' +
    'More than one restriction was found|Collection column .* can only be restricted by CONTAINS',
);
/** Both tell of a wrong value in INSERT JSON, each of that in another column. */
function isOtherJsonColumn(ours: Outcome, theirs: Outcome): boolean {
  const [one, other] = [ours, theirs].map(
    (outcome) => /^Error decoding JSON value for (.*?): /.exec(message(outcome))?.[1],
  );
  return one !== undefined && other !== undefined && one !== other;
}

/** A time beyond 2^31 months of the epoch, as a cell of eight bytes or in one of JSON: Cassandra's count of months overflows. */
const isFarTime = (cell: string): boolean =>
  /^(4[d-f]|[5-7]|[89a]|b[0-2])[0-9a-f]{14,15}$/.test(cell) || /2[bd](3\d){9}2d/.test(cell);
const floorsToMonths = /floor\([^()]*, *\d+(mo|y)/i;
const isFarMonth = (ours: Outcome, cql: string): boolean =>
  floorsToMonths.test(cql) && 'rows' in ours && ours.rows.some((row) => row.split(' ').some(isFarTime));

/** The columns whose elements a statement asks for. */
const containsOf = (cql: string): string[] => [...cql.matchAll(/(\w+)"? CONTAINS /g)].map(([, name]) => name!);

const beforeEpoch = /^A partition cannot be deleted as of a negative timestamp/;

const ofCompaction = /^\w+ is not there yet: .* keeps the option and is compacted as with SizeTieredCompactionStrategy/;
const otherWarnings = (outcome: Outcome): string =>
  'warnings' in outcome ? outcome.warnings.filter((text) => !ofCompaction.test(text)).join() : '';

export const knownDifferences: readonly Known[] = [
  {
    reason: 1,
    what: 'A statement at which Cassandra itself fails',
    matches: (what, ours, theirs, { cql }) =>
      (failedItself(theirs) && !('code' in ours && ours.code <= 0)) ||
      beforeEpoch.test(message(ours)) ||
      (what === 'rows' && (isFarMonth(ours, cql) || sameButBesideSlice(ours, theirs, cql))),
  },
  {
    reason: 2,
    what: 'A clustering column in descending order',
    matches: (what, ours, theirs, { hasReversed, cql }) =>
      hasReversed &&
      (reversedType.test(message(theirs)) ||
        (what === 'columns' && same('columns', ours, theirs, (name) => ownCast(jsonName(name)))) ||
        (what === 'rows' &&
          (same('rows', ours, theirs, (row) => ownCastInRow(jsonNameInRow(row))) ||
            (/\( *null *\)/i.test(cql) && same('rows', ours, theirs, tupleOfNullAsNull))))),
  },
  {
    reason: 3,
    what: '`-NaN` and what is computed from it',
    matches: (what, ours, theirs) => what === 'rows' && same('rows', ours, theirs, withoutSign),
  },
  {
    reason: 4,
    what: 'The name of a column of `to_json(x)`',
    matches: (what, ours, theirs, { cql, hasEqualNumbers }) =>
      (what === 'columns' && same('columns', ours, theirs, jsonName)) ||
      (what === 'kind' &&
        ours.kind === 'void' &&
        /^schemaChange UPDATED/.test(theirs.kind) &&
        /^ALTER .*NoopCompressor/s.test(cql)) ||
      (what === 'message' &&
        ([ours, theirs].every((outcome) => severalRelations.test(message(outcome))) ||
          isOtherJsonColumn(ours, theirs))) ||
      (what === 'rows' &&
        (sameValues(ours, theirs, cql) ||
          (hasEqualNumbers &&
            (sameNumbersInJson(ours, theirs) || sameKeysAsBlobs(ours, theirs, cql) || sameFoldedSets(ours, theirs))))),
  },
  { reason: 5, what: '`system_virtual_schema`, DESCRIBE KEYSPACES', matches: null },
  {
    reason: 6,
    what: 'Tables with another compaction strategy',
    matches: (what, ours, theirs) => what === 'warnings' && otherWarnings(ours) === otherWarnings(theirs),
  },
  { reason: 7, what: '`-i`, `-n` and other names behind a minus', matches: null },
  { reason: 8, what: '`BETWEEN`, `NOT IN`', matches: null },
  { reason: 9, what: '`OR` and `LIKE` in WHERE', matches: null },
  { reason: 10, what: 'A vector function of list literals', matches: null },
  { reason: 11, what: '`LANGUAGE` of functions', matches: null },
  { reason: 12, what: '`sai` index on a collection of vectors', matches: null },
  { reason: 13, what: '`CREATE CUSTOM INDEX', matches: null },
  { reason: 14, what: "`IF m['k'] < 5`", matches: null },
  { reason: 15, what: 'A conditional update of a cell whose timestamp lies in the future', matches: null },
  { reason: 16, what: '`materialized_views_enabled`', matches: null },
  { reason: 17, what: '`WRITETIME` of a column of a materialized view', matches: null },
  {
    reason: 18,
    what: 'What has ended and lies there still',
    matches: (what, ours, theirs, { cql, hasTtl, statics }) =>
      what === 'rows' &&
      ((hasTtl && sameRowsBut(ours, theirs, 'ours', hasNull)) ||
        // What only Cassandra found counts for its limits and pages too.
        (containsOf(cql).some((name) => statics.has(name)) &&
          (isAggregate.test(cql) ||
            sameRowsBut(ours, theirs, 'theirs', () => true) ||
            sameRowsBut(ours, theirs, 'ours', () => true)))),
  },
  {
    reason: 19,
    what: '`log10` of a decimal that is a power of ten',
    matches: (what, ours, theirs, { cql }) => what === 'rows' && /log10\(/i.test(cql) && sameLogarithms(ours, theirs),
  },
  {
    reason: 20,
    what: '`SELECT JSON *` of several partitions with ORDER BY',
    matches: (what, ours, theirs, { cql }) =>
      what === 'rows' &&
      /^SELECT JSON \* .* ORDER BY /.test(cql) &&
      (/ LIMIT /.test(cql) || sameRowsInAnyOrder(ours, theirs)),
  },
];

/** The number of the reason of a difference that is meant, or null. */
export function knownDifference(what: string, ours: Outcome, theirs: Outcome, of: Circumstances): number | null {
  return knownDifferences.find(({ matches }) => matches?.(what, ours, theirs, of))?.reason ?? null;
}

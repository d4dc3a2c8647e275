// From restrictions and bound values to partition keys, clusterings and slices.
import { invalid } from '../../common/errors.js';
import { type ColumnDefinition, type TableDefinition, takesPrefixes } from '../../schema/index.js';
import { type ClusteringPrefix, type ClusteringSlice, sliceOf } from '../../storage/index.js';
import { type BindValue, UNSET, validateValue } from '../../types/index.js';
import type { BindContext } from '../terms/term.js';
import { compareNullable, packPartitionKey } from '../values.js';
import { type Bound, bindFields, bindIn, checkValue, type Restriction, type SliceRestriction } from './restriction.js';
import type { RestrictionSet } from './restriction-set.js';
import type { StatementRestrictions } from './statement-restrictions.js';

type Values = readonly (Uint8Array | null)[];
const keyBytesMax = 0xffff;
/** A product of IN lists grows beyond any memory with statements of a few KB. */
const combinationsMax = 250_000;
/** Of a read command. */
const slicesMax = 0xffff;

/** Each of `rows` behind each of `prefixes`. @throws FerrosaError INVALID when those are too many */
function product(prefixes: readonly Values[], rows: readonly Values[]): Values[] {
  const count = prefixes.length * rows.length;
  if (prefixes.length > 1 && rows.length > 1 && count > combinationsMax)
    throw invalid(`The restrictions have ${count} combinations or more; a statement may have ${combinationsMax}`);
  return prefixes.flatMap((prefix) => rows.map((row) => [...prefix, ...row]));
}

/** Appends what `restriction` allows to each prefix; empty when it allows nothing. */
function appendTo(prefixes: readonly Values[], restriction: Restriction, context: BindContext): Values[] {
  if (restriction.kind === 'eq') {
    const fields = bindFields(restriction.term, context);
    if (fields === null) throw invalid(`Invalid null value for column ${restriction.columns[0]!.name}`);
    const values = restriction.columns.map((c, i) => checkValue(fields[i] ?? null, c, restriction.multi));
    return prefixes.length === 1 && prefixes[0]!.length === 0
      ? [values]
      : prefixes.map((prefix) => [...prefix, ...values]);
  }
  if (restriction.kind !== 'in') throw new Error('a slice has no values');
  const rows = bindIn(restriction.values, context).map((row) => checkRow(restriction.columns, row, restriction.multi));
  return product(prefixes, rows);
}

function checkRow(columns: readonly ColumnDefinition[], row: readonly BindValue[], multi: boolean): Uint8Array[] {
  return columns.map((column, i) => {
    const value = row[i] ?? null;
    if (multi && value === null)
      throw invalid(`Invalid null value in condition for columns: [${columns.map((c) => c.name).join(', ')}]`);
    return checkValue(value as BindValue, column, false);
  });
}

function compareValues(columns: readonly ColumnDefinition[], a: Values, b: Values, natural: boolean): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const column = columns[i]!;
    const order = compareNullable(column.type, a[i]!, b[i]!);
    // Null is before all values in either order.
    const isReversed = column.reversed && !natural && a[i] !== null && b[i] !== null;
    if (order !== 0) return isReversed ? -order : order;
  }
  return 0;
}

function sortUnique(columns: readonly ColumnDefinition[], rows: Values[], natural: boolean): Values[] {
  if (rows.length < 2) return rows;
  rows.sort((a, b) => compareValues(columns, a, b, natural));
  return rows.filter((row, i) => i === 0 || compareValues(columns, rows[i - 1]!, row, natural) !== 0);
}

function combinations(set: RestrictionSet, context: BindContext): Values[] {
  let rows: Values[] = [[]];
  for (const restriction of set.all) {
    rows = appendTo(rows, restriction, context);
    if (rows.length === 0) break;
  }
  return rows;
}

/**
 * Serialized partition keys to write to, in the order of the key's type, without doubles.
 * @throws FerrosaError INVALID for null, unset, empty and too long keys, and for values that are none of their types
 */
export function partitionKeys(restrictions: StatementRestrictions, context: BindContext): Uint8Array[] {
  const keys = partitionKeysAsGiven(restrictions, context);
  for (const key of keys) checkPartitionKey(key);
  const columns = restrictions.table.partitionKey;
  // Other constants that are no values have been refused; a blob is taken for a tinyint and a tuple, though not in a key that is written.
  if (columns.some(({ type }) => type.kind === 'tinyint' || type.kind === 'tuple'))
    for (const row of combinations(restrictions.partitionKey, context))
      for (const [i, { type }] of columns.entries()) validateValue(type, row[i]!);
  return keys;
}

/** The same with keys that no partition has, which checkPartitionKey refuses: reads look at other things before that. */
export function partitionKeysAsGiven(restrictions: StatementRestrictions, context: BindContext): Uint8Array[] {
  const columns = restrictions.table.partitionKey;
  return sortUnique(columns, combinations(restrictions.partitionKey, context), true).map((row) => {
    for (const component of row)
      if (component!.length > keyBytesMax)
        throw invalid(`Key length of ${component!.length} is longer than maximum of ${keyBytesMax}`);
    return packPartitionKey(row as Uint8Array[]);
  });
}

/** @throws FerrosaError INVALID for a key that is empty or too long */
export function checkPartitionKey(key: Uint8Array): void {
  if (key.length === 0) throw invalid('Key may not be empty');
  if (key.length > keyBytesMax) throw invalid(`Key length of ${key.length} is longer than maximum of ${keyBytesMax}`);
}

/** Full clusterings (of a table that takes prefixes: with nulls for what is not given), sorted, without doubles; one empty clustering when the table has no clustering columns. */
export function clusterings(restrictions: StatementRestrictions, context: BindContext): ClusteringPrefix[] {
  const columns = restrictions.table.clustering;
  const rows = sortUnique(columns, combinations(restrictions.clustering, context), false);
  if (!takesPrefixes(restrictions.table)) return rows;
  return rows.map((row) => columns.map((_, i) => row[i] ?? null));
}

/** Clusterings of a table in its order, without doubles. */
export function sortClusterings(table: TableDefinition, rows: readonly ClusteringPrefix[]): ClusteringPrefix[] {
  return sortUnique(table.clustering, [...rows], false);
}

function checkSlices(count: number): void {
  if (count > slicesMax)
    throw invalid(`The restrictions ask for ${count} clustering keys or slices; a statement may ask for ${slicesMax}`);
}

type BoundValues = { readonly values: Values; readonly inclusive: boolean };

/**
 * The slices of the clustering order that are asked for, ascending and disjoint; null when nothing can be in them, an
 * empty list for everything.
 */
export function clusteringSlices(restrictions: StatementRestrictions, context: BindContext): ClusteringSlice[] | null {
  const columns = restrictions.table.clustering;
  if (!restrictions.hasClustering) return [];
  if (!restrictions.isColumnRange) {
    const rows = clusterings(restrictions, context);
    checkSlices(rows.length);
    return rows.length === 0 ? null : rows.map(sliceOf);
  }
  const starts = bounds(restrictions, context, true);
  const ends = bounds(restrictions, context, false);
  if (starts.length === 0) return null;
  const slices: ClusteringSlice[] = [];
  starts.forEach((start, i) => {
    const end = ends[i]!;
    if (compareBounds(columns, start, true, end, false) < 0)
      slices.push({
        start: start.values,
        startInclusive: start.inclusive,
        end: end.values,
        endInclusive: end.inclusive,
      });
  });
  if (slices.length === 1 && slices[0]!.start.length === 0 && slices[0]!.end.length === 0) return [];
  checkSlices(slices.length);
  return slices.length === 0 ? null : slices;
}

/** Where a bound lies relative to the clusterings that begin with its prefix: before (-1) or after (1) them. */
const side = (bound: BoundValues, isStart: boolean) => (isStart === bound.inclusive ? -1 : 1);

function compareBounds(
  columns: readonly ColumnDefinition[],
  a: BoundValues,
  aStart: boolean,
  b: BoundValues,
  bStart: boolean,
): number {
  const order = compareValues(columns, a.values, b.values, false);
  if (order !== 0) return order;
  if (a.values.length === b.values.length) return side(a, aStart) - side(b, bStart);
  return a.values.length < b.values.length ? side(a, aStart) : -side(b, bStart);
}

/** The start (or end) bounds of all slices, sorted. */
function bounds(restrictions: StatementRestrictions, context: BindContext, isStart: boolean): BoundValues[] {
  const columns = restrictions.table.clustering;
  let prefixes: Values[] = [[]];
  let position = 0;
  for (const restriction of restrictions.clustering.all) {
    if (restriction.kind === 'contains' || restriction.columns[0]!.position !== position) break;
    if (restriction.kind === 'slice') {
      // Without doubles, which the bounds of several columns would take for the two sides of one.
      const found = sliceBounds(sortUnique(columns, prefixes, false), restriction, context, isStart);
      return sortBounds(columns, found, isStart);
    }
    prefixes = appendTo(prefixes, restriction, context);
    if (prefixes.length === 0) return [];
    position = restriction.columns.at(-1)!.position + 1;
  }
  return sortBounds(
    columns,
    prefixes.map((values) => ({ values, inclusive: true })),
    isStart,
  );
}

function sortBounds(columns: readonly ColumnDefinition[], list: BoundValues[], isStart: boolean): BoundValues[] {
  if (list.length < 2) return list;
  list.sort((a, b) => compareBounds(columns, a, isStart, b, isStart));
  return list.filter((bound, i) => i === 0 || compareBounds(columns, list[i - 1]!, isStart, bound, isStart) !== 0);
}

function sliceBounds(
  prefixes: readonly Values[],
  slice: SliceRestriction,
  context: BindContext,
  isStart: boolean,
): BoundValues[] {
  if (!slice.multi) return singleColumnBounds(prefixes, slice, context, isStart);
  return multiColumnBounds(prefixes, slice, context, isStart);
}

function singleColumnBounds(
  prefixes: readonly Values[],
  slice: SliceRestriction,
  context: BindContext,
  isStart: boolean,
): BoundValues[] {
  const column = slice.columns[0]!;
  // In a DESC column the start of the clustering order is the end of the value order.
  const bound = isStart !== column.reversed ? slice.start : slice.end;
  if (bound === null) return prefixes.map((values) => ({ values, inclusive: true }));
  const value = bindFields(bound.term, context)?.[0] ?? null;
  // Null is a bound before all values, as in Cassandra; nothing is equal to it.
  const checked = value === null ? null : checkValue(value as BindValue, column, false);
  return prefixes.map((prefix) => ({ values: [...prefix, checked], inclusive: bound.inclusive }));
}

/** Nulls are told where they are used. */
function boundFields(
  bound: Bound | null,
  columns: readonly ColumnDefinition[],
  context: BindContext,
): (Uint8Array | null)[] {
  if (bound === null) return [];
  const fields = bindFields(bound.term, context);
  if (fields === null) throw invalid(`Invalid null value in condition for column ${columns[0]!.name}`);
  return fields.map((value, i) => {
    if (value === UNSET) throw invalid(`Invalid unset value for column ${columns[i]!.name}`);
    return value as Uint8Array | null;
  });
}

/**
 * A multi-column slice whose columns have mixed order falls into several slices: for (a, b) > (1, 2) with b DESC these are
 * a > 1 and a = 1 and b > 2. Source: MultiColumnRestriction.SliceRestriction and MultiCBuilder.
 */
function multiColumnBounds(
  prefixes: readonly Values[],
  slice: SliceRestriction,
  context: BindContext,
  isStart: boolean,
): BoundValues[] {
  const parts = {
    start: boundFields(slice.start, slice.columns, context),
    end: boundFields(slice.end, slice.columns, context),
  };
  const lists = splitByOrder(slice.columns, parts, isStart);
  if (!isStart) lists.reverse();
  const offset = slice.columns[0]!.position;
  const all = product(prefixes, lists);
  const inclusive = (which: 'start' | 'end') => slice[which]?.inclusive ?? true;
  const result: BoundValues[] = [];
  for (let i = 0; i < all.length; i++) {
    const values = all[i]!;
    if (values.length === offset) {
      result.push({ values, inclusive: true });
      continue;
    }
    const lastPosition = slice.columns.at(-1)!.position;
    // The same prefix twice: the one slice ends (excluding) where the next begins (including).
    if (values.length <= lastPosition && i < all.length - 1 && sameValues(values, all[i + 1]!)) {
      result.push({ values, inclusive: false }, { values, inclusive: true });
      i++;
      continue;
    }
    const column = slice.columns[values.length - 1 - offset]!;
    result.push({ values, inclusive: inclusive(isStart !== column.reversed ? 'start' : 'end') });
  }
  return result;
}

function splitByOrder(
  columns: readonly ColumnDefinition[],
  parts: { start: (Uint8Array | null)[]; end: (Uint8Array | null)[] },
  isStart: boolean,
): Uint8Array[][] {
  const checked = (list: readonly (Uint8Array | null)[], i: number): Uint8Array =>
    checkValue(list[i]!, columns[i]!, false);
  const lists: Uint8Array[][] = [];
  let values: Uint8Array[] = [];
  let reversed = columns[0]!.reversed;
  columns.forEach((column, i) => {
    const own = isStart !== column.reversed ? parts.start : parts.end;
    const other = own === parts.start ? parts.end : parts.start;
    const has = own.length > i;
    if (reversed !== column.reversed) {
      reversed = column.reversed;
      lists.push(values);
      if (!has) return;
      if (other.length > i) lists.push(values);
      values = own.slice(0, i).map((_, j) => checked(own, j));
    }
    if (has) values.push(checked(own, i));
  });
  lists.push(values);
  return lists;
}

function sameValues(a: Values, b: Values): boolean {
  return (
    a.length === b.length &&
    a.every((value, i) => value !== null && b[i] !== null && Buffer.compare(value, b[i]!) === 0)
  );
}

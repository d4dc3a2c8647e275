// SELECT over virtual tables: rows that are made in this process, restricted like those of stored tables.
import { murmurToken } from '../../native/index.js';
import type { TableDefinition } from '../../schema/index.js';
import {
  type ClusteringSlice,
  decodePosition,
  encodePosition,
  type ReadColumn,
  Selected,
} from '../../storage/index.js';
import { compareNullable, int64Bytes, packPartitionKey, sameBytes } from '../values.js';
import type { SelectTarget, SourceRow } from './types.js';

type Row = readonly (Uint8Array | null)[];

/** The rows of `all` that the target asks for, in its order, after `position`. */
export function virtualRows(
  table: TableDefinition,
  all: readonly Row[],
  target: SelectTarget,
  position: Uint8Array | null,
): SourceRow[] {
  const keyCount = table.partitionKey.length;
  const clusteringCount = table.clustering.length;
  const take = cellTaker(table, target.columns);
  const found: SourceRow[] = [];
  for (const row of all) {
    const key = packPartitionKey(row.slice(0, keyCount) as Uint8Array[]);
    const clustering = row.slice(keyCount, keyCount + clusteringCount);
    if (!inPartitions(target.partitions, key) || !inSlices(table, target.slices, clustering)) continue;
    const token = murmurToken(key);
    const at = encodePosition({ key, token, clustering, rowsInPartition: 0 });
    found.push({ key, position: at, cells: take(row, token) });
  }
  if (target.reversed) found.reverse();
  // Partitions that were asked for by key come in the order they were asked for, as they do from stored tables.
  if ('keys' in target.partitions) sortByKeys(found, target.partitions.keys);
  const rows = target.distinct ? onePerKey(found) : found;
  return position === null ? rows : afterPosition(rows, position);
}

function sortByKeys(rows: SourceRow[], keys: readonly Uint8Array[]): void {
  const order = new Map(keys.map((key, i) => [Buffer.from(key).toString('hex'), i]));
  const placeOf = (row: SourceRow) => order.get(Buffer.from(row.key).toString('hex')) ?? 0;
  rows.sort((a, b) => placeOf(a) - placeOf(b));
}

/** Maps columns of a read command to a virtual row's values. */
function cellTaker(table: TableDefinition, columns: readonly ReadColumn[]): (row: Row, token: bigint) => Row {
  const order = [...table.partitionKey, ...table.clustering, ...table.statics, ...table.regulars];
  const keyCount = table.partitionKey.length;
  const indexes = columns.map(({ what, which }) => {
    if (what === Selected.partitionKey) return which;
    if (what === Selected.clustering) return keyCount + which;
    return what === Selected.value ? order.findIndex((column) => column.id === which) : -1;
  });
  return (row, token) =>
    indexes.map((index, i) =>
      index >= 0 ? (row[index] ?? null) : columns[i]!.what === Selected.token ? int64Bytes(token) : null,
    );
}

function inPartitions(partitions: SelectTarget['partitions'], key: Uint8Array): boolean {
  if ('keys' in partitions) return partitions.keys.some((wanted) => sameBytes(wanted, key));
  const { start, startInclusive, end, endInclusive } = partitions.range;
  const token = murmurToken(key);
  return (startInclusive ? token >= start : token > start) && (endInclusive ? token <= end : token < end);
}

/** True when the row of `clustering` is in one of the slices; no slices are everything. */
export function inSlices(table: TableDefinition, slices: readonly ClusteringSlice[], clustering: Row): boolean {
  return slices.length === 0 || slices.some((slice) => inSlice(table, slice, clustering));
}

function inSlice(table: TableDefinition, slice: ClusteringSlice, clustering: Row): boolean {
  const order = (prefix: Row) => {
    for (let i = 0; i < prefix.length; i++) {
      const column = table.clustering[i]!;
      const compared = compareNullable(column.type, clustering[i]!, prefix[i]!);
      if (compared !== 0) return column.reversed ? -compared : compared;
    }
    return 0;
  };
  const fromStart = order(slice.start);
  const fromEnd = order(slice.end);
  const afterStart = fromStart > 0 || (fromStart === 0 && (slice.startInclusive || slice.start.length === 0));
  return afterStart && (fromEnd < 0 || (fromEnd === 0 && (slice.endInclusive || slice.end.length === 0)));
}

function onePerKey(rows: readonly SourceRow[]): SourceRow[] {
  return rows.filter((row, i) => i === 0 || !sameBytes(row.key, rows[i - 1]!.key));
}

/** Rows may have come and gone since the page before: without the row of the position, nothing follows. */
function afterPosition(rows: SourceRow[], position: Uint8Array): SourceRow[] {
  const { key, clustering } = decodePosition(position);
  const index = rows.findIndex((row) => {
    const at = decodePosition(row.position);
    return (
      sameBytes(at.key, key) && (at.clustering ?? []).every((value, i) => sameBytes(value, clustering?.[i] ?? null))
    );
  });
  return index < 0 ? [] : rows.slice(index + 1);
}

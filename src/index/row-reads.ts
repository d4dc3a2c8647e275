// Rows as they are before a write, for indexes whose entries depend on them.
import { invalid } from '../common/errors.js';
import { viewRowsPerWriteMax } from '../common/limits.js';
import type { ColumnDefinition, TableDefinition } from '../schema/index.js';
import {
  type ClusteringPrefix,
  type ClusteringSlice,
  cellsOf,
  clusteringName,
  type DecodedMutation,
  encodeReadCommand,
  RowStream,
  rowsOf,
  Selected,
  sliceOf,
} from '../storage/index.js';
import { compareValues } from '../types/index.js';

/** Runs a read command on the shard of the partition. */
export type ReadRows = (command: Uint8Array) => Promise<Uint8Array>;

/** `writtenAt`: microseconds. */
export type Known = { readonly value: Uint8Array; readonly writtenAt: bigint };
export type RowBefore = {
  readonly clustering: ClusteringPrefix;
  readonly known: ReadonlyMap<ColumnDefinition, Known>;
};

const partBytesMax = 1 << 20;

/** Compares as far as the second goes. */
export function compareRows(table: TableDefinition, a: ClusteringPrefix, b: ClusteringPrefix): number {
  for (const [i, { type, reversed }] of table.clustering.slice(0, b.length).entries()) {
    const [x, y] = [a[i] ?? null, b[i] ?? null];
    const order = x === null || y === null ? Number(x !== null) - Number(y !== null) : compareValues(type, x, y);
    if (order !== 0) return reversed ? -order : order;
  }
  return 0;
}

/** The clusterings that a mutation writes or deletes: disjoint and ascending; empty for the whole partition, null for none. */
export function touchedSlices(table: TableDefinition, mutation: DecodedMutation): ClusteringSlice[] | null {
  if (mutation.partitionDeletion !== null) return [];
  const rows: ClusteringPrefix[] = [];
  const ranges: ClusteringSlice[] = [];
  for (const item of mutation.items) {
    if (item.kind === 'rangeTombstone') ranges.push(item.slice);
    else if (item.kind === 'row') rows.push(item.clustering);
  }
  if (ranges.length === 1 && rows.length === 0) return ranges;
  if (rows.length + ranges.length === 0) return null;
  // Ranges with others beside them are rare enough to read all.
  if (ranges.length > 0 || table.clustering.length === 0) return [];
  rows.sort((a, b) => compareRows(table, a, b));
  return rows.filter((row, i) => i === 0 || compareRows(table, row, rows[i - 1]!) !== 0).map(sliceOf);
}

const bigintOf = (bytes: Uint8Array): bigint =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigInt64(0);

/**
 * The rows of one partition as they are, by `clusteringName`.
 * @param columns  regular columns of simple types
 * @throws FerrosaError INVALID for more rows than one write may touch; what `read` throws
 */
export async function readRowsBefore(
  table: TableDefinition,
  columns: readonly ColumnDefinition[],
  { tableId, key }: DecodedMutation,
  slices: readonly ClusteringSlice[],
  nowSeconds: number,
  read: ReadRows,
): Promise<Map<string, RowBefore>> {
  const keys = table.clustering.length;
  const selected = [
    ...table.clustering.map((_, which) => ({ what: Selected.clustering, which })),
    ...columns.flatMap(({ id }) => [
      { what: Selected.value, which: id },
      { what: Selected.writetime, which: id },
    ]),
  ];
  const found = new Map<string, RowBefore>();
  let startAfter: Uint8Array | null = null;
  do {
    const command = encodeReadCommand({
      tableId,
      nowSeconds,
      partitions: { keys: [key] },
      slices,
      columns: selected,
      bytesLimit: partBytesMax,
      startAfter,
    });
    const stream: RowStream = new RowStream((await read(command)).slice());
    for (const partition of stream.partitions())
      for (const row of rowsOf(partition, selected.length)) {
        const cells = cellsOf(row.cells, selected.length);
        const known = new Map<ColumnDefinition, Known>();
        for (const [i, column] of columns.entries()) {
          const value = cells[keys + 2 * i]!;
          const writtenAt = cells[keys + 2 * i + 1]!;
          if (value !== null && writtenAt !== null) known.set(column, { value, writtenAt: bigintOf(writtenAt) });
        }
        const clustering = cells.slice(0, keys);
        found.set(clusteringName(table.clustering, clustering), { clustering, known });
      }
    if (found.size > viewRowsPerWriteMax)
      throw invalid(`One write of a table with such an index may touch ${viewRowsPerWriteMax} rows`);
    startAfter = stream.position;
  } while (startAfter !== null);
  return found;
}

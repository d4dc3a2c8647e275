// The rows of a base table as its views need them: key, values, when they expire.
import type { ColumnDefinition, TableDefinition } from '../../schema/index.js';
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
} from '../../storage/index.js';
import { isMulticell, unpackElements } from '../../types/index.js';
import { sortClusterings } from '../restrictions/bounds.js';
import { readInt32, unpackPartitionKey } from '../values.js';
import { tableIdBytes } from '../write/mutations.js';

/** A column's value: of a simple one its bytes, of another its whole serialization with the path of each cell. */
export type BaseCell = {
  readonly value: Uint8Array;
  readonly paths: readonly Uint8Array[];
  /** Seconds that are left, one for each cell; null for ever. */
  readonly ttls: readonly (number | null)[];
};

export type BaseRow = {
  readonly key: readonly Uint8Array[];
  readonly clustering: ClusteringPrefix;
  readonly cells: ReadonlyMap<ColumnDefinition, BaseCell>;
  /** Seconds since the epoch; null when the row does not expire as a whole. */
  readonly expiresAt: number | null;
};

const partBytesMax = 1 << 20;

/** Clusterings that a mutation may change; null for none, an empty list for all of the partition. */
export function affectedSlices(base: TableDefinition, mutation: DecodedMutation): ClusteringSlice[] | null {
  if (mutation.partitionDeletion !== null) return [];
  const rows: ClusteringPrefix[] = [];
  const ranges: ClusteringSlice[] = [];
  for (const item of mutation.items) {
    if (item.kind === 'rangeTombstone') ranges.push(item.slice);
    else if (item.kind === 'row') rows.push(item.clustering);
  }
  if (base.clustering.length === 0) return rows.length > 0 || ranges.length > 0 ? [] : null;
  if (ranges.length === 1 && rows.length === 0) return ranges;
  // Slices of a read are disjoint; ranges with others beside them are rare enough to read all.
  if (ranges.length > 0) return [];
  return rows.length === 0 ? null : sortClusterings(base, rows).map(sliceOf);
}

/** Reads rows of one partition of a base table. */
export class BaseRead {
  readonly #selected;
  readonly #columns: readonly ColumnDefinition[];

  constructor(private readonly base: TableDefinition) {
    this.#columns = base.regulars.filter(({ type }) => type.kind !== 'empty');
    this.#selected = [
      { what: Selected.expiry, which: 0 },
      ...base.clustering.map((_, which) => ({ what: Selected.clustering, which })),
      ...this.#columns.flatMap(({ id, type }) => [
        { what: Selected.value, which: id },
        { what: Selected.ttl, which: id },
        ...(isMulticell(type) ? [{ what: Selected.paths, which: id }] : []),
      ]),
    ];
  }

  /** @param startAfter  where the part before ended; null for the first */
  command(
    key: Uint8Array,
    slices: readonly ClusteringSlice[],
    nowSeconds: number,
    startAfter: Uint8Array | null,
  ): Uint8Array {
    return encodeReadCommand({
      tableId: tableIdBytes(this.base),
      nowSeconds,
      partitions: { keys: [key] },
      slices,
      columns: this.#selected,
      bytesLimit: partBytesMax,
      startAfter,
    });
  }

  /** Adds the rows of an answer by the name of their clustering. Returns where the next part starts, null for the end. */
  collect(key: Uint8Array, answer: Uint8Array, into: Map<string, BaseRow>): Uint8Array | null {
    const stream = new RowStream(answer.slice());
    const components = unpackPartitionKey(key, this.base.partitionKey.length);
    for (const partition of stream.partitions())
      for (const { cells } of rowsOf(partition, this.#selected.length)) {
        const row = this.#row(components, cellsOf(cells, this.#selected.length));
        into.set(clusteringName(this.base.clustering, row.clustering), row);
      }
    return stream.position;
  }

  #row(key: readonly Uint8Array[], cells: readonly (Uint8Array | null)[]): BaseRow {
    const found = new Map<ColumnDefinition, BaseCell>();
    const keys = this.base.clustering.length;
    let at = 1 + keys;
    for (const column of this.#columns) {
      const value = cells[at++]!;
      const ttl = cells[at++]!;
      const multicell = isMulticell(column.type);
      const paths = multicell ? cells[at++]! : null;
      if (value === null) continue;
      if (!multicell) found.set(column, { value, paths: [], ttls: [ttl === null ? null : readInt32(ttl)] });
      else found.set(column, { value, paths: unpackPaths(paths), ttls: unpackTtls(ttl) });
    }
    const expiry = cells[0]!;
    const expiresAt = expiry === null ? null : readInt32(expiry) >>> 0;
    return { key, clustering: cells.slice(1, 1 + keys), cells: found, expiresAt };
  }
}

const unpackPaths = (list: Uint8Array | null): Uint8Array[] =>
  list === null ? [] : unpackElements(list).map((path) => path ?? new Uint8Array(0));

const unpackTtls = (list: Uint8Array | null): (number | null)[] =>
  list === null ? [] : unpackElements(list).map((ttl) => (ttl === null ? null : readInt32(ttl)));

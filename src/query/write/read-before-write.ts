// Reads the lists that a write by index, or a discard from a list, needs to know.

import { murmurToken } from '../../native/index.js';
import type { ColumnDefinition, TableDefinition } from '../../schema/index.js';
import {
  type ClusteringPrefix,
  cellsOf,
  encodeReadCommand,
  RowStream,
  rowName,
  rowsOf,
  Selected,
  sliceOf,
} from '../../storage/index.js';
import { unpackList } from '../../types/index.js';
import type { Coordinator } from '../coordinator.js';
import { tableIdBytes } from './mutations.js';
import type { ExistingRow, ListCell } from './row-writer.js';
import type { WritePlan } from './write-plan.js';

/** Keys and rows that a write touches. */
export type WriteTargets = {
  readonly keys: readonly Uint8Array[];
  /** null for a slice delete; empty when the statement touches no row. */
  readonly rows: readonly ClusteringPrefix[] | null;
};

/** The rows that a write touches, as they were read before. */
export interface ExistingRows {
  row(key: Uint8Array, clustering: ClusteringPrefix): ExistingRow;
}

/** The lists of the rows that a write touches: other operations read only in conditional updates. */
export class PrefetchedLists implements ExistingRows {
  readonly #rows = new Map<string, Map<number, ListCell[]>>();

  constructor(private readonly table: TableDefinition) {}

  set(key: Uint8Array, clustering: ClusteringPrefix, lists: Map<number, ListCell[]>): void {
    this.#rows.set(this.#nameOf(key, clustering), lists);
  }

  row(key: Uint8Array, clustering: ClusteringPrefix): ExistingRow {
    const list = ({ kind, id }: ColumnDefinition) =>
      this.#rows.get(this.#nameOf(key, kind === 'static' ? [] : clustering))?.get(id) ?? [];
    return { list, value: () => null };
  }

  #nameOf(key: Uint8Array, clustering: ClusteringPrefix): string {
    return rowName(this.table.clustering, key, clustering);
  }
}

/** @throws FerrosaError UNAVAILABLE, READ_TIMEOUT and the like */
export async function readLists(
  coordinator: Coordinator,
  plan: WritePlan,
  targets: WriteTargets,
  nowSeconds: number,
  options: { readonly consistency: number; readonly timeoutMs: number },
): Promise<PrefetchedLists> {
  const lists = new PrefetchedLists(plan.table);
  const regular = listColumns(plan.regular);
  const statics = listColumns(plan.statics);
  const clusteringColumns = plan.table.clustering;
  const rows = targets.rows ?? [];
  for (const key of targets.keys) {
    const read = async (columns: ColumnDefinition[], isStatic: boolean) => {
      if (columns.length === 0) return;
      const command = encodeReadCommand({
        tableId: tableIdBytes(plan.table),
        nowSeconds,
        partitions: { keys: [key] },
        slices: isStatic ? [] : rows.filter((row) => row.length > 0).map(sliceOf),
        unrestricted: isStatic,
        ...(isStatic ? { rowLimit: 1 } : {}),
        columns: [
          ...clusteringColumns.map((_, which) => ({ what: Selected.clustering, which })),
          ...columns.flatMap(({ id }) => [
            { what: Selected.value, which: id },
            { what: Selected.paths, which: id },
          ]),
        ],
      });
      const bytes = await coordinator.read({ command, tokens: [murmurToken(key)] }, options);
      collect(
        lists,
        key,
        new RowStream(bytes),
        columns,
        isStatic ? null : clusteringColumns.length,
        clusteringColumns.length,
      );
    };
    await read(regular, false);
    await read(statics, true);
  }
  return lists;
}

const listColumns = (operations: WritePlan['regular']) => [
  ...new Set(operations.filter(({ requiresRead }) => requiresRead).map(({ column }) => column)),
];

function collect(
  lists: PrefetchedLists,
  key: Uint8Array,
  stream: RowStream,
  columns: readonly ColumnDefinition[],
  clusteringCount: number | null,
  skip: number,
): void {
  const width = skip + 2 * columns.length;
  for (const partition of stream.partitions())
    for (const row of rowsOf(partition, width)) {
      const cells = cellsOf(row.cells, width);
      const byColumn = new Map<number, ListCell[]>();
      columns.forEach((column, i) => {
        const value = cells[skip + 2 * i];
        const paths = cells[skip + 2 * i + 1];
        if (!value || !paths) return;
        const elements = unpackList(value);
        byColumn.set(
          column.id,
          unpackList(paths).map((path, at) => ({ path, element: elements[at]! })),
        );
      });
      lists.set(key, clusteringCount === null ? [] : cells.slice(0, clusteringCount), byColumn);
    }
}

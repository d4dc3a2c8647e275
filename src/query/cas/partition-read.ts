// What a compare-and-set reads of its partition: the rows of its conditions and the static row, with the times of their cells.
import type { ColumnDefinition, TableDefinition } from '../../schema/index.js';
import {
  type ClusteringPrefix,
  cellsOf,
  clusteringName,
  encodeReadCommand,
  type ReadColumn,
  type ReadCommand,
  RowStream,
  rowsOf,
  Selected,
  sliceOf,
} from '../../storage/index.js';
import { isMulticell, unpackList } from '../../types/index.js';
import { readInt64 } from '../values.js';
import { tableIdBytes } from '../write/mutations.js';
import type { ListCell } from '../write/row-writer.js';

/** A row that was read. */
export type CurrentRow = {
  readonly clustering: ClusteringPrefix;
  readonly values: ReadonlyMap<ColumnDefinition, Uint8Array | null>;
  readonly paths: ReadonlyMap<ColumnDefinition, Uint8Array | null>;
};

/** The partition as far as it was asked for. */
export class CurrentPartition {
  readonly rows: CurrentRow[] = [];
  /** Null when no static column that was asked for has a value. */
  staticRow: CurrentRow | null = null;
  /** The newest timestamp of the cells that were read, microseconds. */
  newest = -(2n ** 63n);
  readonly #byName = new Map<string, CurrentRow>();

  constructor(private readonly table: TableDefinition) {}

  add(row: CurrentRow): void {
    const name = clusteringName(this.table.clustering, row.clustering);
    if (this.#byName.has(name)) return;
    this.#byName.set(name, row);
    this.rows.push(row);
  }

  row(clustering: ClusteringPrefix): CurrentRow | null {
    return this.#byName.get(clusteringName(this.table.clustering, clustering)) ?? null;
  }

  /** The value of a column in a row, or in the static row. */
  value(clustering: ClusteringPrefix, column: ColumnDefinition): Uint8Array | null {
    return (column.kind === 'static' ? this.staticRow : this.row(clustering))?.values.get(column) ?? null;
  }

  /** The list of a row, for operations that need to know it. */
  list(clustering: ClusteringPrefix, column: ColumnDefinition): readonly ListCell[] {
    const value = this.value(clustering, column);
    const paths = (column.kind === 'static' ? this.staticRow : this.row(clustering))?.paths.get(column);
    if (!value || !paths) return [];
    const elements = unpackList(value);
    return unpackList(paths).map((path, i) => ({ path, element: elements[i]! }));
  }
}

/** What is asked for. */
export type PartitionQuestion = {
  readonly table: TableDefinition;
  readonly key: Uint8Array;
  readonly nowSeconds: number;
  /** Rows in clustering order; null: only the static row is of interest, and whether there is any row. */
  readonly rows: readonly ClusteringPrefix[] | null;
  readonly statics: readonly ColumnDefinition[];
  readonly regulars: readonly ColumnDefinition[];
};

/** Reads and understands the answers to one question. */
export class PartitionRead {
  readonly #columns: readonly ColumnDefinition[];
  readonly #selected: readonly ReadColumn[];
  readonly commands: readonly Uint8Array[];

  constructor(private readonly question: PartitionQuestion) {
    const { table, statics, regulars, rows } = question;
    this.#columns = [...statics, ...regulars];
    this.#selected = [
      ...table.clustering.map((_, which) => ({ what: Selected.clustering, which })),
      ...this.#columns.flatMap(selectedOf),
    ];
    const commands: Uint8Array[] = [];
    if (rows !== null) commands.push(this.#command({ slices: table.clustering.length === 0 ? [] : rows.map(sliceOf) }));
    // Rows that are not there leave the static row out of the answer above.
    if (rows === null || statics.length > 0) commands.push(this.#command({ unrestricted: true, rowLimit: 1 }));
    this.commands = commands;
  }

  #command(part: Pick<ReadCommand, 'slices' | 'unrestricted' | 'rowLimit'>): Uint8Array {
    const { table, key, nowSeconds } = this.question;
    const columns = this.#selected;
    return encodeReadCommand({
      tableId: tableIdBytes(table),
      nowSeconds,
      partitions: { keys: [key] },
      columns,
      ...part,
    });
  }

  /** @param answers  row streams, one for each command */
  understand(answers: readonly Uint8Array[]): CurrentPartition {
    const current = new CurrentPartition(this.question.table);
    answers.forEach((bytes, i) => {
      const onlyStatic = this.question.rows !== null && i === 1;
      for (const partition of new RowStream(bytes).partitions())
        for (const { cells } of rowsOf(partition, this.#selected.length)) this.#take(current, cells, onlyStatic);
    });
    return current;
  }

  #take(current: CurrentPartition, bytes: Uint8Array, onlyStatic: boolean): void {
    const { clustering: keys } = this.question.table;
    const cells = cellsOf(bytes, this.#selected.length);
    const clustering = cells.slice(0, keys.length);
    const statics: CurrentRow = { clustering: [], values: new Map(), paths: new Map() };
    const row: CurrentRow = { clustering, values: new Map(), paths: new Map() };
    let hasStatics = false;
    this.#columns.forEach((column, i) => {
      const at = keys.length + 3 * i;
      const target = column.kind === 'static' ? statics : row;
      const value = cells[at]!;
      (target.values as Map<ColumnDefinition, Uint8Array | null>).set(column, value);
      (target.paths as Map<ColumnDefinition, Uint8Array | null>).set(column, cells[at + 2]!);
      const time = cells[at + 1]!;
      if (time !== null) current.newest = later(current.newest, readInt64(time));
      if (column.kind === 'static') hasStatics ||= value !== null;
    });
    if (hasStatics) current.staticRow ??= statics;
    // A partition that has nothing but statics gives a row without clustering.
    if (!onlyStatic && (keys.length === 0 || clustering[0] !== null)) current.add(row);
  }
}

const later = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** Value, time, and the paths of what may be a list. */
function selectedOf({ id, type }: ColumnDefinition): ReadColumn[] {
  const multicell = isMulticell(type);
  return [
    { what: Selected.value, which: id },
    { what: multicell ? Selected.maxWritetime : Selected.writetime, which: id },
    { what: multicell ? Selected.paths : Selected.maxWritetime, which: id },
  ];
}

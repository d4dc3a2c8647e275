// The table that holds the entries of an index (docs/format/index-entries.md): local to the node, known to nobody but the engine.
import {
  buildTable,
  type ColumnDefinition,
  defaultTableOptions,
  type IndexDefinition,
  type IndexTarget,
  indexTarget,
  isSai,
  type TableDefinition,
  termTypes,
} from '../schema/index.js';
import type { CqlType } from '../types/index.js';
import { type Analyzer, analyzerOf } from './analyzer.js';

/** An index as the engine sees it. */
export type IndexTable = {
  readonly index: IndexDefinition;
  readonly target: IndexTarget;
  readonly isSai: boolean;
  /** Where its entries are. */
  readonly table: TableDefinition;
  /** 16 bytes. */
  readonly tableId: Uint8Array;
  /** Number of clustering columns that are the indexed term: two for the entries of a map. */
  readonly termCount: number;
  /** An entry names a row of the base table; otherwise a partition. */
  readonly ofRows: boolean;
  /** Clustering columns of the base that an entry has. */
  readonly clusteringCount: number;
  /** What becomes of text before it is a term; null: nothing. */
  readonly analyzer: Analyzer | null;
};

/** The columns of an entry that are no key: `p` when the cell stays, `e` when it expires. */
export const entryColumns = { permanent: 'p', expiring: 'e' } as const;

const known = new WeakMap<TableDefinition, readonly IndexTable[]>();

function makeIndexTable(base: TableDefinition, index: IndexDefinition): IndexTable {
  const target = indexTarget(base, index);
  const ofRows = target.column.kind === 'regular' || target.column.kind === 'clustering';
  const types = termTypes(target);
  const columns: ColumnDefinition[] = [];
  const add = (
    name: string,
    kind: ColumnDefinition['kind'],
    position: number,
    type: CqlType,
    reversed = false,
  ): void => {
    columns.push({ name, id: columns.length, kind, position, type, reversed });
  };
  add('bucket', 'partition_key', 0, { kind: 'blob' });
  for (const [i, type] of types.entries()) add(`term${i}`, 'clustering', i, type);
  add('token', 'clustering', types.length, { kind: 'bigint' });
  add('key', 'clustering', types.length + 1, { kind: 'blob' });
  // In the order of the base table: candidates come in the order of the result.
  if (ofRows)
    for (const [i, { type, reversed }] of base.clustering.entries())
      add(`c${i}`, 'clustering', types.length + 2 + i, type, reversed);
  add(entryColumns.permanent, 'regular', -1, { kind: 'blob' });
  add(entryColumns.expiring, 'regular', -1, { kind: 'blob' });
  const table = buildTable({
    keyspace: base.keyspace,
    name: `${base.name}.${index.name}`,
    id: index.id,
    version: base.version,
    isCounter: false,
    flags: ['compound'],
    columns,
    dropped: [],
    nextColumnId: columns.length,
    // An entry that was found stale was deleted at its own time, which no other entry has: nothing can come back.
    options: { ...defaultTableOptions, gc_grace_seconds: 0 },
    indexes: [],
    virtual: false,
  });
  return {
    index,
    target,
    isSai: isSai(index),
    table,
    tableId: new Uint8Array(Buffer.from(index.id.replaceAll('-', ''), 'hex')),
    termCount: types.length,
    ofRows,
    clusteringCount: ofRows ? base.clustering.length : 0,
    analyzer: analyzerOf(index),
  };
}

/** The indexes of a table. */
export function indexTablesOf(base: TableDefinition): readonly IndexTable[] {
  let tables = known.get(base);
  if (tables === undefined) {
    tables = base.indexes.map((index) => makeIndexTable(base, index));
    known.set(base, tables);
  }
  return tables;
}

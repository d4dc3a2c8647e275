// The answer to a conditional statement: [applied], and what was there when it was not. Source: ModificationStatement.buildCasResultSet.
import type { ColumnDefinition, TableDefinition } from '../../schema/index.js';
import type { ColumnSpec, QueryResult } from '../api.js';
import { selectOrder } from '../select/select-plan.js';
import { packCells, unpackPartitionKey } from '../values.js';
import type { CurrentPartition, CurrentRow } from './partition-read.js';

const truth = Uint8Array.of(1);
const falsehood = Uint8Array.of(0);

const appliedColumn = (table: TableDefinition): ColumnSpec => ({
  keyspace: table.keyspace,
  table: table.name,
  name: '[applied]',
  type: { kind: 'boolean' },
});

/** Columns of the answer when the update was made, or when there is nothing to show. */
export const appliedColumns = (table: TableDefinition): ColumnSpec[] => [appliedColumn(table)];

/** What is shown beside [applied] when it was not. @param columns  columns of the conditions in their order; null for all of the table */
export const shownColumns = (
  table: TableDefinition,
  columns: readonly ColumnDefinition[] | null,
): readonly ColumnDefinition[] => (columns === null ? selectOrder(table) : [...new Set(columns)]);

/** Columns of the answer that shows what was there. */
export function notAppliedColumns(table: TableDefinition, shown: readonly ColumnDefinition[]): ColumnSpec[] {
  const specs = shown.map(({ name, type }) => ({ keyspace: table.keyspace, table: table.name, name, type }));
  return [appliedColumn(table), ...specs];
}

/** [applied] true. */
export function applied(table: TableDefinition): QueryResult {
  const rows = [packCells([truth])];
  return { kind: 'rows', columns: appliedColumns(table), rowCount: 1, rows, pagingState: null };
}

/**
 * [applied] false with the rows that were read.
 * @param columns  columns of the conditions in their order; null for all of the table
 */
export function notApplied(
  table: TableDefinition,
  key: Uint8Array,
  columns: readonly ColumnDefinition[] | null,
  current: CurrentPartition,
): QueryResult {
  const shown = shownColumns(table, columns);
  const components = unpackPartitionKey(key, table.partitionKey.length);
  const { rows, staticRow } = current;
  const found: (CurrentRow | null)[] = rows.length > 0 ? rows : staticRow === null ? [] : [null];
  if (found.length === 0) {
    const only = [packCells([falsehood])];
    return { kind: 'rows', columns: appliedColumns(table), rowCount: 1, rows: only, pagingState: null };
  }
  const cell = (row: CurrentRow | null, column: ColumnDefinition): Uint8Array | null => {
    if (column.kind === 'partition_key') return components[column.position]!;
    if (column.kind === 'clustering') return row?.clustering[column.position] ?? null;
    return (column.kind === 'static' ? staticRow : row)?.values.get(column) ?? null;
  };
  const packed = found.map((row) => packCells([falsehood, ...shown.map((column) => cell(row, column))]));
  return {
    kind: 'rows',
    columns: notAppliedColumns(table, shown),
    rowCount: packed.length,
    rows: packed,
    pagingState: null,
  };
}

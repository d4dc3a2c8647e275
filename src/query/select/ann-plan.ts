// ORDER BY column ANN OF vector: which index ranks the rows. Cassandra's checks, in its order.
import { invalid } from '../../common/errors.js';
import type { SelectStatement } from '../../cql/index.js';
import { type IndexTable, indexTablesOf } from '../../index/index.js';
import type { ColumnDefinition } from '../../schema/index.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { existingColumn } from '../restrictions/relation-checks.js';
import { requiresAllowFiltering } from '../restrictions/statement-restrictions.js';
import { prepareTerm } from '../terms/prepare.js';
import type { Term } from '../terms/term.js';

/** The order of a statement by nearness. */
export type AnnOrder = {
  readonly index: IndexTable;
  readonly column: ColumnDefinition;
  /** The vector that rows are to be near to. */
  readonly vector: Term;
};

/** Null for a statement without ANN. @throws FerrosaError INVALID */
export function planAnn(environment: PlanEnvironment, statement: SelectStatement): AnnOrder | null {
  const { table } = environment;
  const { orderBy } = statement;
  const [order, another] = orderBy.filter(({ kind }) => kind === 'ann');
  if (order === undefined || order.kind !== 'ann') return null;
  for (const { column } of orderBy) existingColumn(table, column);
  if (another !== undefined) throw invalid('Cannot specify more than one ANN ordering');
  if (orderBy.length > 1) throw invalid('ANN ordering does not support any other ordering');
  const column = existingColumn(table, order.column);
  const { type } = column;
  const receiver = { keyspace: table.keyspace, table: table.name, name: column.name, type };
  const vector = prepareTerm(environment, order.vector, receiver);
  if (type.kind !== 'vector' || type.element.kind !== 'float')
    throw invalid('ANN ordering is only supported on float vector indexes');
  const indexes = indexTablesOf(table).filter(({ target }) => target.column === column);
  if (indexes.length === 0) throw invalid('ANN ordering by vector requires the column to be indexed');
  const index = indexes.find((one) => one.vector !== null);
  if (index === undefined) throw invalid(requiresAllowFiltering);
  return { index, column, vector };
}

/** What a statement that is ranked cannot have beside it. @throws FerrosaError INVALID */
export function checkAnnStatement(statement: SelectStatement, isAggregate: boolean): void {
  if (isAggregate || statement.groupBy.length > 0) throw invalid('Top-K queries can not be run with aggregation');
  if (statement.perPartitionLimit !== null) throw invalid('Top-K queries do not support per-partition limits');
}

// Plans SELECT.
import { createHash } from 'node:crypto';
import { invalid } from '../../common/errors.js';
import type { Selectable, SelectStatement, Term as TermSyntax } from '../../cql/index.js';
import { type ColumnDefinition, isHiddenColumn, isStaticCompact, type TableDefinition } from '../../schema/index.js';
import { type Fold, type ReadColumn, Selected } from '../../storage/index.js';
import type { ColumnSpec } from '../api.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { columnsOf } from '../restrictions/conjuncts.js';
import { existingColumn } from '../restrictions/relation-checks.js';
import {
  analyseWhere,
  filtersImplicitly,
  requiresAllowFiltering,
  type StatementRestrictions,
} from '../restrictions/statement-restrictions.js';
import {
  type CellNode,
  FetchedColumns,
  FoldedColumns,
  FoldedNode,
  type FoldOutput,
  type SelectionNode,
} from '../selection/node.js';
import { checkCalls, columnNode, planSelectable, selectedColumn } from '../selection/plan-selectable.js';
import { selectableParts } from '../selection/selectable-types.js';
import { prepareTerm } from '../terms/prepare.js';
import type { BindContext, Term } from '../terms/term.js';
import { type AnnOrder, checkAnnStatement, planAnn } from './ann-plan.js';
import { type Grouping, planGrouping } from './grouping.js';
import { type IndexSearch, planSearches } from './index-drivers.js';
import type { PostOrdering } from './post-ordering.js';
import { planRankings, type Ranking } from './rankings.js';
import { planFilter, type RowFilter } from './row-filter.js';

/** Aggregates over all rows that storage computes. */
export type FoldedSelect = {
  readonly columns: readonly ReadColumn[];
  readonly folds: readonly Fold[];
  /** The selected items over rows of folds. */
  readonly nodes: readonly SelectionNode[];
  /** How the results come from the folds, where that is all there is to them; null when more is computed. */
  readonly outputs: readonly FoldOutput[] | null;
};

export type SelectPlan = {
  readonly kind: 'select';
  readonly table: TableDefinition;
  readonly restrictions: StatementRestrictions;
  readonly resultColumns: readonly ColumnSpec[];
  readonly nodes: readonly SelectionNode[];
  /** SELECT JSON: names of the members, null otherwise. */
  readonly json: readonly string[] | null;
  /** The plan for those who may not see what the table's masks hide; null when it hides nothing. */
  readonly masked: SelectPlan | null;
  /** Columns with a mask that WHERE asks about. */
  readonly maskedRestrictions: readonly string[];
  readonly distinct: boolean;
  readonly isAggregate: boolean;
  /** A user function computes something of the result. */
  readonly callsUser: boolean;
  readonly grouping: Grouping | null;
  readonly filter: RowFilter | null;
  /** Indexes that find the rows, the best first; empty when none does. */
  readonly searches: readonly IndexSearch[];
  /** Searches of full text, which give the rows in the order of their rank; empty: rows come in the order of the table. */
  readonly rankings: readonly Ranking[];
  /** What is read; the slots of nodes, filter, grouping and ordering. */
  readonly fetched: readonly ReadColumn[];
  /** Checks of bound values that are made even when no row is read. */
  readonly checks: readonly ((bind: BindContext) => void)[];
  /** The result's cells are just what storage gives for these columns; null when rows must be computed. */
  readonly direct: readonly ReadColumn[] | null;
  /** Null when the rows themselves are needed. */
  readonly folded: FoldedSelect | null;
  readonly reversed: boolean;
  readonly ordering: PostOrdering | null;
  /** ORDER BY ... ANN OF: rows come by their nearness. */
  readonly ann: (AnnOrder & { /** Of the vector. */ readonly slot: number }) | null;
  readonly limit: Term | null;
  readonly perPartitionLimit: Term | null;
  /** USING TIMEOUT, null for the configured one. */
  readonly timeoutMs: number | null;
  /** Statements of the same shape take each other's paging states. */
  readonly shape: number;
};

/** @throws FerrosaError INVALID with Cassandra's texts, in the order of its checks */
export function planSelect(environment: PlanEnvironment, statement: SelectStatement): SelectPlan {
  const plan = planOne(environment, statement);
  const { columns } = environment.table;
  if (![...columns.values()].some((column) => column.mask !== undefined)) return plan;
  const masked = planOne({ ...environment, masked: true }, statement);
  const { partitionKey, clustering, others } = plan.restrictions;
  const ofToken = plan.restrictions.token === null ? [] : environment.table.partitionKey;
  const extra = plan.restrictions.extras.flatMap(columnsOf);
  const sets = [partitionKey, clustering, others].flatMap((set) => set.columns);
  // Whose vector is the nearest tells of it as a relation does.
  const ofAnn = plan.ann === null ? [] : [plan.ann.column];
  const restricted = new Set([...ofToken, ...sets, ...extra, ...ofAnn]);
  const maskedRestrictions = [...restricted]
    .filter((column) => column.mask !== undefined)
    .map((column) => column.name)
    .sort();
  // The object itself: the plan's shape is computed when it is asked for.
  return Object.defineProperties(plan, {
    masked: { value: masked },
    maskedRestrictions: { value: maskedRestrictions },
  });
}

function planOne(environment: PlanEnvironment, statement: SelectStatement): SelectPlan {
  const { table } = environment;
  const ann = planAnn(environment, statement);
  const orderColumns = planOrderColumns(table, statement);
  const restrictions = analyseWhere(environment, statement.where, {
    type: 'SELECT',
    onlyStatics: selectsOnlyStatics(environment, statement.selectors?.map(({ of }) => of) ?? []),
    allowFiltering: statement.allowFiltering,
    ann: ann?.column ?? null,
  });
  const fetched = new FetchedColumns();
  const nodes = planNodes(environment, statement, fetched);
  if (statement.distinct) {
    if (statement.perPartitionLimit !== null)
      throw invalid('PER PARTITION LIMIT is not allowed with SELECT DISTINCT queries');
    checkDistinct(table, statement, restrictions);
  }
  const grouping = planGrouping(environment, statement, restrictions, fetched);
  const isAggregate = grouping === null && nodes.some((node) => node.isAggregate);
  if (isAggregate && statement.perPartitionLimit !== null)
    throw invalid('PER PARTITION LIMIT is not allowed with aggregate queries.');
  if (ann !== null) checkAnnStatement(statement, isAggregate);
  const { reversed, ordering } = planOrdering(environment, restrictions, orderColumns, fetched);
  const filter = planFilter(environment, restrictions, fetched);
  const unfiltered =
    (restrictions.isKeyRange || restrictions.usesIndex) && !statement.allowFiltering && !filtersImplicitly(table);
  if (unfiltered && restrictions.needsFiltering) throw invalid(requiresAllowFiltering);
  const searches = restrictions.usesIndex ? planSearches(environment, restrictions, fetched) : [];
  const rankings = planRankings(restrictions, searches);
  if (rankings.length > 0) checkRanked(statement);
  const plain =
    !table.virtual &&
    !statement.json &&
    ann === null &&
    !isAggregate &&
    grouping === null &&
    filter === null &&
    ordering === null;
  const direct = nodes.map((node) => node.direct);
  let shape: number | null = null;
  return {
    kind: 'select',
    table,
    restrictions,
    resultColumns: resultColumns(table, statement, nodes),
    nodes,
    masked: null,
    maskedRestrictions: [],
    json: statement.json ? nodes.map((node, i) => statement.selectors?.[i]?.alias ?? node.name) : null,
    distinct: statement.distinct,
    isAggregate,
    callsUser: [...nodes, ...(grouping?.parts ?? [])].some((node) => node.callsUser),
    grouping,
    filter,
    searches,
    rankings,
    fetched: fetched.columns,
    checks: fetched.checks,
    direct: plain && !direct.includes(null) ? (direct as ReadColumn[]) : null,
    folded: isAggregate && filter === null && !table.virtual ? planFolds(nodes) : null,
    reversed,
    ordering,
    ann: ann === null ? null : { ...ann, slot: vectorSlot(ann, fetched) },
    limit: planLimit(environment, statement.limit, '[limit]'),
    perPartitionLimit: planLimit(environment, statement.perPartitionLimit, '[per_partition_limit]'),
    timeoutMs: statement.using.timeoutMs,
    // Only a statement with pages needs it.
    get shape() {
      shape ??= shapeOf(table, statement, rankings.length > 0);
      return shape;
    },
  };
}

/** Rows come by their rank: what needs those of a partition together cannot be had. */
function checkRanked({ distinct, groupBy, perPartitionLimit }: SelectStatement): void {
  if (distinct) throw invalid('SELECT DISTINCT cannot be used with fts_match');
  if (groupBy.length > 0) throw invalid('GROUP BY cannot be used with fts_match');
  if (perPartitionLimit !== null) throw invalid('PER PARTITION LIMIT cannot be used with fts_match');
}

function planFolds(nodes: readonly SelectionNode[]): FoldedSelect | null {
  const columns = new FoldedColumns();
  const folded = nodes.map((node) => node.folded(columns));
  if (columns.folds.length === 0 || folded.includes(null)) return null;
  const outputs = folded.flatMap((node) => (node instanceof FoldedNode ? [node.output] : []));
  return {
    columns: columns.columns,
    folds: columns.folds,
    nodes: folded as SelectionNode[],
    outputs: outputs.length === nodes.length ? outputs : null,
  };
}

/** Whether Cassandra asks of a SELECT list if there are but static columns in it, before WHERE. */
const asksForStatics = (table: TableDefinition): boolean => table.statics.length > 0 && !isStaticCompact(table);

/** Names of the columns in a SELECT item. */
function namesOf(selectable: Selectable): string[] {
  if (selectable.kind === 'column') return [selectable.name];
  return selectableParts(selectable).flatMap(namesOf);
}

/**
 * Cassandra looks at the selectors in turn for what it wants to know, and resolves the functions of those it looks at:
 * that decides which of two errors is told.
 */
function selectsOnlyStatics(environment: PlanEnvironment, selectables: readonly Selectable[]): boolean {
  const { table } = environment;
  if (!asksForStatics(table)) return false;
  const some = (wanted: (column: ColumnDefinition) => boolean): boolean => {
    const isWanted = (part: Selectable): boolean => {
      if (part.kind === 'column') return wanted(existingColumn(table, part.name));
      if (part.kind !== 'udt' && part.kind !== 'map') return selectableParts(part).some(isWanted);
      // In braces Cassandra asks it of keys that are no plain names, and the opposite of the values.
      const keys = part.kind === 'map' ? part.entries.map(([key]) => key) : [];
      const values = (part.kind === 'map' ? part.entries : part.fields).map(([, value]) => value);
      return keys.some((key) => key.kind !== 'column' && isWanted(key)) || !values.every(isWanted);
    };
    return selectables.some((selectable) => {
      checkCalls(environment, selectable);
      return isWanted(selectable);
    });
  };
  return (
    some((column) => column.kind === 'static') &&
    !some((column) => column.kind === 'regular' || column.kind === 'clustering')
  );
}

/** Key columns, clustering columns, statics, regulars: the order of `SELECT *`. */
export function selectOrder(table: TableDefinition): ColumnDefinition[] {
  return [...table.partitionKey, ...table.clustering, ...table.statics, ...table.regulars];
}

function planNodes(environment: PlanEnvironment, statement: SelectStatement, fetched: FetchedColumns): SelectionNode[] {
  if (statement.selectors === null)
    return selectOrder(environment.table)
      .filter((column) => !isHiddenColumn(environment.table, column))
      .map((column) => selectedColumn(environment, column.name, fetched));
  return statement.selectors.map(({ of }) => {
    checkCalls(environment, of);
    return planSelectable(environment, of, null, fetched);
  });
}

function resultColumns(
  table: TableDefinition,
  statement: SelectStatement,
  nodes: readonly SelectionNode[],
): ColumnSpec[] {
  const { keyspace } = table;
  if (statement.json) return [{ keyspace, table: table.name, name: '[json]', type: { kind: 'text' } }];
  return nodes.map((node, i) => ({
    keyspace,
    table: table.name,
    name: statement.selectors?.[i]?.alias ?? node.name,
    type: node.type,
  }));
}

function checkDistinct(table: TableDefinition, statement: SelectStatement, restrictions: StatementRestrictions): void {
  const isOfRows = ({ kind }: ColumnDefinition): boolean => kind === 'clustering' || kind === 'regular';
  const extras = restrictions.extras.flatMap(columnsOf);
  if (restrictions.hasClustering || restrictions.hasRegularRestrictions || extras.some(isOfRows))
    throw invalid(
      'SELECT DISTINCT with WHERE clause only supports restriction by partition key and/or static columns.',
    );
  const selected =
    statement.selectors === null
      ? selectOrder(table)
      : statement.selectors.flatMap(({ of }) => namesOf(of)).map((name) => existingColumn(table, name));
  // What rows are sorted by after they were read is read with them.
  if (restrictions.keyIsIn) selected.push(...statement.orderBy.map((order) => existingColumn(table, order.column)));
  for (const column of selected)
    if (column.kind !== 'partition_key' && column.kind !== 'static')
      throw invalid(
        'SELECT DISTINCT queries must only request partition key columns and/or static columns ' +
          `(not ${column.name})`,
      );
  if (!restrictions.isKeyRange) return;
  for (const column of table.partitionKey)
    if (!selected.includes(column))
      throw invalid(`SELECT DISTINCT queries must request all the partition key columns (missing ${column.name})`);
}

type OrderColumn = { readonly column: ColumnDefinition; readonly descending: boolean };

function planOrderColumns(table: TableDefinition, statement: SelectStatement): OrderColumn[] {
  const byColumn = new Map<ColumnDefinition, OrderColumn>();
  for (const order of statement.orderBy) {
    const column = existingColumn(table, order.column);
    if (order.kind === 'ann') continue;
    byColumn.set(column, { column, descending: order.descending });
  }
  return [...byColumn.values()];
}

/** The vector itself, whatever a mask makes of it. */
function vectorSlot({ column }: AnnOrder, fetched: FetchedColumns): number {
  if (column.kind === 'partition_key') return fetched.slot(Selected.partitionKey, column.position);
  if (column.kind === 'clustering') return fetched.slot(Selected.clustering, column.position);
  return fetched.slot(Selected.value, column.id);
}

function planOrdering(
  environment: PlanEnvironment,
  restrictions: StatementRestrictions,
  orderColumns: readonly OrderColumn[],
  fetched: FetchedColumns,
): { reversed: boolean; ordering: PostOrdering | null } {
  if (orderColumns.length === 0) return { reversed: false, ordering: null };
  if (restrictions.usesIndex) throw invalid('ORDER BY with 2ndary indexes is not supported, except for ANN queries.');
  if (restrictions.isKeyRange)
    throw invalid('ORDER BY is only supported when the partition key is restricted by an EQ or an IN.');
  const reversed = isReversed(environment.table, restrictions, orderColumns);
  if (!restrictions.keyIsIn) return { reversed, ordering: null };
  const slots = orderColumns.map(({ column }) => ({
    slot: (columnNode(environment, column.name, fetched) as CellNode).slot,
    type: column.type,
    descending: column.reversed,
  }));
  return { reversed, ordering: { slots, reversed } };
}

function isReversed(
  table: TableDefinition,
  restrictions: StatementRestrictions,
  orderColumns: readonly OrderColumn[],
): boolean {
  let next = 0;
  let reversed: boolean | null = null;
  for (const { column, descending } of orderColumns) {
    if (column.kind !== 'clustering')
      throw invalid(
        `Order by is currently only supported on the clustered columns of the PRIMARY KEY, got ${column.name}`,
      );
    while (next !== column.position) {
      const between = table.clustering[next++];
      if (between === undefined || !restrictions.isRestrictedByEq(between))
        throw invalid(
          'Order by currently only supports the ordering of columns following their declared order in the PRIMARY KEY',
        );
    }
    next++;
    const own = descending !== column.reversed;
    if (reversed !== null && reversed !== own) throw invalid('Unsupported order by relation');
    reversed = own;
  }
  return reversed!;
}

function planLimit(environment: PlanEnvironment, term: TermSyntax | null, name: string): Term | null {
  if (term === null) return null;
  const { keyspace, table } = environment;
  return prepareTerm(environment, term, { keyspace, table: table.name, name, type: { kind: 'int' } });
}

/**
 * What a paging state has to agree with. It is a place in a table and a count of rows or groups: as in Cassandra, another statement on
 * the table may go on from it, as applications do whose first page has rows more than the others. Ranks belong to one search, and places
 * among rows that are made for each statement to that statement; there a value in the text and a bound one are the same.
 */
function shapeOf(table: TableDefinition, statement: SelectStatement, isRanked: boolean): number {
  const own = isRanked || table.virtual ? [statement.where, statement.orderBy] : [];
  const isValue = (part: unknown) => ['literal', 'marker'].includes((part as { kind?: string } | null)?.kind ?? '');
  const parts = [table.id, statement.groupBy, statement.distinct, own];
  const text = JSON.stringify(parts, (_, part) => (isValue(part) ? '?' : part));
  return createHash('md5').update(text).digest().readUInt32BE(0);
}

// The WHERE clause of a statement: which keys, which rows, what must be filtered (Cassandra's StatementRestrictions).
import { invalid } from '../../common/errors.js';
import type { Relation } from '../../cql/index.js';
import { type ColumnDefinition, type TableDefinition, takesPrefixes } from '../../schema/index.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { type Conjunct, columnsOf, type Extra, toExtra } from './conjuncts.js';
import { indexesNeedFiltering, servesConjunct } from './index-support.js';
import { type StatementIndex, usableIndexes } from './index-use.js';
import { relationText, unsupported } from './relation-checks.js';
import { isNegation, toRestriction } from './relations.js';
import type { Restriction } from './restriction.js';
import { RestrictionSet } from './restriction-set.js';
import { mergeTokens, type TokenRestriction, toTokenRestriction } from './token-restriction.js';

export type StatementType = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

export const requiresAllowFiltering =
  'Cannot execute this query as it might involve data filtering and thus may have unpredictable performance. ' +
  'If you want to execute this query despite the performance unpredictability, use ALLOW FILTERING';

export type RestrictionOptions = {
  readonly type: StatementType;
  readonly onlyStatics: boolean;
  readonly allowFiltering: boolean;
  /** The column of ORDER BY ... ANN OF. */
  readonly ann?: ColumnDefinition | null;
};

/** The tables of the virtual keyspaces are filtered without being asked; those of `system` are like stored ones. */
export function filtersImplicitly({ virtual, keyspace }: TableDefinition): boolean {
  return virtual && keyspace !== 'system' && keyspace !== 'system_schema';
}

/** What a WHERE clause restricts. Made once, when the statement is planned. */
export class StatementRestrictions {
  readonly partitionKey = new RestrictionSet();
  token: TokenRestriction | null = null;
  readonly clustering = new RestrictionSet();
  readonly others = new RestrictionSet();
  /** Negations, patterns and alternatives: always checked row by row. */
  readonly extras: Extra[] = [];
  /** Reads a range of partitions rather than given keys. */
  isKeyRange = false;
  /** Restrictions that rows are filtered by, in Cassandra's order. */
  readonly filters: Restriction[] = [];
  /** Indexes of the table that the statement may use. */
  readonly indexes: readonly StatementIndex[];
  /** Rows are found by an index. */
  usesIndex = false;
  /** What an index would have to serve. */
  readonly indexed: Restriction[] = [];

  constructor(
    readonly table: TableDefinition,
    readonly options: RestrictionOptions,
    relations: readonly Relation[],
  ) {
    this.indexes = options.type === 'SELECT' && table.indexes.length > 0 ? usableIndexes(table, relations) : [];
  }

  /** True when an index serves the restriction. */
  isServed(conjunct: Conjunct): boolean {
    return servesConjunct(this.indexes, conjunct);
  }

  /** True when rows would be read and left out that no index leaves out. */
  get needsFiltering(): boolean {
    if (this.extras.some((extra) => !this.isServed(extra))) return true;
    if (this.indexed.length === 0) return this.hasClustering && !this.usesIndex;
    return indexesNeedFiltering(this.indexes, this.indexed);
  }

  get hasTokenOnly(): boolean {
    return this.token !== null && (this.partitionKeyNeedsFiltering || !this.hasWholePartitionKey);
  }

  get hasWholePartitionKey(): boolean {
    return this.partitionKey.size === this.table.partitionKey.length;
  }

  get partitionKeyNeedsFiltering(): boolean {
    if (this.partitionKey.isEmpty) return false;
    return !this.hasWholePartitionKey || this.partitionKey.some('slice') || this.partitionKey.some('contains');
  }

  get keyIsIn(): boolean {
    return !this.hasTokenOnly && this.partitionKey.hasIn;
  }

  get hasPartitionKey(): boolean {
    return !this.partitionKey.isEmpty || this.token !== null;
  }

  get hasClustering(): boolean {
    return !this.clustering.isEmpty;
  }

  /** Restricted columns are not all given by equality: rows come in slices. */
  get isColumnRange(): boolean {
    return this.clustering.size < this.table.clustering.length || !this.clustering.hasOnlyEquality;
  }

  get hasRegularRestrictions(): boolean {
    return this.options.ann != null || this.others.columns.some((column) => column.kind === 'regular');
  }

  /** Partitions with static content only give a row: nothing asks for particular rows. */
  get returnsStaticOnly(): boolean {
    return !this.hasClustering && !this.hasRegularRestrictions;
  }

  isRestrictedByEq(column: ColumnDefinition): boolean {
    const set = column.kind === 'partition_key' ? this.partitionKey : this.clustering;
    return set.get(column)?.kind === 'eq';
  }

  /** Clustering restrictions that no slice can express: from the first gap on, and CONTAINS. */
  clusteringFilters(): Restriction[] {
    const filters: Restriction[] = [];
    let position = 0;
    for (const restriction of this.clustering.all) {
      if (restriction.kind === 'contains' || restriction.columns[0]!.position !== position) filters.push(restriction);
      else if (restriction.kind !== 'slice') position = restriction.columns.at(-1)!.position + 1;
    }
    return filters;
  }
}

/**
 * Analyses a WHERE clause; the markers in it are noted.
 * @throws FerrosaError INVALID with Cassandra's texts, in the order of its checks
 */
export function analyseWhere(
  environment: PlanEnvironment,
  relations: readonly Relation[],
  options: RestrictionOptions,
): StatementRestrictions {
  const restrictions = new StatementRestrictions(environment.table, options, relations);
  for (const relation of relations) addRelation(environment, restrictions, relation);
  const served = (set: RestrictionSet): boolean => set.all.some((restriction) => restrictions.isServed(restriction));
  const clusteringServed = restrictions.indexes.length > 0 && served(restrictions.clustering);
  if (restrictions.indexes.length > 0) checkVectorColumns(restrictions);
  const hasIndex =
    restrictions.indexes.length > 0 &&
    (options.ann != null ||
      clusteringServed ||
      served(restrictions.partitionKey) ||
      served(restrictions.others) ||
      restrictions.extras.some((extra) => restrictions.isServed(extra)));
  processPartitionKey(restrictions, hasIndex);
  if (options.onlyStatics && restrictions.hasClustering) {
    if (options.type === 'DELETE' || options.type === 'UPDATE')
      throw invalid(
        `Invalid restrictions on clustering columns since the ${options.type} statement modifies only static columns`,
      );
    if (options.type === 'SELECT')
      throw invalid('Cannot restrict clustering columns when selecting only static columns');
  }
  processClustering(restrictions, hasIndex);
  if (restrictions.isKeyRange && clusteringServed) restrictions.usesIndex = true;
  const filtered = restrictions.clusteringFilters();
  if (restrictions.usesIndex || filtered.length > 0) restrictions.indexed.push(...restrictions.clustering.all);
  if (restrictions.usesIndex)
    for (const one of restrictions.clustering.all)
      if (!filtered.includes(one) && restrictions.isServed(one)) filtered.push(one);
  restrictions.filters.push(...filtered);
  processOthers(restrictions, hasIndex);
  processExtras(restrictions);
  if (options.ann != null) checkAnnFilters(restrictions);
  if (restrictions.usesIndex && restrictions.keyIsIn)
    throw invalid('Select on indexed columns and with IN clause for the PRIMARY KEY are not supported');
  return restrictions;
}

/** Rows are looked at one by one: an index must find them, or the statement says that it knows. */
function processExtras(restrictions: StatementRestrictions): void {
  const { table, options, extras } = restrictions;
  for (const extra of extras)
    if (restrictions.isServed(extra)) restrictions.usesIndex ||= wantsIndex(restrictions, extra);
    else if (
      !options.allowFiltering &&
      !filtersImplicitly(table) &&
      columnsOf(extra).some(({ kind }) => kind !== 'clustering')
    )
      throw invalid(requiresAllowFiltering);
}

/** Whether an index serves `!=` on the column: Cassandra has it nowhere. */
function servesNot(restrictions: StatementRestrictions, { table }: PlanEnvironment, name: string): boolean {
  const column = table.columns.get(name);
  if (column === undefined) return false;
  return restrictions.isServed({ kind: 'negation', column, op: 'NOT IN', values: { terms: [] } });
}

/** A negation leaves out few rows: what can be done without its index is done so. */
function wantsIndex({ isKeyRange, options }: StatementRestrictions, extra: Extra): boolean {
  if (isKeyRange || extra.kind !== 'negation') return true;
  return !options.allowFiltering && extra.column.kind !== 'clustering';
}

/** Cassandra has neither without an index, not even with ALLOW FILTERING. */
function checkExtra(restrictions: StatementRestrictions, relation: Relation, extra: Extra): void {
  const { type } = restrictions.options;
  if (extra.kind === 'any') return checkBranches(restrictions, extra.branches);
  if (restrictions.isServed(extra)) return;
  if (extra.kind === 'negation') return;
  if (extra.op === 'LIKE')
    throw invalid(
      `LIKE restriction is only supported on properly indexed columns. ${relationText(relation)} is not valid.`,
    );
  if (type !== 'SELECT') throw invalid(`Cannot use ${type} with ${extra.op === 'MATCHES' ? 'fts_match' : extra.op}`);
  const [what, kind] = extra.op === 'MATCHES' ? ['fts_match', 'fulltext'] : [extra.op, 'phonetic'];
  throw invalid(`${what} is only supported on columns with a ${kind} index. ${relationText(relation)} is not valid.`);
}

/** Patterns in alternatives are compared as an index would: it must be there. */
function checkBranches(restrictions: StatementRestrictions, branches: readonly (readonly Conjunct[])[]): void {
  for (const one of branches.flat()) {
    if (one.kind === 'any') checkBranches(restrictions, one.branches);
    else if (one.kind === 'pattern' && one.op === 'MATCHES')
      throw invalid('fts_match cannot be joined by OR with other relations: write OR into what is searched for');
    else if (one.kind === 'pattern' && !restrictions.isServed(one))
      throw invalid(
        `${one.op} restriction is only supported on properly indexed columns, which ${one.column.name} is not`,
      );
  }
}

function addRelation(environment: PlanEnvironment, restrictions: StatementRestrictions, relation: Relation): void {
  const { type } = restrictions.options;
  const contains = relation.op === 'CONTAINS' || relation.op === 'CONTAINS KEY';
  if (contains && (type === 'UPDATE' || type === 'DELETE')) throw invalid(`Cannot use ${type} with ${relation.op}`);
  if (isNegation(relation) && relation.op !== '!=' && type !== 'SELECT')
    throw invalid(`Cannot use ${type} with ${relation.op}`);
  if (relation.op === 'IS NOT') throw invalid(`Unsupported restriction: ${relationText(relation)}`);
  if (relation.kind === 'token') {
    const token = toTokenRestriction(environment, relation);
    restrictions.token = restrictions.token === null ? token : mergeTokens(restrictions.token, token);
    return;
  }
  if (relation.kind === 'column' && relation.op === '!=' && !servesNot(restrictions, environment, relation.column))
    unsupported(relation);
  const extra = toExtra(environment, relation);
  if (extra !== null) {
    checkExtra(restrictions, relation, extra);
    restrictions.extras.push(extra);
    return;
  }
  if (relation.kind === 'any') return;
  const restriction = toRestriction(environment, relation);
  const column = restriction.columns[0]!;
  if (column.kind === 'partition_key') restrictions.partitionKey.add(restriction);
  else if (column.kind === 'clustering') addClustering(restrictions, restriction);
  else restrictions.others.add(restriction);
}

function addClustering(restrictions: StatementRestrictions, restriction: Restriction): void {
  const set = restrictions.clustering;
  const last = set.last;
  set.add(restriction);
  if (last === undefined || restrictions.options.allowFiltering || restrictions.isServed(restriction)) return;
  const lastStart = last.columns[0]!;
  const start = restriction.columns[0]!;
  if (last.kind === 'slice' && start.position > lastStart.position)
    throw invalid(
      `Clustering column "${start.name}" cannot be restricted ` +
        `(preceding column "${lastStart.name}" is restricted by a non-EQ relation)`,
    );
  if (start.position < lastStart.position && restriction.kind === 'slice') {
    const next = set.columns.find((column) => column.position > start.position)!;
    throw invalid(
      `PRIMARY KEY column "${next.name}" cannot be restricted ` +
        `(preceding column "${start.name}" is restricted by a non-EQ relation)`,
    );
  }
}

/** Vectors are not compared with others for equality or order where they have an index. Source: StatementRestrictions. */
function checkVectorColumns({ others, indexes, options }: StatementRestrictions): void {
  for (const column of others.columns) {
    if (column === options.ann)
      throw invalid(`${column.name} cannot be restricted by more than one relation if it includes an Equal`);
    if (column.type.kind === 'vector' && indexes.some(({ target }) => target.column === column))
      throw invalid('Vector indexes only support ANN queries');
  }
}

/** Nearness is found by an index, and so is everything else that rows are chosen by, but slices of a given partition. */
function checkAnnFilters(restrictions: StatementRestrictions): void {
  restrictions.usesIndex = true;
  const { others, clustering, indexes } = restrictions;
  const free = [...others.columns, ...clustering.columns].filter(
    (column) => !indexes.some(({ target }) => target.column === column),
  );
  if (free.every(({ kind }) => kind === 'clustering') && (free.length === 0 || restrictions.hasWholePartitionKey))
    return;
  throw invalid('ANN ordering by vector requires all restricted column(s) to be indexed');
}

function missing(columns: readonly ColumnDefinition[], set: RestrictionSet): string {
  return columns
    .filter((column) => !set.has(column))
    .map((column) => column.name)
    .join(', ');
}

function processPartitionKey(restrictions: StatementRestrictions, hasIndex: boolean): void {
  const { type, allowFiltering } = restrictions.options;
  const set = restrictions.partitionKey;
  if (type !== 'SELECT') {
    if (restrictions.token !== null)
      throw invalid(`The token function cannot be used in WHERE clauses for ${type} statements`);
    if (!restrictions.hasWholePartitionKey)
      throw invalid(`Some partition key parts are missing: ${missing(restrictions.table.partitionKey, set)}`);
    if (set.some('slice'))
      throw invalid(
        'Only EQ and IN relation are supported on the partition key (unless you use the token() function) ' +
          `for ${type} statements`,
      );
    return;
  }
  if (set.isEmpty || restrictions.hasTokenOnly) restrictions.isKeyRange = true;
  if (set.isEmpty && restrictions.token === null) restrictions.usesIndex = hasIndex;
  if (restrictions.partitionKeyNeedsFiltering) {
    if (!allowFiltering && !hasIndex && !filtersImplicitly(restrictions.table)) throw invalid(requiresAllowFiltering);
    restrictions.isKeyRange = true;
    restrictions.usesIndex = hasIndex;
    restrictions.filters.push(...set.all);
    restrictions.indexed.push(...set.all);
  }
}

function processClustering(restrictions: StatementRestrictions, hasIndex: boolean): void {
  const { type, allowFiltering, onlyStatics } = restrictions.options;
  const set = restrictions.clustering;
  const slices = type === 'SELECT' || type === 'DELETE';
  if (!slices) {
    if (set.some('slice'))
      throw invalid(`Slice restrictions are not supported on the clustering columns in ${type} statements`);
    const { clustering } = restrictions.table;
    if (onlyStatics || set.size === clustering.length) return;
    if (set.isEmpty || !takesPrefixes(restrictions.table))
      throw invalid(`Some clustering keys are missing: ${missing(clustering, set)}`);
    checkNoGap(set, clustering);
    return;
  }
  if (set.some('contains') && !hasIndex && !allowFiltering)
    throw invalid('Clustering columns can only be restricted with CONTAINS with a secondary index or filtering');
  if (set.isEmpty || restrictions.clusteringFilters().length === 0) return;
  if (hasIndex) restrictions.usesIndex = true;
  if (allowFiltering || hasIndex) return;
  checkNoGap(set, restrictions.table.clustering);
}

function checkNoGap(set: RestrictionSet, clustering: readonly ColumnDefinition[]): void {
  set.columns.forEach((column, i) => {
    const expected = clustering[i]!;
    if (expected !== column)
      throw invalid(
        `PRIMARY KEY column "${column.name}" cannot be restricted as ` +
          `preceding column "${expected.name}" is not restricted`,
      );
  });
}

function processOthers(restrictions: StatementRestrictions, hasIndex: boolean): void {
  const { type, allowFiltering } = restrictions.options;
  const set = restrictions.others;
  if (set.isEmpty) return;
  if (type !== 'SELECT')
    throw invalid(
      `Non PRIMARY KEY columns found in where clause: ${set.columns.map((column) => column.name).join(', ')} `,
    );
  if (hasIndex) restrictions.usesIndex = true;
  else if (!allowFiltering && !filtersImplicitly(restrictions.table)) throw invalid(requiresAllowFiltering);
  restrictions.filters.push(...set.all);
  restrictions.indexed.push(...set.all);
}

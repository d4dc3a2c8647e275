// CREATE TABLE, with the checks of Cassandra 5.0 in its order, since the first one that fails is what the client reads.
import { configError, type FerrosaError, invalid } from '../../common/errors.js';
import type { ColumnNode, DdlStatement } from '../../cql/index.js';
import {
  type CqlType,
  isMulticell,
  parseClassName,
  quoteIfNeeded,
  referencesDuration,
  typeToCql,
} from '../../types/index.js';
import { buildTable, compareNames } from '../build.js';
import type { ColumnDefinition, KeyspaceDefinition, Schema, TableDefinition } from '../model.js';
import { compactionWarnings } from '../options/compaction-notice.js';
import { checkOptionSyntax, tableOptionsFrom } from '../options/table-options.js';
import {
  type Applied,
  alreadyExists,
  checkKeyspaceName,
  checkModifiable,
  type DdlContext,
  keyspaceOf,
  tableNameCharactersMax,
} from './context.js';
import { withKeyspace } from './keyspaces.js';
import { resolveType } from './types.js';

type Create = Extract<DdlStatement, { kind: 'createTable' }>;

/** Most columns that a table ever has, dropped ones included: column ids are u16. */
export const columnIdsMax = 65_535;

export const maskingDisabled = (): FerrosaError =>
  invalid(
    'Cannot mask columns because dynamic data masking is not enabled. ' +
      'You can enable it with the dynamic_data_masking_enabled property on cassandra.yaml',
  );

/** @throws FerrosaError INVALID when a column has a mask and masking is off */
export function checkMaskable(columns: readonly Pick<ColumnNode, 'mask'>[], context: DdlContext): void {
  if (context.resolveMask === null && columns.some(({ mask }) => mask !== null)) throw maskingDisabled();
}

/** The columns with the masks that the statement gives them. @throws FerrosaError INVALID */
export function withMasks(
  schema: Schema,
  table: { readonly keyspace: string; readonly name: string },
  columns: readonly ColumnDefinition[],
  nodes: readonly Pick<ColumnNode, 'name' | 'mask'>[],
  context: DdlContext,
): ColumnDefinition[] {
  const masks = new Map(nodes.map(({ name, mask }) => [name, mask]));
  return columns.map((column) => {
    const node = masks.get(column.name) ?? null;
    if (node === null || context.resolveMask === null) return column;
    const { name, type } = column;
    const mask = context.resolveMask({ schema, keyspace: table.keyspace, table: table.name, name, type }, node);
    return { ...column, mask };
  });
}

/** The table as Cassandra prints it in errors. */
export const tableText = (keyspace: string, name: string): string =>
  `${quoteIfNeeded(keyspace)}.${quoteIfNeeded(name)}`;

function duplicateOf(names: readonly string[]): string | undefined {
  return names.find((name, i) => names.indexOf(name) !== i);
}

/** What Cassandra notices while it reads the statement. */
function checkShape(statement: Create, table: string): void {
  const column = duplicateOf(statement.columns.map((one) => one.name));
  if (column !== undefined) throw invalid(`Duplicate column '${column}' declaration for table '${table}'`);
  if (statement.primaryKeyCount > 1)
    throw invalid(`Multiple PRIMARY KEY specified for table '${table}' (exactly one required)`);
  const ordered = duplicateOf(statement.clusteringOrder.map(([name]) => name));
  if (ordered !== undefined)
    throw invalid(`Duplicate column '${ordered}' in CLUSTERING ORDER BY clause for table '${table}'`);
  if (statement.partitionKey.length === 0)
    throw invalid(`No PRIMARY KEY specifed for table '${table}' (exactly one required)`);
}

/** @throws FerrosaError INVALID for a user type that is stored field by field and holds something stored so itself */
export function checkNestedMulticell(type: CqlType, where: string): void {
  if (type.kind === 'udt' && !type.frozen && type.fieldTypes.some(isMulticell))
    throw invalid(`Non-frozen UDTs with nested non-frozen collections are not supported${where}`);
}

type Columns = ReadonlyMap<string, { readonly node: ColumnNode; readonly type: CqlType }>;

function checkKeyColumn(statement: Create, columns: Columns, name: string): void {
  const table = statement.table.name;
  const column = columns.get(name);
  if (column === undefined) throw invalid(`Unknown column '${name}' referenced in PRIMARY KEY for table '${table}'`);
  const { type, node } = column;
  if (isMulticell(type)) {
    if (type.kind !== 'udt')
      throw invalid(`Invalid non-frozen collection type ${typeToCql(type)} for PRIMARY KEY column '${name}'`);
    const text = quoteIfNeeded(`${type.keyspace}.${type.name}`);
    throw invalid(`Invalid non-frozen user-defined type ${text} for PRIMARY KEY column '${name}'`);
  }
  if (type.kind === 'counter') throw invalid(`counter type is not supported for PRIMARY KEY column '${name}'`);
  if (referencesDuration(type)) throw invalid(`duration type is not supported for PRIMARY KEY column '${name}'`);
  if (node.isStatic) throw invalid(`Static column '${name}' cannot be part of the PRIMARY KEY`);
}

function checkPrimaryKey(statement: Create, columns: Columns): void {
  const keys = [...statement.partitionKey, ...statement.clustering];
  keys.forEach((name, i) => {
    if (columns.has(name) && keys.indexOf(name) !== i)
      throw invalid(`Duplicate column '${name}' in PRIMARY KEY clause for table '${statement.table.name}'`);
    checkKeyColumn(statement, columns, name);
  });
}

function checkClusteringOrder(statement: Create): void {
  const ordered = statement.clusteringOrder.map(([name]) => name);
  const others = ordered.filter((name) => !statement.clustering.includes(name));
  if (others.length > 0)
    throw invalid(
      'Only clustering key columns can be defined in CLUSTERING ORDER directive: ' +
        `[${others.join(', ')}] are not clustering columns`,
    );
  ordered.forEach((name, i) => {
    const expected = statement.clustering[i]!;
    if (name === expected) return;
    if (!ordered.includes(expected)) throw invalid(`Missing CLUSTERING ORDER for column ${expected}`);
    throw invalid(
      'The order of columns in the CLUSTERING ORDER directive must match that of the clustering columns ' +
        `(${expected} must appear before ${name})`,
    );
  });
}

function checkCompact(statement: Create, others: Columns): void {
  if ([...others.values()].some((column) => isMulticell(column.type)))
    throw invalid('Non-frozen collections and UDTs are not supported with COMPACT STORAGE');
  if (statement.columns.some((column) => column.isStatic))
    throw invalid('Static columns are not supported in COMPACT STORAGE tables');
  if (statement.clustering.length === 0 && others.size === 0)
    throw invalid('No definition found that is not part of the PRIMARY KEY');
  if (statement.clustering.length > 0 && others.size > 1)
    throw invalid(
      'COMPACT STORAGE with composite PRIMARY KEY allows no more than one column not part of the PRIMARY KEY ' +
        `(got: ${[...others.keys()].join(', ')})`,
    );
}

function checkOtherColumns(statement: Create, others: Columns, ttl: number): boolean {
  if (statement.compactStorage) checkCompact(statement, others);
  else if (statement.clustering.length === 0 && statement.columns.some((column) => column.isStatic))
    throw invalid('Static columns are only useful (and thus allowed) if the table has at least one clustering column');
  // Only the type written as `counter` makes a counter table.
  const hasCounters = [...others.values()].some(
    ({ node }) => node.type.kind === 'native' && node.type.name === 'counter',
  );
  if (hasCounters && [...others.values()].some((column) => column.type.kind !== 'counter'))
    throw invalid('Cannot mix counter and non counter columns in the same table');
  if (hasCounters && ttl > 0) throw invalid('Cannot set default_time_to_live on a table with counters');
  return hasCounters;
}

function columnDefinitions(
  statement: Create,
  columns: Columns,
  others: Columns,
  hasCounters: boolean,
): ColumnDefinition[] {
  const isStaticCompact = statement.compactStorage && statement.clustering.length === 0;
  const descending = new Set(statement.clusteringOrder.filter(([, order]) => order === 'desc').map(([name]) => name));
  // So is a column of a class that is reversed, whatever the order that the statement gives.
  for (const { name, type } of statement.columns)
    if (type.kind === 'custom' && parseClassName(type.className).reversed) descending.add(name);
  const made: ColumnDefinition[] = [];
  const add = (name: string, kind: ColumnDefinition['kind'], position: number, type: CqlType): void => {
    made.push({ name, id: made.length, kind, position, type, reversed: kind === 'clustering' && descending.has(name) });
  };
  statement.partitionKey.forEach((name, i) => {
    add(name, 'partition_key', i, columns.get(name)!.type);
  });
  statement.clustering.forEach((name, i) => {
    add(name, 'clustering', i, columns.get(name)!.type);
  });
  for (const [name, { node, type }] of others)
    add(name, node.isStatic || isStaticCompact ? 'static' : 'regular', -1, type);
  if (isStaticCompact) {
    add(unusedName('column1', 'column', 2, columns), 'clustering', 0, { kind: 'text' });
    add(unusedName('value', 'value', 1, columns), 'regular', -1, { kind: hasCounters ? 'counter' : 'blob' });
  } else if (statement.compactStorage && others.size === 0)
    add(unusedName('value', 'value', 1, columns), 'regular', -1, { kind: 'empty' });
  return made;
}

/** `first`, or `base` with a number from `from` on when the table has such a column. */
function unusedName(first: string, base: string, from: number, columns: Columns): string {
  let name = first;
  for (let i = from; columns.has(name); i++) name = `${base}${i}`;
  return name;
}

function flagsOf(statement: Create, hasCounters: boolean): string[] {
  const flags: string[] = [];
  if (!statement.compactStorage || statement.clustering.length > 1) flags.push('compound');
  if (hasCounters) flags.push('counter');
  if (statement.compactStorage && statement.clustering.length > 0) flags.push('dense');
  return flags;
}

/** @throws FerrosaError CONFIG_ERROR */
export function checkTableName(keyspace: string, name: string): void {
  if (!/^\w+$/.test(name))
    throw configError(
      `${keyspace}.${name}: Table name must not be empty or not contain non-alphanumeric-underscore characters ` +
        `(got "${name}")`,
    );
  if (name.length > tableNameCharactersMax)
    throw configError(
      `${keyspace}.${name}: Table name must not be more than ${tableNameCharactersMax} characters long ` +
        `(got ${name.length} characters for "${name}")`,
    );
}

/** @throws FerrosaError CONFIG_ERROR when counters and other columns meet */
export function checkCounterColumn(
  keyspace: string,
  table: string,
  isCounter: boolean,
  name: string,
  type: CqlType,
): void {
  if ((type.kind === 'counter') === isCounter) return;
  const what = isCounter
    ? `Cannot have a non counter column ("${name}") in a counter table`
    : `Cannot have a counter column ("${name}") in a non counter table`;
  throw configError(`${keyspace}.${table}: ${what}`);
}

function checkIdIsFree(schema: Schema, id: string): void {
  for (const keyspace of schema.keyspaces.values())
    for (const table of keyspace.tables.values())
      if (table.id === id) throw invalid(`Table id ${id} is in use by ${tableText(keyspace.name, table.name)}`);
}

function makeTable(
  schema: Schema,
  keyspace: KeyspaceDefinition,
  statement: Create,
  context: DdlContext,
): TableDefinition {
  const { options, id } = tableOptionsFrom(statement.options, null);
  const sorted = [...statement.columns].sort((a, b) => compareNames(a.name, b.name));
  const columns: Columns = new Map(
    sorted.map((node) => [node.name, { node, type: resolveType(node.type, keyspace) }] as const),
  );
  for (const { type } of columns.values()) checkNestedMulticell(type, '');
  checkPrimaryKey(statement, columns);
  checkClusteringOrder(statement);
  const keys = new Set([...statement.partitionKey, ...statement.clustering]);
  const others: Columns = new Map([...columns].filter(([name]) => !keys.has(name)));
  const hasCounters = checkOtherColumns(statement, others, options.default_time_to_live);
  checkTableName(keyspace.name, statement.table.name);
  for (const [name, { type }] of others)
    checkCounterColumn(keyspace.name, statement.table.name, hasCounters, name, type);
  if (columns.size > columnIdsMax) throw invalid(`A table has at most ${columnIdsMax} columns`);
  if (id !== null) checkIdIsFree(schema, id);
  const names = { keyspace: keyspace.name, name: statement.table.name };
  const made = columnDefinitions(statement, columns, others, hasCounters);
  const definitions = withMasks(schema, names, made, statement.columns, context);
  return buildTable({
    keyspace: keyspace.name,
    name: statement.table.name,
    id: id ?? context.newTableId(),
    version: 1,
    isCounter: hasCounters,
    flags: flagsOf(statement, hasCounters),
    columns: definitions,
    dropped: [],
    nextColumnId: definitions.length,
    options,
    indexes: [],
    virtual: false,
  });
}

/** Null when there is nothing to do. @throws FerrosaError */
export function createTable(schema: Schema, statement: Create, context: DdlContext): Applied | null {
  const keyspaceName = keyspaceOf(statement.table, context);
  const { name } = statement.table;
  checkShape(statement, statement.table.keyspace === null ? name : `${keyspaceName}.${name}`);
  checkModifiable(keyspaceName, 'CREATE', `<all tables in ${keyspaceName}>`);
  checkOptionSyntax(statement.options);
  checkMaskable(statement.columns, context);
  checkKeyspaceName(keyspaceName);
  const keyspace = schema.keyspaces.get(keyspaceName);
  if (keyspace === undefined) throw invalid(`Keyspace '${keyspaceName}' doesn't exist`);
  if (keyspace.tables.has(name)) {
    if (statement.ifNotExists) return null;
    throw alreadyExists(keyspaceName, name);
  }
  const table = makeTable(schema, keyspace, statement, context);
  const tables = new Map(keyspace.tables).set(name, table);
  return {
    schema: withKeyspace(schema, keyspaceName, { ...keyspace, tables }),
    change: { change: 'CREATED', target: 'TABLE', keyspace: keyspaceName, name },
    warnings: compactionWarnings(table.options.compaction, tableText(keyspaceName, name)),
  };
}

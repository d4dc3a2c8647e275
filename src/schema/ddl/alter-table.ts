// ALTER TABLE and DROP TABLE.
import { configError, invalid } from '../../common/errors.js';
import type { AlterTableChange, ColumnNode, DdlStatement } from '../../cql/index.js';
import { quoteIfNeeded, typeToCql } from '../../types/index.js';
import { alteredTable, isCompact, isHiddenColumn } from '../build.js';
import type { ColumnDefinition, DroppedColumn, KeyspaceDefinition, Schema, TableDefinition } from '../model.js';
import { compactionWarnings } from '../options/compaction-notice.js';
import { checkOptionSyntax, tableOptionsFrom } from '../options/table-options.js';
import { type Applied, checkKeyspaceName, checkModifiable, type DdlContext, keyspaceOf } from './context.js';
import {
  checkCounterColumn,
  checkMaskable,
  checkNestedMulticell,
  columnIdsMax,
  tableText,
  withMasks,
} from './create-table.js';
import { dependentIndexes } from './indexes.js';
import { withKeyspace } from './keyspaces.js';
import { canReadAs, expandUserTypes } from './type-walk.js';
import { resolveType } from './types.js';
import { alteredViews, checkNoViews } from './views.js';

type Alter = Extract<DdlStatement, { kind: 'alterTable' }>;
type Drop = Extract<DdlStatement, { kind: 'dropTable' }>;
type Change<K extends AlterTableChange['kind']> = Extract<AlterTableChange, { kind: K }>;

const kindText = (isStatic: boolean): string => (isStatic ? 'STATIC' : 'REGULAR');

function checkReAdded(
  table: TableDefinition,
  node: ColumnNode,
  column: ColumnDefinition,
  dropped: DroppedColumn,
): void {
  const { name } = node;
  if (!canReadAs(column.type, dropped.type))
    throw invalid(
      `Cannot add a column '${name}' of type ${typeToCql(column.type)}, ` +
        `incompatible with previously dropped column '${name}' of type ${typeToCql(dropped.type)}`,
    );
  const wasStatic = dropped.kind === 'static';
  if (wasStatic !== node.isStatic)
    throw invalid(
      `Cannot re-add previously dropped column '${name}' of kind ${kindText(node.isStatic)}, ` +
        `incompatible with previous kind ${kindText(wasStatic)}`,
    );
  if (table.isCounter) throw invalid(`Cannot re-add previously dropped counter column ${name}`);
}

/** The new column, or null when it is there and that is fine. */
function addedColumn(
  keyspace: KeyspaceDefinition,
  table: TableDefinition,
  node: ColumnNode,
  nextId: number,
): ColumnDefinition {
  const type = resolveType(node.type, keyspace);
  if (isCompact(table)) throw invalid('Cannot add new column to a COMPACT STORAGE table');
  if (node.isStatic && table.clustering.length === 0)
    throw invalid('Static columns are only useful (and thus allowed) if the table has at least one clustering column');
  checkNestedMulticell(type, ` for column ${node.name}`);
  const dropped = table.dropped.find((column) => column.name === node.name);
  const column: ColumnDefinition = {
    name: node.name,
    // A column that comes back is the same column: what was written after its drop time is its data.
    id: dropped?.id ?? nextId,
    kind: node.isStatic ? 'static' : 'regular',
    position: -1,
    type,
    reversed: false,
  };
  if (dropped !== undefined) checkReAdded(table, node, column, dropped);
  return column;
}

function addColumns(
  schema: Schema,
  keyspace: KeyspaceDefinition,
  table: TableDefinition,
  change: Change<'add'>,
  context: DdlContext,
): TableDefinition {
  checkMaskable(change.columns, context);
  const columns = new Map(table.columns);
  const added: ColumnDefinition[] = [];
  let { nextColumnId } = table;
  for (const node of change.columns) {
    if (columns.has(node.name)) {
      resolveType(node.type, keyspace);
      if (change.ifNotExists) continue;
      throw invalid(`Column with name '${node.name}' already exists`);
    }
    const column = addedColumn(keyspace, table, node, nextColumnId);
    if (column.id === nextColumnId) nextColumnId++;
    if (nextColumnId > columnIdsMax) throw invalid(`A table has at most ${columnIdsMax} columns`);
    columns.set(column.name, column);
    added.push(column);
  }
  for (const { name, type } of added) checkCounterColumn(table.keyspace, table.name, table.isCounter, name, type);
  const masked = new Map(
    withMasks(schema, table, added, change.columns, context).map((column) => [column.name, column]),
  );
  const all = [...columns.values()].map((column) => masked.get(column.name) ?? column);
  return alteredTable(table, { columns: all, nextColumnId });
}

function dropColumns(table: TableDefinition, change: Change<'drop'>, context: DdlContext): TableDefinition {
  const columns = new Map(table.columns);
  const dropped = new Map(table.dropped.map((column) => [column.name, column]));
  for (const name of change.columns) {
    const column = table.columns.get(name);
    if (column === undefined) {
      if (change.ifExists) continue;
      throw invalid(`Column ${name} was not found in table '${tableText(table.keyspace, table.name)}'`);
    }
    if (column.position >= 0) throw invalid(`Cannot drop PRIMARY KEY column ${name}`);
    if ((table.viewNames ?? []).length > 0)
      throw invalid(`Cannot drop column ${name} on base table ${table.name} with materialized views`);
    // Cassandra fails an assertion: the value of a compact table is what its layout rests on.
    if (isCompact(table) && column.kind === 'regular')
      throw invalid(`Cannot drop column ${name} from a COMPACT STORAGE table`);
    if (column.type.kind === 'udt' && !column.type.frozen)
      throw invalid(`Cannot drop non-frozen column ${name} of user type ${typeToCql(column.type)}`);
    const dependent = dependentIndexes(table, name);
    if (dependent.length > 0)
      throw invalid(`Cannot drop column ${name} because it has dependent secondary indexes (${dependent.join(', ')})`);
    columns.delete(name);
    const { id, kind } = column;
    const droppedAt = change.timestamp ?? context.nowMicros;
    dropped.set(name, { name, id, kind, type: expandUserTypes(column.type), droppedAt });
  }
  return alteredTable(table, { columns: [...columns.values()], dropped: [...dropped.values()] });
}

function renameColumns(table: TableDefinition, change: Change<'rename'>): TableDefinition {
  let columns = [...table.columns.values()];
  const where = tableText(table.keyspace, table.name);
  for (const [from, to] of change.renames) {
    const column = table.columns.get(from);
    if (column === undefined || isHiddenColumn(table, column))
      throw invalid(`Undefined column name ${quoteIfNeeded(from)} in table ${where}`);
    if (column.position < 0) throw invalid(`Cannot rename non PRIMARY KEY column ${from}`);
    if (columns.some((one) => one.name === to))
      throw invalid(
        `Cannot rename column ${from} to ${to} in table '${where}'; another column with that name already exists`,
      );
    const dependent = dependentIndexes(table, from);
    if (dependent.length > 0)
      throw invalid(`Can't rename column ${from} because it has dependent secondary indexes (${dependent.join(', ')})`);
    columns = columns.map((one) => (one.name === from ? { ...one, name: to } : one));
  }
  return alteredTable(table, { columns });
}

function alterOptions(table: TableDefinition, change: Change<'with'>): TableDefinition {
  const { options, id } = tableOptionsFrom(change.options, table.options);
  if (id !== null) throw configError('Cannot alter table id.');
  if (table.isCounter && options.default_time_to_live > 0)
    throw invalid('Cannot set default_time_to_live on a table with counters');
  if (options.gc_grace_seconds === 0 && (table.viewNames ?? []).length > 0)
    throw invalid(
      'Cannot alter gc_grace_seconds of the base table of a materialized view to 0, since this value is used to TTL ' +
        'undelivered updates. Setting gc_grace_seconds too low might cause undelivered updates to expire before being ' +
        'replayed.',
    );
  return alteredTable(table, { options });
}

function maskColumn(
  schema: Schema,
  table: TableDefinition,
  change: Change<'mask'>,
  context: DdlContext,
): TableDefinition {
  const column = table.columns.get(change.column);
  if (column === undefined) {
    if (change.ifExists) return table;
    throw invalid(`Column with name '${change.column}' doesn't exist on table '${table.name}'`);
  }
  const { mask: before, ...bare } = column;
  const [after] = withMasks(schema, table, [bare], [{ name: column.name, mask: change.mask }], context);
  if (JSON.stringify(before) === JSON.stringify(after!.mask)) return table;
  const columns = [...table.columns.values()].map((one) => (one === column ? after! : one));
  return alteredTable(table, { columns });
}

function dropCompactStorage(table: TableDefinition): TableDefinition {
  if (!isCompact(table)) throw invalid('Cannot DROP COMPACT STORAGE on table without COMPACT STORAGE');
  return alteredTable(table, { flags: table.isCounter ? ['compound', 'counter'] : ['compound'] });
}

function changedTable(
  schema: Schema,
  keyspace: KeyspaceDefinition,
  table: TableDefinition,
  change: AlterTableChange,
  context: DdlContext,
): TableDefinition {
  switch (change.kind) {
    case 'add':
      return addColumns(schema, keyspace, table, change, context);
    case 'drop':
      return dropColumns(table, change, context);
    case 'rename':
      return renameColumns(table, change);
    case 'with':
      return alterOptions(table, change);
    case 'mask':
      return maskColumn(schema, table, change, context);
    case 'dropCompactStorage':
      return dropCompactStorage(table);
    case 'alterType':
      throw invalid('Altering column types is no longer supported');
  }
}

/** Null when there is nothing to do. @throws FerrosaError */
export function alterTable(schema: Schema, statement: Alter, context: DdlContext): Applied | null {
  const keyspaceName = keyspaceOf(statement.table, context);
  const { name } = statement.table;
  checkModifiable(keyspaceName, 'ALTER', `<table ${keyspaceName}.${name}>`);
  if (statement.change.kind === 'with') checkOptionSyntax(statement.change.options);
  if (statement.change.kind === 'mask') checkMaskable([statement.change], context);
  checkKeyspaceName(keyspaceName);
  const keyspace = schema.keyspaces.get(keyspaceName);
  const table = keyspace?.tables.get(name);
  if (keyspace === undefined || table === undefined) {
    if (statement.ifExists) return null;
    throw invalid(`Table '${keyspaceName}.${name}' doesn't exist`);
  }
  if (table.view !== undefined)
    throw invalid('Cannot use ALTER TABLE on a materialized view; use ALTER MATERIALIZED VIEW instead');
  const changed = changedTable(schema, keyspace, table, statement.change, context);
  const tables = new Map(keyspace.tables).set(name, changed);
  for (const view of alteredViews(keyspace, table, changed)) tables.set(view.name, view);
  const isNewStrategy = changed.options.compaction !== table.options.compaction;
  return {
    schema: withKeyspace(schema, keyspaceName, { ...keyspace, tables }),
    change: { change: 'UPDATED', target: 'TABLE', keyspace: keyspaceName, name },
    warnings: isNewStrategy ? compactionWarnings(changed.options.compaction, `${keyspaceName}.${name}`) : [],
  };
}

/** Null when there is nothing to do. @throws FerrosaError */
export function dropTable(schema: Schema, statement: Drop, context: DdlContext): Applied | null {
  const keyspaceName = keyspaceOf(statement.table, context);
  const { name } = statement.table;
  checkModifiable(keyspaceName, 'DROP', `<table ${keyspaceName}.${name}>`);
  checkKeyspaceName(keyspaceName);
  const keyspace = schema.keyspaces.get(keyspaceName);
  if (keyspace === undefined || !keyspace.tables.has(name)) {
    if (statement.ifExists) return null;
    throw invalid(`Table '${keyspaceName}.${name}' doesn't exist`);
  }
  const dropped = keyspace.tables.get(name)!;
  if (dropped.view !== undefined)
    throw invalid('Cannot use DROP TABLE on a materialized view. Please use DROP MATERIALIZED VIEW instead.');
  checkNoViews(dropped);
  const tables = new Map(keyspace.tables);
  tables.delete(name);
  return {
    schema: withKeyspace(schema, keyspaceName, { ...keyspace, tables }),
    change: { change: 'DROPPED', target: 'TABLE', keyspace: keyspaceName, name },
  };
}

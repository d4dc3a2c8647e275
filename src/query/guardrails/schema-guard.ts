// Guardrails of schema changes, in the order of Cassandra's checks. They come before what else may be wrong with a statement.
import type { ColumnNode, DdlStatement, Options, TypeNode } from '../../cql/index.js';
import type { KeyspaceDefinition, Schema, TableDefinition } from '../../schema/index.js';
import type { Guard } from './guard.js';

type SchemaStatement = Exclude<DdlStatement, { kind: 'truncate' }>;
type Of<K extends SchemaStatement['kind']> = Extract<SchemaStatement, { kind: K }>;

const systemKeyspaces = /^system(_.*)?$/;
const userKeyspaces = (schema: Schema): KeyspaceDefinition[] =>
  [...schema.keyspaces.values()].filter(({ name }) => !systemKeyspaces.test(name));

const mapOf = (options: Options, name: string): Readonly<Record<string, string>> => {
  const value = options[name];
  return typeof value === 'object' ? value : {};
};
const shortClass = (name: string | undefined): string => name?.slice(name.lastIndexOf('.') + 1) ?? '';

/**
 * Checks a schema change of a client. Returns the statement that is to be executed: without what a guardrail says to ignore.
 * @throws FerrosaError INVALID
 */
export function guardSchemaChange(
  guard: Guard,
  statement: SchemaStatement,
  schema: Schema,
  session: string | null,
): SchemaStatement {
  switch (statement.kind) {
    case 'createKeyspace':
      guard.threshold('keyspaces', userKeyspaces(schema).length + 1, statement.name);
      guardReplication(guard, statement);
      return statement;
    case 'alterKeyspace':
      guardReplication(guard, statement);
      return statement;
    case 'dropKeyspace':
      guard.flag('drop_keyspace_enabled');
      return statement;
    case 'createTable':
      return guardCreateTable(guard, statement, schema);
    case 'createTableLike':
      guardCopyTable(guard, statement, tableOf(schema, statement.like, session), schema);
      return statement;
    case 'alterTable':
      return guardAlterTable(guard, statement, tableOf(schema, statement.table, session));
    case 'dropTable':
      guard.flag('drop_truncate_table_enabled');
      return statement;
    case 'createType':
      guard.threshold('fields_per_udt', statement.fields.length, statement.type.name);
      for (const [field, type] of statement.fields) guardType(guard, `Field ${field}`, type);
      return statement;
    case 'alterType':
      guardAlterType(guard, statement, schema, session);
      return statement;
    case 'createView': {
      const base = tableOf(schema, statement.base, session);
      const views = (base?.viewNames?.length ?? 0) + 1;
      const what = `${statement.view.name} on table ${statement.base.name}`;
      if (base !== null) guard.threshold('materialized_views_per_table', views, what);
      return statement;
    }
    case 'createIndex':
      guardCreateIndex(guard, statement, tableOf(schema, statement.table, session));
      return statement;
    default:
      return statement;
  }
}

type Named = { readonly keyspace: string | null; readonly name: string };

function tableOf(schema: Schema, { keyspace, name }: Named, session: string | null): TableDefinition | null {
  return schema.keyspaces.get(keyspace ?? session ?? '')?.tables.get(name) ?? null;
}

function guardReplication(guard: Guard, { name, options }: Of<'createKeyspace'> | Of<'alterKeyspace'>): void {
  const { class: strategy, ...factors } = mapOf(options, 'replication');
  if (strategy === undefined) return;
  if (shortClass(strategy) === 'SimpleStrategy') guard.flag('simplestrategy_enabled');
  for (const text of Object.values(factors)) {
    const factor = Number(text.split('/')[0]);
    if (!Number.isInteger(factor)) continue; // told by the strategy
    guard.threshold('minimum_replication_factor', factor, name);
    guard.threshold('maximum_replication_factor', factor, name);
  }
}

function withoutIgnored(guard: Guard, options: Options): Options {
  const ignored = guard.values('table_properties', Object.keys(options));
  if (ignored.length === 0) return options;
  return Object.fromEntries(Object.entries(options).filter(([name]) => !ignored.includes(name)));
}

function guardCreateTable(guard: Guard, statement: Of<'createTable'>, schema: Schema): Of<'createTable'> {
  const { name } = statement.table;
  const options = withoutIgnored(guard, statement.options);
  guard.threshold('columns_per_table', statement.columns.length, name);
  const tables = userKeyspaces(schema).reduce((sum, keyspace) => sum + keyspace.tables.size, 0);
  guard.threshold('tables', tables + 1, name);
  if (statement.compactStorage) guard.flag('compact_tables_enabled');
  guardTimeToLive(guard, mapOf(options, 'compaction')['class'], options['default_time_to_live']);
  guardColumns(guard, statement.columns);
  guardCompression(guard, options);
  return { ...statement, options };
}

function guardCopyTable(
  guard: Guard,
  { table, options }: Of<'createTableLike'>,
  source: TableDefinition | null,
  schema: Schema,
): void {
  if (source !== null) guard.threshold('columns_per_table', source.columns.size, table.name);
  const tables = userKeyspaces(schema).reduce((sum, keyspace) => sum + keyspace.tables.size, 0);
  guard.threshold('tables', tables + 1, table.name);
  if (source !== null && (source.flags.includes('dense') || !source.flags.includes('compound')))
    guard.flag('compact_tables_enabled');
  guardCompression(guard, options);
}

/** Tables whose rows nothing expires, under the strategy that is made for rows that expire. */
function guardTimeToLive(guard: Guard, strategy: string | undefined, ttl: unknown): void {
  if (shortClass(strategy) === 'TimeWindowCompactionStrategy' && Number(ttl ?? 0) === 0)
    guard.flag('zero_ttl_on_twcs_enabled');
}

function guardCompression(guard: Guard, options: Options): void {
  if (options['compression'] === undefined) return;
  const compression = mapOf(options, 'compression');
  const isOff =
    Object.keys(compression).length === 0 ||
    compression['enabled'] === 'false' ||
    compression['class'] === '' ||
    compression['sstable_compression'] === '';
  if (isOff) guard.flag('uncompressed_tables_enabled');
}

function guardColumns(guard: Guard, columns: readonly ColumnNode[]): void {
  for (const { name, type } of columns) guardType(guard, `Column ${name}`, type);
}

function guardType(guard: Guard, what: string, type: TypeNode): void {
  for (const dimensions of vectorsIn(type)) {
    guard.flag('vector_type_enabled');
    guard.threshold('vector_dimensions', dimensions, what);
  }
}

function vectorsIn(type: TypeNode): number[] {
  switch (type.kind) {
    case 'vector':
      return [type.dimensions, ...vectorsIn(type.element)];
    case 'list':
    case 'set':
      return vectorsIn(type.element);
    case 'map':
      return [...vectorsIn(type.key), ...vectorsIn(type.value)];
    case 'tuple':
      return type.fields.flatMap(vectorsIn);
    case 'frozen':
      return vectorsIn(type.inner);
    default:
      return [];
  }
}

function guardAlterTable(guard: Guard, statement: Of<'alterTable'>, table: TableDefinition | null): Of<'alterTable'> {
  const { change } = statement;
  if (change.kind === 'with') {
    const options = withoutIgnored(guard, change.options);
    const compaction = options['compaction'] === undefined ? table?.options.compaction : mapOf(options, 'compaction');
    const ttl = options['default_time_to_live'] ?? table?.options.default_time_to_live;
    guardTimeToLive(guard, compaction?.['class'], ttl);
    guardCompression(guard, options);
    return { ...statement, change: { ...change, options } };
  }
  if (change.kind !== 'add' && change.kind !== 'drop' && change.kind !== 'rename') return statement;
  guard.flag('alter_table_enabled');
  if (change.kind !== 'add') return statement;
  guardColumns(guard, change.columns);
  if (table !== null) {
    const added = change.columns.filter(({ name }) => !table.columns.has(name));
    guard.threshold('columns_per_table', table.columns.size + added.length, table.name);
  }
  return statement;
}

function guardAlterType(guard: Guard, statement: Of<'alterType'>, schema: Schema, session: string | null): void {
  const { type, change } = statement;
  if (change.kind !== 'add') return;
  guardType(guard, `Field ${change.field}`, change.type);
  const known = schema.keyspaces.get(type.keyspace ?? session ?? '')?.types.get(type.name);
  if (known !== undefined) guard.threshold('fields_per_udt', known.fieldNames.length + 1, type.name);
}

function guardCreateIndex(guard: Guard, statement: Of<'createIndex'>, table: TableDefinition | null): void {
  guard.flag('secondary_indexes_enabled', 'Creating secondary indexes');
  if (table === null) return;
  const { name } = statement;
  const what = name === null ? `on table ${table.name}` : `${name} on table ${table.name}`;
  guard.threshold('secondary_indexes_per_table', table.indexes.length + 1, what);
}

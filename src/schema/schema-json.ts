// Schema elements as JSON and the difference of two schemas: what the metadata log stores and replays.

import type { UserType } from '../types/index.js';
import { buildTable, compareNames } from './build.js';
import { functionKey } from './functions.js';
import type {
  ColumnDefinition,
  DroppedColumn,
  KeyspaceDefinition,
  Schema,
  TableDefinition,
  UserFunctionOrAggregate,
} from './model.js';
import { schemaOf } from './schema-version.js';

type DroppedJson = Omit<DroppedColumn, 'droppedAt'> & { readonly droppedAt: string };

export type TableJson = Omit<
  TableDefinition,
  'keyspace' | 'partitionKey' | 'clustering' | 'statics' | 'regulars' | 'columns' | 'dropped' | 'virtual'
> & { readonly columns: readonly ColumnDefinition[]; readonly dropped: readonly DroppedJson[] };

/** What one keyspace becomes; absent tables and types stay as they are. */
export type KeyspaceDelta = {
  readonly name: string;
  readonly durableWrites: boolean;
  readonly replication: Readonly<Record<string, string>>;
  readonly tables: readonly TableJson[];
  readonly droppedTables: readonly string[];
  readonly types: readonly UserType[];
  readonly droppedTypes: readonly string[];
  /** Absent in logs that were written before there were functions. */
  readonly functions?: readonly UserFunctionOrAggregate[];
  /** Signatures. */
  readonly droppedFunctions?: readonly string[];
};

export type SchemaDelta = {
  readonly keyspaces: readonly KeyspaceDelta[];
  readonly droppedKeyspaces: readonly string[];
};

/** A table as plain JSON without its keyspace. */
export function tableToJson(table: TableDefinition): TableJson {
  return {
    name: table.name,
    id: table.id,
    version: table.version,
    isCounter: table.isCounter,
    flags: table.flags,
    columns: [...table.columns.values()].sort((a, b) => a.id - b.id),
    dropped: table.dropped.map((column) => ({ ...column, droppedAt: column.droppedAt.toString() })),
    nextColumnId: table.nextColumnId,
    options: table.options,
    indexes: table.indexes,
    ...(table.view === undefined ? {} : { view: table.view }),
    ...(table.viewNames === undefined ? {} : { viewNames: table.viewNames }),
  };
}

/** The inverse of tableToJson. */
export function tableFromJson(keyspace: string, json: TableJson): TableDefinition {
  return buildTable({
    ...json,
    keyspace,
    dropped: json.dropped.map((column) => ({ ...column, droppedAt: BigInt(column.droppedAt) })),
    virtual: false,
  });
}

function changedValues<V>(before: ReadonlyMap<string, V> | undefined, after: ReadonlyMap<string, V>): V[] {
  const names = [...after.keys()].filter((name) => before?.get(name) !== after.get(name));
  return names.sort(compareNames).map((name) => after.get(name)!);
}

function missingNames(before: ReadonlyMap<string, unknown> | undefined, after: ReadonlyMap<string, unknown>): string[] {
  return [...(before?.keys() ?? [])].filter((name) => !after.has(name)).sort(compareNames);
}

/** What turns `before` into `after`. Unchanged elements are recognised by identity. */
export function diffSchemas(before: Schema, after: Schema): SchemaDelta {
  const keyspaces = changedValues(before.keyspaces, after.keyspaces).map((keyspace): KeyspaceDelta => {
    const old = before.keyspaces.get(keyspace.name);
    return {
      name: keyspace.name,
      durableWrites: keyspace.durableWrites,
      replication: keyspace.replication,
      tables: changedValues(old?.tables, keyspace.tables).map(tableToJson),
      droppedTables: missingNames(old?.tables, keyspace.tables),
      types: changedValues(old?.types, keyspace.types),
      droppedTypes: missingNames(old?.types, keyspace.types),
      functions: changedValues(old?.functions, keyspace.functions),
      droppedFunctions: missingNames(old?.functions, keyspace.functions),
    };
  });
  return { keyspaces, droppedKeyspaces: missingNames(before.keyspaces, after.keyspaces) };
}

function applyKeyspace(old: KeyspaceDefinition | undefined, delta: KeyspaceDelta): KeyspaceDefinition {
  const tables = new Map(old?.tables ?? []);
  for (const name of delta.droppedTables) tables.delete(name);
  for (const table of delta.tables) tables.set(table.name, tableFromJson(delta.name, table));
  const types = new Map(old?.types ?? []);
  for (const name of delta.droppedTypes) types.delete(name);
  for (const type of delta.types) types.set(type.name, type);
  const functions = new Map(old?.functions ?? []);
  for (const signature of delta.droppedFunctions ?? []) functions.delete(signature);
  for (const fn of delta.functions ?? []) functions.set(functionKey(fn.name, fn.argTypes), fn);
  const { name, durableWrites, replication } = delta;
  return { name, durableWrites, replication, tables, types, functions, virtual: false };
}

/** The schema after a delta: the same on every node that applies the same deltas. */
export function applyDelta(schema: Schema, delta: SchemaDelta): Schema {
  const keyspaces = new Map(schema.keyspaces);
  for (const name of delta.droppedKeyspaces) keyspaces.delete(name);
  for (const keyspace of delta.keyspaces)
    keyspaces.set(keyspace.name, applyKeyspace(keyspaces.get(keyspace.name), keyspace));
  return schemaOf(keyspaces);
}

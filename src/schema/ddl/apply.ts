// One DDL statement on one schema. Pure: same arguments, same result, so that it can be replayed.
import type { DdlStatement } from '../../cql/index.js';
import { typeToCqlUnfrozen } from '../../types/index.js';
import { type TableChange, tableChanges } from '../catalogue.js';
import type { KeyspaceDefinition, Schema, SchemaChange, UserFunctionOrAggregate } from '../model.js';
import { sameTable } from '../schema-version.js';
import { alterTable, dropTable } from './alter-table.js';
import type { Applied, DdlContext } from './context.js';
import { copyTable } from './copy-table.js';
import { createTable } from './create-table.js';
import { createAggregate, createFunction, dropFunctionOrAggregate } from './functions.js';
import { createIndex, dropIndex } from './indexes.js';
import { alterKeyspace, createKeyspace, dropKeyspace } from './keyspaces.js';
import { refuseTrigger } from './triggers.js';
import { alterType, createType, dropType } from './types.js';
import { alterView, createView, dropView } from './views.js';

/** TRUNCATE changes data and not the schema: it is the coordinator's. */
export type SchemaStatement = Exclude<DdlStatement, { kind: 'truncate' }>;

export type DdlResult = {
  /** The schema that was given when nothing changed. */
  readonly schema: Schema;
  /** What the client is told; null for VOID, when nothing was to do. */
  readonly change: SchemaChange | null;
  /** What registered connections are told, in order. */
  readonly events: readonly SchemaChange[];
  readonly tables: readonly TableChange[];
  readonly warnings: readonly string[];
};

function apply(schema: Schema, statement: SchemaStatement, context: DdlContext): Applied | null {
  switch (statement.kind) {
    case 'createKeyspace':
      return createKeyspace(schema, statement, context);
    case 'alterKeyspace':
      return alterKeyspace(schema, statement, context);
    case 'dropKeyspace':
      return dropKeyspace(schema, statement);
    case 'createTable':
      return createTable(schema, statement, context);
    case 'createTableLike':
      return copyTable(schema, statement, context);
    case 'alterTable':
      return alterTable(schema, statement, context);
    case 'dropTable':
      return dropTable(schema, statement, context);
    case 'createType':
      return createType(schema, statement, context);
    case 'alterType':
      return alterType(schema, statement, context);
    case 'dropType':
      return dropType(schema, statement, context);
    case 'createFunction':
      return createFunction(schema, statement, context);
    case 'createAggregate':
      return createAggregate(schema, statement, context);
    case 'dropFunction':
    case 'dropAggregate':
      return dropFunctionOrAggregate(schema, statement, context);
    case 'createView':
      return createView(schema, statement, context);
    case 'alterView':
      return alterView(schema, statement, context);
    case 'dropView':
      return dropView(schema, statement, context);
    case 'createIndex':
      return createIndex(schema, statement, context);
    case 'dropIndex':
      return dropIndex(schema, statement, context);
    default:
      refuseTrigger(schema, statement, context);
      return null;
  }
}

function sameOptions(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function functionEvent(change: SchemaChange['change'], fn: UserFunctionOrAggregate): SchemaChange {
  const target = fn.kind === 'function' ? 'FUNCTION' : 'AGGREGATE';
  const argumentTypes = fn.argTypes.map(typeToCqlUnfrozen);
  return { change, target, keyspace: fn.keyspace, name: fn.name, argumentTypes };
}

/** Functions and aggregates that came, went or changed; those that went first. */
function functionEvents(old: KeyspaceDefinition | undefined, now: KeyspaceDefinition | undefined): SchemaChange[] {
  const events: SchemaChange[] = [];
  for (const [key, fn] of old?.functions ?? [])
    if (now?.functions.get(key)?.kind !== fn.kind) events.push(functionEvent('DROPPED', fn));
  for (const [key, fn] of now?.functions ?? []) {
    const previous = old?.functions.get(key);
    if (previous === fn) continue;
    events.push(functionEvent(previous?.kind === fn.kind ? 'UPDATED' : 'CREATED', fn));
  }
  return events;
}

/** Events of the difference between two schemas, in Cassandra's order. */
export function schemaEvents(before: Schema, after: Schema): SchemaChange[] {
  const events: SchemaChange[] = [];
  const add = (
    change: SchemaChange['change'],
    target: SchemaChange['target'],
    keyspace: string,
    name?: string,
  ): void => {
    events.push({ change, target, keyspace, ...(name === undefined ? {} : { name }) });
  };
  for (const name of new Set([...before.keyspaces.keys(), ...after.keyspaces.keys()])) {
    const [old, now] = [before.keyspaces.get(name), after.keyspaces.get(name)];
    if (old === now) continue;
    if (old === undefined) add('CREATED', 'KEYSPACE', name);
    for (const table of old?.tables.keys() ?? []) if (!now?.tables.has(table)) add('DROPPED', 'TABLE', name, table);
    for (const type of old?.types.keys() ?? []) if (!now?.types.has(type)) add('DROPPED', 'TYPE', name, type);
    for (const type of now?.types.keys() ?? []) if (!old?.types.has(type)) add('CREATED', 'TYPE', name, type);
    for (const table of now?.tables.keys() ?? []) if (!old?.tables.has(table)) add('CREATED', 'TABLE', name, table);
    if (old !== undefined && now !== undefined) {
      if (old.durableWrites !== now.durableWrites || !sameOptions(old.replication, now.replication))
        add('UPDATED', 'KEYSPACE', name);
      for (const [type, definition] of now.types) {
        const previous = old.types.get(type);
        if (previous !== undefined && previous !== definition) add('UPDATED', 'TYPE', name, type);
      }
      for (const [table, definition] of now.tables) {
        const previous = old.tables.get(table);
        if (previous !== undefined && !sameTable(previous, definition)) add('UPDATED', 'TABLE', name, table);
      }
    }
    events.push(...functionEvents(old, now));
    if (now === undefined) add('DROPPED', 'KEYSPACE', name);
  }
  return events;
}

/**
 * The schema after `statement`.
 * @throws FerrosaError with Cassandra's code and text when it cannot be applied
 */
export function applyDdl(schema: Schema, statement: SchemaStatement, context: DdlContext): DdlResult {
  const applied = apply(schema, statement, context);
  const warnings = applied?.warnings ?? [];
  if (applied === null || applied.schema.version === schema.version)
    return { schema, change: null, events: [], tables: [], warnings };
  return {
    schema: applied.schema,
    change: applied.change,
    events: schemaEvents(schema, applied.schema),
    tables: tableChanges(schema, applied.schema),
    warnings,
  };
}

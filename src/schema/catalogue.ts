// The current schema of this process, and who wants to know when it changes.
import { invalid } from '../common/errors.js';
import type { KeyspaceDefinition, Schema, SchemaChange, TableDefinition } from './model.js';

/** What one committed statement changed. */
export type CatalogueChange = {
  readonly before: Schema;
  readonly after: Schema;
  /** Events in the order in which drivers get them: a dropped keyspace comes after all that was in it. */
  readonly events: readonly SchemaChange[];
  /** Every table that came (`before` null), went (`after` null) or is not what it was. */
  readonly tables: readonly TableChange[];
};

export type TableChange = { readonly before: TableDefinition | null; readonly after: TableDefinition | null };

export type CatalogueListener = (change: CatalogueChange) => void;

/** The keyspace. @throws FerrosaError INVALID `keyspace k does not exist` */
export function getKeyspace(schema: Schema, name: string): KeyspaceDefinition {
  const keyspace = schema.keyspaces.get(name);
  if (keyspace === undefined) throw invalid(`keyspace ${name} does not exist`);
  return keyspace;
}

/** The table. @throws FerrosaError INVALID `keyspace k does not exist`, `table t does not exist` */
export function getTable(schema: Schema, keyspace: string, name: string): TableDefinition {
  const table = getKeyspace(schema, keyspace).tables.get(name);
  if (table === undefined) throw invalid(`table ${name} does not exist`);
  return table;
}

/** Tables that differ between two schemas, recognised by identity. */
export function tableChanges(before: Schema, after: Schema): TableChange[] {
  const changes: TableChange[] = [];
  for (const [name, keyspace] of before.keyspaces) {
    const now = after.keyspaces.get(name);
    if (now === keyspace) continue;
    for (const [tableName, table] of keyspace.tables) {
      const other = now?.tables.get(tableName) ?? null;
      // Dropped and created again in one step: another id is another table.
      if (other !== null && other.id !== table.id)
        changes.push({ before: table, after: null }, { before: null, after: other });
      else if (other !== table) changes.push({ before: table, after: other });
    }
  }
  for (const [name, keyspace] of after.keyspaces) {
    const old = before.keyspaces.get(name);
    if (old === keyspace) continue;
    for (const [tableName, table] of keyspace.tables)
      if (!old?.tables.has(tableName)) changes.push({ before: null, after: table });
  }
  return changes;
}

/** Holds the current schema. One a thread; only the metadata store publishes. */
export class Catalogue {
  readonly #listeners = new Set<CatalogueListener>();
  #schema: Schema;
  #tablesById: Map<string, TableDefinition>;

  constructor(schema: Schema) {
    this.#schema = schema;
    this.#tablesById = indexById(schema);
  }

  get schema(): Schema {
    return this.#schema;
  }

  /** @throws FerrosaError INVALID when there is none */
  getKeyspace(name: string): KeyspaceDefinition {
    return getKeyspace(this.#schema, name);
  }

  /** @throws FerrosaError INVALID when there is none */
  getTable(keyspace: string, name: string): TableDefinition {
    return getTable(this.#schema, keyspace, name);
  }

  findTable(keyspace: string, name: string): TableDefinition | null {
    return this.#schema.keyspaces.get(keyspace)?.tables.get(name) ?? null;
  }

  /** By UUID text, in lower case. */
  tableById(id: string): TableDefinition | null {
    return this.#tablesById.get(id) ?? null;
  }

  /** Calls `listener` after each change, in the order of registration. Returns what takes it off again. */
  onChange(listener: CatalogueListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Makes `after` the current schema and tells the listeners. */
  publish(after: Schema, events: readonly SchemaChange[]): CatalogueChange {
    const before = this.#schema;
    const tables = tableChanges(before, after);
    this.#schema = after;
    for (const change of tables) if (change.after === null) this.#tablesById.delete(change.before!.id);
    for (const change of tables) if (change.after !== null) this.#tablesById.set(change.after.id, change.after);
    const change = { before, after, events, tables };
    for (const listener of this.#listeners) listener(change);
    return change;
  }
}

function indexById(schema: Schema): Map<string, TableDefinition> {
  const tables = [...schema.keyspaces.values()].flatMap((keyspace) => [...keyspace.tables.values()]);
  return new Map(tables.map((table) => [table.id, table]));
}

// Which provider makes the rows of which table.
import assert from 'node:assert';
import { compareNames } from '../build.js';
import type { KeyspaceDefinition, TableDefinition } from '../model.js';
import { systemNodeRows } from './node-rows.js';
import { type SchemaRows, systemSchemaRows, systemVirtualSchemaRows } from './schema-rows.js';
import {
  type PlainRow,
  serializeRows,
  type VirtualContext,
  type VirtualRow,
  type VirtualTable,
} from './virtual-table.js';

/** Rows of a schema table. What one element gives is kept, serialized, as long as the element is what it is. */
class SchemaTableRows {
  readonly #definition: TableDefinition;
  readonly #source: SchemaRows;
  readonly #ofVirtualKeyspaces: boolean;
  readonly #known = new WeakMap<KeyspaceDefinition | TableDefinition, VirtualRow[]>();

  constructor(definition: TableDefinition, source: SchemaRows, ofVirtualKeyspaces: boolean) {
    this.#definition = definition;
    this.#source = source;
    this.#ofVirtualKeyspaces = ofVirtualKeyspaces;
  }

  rows(context: VirtualContext): VirtualRow[] {
    const keyspaces = [...context.schema.keyspaces.values()].filter((one) => one.virtual === this.#ofVirtualKeyspaces);
    // The partition key is the keyspace: sorting the keyspaces' names sorts their rows.
    const names = serializeRows(
      { ...this.#definition, clustering: [], statics: [], regulars: [] },
      keyspaces.map((keyspace) => ({ keyspace_name: keyspace.name })),
      !this.#ofVirtualKeyspaces,
    );
    const order = names.map(([name]) => Buffer.from(name!).toString());
    return order.flatMap((name) => this.#keyspaceRows(context.schema.keyspaces.get(name)!));
  }

  #keyspaceRows(keyspace: KeyspaceDefinition): VirtualRow[] {
    const { ofKeyspace, ofTable } = this.#source;
    if (ofKeyspace !== undefined) return this.#serialized(keyspace, () => ofKeyspace(keyspace));
    if (ofTable === undefined) return [];
    // The first clustering column is the table: sorting the tables' names sorts their rows.
    const tables = [...keyspace.tables.values()].sort((a, b) => compareNames(a.name, b.name));
    return tables.flatMap((table) => this.#serialized(table, () => ofTable(table)));
  }

  #serialized<E extends KeyspaceDefinition | TableDefinition>(
    element: E,
    rows: () => readonly PlainRow[],
  ): VirtualRow[] {
    let known = this.#known.get(element);
    if (known === undefined) {
      known = serializeRows(this.#definition, rows(), false);
      this.#known.set(element, known);
    }
    return known;
  }
}

function makeVirtualTable(definition: TableDefinition): VirtualTable {
  const { keyspace, name } = definition;
  const ofVirtual = keyspace === 'system_virtual_schema';
  const schemaRows = keyspace === 'system_schema' ? systemSchemaRows[name] : systemVirtualSchemaRows[name];
  if (keyspace === 'system_schema' || ofVirtual) {
    assert(schemaRows !== undefined, `no rows for ${keyspace}.${name}`);
    const rows = new SchemaTableRows(definition, schemaRows, ofVirtual);
    return { definition, rows: (context) => rows.rows(context) };
  }
  if (keyspace === 'system_views' || keyspace === 'system_observability')
    return { definition, rows: (context) => serializeRows(definition, context.figures[name]?.() ?? [], false) };
  const nodeRows = systemNodeRows[name];
  assert(keyspace === 'system' && nodeRows !== undefined, `no rows for ${keyspace}.${name}`);
  return { definition, rows: (context) => serializeRows(definition, nodeRows(context), true) };
}

const known = new WeakMap<TableDefinition, VirtualTable>();

/** The provider of a table. REQUIRES: `definition.virtual`. */
export function virtualTable(definition: TableDefinition): VirtualTable {
  assert(definition.virtual);
  let table = known.get(definition);
  if (table === undefined) {
    table = makeVirtualTable(definition);
    known.set(definition, table);
  }
  return table;
}

// Which provider makes the rows of which table.
import assert from 'node:assert';
import type { KeyspaceDefinition, TableDefinition } from '../model.js';
import { systemNodeRows } from './node-rows.js';
import { type SchemaRows, systemSchemaRows, systemVirtualSchemaRows } from './schema-rows.js';
import { serializeRows, type VirtualContext, type VirtualRow, type VirtualTable } from './virtual-table.js';

/** Serialized rows of one keyspace's elements, kept as long as the keyspace is what it is. */
class SchemaTableRows {
  readonly #definition: TableDefinition;
  readonly #rowsOf: SchemaRows;
  readonly #ofVirtualKeyspaces: boolean;
  readonly #known = new WeakMap<KeyspaceDefinition, VirtualRow[]>();

  constructor(definition: TableDefinition, rowsOf: SchemaRows, ofVirtualKeyspaces: boolean) {
    this.#definition = definition;
    this.#rowsOf = rowsOf;
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
    let rows = this.#known.get(keyspace);
    if (rows === undefined) {
      rows = serializeRows(this.#definition, this.#rowsOf(keyspace), false);
      this.#known.set(keyspace, rows);
    }
    return rows;
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
  if (keyspace === 'system_views')
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

// Rows of system_schema.* and system_virtual_schema.*: what every driver reads to know the schema.
import { fromHex, utf8Bytes } from '../../common/bytes.js';
import { type CqlType, typeToCql } from '../../types/index.js';
import type { ColumnDefinition, KeyspaceDefinition, TableDefinition } from '../model.js';
import type { PlainRow } from './virtual-table.js';

/** How the rows of a schema table come from a keyspace. */
export type SchemaRows = (keyspace: KeyspaceDefinition) => readonly PlainRow[];

function tableRow(table: TableDefinition): PlainRow {
  const { options } = table;
  const extensions = Object.entries(options.extensions).map(([name, hex]): [string, Uint8Array] => {
    return [name, fromHex(hex.replace(/^0x/, '')) ?? utf8Bytes(hex)];
  });
  return {
    ...options,
    keyspace_name: table.keyspace,
    table_name: table.name,
    // This node has no change data capture: Cassandra leaves the column empty on such nodes.
    cdc: null,
    dclocal_read_repair_chance: 0,
    read_repair_chance: 0,
    extensions: new Map(extensions),
    flags: table.flags,
    id: table.id,
  };
}

function columnRow(table: TableDefinition, column: ColumnDefinition): PlainRow {
  return {
    keyspace_name: table.keyspace,
    table_name: table.name,
    column_name: column.name,
    clustering_order: column.kind === 'clustering' ? (column.reversed ? 'desc' : 'asc') : 'none',
    column_name_bytes: utf8Bytes(column.name),
    kind: column.kind,
    position: column.position,
    type: typeToCql(column.type),
  };
}

const tablesOf = (keyspace: KeyspaceDefinition): TableDefinition[] => [...keyspace.tables.values()];

const columnRows: SchemaRows = (keyspace) =>
  tablesOf(keyspace).flatMap((table) => [...table.columns.values()].map((column) => columnRow(table, column)));

const droppedColumnRows: SchemaRows = (keyspace) =>
  tablesOf(keyspace).flatMap((table) =>
    table.dropped.map((column) => ({
      keyspace_name: table.keyspace,
      table_name: table.name,
      column_name: column.name,
      dropped_time: column.droppedAt / 1000n,
      kind: column.kind,
      type: typeToCql(column.type),
    })),
  );

const indexRows: SchemaRows = (keyspace) =>
  tablesOf(keyspace).flatMap((table) =>
    table.indexes.map((index) => ({
      keyspace_name: table.keyspace,
      table_name: table.name,
      index_name: index.name,
      kind: index.kind,
      options: index.options,
    })),
  );

const typeRows: SchemaRows = (keyspace) =>
  [...keyspace.types.values()].map((type) => ({
    keyspace_name: type.keyspace,
    type_name: type.name,
    field_names: type.fieldNames,
    field_types: type.fieldTypes.map((field: CqlType) => typeToCql(field)),
  }));

const none: SchemaRows = () => [];

/** By table of system_schema. */
export const systemSchemaRows: Readonly<Record<string, SchemaRows>> = {
  keyspaces: (keyspace) => [
    { keyspace_name: keyspace.name, durable_writes: keyspace.durableWrites, replication: keyspace.replication },
  ],
  tables: (keyspace) => tablesOf(keyspace).map(tableRow),
  columns: columnRows,
  dropped_columns: droppedColumnRows,
  types: typeRows,
  indexes: indexRows,
  column_masks: none,
  triggers: none,
  views: none,
  functions: none,
  aggregates: none,
};

/** By table of system_virtual_schema. */
export const systemVirtualSchemaRows: Readonly<Record<string, SchemaRows>> = {
  keyspaces: (keyspace) => [{ keyspace_name: keyspace.name }],
  tables: (keyspace) =>
    tablesOf(keyspace).map((table) => ({
      keyspace_name: table.keyspace,
      table_name: table.name,
      comment: table.options.comment,
    })),
  columns: columnRows,
};

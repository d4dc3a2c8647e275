// Rows of system_schema.* and system_virtual_schema.*: what every driver reads to know the schema.
import { fromHex, utf8Bytes } from '../../common/bytes.js';
import { type CqlType, plainText, typeToCql, unfreeze } from '../../types/index.js';
import { whereText } from '../ddl/where-text.js';
import { initialStateText } from '../functions.js';
import type { ColumnDefinition, KeyspaceDefinition, TableDefinition, ViewDefinition } from '../model.js';
import type { PlainRow } from './virtual-table.js';

/** Rows of a schema table that come from a keyspace itself, and those that come from each of its tables. */
export type SchemaRows = {
  readonly ofKeyspace?: (keyspace: KeyspaceDefinition) => readonly PlainRow[];
  readonly ofTable?: (table: TableDefinition) => readonly PlainRow[];
};

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

function viewRow(table: TableDefinition, view: ViewDefinition): PlainRow {
  const { table_name: _name, flags: _flags, ...row } = tableRow(table) as Record<string, PlainRow[string]>;
  return {
    ...row,
    view_name: table.name,
    base_table_id: view.baseId,
    base_table_name: view.baseName,
    include_all_columns: view.includeAllColumns,
    where_clause: whereText(view.relations),
  } as PlainRow;
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

const columnRows: SchemaRows = {
  ofTable: (table) => [...table.columns.values()].map((column) => columnRow(table, column)),
};

const droppedColumnRows: SchemaRows = {
  ofTable: (table) =>
    table.dropped.map((column) => ({
      keyspace_name: table.keyspace,
      table_name: table.name,
      column_name: column.name,
      dropped_time: column.droppedAt / 1000n,
      kind: column.kind,
      type: typeToCql(column.type),
    })),
};

const indexRows: SchemaRows = {
  ofTable: (table) =>
    table.indexes.map((index) => ({
      keyspace_name: table.keyspace,
      table_name: table.name,
      index_name: index.name,
      kind: index.kind,
      options: index.options,
    })),
};

const typeRows: SchemaRows = {
  ofKeyspace: (keyspace) =>
    [...keyspace.types.values()].map((type) => ({
      keyspace_name: type.keyspace,
      type_name: type.name,
      field_names: type.fieldNames,
      field_types: type.fieldTypes.map((field: CqlType) => typeToCql(field)),
    })),
};

const keyspaceRows: SchemaRows = {
  ofKeyspace: (keyspace) => [
    { keyspace_name: keyspace.name, durable_writes: keyspace.durableWrites, replication: keyspace.replication },
  ],
};

/** As Cassandra keeps it: only tuples are frozen outermost. */
const functionType = (type: CqlType): string => typeToCql(unfreeze(type));

const functionRows: SchemaRows = {
  ofKeyspace: (keyspace) =>
    [...keyspace.functions.values()].flatMap((fn) =>
      fn.kind !== 'function'
        ? []
        : {
            keyspace_name: fn.keyspace,
            function_name: fn.name,
            argument_types: fn.argTypes.map(functionType),
            argument_names: fn.argNames,
            body: fn.body,
            called_on_null_input: fn.calledOnNull,
            language: fn.language,
            return_type: functionType(fn.returnType),
          },
    ),
};

const aggregateRows: SchemaRows = {
  ofKeyspace: (keyspace) =>
    [...keyspace.functions.values()].flatMap((fn) =>
      fn.kind !== 'aggregate'
        ? []
        : {
            keyspace_name: fn.keyspace,
            aggregate_name: fn.name,
            argument_types: fn.argTypes.map(functionType),
            final_func: fn.finalFunction,
            initcond: initialStateText(fn),
            return_type: functionType(fn.returnType),
            state_func: fn.stateFunction,
            state_type: functionType(fn.stateType),
          },
    ),
};

const maskRows: SchemaRows = {
  ofTable: (table) =>
    [...table.columns.values()].flatMap(({ name, mask }) =>
      mask === undefined
        ? []
        : {
            keyspace_name: table.keyspace,
            table_name: table.name,
            column_name: name,
            function_argument_nulls: mask.args.map((arg) => arg === null),
            function_argument_types: mask.argTypes.map(typeToCql),
            function_argument_values: mask.args.map((arg, i) =>
              arg === null ? '' : plainText(mask.argTypes[i]!, new Uint8Array(Buffer.from(arg, 'hex'))),
            ),
            function_keyspace: mask.keyspace,
            function_name: mask.name,
          },
    ),
};

const none: SchemaRows = {};

/** By table of system_schema. */
export const systemSchemaRows: Readonly<Record<string, SchemaRows>> = {
  keyspaces: keyspaceRows,
  tables: { ofTable: (table) => (table.view === undefined ? [tableRow(table)] : []) },
  columns: columnRows,
  dropped_columns: droppedColumnRows,
  types: typeRows,
  indexes: indexRows,
  column_masks: maskRows,
  triggers: none,
  views: { ofTable: (table) => (table.view === undefined ? [] : [viewRow(table, table.view)]) },
  functions: functionRows,
  aggregates: aggregateRows,
};

/** By table of system_virtual_schema. */
export const systemVirtualSchemaRows: Readonly<Record<string, SchemaRows>> = {
  keyspaces: keyspaceRows,
  tables: {
    ofTable: (table) => [{ keyspace_name: table.keyspace, table_name: table.name, comment: table.options.comment }],
  },
  columns: columnRows,
};

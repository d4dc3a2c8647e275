// Built-in tables of system_schema and system_virtual_schema: columns, comments, options and ids are Cassandra 5.0's.
import type { BuiltInTable } from './built-in-table.js';

export const systemSchemaTables: readonly BuiltInTable[] = [
  {
    name: 'aggregates',
    id: '924c5587-2e3a-345b-b10c-12f37c1ba895',
    comment: 'user defined aggregate definitions',
    key: 'keyspace_name text',
    clustering: 'aggregate_name text, argument_types frozen<list<text>>',
    columns: 'final_func text, initcond text, return_type text, state_func text, state_type text',
    options: { gc_grace_seconds: 604800, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'column_masks',
    id: '738cc5ed-0168-3268-b9d1-853d4bc278af',
    comment: 'column dynamic data masks',
    key: 'keyspace_name text',
    clustering: 'table_name text, column_name text',
    columns:
      'function_argument_nulls frozen<list<boolean>>, function_argument_types frozen<list<text>>, ' +
      'function_argument_values frozen<list<text>>, function_keyspace text, function_name text',
    options: { gc_grace_seconds: 604800, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'columns',
    id: '24101c25-a2ae-3af7-87c1-b40ee1aca33f',
    comment: 'column definitions',
    key: 'keyspace_name text',
    clustering: 'table_name text, column_name text',
    columns: 'clustering_order text, column_name_bytes blob, kind text, position int, type text',
    options: { gc_grace_seconds: 604800, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'dropped_columns',
    id: '5e7583b5-f3f4-3af1-9a39-b7e1d6f5f11f',
    comment: 'dropped column registry',
    key: 'keyspace_name text',
    clustering: 'table_name text, column_name text',
    columns: 'dropped_time timestamp, kind text, type text',
    options: { gc_grace_seconds: 604800, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'functions',
    id: '96489b79-80be-3e14-a701-66a0b9159450',
    comment: 'user defined function definitions',
    key: 'keyspace_name text',
    clustering: 'function_name text, argument_types frozen<list<text>>',
    columns:
      'argument_names frozen<list<text>>, body text, called_on_null_input boolean, language text, ' +
      'return_type text',
    options: { gc_grace_seconds: 604800, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'indexes',
    id: '0feb57ac-311f-382f-ba6d-9024d305702f',
    comment: 'secondary index definitions',
    key: 'keyspace_name text',
    clustering: 'table_name text, index_name text',
    columns: 'kind text, options frozen<map<text, text>>',
    options: { gc_grace_seconds: 604800, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'keyspaces',
    id: 'abac5682-dea6-31c5-b535-b3d6cffd0fb6',
    comment: 'keyspace definitions',
    key: 'keyspace_name text',
    columns: 'durable_writes boolean, replication frozen<map<text, text>>',
    options: { gc_grace_seconds: 604800, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'tables',
    id: 'afddfb9d-bc1e-3068-8056-eed6c302ba09',
    comment: 'table definitions',
    key: 'keyspace_name text',
    clustering: 'table_name text',
    columns:
      'additional_write_policy text, allow_auto_snapshot boolean, bloom_filter_fp_chance double, ' +
      'caching frozen<map<text, text>>, cdc boolean, comment text, compaction frozen<map<text, ' +
      'text>>, compression frozen<map<text, text>>, crc_check_chance double, ' +
      'dclocal_read_repair_chance double, default_time_to_live int, extensions frozen<map<text, ' +
      'blob>>, flags frozen<set<text>>, gc_grace_seconds int, id uuid, incremental_backups boolean, ' +
      'max_index_interval int, memtable text, memtable_flush_period_in_ms int, min_index_interval ' +
      'int, read_repair text, read_repair_chance double, speculative_retry text',
    options: { gc_grace_seconds: 604800, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'triggers',
    id: '4df70b66-6b05-3251-95a1-32b54005fd48',
    comment: 'trigger definitions',
    key: 'keyspace_name text',
    clustering: 'table_name text, trigger_name text',
    columns: 'options frozen<map<text, text>>',
    options: { gc_grace_seconds: 604800, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'types',
    id: '5a8b1ca8-6602-3f77-a045-9273d308917a',
    comment: 'user defined type definitions',
    key: 'keyspace_name text',
    clustering: 'type_name text',
    columns: 'field_names frozen<list<text>>, field_types frozen<list<text>>',
    options: { gc_grace_seconds: 604800, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'views',
    id: '9786ac1c-dd58-3201-a7cd-ad556410c985',
    comment: 'view definitions',
    key: 'keyspace_name text',
    clustering: 'view_name text',
    columns:
      'additional_write_policy text, allow_auto_snapshot boolean, base_table_id uuid, base_table_name ' +
      'text, bloom_filter_fp_chance double, caching frozen<map<text, text>>, cdc boolean, comment ' +
      'text, compaction frozen<map<text, text>>, compression frozen<map<text, text>>, ' +
      'crc_check_chance double, dclocal_read_repair_chance double, default_time_to_live int, ' +
      'extensions frozen<map<text, blob>>, gc_grace_seconds int, id uuid, include_all_columns ' +
      'boolean, incremental_backups boolean, max_index_interval int, memtable text, ' +
      'memtable_flush_period_in_ms int, min_index_interval int, read_repair text, read_repair_chance ' +
      'double, speculative_retry text, where_clause text',
    options: { gc_grace_seconds: 604800, memtable_flush_period_in_ms: 3600000 },
  },
];

export const systemVirtualSchemaTables: readonly BuiltInTable[] = [
  {
    name: 'columns',
    id: 'd30576e9-02a9-3735-8daf-ab45e4980183',
    comment: 'virtual column definitions',
    key: 'keyspace_name text',
    clustering: 'table_name text, column_name text',
    columns: 'clustering_order text, column_name_bytes blob, kind text, position int, type text',
  },
  {
    name: 'keyspaces',
    id: '8943287a-b42b-3f26-a2b2-31a1a8cb2a9a',
    comment: 'virtual keyspace definitions',
    key: 'keyspace_name text',
  },
  {
    name: 'tables',
    id: 'de8b2957-3de1-3570-8793-6dcbce2e5d6e',
    comment: 'virtual table definitions',
    key: 'keyspace_name text',
    clustering: 'table_name text',
    columns: 'comment text',
  },
];

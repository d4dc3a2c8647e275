// Tables of keyspace system_observability: what Ferrosa tells of itself beyond what Cassandra has tables for.
import type { BuiltInTable } from './built-in-table.js';

export const systemObservabilityTables: readonly BuiltInTable[] = [
  {
    name: 'active_queries',
    id: 'ecf43011-020a-3271-be9d-ab8edc65a8be',
    comment: 'Statements that run now; KILL QUERY ends one',
    key: 'query_id bigint',
    columns:
      'client_address inet, client_port int, elapsed_micros bigint, keyspace text, query_text text, request text, username text',
  },
  {
    name: 'query_fingerprints',
    id: '578c5a4d-33c7-3d63-9283-9f7afab44ecf',
    comment: 'What statements cost, by their text without values',
    key: 'fingerprint text',
    columns:
      'calls bigint, errors bigint, last_seen timestamp, max_ms double, mean_ms double, p50th_ms double, p99th_ms double, ' +
      'query_text text, rows bigint, total_ms double',
  },
  {
    name: 'slow_queries',
    id: 'e931d3dd-95c2-3bff-b80e-6ca43c6db7d3',
    comment: 'The last statements that took longer than slow_query_log_timeout',
    key: 'ended_at timestamp',
    clustering: 'sequence int',
    columns: 'client_address inet, duration_ms double, keyspace text, query_text text',
  },
  {
    name: 'secondary_indexes',
    id: '59535452-aa9f-3321-b120-e9538c25fcb9',
    comment: 'Every secondary index: what it is and whether it can be asked',
    key: 'keyspace_name text',
    clustering: 'table_name text, index_name text',
    columns:
      'built boolean, kind text, rows_read bigint, target text, vector_bytes bigint, vectors bigint, vectors_waiting bigint',
  },
  {
    name: 'index_usage',
    id: '6045b1ca-ff2d-327e-8851-57b21fb7d5d5',
    comment: 'How often statements asked each secondary index since the start of the node',
    key: 'keyspace_name text',
    clustering: 'table_name text, index_name text',
    columns: 'count bigint, last_seen timestamp',
  },
];

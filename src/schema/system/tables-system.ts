// Built-in tables of keyspace system: columns, comments, options and ids are those of Cassandra 5.0.
import type { BuiltInTable } from './built-in-table.js';

export const systemTables: readonly BuiltInTable[] = [
  {
    name: 'IndexInfo',
    id: '9f5c6374-d485-3229-9a0a-5094af9ad1e3',
    comment: 'built column indexes',
    key: 'table_name text',
    clustering: 'index_name text',
    columns: 'value blob',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'available_ranges',
    id: 'c539fcab-d65a-31d1-8133-d25605643ee3',
    comment: 'available keyspace/ranges during bootstrap/replace that are ready to be served',
    key: 'keyspace_name text',
    columns: 'ranges set<blob>',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'available_ranges_v2',
    id: '4224a088-2ac9-3d0c-889d-fbb5f0facda0',
    comment: 'available keyspace/ranges during bootstrap/replace that are ready to be served',
    key: 'keyspace_name text',
    columns: 'full_ranges set<blob>, transient_ranges set<blob>',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'batches',
    id: '919a4bc5-7a33-3573-b03e-13fc3f68b465',
    comment: 'batches awaiting replay',
    key: 'id timeuuid',
    columns: 'mutations list<blob>, version int',
    options: {
      gc_grace_seconds: 0,
      memtable_flush_period_in_ms: 3600000,
      compaction: {
        class: 'org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy',
        max_threshold: '32',
        min_threshold: '2',
      },
    },
  },
  {
    name: 'built_views',
    id: '4b3c50a9-ea87-3d76-9101-6dbc9c38494a',
    comment: 'built views',
    key: 'keyspace_name text',
    clustering: 'view_name text',
    columns: 'status_replicated boolean',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'compaction_history',
    id: 'b4dbb7b4-dc49-3fb5-b3bf-ce6e434832ca',
    comment: 'week-long compaction history',
    key: 'id timeuuid',
    columns:
      'bytes_in bigint, bytes_out bigint, columnfamily_name text, compacted_at timestamp, ' +
      'compaction_properties frozen<map<text, text>>, keyspace_name text, rows_merged map<int, bigint>',
    options: { default_time_to_live: 604800, gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'local',
    id: '7ad54392-bcdd-35a6-8417-4e047860b377',
    comment: 'information about the local node',
    key: 'key text',
    columns:
      'bootstrapped text, broadcast_address inet, broadcast_port int, cluster_name text, cql_version ' +
      'text, data_center text, gossip_generation int, host_id uuid, listen_address inet, listen_port ' +
      'int, native_protocol_version text, partitioner text, rack text, release_version text, ' +
      'rpc_address inet, rpc_port int, schema_version uuid, tokens set<text>, truncated_at map<uuid, ' +
      'blob>',
    dropped: 'thrift_version text',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'paxos',
    id: 'b7b7f0c2-fd0a-3410-8c05-3ef614bb7c2d',
    comment: 'in-progress paxos proposals',
    key: 'row_key blob',
    clustering: 'cf_id uuid',
    columns:
      'in_progress_ballot timeuuid, in_progress_read_ballot timeuuid, most_recent_commit blob, ' +
      'most_recent_commit_at timeuuid, most_recent_commit_version int, proposal blob, proposal_ballot ' +
      'timeuuid, proposal_version int',
    options: {
      gc_grace_seconds: 0,
      memtable_flush_period_in_ms: 3600000,
      compaction: {
        class: 'org.apache.cassandra.db.compaction.LeveledCompactionStrategy',
        max_threshold: '32',
        min_threshold: '4',
      },
    },
  },
  {
    name: 'paxos_repair_history',
    id: 'ecb86667-40b2-3316-bb91-e612c8047457',
    comment: 'paxos repair history',
    key: 'keyspace_name text',
    clustering: 'table_name text',
    columns: 'points frozen<list<frozen<tuple<blob, timeuuid>>>>',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'peer_events',
    id: '59dfeaea-8db2-3341-91ef-109974d81484',
    comment: 'events related to peers',
    key: 'peer inet',
    columns: 'hints_dropped map<timeuuid, int>',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'peer_events_v2',
    id: '0e65065f-e401-38ed-9507-b9213fae8d11',
    comment: 'events related to peers',
    key: 'peer inet',
    clustering: 'peer_port int',
    columns: 'hints_dropped map<timeuuid, int>',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'peers',
    id: '37f71aca-7dc2-383b-a706-72528af04d4f',
    comment: 'information about known peers in the cluster',
    key: 'peer inet',
    columns:
      'data_center text, host_id uuid, preferred_ip inet, rack text, release_version text, ' +
      'rpc_address inet, schema_version uuid, tokens set<text>',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'peers_v2',
    id: 'c4325fbb-8e5e-3baf-bd07-0f9250ed818e',
    comment: 'information about known peers in the cluster',
    key: 'peer inet',
    clustering: 'peer_port int',
    columns:
      'data_center text, host_id uuid, native_address inet, native_port int, preferred_ip inet, ' +
      'preferred_port int, rack text, release_version text, schema_version uuid, tokens set<text>',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'prepared_statements',
    id: '18a9c257-6a0c-3841-ba71-8cd529849fef',
    comment: 'prepared statements',
    key: 'prepared_id blob',
    columns: 'logged_keyspace text, query_string text',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'repairs',
    id: 'a3d277d1-cfaf-36f5-a2a7-38d5eea9ad6a',
    comment: 'repairs',
    key: 'parent_id timeuuid',
    columns:
      'cfids set<uuid>, coordinator inet, coordinator_port int, last_update timestamp, participants ' +
      'set<inet>, participants_wp set<text>, ranges set<blob>, repaired_at timestamp, started_at ' +
      'timestamp, state int',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'size_estimates',
    id: '618f817b-005f-3678-b8a4-53f3930b8e86',
    comment: 'per-table primary range size estimates, table is deprecated in favor of table_estimates',
    key: 'keyspace_name text',
    clustering: 'table_name text, range_start text, range_end text',
    columns: 'mean_partition_size bigint, partitions_count bigint',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'sstable_activity',
    id: '5a1ff267-ace0-3f12-8563-cfae6103c65e',
    comment: 'historic sstable read rates',
    key: 'keyspace_name text, columnfamily_name text, generation int',
    columns: 'rate_120m double, rate_15m double',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'sstable_activity_v2',
    id: '62efe31f-3be8-310c-8d29-8963439c1288',
    comment: 'historic sstable read rates',
    key: 'keyspace_name text, table_name text, id text',
    columns: 'rate_120m double, rate_15m double',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'table_estimates',
    id: '176c39cd-b93d-33a5-a218-8eb06a56f66e',
    comment: 'per-table range size estimates',
    key: 'keyspace_name text',
    clustering: 'table_name text, range_type text, range_start text, range_end text',
    columns: 'mean_partition_size bigint, partitions_count bigint',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'top_partitions',
    id: '7e5a361c-317c-351f-b15f-ffd8afd3dd4b',
    comment: 'Stores the top partitions',
    key: 'keyspace_name text',
    clustering: 'table_name text, top_type text',
    columns: 'last_update timestamp, top frozen<list<frozen<tuple<text, bigint>>>>',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'transferred_ranges',
    id: '6cad20f7-d4f5-3af2-b6e2-0da33c6c1f83',
    comment: 'record of transferred ranges for streaming operation',
    key: 'operation text, keyspace_name text',
    clustering: 'peer inet',
    columns: 'ranges set<blob>',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'transferred_ranges_v2',
    id: '1ff78f1a-7df1-3a2a-a998-6f4932270af5',
    comment: 'record of transferred ranges for streaming operation',
    key: 'operation text, keyspace_name text',
    clustering: 'peer inet, peer_port int',
    columns: 'ranges set<blob>',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
  {
    name: 'view_builds_in_progress',
    id: '6c22df66-c3bd-3df6-b74d-21179c6a9fe9',
    comment: 'views builds current progress',
    key: 'keyspace_name text',
    clustering: 'view_name text, start_token text, end_token text',
    columns: 'keys_built bigint, last_token text',
    options: { gc_grace_seconds: 0, memtable_flush_period_in_ms: 3600000 },
  },
];

// Built-in tables of keyspace system_views: columns, comments, options and ids are those of Cassandra 5.0.
import type { BuiltInTable } from './built-in-table.js';

export const systemViewsTables: readonly BuiltInTable[] = [
  {
    name: 'batch_metrics',
    id: '310632c8-5cca-37bd-bf9f-9b73c4ffc4cb',
    comment: 'Metrics specific to batch statements',
    key: 'name text',
    columns: 'max bigint, p50th double, p999th double, p99th double',
  },
  {
    name: 'caches',
    id: 'c456053d-ded6-3f10-b770-daba90c4dd83',
    comment: 'system caches',
    key: 'name text',
    columns:
      'capacity_bytes bigint, entry_count int, hit_count bigint, hit_ratio double, ' +
      'recent_hit_rate_per_second bigint, recent_request_rate_per_second bigint, request_count ' +
      'bigint, size_bytes bigint',
  },
  {
    name: 'cidr_filtering_metrics_counts',
    id: 'fe07f650-a9a3-3e3f-b482-687ec808f9bd',
    comment: 'Count metrics specific to CIDR filtering',
    key: 'name text',
    columns: 'value bigint',
  },
  {
    name: 'cidr_filtering_metrics_latencies',
    id: '9c046366-df5e-37fa-b4ed-6bcd0834dfd6',
    comment: 'Latency metrics specific to CIDR filtering',
    key: 'name text',
    columns: 'max double, p50th double, p95th double, p999th double, p99th double',
  },
  {
    name: 'clients',
    id: '89dc73d4-1447-3765-948b-500c7c35a35d',
    comment: 'currently connected clients',
    key: 'address inet',
    clustering: 'port int',
    columns:
      'client_options frozen<map<text, text>>, connection_stage text, driver_name text, ' +
      'driver_version text, hostname text, keyspace_name text, protocol_version int, request_count ' +
      'bigint, ssl_cipher_suite text, ssl_enabled boolean, ssl_protocol text, username text',
  },
  {
    name: 'coordinator_read_latency',
    id: '86b6b059-d735-3549-a969-5a63557a061c',
    comment: '',
    key: 'keyspace_name text, table_name text',
    columns: 'count bigint, max_ms double, p50th_ms double, p99th_ms double, per_second double',
  },
  {
    name: 'coordinator_scan_latency',
    id: '71d7cfe3-7986-3d35-aec2-29e70ee5ec6a',
    comment: '',
    key: 'keyspace_name text, table_name text',
    columns: 'count bigint, max_ms double, p50th_ms double, p99th_ms double, per_second double',
  },
  {
    name: 'coordinator_write_latency',
    id: '08fe4d63-54c0-3b4d-8323-80f4cd10a764',
    comment: '',
    key: 'keyspace_name text, table_name text',
    columns: 'count bigint, max_ms double, p50th_ms double, p99th_ms double, per_second double',
  },
  {
    name: 'cql_metrics',
    id: '6a8821b8-7dca-37ce-8970-a61ebb4e7ca5',
    comment: 'Metrics specific to CQL prepared statement caching',
    key: 'name text',
    columns: 'value double',
  },
  {
    name: 'credentials_cache_keys',
    id: '0ebf8d18-4035-38d6-8a2d-6518e5308cb1',
    comment: 'keys in the credentials cache',
    key: 'role text',
  },
  {
    name: 'disk_usage',
    id: '8622af8c-9c2f-3604-bc8f-6df90fff8531',
    comment: '',
    key: 'keyspace_name text, table_name text',
    columns: 'mebibytes bigint',
  },
  {
    name: 'gossip_info',
    id: '6c8d5ec9-2734-306e-968b-0f03da888309',
    comment: 'lists the gossip information for the cluster',
    key: 'address inet',
    clustering: 'port int',
    columns:
      'dc text, dc_version int, disk_usage text, disk_usage_version int, generation int, heartbeat ' +
      'int, host_id text, host_id_version int, hostname text, index_status text, index_status_version ' +
      'int, internal_address_and_port text, internal_address_and_port_version int, internal_ip text, ' +
      'internal_ip_version int, load text, load_version int, native_address_and_port text, ' +
      'native_address_and_port_version int, net_version text, net_version_version int, rack text, ' +
      'rack_version int, release_version text, release_version_version int, removal_coordinator text, ' +
      'removal_coordinator_version int, rpc_address text, rpc_address_version int, rpc_ready text, ' +
      'rpc_ready_version int, schema text, schema_version int, severity text, severity_version int, ' +
      'sstable_versions text, sstable_versions_version int, status text, status_version int, ' +
      'status_with_port text, status_with_port_version int, tokens_version int, x1 text, x10 text, ' +
      'x10_version int, x1_version int, x2 text, x2_version int, x3 text, x3_version int, x4 text, ' +
      'x4_version int, x5 text, x5_version int, x6 text, x6_version int, x7 text, x7_version int, x8 ' +
      'text, x8_version int, x9 text, x9_version int, x_11_padding text, x_11_padding_version int',
  },
  {
    name: 'internode_inbound',
    id: 'fe42678d-af5c-313e-bfe8-4a9e054df25f',
    comment: '',
    key: 'address inet, port int',
    clustering: 'dc text, rack text',
    columns:
      'corrupt_frames_recovered bigint, corrupt_frames_unrecovered bigint, error_bytes bigint, ' +
      'error_count bigint, expired_bytes bigint, expired_count bigint, processed_bytes bigint, ' +
      'processed_count bigint, received_bytes bigint, received_count bigint, scheduled_bytes bigint, ' +
      'scheduled_count bigint, throttled_count bigint, throttled_nanos bigint, using_bytes bigint, ' +
      'using_reserve_bytes bigint',
  },
  {
    name: 'internode_outbound',
    id: '58b632fd-94ed-36fa-9fe4-181db238d413',
    comment: '',
    key: 'address inet, port int',
    clustering: 'dc text, rack text',
    columns:
      'active_connections bigint, connection_attempts bigint, error_bytes bigint, error_count bigint, ' +
      'expired_bytes bigint, expired_count bigint, overload_bytes bigint, overload_count bigint, ' +
      'pending_bytes bigint, pending_count bigint, sent_bytes bigint, sent_count bigint, ' +
      'successful_connection_attempts bigint, using_bytes bigint, using_reserve_bytes bigint',
  },
  {
    name: 'jmx_permissions_cache_keys',
    id: '6a0b1348-06e0-348e-a718-6ff7d48da1fe',
    comment: 'keys in the JMX permissions cache',
    key: 'role text',
  },
  {
    name: 'local_read_latency',
    id: '77903fc8-aa00-34cd-a5f6-0de80edd1955',
    comment: '',
    key: 'keyspace_name text, table_name text',
    columns: 'count bigint, max_ms double, p50th_ms double, p99th_ms double, per_second double',
  },
  {
    name: 'local_scan_latency',
    id: '871478a6-dd43-3303-b868-b9e92d39444a',
    comment: '',
    key: 'keyspace_name text, table_name text',
    columns: 'count bigint, max_ms double, p50th_ms double, p99th_ms double, per_second double',
  },
  {
    name: 'local_write_latency',
    id: 'a3c79fba-d827-3f95-8461-ea31db5c321e',
    comment: '',
    key: 'keyspace_name text, table_name text',
    columns: 'count bigint, max_ms double, p50th_ms double, p99th_ms double, per_second double',
  },
  {
    name: 'max_partition_size',
    id: 'de38f0c6-9a95-37fe-8376-24a396e1554a',
    comment: '',
    key: 'keyspace_name text, table_name text',
    columns: 'mebibytes bigint',
  },
  {
    name: 'max_sstable_duration',
    id: 'f2097f5e-b699-3534-99f5-7e5a30eaa8b5',
    comment: '',
    key: 'keyspace_name text, table_name text',
    columns: 'max_sstable_duration bigint',
  },
  {
    name: 'max_sstable_size',
    id: 'b3a4a469-c91b-3120-99fd-9123f0dd3f55',
    comment: '',
    key: 'keyspace_name text, table_name text',
    columns: 'mebibytes bigint',
  },
  {
    name: 'network_permissions_cache_keys',
    id: 'caa4f536-dad5-3e80-af4b-97e6840bbf4a',
    comment: 'keys in the network permissions cache',
    key: 'role text',
  },
  {
    name: 'pending_hints',
    id: '7b0c7a5c-45a3-33bb-99cd-5b11520e95ef',
    comment: 'Pending hints that this node has for other nodes',
    key: 'host_id uuid',
    columns:
      'address inet, dc text, files int, newest timestamp, oldest timestamp, port int, rack text, ' + 'status text',
  },
  {
    name: 'permissions_cache_keys',
    id: 'f951c92c-5198-31f5-9e02-183b47d400b0',
    comment: 'keys in the permissions cache',
    key: 'role text, resource text',
  },
  {
    name: 'queries',
    id: 'ca10cb3c-2140-3d3b-9d2c-7c723f0af0d2',
    comment: 'Lists currently running queries',
    key: 'thread_id text',
    columns: 'queued_micros bigint, running_micros bigint, task text',
  },
  {
    name: 'repair_jobs',
    id: 'd856b14c-70b6-3e1c-a29d-1ce7f2127b28',
    comment: 'Repair job',
    key: 'id uuid',
    columns:
      'completed boolean, duration_millis bigint, failure_cause text, keyspace_name text, ' +
      'last_updated_at timestamp, participants frozen<list<text>>, ranges frozen<list<text>>, ' +
      'repair_id timeuuid, session_id timeuuid, state_failure_timestamp timestamp, ' +
      'state_init_timestamp timestamp, state_skipped_timestamp timestamp, ' +
      'state_snapshot_complete_timestamp timestamp, state_snapshot_start_timestamp timestamp, ' +
      'state_start_timestamp timestamp, state_stream_start_timestamp timestamp, ' +
      'state_success_timestamp timestamp, state_validation_complete_timestamp timestamp, ' +
      'state_validation_start_timestamp timestamp, status text, success_message text, table_name text',
  },
  {
    name: 'repair_participates',
    id: 'ef04b8ba-fd4a-3fe4-bf83-6ccbfca289ac',
    comment: 'Repair participate summary',
    key: 'id timeuuid',
    columns:
      'completed boolean, duration_millis bigint, failure_cause text, global boolean, incremental ' +
      'boolean, initiator text, last_updated_at timestamp, preview_kind text, ranges ' +
      'frozen<list<text>>, repaired_at timestamp, state_failure_timestamp timestamp, ' +
      'state_init_timestamp timestamp, state_skipped_timestamp timestamp, state_success_timestamp ' +
      'timestamp, success_message text, tables frozen<set<text>>, validations frozen<set<uuid>>',
  },
  {
    name: 'repair_sessions',
    id: '9a74b1b1-0369-346b-95e8-08409a1110b0',
    comment: 'Repair session',
    key: 'id timeuuid',
    columns:
      'completed boolean, duration_millis bigint, failure_cause text, jobs frozen<set<uuid>>, ' +
      'keyspace_name text, last_updated_at timestamp, participants frozen<list<text>>, ranges ' +
      'frozen<list<text>>, repair_id timeuuid, state_failure_timestamp timestamp, ' +
      'state_init_timestamp timestamp, state_jobs_start_timestamp timestamp, state_skipped_timestamp ' +
      'timestamp, state_start_timestamp timestamp, state_success_timestamp timestamp, status text, ' +
      'success_message text, table_names frozen<list<text>>',
  },
  {
    name: 'repair_validations',
    id: 'f844505f-0cca-30ad-9426-b6cb6d634235',
    comment: 'Repair validation',
    key: 'id uuid',
    columns:
      'bytes_read bigint, completed boolean, duration_millis bigint, estimated_partitions bigint, ' +
      'estimated_total_bytes bigint, failure_cause text, initiator text, keyspace_name text, ' +
      'last_updated_at timestamp, partitions_processed bigint, progress_percentage float, ranges ' +
      'frozen<list<text>>, repair_id timeuuid, session_id timeuuid, state_accept_timestamp timestamp, ' +
      'state_failure_timestamp timestamp, state_init_timestamp timestamp, ' +
      'state_sending_trees_timestamp timestamp, state_skipped_timestamp timestamp, ' +
      'state_start_timestamp timestamp, state_success_timestamp timestamp, status text, ' +
      'success_message text, table_name text',
  },
  {
    name: 'repairs',
    id: '36459791-890b-3415-bd07-0df15e868e5a',
    comment: 'Repair summary',
    key: 'id timeuuid',
    columns:
      'command_id int, completed boolean, duration_millis bigint, failure_cause text, keyspace_name ' +
      'text, last_updated_at timestamp, options_column_families frozen<set<text>>, ' +
      'options_data_centers frozen<set<text>>, options_force_repair boolean, options_hosts ' +
      'frozen<set<text>>, options_ignore_unreplicated_keyspaces boolean, options_incremental boolean, ' +
      'options_job_threads int, options_optimise_streams boolean, options_parallelism text, ' +
      'options_preview_kind text, options_primary_range boolean, options_pull_repair boolean, ' +
      'options_ranges frozen<set<text>>, options_subrange_repair boolean, options_trace boolean, ' +
      'participants frozen<list<text>>, ranges frozen<list<frozen<list<text>>>>, sessions ' +
      'frozen<set<timeuuid>>, state_failure_timestamp timestamp, state_init_timestamp timestamp, ' +
      'state_prepare_complete_timestamp timestamp, state_prepare_start_timestamp timestamp, ' +
      'state_repair_complete_timestamp timestamp, state_repair_start_timestamp timestamp, ' +
      'state_setup_timestamp timestamp, state_skipped_timestamp timestamp, state_start_timestamp ' +
      'timestamp, state_success_timestamp timestamp, status text, success_message text, table_names ' +
      'frozen<list<text>>, type text, unfiltered_ranges frozen<list<frozen<list<text>>>>',
  },
  {
    name: 'roles_cache_keys',
    id: '98f349e9-0e71-3ab1-9c99-a0524ee6ecd8',
    comment: 'keys in the roles cache',
    key: 'role text',
  },
  {
    name: 'rows_per_read',
    id: 'a4d00f60-2eef-35e1-b6cf-958986ae7559',
    comment: '',
    key: 'keyspace_name text, table_name text',
    columns: 'count bigint, max double, p50th double, p99th double',
  },
  {
    name: 'sai_column_indexes',
    id: '18739376-df4d-3084-90a6-2f9ae6e74935',
    comment: 'Storage-attached column index metadata',
    key: 'keyspace_name text',
    clustering: 'index_name text',
    columns:
      'analyzer text, column_name text, is_building boolean, is_queryable boolean, is_string boolean, ' +
      'table_name text',
  },
  {
    name: 'sai_sstable_index_segments',
    id: 'cf6f23c6-332c-3260-b590-97b245538702',
    comment: 'SSTable index segment metadata',
    key: 'keyspace_name text',
    clustering: 'index_name text, sstable_name text, segment_row_id_offset bigint',
    columns:
      'cell_count bigint, column_name text, component_metadata frozen<map<text, frozen<map<text, ' +
      'text>>>>, end_token text, max_sstable_row_id bigint, max_term text, min_sstable_row_id bigint, ' +
      'min_term text, start_token text, table_name text',
  },
  {
    name: 'sai_sstable_indexes',
    id: '286e51de-ce12-3747-9955-b9760774f82c',
    comment: 'SSTable index metadata',
    key: 'keyspace_name text',
    clustering: 'index_name text, sstable_name text',
    columns:
      'cell_count bigint, column_name text, end_token text, format_version text, max_row_id bigint, ' +
      'min_row_id bigint, per_column_disk_size bigint, per_table_disk_size bigint, start_token text, ' +
      'table_name text',
  },
  {
    name: 'settings',
    id: '5adfcadb-4407-3c1f-b97e-322735089073',
    comment: 'current settings',
    key: 'name text',
    columns: 'value text',
  },
  {
    name: 'snapshots',
    id: 'a9db71c6-05c7-3045-a6a0-f7d2bd112978',
    comment: 'available snapshots',
    key: 'name text',
    clustering: 'keyspace_name text, table_name text',
    columns:
      'created_at timestamp, ephemeral boolean, expires_at timestamp, size_on_disk bigint, true_size ' + 'bigint',
  },
  {
    name: 'sstable_tasks',
    id: 'af0d66c3-9b39-3d91-acd7-31a4e117f571',
    comment: 'current sstable tasks',
    key: 'keyspace_name text',
    clustering: 'table_name text, task_id timeuuid',
    columns:
      'completion_ratio double, kind text, progress bigint, sstables int, target_directory text, ' +
      'total bigint, total_compressed bigint, unit text',
  },
  {
    name: 'streaming',
    id: 'd5f37e09-3f11-3f10-894a-59f6378b5d5a',
    comment: '',
    key: 'id timeuuid',
    columns:
      'bytes_received bigint, bytes_sent bigint, bytes_to_receive bigint, bytes_to_send bigint, ' +
      'duration_millis bigint, failure_cause text, files_received bigint, files_sent bigint, ' +
      'files_to_receive bigint, files_to_send bigint, follower boolean, last_updated_at timestamp, ' +
      'operation text, peers frozen<list<text>>, progress_percentage float, status text, ' +
      'status_failure_timestamp timestamp, status_init_timestamp timestamp, status_start_timestamp ' +
      'timestamp, status_success_timestamp timestamp, success_message text',
  },
  {
    name: 'system_logs',
    id: '95df5040-98b5-3cdd-907f-17bd96651f58',
    comment: 'Cassandra logs',
    key: 'timestamp timestamp',
    clustering: 'order_in_millisecond int',
    columns: 'level text, logger text, message text',
  },
  {
    name: 'system_properties',
    id: 'f3e4b9bf-ad78-34a2-98ff-bfde82880573',
    comment: 'Cassandra relevant system properties',
    key: 'name text',
    columns: 'value text',
  },
  {
    name: 'thread_pools',
    id: 'ae33fd8e-8d5a-3736-9c04-31c62e86f089',
    comment: '',
    key: 'name text',
    columns:
      'active_tasks int, active_tasks_limit int, blocked_tasks bigint, blocked_tasks_all_time bigint, ' +
      'completed_tasks bigint, pending_tasks int',
  },
  {
    name: 'tombstones_per_read',
    id: '232a8f1b-a759-32f8-810c-35f36e87f50c',
    comment: '',
    key: 'keyspace_name text, table_name text',
    columns: 'count bigint, max double, p50th double, p99th double',
  },
];

// Every setting: its name, default, how its text is read, and what it does. A setting that cassandra.yaml 5.0 has keeps its name and
// units. `name` is the key in ferrosa.toml; FERROSA_NAME and --name (with dashes) are the same setting.
import { availableParallelism, homedir, totalmem } from 'node:os';
import { join } from 'node:path';
import { guardrailSettingTexts } from './guardrail-settings.js';
import { logSettings } from './log-settings.js';
import {
  boolean,
  duration,
  folder,
  integer,
  listOf,
  oneOf,
  ownAddress,
  type Setting,
  setting,
  size,
  text,
  within,
} from './setting.js';

import {
  bindText,
  durationText,
  type HostAndPort,
  parseBind,
  parseBytesPerSecond,
  parseDurationMs,
  rateText,
} from './units.js';

export type { Setting } from './setting.js';

const MiB = 2 ** 20;

/** The settings of one of Cassandra's caches of system_auth. */
function authCache<const N extends string>(name: N, what: string) {
  return {
    [`${name}_validity`]: duration(2_000, `How long ${what} may be remembered; 0ms to look every time`),
    [`${name}_update_interval`]: duration(0, `After what time ${what} is looked up again; 0ms for ${name}_validity`),
    [`${name}_cache_max_entries`]: integer(1_000, 1, 2 ** 31 - 1, `Entries of the cache of ${what}`),
    [`${name}_cache_active_update`]: boolean(false, `Look up all of ${what} again every ${name}_update_interval`),
  } as {
    readonly [K in `${N}_validity` | `${N}_update_interval` | `${N}_cache_max_entries`]: Setting<number>;
  } & { readonly [K in `${N}_cache_active_update`]: Setting<boolean> };
}

const bind = (fallback: string, help: string) =>
  setting<HostAndPort>('HOST:PORT', parseBind, () => parseBind(fallback), help, bindText);

const defaultDataDir = (): string =>
  join(process.env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'ferrosa');

/** A part of the machine's memory, between two bounds. */
const memoryPart = (part: number, min: number, max: number) => (): number =>
  Math.max(min, Math.min(max, Math.floor(totalmem() / part / MiB) * MiB));

const nodeSettings = {
  data_dir: folder(defaultDataDir, 'Folder of everything that is kept'),
  mode: oneOf(['development', 'production'], 'development', 'production refuses to start without authentication'),
  cluster_name: text('Test Cluster', 'Name of the cluster; kept from the first start on'),
  data_center: text('datacenter1', 'Data center of this node'),
  rack: text('rack1', 'Rack of this node'),
  num_tokens: integer(16, 1, 1536, 'Tokens of this node, chosen at its first start'),
  cql_bind: bind('127.0.0.1:9042', 'Where CQL clients connect; port 0 takes a free one'),
  broadcast_rpc_address: ownAddress(
    'Address that clients are told of (system.local); by default the one of cql_bind, or 127.0.0.1 where that is every address',
  ),
  cql_shard_aware_bind: bind('127.0.0.1:19042', 'Where CQL clients connect that know shards'),
  web_bind: bind('127.0.0.1:9090', 'Where health, metrics and ferrosa-ctl are served'),
  shards: integer(availableParallelism, 1, 256, 'Shard workers; by default one a core'),
  pin_shards: boolean(false, 'Pin each shard worker to a core of its own'),
  hot_path: boolean(true, 'Run simple prepared statements in the addon'),
  log_level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal'], 'info', 'Least level that is logged'),

  authenticator: oneOf(
    [
      'AllowAllAuthenticator',
      'PasswordAuthenticator',
      'MutualTlsAuthenticator',
      'MutualTlsWithPasswordFallbackAuthenticator',
    ],
    'AllowAllAuthenticator',
    'How clients log in: with a role and a password of system_auth.roles, or with a certificate',
  ),
  client_encryption_options_enabled: boolean(false, 'TLS on the CQL ports'),
  client_encryption_options_optional: boolean(false, 'Serve clients without TLS on the same ports'),
  client_encryption_options_certificate: text('', 'PEM file: certificate of this node and those that lead to its root'),
  client_encryption_options_private_key: text('', 'PEM file: the private key of the certificate'),
  client_encryption_options_trusted_certificates: text('', "PEM file: whose clients' certificates are trusted"),
  client_encryption_options_require_client_auth: boolean(false, 'Refuse clients without a certificate that is trusted'),
  client_encryption_options_accepted_protocols: listOf(
    ['TLSv1.2', 'TLSv1.3'],
    ['TLSv1.2', 'TLSv1.3'],
    'Versions of TLS that are accepted',
  ),
  client_encryption_options_cipher_suites: text(
    '',
    "Cipher suites with OpenSSL's names, separated by colons; empty: those of Node.js",
  ),
  client_encryption_options_reload_interval: duration(
    600_000,
    'How often the files of certificates are looked at; 0ms for SIGHUP and ferrosa-ctl reloadssl only',
  ),
  ...logSettings,
  authorizer: oneOf(
    ['AllowAllAuthorizer', 'CassandraAuthorizer'],
    'AllowAllAuthorizer',
    'Whether roles need permissions for what they do',
  ),
  network_authorizer: oneOf(
    ['AllowAllNetworkAuthorizer', 'CassandraNetworkAuthorizer'],
    'AllowAllNetworkAuthorizer',
    'Whether roles have access to some datacenters only',
  ),
  cidr_authorizer: oneOf(
    ['AllowAllCIDRAuthorizer', 'CassandraCIDRAuthorizer'],
    'AllowAllCIDRAuthorizer',
    'Whether roles have access from some ranges of addresses only',
  ),
  cidr_authorizer_mode: oneOf(['MONITOR', 'ENFORCE'], 'MONITOR', 'Log accesses from other addresses, or refuse them'),
  cidr_checks_for_superusers: boolean(true, 'Whether the CIDR authorizer is for superusers too'),
  cidr_groups_cache_refresh_interval: integer(5, 1, 35_000, 'Minutes after which the CIDR groups are read again'),
  ip_cache_max_size: integer(100, 0, 10_000_000, 'Addresses whose CIDR groups are remembered'),
  auth_cache_warming_enabled: boolean(false, 'Fill the caches of system_auth before clients can connect'),
  role_manager: oneOf(['CassandraRoleManager'], 'CassandraRoleManager', 'Where roles are kept: in system_auth'),
  password_hashing: oneOf(['argon2id', 'bcrypt'], 'argon2id', 'Hash of new passwords; Cassandra reads bcrypt only'),
  password_hash_bcrypt_cost_max: integer(14, 4, 31, 'Largest cost of a bcrypt hash that HASHED PASSWORD may give'),
  password_hash_argon2_memory_max: size(
    128 * MiB,
    MiB,
    4096 * MiB,
    '1MiB to 4GiB',
    'Largest memory of an argon2 hash that HASHED PASSWORD may give',
  ),
  password_hash_argon2_passes_max: integer(10, 1, 1000, 'Most passes of an argon2 hash that HASHED PASSWORD may give'),
  role_password_update_min_interval: duration(5_000, "Least time between two changes of a role's password"),
  ...authCache('roles', 'the roles that a role has'),
  ...authCache('permissions', 'what a role may do'),
  ...authCache('credentials', 'hashes of passwords'),
  native_transport_max_frame_size: size(16 * MiB, 64 * 1024, 1024 * MiB, '64KiB to 1GiB', 'Largest CQL request'),
  native_transport_max_concurrent_connections: integer(
    -1,
    -1,
    2 ** 31 - 1,
    'CQL connections at a time; -1 for no limit',
  ),
  native_transport_max_concurrent_connections_per_ip: integer(
    -1,
    -1,
    2 ** 31 - 1,
    'CQL connections of one address at a time; -1 for no limit',
  ),
  native_transport_max_request_data_in_flight: size(
    memoryPart(16, 32 * MiB, 1024 * MiB),
    MiB,
    2 ** 46,
    'at least 1MiB',
    'Bytes of CQL requests that are being run',
  ),
  native_transport_max_request_data_in_flight_per_ip: size(
    memoryPart(32, 16 * MiB, 512 * MiB),
    MiB,
    2 ** 46,
    'at least 1MiB',
    'Bytes of CQL requests of one address that are being run',
  ),
  native_transport_max_answer_data_per_connection: size(
    16 * MiB,
    64 * 1024,
    2 ** 40,
    'at least 64KiB',
    'Bytes of answers that a client may leave unread before its requests wait',
  ),
  native_transport_idle_timeout: duration(0, 'Close CQL connections that are idle for so long; 0ms for never'),

  commitlog_sync: oneOf(['periodic', 'batch', 'group'], 'periodic', 'When a write is acknowledged'),
  commitlog_sync_period: duration(10_000, 'periodic: time between syncs'),
  commitlog_sync_group_window: duration(1_000, 'group: time between syncs'),
  commitlog_segment_size: size(32 * MiB, MiB, 1024 * MiB, '1MiB to 1GiB', 'Size of a commit log segment'),
  commitlog_total_space: size(
    8192 * MiB,
    64 * MiB,
    2 ** 50,
    'at least 64MiB',
    'Commit log size over all shards from which the oldest tables are flushed',
  ),
  commitlog_ignore_replay_errors: boolean(false, 'Start although the commit log is damaged, without what is damaged'),
  max_mutation_size: size(
    16 * MiB,
    1024,
    512 * MiB,
    '1KiB to 512MiB',
    'Largest write; at most half of commitlog_segment_size',
  ),
  memtable_offheap_space: size(
    memoryPart(4, 64 * MiB, 2048 * MiB),
    8 * MiB,
    2 ** 46,
    'at least 8MiB',
    'Memory of all memtables; the largest are flushed as it fills',
  ),
  file_cache_size: size(
    memoryPart(8, 32 * MiB, 512 * MiB),
    MiB,
    2 ** 46,
    'at least 1MiB',
    'Memory for decompressed chunks of SSTables',
  ),
  vector_index_memory: size(
    memoryPart(4, 64 * MiB, 2 ** 46),
    MiB,
    2 ** 46,
    'at least 1MiB',
    'Memory of all vector indexes; at more, writes that bring vectors are answered Overloaded',
  ),
  column_index_size: size(4096, 1024, 16 * MiB, '1KiB to 16MiB', 'Granularity of the row index in a partition'),
  concurrent_compactors: integer(
    () => Math.max(1, Math.min(8, Math.floor(availableParallelism() / 2))),
    1,
    64,
    'Compactions at a time, beside one of at most 1MiB',
  ),
  compaction_throughput: setting(
    'RATE',
    within(parseBytesPerSecond, 0, 2 ** 46, 'at least 0MiB/s'),
    64 * MiB,
    'Bytes a second that all compactions write; 0MiB/s for no limit',
    rateText,
  ),
  auto_snapshot: boolean(true, 'Keep a snapshot of a table that is dropped or truncated'),

  prepared_statements_cache_size: size(10 * MiB, MiB, 2 ** 40, 'at least 1MiB', 'Memory for prepared statements'),
  batch_size_warn_threshold: size(5 * 1024, 0, 2 ** 40, 'at least 0B', 'Warn of larger batches'),
  batch_size_fail_threshold: size(50 * 1024, 0, 2 ** 40, 'at least 0B', 'Refuse larger batches'),
  unlogged_batch_across_partitions_warn_threshold: integer(
    10,
    0,
    2 ** 31 - 1,
    'Warn of unlogged batches over more partitions',
  ),
  denylist_refresh: setting(
    'DURATION',
    within(parseDurationMs, 1_000, 2 ** 31 - 1, '1s to 24d'),
    600_000,
    'How often system_distributed.partition_denylist is read again',
    durationText,
  ),
  denylist_initial_load_retry: setting(
    'DURATION',
    within(parseDurationMs, 1_000, 2 ** 31 - 1, '1s to 24d'),
    5_000,
    'When it is tried again to read a denylist that could not be read',
    durationText,
  ),
  denylist_consistency_level: oneOf(
    ['ONE', 'TWO', 'THREE', 'QUORUM', 'ALL', 'LOCAL_QUORUM', 'EACH_QUORUM', 'LOCAL_ONE'],
    'QUORUM',
    'Consistency that the denylist is read with',
  ),
  tombstone_warn_threshold: integer(1_000, 0, 2 ** 31 - 1, 'Warn of reads that meet more tombstones'),
  tombstone_failure_threshold: integer(100_000, 0, 2 ** 31 - 1, 'End reads that meet more tombstones'),

  user_defined_functions_enabled: boolean(false, 'Let clients make functions and aggregates'),
  user_defined_functions_warn_timeout: duration(500, 'Warn of calls of a function that take longer; 0ms for never'),
  user_defined_functions_fail_timeout: duration(1_500, 'End calls of a function that take longer'),
  user_defined_functions_memory_limit: size(
    64 * MiB,
    MiB,
    1024 * MiB,
    '1MiB to 1GiB',
    'Memory of a function while it runs',
  ),
  user_defined_functions_statement_timeout: duration(
    60_000,
    'End statements that call functions and take longer; 0ms for never',
  ),
  user_defined_functions_threads: integer(2, 1, 64, 'Threads that run functions'),

  dynamic_data_masking_enabled: boolean(false, 'Apply masks to columns, and let clients give columns masks'),
  materialized_views_enabled: boolean(true, 'Whether materialized views can be created'),

  slow_query_log_timeout: duration(500, 'Log statements that take longer; 0ms for none'),
  slow_queries_kept: integer(100, 0, 100_000, 'Slow statements in system_observability.slow_queries'),
  query_fingerprints_max: integer(
    1_000,
    0,
    100_000,
    'Shapes of statements in system_observability.query_fingerprints; 0 for none',
  ),
  text_plans_max: integer(
    1_000,
    0,
    10_000,
    'Shapes of statements with values in their text that the hot path runs; 0 for none',
  ),

  read_request_timeout: duration(5_000, 'Time for a read of keys'),
  range_request_timeout: duration(10_000, 'Time for a read of a token range'),
  write_request_timeout: duration(2_000, 'Time for a write'),
  counter_write_request_timeout: duration(5_000, 'Time for a counter write'),
  cas_contention_timeout: setting(
    'DURATION',
    within(parseDurationMs, 10, 2 ** 31 - 1, '10ms to 24d'),
    1_000,
    'Time that a conditional update waits for others of its partition',
    durationText,
  ),
  truncate_request_timeout: duration(60_000, 'Time for a TRUNCATE'),
} as const satisfies Record<string, Setting<unknown>>;

/** Those of the guardrails are in it too; who wants their values asks the GuardrailConfig, for they change while the node runs. */
export const settings: typeof nodeSettings = { ...nodeSettings, ...guardrailSettingTexts };

export type SettingName = keyof typeof settings;
type ValueOf<S> = S extends Setting<infer T> ? T : never;
/** Durations are milliseconds, sizes bytes, rates bytes a second. */
export type Config = { readonly [K in SettingName]: ValueOf<(typeof settings)[K]> };

/** Names of cassandra.yaml before 4.1, which said their unit in the name. */
export const oldNames: Readonly<Record<string, SettingName>> = {
  commitlog_sync_period_in_ms: 'commitlog_sync_period',
  commitlog_sync_batch_window_in_ms: 'commitlog_sync',
  commitlog_sync_group_window_in_ms: 'commitlog_sync_group_window',
  commitlog_segment_size_in_mb: 'commitlog_segment_size',
  commitlog_total_space_in_mb: 'commitlog_total_space',
  max_mutation_size_in_kb: 'max_mutation_size',
  memtable_offheap_space_in_mb: 'memtable_offheap_space',
  file_cache_size_in_mb: 'file_cache_size',
  column_index_size_in_kb: 'column_index_size',
  compaction_throughput_mb_per_sec: 'compaction_throughput',
  enable_user_defined_functions: 'user_defined_functions_enabled',
  user_defined_function_warn_timeout: 'user_defined_functions_warn_timeout',
  user_defined_function_fail_timeout: 'user_defined_functions_fail_timeout',
  slow_query_log_timeout_in_ms: 'slow_query_log_timeout',
  read_request_timeout_in_ms: 'read_request_timeout',
  range_request_timeout_in_ms: 'range_request_timeout',
  write_request_timeout_in_ms: 'write_request_timeout',
  counter_write_request_timeout_in_ms: 'counter_write_request_timeout',
  cas_contention_timeout_in_ms: 'cas_contention_timeout',
  truncate_request_timeout_in_ms: 'truncate_request_timeout',
  data_file_directories: 'data_dir',
  commitlog_directory: 'data_dir',
  listen_address: 'cql_bind',
  rpc_address: 'cql_bind',
  native_transport_port: 'cql_bind',
};

export const flagOf = (name: string): string => `--${name.replaceAll('_', '-')}`;
export const variableOf = (name: string): string => `FERROSA_${name.toUpperCase()}`;

/** The default of a setting as it can be written. */
export function defaultText(name: SettingName): string {
  const { fallback, show } = settings[name] as Setting<unknown>;
  return show(fallback());
}

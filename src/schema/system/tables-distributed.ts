// Built-in tables of the replicated system keyspaces: columns, comments, options and ids are those of Cassandra 5.0.
import type { BuiltInTable } from './built-in-table.js';

export const systemAuthTables: readonly BuiltInTable[] = [
  {
    name: 'cidr_groups',
    id: '9c48af00-13f6-3059-bb0e-8fcabba6eecb',
    comment: 'cidr groups to cidrs mapping',
    key: 'cidr_group text',
    columns: 'cidrs frozen<set<frozen<tuple<inet, smallint>>>>',
    options: { gc_grace_seconds: 7776000 },
  },
  {
    name: 'cidr_permissions',
    id: 'b8b43d5f-d6c0-331c-8f7d-765ea658f4c4',
    comment: 'user cidr permissions',
    key: 'role text',
    columns: 'cidr_groups frozen<set<text>>',
    options: { gc_grace_seconds: 7776000 },
  },
  {
    name: 'identity_to_role',
    id: '0bd47a48-d6ba-3c8e-b442-0f6349329bda',
    comment: 'mtls authorized identities lookup table',
    key: 'identity text',
    columns: 'role text',
    options: { gc_grace_seconds: 7776000 },
  },
  {
    name: 'network_permissions',
    id: 'd46780c2-2f1c-3db9-b4c1-b8d9fbc0cc23',
    comment: 'user network permissions',
    key: 'role text',
    columns: 'dcs frozen<set<text>>',
    options: { gc_grace_seconds: 7776000 },
  },
  {
    name: 'resource_role_permissons_index',
    id: '5f2fbdad-91f1-3946-bd25-d5da3a5c35ec',
    comment: 'index of db roles with permissions granted on a resource',
    key: 'resource text',
    clustering: 'role text',
    options: { gc_grace_seconds: 7776000 },
  },
  {
    name: 'role_members',
    id: '0ecdaa87-f8fb-3e60-88d1-74fb36fe5c0d',
    comment: 'role memberships lookup table',
    key: 'role text',
    clustering: 'member text',
    options: { gc_grace_seconds: 7776000 },
  },
  {
    name: 'role_permissions',
    id: '3afbe79f-2194-31a7-add7-f5ab90d8ec9c',
    comment: 'permissions granted to db roles',
    key: 'role text',
    clustering: 'resource text',
    columns: 'permissions set<text>',
    options: { gc_grace_seconds: 7776000 },
  },
  {
    name: 'roles',
    id: '5bc52802-de25-35ed-aeab-188eecebb090',
    comment: 'role definitions',
    key: 'role text',
    columns: 'can_login boolean, is_superuser boolean, member_of set<text>, salted_hash text',
    options: { gc_grace_seconds: 7776000 },
  },
];

export const systemDistributedTables: readonly BuiltInTable[] = [
  {
    name: 'parent_repair_history',
    id: 'deabd734-b99d-3b9c-92e5-fd92eb5abf14',
    comment: 'Repair history',
    key: 'parent_id timeuuid',
    columns:
      'columnfamily_names set<text>, exception_message text, exception_stacktrace text, finished_at ' +
      'timestamp, keyspace_name text, options map<text, text>, requested_ranges set<text>, started_at ' +
      'timestamp, successful_ranges set<text>',
    options: {
      default_time_to_live: 2592000,
      compaction: {
        class: 'org.apache.cassandra.db.compaction.TimeWindowCompactionStrategy',
        compaction_window_size: '1',
        compaction_window_unit: 'DAYS',
        max_threshold: '32',
        min_threshold: '4',
      },
    },
  },
  {
    name: 'partition_denylist',
    id: 'd6123acc-8649-3496-9d4e-f3fe39a6018b',
    comment: 'Partition keys which have been denied access',
    key: 'ks_name text, table_name text',
    clustering: 'key blob',
  },
  {
    name: 'repair_history',
    id: '759fffad-624b-3181-80ee-fa9a52d1f627',
    comment: 'Repair history',
    key: 'keyspace_name text, columnfamily_name text',
    clustering: 'id timeuuid',
    columns:
      'coordinator inet, coordinator_port int, exception_message text, exception_stacktrace text, ' +
      'finished_at timestamp, parent_id timeuuid, participants set<inet>, participants_v2 set<text>, ' +
      'range_begin text, range_end text, started_at timestamp, status text',
    options: {
      default_time_to_live: 2592000,
      compaction: {
        class: 'org.apache.cassandra.db.compaction.TimeWindowCompactionStrategy',
        compaction_window_size: '1',
        compaction_window_unit: 'DAYS',
        max_threshold: '32',
        min_threshold: '4',
      },
    },
  },
  {
    name: 'view_build_status',
    id: '5582b59f-8e4e-35e1-b913-3acada51eb04',
    comment: 'Materialized View build status',
    key: 'keyspace_name text, view_name text',
    clustering: 'host_id uuid',
    columns: 'status text',
  },
];

export const systemTracesTables: readonly BuiltInTable[] = [
  {
    name: 'events',
    id: '8826e8e9-e16a-3728-8753-3bc1fc713c25',
    comment: 'tracing events',
    key: 'session_id uuid',
    clustering: 'event_id timeuuid',
    columns: 'activity text, source inet, source_elapsed int, source_port int, thread text',
    options: { gc_grace_seconds: 0 },
  },
  {
    name: 'sessions',
    id: 'c5e99f16-8677-3914-b17e-960613512345',
    comment: 'tracing sessions',
    key: 'session_id uuid',
    columns:
      'client inet, command text, coordinator inet, coordinator_port int, duration int, parameters ' +
      'map<text, text>, request text, started_at timestamp',
    options: { gc_grace_seconds: 0 },
  },
];

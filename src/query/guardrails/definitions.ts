// The guardrails: Cassandra 5.0's names, settings, defaults and texts (org.apache.cassandra.db.guardrails.Guardrails).

export type ThresholdUnit = 'count' | 'size' | 'duration' | 'percent';

export type Threshold = {
  readonly kind: 'max' | 'min';
  /** Of the values of its settings: a number, bytes, microseconds. */
  readonly unit: ThresholdUnit;
  readonly reason?: string;
  /** Without a setting; left out: none. */
  readonly fallback?: { readonly warn: number; readonly fail: number };
  text(isWarning: boolean, what: string, value: string, threshold: string): string;
};

const level = (isWarning: boolean): string => (isWarning ? 'warning' : 'failure');

const KiB = 1024;

const termSize = {
  kind: 'max',
  unit: 'size',
  text: (isWarning: boolean, what: string, value: string, threshold: string) =>
    `Value of column '${what}' has size ${value}, this exceeds the ${level(isWarning)} threshold of ${threshold}.`,
} as const;

/** By name; the settings are `<name>_warn_threshold` and `<name>_fail_threshold`. */
export const thresholds = {
  keyspaces: {
    kind: 'max',
    unit: 'count',
    text: (isWarning, what, value, threshold) =>
      isWarning
        ? `Creating keyspace ${what}, current number of keyspaces ${value} exceeds warning threshold of ${threshold}.`
        : `Cannot have more than ${threshold} keyspaces, aborting the creation of keyspace ${what}`,
  },
  tables: {
    kind: 'max',
    unit: 'count',
    text: (isWarning, what, value, threshold) =>
      isWarning
        ? `Creating table ${what}, current number of tables ${value} exceeds warning threshold of ${threshold}.`
        : `Cannot have more than ${threshold} tables, aborting the creation of table ${what}`,
  },
  columns_per_table: {
    kind: 'max',
    unit: 'count',
    text: (isWarning, what, value, threshold) =>
      isWarning
        ? `The table ${what} has ${value} columns, this exceeds the warning threshold of ${threshold}.`
        : `Tables cannot have more than ${threshold} columns, but ${value} provided for table ${what}`,
  },
  secondary_indexes_per_table: {
    kind: 'max',
    unit: 'count',
    text: (isWarning, what, value, threshold) =>
      isWarning
        ? `Creating secondary index ${what}, current number of indexes ${value} exceeds warning threshold of ${threshold}.`
        : `Tables cannot have more than ${threshold} secondary indexes, aborting the creation of secondary index ${what}`,
  },
  materialized_views_per_table: {
    kind: 'max',
    unit: 'count',
    text: (isWarning, what, value, threshold) =>
      isWarning
        ? `Creating materialized view ${what}, current number of views ${value} exceeds warning threshold of ${threshold}.`
        : `Tables cannot have more than ${threshold} materialized views, aborting the creation of materialized view ${what}`,
  },
  page_size: {
    kind: 'max',
    unit: 'count',
    text: (isWarning, what, value, threshold) =>
      isWarning
        ? `Query for table ${what} with page size ${value} exceeds warning threshold of ${threshold}.`
        : `Aborting query for table ${what}, page size ${value} exceeds fail threshold of ${threshold}.`,
  },
  partition_keys_in_select: {
    kind: 'max',
    unit: 'count',
    text: (isWarning, what, value, threshold) =>
      isWarning
        ? `Query with partition keys in IN clause on table ${what}, with number of partition keys ${value} exceeds warning threshold of ${threshold}.`
        : `Aborting query with partition keys in IN clause on table ${what}, number of partition keys ${value} exceeds fail threshold of ${threshold}.`,
  },
  in_select_cartesian_product: {
    kind: 'max',
    unit: 'count',
    text: (isWarning, what, value, threshold) =>
      isWarning
        ? `The cartesian product of the IN restrictions on ${what} produces ${value} values, this exceeds warning threshold of ${threshold}.`
        : `Aborting query because the cartesian product of the IN restrictions on ${what} produces ${value} values, this exceeds fail threshold of ${threshold}.`,
  },
  column_value_size: {
    kind: 'max',
    unit: 'size',
    text: (isWarning, what, value, threshold) =>
      `Value of column '${what}' has size ${value}, this exceeds the ${level(isWarning)} threshold of ${threshold}.`,
  },
  collection_size: {
    kind: 'max',
    unit: 'size',
    text: (isWarning, what, value, threshold) =>
      `Detected collection ${what} of size ${value}, this exceeds the ${level(isWarning)} threshold of ${threshold}.`,
  },
  items_per_collection: {
    kind: 'max',
    unit: 'count',
    text: (isWarning, what, value, threshold) =>
      `Detected collection ${what} with ${value} items, this exceeds the ${level(isWarning)} threshold of ${threshold}.`,
  },
  fields_per_udt: {
    kind: 'max',
    unit: 'count',
    text: (isWarning, what, value, threshold) =>
      isWarning
        ? `The user type ${what} has ${value} columns, this exceeds the warning threshold of ${threshold}.`
        : `User types cannot have more than ${threshold} columns, but ${value} provided for user type ${what}.`,
  },
  partition_size: {
    kind: 'max',
    unit: 'size',
    reason: 'Too large partitions can cause performance problems.',
    text: (isWarning, what, value, threshold) =>
      `Partition ${what} has size ${value}, this exceeds the ${level(isWarning)} threshold of ${threshold}.`,
  },
  partition_tombstones: {
    kind: 'max',
    unit: 'count',
    reason: 'Partitions with too many tombstones can cause performance problems.',
    text: (isWarning, what, value, threshold) =>
      `Partition ${what} has ${value} tombstones, this exceeds the ${level(isWarning)} threshold of ${threshold}.`,
  },
  vector_dimensions: {
    kind: 'max',
    unit: 'count',
    text: (isWarning, what, value, threshold) =>
      `${what} has a vector of ${value} dimensions, this exceeds the ${level(isWarning)} threshold of ${threshold}.`,
  },
  sai_string_term_size: { ...termSize, fallback: { warn: KiB, fail: 8 * KiB } },
  sai_frozen_term_size: { ...termSize, fallback: { warn: KiB, fail: 8 * KiB } },
  sai_vector_term_size: { ...termSize, fallback: { warn: 16 * KiB, fail: 32 * KiB } },
  /** What clients are told of it is of replica_disk_usage. */
  data_disk_usage_percentage: {
    kind: 'max',
    unit: 'percent',
    text: (isWarning, what, value, threshold) =>
      `Local data disk usage ${value}%(${what}) exceeds ${level(isWarning)} threshold of ${threshold}%` +
      (isWarning ? '' : ', will stop accepting writes'),
  },
  minimum_replication_factor: {
    kind: 'min',
    unit: 'count',
    text: (isWarning, what, value, threshold) =>
      `The keyspace ${what} has a replication factor of ${value}, below the ${level(isWarning)} threshold of ${threshold}.`,
  },
  maximum_replication_factor: {
    kind: 'max',
    unit: 'count',
    text: (isWarning, what, value, threshold) =>
      `The keyspace ${what} has a replication factor of ${value}, above the ${level(isWarning)} threshold of ${threshold}.`,
  },
  maximum_timestamp: {
    kind: 'max',
    unit: 'duration',
    reason: "Timestamps too far in the future can lead to data that can't be easily overwritten",
    text: (isWarning, what, value, threshold) =>
      `The modification to table ${what} has a timestamp ${value} after the maximum allowable ${level(isWarning)} threshold ${threshold}`,
  },
  minimum_timestamp: {
    kind: 'min',
    unit: 'duration',
    reason: 'Timestamps too far in the past can cause writes can be unexpectedly lost',
    text: (isWarning, what, value, threshold) =>
      `The modification to table ${what} has a timestamp ${value} before the minimum allowable ${level(isWarning)} threshold ${threshold}`,
  },
} as const satisfies Record<string, Threshold>;

export type ThresholdName = keyof typeof thresholds;

export type Flag = { readonly name: string; readonly feature: string; readonly reason?: string };

/** By setting; `name` is the guardrail's in its messages. All are true unless set otherwise. */
export const flags = {
  user_timestamps_enabled: { name: 'user_timestamps', feature: 'User provided timestamps (USING TIMESTAMP)' },
  group_by_enabled: { name: 'group_by', feature: 'GROUP BY functionality' },
  alter_table_enabled: { name: 'alter_table', feature: 'User access to ALTER TABLE statement for column mutation' },
  drop_truncate_table_enabled: {
    name: 'drop_truncate_table_enabled',
    feature: 'DROP and TRUNCATE TABLE functionality',
  },
  drop_keyspace_enabled: { name: 'drop_keyspace_enabled', feature: 'DROP KEYSPACE functionality' },
  secondary_indexes_enabled: { name: 'secondary_indexes', feature: 'User creation of secondary indexes' },
  uncompressed_tables_enabled: { name: 'uncompressed_tables_enabled', feature: 'Uncompressed table' },
  compact_tables_enabled: { name: 'compact_tables', feature: 'Creation of new COMPACT STORAGE tables' },
  read_before_write_list_operations_enabled: {
    name: 'read_before_write_list_operations',
    feature: 'List operation requiring read before write',
  },
  allow_filtering_enabled: {
    name: 'allow_filtering',
    reason: 'ALLOW FILTERING can potentially visit all the data in the table and have unpredictable performance.',
    feature: 'Querying with ALLOW FILTERING',
  },
  non_partition_restricted_index_query_enabled: {
    name: 'non_partition_restricted_index_query_enabled',
    reason: 'Executing a query on secondary indexes without partition key restriction might degrade performance',
    feature: 'Non-partition key restricted query',
  },
  simplestrategy_enabled: { name: 'simplestrategy', feature: 'SimpleStrategy' },
  vector_type_enabled: { name: 'vector_type_enabled', feature: 'usage of the vector type' },
  zero_ttl_on_twcs_enabled: {
    name: 'zero_ttl_on_twcs',
    reason:
      'It is suspicious to use default_time_to_live set to 0 with such compaction strategy. Please keep in mind that data will not start to ' +
      'automatically expire after they are older than a respective compaction window unit of a certain size. Please set TTL for your INSERT or ' +
      'UPDATE statements if you expect data to be expired as table settings will not do it. ',
    feature: '0 default_time_to_live on a table with TimeWindowCompactionStrategy compaction strategy',
  },
} as const satisfies Record<string, Flag>;

export type FlagName = keyof typeof flags;

/** Flags that warn although the feature is allowed. */
export const warnedFlags = { zero_ttl_on_twcs_enabled: 'zero_ttl_on_twcs_warned' } as const;

/** By name; the settings are `<name>_warned`, `<name>_disallowed` and, for table properties, `<name>_ignored`. */
export const valueLists = {
  table_properties: { what: 'Table Properties', ignores: true },
  read_consistency_levels: { what: 'read consistency levels', ignores: false },
  write_consistency_levels: { what: 'write consistency levels', ignores: false },
} as const;

export type ValuesName = keyof typeof valueLists;

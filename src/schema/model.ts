// The catalogue's values: keyspaces, tables, columns, types. Immutable; a DDL statement makes new ones.
import type { Relation } from '../cql/index.js';
import type { CqlType, UserType } from '../types/index.js';

export type ColumnKind = 'partition_key' | 'clustering' | 'static' | 'regular';

export type ColumnDefinition = {
  readonly name: string;
  /** Stable in the table, never reused; what mutations and memtables name columns by. Key columns have one too. */
  readonly id: number;
  readonly kind: ColumnKind;
  /** Index among the key columns of its kind, -1 for the others. */
  readonly position: number;
  readonly type: CqlType;
  /** Clustering columns: DESC order. */
  readonly reversed: boolean;
  /** What those see of it who may not see its values. */
  readonly mask?: ColumnMask;
};

/** A function of the column's value and of constants (MASKED WITH). */
export type ColumnMask = {
  /** `system`, or that of the table. */
  readonly keyspace: string;
  readonly name: string;
  /** Of the arguments behind the column's value. */
  readonly argTypes: readonly CqlType[];
  /** Serialized values in hexadecimal. */
  readonly args: readonly (string | null)[];
};

export type DroppedColumn = {
  readonly name: string;
  readonly id: number;
  readonly kind: ColumnKind;
  readonly type: CqlType;
  /** Microseconds: cells at or below it are not there. */
  readonly droppedAt: bigint;
};

/** Table options with Cassandra's names; maps hold what DESCRIBE prints. */
export type TableOptions = {
  readonly additional_write_policy: string;
  readonly allow_auto_snapshot: boolean | null;
  readonly bloom_filter_fp_chance: number;
  readonly caching: Readonly<Record<string, string>>;
  readonly cdc: boolean | null;
  readonly comment: string;
  readonly compaction: Readonly<Record<string, string>>;
  readonly compression: Readonly<Record<string, string>>;
  readonly memtable: string | null;
  readonly crc_check_chance: number;
  readonly default_time_to_live: number;
  readonly extensions: Readonly<Record<string, string>>;
  readonly gc_grace_seconds: number;
  readonly incremental_backups: boolean | null;
  readonly max_index_interval: number;
  readonly memtable_flush_period_in_ms: number;
  readonly min_index_interval: number;
  readonly read_repair: string;
  readonly speculative_retry: string;
};

export type TableDefinition = {
  readonly keyspace: string;
  readonly name: string;
  /** UUID text. */
  readonly id: string;
  /** Grows with every ALTER; goes into the addon's descriptor. */
  readonly version: number;
  readonly isCounter: boolean;
  /** Cassandra's flags: 'compound', 'dense', 'super', 'counter'. */
  readonly flags: readonly string[];
  readonly partitionKey: readonly ColumnDefinition[];
  readonly clustering: readonly ColumnDefinition[];
  /** Static columns by name. */
  readonly statics: readonly ColumnDefinition[];
  /** Regular columns by name. */
  readonly regulars: readonly ColumnDefinition[];
  /** Every column by name. */
  readonly columns: ReadonlyMap<string, ColumnDefinition>;
  readonly dropped: readonly DroppedColumn[];
  readonly nextColumnId: number;
  readonly options: TableOptions;
  readonly indexes: readonly IndexDefinition[];
  /**
   * Rows come from a provider in this process, not from the engine: system_views.*, system_schema.*, system.local and
   * the like. A table of an ordinary keyspace can be virtual; drivers see no difference.
   */
  readonly virtual: boolean;
  /** Set for a materialized view: what it shows. */
  readonly view?: ViewDefinition;
  /** Materialized views of this table, sorted; they are tables of its keyspace. */
  readonly viewNames?: readonly string[];
};

/** What makes a table a materialized view. Its columns have the names of the base's and ids of their own. */
export type ViewDefinition = {
  readonly baseId: string;
  readonly baseName: string;
  /** SELECT *: columns that the base gets, it gets too. */
  readonly includeAllColumns: boolean;
  /** Of its WHERE clause, each of one column. */
  readonly relations: readonly Relation[];
};

export type IndexDefinition = {
  readonly name: string;
  /** UUID text: of the table that holds its entries. */
  readonly id: string;
  readonly kind: 'KEYS' | 'COMPOSITES' | 'CUSTOM';
  readonly options: Readonly<Record<string, string>>;
};

/** A function that a client made with CREATE FUNCTION. */
export type UserFunction = {
  readonly kind: 'function';
  readonly keyspace: string;
  readonly name: string;
  readonly argNames: readonly string[];
  /** As declared: nothing outermost is frozen but tuples. */
  readonly argTypes: readonly CqlType[];
  readonly returnType: CqlType;
  /** False: RETURNS NULL ON NULL INPUT. */
  readonly calledOnNull: boolean;
  /** Same arguments, same result; nothing here depends on it. */
  readonly deterministic: boolean;
  /** Keeps the order of its arguments (of the named one): may be used in GROUP BY. */
  readonly monotonic: boolean;
  readonly monotonicOn: string | null;
  readonly language: UserFunctionLanguage;
  readonly body: string;
};

export type UserFunctionLanguage = 'javascript' | 'wasm';

/** An aggregate that a client made with CREATE AGGREGATE; its functions are in the same keyspace. */
export type UserAggregate = {
  readonly kind: 'aggregate';
  readonly keyspace: string;
  readonly name: string;
  readonly argTypes: readonly CqlType[];
  readonly stateType: CqlType;
  readonly returnType: CqlType;
  /** Its arguments are the state and those of the aggregate. */
  readonly stateFunction: string;
  /** Its argument is the state. */
  readonly finalFunction: string | null;
  /** Hex text of the serialized value, null for null. */
  readonly initialState: string | null;
};

export type UserFunctionOrAggregate = UserFunction | UserAggregate;

export type KeyspaceDefinition = {
  readonly name: string;
  readonly durableWrites: boolean;
  /** `class` is the full strategy name, as system_schema.keyspaces shows it. */
  readonly replication: Readonly<Record<string, string>>;
  readonly tables: ReadonlyMap<string, TableDefinition>;
  readonly types: ReadonlyMap<string, UserType>;
  /** By signature (functionKey). */
  readonly functions: ReadonlyMap<string, UserFunctionOrAggregate>;
  /** Cassandra's virtual keyspaces: in system_virtual_schema, not in system_schema; all their tables are virtual. */
  readonly virtual: boolean;
};

/** One version of the whole schema. */
export type Schema = {
  readonly keyspaces: ReadonlyMap<string, KeyspaceDefinition>;
  /** UUID text from a digest of the content: equal schemas have equal versions. */
  readonly version: string;
};

/** What changed, in the words of the native protocol's SCHEMA_CHANGE. */
export type SchemaChange = {
  readonly change: 'CREATED' | 'UPDATED' | 'DROPPED';
  readonly target: 'KEYSPACE' | 'TABLE' | 'TYPE' | 'FUNCTION' | 'AGGREGATE';
  readonly keyspace: string;
  /** Table, type, function or aggregate; absent for a keyspace. */
  readonly name?: string;
  readonly argumentTypes?: readonly string[];
};

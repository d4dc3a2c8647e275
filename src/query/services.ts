// What the query layer is given: schema, coordinator, functions, clock, settings.
import type { DescribeStatement } from '../cql/index.js';
import type { Catalogue, SchemaChange, SchemaStatement, TableDefinition } from '../schema/index.js';
import type { UserFunctions } from '../udf/index.js';
import type { ColumnSpec } from './api.js';
import type { Coordinator } from './coordinator.js';
import type { FunctionRegistry } from './function-api.js';
import type { Denylist, GuardrailConfig } from './guardrails/index.js';
import type { ReadNode } from './select/read-failure.js';

export type QueryClock = {
  /** Microseconds since the epoch, strictly increasing in the process. */
  nowMicros(): bigint;
  /** The same clock, not strictly increasing: for what needs no more. */
  nowMs(): number;
  nowSeconds(): number;
  /** Monotonic microseconds, for durations. */
  monotonicMicros(): number;
};

/** Names and units of cassandra.yaml. */
export type QuerySettings = {
  readonly readTimeoutMs: number;
  readonly rangeTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly counterWriteTimeoutMs: number;
  readonly casContentionTimeoutMs: number;
  readonly truncateTimeoutMs: number;
  readonly preparedStatementsCacheBytes: number;
  readonly batchSizeWarnBytes: number;
  readonly batchSizeFailBytes: number;
  readonly unloggedBatchAcrossPartitionsWarn: number;
  readonly tombstoneWarn: number;
  readonly tombstoneFail: number;
  /** dynamic_data_masking_enabled: masks hide values. */
  readonly dynamicDataMasking: boolean;
  /** Statements that take as long are slow; 0: none is. */
  readonly slowQueryMs: number;
  readonly slowQueriesKept: number;
  /** Shapes of statements whose costs are kept; 0 for none. */
  readonly queryFingerprintsMax: number;
  /** Shapes of statements that come as text and have a hot plan; 0 for none. */
  readonly textPlansMax: number;
};

export const defaultQuerySettings: QuerySettings = {
  readTimeoutMs: 5_000,
  rangeTimeoutMs: 10_000,
  writeTimeoutMs: 2_000,
  counterWriteTimeoutMs: 5_000,
  casContentionTimeoutMs: 1_000,
  truncateTimeoutMs: 60_000,
  preparedStatementsCacheBytes: 10 << 20,
  batchSizeWarnBytes: 5 << 10,
  batchSizeFailBytes: 50 << 10,
  unloggedBatchAcrossPartitionsWarn: 10,
  tombstoneWarn: 1_000,
  tombstoneFail: 100_000,
  dynamicDataMasking: false,
  slowQueryMs: 500,
  slowQueriesKept: 100,
  queryFingerprintsMax: 1_000,
  textPlansMax: 1_000,
};

/** Executes schema changes. */
export interface SchemaChanger {
  change(
    statement: SchemaStatement,
    keyspace: string | null,
  ): Promise<{ readonly change: SchemaChange | null; readonly warnings: readonly string[] }>;
}

/** Rows of a result that is made at once. */
export type PlainResult = {
  readonly columns: readonly ColumnSpec[];
  readonly rows: readonly (readonly (Uint8Array | null)[])[];
};

export type VirtualRows = readonly (readonly (Uint8Array | null)[])[];

export type QueryServices = {
  readonly catalogue: Catalogue;
  readonly metadata: SchemaChanger;
  readonly coordinator: Coordinator;
  readonly functions: FunctionRegistry;
  /** Runs the functions that clients made. */
  readonly userFunctions: UserFunctions;
  readonly clock: QueryClock;
  readonly settings: QuerySettings;
  readonly guardrails: GuardrailConfig;
  /** Partitions that nobody may read or write; left out: none. */
  readonly denylist?: Denylist;
  /** The one replica, as others know it; left out: it has no name. */
  readonly node?: ReadNode;
  /** Secret that signs paging states; the same after a restart. */
  readonly pagingKey: Uint8Array;
  randomBytes(count: number): Uint8Array;
  /** Rows of a virtual table: partition key, clustering, static, regular columns; in the order of the result. */
  virtualRows(table: TableDefinition): VirtualRows | Promise<VirtualRows>;
  /** DESCRIBE. @throws FerrosaError INVALID */
  describe(statement: DescribeStatement, keyspace: string | null): PlainResult;
  /** Something that an operator should know. */
  warn(message: string): void;
};

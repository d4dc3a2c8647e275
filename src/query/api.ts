// What the server layer asks of the query layer, and what it gets back. Values stay serialized all the way.
import type { SchemaChange } from '../schema/index.js';
import type { BindValue, CqlType } from '../types/index.js';

/** Consistency levels by their number in the native protocol. */
export const Consistency = {
  ANY: 0,
  ONE: 1,
  TWO: 2,
  THREE: 3,
  QUORUM: 4,
  ALL: 5,
  LOCAL_QUORUM: 6,
  EACH_QUORUM: 7,
  SERIAL: 8,
  LOCAL_SERIAL: 9,
  LOCAL_ONE: 10,
} as const;

export type ColumnSpec = {
  readonly keyspace: string;
  readonly table: string;
  readonly name: string;
  readonly type: CqlType;
};

/** Who asks: one a connection, changed by USE and by authentication. */
export type ClientState = {
  keyspace: string | null;
  user: string | null;
  readonly address: string;
  readonly port: number;
  readonly protocolVersion: number;
  /** Logged in, and neither a superuser nor the server itself: whom guardrails are for. */
  isOrdinary?: boolean;
  /** The connection is closed: nobody waits for what runs. */
  isGone?: boolean;
  /** The server itself: it needs no permission. */
  readonly isInternal?: boolean;
};

export type QueryOptions = {
  readonly consistency: number;
  readonly serialConsistency: number;
  readonly values: readonly BindValue[];
  /** Lower-case marker names when the client bound by name; same length as values. */
  readonly names: readonly string[] | null;
  /** Rows a page; 0 for no paging. */
  readonly pageSize: number;
  readonly pagingState: Uint8Array | null;
  /** Microseconds; null when the client gave none. */
  readonly timestamp: bigint | null;
  /** Seconds; null for the server's clock. */
  readonly nowInSeconds: number | null;
  /** v5's keyspace of the request. */
  readonly keyspace: string | null;
  readonly tracer: Tracer | null;
  /** Left out: nobody watches. */
  readonly watch?: StatementWatch | null;
};

/** A `Plan`, for those who know it. */
export type AnyPlan = { readonly kind: string };

/** Is told what becomes known of a statement while it runs. */
export interface StatementWatch {
  /** Before it is looked at who may run it. */
  planned(plan: AnyPlan): void;
  /** Microseconds that the server gives it, when the client gave none. */
  generated(timestamp: bigint): void;
}

/** Collects the events of a traced request. */
export interface Tracer {
  readonly sessionId: Uint8Array;
  event(activity: string): void;
}

/** Rows with the columns that a plan reads, one after the other as in a result of the native protocol. */
export type ReadRows = { readonly rowCount: number; readonly rows: Uint8Array };

export type RowsResult = {
  readonly kind: 'rows';
  readonly columns: readonly ColumnSpec[];
  /** Rows in the protocol's cell encoding (i32 length and bytes a column, -1 null), one after the other. */
  readonly rowCount: number;
  readonly rows: readonly Uint8Array[];
  readonly pagingState: Uint8Array | null;
};

export type QueryResult = (
  | { readonly kind: 'void' }
  | RowsResult
  | { readonly kind: 'setKeyspace'; readonly keyspace: string }
  | { readonly kind: 'schemaChange'; readonly change: SchemaChange }
) & { readonly warnings?: readonly string[] };

export type PreparedStatement = {
  /** MD5 of keyspace and text (clients.md section 3.17): equal on every node and across restarts. */
  readonly id: Uint8Array;
  /** MD5 of the result columns (v5). */
  readonly resultMetadataId: Uint8Array;
  readonly query: string;
  /** The keyspace it was prepared in, null when the text qualifies every table. */
  readonly keyspace: string | null;
  readonly bindColumns: readonly ColumnSpec[];
  /** For each partition key component the index of the marker that binds it; empty when not all are bound. */
  readonly partitionKeyIndexes: readonly number[];
  /** null for statements that return no rows. */
  readonly resultColumns: readonly ColumnSpec[] | null;
  readonly isConditional: boolean;
  /** For the client that prepares it. */
  readonly warnings?: readonly string[];
};

export type BatchEntry = { readonly query: string | Uint8Array; readonly values: readonly BindValue[] };

export type BatchRequest = {
  readonly type: 'logged' | 'unlogged' | 'counter';
  readonly entries: readonly BatchEntry[];
};

/** Runs statements. One a process; safe to call concurrently. Errors are FerrosaError. */
export interface QueryProcessor {
  query(text: string, client: ClientState, options: QueryOptions): Promise<QueryResult>;
  prepare(text: string, client: ClientState, keyspace: string | null): Promise<PreparedStatement>;
  /** null when the id is unknown here: the client gets UNPREPARED. */
  lookup(id: Uint8Array): PreparedStatement | null;
  execute(prepared: PreparedStatement, client: ClientState, options: QueryOptions): Promise<QueryResult>;
  /** The result of a statement whose rows the addon has read (HotPlanRegistry.registerComputed); null: it has to be executed. */
  compute(prepared: PreparedStatement, options: QueryOptions, read: ReadRows): RowsResult | null;
  batch(batch: BatchRequest, client: ClientState, options: QueryOptions): Promise<QueryResult>;
}

// Between the query layer and the replicas: takes mutations and read commands with a consistency level. With one node the only
// replica is local; the interface is that of a cluster.

export type WriteType = 'SIMPLE' | 'BATCH' | 'UNLOGGED_BATCH' | 'COUNTER' | 'BATCH_LOG' | 'CAS' | 'VIEW' | 'CDC';

export type MutationOptions = {
  readonly consistency: number;
  readonly writeType: WriteType;
  /** Milliseconds from now. */
  readonly timeoutMs: number;
  /** False for a keyspace with durable_writes = false: not in the commit log. */
  readonly durable: boolean;
};

/** A mutation in the bytes of docs/format/mutation.md, with what routing needs. */
export type RoutedMutation = { readonly token: bigint; readonly bytes: Uint8Array };

export type ReadOptions = { readonly consistency: number; readonly timeoutMs: number };

/** A read command (docs/format/read-command.md) with what routing needs. */
export type RoutedRead = {
  readonly command: Uint8Array;
  /** Tokens of the keys, in their order; null for a token range. */
  readonly tokens: readonly bigint[] | null;
};

export interface Coordinator {
  /** @throws FerrosaError UNAVAILABLE, WRITE_TIMEOUT, WRITE_FAILURE, OVERLOADED */
  mutate(mutations: readonly RoutedMutation[], options: MutationOptions): Promise<void>;
  /**
   * A row stream (docs/format/read-command.md). Range reads come in token order over all shards.
   * @throws FerrosaError UNAVAILABLE, READ_TIMEOUT, READ_FAILURE, OVERLOADED
   */
  read(read: RoutedRead, options: ReadOptions): Promise<Uint8Array>;
  /**
   * Removes every row of a table on all replicas.
   * @param table  UUID text of the table
   * @throws FerrosaError TRUNCATE_ERROR, UNAVAILABLE
   */
  truncate(table: string, timeoutMs: number): Promise<void>;
}

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

export type ReadOptions = {
  readonly consistency: number;
  readonly timeoutMs: number;
  /** Asked before each step of a read: throws when nobody waits for its result any more. */
  readonly check?: () => void;
};

/** A read command (docs/format/read-command.md) with what routing needs. */
export type RoutedRead = {
  readonly command: Uint8Array;
  /** Tokens of the keys, in their order; null for a token range. */
  readonly tokens: readonly bigint[] | null;
};

/** A conditional update of one partition, by whatever makes replicas agree on it. */
export type CompareAndSet = {
  /** 16 bytes. */
  readonly tableId: Uint8Array;
  readonly key: Uint8Array;
  readonly token: bigint;
  /** Read commands of the one partition. */
  readonly reads: readonly Uint8Array[];
  /**
   * Decides on the answers to `reads`, while no other compare-and-set of the partition is between its reads and its end.
   * @param timestampAfter  gives a timestamp (microseconds) after the given one and after every earlier one
   * @returns the mutation to commit; null for none
   */
  decide(answers: readonly Uint8Array[], timestampAfter: (micros: bigint) => bigint): Uint8Array | null;
};

export type CasOptions = {
  /** Of the commit. */
  readonly consistency: number;
  readonly serialConsistency: number;
  /** Milliseconds from when its turn has come. */
  readonly timeoutMs: number;
  /** Milliseconds that it waits for its turn. */
  readonly contentionTimeoutMs: number;
  readonly durable: boolean;
};

/** A partition of the entries of indexes: `token` says which shard has it. */
export type IndexBucket = { readonly key: Uint8Array; readonly token: bigint };

/** Which rows a search in a vector index is for. */
export type VectorScope = {
  /** Tokens, both inclusive. */
  readonly start: bigint;
  readonly end: bigint;
  /** Of the one partition, null for any. */
  readonly key: Uint8Array | null;
};

export type VectorSearch = {
  /** 16 bytes each. */
  readonly table: Uint8Array;
  readonly index: Uint8Array;
  readonly count: number;
  /** Candidates that each graph looks at: more find more of the true nearest. */
  readonly beam: number;
  /** null for all rows. */
  readonly scope: VectorScope | null;
  /** Serialized. */
  readonly vector: Uint8Array;
  /** A read command for no keys: it reads the partitions of what is found as well. Null: they are not wanted, or are read later. */
  readonly rows: Uint8Array | null;
};

/** What a graph says of a row; `stamp` changes with every write of it. */
export type VectorClaim = { readonly shard: number; readonly slot: number; readonly stamp: bigint };

export type VectorHit = VectorClaim & {
  /** As Cassandra's similarity functions have it. */
  readonly score: number;
  /** murmurToken of the serialized vector. */
  readonly fingerprint: bigint;
  /** Of the row, or of the partition for a vector that all its rows have. */
  readonly position: Uint8Array;
};

/** The nearest first. */
export type VectorHits = {
  readonly hits: readonly VectorHit[];
  /** There are no others. */
  readonly all: boolean;
  /** Row streams with the partitions of all hits; null when they were not asked for, or are too large to come with them. */
  readonly rows: readonly Uint8Array[] | null;
};

export interface Coordinator {
  /** The partitions of which every index has its entries. */
  readonly indexBuckets: readonly IndexBucket[];
  /** False while an index is being built: it must not be asked. @param id  UUID text of its table of entries */
  isIndexBuilt(id: string): boolean;
  /** A statement asks the index. */
  noteIndexUse(id: string): void;
  /** @throws FerrosaError UNAVAILABLE, WRITE_TIMEOUT, WRITE_FAILURE, OVERLOADED */
  mutate(mutations: readonly RoutedMutation[], options: MutationOptions): Promise<void>;
  /**
   * Resolves when the decision is made and what it commits is durable.
   * @throws FerrosaError what `decide` throws; UNAVAILABLE, WRITE_TIMEOUT of type CAS, READ_TIMEOUT, OVERLOADED
   */
  compareAndSet(operation: CompareAndSet, options: CasOptions): Promise<void>;
  /**
   * A row stream (docs/format/read-command.md). Range reads come in token order over all shards.
   * @throws FerrosaError UNAVAILABLE, READ_TIMEOUT, READ_FAILURE, OVERLOADED
   */
  read(read: RoutedRead, options: ReadOptions): Promise<Uint8Array>;
  /**
   * What the graphs of an index say is near to a vector: the table decides whether it is there.
   * @throws FerrosaError UNAVAILABLE, READ_TIMEOUT, READ_FAILURE, OVERLOADED
   */
  searchVectors(search: VectorSearch, options: ReadOptions): Promise<VectorHits>;
  /** The table does not bear claims out: they go, unless their rows were written meanwhile. Fails in silence. */
  forgetVectors(table: Uint8Array, index: Uint8Array, claims: readonly VectorClaim[]): Promise<void>;
  /**
   * Removes every row of a table and of its views on all replicas: of both or, after a crash, of neither.
   * @param table  UUID text of the table
   * @throws FerrosaError TRUNCATE_ERROR, UNAVAILABLE
   */
  truncate(table: string, timeoutMs: number): Promise<void>;
}

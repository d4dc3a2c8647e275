// What the coordinator needs of the shards of this process.
import type { FerrosaError } from '../common/errors.js';

/** What the coordinator asks of the shards (src/shard's ShardRouter). Deadlines are monotonic microseconds. */
export interface ShardPort {
  readonly shardCount: number;
  now(): number;
  mutate(shard: number, mutation: Uint8Array, durable: boolean, options?: ShardRequest): Promise<void>;
  batch(shard: number, mutations: readonly Uint8Array[], durable: boolean, options?: ShardRequest): Promise<void>;
  read(shard: number, command: Uint8Array, options?: ShardRequest): Promise<Uint8Array>;
  /** A search in a vector index, one with the rows of what it finds, rows of a build of one, or claims to forget (docs/format/vector-search.md). */
  vectors(
    shard: number,
    what: 'search' | 'searchRows' | 'rows' | 'forget',
    payload: Uint8Array,
    options?: ShardRequest,
  ): Promise<Uint8Array>;
  /**
   * JavaScript reads the partition to write it, or has done so: the shard makes no conditional write of it, and none that views follow, by
   * itself meanwhile. Nothing else is held up. What is sent to the shard before this resolves is behind it.
   * @param key  empty for all of the table: when it resolves, what the shard has begun before is with those who asked
   */
  hold(shard: number, table: Uint8Array, key: Uint8Array, what: 'begins' | 'ends'): Promise<void>;
  control(shard: number, message: unknown, options?: ShardRequest): Promise<unknown>;
}

export type ShardRequest = { readonly deadline?: number; readonly timedOut?: () => FerrosaError };

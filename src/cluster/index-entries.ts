// The entries of indexes that a mutation of their table brings.
import { indexMutations, type NowMicros, needsRows, rowIndexMutations } from '../index/index.js';
import type { IndexBucket } from '../query/index.js';
import type { TableDefinition } from '../schema/index.js';
import { indexBuckets, shardOfToken } from '../shard/index.js';
import { decodeMutation } from '../storage/index.js';
import type { ShardPort } from './shard-port.js';
import type { TableLookup } from './table-lookup.js';

export class IndexEntries {
  readonly #shards: ShardPort;
  readonly #lookup: TableLookup;
  readonly #nowMicros: NowMicros;
  readonly #stampMicros: () => bigint;
  #buckets: readonly IndexBucket[] | null = null;

  /** @param stampMicros  the time of entries, microseconds since the epoch */
  constructor(shards: ShardPort, lookup: TableLookup, nowMicros: NowMicros, stampMicros: () => bigint) {
    this.#shards = shards;
    this.#lookup = lookup;
    this.#nowMicros = nowMicros;
    this.#stampMicros = stampMicros;
  }

  get buckets(): readonly IndexBucket[] {
    this.#buckets ??= indexBuckets(this.#shards.shardCount);
    return this.#buckets;
  }

  /** The mutations of those indexes that need no more than the mutation. @throws FerrosaError INVALID for a value that cannot be indexed */
  plain(bytes: Uint8Array, table: TableDefinition | null): Uint8Array[] {
    if (table === null || table.indexes.length === 0) return [];
    return indexMutations(table, bytes, this.#bucketOf, this.#stampMicros);
  }

  /** The same of all indexes, those that need the row among them. Call it in the turn of the partition. */
  all(bytes: Uint8Array): Uint8Array[] | Promise<Uint8Array[]> {
    const table = this.#lookup.ofMutation(bytes);
    return table === null || !needsRows(table) ? this.plain(bytes, table) : this.#ofRows(bytes);
  }

  async #ofRows(bytes: Uint8Array): Promise<Uint8Array[]> {
    for (;;) {
      const table = this.#lookup.ofMutation(bytes);
      if (table === null || !needsRows(table)) return this.plain(bytes, table);
      const shard = shardOfToken(decodeMutation(bytes).token, this.#shards.shardCount);
      const read = (command: Uint8Array) => this.#shards.read(shard, command);
      const nowSeconds = Number(this.#nowMicros() / 1_000_000n);
      const entries = await rowIndexMutations(table, bytes, this.#bucketOf, nowSeconds, this.#stampMicros, read);
      // An index that was made meanwhile wants its entries too.
      if (this.#lookup.ofMutation(bytes) === table) return [...this.plain(bytes, table), ...entries];
    }
  }

  readonly #bucketOf = (token: bigint): Uint8Array => this.buckets[shardOfToken(token, this.#shards.shardCount)]!.key;
}

// What shards must leave to the coordinator: partitions that it reads before it writes them, and tables that it empties. Shards do the same by
// themselves otherwise (docs/format/hot-plan.md).
import type { FerrosaError } from '../common/errors.js';
import { murmurToken } from '../native/index.js';
import { shardOfToken } from '../shard/index.js';
import type { ShardPort } from './shard-port.js';

const againMs = 100;
/** Instead of a key. */
const wholeTable = new Uint8Array(0);

export class Holds {
  constructor(private readonly shards: ShardPort) {}

  /**
   * Runs `operation` with a partition to itself, from what it sends on.
   * @param operation  REQUIRES: it writes nothing before `held` has resolved, and uses nothing that it has read if `held` rejects
   * @throws FerrosaError what the operation throws
   */
  async partition(
    tableId: Uint8Array,
    key: Uint8Array,
    operation: (held: Promise<void>) => Promise<void>,
  ): Promise<void> {
    const shard = shardOfToken(murmurToken(key), this.shards.shardCount);
    const held = this.shards.hold(shard, tableId, key, 'begins');
    try {
      await operation(held);
    } finally {
      // Behind the writes in the shard's ring, also when nobody waits for them any more.
      held.then(
        () => this.#end(shard, tableId, key),
        () => {},
      );
    }
  }

  /**
   * Runs `operation` with all partitions of a table to itself, after all that the shards have begun with them is with those who asked.
   * @throws FerrosaError OVERLOADED when a shard takes no more requests; what the operation throws
   */
  async table(tableId: Uint8Array, operation: () => Promise<void>): Promise<void> {
    const holding = Array.from({ length: this.shards.shardCount }, (_, shard) =>
      this.shards.hold(shard, tableId, wholeTable, 'begins'),
    );
    const held = await Promise.allSettled(holding);
    try {
      for (const one of held) if (one.status === 'rejected') throw one.reason;
      await operation();
    } finally {
      for (const [shard, { status }] of held.entries())
        if (status === 'fulfilled') this.#end(shard, tableId, wholeTable);
    }
  }

  /** An overloaded shard is told later: until then it leaves what is held to the coordinator. */
  #end(shard: number, tableId: Uint8Array, key: Uint8Array): void {
    this.shards.hold(shard, tableId, key, 'ends').catch((error: FerrosaError) => {
      if (error.code === 'OVERLOADED') setTimeout(() => this.#end(shard, tableId, key), againMs).unref();
    });
  }
}

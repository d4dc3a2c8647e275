// The shards with the entries of indexes beside every mutation, for what writes around the coordinator.
import type { ShardPort } from './shard-port.js';

/** @param entriesOf  the mutations of indexes that belong to a mutation */
export function withIndexes(shards: ShardPort, entriesOf: (mutation: Uint8Array) => Uint8Array[]): ShardPort {
  return {
    get shardCount() {
      return shards.shardCount;
    },
    now: () => shards.now(),
    mutate(shard, mutation, durable, options) {
      const entries = entriesOf(mutation);
      if (entries.length === 0) return shards.mutate(shard, mutation, durable, options);
      return shards.batch(shard, [mutation, ...entries], durable, options);
    },
    batch: (shard, mutations, durable, options) =>
      shards.batch(
        shard,
        mutations.flatMap((mutation) => [mutation, ...entriesOf(mutation)]),
        durable,
        options,
      ),
    read: (shard, command, options) => shards.read(shard, command, options),
    control: (shard, message, options) => shards.control(shard, message, options),
  };
}

// The shards with the entries of indexes beside every mutation, for what writes around the coordinator.
import type { ShardPort } from './shard-port.js';

/** @param entriesOf  the mutations of indexes that belong to a mutation; called in the turn of its partition */
export function withIndexes(shards: ShardPort, entriesOf: (mutation: Uint8Array) => Promise<Uint8Array[]>): ShardPort {
  const withEntries = async (mutations: readonly Uint8Array[]): Promise<Uint8Array[]> =>
    (await Promise.all(mutations.map(async (one) => [one, ...(await entriesOf(one))]))).flat();
  return {
    get shardCount() {
      return shards.shardCount;
    },
    now: () => shards.now(),
    async mutate(shard, mutation, durable, options) {
      const all = await withEntries([mutation]);
      if (all.length === 1) return shards.mutate(shard, mutation, durable, options);
      return shards.batch(shard, all, durable, options);
    },
    batch: async (shard, mutations, durable, options) =>
      shards.batch(shard, await withEntries(mutations), durable, options),
    read: (shard, command, options) => shards.read(shard, command, options),
    vectors: (shard, what, payload, options) => shards.vectors(shard, what, payload, options),
    hold: (shard, table, key, what) => shards.hold(shard, table, key, what),
    control: (shard, message, options) => shards.control(shard, message, options),
  };
}

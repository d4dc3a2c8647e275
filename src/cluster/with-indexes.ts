// The shards with the entries of indexes beside every mutation, for what writes around the coordinator.
import type { ShardPort } from './shard-port.js';

/** Throws what it cannot index, at once or in the promise. */
export type EntriesOf = (mutation: Uint8Array) => Uint8Array[] | Promise<Uint8Array[]>;

/** @param entriesOf  the mutations of indexes that belong to a mutation; called in the turn of its partition */
export function withIndexes(shards: ShardPort, entriesOf: EntriesOf): ShardPort {
  const withEntries = (mutations: readonly Uint8Array[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]> => {
    const entries = mutations.map(entriesOf);
    if (entries.every((some) => !(some instanceof Promise) && some.length === 0)) return mutations;
    return Promise.all(entries).then((all) => mutations.flatMap((one, i) => [one, ...all[i]!]));
  };
  return {
    get shardCount() {
      return shards.shardCount;
    },
    now: () => shards.now(),
    mutate(shard, mutation, durable, options) {
      const all = withEntries([mutation]);
      const write = (list: readonly Uint8Array[]): Promise<void> =>
        list.length === 1
          ? shards.mutate(shard, mutation, durable, options)
          : shards.batch(shard, list, durable, options);
      return all instanceof Promise ? all.then(write) : write(all);
    },
    batch(shard, mutations, durable, options) {
      const all = withEntries(mutations);
      return all instanceof Promise
        ? all.then((list) => shards.batch(shard, list, durable, options))
        : shards.batch(shard, all, durable, options);
    },
    read: (shard, command, options) => shards.read(shard, command, options),
    vectors: (shard, what, payload, options) => shards.vectors(shard, what, payload, options),
    hold: (shard, table, key, what) => shards.hold(shard, table, key, what),
    control: (shard, message, options) => shards.control(shard, message, options),
  };
}

// Numbers for opened SSTables, by which a NativeStore takes them.
import { addon } from './binding.js';
import type { NativeSSTable } from './sstable.js';

/**
 * Gives an SSTable a number for NativeStore.replaceSources. With a shard count above 1 only the partitions of `shard` are seen: for
 * SSTables that hold tokens of several shards. The SSTable must stay open until the number is released and the store has let it go.
 */
export const registerSource = addon.registerSource as (
  sstable: NativeSSTable,
  shard: number,
  shardCount: number,
) => number;

export const releaseSource = addon.releaseSource as (number: number) => void;

/** The same rule as src/shard/token.ts, in the addon. */
export const nativeShardOfToken = addon.shardOfToken as (token: bigint, shardCount: number) => number;

/** The first token at or after `token` that the shard owns; null when there is none. */
export const nextOwnToken = addon.nextOwnToken as (token: bigint, shard: number, shardCount: number) => bigint | null;

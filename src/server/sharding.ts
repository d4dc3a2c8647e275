// What SUPPORTED says of shards, in ScyllaDB's words (its protocol extensions): all of these keys or none, for drivers that see some of
// them and miss others fail.
import { partitionerClass } from '../schema/index.js';
import { ignoredTokenBits } from '../shard/index.js';

/**
 * @param shard  the shard that serves the connection
 * @param awarePort  where a client chooses the shard by the port it comes from; null while that is not open
 * @param speaks  what that port does
 */
export function shardingOptions(
  shard: number,
  shardCount: number,
  awarePort: number | null,
  speaks: { readonly tls: boolean; readonly plain: boolean },
): ReadonlyMap<string, readonly string[]> {
  // A node of one shard has nothing to tell.
  if (shardCount < 2) return new Map();
  return new Map([
    ['SCYLLA_SHARD', [String(shard)]],
    ['SCYLLA_NR_SHARDS', [String(shardCount)]],
    ['SCYLLA_SHARDING_ALGORITHM', ['biased-token-round-robin']],
    ['SCYLLA_SHARDING_IGNORE_MSB', [String(ignoredTokenBits)]],
    ['SCYLLA_PARTITIONER', [partitionerClass]],
    ...(awarePort === null || !speaks.plain ? [] : [['SCYLLA_SHARD_AWARE_PORT', [String(awarePort)]] as const]),
    ...(awarePort === null || !speaks.tls ? [] : [['SCYLLA_SHARD_AWARE_PORT_SSL', [String(awarePort)]] as const]),
  ]);
}

// Which shard of a node owns a token: ScyllaDB's published rule (biased token round robin), so that its drivers find the shard.

/** Most significant bits of the token that the rule leaves out; told to drivers as SCYLLA_SHARDING_IGNORE_MSB. */
export const ignoredTokenBits = 12;

const bits64 = (1n << 64n) - 1n;

/**
 * The tokens of a shard as ranges after the first and up to the second of each pair, ascending: one in each of the equal parts into which
 * the ignored bits divide the ring.
 */
export function tokenRangesOf(shard: number, shardCount: number): [bigint, bigint][] {
  const part = 1n << BigInt(64 - ignoredTokenBits);
  const bound = (n: number) => (part * BigInt(n) + BigInt(shardCount) - 1n) / BigInt(shardCount);
  const least = -(1n << 63n);
  const ranges: [bigint, bigint][] = [];
  for (let i = 0n; i < 1n << BigInt(ignoredTokenBits); i++) {
    const before = least + i * part - 1n;
    const start = before + bound(shard);
    ranges.push([start < least ? least : start, before + bound(shard + 1)]);
  }
  return ranges;
}

/**
 * The shard of a token, 0-based.
 * @param ignoreMsb  bits that are shifted out of the biased token first
 */
export function shardOfToken(token: bigint, shardCount: number, ignoreMsb: number = ignoredTokenBits): number {
  if (shardCount === 1) return 0;
  if (ignoreMsb === ignoredTokenBits) return shardOfLowBits(Number(BigInt.asUintN(52, token)), shardCount);
  const biased = (((token + (1n << 63n)) & bits64) << BigInt(ignoreMsb)) & bits64;
  return Number((biased * BigInt(shardCount)) >> 64n);
}

/** floor(low * shardCount / 2^52), exact in doubles: the bias is a multiple of 2^52, so the 52 bits that count are the token's own. */
function shardOfLowBits(low: number, shardCount: number): number {
  const half = 2 ** 26;
  const high = Math.floor(low / half);
  const rest = low - high * half;
  return Math.floor((high * shardCount + Math.floor((rest * shardCount) / half)) / half);
}

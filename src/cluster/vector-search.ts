// Searches in vector indexes: every shard looks in its own graph, and what they find is merged. docs/format/vector-search.md
import type { VectorClaim, VectorHit, VectorHits, VectorSearch } from '../query/index.js';
import { shardOfToken } from '../shard/index.js';
import { ByteWriter } from '../storage/index.js';
import type { ShardPort, ShardRequest } from './shard-port.js';

const scopeTokens = 1;
const scopeKey = 2;

function encode({ table, index, count, beam, scope, vector, rows }: VectorSearch): Uint8Array {
  const out = new ByteWriter(160 + vector.length);
  if (rows !== null) {
    out.u16(rows.length);
    out.raw(rows);
  }
  out.raw(table);
  out.raw(index);
  out.u32(count);
  out.u32(beam);
  out.u8(scope === null ? 0 : scope.key === null ? scopeTokens : scopeTokens | scopeKey);
  out.i64(scope?.start ?? 0n);
  out.i64(scope?.end ?? 0n);
  out.u16(scope?.key?.length ?? 0);
  if (scope?.key != null) out.raw(scope.key);
  out.raw(vector);
  return out.finish();
}

function decode(shard: number, answer: Uint8Array): VectorHits {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  const hits: VectorHit[] = [];
  let at = 5;
  for (let n = view.getUint32(1, true); n > 0; n--) {
    const length = view.getUint32(at + 24, true);
    hits.push({
      shard,
      score: view.getFloat32(at, true),
      slot: view.getUint32(at + 4, true),
      stamp: view.getBigUint64(at + 8, true),
      fingerprint: view.getBigInt64(at + 16, true),
      position: answer.subarray(at + 28, at + 28 + length),
    });
    at += 28 + length;
  }
  return { hits, all: answer[0] === 1, rows: at < answer.length ? [answer.subarray(at)] : null };
}

/** @throws FerrosaError READ_TIMEOUT and what the shards throw */
export async function searchVectors(
  shards: ShardPort,
  search: VectorSearch,
  request: ShardRequest,
): Promise<VectorHits> {
  const payload = encode(search);
  const ask = async (shard: number): Promise<VectorHits> =>
    decode(shard, await shards.vectors(shard, search.rows === null ? 'search' : 'searchRows', payload, request));
  if (shards.shardCount === 1) return ask(0);
  if (search.scope?.key != null) return ask(shardOfToken(search.scope.start, shards.shardCount));
  const parts = await Promise.all(Array.from({ length: shards.shardCount }, (_, shard) => ask(shard)));
  const found = parts.flatMap(({ hits }) => hits).sort((a, b) => b.score - a.score);
  const hits = found.slice(0, search.count);
  const rows = parts.some((part) => part.rows === null) ? null : parts.flatMap((part) => part.rows!);
  return { hits, all: hits.length === found.length && parts.every(({ all }) => all), rows };
}

/** Tells the shards of claims that their tables do not bear out. Nothing depends on it. */
export async function forgetVectors(
  shards: ShardPort,
  table: Uint8Array,
  index: Uint8Array,
  claims: readonly VectorClaim[],
): Promise<void> {
  for (const shard of new Set(claims.map((claim) => claim.shard))) {
    const out = new ByteWriter(64);
    out.raw(table);
    out.raw(index);
    for (const claim of claims) {
      if (claim.shard !== shard) continue;
      out.u32(claim.slot);
      out.i64(BigInt.asIntN(64, claim.stamp));
    }
    await shards.vectors(shard, 'forget', out.finish());
  }
}

// The work of the process under the names of Cassandra's thread pools.
import type { ThreadPool } from '../../http/index.js';
import type { ServerServices } from '../../server/index.js';
import type { ShardStats } from '../../shard/index.js';
import type { Config } from '../settings.js';
import type { NodeStorage } from './storage.js';

export type LimitedPool = ThreadPool & { readonly limit: number };

/** Pools by name, sorted. What has no queue of its own here has none pending. */
export async function threadPools(
  config: Config,
  { shards, userFunctions }: NodeStorage,
  { budget, metrics, hotPath }: ServerServices,
): Promise<LimitedPool[]> {
  const stats = await shards.stats();
  const sum = (read: (shard: ShardStats) => number): number => stats.reduce((total, shard) => total + read(shard), 0);
  const loop = (name: string): number => sum((shard) => shard.loop[name] ?? 0);
  const pool = (name: string, limit: number, completed: number, active = 0, pending = 0): LimitedPool => ({
    name,
    limit,
    active,
    pending,
    completed,
    blocked: 0,
    blockedAllTime: 0,
  });
  const compactions = shards.compactions().filter(({ finishedAt }) => finishedAt === null).length;
  // And the one of small compactions.
  const compactors = config.concurrent_compactors + 1;
  const flushes = shards.tables.flushesRunning;
  const frozen = sum((shard) => shard.tables.reduce((total, table) => total + table.frozenMemtables, 0));
  const calls = userFunctions.work;
  const hotOpen = hotPath?.stats().open ?? 0;
  return [
    pool(
      'CompactionExecutor',
      compactors,
      sum((shard) => shard.compactions),
      Math.min(compactors, compactions),
      Math.max(0, compactions - compactors),
    ),
    pool(
      'MemtableFlushWriter',
      2,
      sum((shard) => shard.flushes),
      flushes,
      Math.max(0, frozen - flushes),
    ),
    pool('MutationStage', shards.shardCount, loop('mutations') + loop('hotWrites')),
    {
      ...pool('Native-Transport-Requests', budget.limits.requestsMax, metrics.requests, budget.requests + hotOpen),
      blockedAllTime: metrics.pauses,
    },
    pool('ReadStage', shards.shardCount, loop('reads') + loop('hotReads'), 0, loop('waiting')),
    pool('UserDefinedFunctions', config.user_defined_functions_threads, calls.completed, calls.active, calls.pending),
  ];
}

// Rows of system_views: what this process knows of itself. A table that is not here has no rows.
import { join } from 'node:path';
import type { GuardrailConfig } from '../../query/index.js';
import type { PlainRow } from '../../schema/index.js';
import { clientRows } from '../../server/index.js';
import type { ShardTableStats } from '../../shard/index.js';
import type { Config } from '../settings.js';
import { compactionId } from './compaction-history.js';
import { nowMs } from './environment.js';
import { Gossip } from './gossip.js';
import { indexRows, indexUsageRows, saiRows } from './index-rows.js';
import type { Latencies } from './latencies.js';
import {
  batchRows,
  coordinatorLatencyRows,
  type HotCount,
  localLatencyRows,
  perReadRows,
  sumHot,
} from './latency-rows.js';
import { activeQueryRows, fingerprintRows, queryRows, slowQueryRows } from './query-rows.js';
import type { Serving } from './serving.js';
import { settingRows } from './setting-rows.js';
import { findSnapshots } from './snapshots.js';
import { type NodeStorage, releaseVersion } from './storage.js';
import { threadPools } from './thread-pools.js';

const MiB = 1024 * 1024;

type Rows = readonly PlainRow[] | Promise<readonly PlainRow[]>;

export class Figures {
  readonly #config: Config;
  readonly #guardrails: GuardrailConfig;
  readonly #storage: NodeStorage;
  readonly #startedAtSeconds: number;
  readonly #gossip = new Gossip();
  #serving: Serving | null = null;

  constructor(config: Config, guardrails: GuardrailConfig, storage: NodeStorage, startedAtSeconds: number) {
    this.#config = config;
    this.#guardrails = guardrails;
    this.#storage = storage;
    this.#startedAtSeconds = startedAtSeconds;
  }

  /** From here on clients can ask. */
  attach(serving: Serving): void {
    this.#serving = serving;
  }

  /** Rows of a table of system_views or system_observability: no name is in both. */
  rows(table: string): Rows {
    const read = this.#tables[table];
    return read === undefined || this.#serving === null ? [] : read(this.#serving);
  }

  readonly #tables: Readonly<Record<string, (serving: Serving) => Rows>> = {
    settings: () => settingRows(this.#config, this.#guardrails),
    clients: ({ server }) => clientRows(server.connections),
    caches: ({ latencies }) => this.#caches(latencies),
    cql_metrics: (serving) => this.#cqlMetrics(serving),
    thread_pools: async ({ services }) =>
      (await threadPools(this.#config, this.#storage, services)).map((pool) => ({
        name: pool.name,
        active_tasks: pool.active,
        active_tasks_limit: pool.limit,
        blocked_tasks: pool.blocked,
        blocked_tasks_all_time: pool.blockedAllTime,
        completed_tasks: pool.completed,
        pending_tasks: pool.pending,
      })),
    sstable_tasks: () => this.#sstableTasks(),
    snapshots: async () =>
      (await findSnapshots(this.#config.data_dir)).map((one) => ({
        name: one.tag,
        keyspace_name: one.keyspace,
        table_name: one.table,
        created_at: one.createdAt,
        ephemeral: false,
        size_on_disk: one.bytes,
        true_size: one.trueBytes,
      })),
    system_properties: () => propertyRows(),
    gossip_info: () => this.#gossipInfo(),
    roles_cache_keys: ({ access }) => access.rolesCache.keys().map((role) => ({ role })),
    credentials_cache_keys: ({ access }) => access.credentialsCache.keys().map((role) => ({ role })),
    network_permissions_cache_keys: ({ access }) => access.origin.networkCache.keys().map((role) => ({ role })),
    cidr_filtering_metrics_counts: ({ access }) => access.origin.metrics.counts(),
    cidr_filtering_metrics_latencies: ({ access }) => access.origin.metrics.latencies(),
    permissions_cache_keys: ({ access }) => access.cachedPermissions(),
    disk_usage: () => this.#perTable((sum) => ({ mebibytes: mebibytes(sum('sstableBytes')) })),
    max_partition_size: () => this.#perTable((_, most) => ({ mebibytes: mebibytes(most('largestPartitionBytes')) })),
    max_sstable_size: () => this.#perTable((_, most) => ({ mebibytes: mebibytes(most('largestSSTableBytes')) })),
    max_sstable_duration: () =>
      this.#perTable((_, most) => ({ max_sstable_duration: Math.floor(most('longestSSTableMs')) })),
    local_read_latency: ({ latencies }) => localLatencyRows(latencies, 'read'),
    local_write_latency: ({ latencies }) => localLatencyRows(latencies, 'write'),
    local_scan_latency: ({ latencies }) => localLatencyRows(latencies, 'scan'),
    coordinator_read_latency: ({ latencies }) => coordinatorLatencyRows(latencies, 'read'),
    coordinator_write_latency: ({ latencies }) => coordinatorLatencyRows(latencies, 'write'),
    coordinator_scan_latency: ({ latencies }) => coordinatorLatencyRows(latencies, 'scan'),
    rows_per_read: ({ latencies }) => perReadRows(latencies, 'rows'),
    tombstones_per_read: ({ latencies }) => perReadRows(latencies, 'tombstones'),
    queries: ({ processor }) => queryRows(processor),
    active_queries: ({ processor }) => activeQueryRows(processor),
    sai_column_indexes: () => saiRows(this.#storage),
    secondary_indexes: () => indexRows(this.#storage),
    index_usage: ({ latencies }) => indexUsageRows(this.#storage, latencies),
    query_fingerprints: ({ processor, latencies }) => fingerprintRows(processor, latencies),
    slow_queries: ({ processor }) => slowQueryRows(processor),
    batch_metrics: async ({ processor, services }) =>
      batchRows(processor, services.hotPath, await this.#storage.shards.stats()),
  };

  /** A row a table: `sum` and `most` are over the shards. */
  async #perTable(row: (sum: Over, most: Over) => PlainRow): Promise<PlainRow[]> {
    const { shards, metadata } = this.#storage;
    const byTable = new Map<string, ShardTableStats[]>();
    for (const { tables } of await shards.stats())
      for (const stats of tables) byTable.set(stats.table, [...(byTable.get(stats.table) ?? []), stats]);
    return [...byTable].flatMap(([id, parts]) => {
      const table = metadata.catalogue.tableById(id);
      if (table === null) return [];
      const sum: Over = (field) => parts.reduce((total, stats) => total + stats[field], 0);
      const most: Over = (field) => parts.reduce((max, stats) => Math.max(max, stats[field]), 0);
      return [{ keyspace_name: table.keyspace, table_name: table.name, ...row(sum, most) }];
    });
  }

  /** The chunk cache, and the caches of Cassandra that there are none of. */
  async #caches({ cacheHits, cacheRequests }: Latencies): Promise<PlainRow[]> {
    const stats = await this.#storage.shards.stats();
    const sum = (read: (shard: (typeof stats)[number]) => number) => stats.reduce((all, one) => all + read(one), 0);
    const hits = sum((shard) => shard.cacheHits);
    const requests = hits + sum((shard) => shard.cacheMisses);
    const absent = ['counters', 'keys', 'rows'].map((name) => ({
      name,
      capacity_bytes: 0,
      entry_count: 0,
      hit_count: 0,
      hit_ratio: Number.NaN,
      recent_hit_rate_per_second: 0,
      recent_request_rate_per_second: 0,
      request_count: 0,
      size_bytes: 0,
    }));
    const chunks = {
      name: 'chunks',
      capacity_bytes: this.#config.file_cache_size,
      entry_count: sum((shard) => shard.cacheEntries),
      hit_count: hits,
      hit_ratio: hits / requests,
      recent_hit_rate_per_second: Math.floor(cacheHits.value),
      recent_request_rate_per_second: Math.floor(cacheRequests.value),
      request_count: requests,
      size_bytes: sum((shard) => shard.cacheBytes),
    };
    return [chunks, ...absent];
  }

  async #cqlMetrics({ processor, services: { metrics, hotPath } }: Serving): Promise<PlainRow[]> {
    const shards = await this.#storage.shards.stats();
    const sum = (count: HotCount) => sumHot(count, hotPath, shards);
    const handed = sum('handed');
    const texts = sum('texts') + handed;
    // What JavaScript ran in the end is among its own; a text that came as an EXECUTE was none.
    const hot = metrics.hotRequests() - sum('declined') - handed;
    const prepared = Math.max(0, metrics.statements['EXECUTE']! + hot - texts);
    const regular = metrics.statements['QUERY']! + texts;
    const values = {
      prepared_statements_count: processor.prepared.size,
      prepared_statements_evicted: processor.prepared.evictions,
      prepared_statements_executed: prepared,
      prepared_statements_ratio: prepared + regular === 0 ? 0 : prepared / (prepared + regular),
      regular_statements_executed: regular,
    };
    return Object.entries(values).map(([name, value]) => ({ name, value }));
  }

  #sstableTasks(): PlainRow[] {
    const running = this.#storage.shards.compactions().filter(({ finishedAt }) => finishedAt === null);
    const builds = this.#storage.builds.running.map((build) => ({
      keyspace_name: build.keyspace,
      table_name: build.table,
      // The index: it is a time UUID too.
      task_id: build.id,
      kind: 'secondary index build',
      progress: build.rows,
      unit: 'rows',
    }));
    const compactions = running.map((record) => ({
      keyspace_name: record.keyspace,
      table_name: record.table,
      task_id: compactionId(record),
      kind: 'compaction',
      completion_ratio: record.done(),
      progress: Math.floor(record.done() * record.bytesTotal),
      sstables: record.inputs.length,
      target_directory: join(this.#config.data_dir, 'data', record.keyspace),
      total: record.bytesTotal,
      unit: 'bytes',
    }));
    return [...compactions, ...builds];
  }

  async #gossipInfo(): Promise<PlainRow[]> {
    const { record, metadata, shards } = this.#storage;
    const bytes = (await shards.stats())
      .flatMap(({ tables }) => tables)
      .reduce((sum, one) => sum + one.sstableBytes, 0);
    const status = `NORMAL,${record.tokens[0]}`;
    const values = {
      dc: record.datacenter,
      rack: record.rack,
      host_id: record.hostId,
      index_status: this.#indexStatus(),
      load: bytes.toFixed(1),
      native_address_and_port: `${record.nativeAddress}:${record.nativePort}`,
      release_version: releaseVersion,
      rpc_address: record.nativeAddress,
      rpc_ready: 'true',
      schema: metadata.catalogue.schema.version,
      sstable_versions: 'bti-da',
      status,
      status_with_port: status,
      tokens: record.tokens.join(','),
    };
    const uptimeSeconds = Math.floor(nowMs() / 1000) - this.#startedAtSeconds;
    return [
      {
        address: record.broadcastAddress,
        port: record.broadcastPort,
        hostname: record.broadcastAddress,
        generation: this.#startedAtSeconds,
        ...this.#gossip.columns(values, uptimeSeconds),
      },
    ];
  }

  /** JSON of the indexes of each keyspace by Cassandra's numbers (Index.Status): 3 for those that are built, 1 while they are not; null without any. */
  #indexStatus(): string | null {
    const { metadata, builds } = this.#storage;
    const all = [...metadata.catalogue.schema.keyspaces.values()].flatMap(({ name, tables }) => {
      const indexes = [...tables.values()].flatMap((table) => table.indexes);
      const of = indexes.map((index) => [index.name, builds.isBuilt(index.id) ? 3 : 1]);
      return of.length === 0 ? [] : [[name, Object.fromEntries(of)]];
    });
    return all.length === 0 ? null : JSON.stringify(Object.fromEntries(all));
  }
}

type Over = (field: Exclude<keyof ShardTableStats, 'table'>) => number;

/** Rounded up, as Cassandra does: a table with data never shows 0. */
const mebibytes = (bytes: number): number => Math.ceil(bytes / MiB);

/** The runtime, and the variables that Ferrosa reads; never a secret. */
function propertyRows(): PlainRow[] {
  const { versions, platform, arch, execPath, env } = process;
  const properties: [string, string][] = [
    ['node.version', versions.node],
    ['v8.version', versions.v8],
    ['os.name', platform],
    ['os.arch', arch],
    ['node.executable', execPath],
  ];
  for (const [name, value] of Object.entries(env))
    if (name.startsWith('FERROSA_') && !/PASSWORD|SECRET|KEY|TOKEN/.test(name)) properties.push([name, value ?? '']);
  return properties.map(([name, value]) => ({ name, value }));
}

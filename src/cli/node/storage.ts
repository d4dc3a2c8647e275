// Metadata and shards: who the node is, its schema, and the threads that keep its data.
import { join } from 'node:path';
import {
  BatchLog,
  type EntriesOf,
  IndexBuilds,
  LocalCoordinator,
  type ShardPort,
  ViewWriter,
  withIndexes,
} from '../../cluster/index.js';
import type { FerrosaError } from '../../common/errors.js';
import { nativeStamps } from '../../native/index.js';
import { checkViewWhere, nativeFunctions, resolveColumnMask } from '../../query/index.js';
import { loadHostId, MetadataStore, type NodeRecord, RaftClient, registerNode } from '../../raft/index.js';
import { type CatalogueChange, totalReplicas, type UserFunction } from '../../schema/index.js';
import { type BackgroundPool, createBackgroundPool, Shards } from '../../shard/index.js';
import { createUserFunctions, type UserFunctions } from '../../udf/index.js';
import { asKept } from '../data-folder.js';
import type { Log } from '../log.js';
import type { Config } from '../settings.js';
import { type HostAndPort, isEveryAddress } from '../units.js';
import { nextTimeUuid, nowMicros, nowMs, random } from './environment.js';
import { StampClock } from './stamp-clock.js';

/** How often the bound of the stamp clock is looked at: it is ten minutes ahead. */
const stampBoundMs = 60_000;

/** What drivers are told this is: they choose their behaviour by it. */
export const releaseVersion = '5.0.9';

export type NodeStorage = {
  readonly metadata: MetadataStore;
  readonly record: NodeRecord;
  readonly shards: Shards;
  readonly pool: BackgroundPool;
  readonly coordinator: LocalCoordinator;
  readonly userFunctions: UserFunctions;
  readonly builds: IndexBuilds;
  readonly stamps: StampClock;
};

/** The address that a node tells others; "any" is none. */
const addressOf = ({ host }: HostAndPort): string =>
  isEveryAddress(host) || host === 'localhost' ? '127.0.0.1' : host;

/** Opens metadata and shards. @throws StartProblem, FerrosaError with a message for the operator */
export async function openStorage(config: Config, log: Log, onDeath: (message: string) => void): Promise<NodeStorage> {
  const folder = join(config.data_dir, 'metadata');
  const raft = RaftClient.startThread(folder, (error) => onDeath(`the metadata thread failed: ${error.message}`));
  const report = (message: string) => log.warn(message);
  const userFunctions = createUserFunctions(userFunctionSettings(config), report);
  const functions = { enabled: userFunctions.enabled, check: (fn: UserFunction) => userFunctions.check(fn) };
  const planning = { functions: nativeFunctions(), text: { nowMs } };
  const metadata = await MetadataStore.open(raft, {
    nowMicros,
    randomBytes: random,
    functions,
    resolveMask: config.dynamic_data_masking_enabled ? resolveColumnMask : null,
    checkViewWhere: (schema, base, relations) => checkViewWhere({ ...planning, schema }, base, relations),
    report,
  });
  await asKept(metadata.ensureClusterName(config.cluster_name), config.data_dir, 'cluster_name');
  const hostId = loadHostId(folder, random);
  const address = addressOf(config.cql_bind);
  const settings = {
    hostId,
    datacenter: config.data_center,
    rack: config.rack,
    numTokens: config.num_tokens,
    releaseVersion,
    broadcastAddress: address,
    broadcastPort: 7000,
    listenAddress: address,
    listenPort: 7000,
    nativeAddress: config.broadcast_rpc_address || address,
    nativePort: config.cql_bind.port,
  };
  const registered = registerNode(metadata, settings, random);
  const record = await asKept(registered, config.data_dir, 'data_center, rack or num_tokens');
  const pool = createBackgroundPool(config.concurrent_compactors);
  const shards = await startShards(config, hostId, metadata, pool, log, onDeath);
  const port = shardPort(shards);
  const stamps = StampClock.open(join(folder, 'clock'), nowMicros, nativeStamps);
  stamps.keepAhead(stampBoundMs, (error) => log.error({ err: error }, 'the clock of indexes and views cannot be kept'));
  const builds = indexBuilds(port, metadata, shards, stamps, log);
  metadata.catalogue.onChange((change) => followSchema(shards, builds, change, log));
  const batchLog = new BatchLog(port, metadata.catalogue.getTable('system', 'batches'), {
    nowMicros: stamps.now,
    nextTimeUuid,
  });
  const replicas = (name: string) => replicasOf(metadata, name);
  const clock = { nowMicros, stampMicros: stamps.now };
  const entriesOf: EntriesOf = (mutation) => coordinator.entriesOf(mutation);
  const views = new ViewWriter(withIndexes(port, entriesOf), metadata.catalogue, batchLog, clock, planning);
  const givenUp = (error: FerrosaError): void =>
    log.error(
      { err: error },
      'a logged batch or a write of views cannot be finished; it is tried again at the next start',
    );
  const { catalogue } = metadata;
  const coordinator = new LocalCoordinator(port, catalogue, replicas, builds, nowMicros, batchLog, views, givenUp);
  const recovered = await coordinator.recover(givenUp);
  if (recovered > 0)
    log.info({ writes: recovered }, 'logged batches and writes of views that had not ended were finished');
  await builds.open();
  return { metadata, record, shards, pool, coordinator, userFunctions, builds, stamps };
}

const userFunctionSettings = (config: Config) => ({
  enabled: config.user_defined_functions_enabled,
  warnTimeoutMs: config.user_defined_functions_warn_timeout,
  failTimeoutMs: config.user_defined_functions_fail_timeout,
  memoryBytesMax: config.user_defined_functions_memory_limit,
  statementTimeoutMs: config.user_defined_functions_statement_timeout,
  threads: config.user_defined_functions_threads,
});

function startShards(
  config: Config,
  hostId: string,
  metadata: MetadataStore,
  pool: BackgroundPool,
  log: Log,
  onDeath: (message: string) => void,
): Promise<Shards> {
  const tables = [...metadata.catalogue.schema.keyspaces.values()].flatMap(({ tables: all }) => [...all.values()]);
  const periodMs =
    config.commitlog_sync === 'group' ? config.commitlog_sync_group_window : config.commitlog_sync_period;
  return Shards.start(
    {
      dataDir: config.data_dir,
      shardCount: config.shards,
      pinShards: config.pin_shards,
      hostId,
      commitLog: {
        mode: config.commitlog_sync,
        periodMs,
        segmentBytes: config.commitlog_segment_size,
        totalBytesMax: config.commitlog_total_space,
        ignoreReplayErrors: config.commitlog_ignore_replay_errors,
      },
      mutationBytesMax: config.max_mutation_size,
      memtableBytesMax: config.memtable_offheap_space,
      cacheBytesMax: config.file_cache_size,
      vectorBytesMax: config.vector_index_memory,
      columnIndexBytes: config.column_index_size,
      compactionBytesPerSecond: config.compaction_throughput,
      autoSnapshot: config.auto_snapshot,
      pool,
      log,
      onDeath,
      nowMs,
    },
    tables,
  );
}

function indexBuilds(
  port: ShardPort,
  metadata: MetadataStore,
  shards: Shards,
  stamps: StampClock,
  log: Log,
): IndexBuilds {
  const { indexes } = shards;
  const builds = new IndexBuilds({
    shards: port,
    catalogue: metadata.catalogue,
    files: {
      isBuilt: (base, id) => indexes.isBuilt(base, id),
      mayBeForeign: (id) => indexes.mayBeForeign(id),
      adoptions: (base) => indexes.adoptions(base),
      markBuilt: (id, adoptions) => shards.markBuilt(id, adoptions),
      clear: (id) => shards.clearIndex(id),
      flush: (id) => shards.flush(id),
      openVectors: (base, id) => shards.openVectors(base.id, id),
      passVectors: (base, id, begins) => shards.passVectors(base.id, id, begins),
    },
    nowMicros,
    stampMicros: stamps.now,
    warn: (fields, message) => log.warn(fields, message),
  });
  indexes.onStale = (table) => builds.stale(table);
  return builds;
}

/** Tables come, change and go on the shards as they do in the schema. */
function followSchema(shards: Shards, builds: IndexBuilds, { tables }: CatalogueChange, log: Log): void {
  const failed = (error: Error) => log.error({ err: error }, 'a schema change could not be carried out on the shards');
  for (const { before, after } of tables) {
    if (after !== null && !after.virtual) shards.setTable(after).then(() => builds.follow(before, after), failed);
    else if (after === null && before !== null && !before.virtual)
      shards.dropTable(before.id).then(() => builds.follow(before, null), failed);
  }
}

/** Replicas of a keyspace, of which this node is the only one alive. */
export function replicasOf(metadata: MetadataStore, keyspace: string): { wanted: number; alive: number } {
  const definition = metadata.catalogue.schema.keyspaces.get(keyspace);
  if (definition === undefined) return { wanted: 1, alive: 1 };
  const wanted = Math.max(1, totalReplicas(definition.replication));
  return { wanted, alive: 1 };
}

/** The shards as the coordinator sees them; TRUNCATE is one thing for all of them. */
function shardPort(shards: Shards): ShardPort {
  const { router } = shards;
  return {
    get shardCount() {
      return router.shardCount;
    },
    now: () => router.now(),
    mutate: (shard, mutation, durable, options) => router.mutate(shard, mutation, durable, options),
    batch: (shard, mutations, durable, options) => router.batch(shard, mutations, durable, options),
    read: (shard, command, options) => router.read(shard, command, options),
    vectors: (shard, what, payload, options) => router.vectors(shard, what, payload, options),
    hold: (shard, table, key, what) => router.hold(shard, table, key, what),
    async control(shard, message, options) {
      const { op, tables } = message as { op?: string; tables?: readonly string[] };
      if (op !== 'truncate' || tables === undefined) return router.control(shard, message, options);
      if (shard === 0) await shards.truncate(tables);
      return null;
    },
  };
}

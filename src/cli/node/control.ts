// What the web side and ferrosa-ctl may ask of the node.
import type { AuthCacheName } from '../../auth/index.js';
import { invalid } from '../../common/errors.js';
import type {
  CidrControl,
  CompactionStats,
  Guardrail,
  KeyspaceReplication,
  LatencyDistribution,
  NodeControl,
  NodeIdentity,
  NodeStatus,
  ProxyHistograms,
  SnapshotInfo,
  TableHistograms,
  TableStats,
  ThreadPool,
} from '../../http/index.js';
import { type GuardrailConfig, guardrailSettings } from '../../query/index.js';
import { partitionerClass, type TableDefinition } from '../../schema/index.js';
import type { QueryTraceStore } from '../../server/index.js';
import { encodeText } from '../../types/index.js';
import { guardrailGroups, guardrailText, setGuardrail } from '../guardrail-settings.js';
import type { Config } from '../settings.js';
import { cidrControl } from './cidr.js';
import { compactionId } from './compaction-history.js';
import type { DenylistKeeper } from './denylist.js';
import { nowMs } from './environment.js';
import { refreshEstimates } from './estimates.js';
import { latencyDistributions, proxyHistograms, tableHistograms } from './histograms.js';
import type { NodeLogs } from './logs.js';
import type { Serving } from './serving.js';
import { checkTag, clearSnapshots, findSnapshots } from './snapshots.js';
import { type NodeStorage, releaseVersion } from './storage.js';
import { tableStats } from './table-stats.js';
import { threadPools } from './thread-pools.js';
import { viewBuildStatus } from './view-builds.js';

export type ControlParts = {
  readonly config: Config;
  readonly storage: NodeStorage;
  readonly serving: Serving;
  readonly traces: QueryTraceStore;
  readonly logs: NodeLogs;
  readonly guardrails: GuardrailConfig;
  readonly denylist: DenylistKeeper;
  readonly startedAtMs: number;
  /** Ends the process as SIGTERM does. */
  readonly stop: () => void;
};

export class Control implements NodeControl {
  readonly #parts: ControlParts;
  #draining = false;

  constructor(parts: ControlParts) {
    this.#parts = parts;
    parts.logs.onChange = async () => {
      this.#refreshHot();
      await parts.serving.services.shardSockets?.settled();
    };
  }

  get cidr(): CidrControl {
    return cidrControl(this.#parts.serving.access.origin);
  }

  get logs(): NodeLogs {
    return this.#parts.logs;
  }

  identity(): NodeIdentity {
    const { config, storage, startedAtMs } = this.#parts;
    const { record, metadata } = storage;
    return {
      hostId: record.hostId,
      address: record.broadcastAddress,
      port: record.broadcastPort,
      dataCenter: record.datacenter,
      rack: record.rack,
      tokens: record.tokens,
      clusterName: config.cluster_name,
      releaseVersion,
      partitioner: partitionerClass,
      schemaVersion: metadata.catalogue.schema.version,
      nativeAddress: record.nativeAddress,
      nativePort: record.nativePort,
      generation: Math.floor(startedAtMs / 1000),
    };
  }

  async nodes(): Promise<readonly NodeStatus[]> {
    const { record, shards } = this.#parts.storage;
    const loadBytes = (await shards.stats())
      .flatMap(({ tables }) => tables)
      .reduce((bytes, { sstableBytes }) => bytes + sstableBytes, 0);
    return [
      {
        address: record.broadcastAddress,
        hostId: record.hostId,
        dataCenter: record.datacenter,
        rack: record.rack,
        isUp: true,
        state: 'Normal',
        tokens: record.tokens.length,
        loadBytes,
      },
    ];
  }

  keyspaces(): readonly KeyspaceReplication[] {
    return [...this.#parts.storage.metadata.catalogue.schema.keyspaces.values()].map(({ name, replication }) => {
      const { class: full, ...options } = replication;
      return { name, strategy: full!.slice(full!.lastIndexOf('.') + 1), options };
    });
  }

  readiness() {
    if (this.#draining) return { ready: false as const, waitingFor: 'drain', detail: 'the node is drained' };
    return { ready: true as const };
  }

  uptimeSeconds(): number {
    return Math.floor((Date.now() - this.#parts.startedAtMs) / 1000);
  }

  async tableStats(): Promise<readonly TableStats[]> {
    const { config, storage } = this.#parts;
    return tableStats(storage, config.data_dir);
  }

  tableHistograms(): Promise<readonly TableHistograms[]> {
    return tableHistograms(this.#parts.serving.latencies);
  }

  proxyHistograms(): Promise<ProxyHistograms> {
    return proxyHistograms(this.#parts.serving.latencies);
  }

  latencies(): Promise<readonly LatencyDistribution[]> {
    return latencyDistributions(this.#parts.serving.latencies);
  }

  async threadPools(): Promise<readonly ThreadPool[]> {
    const { config, storage, serving } = this.#parts;
    return (await threadPools(config, storage, serving.services)).map(({ limit: _, ...pool }) => pool);
  }

  async compactionStats(): Promise<CompactionStats> {
    const { config, storage } = this.#parts;
    const records = storage.shards.compactions();
    const done = records.filter(({ finishedAt }) => finishedAt !== null);
    return {
      concurrentCompactors: config.concurrent_compactors,
      pending: [...storage.shards.tables.byId.values()].reduce((sum, table) => sum + table.pendingCompactions, 0),
      completed: done.length,
      bytesCompacted: done.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
      throughput: config.compaction_throughput,
      active: records
        .filter(({ finishedAt }) => finishedAt === null)
        .map((record) => ({
          id: compactionId(record),
          kind: 'Compaction',
          keyspace: record.keyspace,
          table: record.table,
          doneBytes: Math.floor(record.done() * record.bytesTotal),
          totalBytes: record.bytesTotal,
        })),
    };
  }

  async viewBuildStatus(keyspace: string, view: string): Promise<Readonly<Record<string, string>>> {
    const { metadata, record } = this.#parts.storage;
    if (metadata.catalogue.findTable(keyspace, view)?.view === undefined)
      throw invalid(`there is no materialized view ${keyspace}.${view}`);
    const status = await viewBuildStatus(this.#parts.serving.processor, keyspace, view);
    return { [record.broadcastAddress]: status ?? 'UNKNOWN' };
  }

  endpoints(keyspace: string, table: string, key: string): readonly string[] {
    const { metadata, record } = this.#parts.storage;
    const { partitionKey } = metadata.catalogue.getTable(keyspace, table);
    const parts = partitionKey.length === 1 ? [key] : key.split(':');
    if (parts.length !== partitionKey.length) throw invalid(`the partition key has ${partitionKey.length} parts`);
    for (const [i, { type }] of partitionKey.entries()) encodeText(type, parts[i]!, { nowMs });
    return [record.broadcastAddress];
  }

  async flush(keyspace: string | null, tables: readonly string[]): Promise<void> {
    for (const id of this.#ids(keyspace, tables)) await this.#parts.storage.shards.flush(id);
  }

  async compact(keyspace: string | null, tables: readonly string[]): Promise<void> {
    for (const id of this.#ids(keyspace, tables)) await this.#parts.storage.shards.compact(id);
  }

  cleanup(keyspace: string | null, tables: readonly string[]): void {
    this.#ids(keyspace, tables);
  }

  snapshots(): Promise<readonly SnapshotInfo[]> {
    return findSnapshots(this.#parts.config.data_dir);
  }

  async takeSnapshot(tag: string, keyspaces: readonly string[]): Promise<void> {
    checkTag(tag);
    const { catalogue } = this.#parts.storage.metadata;
    const names = keyspaces.length > 0 ? keyspaces : [...catalogue.schema.keyspaces.keys()];
    const ids = names.flatMap((name) => this.#ids(name, []) as string[]);
    const { shards } = this.#parts.storage;
    if (ids.some((id) => shards.hasSnapshot(id, tag))) throw invalid(`Snapshot ${tag} already exists.`);
    for (const id of ids) await shards.snapshot(id, tag);
  }

  async clearSnapshots(tag: string | null, keyspaces: readonly string[]): Promise<void> {
    if (tag !== null) checkTag(tag);
    await clearSnapshots(this.#parts.config.data_dir, tag, keyspaces);
  }

  async refreshSizeEstimates(): Promise<void> {
    await refreshEstimates(this.#parts.serving.processor, this.#parts.storage);
  }

  async drain(): Promise<void> {
    this.#draining = true;
    await this.#parts.serving.server.stop(5_000);
    await this.#parts.storage.shards.flush();
  }

  isNativeTransportOn(): boolean {
    return this.#parts.serving.server.isListening;
  }

  async enableNativeTransport(): Promise<void> {
    if (this.#draining) throw invalid('the node is drained');
    await this.#parts.serving.server.listenAgain();
  }

  async disableNativeTransport(): Promise<void> {
    await this.#parts.serving.server.stop(5_000);
  }

  getTraceProbability(): number {
    return this.#parts.traces.probability;
  }

  setTraceProbability(probability: number): void {
    this.#parts.traces.probability = probability;
    this.#refreshHot();
  }

  guardrails(): readonly Guardrail[] {
    const { guardrails } = this.#parts;
    return [...guardrailGroups()].map(([name, names]) => {
      const values = names.map((one) => guardrailText(guardrailSettings.get(one)!, guardrails.get(one)));
      return { name, kind: guardrailSettings.get(names[0]!)!.kind, settings: names, values };
    });
  }

  setGuardrail(name: string, values: readonly string[]): void {
    try {
      setGuardrail(this.#parts.guardrails, name, values);
    } catch (error) {
      throw invalid((error as Error).message);
    }
    this.#refreshHot();
  }

  async loadPartitionDenylist(): Promise<void> {
    const { denylist, guardrails } = this.#parts;
    if (!guardrails.flag('partition_denylist_enabled')) throw invalid('partition_denylist_enabled is false');
    try {
      await denylist.load();
    } catch (error) {
      throw invalid(`the partition denylist cannot be read: ${(error as Error).message}`);
    }
  }

  /** A traced statement is run in JavaScript, and one that a guardrail is about. */
  #refreshHot(): void {
    this.#parts.serving.server.setHot(this.#parts.traces.probability === 0);
  }

  async reloadTls(): Promise<void> {
    const { tls } = this.#parts.serving.services;
    if (tls === null) throw invalid('there is no TLS on the CQL port');
    try {
      await tls.reload();
    } catch (error) {
      throw invalid(`the certificates stay as they were: ${(error as Error).message}`);
    }
  }

  invalidateAuthCache(cache: AuthCacheName, role?: string, resource?: string): Promise<boolean> {
    return this.#parts.serving.access.invalidate(cache, role, resource);
  }

  stop(): void {
    this.#parts.stop();
  }

  #ids(keyspace: string | null, names: readonly string[]): (string | null)[] {
    if (keyspace === null) return [null];
    const { catalogue } = this.#parts.storage.metadata;
    const tables: TableDefinition[] =
      names.length > 0
        ? names.map((name) => catalogue.getTable(keyspace, name))
        : [...catalogue.getKeyspace(keyspace).tables.values()];
    return tables.filter(({ virtual }) => !virtual).map(({ id }) => id);
  }
}

// What the web side and ferrosa-ctl may ask of the node.
import { invalid } from '../../common/errors.js';
import type {
  CompactionStats,
  KeyspaceReplication,
  NodeControl,
  NodeIdentity,
  NodeStatus,
  TableStats,
  ThreadPool,
} from '../../http/index.js';
import { partitionerClass, type TableDefinition } from '../../schema/index.js';
import type { CqlServer, QueryTraceStore } from '../../server/index.js';
import { encodeText } from '../../types/index.js';
import type { Config } from '../settings.js';
import { nowMs } from './environment.js';
import { type NodeStorage, releaseVersion } from './storage.js';

export type ControlParts = {
  readonly config: Config;
  readonly storage: NodeStorage;
  readonly server: CqlServer;
  readonly traces: QueryTraceStore;
  readonly startedAtMs: number;
  /** Ends the process as SIGTERM does. */
  readonly stop: () => void;
};

export class Control implements NodeControl {
  readonly #parts: ControlParts;
  #draining = false;
  /** Figures of the last look, for what must answer at once. */
  #loadBytes: number | null = null;

  constructor(parts: ControlParts) {
    this.#parts = parts;
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
      generation: Math.floor(startedAtMs / 1000),
    };
  }

  nodes(): readonly NodeStatus[] {
    const { record } = this.#parts.storage;
    return [
      {
        address: record.broadcastAddress,
        hostId: record.hostId,
        dataCenter: record.datacenter,
        rack: record.rack,
        isUp: true,
        state: 'Normal',
        tokens: record.tokens.length,
        loadBytes: this.#loadBytes,
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
    const { storage } = this.#parts;
    const shards = await storage.shards.stats();
    const byTable = new Map<string, TableStats>();
    for (const { tables } of shards)
      for (const one of tables) {
        const definition = storage.metadata.catalogue.tableById(one.table);
        if (definition === null) continue;
        const sum = byTable.get(one.table);
        byTable.set(one.table, {
          keyspace: definition.keyspace,
          table: definition.name,
          sstableCount: (sum?.sstableCount ?? 0) + one.sstables,
          sstableBytes: (sum?.sstableBytes ?? 0) + one.sstableBytes,
          snapshotBytes: 0,
          memtableBytes: (sum?.memtableBytes ?? 0) + one.memtableBytes,
          memtableCells: 0,
          memtableSwitches: 0,
          partitionsEstimate: (sum?.partitionsEstimate ?? 0) + one.partitions,
          reads: (sum?.reads ?? 0) + one.reads,
          readMicros: 0,
          writes: (sum?.writes ?? 0) + one.writes,
          writeMicros: 0,
          pendingFlushes: (sum?.pendingFlushes ?? 0) + one.frozenMemtables,
          pendingCompactions: 0,
          bloomFilterBytes: 0,
        });
      }
    const all = [...byTable.values()];
    this.#loadBytes = all.reduce((bytes, { sstableBytes }) => bytes + sstableBytes, 0);
    return all;
  }

  async threadPools(): Promise<readonly ThreadPool[]> {
    const shards = await this.#parts.storage.shards.stats();
    const counts = (name: string, field: 'mutations' | 'reads', hot: 'hotWrites' | 'hotReads'): ThreadPool => ({
      name,
      active: 0,
      pending: 0,
      completed: shards.reduce((sum, { loop }) => sum + (loop[field] ?? 0) + (loop[hot] ?? 0), 0),
      blocked: 0,
      blockedAllTime: 0,
    });
    return [counts('MutationStage', 'mutations', 'hotWrites'), counts('ReadStage', 'reads', 'hotReads')];
  }

  async compactionStats(): Promise<CompactionStats> {
    const { config, storage } = this.#parts;
    const records = storage.shards.compactions();
    const done = records.filter(({ finishedAt }) => finishedAt !== null);
    return {
      concurrentCompactors: config.concurrent_compactors,
      pending: 0,
      completed: done.length,
      bytesCompacted: done.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
      throughput: config.compaction_throughput,
      active: records
        .filter(({ finishedAt }) => finishedAt === null)
        .map(({ id, keyspace, table }) => ({
          id: String(id),
          kind: 'Compaction',
          keyspace,
          table,
          doneBytes: 0,
          totalBytes: 0,
        })),
    };
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

  async refreshSizeEstimates(): Promise<void> {
    throw invalid('this version keeps no size estimates');
  }

  async drain(): Promise<void> {
    this.#draining = true;
    await this.#parts.server.stop(5_000);
    await this.#parts.storage.shards.flush();
  }

  isNativeTransportOn(): boolean {
    return this.#parts.server.isListening;
  }

  async enableNativeTransport(): Promise<void> {
    if (this.#draining) throw invalid('the node is drained');
    await this.#parts.server.listenAgain();
  }

  async disableNativeTransport(): Promise<void> {
    await this.#parts.server.stop(5_000);
  }

  getTraceProbability(): number {
    return this.#parts.traces.probability;
  }

  setTraceProbability(probability: number): void {
    this.#parts.traces.probability = probability;
    // A traced statement is run in JavaScript.
    this.#parts.server.setHot(probability === 0);
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

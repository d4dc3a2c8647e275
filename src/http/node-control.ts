// What the web side and ferrosa-ctl ask of the running node. The composition of the process implements it; whatever it cannot do throws
// FerrosaError with a text for the operator.

import type { AuthCacheName } from '../auth/index.js';

export type NodeIdentity = {
  readonly hostId: string;
  /** Address between nodes, as nodetool names nodes. */
  readonly address: string;
  readonly port: number;
  readonly dataCenter: string;
  readonly rack: string;
  readonly tokens: readonly string[];
  readonly clusterName: string;
  readonly releaseVersion: string;
  readonly partitioner: string;
  readonly schemaVersion: string;
  /** Where CQL clients connect. */
  readonly nativeAddress: string;
  readonly nativePort: number;
  /** Seconds since the epoch at this start. */
  readonly generation: number;
};

export type NodeStatus = {
  readonly address: string;
  readonly hostId: string;
  readonly dataCenter: string;
  readonly rack: string;
  readonly isUp: boolean;
  readonly state: 'Normal' | 'Leaving' | 'Joining' | 'Moving';
  readonly tokens: number;
  /** null when it is not known. */
  readonly loadBytes: number | null;
};

export type Readiness =
  | { readonly ready: true }
  | { readonly ready: false; readonly waitingFor: string; readonly detail: string };

/** Counters of one table since the start; latencies are sums in microseconds. null: not measured. */
export type TableStats = {
  readonly keyspace: string;
  readonly table: string;
  readonly sstableCount: number;
  readonly sstableBytes: number;
  readonly snapshotBytes: number;
  readonly memtableBytes: number;
  readonly memtableCells: number | null;
  readonly memtableSwitches: number;
  readonly partitionsEstimate: number;
  readonly reads: number;
  readonly readMicros: number | null;
  readonly writes: number;
  readonly writeMicros: number | null;
  readonly pendingFlushes: number;
  readonly pendingCompactions: number;
  readonly bloomFilterBytes: number;
};

/** As nodetool groups their settings; `values` as cassandra.yaml has them, in the order of `settings`. */
export type Guardrail = {
  readonly name: string;
  readonly kind: 'threshold' | 'flag' | 'values' | 'size' | 'count';
  readonly settings: readonly string[];
  readonly values: readonly string[];
};

/** What nodetool's histograms show: 50, 75, 95, 98 and 99 %, the least and the most. */
export type Percentiles = readonly [number, number, number, number, number, number, number];

export type TableHistograms = {
  readonly keyspace: string;
  readonly table: string;
  readonly sstables: Percentiles;
  /** Microseconds. */
  readonly writeLatency: Percentiles;
  readonly readLatency: Percentiles;
  /** Null without SSTables. */
  readonly partitionBytes: Percentiles | null;
  readonly partitionCells: Percentiles | null;
};

/** From the coordinator's side, in microseconds. */
export type ProxyHistograms = {
  readonly read: Percentiles;
  readonly write: Percentiles;
  readonly range: Percentiles;
  readonly casRead: Percentiles;
  readonly casWrite: Percentiles;
};

/** A distribution as Prometheus takes it: counts of values at or below each bound. Seconds. */
export type LatencyDistribution = {
  readonly keyspace: string;
  readonly table: string;
  readonly kind: 'read' | 'write' | 'scan';
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly (readonly [number, number])[];
};

export type ThreadPool = {
  readonly name: string;
  readonly active: number;
  readonly pending: number;
  readonly completed: number;
  readonly blocked: number;
  readonly blockedAllTime: number;
};

export type CompactionStats = {
  readonly concurrentCompactors: number;
  readonly pending: number;
  readonly completed: number;
  readonly bytesCompacted: number;
  /** Bytes a second, 0 for no limit. */
  readonly throughput: number;
  readonly active: readonly {
    readonly id: string;
    readonly kind: string;
    readonly keyspace: string;
    readonly table: string;
    /** null when it is not known. */
    readonly doneBytes: number | null;
    readonly totalBytes: number;
  }[];
};

export type SnapshotInfo = {
  readonly tag: string;
  readonly keyspace: string;
  readonly table: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly bytes: number;
  /** Bytes that only the snapshot holds. */
  readonly trueBytes: number;
};

export type KeyspaceReplication = {
  readonly name: string;
  /** Without the package, e.g. SimpleStrategy. */
  readonly strategy: string;
  readonly options: Readonly<Record<string, string>>;
};

/** A log of what clients do. */
export type LogStatus = {
  readonly counts: { readonly written: number; readonly dropped: number };
  /** Names and values, in nodetool's order. */
  readonly rows: readonly (readonly [string, string])[];
};

/** The audit log and the full query log. Options have nodetool's names, underscores in them; those left out are the configuration's. */
export interface LogControl {
  auditLog(): LogStatus;
  /** @throws FerrosaError INVALID */
  enableAuditLog(options: Readonly<Record<string, string>>): Promise<void>;
  disableAuditLog(): Promise<void>;
  fullQueryLog(): LogStatus;
  /** @throws FerrosaError INVALID */
  enableFullQueryLog(options: Readonly<Record<string, string>>): Promise<void>;
  disableFullQueryLog(): Promise<void>;
  /** Disables it and deletes its files. */
  resetFullQueryLog(): Promise<void>;
}

/** nodetool cidrfilteringstats: rows of the virtual tables. */
export type CidrStats = {
  readonly counts: readonly { readonly name: string; readonly value: number }[];
  readonly latencies: readonly {
    readonly name: string;
    readonly p50th: number;
    readonly p95th: number;
    readonly p99th: number;
    readonly p999th: number;
    readonly max: number;
  }[];
};

/** Groups of address ranges, for ACCESS FROM CIDRS. Each throws FerrosaError INVALID for what there is not. */
export interface CidrControl {
  /** Ranges by group. */
  list(): Promise<Readonly<Record<string, readonly string[]>>>;
  update(group: string, cidrs: readonly string[]): Promise<void>;
  drop(group: string): Promise<void>;
  groupsOf(address: string): readonly string[];
  /** Reads the groups again. */
  reload(): Promise<void>;
  stats(): CidrStats;
}

export interface NodeControl {
  readonly cidr: CidrControl;
  readonly logs: LogControl;
  identity(): NodeIdentity;
  nodes(): Promise<readonly NodeStatus[]>;
  keyspaces(): readonly KeyspaceReplication[];
  readiness(): Readiness;
  uptimeSeconds(): number;
  tableStats(): Promise<readonly TableStats[]>;
  tableHistograms(): Promise<readonly TableHistograms[]>;
  proxyHistograms(): Promise<ProxyHistograms>;
  /** Of the tables that were used. */
  latencies(): Promise<readonly LatencyDistribution[]>;
  threadPools(): Promise<readonly ThreadPool[]>;
  compactionStats(): Promise<CompactionStats>;
  /** By host id: STARTED, SUCCESS or UNKNOWN. @throws FerrosaError INVALID when there is no such view */
  viewBuildStatus(keyspace: string, view: string): Promise<Readonly<Record<string, string>>>;
  /** Addresses of the replicas of a partition key in its CQL text form. @throws FerrosaError INVALID */
  endpoints(keyspace: string, table: string, key: string): readonly string[];
  /** Empty `tables`: all; null `keyspace`: all but none of the tables. @throws FerrosaError INVALID when there is no such table */
  flush(keyspace: string | null, tables: readonly string[]): Promise<void>;
  compact(keyspace: string | null, tables: readonly string[]): Promise<void>;
  /** Looks for what the node does not own, which is nothing. @throws FerrosaError INVALID when there is no such table */
  cleanup(keyspace: string | null, tables: readonly string[]): void;
  snapshots(): Promise<readonly SnapshotInfo[]>;
  /**
   * Flushes the tables of keyspaces and links their files. Empty: all keyspaces.
   * @throws FerrosaError INVALID when there is no such keyspace, or a snapshot of the name is there
   */
  takeSnapshot(tag: string, keyspaces: readonly string[]): Promise<void>;
  /** Deletes the snapshots of a name, null for all, of some keyspaces or of all. @throws FerrosaError INVALID for a bad name */
  clearSnapshots(tag: string | null, keyspaces: readonly string[]): Promise<void>;
  refreshSizeEstimates(): Promise<void>;
  /** Flushes everything and takes no more writes or clients. */
  drain(): Promise<void>;
  isNativeTransportOn(): boolean;
  enableNativeTransport(): Promise<void>;
  disableNativeTransport(): Promise<void>;
  /** 0 to 1. */
  getTraceProbability(): number;
  setTraceProbability(probability: number): void;
  guardrails(): readonly Guardrail[];
  /** @throws FerrosaError INVALID for a name that is none or values that do not do */
  setGuardrail(name: string, values: readonly string[]): void;
  /** Reads system_distributed.partition_denylist again. @throws FerrosaError INVALID when it is off, or cannot be read */
  loadPartitionDenylist(): Promise<void>;
  /** Forgets what is remembered of system_auth: all of it, of one role, or of one role on one resource. False when there was nothing of the role. */
  invalidateAuthCache(cache: AuthCacheName, role?: string, resource?: string): Promise<boolean>;
  /** Reads the certificates of the CQL ports again. @throws FerrosaError INVALID when they are bad or there is no TLS */
  reloadTls(): Promise<void>;
  /** Ends the process after its work is safe. */
  stop(): void;
}

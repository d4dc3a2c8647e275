// A node that does what it is told and remembers it.
import type { CidrControl, LogControl, NodeControl, Readiness, TableStats } from '../../src/http/index.js';

const table: TableStats = {
  keyspace: 'ks',
  table: 't',
  sstableCount: 3,
  sstableBytes: 117_903,
  snapshotBytes: 0,
  memtableBytes: 57,
  memtableCells: 5,
  memtableSwitches: 2,
  partitionsEstimate: 7,
  reads: 4,
  readMicros: 1_000,
  writes: 0,
  writeMicros: 0,
  pendingFlushes: 0,
  pendingCompactions: 1,
  bloomFilterBytes: 48,
};

export class FakeControl implements NodeControl {
  readonly calls: unknown[][] = [];
  readonly cidr: CidrControl = {
    list: async () => ({ local: ['127.0.0.0/8', '10.0.0.0/8'], far: ['200.0.0.0/8'] }),
    update: async (group, cidrs) => void this.calls.push(['updateCidr', group, cidrs]),
    drop: async (group) => void this.calls.push(['dropCidr', group]),
    groupsOf: () => ['local'],
    reload: async () => void this.calls.push(['reloadCidr']),
    stats: () => ({
      counts: [{ name: 'CIDR groups cache reload count', value: 2 }],
      latencies: [{ name: 'CIDR checks latency (ns)', p50th: 1, p95th: 2299, p99th: 4768, p999th: 4768, max: 4768 }],
    }),
  };
  readonly logs: LogControl = {
    auditLog: () => ({ counts: { written: 3, dropped: 1 }, rows: [['enabled', 'true'] as const] }),
    enableAuditLog: async (options) => void this.calls.push(['enableAuditLog', options]),
    disableAuditLog: async () => void this.calls.push(['disableAuditLog']),
    fullQueryLog: () => ({ counts: { written: 0, dropped: 0 }, rows: [['enabled', 'false'] as const] }),
    enableFullQueryLog: async (options) => void this.calls.push(['enableFullQueryLog', options]),
    disableFullQueryLog: async () => void this.calls.push(['disableFullQueryLog']),
    resetFullQueryLog: async () => void this.calls.push(['resetFullQueryLog']),
  };
  ready: Readiness = { ready: true };
  probability = 0;
  nativeTransport = true;
  tables: TableStats[] = [
    table,
    { ...table, keyspace: 'system', table: 'local', reads: 0, writes: 2, writeMicros: 90 },
  ];

  identity() {
    return {
      hostId: '6a5cd39f-3c74-494f-b67f-248dfa17faf0',
      address: '127.0.0.1',
      port: 7000,
      dataCenter: 'datacenter1',
      rack: 'rack1',
      tokens: ['-9', '12'],
      clusterName: 'Test Cluster',
      releaseVersion: '5.0.9',
      partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
      schemaVersion: 'd4f9beec-8f54-3eb1-8f2b-53ac0bbff573',
      nativeAddress: '127.0.0.1',
      nativePort: 9042,
      generation: 1_795_245_390,
    };
  }

  async nodes() {
    const { hostId, address, dataCenter, rack } = this.identity();
    return [
      { address, hostId, dataCenter, rack, isUp: true, state: 'Normal' as const, tokens: 16, loadBytes: 117_903 },
    ];
  }

  keyspaces() {
    return [{ name: 'ks', strategy: 'SimpleStrategy', options: { replication_factor: '1' } }];
  }

  readiness(): Readiness {
    return this.ready;
  }

  uptimeSeconds(): number {
    return 2_228.4;
  }

  async tableStats() {
    return this.tables;
  }

  async tableHistograms() {
    const some = [1, 2, 3, 4, 5, 0, 6] as const;
    const { keyspace, table: name } = table;
    return [
      {
        keyspace,
        table: name,
        sstables: some,
        writeLatency: some,
        readLatency: some,
        partitionBytes: null,
        partitionCells: null,
      },
    ];
  }

  async proxyHistograms() {
    const some = [1.5, 2, 3, 4, 5, 0, 6] as const;
    return { read: some, write: some, range: some, casRead: some, casWrite: some };
  }

  async latencies() {
    return [
      {
        keyspace: 'ks',
        table: 't',
        kind: 'read' as const,
        count: 4,
        sum: 0.5,
        buckets: [[0.001, 3]] as [number, number][],
      },
    ];
  }

  async threadPools() {
    return [{ name: 'MutationStage', active: 0, pending: 0, completed: 28_624, blocked: 0, blockedAllTime: 0 }];
  }

  async compactionStats() {
    const active = [{ id: 'a1', kind: 'Compaction', keyspace: 'ks', table: 't', doneBytes: 25, totalBytes: 100 }];
    return {
      concurrentCompactors: 2,
      pending: 1,
      completed: 507,
      bytesCompacted: 10_780_704,
      throughput: 67_108_864,
      active,
    };
  }

  async viewBuildStatus(...args: string[]): Promise<Record<string, string>> {
    this.calls.push(['viewBuildStatus', ...args]);
    return { '127.0.0.1': 'SUCCESS' };
  }

  endpoints(...args: string[]): string[] {
    this.calls.push(['endpoints', ...args]);
    return ['127.0.0.1'];
  }

  async flush(...args: unknown[]): Promise<void> {
    this.calls.push(['flush', ...args]);
  }

  async compact(...args: unknown[]): Promise<void> {
    this.calls.push(['compact', ...args]);
  }

  cleanup(...args: unknown[]): void {
    this.calls.push(['cleanup', ...args]);
  }

  async snapshots() {
    return [{ tag: 'one', keyspace: 'ks', table: 't', createdAt: 1_795_245_390_000, bytes: 117_903, trueBytes: 149 }];
  }

  async takeSnapshot(...args: unknown[]): Promise<void> {
    this.calls.push(['takeSnapshot', ...args]);
  }

  async clearSnapshots(...args: unknown[]): Promise<void> {
    this.calls.push(['clearSnapshots', ...args]);
  }

  async refreshSizeEstimates(): Promise<void> {
    this.calls.push(['refreshSizeEstimates']);
  }

  async drain(): Promise<void> {
    this.calls.push(['drain']);
  }

  isNativeTransportOn(): boolean {
    return this.nativeTransport;
  }

  async enableNativeTransport(): Promise<void> {
    this.nativeTransport = true;
  }

  async disableNativeTransport(): Promise<void> {
    this.nativeTransport = false;
  }

  getTraceProbability(): number {
    return this.probability;
  }

  setTraceProbability(probability: number): void {
    this.probability = probability;
  }

  guardrails() {
    const flag = { name: 'group_by_enabled', kind: 'flag' as const, settings: ['group_by_enabled'], values: ['true'] };
    const settings = ['tables_fail_threshold', 'tables_warn_threshold'];
    return [flag, { name: 'tables_threshold', kind: 'threshold' as const, settings, values: ['20', '-1'] }];
  }

  setGuardrail(...args: unknown[]): void {
    this.calls.push(['setGuardrail', ...args]);
  }

  async loadPartitionDenylist(): Promise<void> {
    this.calls.push(['loadPartitionDenylist']);
  }

  async reloadTls(): Promise<void> {
    this.calls.push(['reloadTls']);
  }

  async invalidateAuthCache(cache: string, role?: string, resource?: string): Promise<boolean> {
    this.calls.push(['invalidateAuthCache', cache, role ?? null, resource ?? null]);
    return role !== 'nobody';
  }

  stop(): void {
    this.calls.push(['stop']);
  }
}

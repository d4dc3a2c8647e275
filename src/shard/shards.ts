// The shards of a node, from main: starts their threads, tells them of tables, and does what needs all of them at once.
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { FerrosaError } from '../common/errors.js';
import { indexTablesOf } from '../index/index.js';
import { commitLogLanes, cores, ringMemory } from '../native/index.js';
import type { TableDefinition } from '../schema/index.js';
import type { BackgroundPool } from './background.js';
import { commitLogFolder, vectorGraphFile } from './files/names.js';
import type { SyncMode } from './log/log-sync.js';
import { type OldSegment, oldSegments, type ReplayReport } from './log/replay.js';
import type {
  MainCall,
  ShardCall,
  ShardFigures,
  ShardNews,
  ShardStats,
  ShardWorkerData,
  Truncated,
} from './messages.js';
import { NodeIndexes } from './node-indexes.js';
import { ShardRouter } from './router.js';
import { Rpc } from './rpc.js';
import { type ServeMessage, type ServingOptions, shardRingBytes } from './serving.js';
import { type CompactionRecord, type NodeTable, NodeTables } from './tables-main.js';
import { finishTruncations } from './truncations.js';

export type ShardsLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type ShardsOptions = {
  readonly dataDir: string;
  readonly shardCount: number;
  readonly pinShards: boolean;
  /** UUID text. */
  readonly hostId: string;
  readonly commitLog: {
    readonly mode: SyncMode;
    readonly periodMs: number;
    readonly segmentBytes: number;
    readonly totalBytesMax: number;
    readonly ignoreReplayErrors: boolean;
  };
  readonly mutationBytesMax: number;
  readonly memtableBytesMax: number;
  readonly cacheBytesMax: number;
  /** 0 for no limit. */
  readonly vectorBytesMax: number;
  readonly columnIndexBytes: number;
  readonly compactionBytesPerSecond: number;
  readonly autoSnapshot: boolean;
  readonly pool: BackgroundPool;
  readonly log: ShardsLog;
  /** A shard ended that should not have. */
  readonly onDeath: (message: string) => void;
  readonly nowMs: () => number;
};

type ShardThread = {
  readonly worker: Worker;
  readonly rpc: Rpc<ShardCall, MainCall>;
  replay: ReplayReport | null;
  replayFlushed: boolean;
};

export class Shards {
  readonly router = new ShardRouter();
  readonly tables: NodeTables;
  readonly indexes: NodeIndexes;
  readonly #options: ShardsOptions;
  readonly #threads: ShardThread[] = [];
  #oldSegments: readonly OldSegment[] = [];
  #base = 0;
  #stopping = false;
  #splitting: Promise<void> | null = null;
  /** Changes of tables run one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: ShardsOptions) {
    this.#options = options;
    const { dataDir, shardCount, hostId, columnIndexBytes, compactionBytesPerSecond, pool, log, nowMs } = options;
    const warn = (message: string) => log.warn({}, message);
    this.tables = new NodeTables({
      dataDir,
      shardCount,
      hostId,
      columnIndexBytes,
      compactionBytesPerSecond,
      pool,
      warn,
      nowMs,
    });
    this.indexes = new NodeIndexes(dataDir, shardCount, this.tables);
  }

  /**
   * Starts the threads and waits until they have recovered.
   * @throws FerrosaError CORRUPT or SERVER_ERROR with a message for the operator
   */
  static async start(options: ShardsOptions, definitions: Iterable<TableDefinition>): Promise<Shards> {
    const shards = new Shards(options);
    const stored = [...definitions].filter(({ virtual }) => !virtual);
    await finishTruncations(options.dataDir, stored);
    await Promise.all(stored.map((one) => shards.tables.open(one)));
    await shards.indexes.open(stored);
    shards.#oldSegments = await oldSegments(options.dataDir);
    const lastLane = Math.floor(
      Math.max(shards.#oldSegments.at(-1)?.id ?? 0, shards.tables.lastSegment()) / commitLogLanes,
    );
    shards.#base = Math.max(lastLane + 1, options.nowMs()) * commitLogLanes;
    const available = options.pinShards ? cores() : [];
    await Promise.all(Array.from({ length: options.shardCount }, (_, i) => shards.#startThread(i, available)));
    shards.#reportReplay();
    if (shards.#threads.every(({ replayFlushed }) => replayFlushed)) shards.#removeOldSegments();
    return shards;
  }

  get shardCount(): number {
    return this.#options.shardCount;
  }

  /** A new or altered table. Resolves when every shard has it; what is sent to the rings afterwards finds it. */
  setTable(definition: TableDefinition): Promise<void> {
    // In the rings at once, before any mutation that was planned with it.
    const indexes = indexTablesOf(definition).map(({ table }) => table);
    const inRings = [...indexes, definition].map((table) => this.router.table(this.tables.descriptorOf(table)));
    const arrived = Promise.allSettled(inRings); // a shard's end is reported by its thread
    return this.#serially(async () => {
      const before = this.tables.byId.get(definition.id)?.definition ?? null;
      for (const index of indexes) await this.#openTable(index, this.indexes.folderOf(index));
      await this.#openTable(definition);
      const gone = (before?.indexes ?? []).filter(({ id }) => !definition.indexes.some((index) => index.id === id));
      if (gone.length === 0) return;
      // Writes that know the old indexes are in the rings before the new definition.
      await arrived;
      for (const { id } of gone) await this.#drop(this.tables.get(id));
    });
  }

  async #openTable(definition: TableDefinition, folder?: string): Promise<void> {
    const known = this.tables.byId.has(definition.id);
    const table = known ? this.tables.update(definition) : await this.tables.open(definition, folder);
    const { sstables, flushed, ...rest } = this.tables.shardTable(table);
    await this.#all({ op: 'table', table: rest, files: { sstables, flushed } });
  }

  async #drop(table: NodeTable): Promise<void> {
    const { id } = table.definition;
    table.dropped = true;
    await this.#all({ op: 'drop', table: id });
    this.tables.byId.delete(id);
    await table.files.drop();
  }

  /** Resolves when the changes of tables that were asked for so far are done. */
  async settled(): Promise<void> {
    await this.#last;
  }

  /** Ends a table: snapshot if so configured, then its content is gone. */
  dropTable(id: string): Promise<void> {
    return this.#serially(async () => {
      const table = this.tables.get(id);
      await this.#autoSnapshot(table, 'dropped');
      await this.#drop(table);
      for (const index of this.indexes.of(table)) await this.#drop(index);
    });
  }

  /** Removes every row of tables: of all or, after a crash, of none. Those that are not there any more are left out. */
  truncate(ids: readonly string[]): Promise<void> {
    return this.#serially(async () => {
      const tables = ids.flatMap((id) => this.tables.byId.get(id) ?? []);
      for (const table of tables) await this.#autoSnapshot(table, 'truncated');
      await this.#forgetRows(tables.flatMap((table) => [table, ...this.indexes.of(table)]));
    });
  }

  /** The mark of a built index, which goes with the index's folder. */
  markBuilt(id: string, adoptions: number): Promise<void> {
    return this.#serially(() => this.indexes.markBuilt(id, adoptions));
  }

  /** Forgets the entries of an index. */
  async clearIndex(id: string): Promise<void> {
    await this.#serially(() => this.#forgetRows([this.tables.get(id)]));
  }

  async #forgetRows(tables: readonly NodeTable[]): Promise<void> {
    const ids = tables.map(({ definition }) => definition.id);
    const forgotten = await this.#all<Truncated[]>({ op: 'truncate', tables: ids });
    await this.tables.truncated(
      tables.map((table, i) => ({ table, forgotten: forgotten.map((ofShard) => ofShard[i]!) })),
    );
    // Not before: what a crash brings back of the log must be whole.
    const free = ({ rpc }: ShardThread, shard: number) => {
      const marks = forgotten[shard]!.map(({ mark }) => mark);
      return rpc.call({ op: 'truncated', tables: ids, marks });
    };
    await Promise.all(this.#threads.map(free));
  }

  /** Takes up a vector index; true when the graphs of all shards are complete. */
  async openVectors(table: string, index: string): Promise<boolean> {
    const calls = this.#threads.map(({ rpc }, shard) => {
      const path = vectorGraphFile(this.#options.dataDir, index, shard);
      return rpc.call<boolean>({ op: 'vectorOpen', table, index, path });
    });
    return !(await Promise.all(calls)).includes(false);
  }

  /** A pass over the table that brings all vectors begins or ends. */
  async passVectors(table: string, index: string, begins: boolean): Promise<void> {
    await this.#all({ op: 'vectorPass', table, index, begins });
  }

  /** Writes the memtables of a table, or of all, as SSTables. */
  async flush(table: string | null = null): Promise<void> {
    for (const one of this.#withIndexes(table)) await this.#all({ op: 'flush', table: one });
  }

  /** The table and its indexes; null stands for everything. */
  #withIndexes(id: string | null): (string | null)[] {
    const table = id === null ? undefined : this.tables.byId.get(id);
    return [id, ...(table === undefined ? [] : this.indexes.of(table).map(({ definition }) => definition.id))];
  }

  /** Merges all SSTables of a table, or of each, into one a shard. */
  async compact(table: string | null = null): Promise<void> {
    await this.#splitShared();
    for (const one of this.#withIndexes(table)) await this.#all({ op: 'compact', table: one });
  }

  /** Takes up SSTables that were put into a table's folder (nodetool refresh); their number. */
  refresh(id: string): Promise<number> {
    return this.#serially(async () => {
      const table = this.tables.get(id);
      const adopted = await table.files.refresh((message) => this.#options.log.warn({}, message));
      if (adopted.length > 0) await this.#all({ op: 'adopt', table: id, sstables: adopted });
      if (adopted.length > 0) this.indexes.onStale(id);
      void this.#splitShared();
      return adopted.length;
    });
  }

  /**
   * Splits the SSTables that several shards share (written by Cassandra, or under another number of shards), one after the other; what
   * fails is left shared until the next start, which costs reads a filter by token and nothing else.
   */
  #splitShared(): Promise<void> {
    this.#splitting ??= this.#splitAll()
      .catch((error: Error) => {
        if (!this.#stopping) this.#options.log.warn({ error: error.message }, 'an SSTable stays shared by the shards');
      })
      .finally(() => {
        this.#splitting = null;
      });
    return this.#splitting;
  }

  async #splitAll(): Promise<void> {
    for (let next = this.tables.nextShared(); next !== null && !this.#stopping; next = this.tables.nextShared()) {
      const { table, name } = next;
      const { parts, publish } = await this.tables.split(table, name);
      await this.#serially(async () => {
        if (this.#stopping || !(await publish())) return;
        await this.#all({ op: 'split', table: table.definition.id, shared: name, parts });
      });
    }
  }

  hasSnapshot(id: string, tag: string): boolean {
    return this.tables.get(id).files.hasSnapshot(tag);
  }

  /** Flushes a table and links its SSTables into a snapshot; the number of SSTables. */
  async snapshot(id: string, tag: string): Promise<number> {
    await this.flush(id);
    return this.tables.get(id).files.snapshot(tag);
  }

  stats(): Promise<ShardStats[]> {
    return this.#all<ShardStats>({ op: 'stats' });
  }

  /** Latencies of each shard; the coordinator's are told once. */
  figures(): Promise<ShardFigures[]> {
    return this.#all<ShardFigures>({ op: 'figures' });
  }

  /** Compactions that run and those that ended last. */
  compactions(): readonly CompactionRecord[] {
    return this.tables.compactions;
  }

  /** Makes every shard take connections; main's ends of the ports that hand them over, in the order of the shards. */
  serve(options: ServingOptions): MessagePort[] {
    const hellos = this.#threads.map((_, shard) => this.#hello.get(shard)!);
    // rings[asking][asked]
    const rings = hellos.map(() =>
      hellos.map(() => ({ requests: ringMemory(shardRingBytes), answers: ringMemory(shardRingBytes) })),
    );
    return this.#threads.map(({ worker }, shard) => {
      const { port1, port2 } = new MessageChannel();
      const lanes = hellos.map(({ wakerFd }, asked) => ({ rings: rings[shard]![asked]!, shardFd: wakerFd }));
      const askers = hellos.map(({ servingFd }, asking) => ({ ...rings[asking]![shard]!, askerFd: servingFd }));
      const message: ServeMessage = { kind: 'serve', port: port2, lanes, askers, ...options };
      worker.postMessage(message, [port2]);
      return port1;
    });
  }

  /** Flushes everything and ends the threads. Nobody may ask the shards any more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#last;
    await this.#all({ op: 'drain' });
    this.router.close();
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  #all<T = unknown>(call: ShardCall): Promise<T[]> {
    return Promise.all(this.#threads.map(({ rpc }) => rpc.call<T>(call)));
  }

  async #autoSnapshot(table: NodeTable, why: 'dropped' | 'truncated'): Promise<void> {
    const { allow_auto_snapshot: allowed } = table.definition.options;
    if (!this.#options.autoSnapshot || allowed === false) return;
    await this.#all({ op: 'flush', table: table.definition.id });
    const path = await this.tables.autoSnapshot(table, why);
    if (path !== null) this.#options.log.info({ path }, `snapshot of the ${why} table`);
  }

  #startThread(shard: number, available: readonly number[]): Promise<void> {
    const { promise, resolve, reject } = withResolvers<void>();
    const rings = { requests: ringMemory(), answers: ringMemory() };
    const workerData = this.#workerData(shard, { ...rings, askerFd: this.router.wakerFd }, available);
    // dist/src/shard/shards.js -> dist/workers/shard.js
    const worker = new Worker(new URL('../../workers/shard.js', import.meta.url), {
      workerData,
      name: `shard-${shard}`,
    });
    const rpc = new Rpc<ShardCall, MainCall>(
      (message) => worker.postMessage(message),
      (call) => this.#answer(shard, call),
    );
    const thread: ShardThread = { worker, rpc, replay: null, replayFlushed: false };
    this.#threads[shard] = thread;
    const died = (message: string) => {
      rpc.end(message);
      if (shard < this.router.shardCount) this.router.shardEnded(shard);
      reject(new FerrosaError('SERVER_ERROR', message));
      if (!this.#stopping) this.#options.onDeath(message);
    };
    worker.on('message', (message: ShardNews) => {
      if (rpc.onMessage(message)) return;
      if (message.kind === 'hello')
        this.#hello.set(shard, { rings, wakerFd: message.wakerFd, servingFd: message.servingFd });
      else if (message.kind === 'ready') {
        thread.replay = message.replay;
        resolve();
      } else if (message.kind === 'replayFlushed') this.#onReplayFlushed(thread);
      else if (message.kind === 'log') this.#options.log[message.level](message.fields, message.message);
      else {
        reject(new FerrosaError('SERVER_ERROR', message.message));
        if (thread.replay !== null) died(message.message);
      }
    });
    worker.on('error', (error) => died(`shard ${shard} failed: ${error.stack ?? error.message}`));
    worker.on('exit', (code) => died(`shard ${shard} has ended with ${code}`));
    return promise.then(() => this.#connect());
  }

  readonly #hello = new Map<
    number,
    { rings: { requests: SharedArrayBuffer; answers: SharedArrayBuffer }; wakerFd: number; servingFd: number }
  >();

  /** Adds shards to the router in their order, as far as they are ready. */
  #connect(): void {
    for (let next = this.router.shardCount; this.#threads[next]?.replay != null; next++) {
      const { rings, wakerFd } = this.#hello.get(next)!;
      this.router.addShard(rings, wakerFd);
    }
  }

  #workerData(shard: number, ends: ShardWorkerData['ends'], available: readonly number[]): ShardWorkerData {
    const {
      dataDir,
      shardCount,
      hostId,
      commitLog,
      mutationBytesMax,
      memtableBytesMax,
      cacheBytesMax,
      vectorBytesMax,
    } = this.#options;
    return {
      shard,
      shardCount,
      ends,
      core: available.length === 0 ? null : available[shard % available.length]!,
      counterId: Buffer.from(hostId.replaceAll('-', ''), 'hex'),
      tables: [...this.tables.byId.values()].map((table) => this.tables.shardTable(table)),
      oldSegments: this.#oldSegments,
      log: {
        folder: commitLogFolder(dataDir, shard),
        mode: commitLog.mode,
        periodMs: commitLog.periodMs,
        segmentBytes: commitLog.segmentBytes,
        recordBytesMax: mutationBytesMax,
        firstSegmentId: this.#base + shard,
        totalBytesMax: Math.floor(commitLog.totalBytesMax / shardCount),
        ignoreReplayErrors: commitLog.ignoreReplayErrors,
      },
      memtableBytesMax: Math.floor(memtableBytesMax / shardCount),
      cacheBytesMax: Math.floor(cacheBytesMax / shardCount),
      vectorBytesMax: Math.floor(vectorBytesMax / shardCount),
    };
  }

  #answer(shard: number, call: MainCall): unknown {
    switch (call.op) {
      case 'flush':
        return this.tables.flush(call.table, call.frozen, shard, call.mark, call.epoch);
      case 'compact':
        return this.tables.compact(call.compaction);
      case 'setAside':
        return this.#setAside(call.table, call.sstable, call.reason);
    }
  }

  async #setAside(table: string, sstable: string, reason: string): Promise<void> {
    if (!(await this.tables.setAside(table, sstable))) return;
    const { keyspace, name } = this.tables.get(table).definition;
    await this.indexes.lost(table);
    this.#options.log.error(
      { keyspace, table: name, sstable, reason },
      'a damaged SSTable was set aside into corrupt/',
    );
  }

  #reportReplay(): void {
    const reports = this.#threads.map(({ replay }) => replay!);
    const sum = (field: 'applied' | 'unknownTable') => reports.reduce((total, report) => total + report[field], 0);
    const { log } = this.#options;
    if (this.#oldSegments.length > 0)
      log.info(
        // Every shard counts the mutations of tables that are gone.
        {
          segments: this.#oldSegments.length,
          mutations: sum('applied'),
          unknownTable: sum('unknownTable') / reports.length,
        },
        'commit log replayed',
      );
    for (const { path, offset, bytes, torn } of reports[0]?.damage ?? [])
      log.warn(
        { path, offset, bytes },
        torn
          ? 'a commit log segment ends in a torn write'
          : 'a part of a commit log segment could not be read and was skipped',
      );
  }

  #onReplayFlushed(thread: ShardThread): void {
    thread.replayFlushed = true;
    if (this.#threads.length === this.shardCount && this.#threads.every(({ replayFlushed }) => replayFlushed))
      this.#removeOldSegments();
  }

  /** Everything in them is in SSTables. */
  #removeOldSegments(): void {
    const segments = this.#oldSegments;
    this.#oldSegments = [];
    const current = new Set(
      Array.from({ length: this.shardCount }, (_, i) => commitLogFolder(this.#options.dataDir, i)),
    );
    const folders = new Set(segments.map(({ path }) => dirname(path)).filter((folder) => !current.has(folder)));
    void (async () => {
      for (const { path } of segments) await rm(path, { force: true });
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
      for (const { files } of this.tables.byId.values()) await files.forgetMarksBefore(this.#base);
      void this.#splitShared();
    })().catch((error: Error) => this.#options.log.warn({ error: error.message }, 'old commit log segments stay'));
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
}

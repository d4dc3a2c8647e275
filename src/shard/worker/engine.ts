// The engine of one shard: store, chunk cache, SSTables, commit log and the loop over the rings, with what keeps them in order.
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FerrosaError } from '../../common/errors.js';
import { collectGarbage } from '../../common/garbage.js';
import { rateIntervalSeconds } from '../../common/histogram.js';
import {
  CommitLog,
  NativeStore,
  pinThread,
  RecordKind,
  RingConsumer,
  RingProducer,
  ShardLoop,
  ShardLoopOutcome,
  Waker,
} from '../../native/index.js';
import { ChunkStore } from '../../storage/index.js';
import { syncFolderSync } from '../files/durable.js';
import { LogSync } from '../log/log-sync.js';
import type { MainCall, ShardCall, ShardFigures, ShardNews, ShardStats, ShardWorkerData } from '../messages.js';
import type { ShardEnds } from '../router.js';
import type { Rpc } from '../rpc.js';
import { Brake } from './brake.js';
import { Compactor } from './compactor.js';
import { Flusher } from './flusher.js';
import { Pressure } from './pressure.js';
import { Recovery } from './recovery.js';
import { TableChanges } from './table-changes.js';
import { tableFigures, tableStats } from './table-stats.js';
import { ShardTables } from './tables.js';
import { type IsDue, Ticker, tickMs } from './ticker.js';
import { VectorGraphs } from './vector-graphs.js';

/** Microseconds of work before other events of the thread get their turn. */
const runBudgetMicros = 1_000;
/** To the log: what makes a tick a busy one (10 MB/s), and what ends a long one at once. */
const busyBytesATick = 256 * 1024;
const hurryBytes = 1024 * 1024;
/** Ticks between attempts to allocate log segments on a full disk, and between looks at what is to be compacted. */
const retryTicks = 40;
const compactionTicks = 2_400;
const rateTicks = (rateIntervalSeconds * 1000) / tickMs;

export type EngineHost = {
  readonly main: Rpc<MainCall, ShardCall>;
  readonly news: (news: ShardNews) => void;
  readonly nowMs: () => number;
  /** The waker of the connections on this thread. */
  readonly servingFd: number;
};

export class ShardEngine {
  readonly #data: ShardWorkerData;
  readonly #host: EngineHost;
  readonly #store: NativeStore;
  readonly #chunks: ChunkStore;
  readonly #tables: ShardTables;
  readonly #log: CommitLog;
  readonly #logSync: LogSync;
  readonly #loop: ShardLoop;
  readonly #waker: Waker;
  readonly #flusher: Flusher;
  readonly #compactor: Compactor;
  readonly #pressure: Pressure;
  readonly #graphs: VectorGraphs;
  readonly #changes: TableChanges;
  readonly #recovery: Recovery;
  #scheduled = false;
  #appended = 0;
  readonly #brake = new Brake();
  readonly #ticker = new Ticker((isDue, ticks) => this.#tick(isDue, ticks));

  constructor(data: ShardWorkerData, host: EngineHost) {
    this.#data = data;
    this.#host = host;
    if (data.core !== null && !pinThread(data.core)) this.#report('warn', `core ${data.core} cannot be had`);
    const { log, shard, shardCount } = data;
    this.#store = new NativeStore(data.counterId);
    this.#chunks = new ChunkStore(data.cacheBytesMax);
    this.#tables = new ShardTables(this.#store, this.#chunks, shard, shardCount);
    this.#store.limitVectors(data.vectorBytesMax);
    mkdirSync(log.folder, { recursive: true });
    syncFolderSync(dirname(log.folder));
    const { folder, segmentBytes, recordBytesMax, firstSegmentId } = log;
    this.#log = new CommitLog({ folder, shard, shardCount, segmentBytes, recordBytesMax, firstSegmentId });
    this.#logSync = new LogSync(this.#log, {
      mode: log.mode,
      periodMs: log.periodMs,
      onSynced: () => this.#onSynced(),
      onFailed: (error) => this.#fatal(`the commit log in ${folder} cannot be synced: ${error.message}`),
    });
    this.#loop = new ShardLoop(this.#store, this.#log);
    this.#loop.setShard(shard, shardCount);
    this.#loop.holdForSync(this.#logSync.acknowledgesAfterSync);
    this.#waker = new Waker(-1, () => this.#run());
    const warn = (message: string, fields: object) => this.#report('warn', message, fields);
    this.#flusher = new Flusher(this.#tables, this.#log, firstSegmentId, {
      write: (table, frozen, mark, epoch) => host.main.call({ op: 'flush', table, frozen, mark, epoch }),
      logSynced: () => this.#logSync.covered(),
      recovered: () => this.#recovery.isDone,
      onFlushed: (state) => this.#compactor.consider(state),
      nowMs: host.nowMs,
      warn,
    });
    this.#compactor = new Compactor(this.#tables, {
      compact: (compaction) => host.main.call({ op: 'compact', compaction }),
      nowMs: host.nowMs,
      warn,
    });
    this.#graphs = new VectorGraphs(this.#tables, warn);
    const limits = { memtableBytesMax: data.memtableBytesMax, logBytesMax: log.totalBytesMax };
    this.#pressure = new Pressure(this.#tables, this.#log, this.#flusher, limits, (reason) => {
      this.#loop.refuseWrites(reason ?? '');
      this.#report(reason === null ? 'info' : 'warn', reason ?? 'writes are taken again');
    });
    this.#recovery = new Recovery(this.#tables, this.#flusher, this.#pressure, host.nowMs);
    this.#changes = new TableChanges(this.#tables, this.#flusher, this.#compactor, {
      setAside: (table, sstable, reason) => host.main.call({ op: 'setAside', table, sstable, reason }),
      logSynced: () => this.#logSync.covered(),
      onDropped: (table) => this.#graphs.forget(table),
      onError: (message) => this.#report('error', message),
      onWarning: (message) => this.#report('warn', message),
      nowMs: host.nowMs,
    });
    host.news({ kind: 'hello', wakerFd: this.#waker.fd, servingFd: host.servingFd });
  }

  /** Opens the tables, replays the log and starts to serve. @throws FerrosaError for the operator */
  async start(): Promise<void> {
    for (const { sstables, flushed, ...table } of this.#data.tables) {
      const { state } = this.#tables.set(table, flushed, this.#host.nowMs());
      await this.#changes.adopt(state, sstables);
    }
    const { log, oldSegments, ends } = this.#data;
    const report = await this.#recovery.replay(oldSegments, log.ignoreReplayErrors);
    this.addAskers([ends]);
    this.#ticker.start();
    this.#host.news({ kind: 'ready', replay: report });
    void this.#recovery.flush().then(() => {
      this.#host.news({ kind: 'replayFlushed' });
      for (const state of this.#tables.byId.values()) this.#compactor.consider(state);
    });
  }

  /** Takes requests of other threads, or of connections on this one, from here on. */
  addAskers(askers: readonly ShardEnds[]): void {
    for (const { requests, answers, askerFd } of askers)
      this.#loop.addAsker(
        new RingConsumer(new Uint8Array(requests), askerFd),
        new RingProducer(new Uint8Array(answers), askerFd),
      );
    this.#waker.signal();
  }

  /** Answers calls of main. */
  answer(call: ShardCall): unknown {
    switch (call.op) {
      case 'table':
        return this.#changes.set(call.table, call.files.flushed, call.files.sstables);
      case 'flush':
        return this.#tables.each(call.table, (state) => this.#flusher.flush(state));
      case 'compact':
        return this.#tables.each(call.table, (state) => this.#compactor.compactAll(state));
      case 'truncate':
        return this.#changes.truncate(call.tables);
      case 'truncated':
        return this.#changes.freeTruncated(call.tables, call.marks);
      case 'drop':
        return this.#changes.drop(call.table);
      case 'adopt':
        return this.#tables.each(call.table, (state) => this.#changes.adopt(state, call.sstables));
      case 'split':
        return this.#tables.each(call.table, (state) => this.#changes.split(state, call.shared, call.parts));
      case 'vectorOpen':
        return this.#graphs.open(this.#tables.get(call.table), call.index, call.path);
      case 'vectorPass':
        return this.#graphs.pass(this.#tables.get(call.table), call.index, call.begins);
      case 'stats':
        return this.#stats();
      case 'figures':
        return this.#figures();
      case 'collectGarbage':
        return collectGarbage();
      case 'drain':
        return this.#drain();
    }
  }

  // ---- the loop

  #run(): void {
    this.#scheduled = false;
    const outcome = this.#loop.run(runBudgetMicros);
    if (outcome & ShardLoopOutcome.events) this.#onEvents();
    if (outcome & ShardLoopOutcome.misses) this.#onMisses();
    this.#logSync.appended();
    if (this.#ticker.isIdle && this.#log.appended() - this.#appended > hurryBytes) this.#ticker.hurry();
    if (this.#brake.isOn) this.#brake.wait(this.#log.appended());
    if (outcome & ShardLoopOutcome.more) this.#runLater();
  }

  #runLater(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#run());
  }

  #onSynced(): void {
    this.#loop.synced(this.#log.stats().synced);
    this.#loop.flush();
  }

  #onEvents(): void {
    const events = this.#loop.takeEvents();
    for (let i = 0; i + 4 < events.length; i += 5) {
      const [kind, asker, request, number] = events.slice(i, i + 4) as [number, number, number, number];
      const payload = events[i + 4] as Buffer;
      if (kind === RecordKind.table && number !== 0) {
        // The descriptor's table id stands behind its format byte.
        const state = this.#tables.byHex.get(payload.toString('hex', 1, 17));
        if (state !== undefined) this.#flusher.adopt(state, number);
      } else if (kind === RecordKind.control) {
        const answer = Buffer.from(JSON.stringify(this.#stats()));
        this.#loop.answer(asker, request, RecordKind.controlAnswer, answer);
        this.#loop.flush();
      }
    }
  }

  #onMisses(): void {
    const misses = this.#loop.takeMisses();
    const parks = new Map<number, number[]>();
    for (let i = 0; i + 2 < misses.length; i += 3) {
      const park = misses[i]!;
      const chunks = parks.get(park);
      if (chunks === undefined) parks.set(park, [misses[i + 1]!, misses[i + 2]!]);
      else chunks.push(misses[i + 1]!, misses[i + 2]!);
    }
    for (const [park, chunks] of parks) void this.#fetch(park, Uint32Array.from(chunks));
  }

  async #fetch(park: number, chunks: Uint32Array): Promise<void> {
    try {
      await this.#tables.load(chunks);
      this.#loop.resume(park);
    } catch (error) {
      const { code, message } = error as FerrosaError;
      this.#loop.fail(park, message);
      if (code === 'CORRUPT') this.#changes.setAside(message);
    }
    this.#loop.flush();
    this.#runLater();
  }

  // ---- housekeeping

  /** True while many writes come. */
  #tick(isDue: IsDue, ticks: number): boolean {
    const bytes = this.#log.appended() - this.#appended;
    const moved = bytes > 0;
    this.#appended += bytes;
    if (moved || this.#pressure.refusing !== null || isDue(retryTicks)) this.#pressure.check(this.#host.nowMs());
    this.#brake.set(this.#pressure.brakeMsAMiB, this.#appended);
    // Whoever runs writes in this thread's place would not meet its brake.
    this.#loop.lendWrites(!this.#brake.isOn);
    if (moved) {
      this.#prepareSpare();
      this.#logSync.relieve();
    }
    if (isDue(retryTicks)) this.#retryLog();
    if (isDue(rateTicks)) this.#store.tickRates();
    if (isDue(compactionTicks)) {
      for (const state of this.#tables.byId.values()) this.#compactor.consider(state);
      this.#graphs.saveChanged();
    }
    return bytes > busyBytesATick * ticks || this.#brake.isOn;
  }

  #prepareSpare(): void {
    this.#log.prepareSpare()?.catch((error: Error) => this.#report('error', error.message));
  }

  #retryLog(): void {
    const { failed } = this.#log.stats();
    if (failed === null) return;
    this.#report('error', failed);
    this.#log.retry();
  }

  async #drain(): Promise<void> {
    this.#ticker.stop();
    await this.#compactor.stop();
    await this.#tables.each(null, (state) => this.#flusher.flush(state));
    await this.#graphs.saveAll();
    await this.#logSync.stop();
    this.#log.close();
    // Everything is in SSTables whose manifests say so.
    await rm(this.#data.log.folder, { recursive: true, force: true });
  }

  #figures(): ShardFigures {
    const tables = [...this.#tables.byId.values()].flatMap((state) => tableFigures(state, this.#store) ?? []);
    const { hits, misses } = this.#chunks.native.stats();
    return { tables, coordinator: [], cacheHits: hits, cacheMisses: misses };
  }

  #stats(): ShardStats {
    const tables = [...this.#tables.byId.values()].map((state) => tableStats(state, this.#store));
    const log = this.#log.stats();
    const cache = this.#chunks.native.stats();
    return {
      shard: this.#data.shard,
      tables,
      memtableBytes: tables.reduce((sum, table) => sum + table.memtableBytes, 0),
      commitLogBytes: log.totalBytes,
      commitLogSegments: log.segments,
      commitLogSyncs: this.#logSync.count,
      flushes: this.#flusher.flushes,
      flushFailures: this.#flusher.failures,
      compactions: this.#compactor.compactions,
      cacheBytes: cache.bytes,
      cacheEntries: cache.chunks,
      cacheHits: cache.hits,
      cacheMisses: cache.misses,
      vectorGraphs: this.#graphs.stats(),
      refusing: this.#pressure.refusing ?? log.failed,
      loop: this.#loop.stats(),
      serving: null,
    };
  }

  #report(level: 'info' | 'warn' | 'error', message: string, fields: object = {}): void {
    this.#host.news({ kind: 'log', level, message, fields: { shard: this.#data.shard, ...fields } });
  }

  #fatal(message: string): void {
    this.#host.news({ kind: 'fatal', message });
  }
}

// The threads of the shards, from main: starts them, connects them to the rings, carries calls to them and tells of their end.
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { FerrosaError } from '../common/errors.js';
import { cores, ringMemory } from '../native/index.js';
import { commitLogFolder } from './files/names.js';
import type { ReplayReport } from './log/replay.js';
import type { MainCall, ShardCall, ShardNews, ShardWorkerData } from './messages.js';
import type { OldLog } from './old-log.js';
import type { ShardsOptions } from './options.js';
import { ShardRouter } from './router.js';
import { Rpc } from './rpc.js';
import { type ServeMessage, type ServingOptions, shardRingBytes } from './serving.js';
import type { NodeTables } from './tables-main.js';

type ShardThread = {
  readonly worker: Worker;
  readonly rpc: Rpc<ShardCall, MainCall>;
  replay: ReplayReport | null;
  replayFlushed: boolean;
};

type Rings = { readonly requests: SharedArrayBuffer; readonly answers: SharedArrayBuffer };

export class ShardThreads {
  readonly router = new ShardRouter();
  readonly #options: ShardsOptions;
  readonly #tables: NodeTables;
  readonly #oldLog: OldLog;
  readonly #answer: (shard: number, call: MainCall) => unknown;
  readonly #threads: ShardThread[] = [];
  readonly #hello = new Map<number, { rings: Rings; wakerFd: number; servingFd: number }>();
  readonly #replayFlushed = withResolvers<void>();
  #stopping = false;

  private constructor(
    options: ShardsOptions,
    tables: NodeTables,
    oldLog: OldLog,
    answer: (shard: number, call: MainCall) => unknown,
  ) {
    this.#options = options;
    this.#tables = tables;
    this.#oldLog = oldLog;
    this.#answer = answer;
  }

  /**
   * Starts the threads and waits until they have recovered.
   * @param answer  what the shards ask of main
   * @throws FerrosaError CORRUPT or SERVER_ERROR with a message for the operator
   */
  static async start(
    options: ShardsOptions,
    tables: NodeTables,
    oldLog: OldLog,
    answer: (shard: number, call: MainCall) => unknown,
  ): Promise<ShardThreads> {
    const threads = new ShardThreads(options, tables, oldLog, answer);
    const available = options.pinShards ? cores() : [];
    await Promise.all(Array.from({ length: options.shardCount }, (_, i) => threads.#startThread(i, available)));
    return threads;
  }

  /** What each shard has replayed, in their order. */
  get replays(): ReplayReport[] {
    return this.#threads.map(({ replay }) => replay!);
  }

  /** Resolves when everything that was replayed is in SSTables. */
  get replayFlushed(): Promise<void> {
    return this.#replayFlushed.promise;
  }

  all<T = unknown>(call: ShardCall): Promise<T[]> {
    return this.each(() => call);
  }

  /** Makes a call of its own to each shard. */
  each<T = unknown>(callOf: (shard: number) => ShardCall): Promise<T[]> {
    return Promise.all(this.#threads.map(({ rpc }, shard) => rpc.call<T>(callOf(shard))));
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
    await this.all({ op: 'drain' });
    this.router.close();
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
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
      } else if (message.kind === 'replayFlushed') {
        thread.replayFlushed = true;
        if (this.#threads.every(({ replayFlushed }) => replayFlushed)) this.#replayFlushed.resolve();
      } else if (message.kind === 'log') this.#options.log[message.level](message.fields, message.message);
      else {
        reject(new FerrosaError('SERVER_ERROR', message.message));
        if (thread.replay !== null) died(message.message);
      }
    });
    worker.on('error', (error) => died(`shard ${shard} failed: ${error.stack ?? error.message}`));
    worker.on('exit', (code) => died(`shard ${shard} has ended with ${code}`));
    return promise.then(() => this.#connect());
  }

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
      tables: [...this.#tables.byId.values()].map((table) => this.#tables.shardTable(table)),
      oldSegments: this.#oldLog.segments,
      log: {
        folder: commitLogFolder(dataDir, shard),
        mode: commitLog.mode,
        periodMs: commitLog.periodMs,
        segmentBytes: commitLog.segmentBytes,
        recordBytesMax: mutationBytesMax,
        firstSegmentId: this.#oldLog.base + shard,
        totalBytesMax: Math.floor(commitLog.totalBytesMax / shardCount),
        ignoreReplayErrors: commitLog.ignoreReplayErrors,
      },
      memtableBytesMax: Math.floor(memtableBytesMax / shardCount),
      cacheBytesMax: Math.floor(cacheBytesMax / shardCount),
      vectorBytesMax: Math.floor(vectorBytesMax / shardCount),
    };
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

// Connections on the thread of a shard: the hot path of that thread, and rings between every two shards. The connections themselves are
// the server's; it gives `StartServing` to the thread (workers/shard.ts).
import type { MessagePort } from 'node:worker_threads';
import type { FrontendFigures, RingPair } from '../native/index.js';
import { HotPath, type HotPathOptions } from './hot-path.js';
import { type ShardEnds, ShardRouter } from './router.js';

/** Of a ring between two shards. */
export const shardRingBytes = 1024 * 1024;

export type ServingLimits = {
  /** Header and body of one envelope. */
  readonly frameBytesMax: number;
  /** Bytes of answers that one client may leave unread before its requests wait. */
  readonly outputBytesMax: number;
  /** 0 for none. */
  readonly idleTimeoutMs: number;
};

export type ServingOptions = { readonly hotPath: HotPathOptions; readonly limits: ServingLimits };

/** What the connections of a shard have done. */
export type SocketFigures = {
  readonly receivedBytes: number;
  readonly sentBytes: number;
};

/** Serves the connections that main hands over by `port`. */
export type StartServing = (port: MessagePort, hotPath: HotPath, limits: ServingLimits) => { figures(): SocketFigures };

/** From main to the thread of a shard: begin to serve connections. */
export type ServeMessage = ServingOptions & {
  readonly kind: 'serve';
  readonly port: MessagePort;
  /** To each shard, in their order. */
  readonly lanes: readonly { readonly rings: RingPair; readonly shardFd: number }[];
  /** From each shard. */
  readonly askers: readonly ShardEnds[];
};

/** What a shard's thread has done for its connections, for metrics. */
export type ServingStats = SocketFigures & {
  /** Requests of its connections that it ran itself, and those that another shard did. */
  readonly local: number;
  readonly forwarded: number;
  readonly declined: number;
  readonly handed: number;
  readonly timeouts: number;
  readonly overloaded: number;
  readonly stops: number;
  /** By the number of their partitions. */
  readonly loggedBatches: readonly number[];
  readonly unloggedBatches: readonly number[];
  /** Requests that came as text. */
  readonly texts: number;
  readonly open: number;
};

/** The serving half of a shard's thread. */
export class ShardServing {
  readonly #router = new ShardRouter();
  #hotPath: HotPath | null = null;
  #sockets: { figures(): SocketFigures } | null = null;

  constructor(
    readonly shard: number,
    private readonly start: StartServing,
  ) {}

  /** The eventfd that other shards signal when they have answered. */
  get wakerFd(): number {
    return this.#router.wakerFd;
  }

  /** REQUIRES: the shard takes requests of `askers` already. */
  serve({ port, lanes, hotPath, limits }: ServeMessage): void {
    for (const { rings, shardFd } of lanes) this.#router.addShard(rings, shardFd);
    this.#hotPath = new HotPath(this.#router, { ...hotPath, ownShard: this.shard });
    this.#sockets = this.start(port, this.#hotPath, limits);
  }

  /** Latencies of the hot requests of its connections since the last call. */
  takeFigures(): readonly FrontendFigures[] {
    return this.#hotPath?.takeFigures() ?? [];
  }

  /** Null before `serve`. */
  stats(): ServingStats | null {
    if (this.#hotPath === null || this.#sockets === null) return null;
    const { hot, left: _, connections: __, spread: ___, ...stats } = this.#hotPath.stats();
    return { ...stats, ...this.#sockets.figures(), forwarded: hot - stats.local };
  }
}

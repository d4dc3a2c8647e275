// The connections of a thread in the addon: requests of the hot path go from socket bytes into the rings of the shards, answers from the
// rings into one buffer a connection. src/shard/hot-path.ts is what others use.
import type { HistogramData } from '../common/histogram.js';
import { addon } from './binding.js';
import type { RingConsumer, RingProducer } from './ring.js';

export type FrontendOptions = {
  /** Header and body of one envelope (native_transport_max_frame_size). */
  readonly frameBytesMax: number;
  /** Hot requests in flight, over all connections. */
  readonly openMax: number;
  readonly openPerConnectionMax: number;
  /** Of the answers that the requests of one connection may have while they are in flight; 16 MiB when left out. */
  readonly answerBytesMax?: number;
  readonly writeTimeoutMicros: number;
  /** Of writes to counters; 5 seconds when left out. */
  readonly counterTimeoutMicros?: number;
  readonly readTimeoutMicros: number;
  /** Whether batches of several partitions are hot; they are when it is left out. */
  readonly severalPartitions?: boolean;
  /** The shard of the thread that the frontend is on; left out on main. */
  readonly ownShard?: number;
};

export const FrontendCompression = { none: 0, lz4: 1, snappy: 2 } as const;

/** Kinds of items: what a connection's JavaScript is told. */
export const FrontendItem = {
  /** Bytes for the connection's decoder. */
  left: 0,
  /** A whole envelope that was taken and is to be run here, apart from the stream: a shard declined it, or it stands for a text. */
  declined: 1,
  /** Pause the socket. */
  stopped: 2,
  resumed: 3,
  /** Answers wait: drain soon. */
  answers: 4,
  /**
   * Rows of which the answer to a request is to be made: u32 plan, u32 length, the request's envelope, u32 rows, their
   * cells; the numbers are little-endian.
   */
  computed: 5,
} as const;

/** What is due after bytes were taken. */
export const FrontendDue = {
  /** Requests wait: flush when the thread has nothing else to do. */
  flush: 1,
  /** A shard has answered at once: drain. */
  drain: 2,
} as const;

/** Bytes, and four numbers an item: kind, connection, start and end in the bytes. */
export type FrontendItems = readonly [Buffer, readonly number[]];

/** More to drain, answers for the router, items, bytes to send, (connection, start, end, 1 when they are plain envelopes to compress)*. */
export type FrontendDrained = readonly [boolean, Buffer | null, FrontendItems | null, Buffer | null, readonly number[]];

/** Of a hot plan: from requests to their answers, in microseconds. */
export type FrontendFigures = {
  /** 16 bytes each. */
  readonly preparedId: Uint8Array;
  readonly table: Uint8Array;
  readonly isWrite: boolean;
  readonly isConditional: boolean;
  readonly latency: HistogramData;
  readonly rows: number;
};

export type FrontendStats = {
  /** Requests that took the hot path. */
  readonly hot: number;
  /** Of those, the ones for the shard of this thread. */
  readonly local: number;
  /** Of `hot`, those that this thread has run itself, in the place of a shard's that slept. */
  readonly lent: number;
  /** Envelopes of connections here that went to JavaScript. */
  readonly left: number;
  /** Of those, the ones that a shard had declined. */
  readonly declined: number;
  /** Of those, the texts that went on as the EXECUTE of their plan. Not among `hot`. */
  readonly handed: number;
  readonly timeouts: number;
  readonly overloaded: number;
  /** How often a connection was stopped for a full ring or a bound. */
  readonly stops: number;
  /** Batches that took the hot path, by the number of their partitions. The last one has those of more. */
  readonly loggedBatches: readonly number[];
  readonly unloggedBatches: readonly number[];
  /** Of them, those of several shards. */
  readonly spread: number;
  /** Of `hot`, those that came as text. */
  readonly texts: number;
  /** Hot requests in flight. */
  readonly open: number;
  readonly connections: number;
};

export interface Frontend {
  addShard(requests: RingProducer, answers: RingConsumer): void;
  open(version: number, compression: number, throwOnOverload: boolean): number;
  close(connection: number): void;
  setHot(connection: number, hot: boolean): void;
  /** While it is held nothing of it goes into a ring; what waited goes on with the next drain. */
  setHeld(connection: number, held: boolean): void;
  /** Who asks by a connection: 0 may run every plan, others those that `allow` has named. */
  setGroup(connection: number, group: number): void;
  /** What USE has chosen, in UTF-8. */
  setKeyspace(connection: number, keyspace: Uint8Array): void;
  /** @throws FerrosaError INVALID for a number out of range */
  allow(group: number, plan: number): void;
  disallowAll(): void;
  /** Hot requests of a connection in flight. */
  openOf(connection: number): number;
  /** Hot requests of a connection so far, declined ones among them. */
  takenOf(connection: number): number;
  /** Takes the bytes before `length`, all when it is left out. Bits of `FrontendDue` when nothing is to be told, else the items, and all of them are due. */
  data(connection: number, bytes: Uint8Array, length?: number): FrontendItems | number;
  envelope(connection: number, envelope: Uint8Array): boolean;
  /**
   * The bytes to send are put into `scratch` from `offset` on, and into `index` (connection, start, end, 1 when they are plain envelopes to compress)
   * for each connection: returns twice their number, one more when there is more to drain. What does not fit or is not only answers is an array.
   */
  drain(bytesMax: number, scratch?: Uint8Array, offset?: number, index?: Uint32Array): number | FrontendDrained;
  /** True when a drain has answers to send. */
  expire(): boolean;
  /** Whether a request waits for an answer, or a batch for its end. */
  isOpen(): boolean;
  flush(): void;
  /** @throws FerrosaError INVALID when the bytes are no plan */
  plan(number: number, plan: Uint8Array): void;
  /** What was made of an item `computed`: the rows of its answer; less than 0: none, the request was run in full. */
  computed(plan: number, rows: number): void;
  shardEnded(shard: number): boolean;
  stats(): FrontendStats;
  /** Batches of several shards: how many have begun, and how many of the first have all ended. */
  spreads(): readonly [begun: number, ended: number];
  /** Latencies by prepared statement since the last call. */
  takeFigures(): readonly FrontendFigures[];
}
export const Frontend = addon.Frontend as new (options: FrontendOptions) => Frontend;

/**
 * Where the hot path sees values in a statement's text: start and end of each, in its UTF-8 bytes. Null when it leaves such a text to
 * JavaScript.
 */
export const literalSpans = addon.literalSpans as (text: Uint8Array) => readonly number[] | null;

/** Segments of protocol v5 around whole envelopes, uncompressed; `lz4`: in the framing of a connection that chose LZ4. */
export const sealV5 = addon.sealV5 as (envelopes: Uint8Array, lz4: boolean) => Buffer;

/** One segment of the LZ4 framing; `uncompressedBytes` 0 when the payload is not compressed. At most 131071 bytes each. */
export const sealSegment = addon.sealSegment as (
  payload: Uint8Array,
  uncompressedBytes: number,
  selfContained: boolean,
) => Buffer;

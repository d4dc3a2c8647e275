// What a connection needs of its socket, which may be on this thread or on the thread of a shard.
import type { FrameError } from '../protocol/index.js';

export interface Transport {
  readonly destroyed: boolean;
  /** Bytes that the system has not taken yet. */
  readonly writableLength: number;
  /** `taken` is called when the system has the bytes. */
  write(bytes: Uint8Array, taken?: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
  /** Sends what is pending, then ends. */
  end(): unknown;
  destroy(): unknown;
  /** Milliseconds without traffic after which the connection is told. */
  setTimeout(ms: number): unknown;
}

/** A connection whose socket has moved to the thread of a shard, as main sees it. */
export interface MovedTransport extends Transport {
  /** Reads no more; from here on `inFlight` is not 0 until the shard's own requests are answered. */
  stop(): void;
  readonly inFlight: number;
  /** Hot requests so far, as far as the shard has told. */
  readonly taken: number;
  setHot(hot: boolean): void;
  /** What USE has chosen. */
  setKeyspace(keyspace: string): void;
}

/** What the connection on main is told of its socket on a shard. */
export interface MovedHost {
  /** Bytes for the decoder. */
  movedData(bytes: Uint8Array): void;
  /** A request that the hot path has taken and that must be run all the same: a whole envelope. */
  hotDeclined(envelope: Uint8Array): void;
  movedBadFrame(error: FrameError): void;
  movedDrain(): void;
  movedIdle(): void;
  movedTimeout(): void;
  movedClose(): void;
}

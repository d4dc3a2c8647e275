// What a decoder of incoming bytes hands out.
import type { FerrosaError } from '../common/errors.js';

export type Frame = {
  readonly kind: 'frame';
  readonly version: number;
  readonly flags: number;
  readonly stream: number;
  readonly opcode: number;
  readonly body: Uint8Array;
};

/** Bytes that are no request: the peer gets `error` on `stream`, and may have to go. */
export type FrameError = {
  readonly kind: 'error';
  readonly error: FerrosaError;
  readonly stream: number;
  /** Version for the header of the answer. */
  readonly version: number;
  /** 'after-answer' closes the connection when the answer is out, 'counted' when it happens twice in a row. */
  readonly close: 'never' | 'counted' | 'after-answer';
};

/** Cuts a byte stream into requests. One a connection and direction; `next` returns null until more bytes come. */
export interface FrameDecoder {
  push(chunk: Uint8Array): void;
  next(): Frame | FrameError | null;
  /** Bytes held back. */
  readonly bufferedBytes: number;
  /** Bytes that are not decoded yet, taken out for whoever goes on from here; null when some are in the middle of decoding. */
  drain(): Uint8Array | null;
}

// Rings between threads: byte queues in shared memory with one wake-up a batch. Layout of the records: docs/format/ring.md.
import { plainBytes } from '../common/bytes.js';
import { addon } from './binding.js';

/** Kinds of ring records. */
export const RecordKind = {
  mutation: 1,
  read: 2,
  hot: 3,
  batch: 4,
  table: 5,
  dropTable: 6,
  plan: 7,
  control: 8,
  vectorSearch: 9,
  vectorRows: 10,
  vectorForget: 11,
  hold: 12,
  ack: 129,
  rows: 130,
  frame: 131,
  declined: 132,
  spread: 133,
  controlAnswer: 136,
  error: 255,
} as const;

export const recordHeaderBytes = 24;

/** An eventfd on this thread's event loop; `fd` may be given to other threads while the waker is open. */
export interface Waker {
  readonly fd: number;
  /** Makes the callback run in a later turn of the loop. */
  signal(): void;
  ref(): void;
  unref(): void;
  close(): void;
}

/** Opens a waker: `callback` runs once for any number of signals. `fd`: an eventfd made by another thread, -1 for a new one. */
export const Waker = addon.Waker as new (fd: number, callback: () => void) => Waker;

/** The writing end of a ring; one a ring, on one thread. */
export interface RingProducer {
  /**
   * Queues a record. False when the ring is full: nothing was queued, and this thread's waker is signalled when half of the ring is
   * free again. `deadline` is in monotonic microseconds, 0 for none.
   */
  push(kind: number, flags: number, request: number, deadline: number, payload: Uint8Array): boolean;
  /** Shows what was pushed to the consumer and wakes it when it sleeps: once a batch. */
  flush(): void;
  /** Moves what is left of long records into the ring; call it from the waker. True when nothing waits. */
  pump(): boolean;
  usedBytes(): number;
  /** How often a push or pump found the ring full. */
  fullCount(): number;
}
/** `consumerFd`: the waker of the thread that reads. */
export const RingProducer = addon.RingProducer as new (memory: Uint8Array, consumerFd: number) => RingProducer;

/** The reading end of a ring; one a ring, on one thread. */
export interface RingConsumer {
  /** Copies records out, end to end and padded to 8 bytes, until about `bytesMax`; null when there is none. */
  drain(bytesMax: number): Buffer | null;
  /** True when the ring is empty: the waker is signalled when there is more. False when there is more already. */
  sleep(): boolean;
}
/** `producerFd`: the waker of the thread that writes, for news of free space. */
export const RingConsumer = addon.RingConsumer as new (memory: Uint8Array, producerFd: number) => RingConsumer;

/** Two rings, one each way, as they go to a worker in its workerData. */
export type RingPair = { readonly requests: SharedArrayBuffer; readonly answers: SharedArrayBuffer };

export const ringBytesDefault = 4 * 1024 * 1024;

/** Shared memory for a ring of `capacity` bytes: a power of two of at least 64 KiB. */
export function ringMemory(capacity: number = ringBytesDefault): SharedArrayBuffer {
  return new SharedArrayBuffer((addon.ringSharedBytes as (capacity: number) => number)(capacity));
}

/** A record as the consumer sees it. `payload` is a view of the drained buffer. */
export type RingRecord = {
  readonly kind: number;
  readonly flags: number;
  readonly request: number;
  readonly deadline: number;
  readonly payload: Uint8Array;
};

/** The records of a drained buffer, in order. */
export function recordsOf(drained: Buffer): RingRecord[] {
  const bytes = plainBytes(drained);
  const records: RingRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = u32(bytes, at);
    records.push({
      kind: bytes[at + 4]!,
      flags: bytes[at + 5]!,
      request: u32(bytes, at + 8) + u32(bytes, at + 12) * 2 ** 32,
      deadline: u32(bytes, at + 16) + u32(bytes, at + 20) * 2 ** 32,
      payload: bytes.subarray(at + recordHeaderBytes, at + length),
    });
    at += (length + 7) & ~7;
  }
  return records;
}

const u32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;

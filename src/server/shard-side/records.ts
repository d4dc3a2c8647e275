// What main and the thread of a shard say to each other about connections: records that leave together, once a turn of the event loop.
import type { MessagePort } from 'node:worker_threads';

/** Kinds of records from main to the shard. The connection is meant, unless something else is said. */
export const ToShard = {
  /** JSON of MovedState: a descriptor to take over. */
  open: 0,
  /** Bytes that the client sent before its connection moved. */
  early: 1,
  /** Bytes for the client. */
  write: 2,
  pause: 3,
  resume: 4,
  /** Reads no more requests; `idle` answers when those in flight are answered. */
  stop: 5,
  /** Sends what is pending and ends. */
  end: 6,
  destroy: 7,
  /** Number: milliseconds without traffic after which `timedOut` is said, 0 for none. */
  timeout: 8,
  /** Number 1: simple statements may go past the dispatcher. */
  setHot: 9,
  /** A hot plan; connection: its number. Without bytes it is to be forgotten, and `forgotten` answers. */
  plan: 10,
  /** Connection: a group of connections; number: the plan that it may run. */
  allow: 11,
  /** No group may run any plan; `disallowed` answers. */
  disallowAll: 12,
  /** The keyspace that USE has chosen. */
  keyspace: 13,
} as const;

/** Kinds of records from the shard to main. */
export const ToMain = {
  /** Bytes of the client for the decoder. */
  data: 0,
  /** A whole envelope that a shard declined: run it, apart from the stream. */
  declined: 1,
  /** JSON of BadFrame. */
  badFrame: 2,
  /** Number: bytes of `write` that the system has taken. */
  written: 3,
  idle: 4,
  timedOut: 5,
  closed: 6,
  /** Connection: the number of a plan. */
  forgotten: 7,
  /** Number: hot requests of the connection so far. */
  taken: 8,
  disallowed: 9,
} as const;

/** What the shard has to know of a connection that it takes over. */
export type MovedState = {
  readonly fd: number;
  readonly version: number;
  readonly compression: 'lz4' | 'snappy' | null;
  readonly throwOnOverload: boolean;
  readonly hot: boolean;
  /** Of HotConnection.setGroup; 0 when permissions are not looked at. */
  readonly group: number;
};

type Batch = { readonly fields: readonly number[]; readonly bytes: Uint8Array };

const none = new Uint8Array(0);
const fieldsOfRecord = 4;

/** One end of the port between main and a shard. */
export class RecordPort {
  readonly #port: MessagePort;
  #fields: number[] = [];
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(
    port: MessagePort,
    onRecord: (kind: number, connection: number, bytes: Uint8Array, number: number) => void,
  ) {
    this.#port = port;
    port.on('message', ({ fields, bytes }: Batch) => {
      for (let i = 0, at = 0; i < fields.length; i += fieldsOfRecord) {
        const end = at + fields[i + 2]!;
        onRecord(fields[i]!, fields[i + 1]!, bytes.subarray(at, end), fields[i + 3]!);
        at = end;
      }
    });
    port.unref();
  }

  /** `bytes` must not change before this turn of the event loop is over. */
  send(kind: number, connection: number, bytes: Uint8Array = none, number = 0): void {
    if (this.#fields.length === 0) setImmediate(() => this.#flush());
    this.#fields.push(kind, connection, bytes.length, number);
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
  }

  #flush(): void {
    // Memory of its own, so that it moves to the other thread without a copy.
    const bytes = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    const batch: Batch = { fields: this.#fields, bytes };
    this.#fields = [];
    this.#parts = [];
    this.#bytes = 0;
    this.#port.postMessage(batch, [bytes.buffer]);
  }

  close(): void {
    this.#port.close();
  }
}

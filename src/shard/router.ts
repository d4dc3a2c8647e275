// The asking side of the rings: sends mutations, reads, schema and control messages to shards and completes the promises of their
// answers. One a thread that asks (main; a shard that serves connections). Nothing is cloned: bytes go in, bytes come out.
import { FerrosaError } from '../common/errors.js';
import { Sweep } from '../common/sweep.js';
import {
  RecordKind,
  RingConsumer,
  type RingPair,
  RingProducer,
  type RingRecord,
  recordsOf,
  Waker,
} from '../native/index.js';
import { OpenRequests } from './open-requests.js';

/** Limits of one router. */
export const routerLimits = {
  openRequestsMax: 65_536,
  /** Bytes that wait for space in one ring. */
  waitingBytesMax: 32 * 1024 * 1024,
  /** Copied out of one ring in one turn of the event loop. */
  drainBytesMax: 1024 * 1024,
  /** How late a deadline may be noticed. */
  expiryIntervalMs: 50,
};

export type RequestOptions = {
  /** Monotonic microseconds (`router.now()` plus the timeout); 0 or left out: no deadline. */
  readonly deadline?: number;
  /** The error when the deadline passes; WRITE_TIMEOUT or READ_TIMEOUT of consistency ONE unless given. */
  readonly timedOut?: () => FerrosaError;
};

/** What a shard needs to answer this router, for its workerData. Answers go to the waker of the router. */
export type ShardEnds = RingPair & { readonly askerFd: number };

type Waiting = { kind: number; flags: number; request: number; deadline: number; payload: Uint8Array };
type Link = {
  readonly requests: RingProducer;
  readonly answers: RingConsumer;
  /** In order of sending, while the ring is full. */
  readonly waiting: Waiting[];
  waitingBytes: number;
  ended: boolean;
};

export type VectorRequest = 'search' | 'searchRows' | 'rows' | 'forget';
const vectorKinds: Readonly<Record<VectorRequest, { readonly kind: number; readonly flags: number }>> = {
  search: { kind: RecordKind.vectorSearch, flags: 0 },
  searchRows: { kind: RecordKind.vectorSearch, flags: 1 },
  rows: { kind: RecordKind.vectorRows, flags: 0 },
  forget: { kind: RecordKind.vectorForget, flags: 0 },
};

const statusCodes = ['SERVER_ERROR', 'INVALID', 'PROTOCOL_ERROR', 'CORRUPT', 'OVERLOADED', 'SERVER_ERROR'] as const;
const timeoutText = 'Operation timed out - received only 0 responses.';
const writeTimedOut = () =>
  new FerrosaError('WRITE_TIMEOUT', timeoutText, { consistency: 1, received: 0, blockFor: 1, writeType: 'SIMPLE' });
const readTimedOut = () =>
  new FerrosaError('READ_TIMEOUT', timeoutText, { consistency: 1, received: 0, blockFor: 1, dataPresent: false });

/** The error in an answer of kind `error`: u8 code (status.h), str message. */
function errorOf(payload: Uint8Array): FerrosaError {
  const message = Buffer.from(payload.buffer, payload.byteOffset + 3, payload.length - 3).toString('utf8');
  return new FerrosaError(statusCodes[payload[0] ?? 0] ?? 'SERVER_ERROR', message);
}

/** The monotonic clock of the addon less that of `performance`, which is the cheaper one to ask. Microseconds. */
const clockOffset = Number(process.hrtime.bigint()) / 1000 - performance.now() * 1000;
const monotonicMicros = (): number => Math.floor(performance.now() * 1000 + clockOffset);

export class ShardRouter {
  readonly #links: Link[] = [];
  readonly #open: OpenRequests;
  readonly #waker: Waker;
  readonly #expiry = new Sweep(routerLimits.expiryIntervalMs, () => this.expire());
  readonly #now: () => number;
  #flushing = false;
  #timeouts = 0;
  /** Replaced by who drains the rings together with those of its own answers (HotPath). */
  onWake: () => void = () => this.poll();
  readonly #onShard: ((requests: RingProducer, answers: RingConsumer) => void)[] = [];

  /** @param now  monotonic microseconds */
  constructor(now: () => number = monotonicMicros) {
    this.#now = now;
    this.#open = new OpenRequests(routerLimits.openRequestsMax);
    this.#waker = new Waker(-1, () => this.onWake());
  }

  /** The eventfd that shards signal when they have answered. */
  get wakerFd(): number {
    return this.#waker.fd;
  }

  get shardCount(): number {
    return this.#links.length;
  }

  now(): number {
    return this.#now();
  }

  /** Adds the next shard. `shardFd`: the waker of its thread. */
  addShard(pair: RingPair, shardFd: number): void {
    const requests = new RingProducer(new Uint8Array(pair.requests), shardFd);
    const answers = new RingConsumer(new Uint8Array(pair.answers), shardFd);
    this.#links.push({ requests, answers, waiting: [], waitingBytes: 0, ended: false });
    for (const listener of this.#onShard) listener(requests, answers);
    this.#waker.signal(); // the answer ring must be found empty once before its producer wakes us
  }

  /** Calls `listener` with the rings of each shard there is and each that is added. */
  onShard(listener: (requests: RingProducer, answers: RingConsumer) => void): void {
    for (const { requests, answers } of this.#links) listener(requests, answers);
    this.#onShard.push(listener);
  }

  /** Makes `onWake` run in a later turn of the event loop. */
  signal(): void {
    this.#waker.signal();
  }

  /** One mutation (docs/format/mutation.md); resolves when the shard's commit log and memtable have it. */
  mutate(shard: number, mutation: Uint8Array, durable: boolean, options: RequestOptions = {}): Promise<void> {
    return this.#ask<void>(shard, RecordKind.mutation, durable ? 0 : 1, mutation, options, writeTimedOut);
  }

  /** Mutations of one shard as one commit-log record, applied together. */
  batch(
    shard: number,
    mutations: readonly Uint8Array[],
    durable: boolean,
    options: RequestOptions = {},
  ): Promise<void> {
    const payload = Buffer.allocUnsafe(4 + mutations.reduce((n, m) => n + 4 + m.length, 0));
    let at = payload.writeUInt32LE(mutations.length, 0);
    for (const mutation of mutations) {
      at = payload.writeUInt32LE(mutation.length, at);
      payload.set(mutation, at);
      at += mutation.length;
    }
    return this.#ask<void>(shard, RecordKind.batch, durable ? 0 : 1, payload, options, writeTimedOut);
  }

  /** A read command; resolves with its row stream (docs/format/read-command.md). */
  read(shard: number, command: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    return this.#ask(shard, RecordKind.read, 0, command, options, readTimedOut);
  }

  /** A search in a vector index, rows of a build of one, or claims to forget: docs/format/vector-search.md. */
  vectors(shard: number, what: VectorRequest, payload: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    const { kind, flags } = vectorKinds[what];
    return this.#ask(shard, kind, flags, payload, options, readTimedOut);
  }

  /** Creates or replaces a table on every shard. What is sent afterwards finds it. */
  async table(descriptor: Uint8Array): Promise<void> {
    await this.#askAll(RecordKind.table, descriptor);
  }

  /** @param id  16 bytes */
  async dropTable(id: Uint8Array): Promise<void> {
    await this.#askAll(RecordKind.dropTable, id);
  }

  /** Registers a hot plan under its number on every shard; an empty plan forgets it. */
  async plan(number: number, plan: Uint8Array): Promise<void> {
    const payload = Buffer.allocUnsafe(4 + plan.length);
    payload.writeUInt32LE(number, 0);
    payload.set(plan, 4);
    await this.#askAll(RecordKind.plan, payload);
  }

  /**
   * From here on ('begins') or no longer ('ends') the shard leaves conditional writes of a partition to JavaScript, which reads it to write it.
   * @param table  16 bytes
   * @throws FerrosaError OVERLOADED: it is as it was
   */
  hold(shard: number, table: Uint8Array, key: Uint8Array, what: 'begins' | 'ends'): Promise<void> {
    const payload = Buffer.allocUnsafe(table.length + key.length);
    payload.set(table, 0);
    payload.set(key, table.length);
    return this.#ask<void>(shard, RecordKind.hold, what === 'ends' ? 1 : 0, payload, {}, writeTimedOut);
  }

  /** A message to the shard's JavaScript, and its answer; both are what JSON can say. */
  async control(shard: number, message: unknown, options: RequestOptions = {}): Promise<unknown> {
    const payload = Buffer.from(JSON.stringify(message));
    const answer = await this.#ask(shard, RecordKind.control, 0, payload, options, readTimedOut);
    return JSON.parse(Buffer.from(answer.buffer, answer.byteOffset, answer.length).toString('utf8'));
  }

  /** Rejects everything that waits for a shard whose thread has ended, and all that is asked of it later. */
  shardEnded(shard: number): void {
    const link = this.#link(shard);
    link.ended = true;
    link.waiting.length = 0;
    link.waitingBytes = 0;
    this.#open.rejectAll(shard, new FerrosaError('SERVER_ERROR', `Shard ${shard} has ended`));
  }

  /** Takes what shards have answered and sends what waited for space. The waker calls it. */
  poll(): void {
    let more = false;
    for (const link of this.#links) {
      const drained = link.answers.drain(routerLimits.drainBytesMax);
      if (drained !== null) this.complete(drained);
      if (!link.answers.sleep()) more = true;
    }
    this.pump();
    if (more) this.#waker.signal(); // other events of this thread get their turn first
  }

  /** Completes the requests of drained answers. */
  complete(drained: Buffer): void {
    for (const record of recordsOf(drained)) this.#complete(record);
  }

  /** Sends what waited for space in the rings. */
  pump(): void {
    for (const link of this.#links) {
      if (!link.requests.pump() || link.waiting.length === 0) continue;
      let sent = 0;
      for (const w of link.waiting) {
        if (!link.requests.push(w.kind, w.flags, w.request, w.deadline, w.payload)) break;
        link.waitingBytes -= w.payload.length;
        sent++;
      }
      link.waiting.splice(0, sent);
      link.requests.flush();
    }
  }

  /** Rejects what is past its deadline. Runs by itself every `expiryIntervalMs` while requests are open. True when some are still. */
  expire(): boolean {
    if (this.#open.size > 0) this.#timeouts += this.#open.expire(this.#now());
    return this.#open.size > 0;
  }

  /** For metrics: requests open, those past their deadline so far, bytes that wait for space, and how often rings were full. */
  stats(): { open: number; timeouts: number; waitingBytes: number[]; usedBytes: number[]; full: number[] } {
    return {
      open: this.#open.size,
      timeouts: this.#timeouts,
      waitingBytes: this.#links.map((link) => link.waitingBytes),
      usedBytes: this.#links.map((link) => link.requests.usedBytes()),
      full: this.#links.map((link) => link.requests.fullCount()),
    };
  }

  /** Rejects what is open and lets the thread end. */
  close(): void {
    this.#expiry.end();
    for (const link of this.#links) link.ended = true;
    this.#open.rejectAll(null, new FerrosaError('SERVER_ERROR', 'The server is shutting down'));
    this.#waker.close();
  }

  #link(shard: number): Link {
    const link = this.#links[shard];
    if (link === undefined) throw new FerrosaError('SERVER_ERROR', `There is no shard ${shard}`);
    return link;
  }

  /** Resolves with the payload of the answer; void where it has none. */
  #ask<T = Uint8Array>(
    shard: number,
    kind: number,
    flags: number,
    payload: Uint8Array,
    options: RequestOptions,
    timedOut: () => FerrosaError,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const link = this.#link(shard);
      if (link.ended) throw new FerrosaError('SERVER_ERROR', `Shard ${shard} has ended`);
      if (link.waitingBytes + payload.length > routerLimits.waitingBytesMax && link.waiting.length > 0) {
        throw new FerrosaError('OVERLOADED', `Too many bytes wait for shard ${shard}`);
      }
      const deadline = options.deadline ?? 0;
      const done = resolve as (payload: Uint8Array) => void;
      const request = this.#open.add({
        shard,
        deadline,
        resolve: done,
        reject,
        timedOut: options.timedOut ?? timedOut,
      });
      this.#expiry.begin();
      if (link.waiting.length === 0 && link.requests.push(kind, flags, request, deadline, payload)) {
        this.flushLater();
      } else {
        link.waiting.push({ kind, flags, request, deadline, payload });
        link.waitingBytes += payload.length;
      }
    });
  }

  async #askAll(kind: number, payload: Uint8Array): Promise<void> {
    await Promise.all(this.#links.map((_, shard) => this.#ask(shard, kind, 0, payload, {}, writeTimedOut)));
  }

  /** Shows what was pushed to the shards after all I/O events of this turn: one wake-up for them all. */
  flushLater(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      for (const link of this.#links) link.requests.flush();
    });
  }

  #complete(record: RingRecord): void {
    const request = this.#open.take(record.request);
    if (request === undefined) return; // timed out before
    if (record.kind === RecordKind.error) request.reject(errorOf(record.payload));
    else request.resolve(record.payload);
  }
}

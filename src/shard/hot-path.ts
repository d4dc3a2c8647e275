// The hot path of one thread: what the addon's frontend takes from connections and gives back to them. See docs/format/hot-plan.md for
// what is hot; everything else passes through untouched.
import { plainBytes, readU32 } from '../common/bytes.js';
import { FerrosaError } from '../common/errors.js';
import { Sweep } from '../common/sweep.js';
import {
  Frontend,
  FrontendCompression,
  type FrontendDrained,
  FrontendDue,
  type FrontendFigures,
  FrontendItem,
  type FrontendItems,
  type FrontendStats,
} from '../native/index.js';
import { routerLimits, type ShardRouter } from './router.js';

export type HotPathOptions = {
  /** Header and body of one envelope. */
  readonly frameBytesMax?: number;
  /** Of the answers that requests of one connection may have while they are in flight. */
  readonly answerBytesMax?: number;
  readonly writeTimeoutMs?: number;
  readonly counterTimeoutMs?: number;
  readonly readTimeoutMs?: number;
  /** Whether batches of several partitions are hot; they are when it is left out. */
  readonly severalPartitions?: boolean;
  /** The shard whose thread this is; left out on main. */
  readonly ownShard?: number;
};

/** Limits of the hot path of one thread. */
export const hotPathLimits = {
  openMax: 65_536,
  /** Stream ids of a connection. */
  openPerConnectionMax: 32_768,
  plansMax: 65_536,
  /** Groups of connections; kHotGroupsMax of native/core/limits.h. */
  groupsMax: 4_096,
  expiryIntervalMs: 50,
  /** Between two looks at whether batches have ended. */
  batchesEndedIntervalMs: 5,
  /** Of the buffer that answers of many wake-ups share, and what must be left of it to go on with it: room for all that one wake-up drains. */
  outputBytes: 4 * 1024 * 1024,
  outputReserveBytes: 1536 * 1024,
  /** Connections to which one drain sends without an object of its own. */
  connectionsADrain: 256,
};

/** Of what a drain sends: connection, start, end, whether it is to be compressed. */
const outgoingFields = 4;

/** What a connection does for the hot path. */
export interface HotConnectionHost {
  /**
   * Answers: the bytes from `start` to `end`. `plain`: whole envelopes that still want compression and framing; else bytes for the socket as
   * they are. True when the host keeps them beyond this call.
   */
  hotAnswers(bytes: Uint8Array, start: number, end: number, plain: boolean): boolean;
  /** Bytes for the decoder, after a stop; the host's own. */
  hotLeft(bytes: Uint8Array): void;
  /** A request that was taken and must be run all the same: a whole envelope. */
  hotDeclined(envelope: Uint8Array): void;
  /**
   * Makes the answer to a request (a whole envelope) out of its rows as the plan has read them: returns how many rows that has. Less than 0: it
   * cannot, and runs the request in full.
   */
  hotComputed(envelope: Uint8Array, rowCount: number, cells: Uint8Array): number;
  hotPause(): void;
  hotResume(): void;
}

/** One connection of the hot path. */
export class HotConnection {
  readonly #frontend: Frontend;
  readonly #path: HotPath;
  readonly #id: number;

  /** Made by HotPath.open. */
  constructor(path: HotPath, frontend: Frontend, id: number) {
    this.#path = path;
    this.#frontend = frontend;
    this.#id = id;
  }

  /** Takes the socket's bytes, those before `length`; returns a copy of what is for the decoder, null when that is nothing. */
  data(bytes: Uint8Array, length: number): Uint8Array | null {
    const items = this.#frontend.data(this.#id, bytes, length);
    if (typeof items === 'number') {
      if (items & FrontendDue.flush) this.#path.flushLater();
      else if (items !== 0) this.#path.watch();
      if (items & FrontendDue.drain) this.#path.drain();
      return null;
    }
    this.#path.flushLater();
    return this.#path.dispatch(items, this.#id);
  }

  /** Offers a whole envelope whose body JavaScript has decompressed (its flag cleared). True when it was taken. */
  offer(envelope: Uint8Array): boolean {
    const taken = this.#frontend.envelope(this.#id, envelope);
    if (taken) this.#path.flushLater();
    return taken;
  }

  /** Whether its requests may be hot at all; they are until this is called. */
  setHot(hot: boolean): void {
    this.#frontend.setHot(this.#id, hot);
  }

  /** While its client leaves too many answers unread: none of its requests begins. */
  hold(): void {
    this.#frontend.setHeld(this.#id, true);
  }

  /** Its requests go on. */
  release(): void {
    this.#frontend.setHeld(this.#id, false);
    this.#path.drainLater();
  }

  /** Who asks by it, from 1 on; it runs the plans that its group is allowed to. Until this is called it runs every plan. */
  setGroup(group: number): void {
    this.#frontend.setGroup(this.#id, group);
  }

  /** What USE has chosen: statements that come as text are looked up in it. */
  setKeyspace(keyspace: string): void {
    this.#frontend.setKeyspace(this.#id, Buffer.from(keyspace));
  }

  /** Hot requests in flight. */
  get inFlight(): number {
    return this.#frontend.openOf(this.#id);
  }

  /** Hot requests so far, those that went to JavaScript in the end among them. */
  get taken(): number {
    return this.#frontend.takenOf(this.#id);
  }

  /** Its answers are dropped from here on. */
  close(): void {
    this.#path.forget(this.#id);
  }
}

export class HotPath {
  readonly #router: ShardRouter;
  readonly #frontend: Frontend;
  readonly #hosts = new Map<number, HotConnectionHost>();
  readonly #expiry = new Sweep(hotPathLimits.expiryIntervalMs, () => this.#expire());
  readonly #freeNumbers: number[] = [];
  /** Answers of many wake-ups share a buffer: fewer objects for the garbage collector. */
  #output = Buffer.allocUnsafeSlow(hotPathLimits.outputBytes);
  #outputUsed = 0;
  readonly #index = new Uint32Array(hotPathLimits.connectionsADrain * outgoingFields);
  #numbers = 0;
  /** Plans by their number, as they are registered now. */
  readonly #plans = new Map<number, Uint8Array>();
  readonly #longestRequestMs: number;
  /**
   * Tells the hot paths of other threads of a plan; empty bytes: that it is gone. Resolves when they know, and is asked to tell
   * them before this returns, so that what is sent to those threads afterwards finds it.
   */
  onPlan: (number: number, plan: Uint8Array) => Promise<void> = async () => {};
  /** Tells them that a group may run a plan. */
  onAllowed: (group: number, plan: number) => void = () => {};

  constructor(router: ShardRouter, options: HotPathOptions = {}) {
    this.#router = router;
    this.#frontend = new Frontend({
      frameBytesMax: options.frameBytesMax ?? 16 * 1024 * 1024,
      openMax: hotPathLimits.openMax,
      openPerConnectionMax: hotPathLimits.openPerConnectionMax,
      answerBytesMax: options.answerBytesMax ?? 16 * 1024 * 1024,
      writeTimeoutMicros: (options.writeTimeoutMs ?? 2000) * 1000,
      counterTimeoutMicros: (options.counterTimeoutMs ?? 5000) * 1000,
      readTimeoutMicros: (options.readTimeoutMs ?? 5000) * 1000,
      severalPartitions: options.severalPartitions ?? true,
      ...(options.ownShard === undefined ? {} : { ownShard: options.ownShard }),
    });
    this.#longestRequestMs = Math.max(
      options.writeTimeoutMs ?? 2000,
      options.counterTimeoutMs ?? 5000,
      options.readTimeoutMs ?? 5000,
    );
    router.onShard((requests, answers) => this.#frontend.addShard(requests, answers));
    router.onWake = () => this.drain();
  }

  /**
   * Begins with a connection that is ready for statements: from here on all bytes of its socket go through `data`.
   * REQUIRES: its decoder holds no bytes.
   */
  open(
    version: number,
    compression: 'lz4' | 'snappy' | null,
    throwOnOverload: boolean,
    host: HotConnectionHost,
  ): HotConnection {
    const id = this.#frontend.open(version, FrontendCompression[compression ?? 'none'], throwOnOverload);
    this.#hosts.set(id, host);
    return new HotConnection(this, this.#frontend, id);
  }

  /**
   * Registers a hot plan with all shards and this thread; its number is for `unregister`.
   * @throws FerrosaError INVALID for bytes that are no plan, OVERLOADED when there are too many
   */
  register(plan: Uint8Array): number {
    return this.#tellShards(this.registerText(plan), plan);
  }

  /** The same for a read of whose rows this thread makes the answers: other threads leave such statements to it. */
  registerComputed(plan: Uint8Array): number {
    return this.#tellShards(this.#registerHere(plan), plan);
  }

  /** The same for a plan that no shard runs: of texts that go on as an EXECUTE. */
  registerText(plan: Uint8Array): number {
    const number = this.#registerHere(plan);
    this.#plans.set(number, plan);
    this.onPlan(number, plan).catch(() => {}); // such a thread has ended, and with it the node
    return number;
  }

  /** The plan is in each ring before any request that needs it; a shard that does not know it declines. */
  #tellShards(number: number, plan: Uint8Array): number {
    this.#router.plan(number, plan).catch(() => this.#frontend.plan(number, new Uint8Array()));
    return number;
  }

  #registerHere(plan: Uint8Array): number {
    const number = this.#freeNumbers.pop() ?? this.#numbers++;
    if (number >= hotPathLimits.plansMax) throw new FerrosaError('OVERLOADED', 'Too many hot plans');
    try {
      this.#frontend.plan(number, plan);
    } catch (error) {
      this.#freeNumbers.push(number);
      const { code, message } = error as FerrosaError;
      throw new FerrosaError(code, message);
    }
    return number;
  }

  unregister(number: number): void {
    this.#frontend.plan(number, new Uint8Array());
    this.#plans.delete(number);
    const forgotten = new Uint8Array();
    Promise.all([this.#router.plan(number, forgotten), this.onPlan(number, forgotten)]).then(
      // A request of another thread may wait in a ring still. When it is past its deadline no shard runs it.
      () => setTimeout(() => this.#freeNumbers.push(number), this.#longestRequestMs * 2).unref(),
      () => {}, // a shard has ended: the number stays unused
    );
  }

  /** The plans that are registered, by number: for a thread that begins. */
  get plans(): ReadonlyMap<number, Uint8Array> {
    return this.#plans;
  }

  /** Takes over a plan that another thread has registered with the shards; empty bytes forget it. */
  follow(number: number, plan: Uint8Array): void {
    this.#frontend.plan(number, plan);
  }

  /** Lets the connections of a group run a plan, here and on other threads, until the plan is gone or `disallowAll`. */
  allow(group: number, plan: number): void {
    if (group >= hotPathLimits.groupsMax) return;
    this.followAllowed(group, plan);
    this.onAllowed(group, plan);
  }

  /** Takes over what another thread allows. */
  followAllowed(group: number, plan: number): void {
    this.#frontend.allow(group, plan);
  }

  /** No group is allowed to run any plan, on this thread. */
  disallowAll(): void {
    this.#frontend.disallowAll();
  }

  /** To be called with the router's `shardEnded`. */
  shardEnded(shard: number): void {
    if (this.#frontend.shardEnded(shard)) this.#router.signal();
  }

  stats(): FrontendStats {
    return this.#frontend.stats();
  }

  /** Resolves when the batches of several shards that have begun are written everywhere, and their entries of system.batches have ended. */
  async batchesEnded(): Promise<void> {
    const [begun] = this.#frontend.spreads();
    while (this.#frontend.spreads()[1] < begun)
      await new Promise((resolve) => setTimeout(resolve, hotPathLimits.batchesEndedIntervalMs));
  }

  /** Latencies by table since the last call. */
  takeFigures(): readonly FrontendFigures[] {
    return this.#frontend.takeFigures();
  }

  close(): void {
    this.#expiry.end();
    this.#hosts.clear();
  }

  #expire(): boolean {
    if (this.#frontend.expire()) this.#router.signal();
    return this.#frontend.isOpen();
  }

  /** @internal Requests are to be shown to the shards. */
  flushLater(): void {
    this.watch();
    this.#router.flushLater();
  }

  /** @internal What waits has another try. */
  drainLater(): void {
    this.#router.signal();
  }

  /** @internal Requests may wait for their answers. */
  watch(): void {
    this.#expiry.begin();
  }

  /** @internal */
  forget(id: number): void {
    this.#frontend.close(id);
    this.#hosts.delete(id);
  }

  /** @internal Tells hosts what the addon says; bytes left of connection `own` are returned instead. */
  dispatch(items: FrontendItems, own: number): Uint8Array | null {
    const [buffer, fields] = items;
    const bytes = plainBytes(buffer);
    let left: Uint8Array | null = null;
    for (let i = 0; i < fields.length; i += 4) {
      const kind = fields[i]!;
      if (kind === FrontendItem.answers) {
        this.#router.signal();
        continue;
      }
      const id = fields[i + 1]!;
      const part = bytes.subarray(fields[i + 2]!, fields[i + 3]!);
      if (kind === FrontendItem.left && id === own) left = part;
      else this.#tell(kind, id, part);
    }
    return left;
  }

  #tell(kind: number, id: number, bytes: Uint8Array): void {
    const host = this.#hosts.get(id);
    if (host === undefined) return;
    if (kind === FrontendItem.left) host.hotLeft(bytes);
    else if (kind === FrontendItem.declined) host.hotDeclined(bytes);
    else if (kind === FrontendItem.computed) this.#tellComputed(host, bytes);
    else if (kind === FrontendItem.stopped) host.hotPause();
    else if (kind === FrontendItem.resumed) host.hotResume();
  }

  #tellComputed(host: HotConnectionHost, item: Uint8Array): void {
    const envelopeAt = 8;
    const rowsAt = envelopeAt + readU32(item, 4);
    const rows = host.hotComputed(item.subarray(envelopeAt, rowsAt), readU32(item, rowsAt), item.subarray(rowsAt + 4));
    this.#frontend.computed(readU32(item, 0), rows);
  }

  /** @internal Sends what has been answered. */
  drain(): void {
    const drained = this.#frontend.drain(routerLimits.drainBytesMax, this.#output, this.#outputUsed, this.#index);
    if (typeof drained === 'number') {
      if (drained > 1) this.#sendOutput(this.#index, (drained >> 1) * outgoingFields);
      if (drained & 1) this.#router.signal();
    } else this.#deliver(drained);
    this.#router.pump();
  }

  #deliver([more, generic, items, sealed, outgoing]: FrontendDrained): void {
    if (sealed !== null) this.#send(sealed, 0, outgoing, outgoing.length);
    if (items !== null) this.dispatch(items, -1);
    if (generic !== null) this.#router.complete(generic);
    if (more) this.#router.signal();
  }

  /** Sends the part of the output buffer that the last drain has filled. What a socket keeps of it is never written again. */
  #sendOutput(outgoing: ArrayLike<number>, length: number): void {
    const bytes = outgoing[length - 2]!;
    if (!this.#send(this.#output, this.#outputUsed, outgoing, length)) return;
    this.#outputUsed += bytes;
    if (this.#output.length - this.#outputUsed >= hotPathLimits.outputReserveBytes) return;
    this.#output = Buffer.allocUnsafeSlow(hotPathLimits.outputBytes);
    this.#outputUsed = 0;
  }

  /** True when a connection keeps its part of the bytes. */
  #send(bytes: Buffer, offset: number, outgoing: ArrayLike<number>, length: number): boolean {
    let kept = false;
    for (let i = 0; i < length; i += outgoingFields) {
      const [start, end] = [offset + outgoing[i + 1]!, offset + outgoing[i + 2]!];
      if (this.#hosts.get(outgoing[i]!)?.hotAnswers(bytes, start, end, outgoing[i + 3] === 1)) kept = true;
    }
    return kept;
  }
}

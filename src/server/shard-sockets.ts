// Main's side of connections whose sockets are on the threads of shards: hands descriptors over, and is their transport afterwards.
import type { Socket } from 'node:net';
import type { MessagePort } from 'node:worker_threads';
import { closeDescriptor, duplicateDescriptor } from '../native/index.js';
import { type BadFrame, frameErrorOf } from './shard-side/bad-frame.js';
import { type MovedState, RecordPort, ToMain, ToShard } from './shard-side/records.js';
import type { MovedHost, MovedTransport } from './transport.js';

/** What node:net does not say of a socket's handle: how to stop reading at once, and its descriptor. */
type Handle = { readonly fd: number; readStop(): number };

type Moved = { readonly transport: MovedSocket; readonly host: MovedHost };

class MovedSocket implements MovedTransport {
  readonly #port: RecordPort;
  readonly #id: number;
  destroyed = false;
  writableLength = 0;
  inFlight = 0;
  taken = 0;

  constructor(port: RecordPort, id: number) {
    this.#port = port;
    this.#id = id;
  }

  write(bytes: Uint8Array): void {
    if (this.destroyed || bytes.length === 0) return;
    this.writableLength += bytes.length;
    this.#port.send(ToShard.write, this.#id, bytes);
  }

  pause(): void {
    this.#tell(ToShard.pause);
  }

  resume(): void {
    this.#tell(ToShard.resume);
  }

  stop(): void {
    if (this.destroyed) return;
    this.inFlight = 1;
    this.#tell(ToShard.stop);
  }

  end(): void {
    this.#tell(ToShard.end);
  }

  destroy(): void {
    this.#tell(ToShard.destroy);
    this.destroyed = true;
  }

  setTimeout(ms: number): void {
    this.#tell(ToShard.timeout, ms);
  }

  setHot(hot: boolean): void {
    this.#tell(ToShard.setHot, hot ? 1 : 0);
  }

  setKeyspace(keyspace: string): void {
    if (!this.destroyed) this.#port.send(ToShard.keyspace, this.#id, Buffer.from(keyspace));
  }

  #tell(kind: number, number = 0): void {
    if (!this.destroyed) this.#port.send(kind, this.#id, undefined, number);
  }
}

/** The connections of one shard. */
class ShardLink {
  readonly #port: RecordPort;
  readonly #moved = new Map<number, Moved>();
  /** Hot requests of all its connections. */
  taken = 0;
  readonly #forgetting = new Map<number, (() => void)[]>();
  readonly #disallowing: (() => void)[] = [];
  #next = 1;

  constructor(port: MessagePort) {
    this.#port = new RecordPort(port, (kind, id, bytes, number) => {
      if (kind === ToMain.forgotten) this.#forgetting.get(id)?.shift()?.();
      else if (kind === ToMain.disallowed) this.#disallowing.shift()?.();
      else this.#onRecord(kind, id, bytes, number);
    });
  }

  get connections(): number {
    return this.#moved.size;
  }

  take(state: MovedState, early: readonly Uint8Array[], host: MovedHost): MovedTransport {
    const id = this.#next++;
    const transport = new MovedSocket(this.#port, id);
    this.#moved.set(id, { transport, host });
    this.#port.send(ToShard.open, id, Buffer.from(JSON.stringify(state)));
    for (const bytes of early) this.#port.send(ToShard.early, id, bytes);
    return transport;
  }

  /** Resolves when the shard has forgotten the plan; at once for one that it is to know. */
  plan(number: number, plan: Uint8Array): Promise<void> {
    this.#port.send(ToShard.plan, number, plan);
    if (plan.length > 0) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#forgetting.get(number);
      if (waiting === undefined) this.#forgetting.set(number, [resolve]);
      else waiting.push(resolve);
    });
  }

  allow(group: number, plan: number): void {
    this.#port.send(ToShard.allow, group, undefined, plan);
  }

  /** Resolves when no connection of the shard runs a plan unless it is allowed to again. */
  disallowAll(): Promise<void> {
    this.#port.send(ToShard.disallowAll, 0);
    return new Promise((resolve) => this.#disallowing.push(resolve));
  }

  #onRecord(kind: number, id: number, bytes: Uint8Array, number: number): void {
    const moved = this.#moved.get(id);
    if (moved === undefined) return;
    const { transport, host } = moved;
    if (kind === ToMain.data) host.movedData(bytes);
    else if (kind === ToMain.written) {
      transport.writableLength -= number;
      host.movedDrain();
    } else if (kind === ToMain.declined) host.hotDeclined(bytes);
    else if (kind === ToMain.badFrame) host.movedBadFrame(frameErrorOf(parse<BadFrame>(bytes)));
    else if (kind === ToMain.taken) {
      this.taken += number - transport.taken;
      transport.taken = number;
    } else if (kind === ToMain.idle) {
      transport.inFlight = 0;
      host.movedIdle();
    } else if (kind === ToMain.timedOut) host.movedTimeout();
    else if (kind === ToMain.closed) {
      transport.destroyed = true;
      transport.inFlight = 0;
      this.#moved.delete(id);
      host.movedClose();
    }
  }
}

const parse = <T>(bytes: Uint8Array): T => JSON.parse(Buffer.from(bytes).toString('utf8')) as T;

/** The threads of the shards as places for sockets. */
export class ShardSockets {
  readonly #links: readonly ShardLink[];
  #next = 0;

  /** @param ports  one a shard, in their order */
  constructor(ports: readonly MessagePort[]) {
    this.#links = ports.map((port) => new ShardLink(port));
  }

  get shardCount(): number {
    return this.#links.length;
  }

  /**
   * Open connections of a shard. Counted on this thread: one is counted before its client reads the answer to STARTUP, which the thread
   * of the shard could not promise.
   */
  connectionsOf(shard: number): number {
    return this.#links[shard]!.connections;
  }

  /** Hot requests of all connections of shards, as far as they have told. */
  get taken(): number {
    return this.#links.reduce((sum, link) => sum + link.taken, 0);
  }

  /** Shards in turn, for connections that did not choose. */
  nextShard(): number {
    return this.#next++ % this.#links.length;
  }

  /** The shard that a client chooses with the port it comes from: ScyllaDB's rule. */
  shardOfPort(port: number): number {
    return port % this.#links.length;
  }

  /**
   * Moves a socket that has sent everything: it is closed on this thread, and the connection to the client goes on from the shard's.
   * @param early  bytes that were read and are not decoded
   * @returns null when it cannot be moved: it stays as it was
   */
  move(
    shard: number,
    socket: Socket,
    state: Omit<MovedState, 'fd'>,
    early: Uint8Array,
    host: MovedHost,
  ): MovedTransport | null {
    const handle = (socket as unknown as { readonly _handle: Handle | null })._handle;
    if (handle === null || socket.destroyed || socket.writableLength > 0 || handle.fd < 0) return null;
    const fd = duplicateDescriptor(handle.fd);
    if (fd === null) return null;
    // Nothing is read here any more, not even what the current turn of the loop would still find.
    if (handle.readStop() !== 0) {
      closeDescriptor(fd);
      return null;
    }
    const parts = early.length > 0 ? [early] : [];
    socket.pause();
    socket.removeAllListeners('data');
    for (let rest = socket.read() as Buffer | null; rest !== null; rest = socket.read() as Buffer | null)
      parts.push(rest);
    socket.destroy();
    return this.#links[shard]!.take({ ...state, fd }, parts, host);
  }

  /** For HotPath.onPlan. */
  async plan(number: number, plan: Uint8Array): Promise<void> {
    await Promise.all(this.#links.map((link) => link.plan(number, plan)));
  }

  /** For HotPath.onAllowed. */
  allow(group: number, plan: number): void {
    for (const link of this.#links) link.allow(group, plan);
  }

  async disallowAll(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.disallowAll()));
  }

  /** Resolves when every shard has done what it was told before. */
  settled(): Promise<void> {
    // What is disallowed is allowed again by the next execution in JavaScript.
    return this.disallowAll();
  }
}

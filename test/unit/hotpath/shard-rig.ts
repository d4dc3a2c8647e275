// A hot path, a router and one shard, or more, on one thread, joined by real rings; the table k int, c int, s text static, v text, w int.
import {
  type CommitLog,
  NativeStore,
  RingConsumer,
  RingProducer,
  ringMemory,
  ShardLoop,
  ShardLoopOutcome,
  Waker,
} from '../../../src/native/index.js';
import type { Frame } from '../../../src/protocol/index.js';
import { buildTable, defaultTableOptions, encodeDescriptor, type TableDefinition } from '../../../src/schema/index.js';
import { type HotConnection, HotPath, ShardRouter } from '../../../src/shard/index.js';

const tableUuid = '0d2c0de0-1111-4222-8333-444455556666';
export const tableId = Buffer.from(tableUuid.replaceAll('-', ''), 'hex');
/** Column ids. */
export const ids = { k: 0, c: 1, s: 2, v: 3, w: 4 } as const;

export function table(version: number, extra: 'none' | 'x' = 'none'): TableDefinition {
  const column = (
    name: string,
    id: number,
    kind: 'partition_key' | 'clustering' | 'static' | 'regular',
    type: 'int' | 'text',
  ) => ({
    name,
    id,
    kind,
    position: kind === 'partition_key' || kind === 'clustering' ? 0 : -1,
    type: { kind: type } as const,
    reversed: false,
  });
  return buildTable({
    keyspace: 'ks',
    name: 't',
    id: tableUuid,
    version,
    isCounter: false,
    flags: ['compound'],
    columns: [
      column('k', ids.k, 'partition_key', 'int'),
      column('c', ids.c, 'clustering', 'int'),
      column('s', ids.s, 'static', 'text'),
      column('v', ids.v, 'regular', 'text'),
      column('w', ids.w, 'regular', 'int'),
      ...(extra === 'x' ? [column('x', 5, 'regular', 'int')] : []),
    ],
    dropped: [],
    nextColumnId: 6,
    options: defaultTableOptions,
    indexes: [],
    virtual: false,
  });
}

export class ShardRig {
  readonly router = new ShardRouter();
  readonly hot = new HotPath(this.router);
  readonly stores: readonly NativeStore[];
  readonly loops: readonly ShardLoop[];
  readonly #waker: Waker;
  #ended = false;
  /** Called with each control message; answers come by loop.answer. */
  readonly events: (readonly (number | Buffer)[])[] = [];

  constructor(
    readonly log: CommitLog | null = null,
    ringBytes = 65536,
    shards = 1,
  ) {
    this.#waker = new Waker(-1, () => this.run());
    this.stores = Array.from({ length: shards }, () => new NativeStore(new Uint8Array(16)));
    this.loops = this.stores.map((store, shard) => {
      const rings = { requests: ringMemory(ringBytes), answers: ringMemory(ringBytes) };
      const loop = new ShardLoop(store, log);
      loop.setShard(shard, shards);
      this.router.addShard(rings, this.#waker.fd);
      loop.addAsker(
        new RingConsumer(new Uint8Array(rings.requests), this.router.wakerFd),
        new RingProducer(new Uint8Array(rings.answers), this.router.wakerFd),
      );
      return loop;
    });
    this.#waker.signal();
  }

  /** The first shard's. */
  get store(): NativeStore {
    return this.stores[0]!;
  }

  get loop(): ShardLoop {
    return this.loops[0]!;
  }

  run(): void {
    for (const loop of this.loops) this.#run(loop);
  }

  #run(loop: ShardLoop): void {
    if (this.#ended) return;
    const outcome = loop.run(2000);
    if (outcome & ShardLoopOutcome.events) {
      const flat = loop.takeEvents();
      for (let i = 0; i < flat.length; i += 5) this.events.push(flat.slice(i, i + 5));
    }
    if (outcome & ShardLoopOutcome.more) this.#waker.signal();
  }

  async setTable(definition: TableDefinition): Promise<void> {
    await this.router.table(encodeDescriptor(definition));
  }

  client(version: 3 | 4 | 5, throwOnOverload = false): RigClient {
    return new RigClient(this.hot, version, throwOnOverload);
  }

  close(): void {
    this.#ended = true;
    this.hot.close();
    this.router.close();
    this.#waker.close();
  }
}

/** A connection without a socket: requests in, response frames out. */
export class RigClient {
  readonly #waiting = new Map<number, (frame: Frame) => void>();
  readonly connection: HotConnection;
  /** Envelopes that went to JavaScript after a shard had declined them. */
  readonly declined: Uint8Array[] = [];
  /** Rows that came for JavaScript to make an answer of; what `compute` returns is told to the addon. */
  readonly computed: { readonly envelope: Uint8Array; readonly rowCount: number; readonly cells: Uint8Array }[] = [];
  compute: (rowCount: number) => number = (rowCount) => rowCount;
  /** Bytes that never went to a shard. */
  readonly left: Uint8Array[] = [];

  constructor(
    hot: HotPath,
    readonly version: 3 | 4 | 5,
    throwOnOverload: boolean,
  ) {
    this.connection = hot.open(version, null, throwOnOverload, {
      hotAnswers: (all, start, end) => {
        const bytes = Buffer.from(all.subarray(start, end));
        this.#answers(version >= 5 ? unsealed(bytes) : bytes);
        return false;
      },
      hotLeft: (bytes) => this.left.push(bytes),
      hotDeclined: (envelope) => {
        this.declined.push(envelope);
        const stream = Buffer.from(envelope).readInt16BE(2);
        this.#waiting.get(stream)?.({ kind: 'frame', version, flags: 0, stream, opcode: -1, body: envelope });
      },
      hotComputed: (envelope, rowCount, cells) => {
        this.computed.push({ envelope, rowCount, cells });
        const stream = Buffer.from(envelope).readInt16BE(2);
        this.#waiting.get(stream)?.({ kind: 'frame', version, flags: 0, stream, opcode: -2, body: envelope });
        return this.compute(rowCount);
      },
      hotPause: () => {},
      hotResume: () => {},
    });
  }

  /** Sends the bytes of one request and waits for the answer to its stream; opcode -1 when it went to JavaScript. */
  ask(stream: number, bytes: Uint8Array): Promise<Frame> {
    return new Promise((resolve) => {
      this.#waiting.set(stream, resolve);
      const left = this.connection.data(bytes, bytes.length);
      if (left === null) return;
      this.left.push(left);
      resolve({ kind: 'frame', version: this.version, flags: 0, stream, opcode: -1, body: left });
    });
  }

  #answers(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const view = Buffer.from(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
      const length = view.readInt32BE(5);
      const stream = view.readInt16BE(2);
      const body = view.subarray(9, 9 + length);
      const frame: Frame = { kind: 'frame', version: view[0]! & 0x7f, flags: view[1]!, stream, opcode: view[4]!, body };
      this.#waiting.get(stream)?.(frame);
      this.#waiting.delete(stream);
      at += 9 + length;
    }
  }
}

/** The envelopes in segments; checksums are the addon's tests' concern. */
function unsealed(bytes: Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at]! | (bytes[at + 1]! << 8) | ((bytes[at + 2]! & 1) << 16);
    parts.push(bytes.subarray(at + 6, at + 6 + length));
    at += 6 + length + 4;
  }
  return Buffer.concat(parts);
}

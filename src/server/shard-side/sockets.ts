// The connections on the thread of a shard: takes sockets over from main and tells it what happens to them.
import type { MessagePort } from 'node:worker_threads';
import type { HotPath, ServingLimits, SocketFigures } from '../../shard/index.js';
import { type MovedState, RecordPort, ToMain, ToShard } from './records.js';
import { ShardSocket } from './socket.js';

/** How often main is told how many requests there were. */
const takenIntervalMs = 250;

class Sockets {
  readonly #port: RecordPort;
  readonly #hotPath: HotPath;
  readonly #limits: ServingLimits;
  readonly #sockets = new Map<number, ShardSocket>();
  #receivedBytes = 0;
  /** Of connections that are closed. */
  #sentBytes = 0;

  constructor(port: MessagePort, hotPath: HotPath, limits: ServingLimits) {
    this.#hotPath = hotPath;
    this.#limits = limits;
    this.#port = new RecordPort(port, (kind, id, bytes, number) => this.#onRecord(kind, id, bytes, number));
    setInterval(() => this.#tellTaken(), takenIntervalMs).unref();
  }

  figures(): SocketFigures {
    let sentBytes = this.#sentBytes;
    for (const socket of this.#sockets.values()) sentBytes += socket.sentBytes;
    return { receivedBytes: this.#receivedBytes, sentBytes };
  }

  #tellTaken(): void {
    for (const socket of this.#sockets.values()) socket.tellTaken();
  }

  #onRecord(kind: number, id: number, bytes: Uint8Array, number: number): void {
    if (kind === ToShard.plan) this.#onPlan(id, bytes);
    else if (kind === ToShard.allow) this.#hotPath.followAllowed(id, number);
    else if (kind === ToShard.disallowAll) {
      this.#hotPath.disallowAll();
      this.#port.send(ToMain.disallowed, 0);
    } else if (kind === ToShard.open) this.#open(id, JSON.parse(Buffer.from(bytes).toString('utf8')));
    else this.#sockets.get(id)?.onRecord(kind, bytes, number);
  }

  #onPlan(number: number, plan: Uint8Array): void {
    // Main has read this plan already; one that is bad here too is not known here, and its requests go to main.
    this.#hotPath.follow(number, plan);
    if (plan.length === 0) this.#port.send(ToMain.forgotten, number);
  }

  #open(id: number, state: MovedState): void {
    const socket = new ShardSocket(state, this.#hotPath, this.#limits, {
      send: (kind, bytes, number) => this.#port.send(kind, id, bytes, number),
      received: (bytes) => {
        this.#receivedBytes += bytes;
      },
      closed: () => {
        this.#sentBytes += socket.sentBytes;
        this.#sockets.delete(id);
        this.#port.send(ToMain.closed, id);
      },
    });
    this.#sockets.set(id, socket);
  }
}

/** Serves the connections that main hands over by `port`. */
export function startServing(port: MessagePort, hotPath: HotPath, limits: ServingLimits): { figures(): SocketFigures } {
  return new Sockets(port, hotPath, limits);
}

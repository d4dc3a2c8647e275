// One client socket on the thread of a shard. Simple statements run from here; everything else goes to the connection on main, whose
// bytes are written as they come.
import type { Socket } from 'node:net';
import { sealV5 } from '../../native/index.js';
import {
  type BodyCompressor,
  bodyCompressor,
  EnvelopeDecoder,
  EnvelopeFlag,
  type Frame,
  type FrameDecoder,
  FramedDecoder,
} from '../../protocol/index.js';
import type { HotConnection, HotConnectionHost, HotPath, ServingLimits } from '../../shard/index.js';
import { type ClientSocket, openSocket } from '../client-socket.js';
import { isHotOpcode, isolateAnswers, requestEnvelope } from '../hot-envelope.js';
import { ConnectionOutput } from '../output.js';
import { badFrameOf } from './bad-frame.js';
import { type MovedState, ToMain, ToShard } from './records.js';

export type SocketOwner = {
  send(kind: number, bytes?: Uint8Array, number?: number): void;
  received(bytes: number): void;
  closed(): void;
};

/** Why nothing is read. */
type Pause = 'main' | 'output' | 'hot-path';

export class ShardSocket implements HotConnectionHost {
  readonly #socket: Socket;
  readonly #owner: SocketOwner;
  readonly #limits: ServingLimits;
  readonly #output: ConnectionOutput;
  readonly #hot: HotConnection;
  readonly #compressor: BodyCompressor | null;
  /** Where requests come compressed they are looked into here; null elsewhere. */
  readonly #decoder: FrameDecoder | null;
  readonly #version: number;
  readonly #pauses = new Set<Pause>();
  #stopping = false;
  #idleTold = false;
  #takenTold = 0;

  constructor(state: MovedState, hotPath: HotPath, limits: ServingLimits, owner: SocketOwner) {
    const { fd, version, compression, throwOnOverload, hot, group } = state;
    this.#owner = owner;
    this.#limits = limits;
    this.#version = version;
    this.#compressor = compression === null || version >= 5 ? null : bodyCompressor(compression);
    this.#decoder = compression === null ? null : decoderOf(version, limits.frameBytesMax);
    this.#hot = hotPath.open(version, compression, throwOnOverload, this);
    if (!hot) this.#hot.setHot(false);
    if (group > 0) this.#hot.setGroup(group);
    // Reading begins in a later turn of the loop: what main has read before comes first.
    const client = openSocket(fd);
    this.#socket = client.socket;
    this.#output = new ConnectionOutput(client, () => this.#onDrain());
    if (version >= 5) this.#output.startFraming(compression === 'lz4');
    this.#listen(client);
  }

  get sentBytes(): number {
    return this.#output.sentBytes;
  }

  onRecord(kind: number, bytes: Uint8Array, number: number): void {
    const socket = this.#socket;
    if (kind === ToShard.write) this.#write(bytes);
    else if (kind === ToShard.early) this.#onData(bytes, bytes.length);
    else if (kind === ToShard.pause) this.#pause('main');
    else if (kind === ToShard.resume) this.#resume('main');
    else if (kind === ToShard.stop) this.#stop();
    else if (kind === ToShard.end) this.#output.end();
    else if (kind === ToShard.destroy) socket.destroy();
    else if (kind === ToShard.timeout) socket.setTimeout(number);
    else if (kind === ToShard.setHot) this.#hot.setHot(number === 1);
    else if (kind === ToShard.keyspace) this.#hot.setKeyspace(Buffer.from(bytes).toString('utf8'));
  }

  tellTaken(): void {
    const { taken } = this.#hot;
    if (taken === this.#takenTold) return;
    this.#takenTold = taken;
    this.#owner.send(ToMain.taken, undefined, taken);
  }

  // ---- what the hot path says

  hotAnswers(bytes: Uint8Array, start: number, end: number, plain: boolean): boolean {
    const kept = plain || this.#output.sendRaw(bytes, start, end);
    if (plain) for (const one of isolateAnswers(bytes.subarray(start, end), this.#compressor)) this.#output.send(one);
    if (this.#output.backlogBytes > this.#limits.outputBytesMax) this.#pause('output');
    this.#tellWhenIdle();
    return kept;
  }

  hotLeft(bytes: Uint8Array): void {
    this.#forward(bytes);
  }

  hotDeclined(envelope: Uint8Array): void {
    this.#owner.send(ToMain.declined, envelope);
    this.#tellWhenIdle();
  }

  /** Never called: only main is told of such plans. */
  hotComputed(envelope: Uint8Array): number {
    this.hotDeclined(envelope);
    return -1;
  }

  hotPause(): void {
    this.#pause('hot-path');
  }

  hotResume(): void {
    this.#resume('hot-path');
  }

  // ---- the socket

  #listen(client: ClientSocket): void {
    const socket = this.#socket;
    socket.on('drain', () => this.#onDrain());
    socket.on('timeout', () => {
      if (this.#hot.inFlight === 0) this.#owner.send(ToMain.timedOut);
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.tellTaken();
      this.#hot.close();
      this.#owner.closed();
    });
    socket.setTimeout(this.#limits.idleTimeoutMs);
    client.start((bytes, length) => {
      this.#owner.received(length);
      this.#onData(bytes, length);
    });
  }

  #onData(chunk: Uint8Array, length: number): void {
    // After a stop bytes are read only to see the client's close.
    if (this.#stopping) return;
    const left = this.#hot.data(chunk, length);
    if (left !== null) this.#forward(left);
  }

  #write(bytes: Uint8Array): void {
    if (this.#socket.destroyed) return;
    this.#output.sendRaw(bytes, 0, bytes.length, () => this.#owner.send(ToMain.written, undefined, bytes.length));
  }

  #pause(reason: Pause): void {
    if (this.#pauses.has(reason)) return;
    this.#pauses.add(reason);
    if (reason === 'output') this.#hot.hold();
    this.#socket.pause();
  }

  #resume(reason: Pause): void {
    if (!this.#pauses.delete(reason)) return;
    if (reason === 'output') this.#hot.release();
    if (this.#pauses.size === 0 || this.#stopping) this.#socket.resume();
  }

  #onDrain(): void {
    if (this.#output.backlogBytes <= this.#limits.outputBytesMax) this.#resume('output');
  }

  #stop(): void {
    this.#stopping = true;
    this.#tellWhenIdle();
  }

  /** In a later turn: what was declined together with the last answer has been told by then. */
  #tellWhenIdle(): void {
    if (!this.#stopping || this.#idleTold) return;
    setImmediate(() => {
      if (this.#hot.inFlight > 0 || this.#idleTold) return;
      this.#idleTold = true;
      this.#owner.send(ToMain.idle);
    });
  }

  // ---- requests that the hot path did not find in the bytes

  #forward(bytes: Uint8Array): void {
    if (this.#decoder === null) {
      this.#owner.send(ToMain.data, bytes);
      return;
    }
    this.#decoder.push(bytes);
    for (let item = this.#decoder.next(); item !== null; item = this.#decoder.next()) {
      if (item.kind === 'error') this.#owner.send(ToMain.badFrame, Buffer.from(JSON.stringify(badFrameOf(item))));
      else if (!this.#offer(item)) this.#forwardFrame(item);
    }
  }

  /** The hot path does not decompress. */
  #offer(frame: Frame): boolean {
    if (!isHotOpcode(frame.opcode)) return false;
    if (frame.version !== this.#version) return false;
    try {
      return this.#hot.offer(requestEnvelope(frame, this.#plainBody(frame)));
    } catch {
      return false; // main finds the same and answers it
    }
  }

  #plainBody(frame: Frame): Uint8Array {
    const isCompressed = (frame.flags & EnvelopeFlag.COMPRESSED) !== 0 && frame.body.length > 0;
    if (!isCompressed || this.#compressor === null) return frame.body;
    return this.#compressor.decompress(frame.body, this.#limits.frameBytesMax);
  }

  /** As it came; v5: in segments that are not compressed. */
  #forwardFrame(frame: Frame): void {
    const envelope = requestEnvelope(frame, frame.body, frame.flags);
    this.#owner.send(ToMain.data, this.#version >= 5 ? sealV5(envelope, true) : envelope);
  }
}

function decoderOf(version: number, frameBytesMax: number): FrameDecoder {
  return version >= 5 ? new FramedDecoder(version, true, frameBytesMax) : new EnvelopeDecoder(frameBytesMax);
}

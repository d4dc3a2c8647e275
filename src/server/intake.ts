// What has come in on a connection and has not begun: frames, in their order, and why none of them begins for now.
import { EnvelopeDecoder, type Frame, type FrameDecoder, type FrameError } from '../protocol/index.js';
import { envelopeFrame } from './hot-envelope.js';
import type { ServerMetrics } from './metrics.js';
import type { Transport } from './transport.js';

/** Why no further request is read. */
export type Pause = 'authentication' | 'in-flight' | 'overload' | 'output' | 'hot-path';

export interface IntakeHost {
  /** @param mayBeHot  false for what the hot path has declined */
  frame(frame: Frame, mayBeHot: boolean): void;
  badFrame(error: FrameError): void;
}

/** Requests begun in one turn of the event loop: others get theirs, and the answers so far are seen before more are begun. */
const framesPerTurnMax = 128;

export class Intake {
  readonly #host: IntakeHost;
  readonly #metrics: ServerMetrics;
  #transport: Transport;
  #decoder: FrameDecoder;
  readonly #pauses = new Set<Pause>();
  /** Envelopes that the hot path took and gave back: they go first, and are not dropped when the connection closes. */
  readonly #declined: Uint8Array[] = [];
  #isStopped = false;
  #pumping = false;

  constructor(host: IntakeHost, transport: Transport, frameBytesMax: number, metrics: ServerMetrics) {
    this.#host = host;
    this.#transport = transport;
    this.#metrics = metrics;
    this.#decoder = new EnvelopeDecoder(frameBytesMax);
  }

  /** Declined envelopes that wait. */
  get declined(): number {
    return this.#declined.length;
  }

  /** Whether nothing new begins any more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Where the bytes come from, from here on. */
  moveTo(transport: Transport): void {
    this.#transport = transport;
  }

  /** Bytes that go on where the last ones ended. */
  push(bytes: Uint8Array): void {
    if (this.#isStopped) return;
    this.#decoder.push(bytes);
    this.#pump();
  }

  /** As `push`, but nothing begins yet. */
  hold(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
  }

  /** Bytes that are not decoded yet, taken out; null when some are in the middle of decoding. */
  drain(): Uint8Array | null {
    return this.#decoder.drain();
  }

  /** What has come and is not decoded goes on in another framing. */
  decodeWith(decoder: FrameDecoder): void {
    const rest = this.#decoder.drain()!;
    this.#decoder = decoder;
    this.#decoder.push(rest);
  }

  decline(envelope: Uint8Array): void {
    this.#declined.push(envelope);
    this.#pump();
  }

  /** False when it was paused for this reason already. */
  pause(reason: Pause): boolean {
    if (this.#pauses.has(reason)) return false;
    this.#pauses.add(reason);
    this.#metrics.pauses++;
    this.#transport.pause();
    return true;
  }

  /** Ends a pause; nothing is read before `proceed`. False when there was none for this reason. */
  lift(reason: Pause): boolean {
    return this.#pauses.delete(reason);
  }

  /** Reads on, unless there is a reason not to. */
  proceed(): void {
    if (this.#pauses.size > 0 || this.#transport.destroyed) return;
    if (!this.#isStopped) this.#transport.resume();
    this.#pump();
  }

  resume(reason: Pause): void {
    if (this.lift(reason)) this.proceed();
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (let count = 0; this.#pauses.size === 0 && !this.#transport.destroyed; count++) {
        if (count === framesPerTurnMax) {
          setImmediate(() => this.#pump());
          break;
        }
        const declined = this.#declined.shift();
        if (declined !== undefined) {
          this.#host.frame(envelopeFrame(declined), false);
          continue;
        }
        if (this.#isStopped) break;
        const item = this.#decoder.next();
        if (item === null) break;
        if (item.kind === 'error') this.#host.badFrame(item);
        else this.#host.frame(item, true);
      }
    } finally {
      this.#pumping = false;
    }
  }
}

// The sending side of a connection: answers of one turn of the event loop leave in one write, in segments when the connection is framed.
import { sendNow } from '../native/index.js';
import { encodeSegments } from '../protocol/index.js';
import type { Transport } from './transport.js';

export class ConnectionOutput {
  #socket: Transport;
  #fd: number | null;
  readonly #onFlushed: () => void;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #flushScheduled = false;
  #framing: { readonly lz4: boolean } | null = null;
  #ended = false;
  sentBytes = 0;

  /**
   * @param to  `fd`: the socket's descriptor for writes past the stream, null for none
   * @param onFlushed  what was pending is the socket's: all of it may be the system's already, and then the socket has nothing to drain
   */
  constructor(to: { readonly socket: Transport; readonly fd: number | null }, onFlushed: () => void) {
    this.#socket = to.socket;
    this.#fd = to.fd;
    this.#onFlushed = onFlushed;
  }

  /** Bytes that the client has not taken yet. */
  get backlogBytes(): number {
    return this.#pendingBytes + this.#socket.writableLength;
  }

  send(envelope: Uint8Array): void {
    if (this.#ended) return;
    this.#pending.push(envelope);
    this.#pendingBytes += envelope.length;
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => this.flush());
  }

  /** Everything that is sent from here on goes in segments. */
  startFraming(lz4: boolean): void {
    this.flush();
    this.#framing = { lz4 };
  }

  flush(): void {
    this.#flushScheduled = false;
    if (this.#pending.length === 0 || this.#socket.destroyed) return;
    const envelopes = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    if (this.#framing !== null) this.#write(encodeSegments(envelopes, this.#framing.lz4));
    else this.#write(envelopes.length === 1 ? envelopes[0]! : Buffer.concat(envelopes));
    this.#onFlushed();
  }

  /**
   * Bytes from `start` to `end` that are framed and compressed already. True when they are kept until the client takes them; `taken` is
   * called when the system has them, at the latest when the connection is gone.
   */
  sendRaw(bytes: Uint8Array, start: number, end: number, taken?: () => void): boolean {
    return !this.#ended && !this.#socket.destroyed && this.#writeRange(bytes, start, end, taken);
  }

  /** What is sent from here on goes another way. REQUIRES: nothing is pending. */
  moveTo(socket: Transport): void {
    this.#socket = socket;
    this.#fd = null;
  }

  #write(bytes: Uint8Array): void {
    this.#writeRange(bytes, 0, bytes.length);
  }

  /** Past the stream, which makes several objects a write, as long as it is empty and the kernel takes all; true when bytes are kept. */
  #writeRange(bytes: Uint8Array, start: number, end: number, taken?: () => void): boolean {
    this.sentBytes += end - start;
    const isDirect = this.#fd !== null && this.#socket.writableLength === 0;
    const sent = isDirect ? sendNow(this.#fd!, bytes, start, end) : 0;
    if (sent === end - start) {
      taken?.();
      return false;
    }
    this.#socket.write(bytes.subarray(start + sent, end), taken);
    return true;
  }

  /** Sends what is pending, then ends the connection. */
  end(): void {
    if (this.#ended) return;
    this.flush();
    this.#ended = true;
    this.#socket.end();
  }
}

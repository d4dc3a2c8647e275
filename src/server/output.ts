// The sending side of a connection: answers of one turn of the event loop leave in one write, in segments when the connection is framed.
import type { Socket } from 'node:net';
import { encodeSegments } from '../protocol/index.js';

export class ConnectionOutput {
  readonly #socket: Socket;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #flushScheduled = false;
  #framing: { readonly lz4: boolean } | null = null;
  #ended = false;
  sentBytes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
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
  }

  /** Bytes that are framed and compressed already. */
  sendRaw(bytes: Uint8Array): void {
    if (!this.#ended && !this.#socket.destroyed) this.#write(bytes);
  }

  #write(bytes: Uint8Array): void {
    this.sentBytes += bytes.length;
    this.#socket.write(bytes);
  }

  /** Sends what is pending, then ends the connection. */
  end(): void {
    if (this.#ended) return;
    this.flush();
    this.#ended = true;
    this.#socket.end();
  }
}

// A socket that speaks bytes: for what a driver would never send.
import { connect, type Socket } from 'node:net';
import { type Envelope, EnvelopeReader, encode, encodeEnvelope, encodeSegments, Opcode } from './cql-frames.js';

export class RawClient {
  readonly #socket: Socket;
  readonly #reader = new EnvelopeReader();
  #bytes = Buffer.alloc(0);
  #closed = false;
  #wake: (() => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#reader.push(chunk);
      this.#wake?.();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawClient(socket);
  }

  /** A connection that is through STARTUP. */
  static async start(port: number, version: number, options: Record<string, string> = {}): Promise<RawClient> {
    const client = await RawClient.connect(port);
    const body = encode.stringMap({ CQL_VERSION: '3.0.0', ...options });
    client.send(encodeEnvelope(version, Opcode.STARTUP, 0, body));
    await client.answer();
    if (version >= 5) client.#reader.startFraming();
    return client;
  }

  /** Everything that came. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  send(...parts: Uint8Array[]): void {
    this.#socket.write(Buffer.concat(parts));
  }

  /** An envelope as the connection frames it. */
  sendEnvelope(version: number, opcode: number, stream: number, body: Buffer = Buffer.alloc(0), flags = 0): void {
    const envelope = encodeEnvelope(version, opcode, stream, body, flags);
    this.send(this.#reader.framed ? encodeSegments(envelope) : envelope);
  }

  /** The next envelope. @throws Error when the connection ends first */
  async answer(): Promise<Envelope> {
    for (;;) {
      const envelope = this.#reader.next();
      if (envelope !== null) return envelope;
      if (this.#closed) throw new Error('the connection was closed');
      await this.#more();
    }
  }

  /** Waits until `count` bytes have come or the connection is closed. */
  async received(count: number): Promise<Buffer> {
    while (this.#bytes.length < count && !this.#closed) await this.#more();
    return this.#bytes;
  }

  async closed(): Promise<void> {
    while (!this.#closed) await this.#more();
  }

  /** Stops reading: what the server sends piles up. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Sends no more. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }
}

/** Code and message of an ERROR. */
export function readError(envelope: Envelope): { code: number; message: string } {
  if (envelope.opcode !== Opcode.ERROR) throw new Error(`opcode ${envelope.opcode} is not ERROR`);
  const length = envelope.body.readUInt16BE(4);
  return { code: envelope.body.readInt32BE(0), message: envelope.body.toString('utf8', 6, 6 + length) };
}

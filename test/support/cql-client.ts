// A small CQL client for tests: protocol v4 and v5, prepared statements, batches, paging, any number of requests in flight.
import { connect as connectSocket, type Socket } from 'node:net';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import {
  BodyReader,
  type Envelope,
  EnvelopeReader,
  encode,
  encodeEnvelope,
  encodeSegments,
  Opcode,
} from './cql-frames.js';
import { decodeValue, readType, type WireType } from './cql-values.js';

export type Value = Uint8Array | null | undefined;

export type Column = {
  readonly keyspace: string;
  readonly table: string;
  readonly name: string;
  readonly type: WireType;
};

export type CqlResult = {
  readonly kind: 'void' | 'rows' | 'setKeyspace' | 'schemaChange';
  readonly columns: readonly Column[];
  /** Serialized cells. */
  readonly rows: readonly (readonly (Buffer | null)[])[];
  /** The same as values: numbers, bigints, strings, booleans, Dates, arrays; Buffers for what cql-values.ts does not know. */
  objects(): Record<string, unknown>[];
  readonly pagingState: Buffer | null;
  readonly warnings: readonly string[];
  readonly tracingId: Buffer | null;
  /** The new result metadata id when the server said that the columns have changed (v5). */
  readonly newMetadataId: Buffer | null;
  /** USE's keyspace, or the words of a schema change. */
  readonly details: readonly string[];
};

export type Prepared = {
  readonly id: Buffer;
  readonly resultMetadataId: Buffer | null;
  readonly bindColumns: readonly Column[];
  readonly partitionKeyIndexes: readonly number[];
  readonly resultColumns: readonly Column[];
};

export type RequestOptions = {
  readonly consistency?: number;
  readonly serialConsistency?: number;
  readonly pageSize?: number;
  readonly pagingState?: Uint8Array | null;
  /** Microseconds. */
  readonly timestamp?: bigint;
  readonly skipMetadata?: boolean;
  readonly tracing?: boolean;
  /** v5. */
  readonly keyspace?: string;
  /** v5, seconds. */
  readonly nowInSeconds?: number;
};

/** An ERROR of the server. `code` is the number of the protocol; `body` is what stands behind the message. */
export class CqlError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly body: Buffer,
  ) {
    super(message);
  }
}

export type ConnectOptions = {
  readonly host?: string;
  readonly port: number;
  /** The port to come from. */
  readonly localPort?: number;
  /** The address to come from. */
  readonly localAddress?: string;
  readonly version?: 4 | 5;
  readonly keyspace?: string;
  readonly credentials?: { readonly user: string; readonly password: string };
  /** For TLS. */
  readonly tls?: ConnectionOptions;
  readonly startup?: Readonly<Record<string, string>>;
};

export class CqlClient {
  readonly version: 4 | 5;
  readonly #socket: Socket;
  readonly #reader = new EnvelopeReader();
  readonly #pending = new Map<number, { resolve: (e: Envelope) => void; reject: (e: Error) => void }>();
  readonly #free: number[] = [];
  #nextStream = 0;
  #waiting: (() => void)[] = [];
  #ended: Error | null = null;
  /** Bodies of the EVENTs that came, in order. */
  readonly events: Buffer[] = [];

  private constructor(socket: Socket, version: 4 | 5) {
    this.#socket = socket;
    this.version = version;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('the connection was closed')));
  }

  static async connect(options: ConnectOptions): Promise<CqlClient> {
    const where = {
      host: options.host ?? '127.0.0.1',
      port: options.port,
      ...(options.localPort === undefined ? {} : { localPort: options.localPort }),
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
    };
    const socket = options.tls === undefined ? connectSocket(where) : tlsConnect({ ...where, ...options.tls });
    await new Promise<void>((resolve, reject) => {
      socket.once(options.tls === undefined ? 'connect' : 'secureConnect', resolve);
      socket.once('error', reject);
    });
    const client = new CqlClient(socket, options.version ?? 5);
    try {
      await client.#startup(options);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return client;
  }

  async query(text: string, values: readonly Value[] = [], options: RequestOptions = {}): Promise<CqlResult> {
    const body = Buffer.concat([encode.longString(text), this.#parameters(values, options)]);
    return this.#result(await this.request(Opcode.QUERY, body, options.tracing ? 2 : 0), []);
  }

  async prepare(text: string, keyspace?: string): Promise<Prepared> {
    const parts = [encode.longString(text)];
    if (this.version === 5) parts.push(encode.int(keyspace === undefined ? 0 : 1));
    if (keyspace !== undefined) parts.push(encode.string(keyspace));
    const { reader } = preamble(await this.request(Opcode.PREPARE, Buffer.concat(parts)));
    if (reader.int() !== 4) throw new Error('PREPARE was not answered by a Prepared result');
    const id = Buffer.from(reader.shortBytes());
    const resultMetadataId = this.version === 5 ? Buffer.from(reader.shortBytes()) : null;
    const flags = reader.int();
    const count = reader.int();
    const partitionKeyIndexes = Array.from({ length: reader.int() }, () => reader.short());
    const bindColumns = readColumns(reader, flags, count);
    const results = readMetadata(reader);
    return { id, resultMetadataId, bindColumns, partitionKeyIndexes, resultColumns: results.columns };
  }

  async execute(prepared: Prepared, values: readonly Value[] = [], options: RequestOptions = {}): Promise<CqlResult> {
    const parts = [encode.shortBytes(prepared.id)];
    if (this.version === 5) parts.push(encode.shortBytes(prepared.resultMetadataId!));
    parts.push(this.#parameters(values, options));
    const answer = await this.request(Opcode.EXECUTE, Buffer.concat(parts), options.tracing ? 2 : 0);
    return this.#result(answer, prepared.resultColumns);
  }

  /** @param type  0 logged, 1 unlogged, 2 counter */
  async batch(
    type: 0 | 1 | 2,
    entries: readonly { readonly query: string | Prepared; readonly values?: readonly Value[] }[],
    options: RequestOptions = {},
  ): Promise<CqlResult> {
    const parts = [Buffer.from([type]), encode.short(entries.length)];
    for (const { query, values = [] } of entries) {
      if (typeof query === 'string') parts.push(Buffer.from([0]), encode.longString(query));
      else parts.push(Buffer.from([1]), encode.shortBytes(query.id));
      parts.push(encode.short(values.length), ...values.map(encode.value));
    }
    let flags = 0;
    const tail: Buffer[] = [];
    if (options.serialConsistency !== undefined) {
      flags |= 0x10;
      tail.push(encode.short(options.serialConsistency));
    }
    if (options.timestamp !== undefined) {
      flags |= 0x20;
      tail.push(encode.long(options.timestamp));
    }
    parts.push(encode.short(options.consistency ?? 1), this.#flags(flags), ...tail);
    return this.#result(await this.request(Opcode.BATCH, Buffer.concat(parts), options.tracing ? 2 : 0), []);
  }

  /** Sends a request and resolves with the answer's envelope. @throws CqlError for an ERROR */
  async request(opcode: number, body: Buffer, flags = 0): Promise<Envelope> {
    while (this.#free.length === 0 && this.#nextStream >= 32_768) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#ended !== null) throw this.#ended;
    const stream = this.#free.pop() ?? this.#nextStream++;
    const answer = new Promise<Envelope>((resolve, reject) => this.#pending.set(stream, { resolve, reject }));
    const envelope = encodeEnvelope(this.version, opcode, stream, body, flags);
    this.#socket.write(this.#reader.framed ? encodeSegments(envelope) : envelope);
    return answer;
  }

  async register(...events: string[]): Promise<void> {
    await this.request(Opcode.REGISTER, Buffer.concat([encode.short(events.length), ...events.map(encode.string)]));
  }

  /** Stops or goes on to read what the server sends. */
  setReading(reading: boolean): void {
    if (reading) this.#socket.resume();
    else this.#socket.pause();
  }

  /** Closes the socket; what is in flight is rejected. */
  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.destroy();
    await closed;
  }

  async #startup(options: ConnectOptions): Promise<void> {
    const map = { CQL_VERSION: '3.0.0', ...options.startup };
    const answer = await this.request(Opcode.STARTUP, encode.stringMap(map));
    // The answer is a plain envelope; from then on v5 has segments.
    if (this.version === 5) this.#reader.startFraming();
    if (answer.opcode === Opcode.AUTHENTICATE) {
      const { user, password } = options.credentials ?? { user: 'cassandra', password: 'cassandra' };
      const token = Buffer.from(`\0${user}\0${password}`);
      await this.request(Opcode.AUTH_RESPONSE, Buffer.concat([encode.int(token.length), token]));
    }
    if (options.keyspace !== undefined) await this.query(`USE "${options.keyspace}"`);
  }

  #flags(flags: number): Buffer {
    return this.version === 5 ? encode.int(flags) : Buffer.from([flags]);
  }

  #parameters(values: readonly Value[], options: RequestOptions): Buffer {
    let flags = 0;
    const parts: Buffer[] = [];
    if (values.length > 0) {
      flags |= 0x01;
      parts.push(encode.short(values.length), ...values.map(encode.value));
    }
    if (options.skipMetadata) flags |= 0x02;
    if (options.pageSize !== undefined) {
      flags |= 0x04;
      parts.push(encode.int(options.pageSize));
    }
    if (options.pagingState != null) {
      flags |= 0x08;
      parts.push(encode.int(options.pagingState.length), Buffer.from(options.pagingState));
    }
    if (options.serialConsistency !== undefined) {
      flags |= 0x10;
      parts.push(encode.short(options.serialConsistency));
    }
    if (options.timestamp !== undefined) {
      flags |= 0x20;
      parts.push(encode.long(options.timestamp));
    }
    if (options.keyspace !== undefined) {
      flags |= 0x80;
      parts.push(encode.string(options.keyspace));
    }
    if (options.nowInSeconds !== undefined) {
      flags |= 0x100;
      parts.push(encode.int(options.nowInSeconds));
    }
    return Buffer.concat([encode.short(options.consistency ?? 1), this.#flags(flags), ...parts]);
  }

  #onData(chunk: Buffer): void {
    this.#reader.push(chunk);
    try {
      for (let envelope = this.#reader.next(); envelope !== null; envelope = this.#reader.next())
        this.#dispatch(envelope);
    } catch (error) {
      this.#end(error as Error);
      this.#socket.destroy();
    }
  }

  #dispatch(envelope: Envelope): void {
    if (envelope.stream < 0) {
      this.events.push(envelope.body);
      return;
    }
    const pending = this.#pending.get(envelope.stream);
    if (pending === undefined) throw new Error(`an answer for stream ${envelope.stream}, on which nothing was asked`);
    this.#pending.delete(envelope.stream);
    this.#free.push(envelope.stream);
    this.#waiting.shift()?.();
    if (envelope.opcode !== Opcode.ERROR) {
      pending.resolve(envelope);
      return;
    }
    const { reader } = preamble(envelope);
    const code = reader.int();
    pending.reject(new CqlError(code, reader.string(), reader.bytes.subarray(reader.at)));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #result(envelope: Envelope, known: readonly Column[]): CqlResult {
    const { reader, warnings, tracingId } = preamble(envelope);
    const kind = reader.int();
    const base = {
      warnings,
      tracingId,
      pagingState: null,
      newMetadataId: null,
      columns: [],
      rows: [],
      objects: () => [],
    };
    if (kind === 1) return { ...base, kind: 'void', details: [] };
    if (kind === 3) return { ...base, kind: 'setKeyspace', details: [reader.string()] };
    if (kind === 5) {
      const details = [reader.string(), reader.string(), reader.string()];
      if (details[1] !== 'KEYSPACE') details.push(reader.string());
      return { ...base, kind: 'schemaChange', details };
    }
    if (kind !== 2) throw new Error(`unknown result kind ${kind}`);
    const metadata = readMetadata(reader);
    const columns = metadata.columns.length > 0 ? metadata.columns : known;
    const rows = Array.from({ length: reader.int() }, () =>
      Array.from({ length: metadata.count }, () => {
        const cell = reader.bytesOrNull();
        return cell === null ? null : Buffer.from(cell);
      }),
    );
    const objects = () =>
      rows.map((row) => Object.fromEntries(columns.map((c, i) => [c.name, decodeValue(c.type, row[i] ?? null)])));
    const { pagingState, newMetadataId } = metadata;
    return { ...base, kind: 'rows', columns, rows, objects, pagingState, newMetadataId, details: [] };
  }
}

/** What may stand before a body: tracing id, warnings, custom payload. */
function preamble(envelope: Envelope): { reader: BodyReader; warnings: string[]; tracingId: Buffer | null } {
  const reader = new BodyReader(envelope.body);
  const tracingId = envelope.flags & 0x02 ? Buffer.from(reader.raw(16)) : null;
  const warnings = envelope.flags & 0x08 ? reader.stringList() : [];
  if (envelope.flags & 0x04)
    for (let n = reader.short(); n > 0; n--) {
      reader.string();
      reader.bytesOrNull();
    }
  return { reader, warnings, tracingId };
}

function readColumns(reader: BodyReader, flags: number, count: number): Column[] {
  if (flags & 0x04) return [];
  const global = flags & 0x01 && count > 0 ? { keyspace: reader.string(), table: reader.string() } : null;
  return Array.from({ length: count }, () => {
    const { keyspace, table } = global ?? { keyspace: reader.string(), table: reader.string() };
    return { keyspace, table, name: reader.string(), type: readType(reader) };
  });
}

function readMetadata(reader: BodyReader) {
  const flags = reader.int();
  const count = reader.int();
  const state = flags & 0x02 ? reader.bytesOrNull() : null;
  const newMetadataId = flags & 0x08 ? Buffer.from(reader.shortBytes()) : null;
  return {
    count,
    newMetadataId,
    pagingState: state === null ? null : Buffer.from(state),
    columns: readColumns(reader, flags, count),
  };
}

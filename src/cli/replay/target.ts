// A CQL client that sends logged statements to one node and keeps the bytes of its answers. Protocol v4, one request at a time.
import { connect, type Socket } from 'node:net';
import type { LoggedQuery } from '../../audit/index.js';
import { BufferReader, BufferWriter, utf8Bytes } from '../../common/bytes.js';
import { EnvelopeFlag, envelopeHeaderBytes, Opcode } from '../../protocol/index.js';
import { type BindValue, UNSET } from '../../types/index.js';

const version = 4;
const answerBytesMax = 256 * 1024 * 1024;
const connectMs = 10_000;

/** `[user,password@]host[:port]`, as fqltool replay takes it. */
export type TargetAddress = {
  readonly host: string;
  readonly port: number;
  readonly credentials: { readonly user: string; readonly password: string } | null;
};

/** @throws Error that says what to write */
export function parseTarget(text: string): TargetAddress {
  const match = /^(?:([^,]+),(.*)@)?(?:\[([^\]]+)\]|([^:@[\]]+))(?::(\d+))?$/.exec(text.trim());
  const port = Number(match?.[5] ?? 9042);
  if (match === null || port < 1 || port > 65_535)
    throw new Error(`"${text}" is no target: write it like "user,password@127.0.0.1:9042"`);
  const credentials = match[1] === undefined ? null : { user: match[1], password: match[2] ?? '' };
  return { host: (match[3] ?? match[4])!, port, credentials };
}

/** The body of a RESULT, or what ERROR said. */
export type TargetAnswer =
  | { readonly kind: 'result'; readonly body: Uint8Array }
  | { readonly kind: 'error'; readonly code: number; readonly message: string };

export class ReplayTarget {
  readonly name: string;
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #waiting: { resolve: (answer: TargetAnswer | null) => void; reject: (error: Error) => void } | null = null;
  #ended: Error | null = null;
  #keyspace: string | null = null;

  private constructor(socket: Socket, name: string) {
    this.#socket = socket;
    this.name = name;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#onData(bytes));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error(`${name} has closed the connection`)));
  }

  /** @throws Error when it cannot be reached or does not let in */
  static async open({ host, port, credentials }: TargetAddress): Promise<ReplayTarget> {
    const name = `${host}:${port}`;
    const socket = connect({ host, port });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new Error('no answer')), connectMs);
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(new Error(`Cannot connect to ${name}: ${error.message || String(error)}`));
      });
    });
    const target = new ReplayTarget(socket, name);
    await target.#login(credentials);
    return target;
  }

  /** Runs a statement or batch in the keyspace that its session had. @throws Error when the connection has ended */
  async run(logged: LoggedQuery): Promise<TargetAnswer> {
    const keyspace = logged.parameters.keyspace ?? logged.keyspace;
    if (keyspace !== null && keyspace !== this.#keyspace) {
      const used = await this.#statement(`USE "${keyspace.replaceAll('"', '""')}"`);
      if (used.kind === 'error') return used;
      this.#keyspace = keyspace;
    }
    const isBatch = logged.kind === 'batch';
    const answer = await this.#ask(
      isBatch ? Opcode.BATCH : Opcode.QUERY,
      isBatch ? batchBody(logged) : queryBody(logged),
    );
    return answer!;
  }

  close(): void {
    this.#socket.destroy();
  }

  async #login(credentials: TargetAddress['credentials']): Promise<void> {
    const writer = new BufferWriter();
    writer.u16(1);
    writer.string('CQL_VERSION');
    writer.string('3.0.0');
    const started = await this.#ask(Opcode.STARTUP, writer.finish());
    // Null: AUTHENTICATE.
    const { user, password } = credentials ?? { user: '', password: '' };
    if (started === null && credentials === null) throw new Error(`${this.name} wants credentials: user,password@host`);
    const token = new BufferWriter();
    token.value(utf8Bytes(`\0${user}\0${password}`));
    const answer = started ?? (await this.#ask(Opcode.AUTH_RESPONSE, token.finish()));
    if (answer?.kind === 'error') throw new Error(`${this.name}: ${answer.message}`);
  }

  async #statement(text: string): Promise<TargetAnswer> {
    const writer = new BufferWriter();
    writer.longString(text);
    writer.u16(1);
    writer.u8(0);
    return (await this.#ask(Opcode.QUERY, writer.finish()))!;
  }

  /** Null for AUTHENTICATE. */
  #ask(opcode: number, body: Uint8Array): Promise<TargetAnswer | null> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const header = new BufferWriter();
    header.u8(version);
    header.u8(0);
    header.u16(0);
    header.u8(opcode);
    header.i32(body.length);
    this.#socket.write(Buffer.concat([header.finish(), body]));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #onData(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    if (this.#bytes.length < envelopeHeaderBytes) return;
    const length = this.#bytes.readUInt32BE(5);
    if (length > answerBytesMax) {
      this.#socket.destroy(new Error(`${this.name} has sent an answer of ${length} bytes`));
      return;
    }
    if (this.#bytes.length < envelopeHeaderBytes + length) return;
    const envelope = this.#bytes.subarray(0, envelopeHeaderBytes + length);
    this.#bytes = this.#bytes.subarray(envelope.length);
    const waiting = this.#waiting;
    this.#waiting = null;
    try {
      waiting?.resolve(answerOf(envelope));
    } catch (error) {
      waiting?.reject(error as Error);
    }
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#waiting?.reject(this.#ended);
    this.#waiting = null;
  }
}

function answerOf(envelope: Buffer): TargetAnswer | null {
  const opcode = envelope[4]!;
  const reader = new BufferReader(envelope.subarray(envelopeHeaderBytes));
  if (opcode === Opcode.AUTHENTICATE) return null;
  const flags = envelope[1]!;
  if ((flags & EnvelopeFlag.TRACING) !== 0) reader.bytes(16);
  if ((flags & EnvelopeFlag.WARNING) !== 0) for (let count = reader.u16(); count > 0; count--) reader.string();
  if (opcode !== Opcode.ERROR) return { kind: 'result', body: Uint8Array.from(reader.rest()) };
  return { kind: 'error', code: reader.i32(), message: reader.string() };
}

function writeValue(writer: BufferWriter, value: BindValue): void {
  if (value === UNSET) writer.i32(-2);
  else writer.value(value);
}

/** The timestamp that it had, also one that the server gave. */
const timestampOf = ({ parameters, generatedTimestamp }: LoggedQuery): bigint | null =>
  parameters.timestamp ?? generatedTimestamp;

/** Of what stands behind the values: serial consistency and timestamp. */
const endFlags = (logged: LoggedQuery): number => 0x10 | (timestampOf(logged) === null ? 0 : 0x20);

function writeEnd(writer: BufferWriter, logged: LoggedQuery): void {
  const timestamp = timestampOf(logged);
  writer.u16(logged.parameters.serialConsistency);
  if (timestamp !== null) writer.i64(timestamp);
}

function queryBody(logged: Extract<LoggedQuery, { kind: 'query' }>): Uint8Array {
  const { values, names, pageSize, consistency } = logged.parameters;
  const writer = new BufferWriter();
  writer.longString(logged.query);
  writer.u16(consistency);
  const hasValues = values.length > 0;
  const hasPages = pageSize !== null && pageSize > 0;
  const valueFlags = hasValues ? 0x01 | (names === null ? 0 : 0x40) : 0;
  writer.u8(endFlags(logged) | valueFlags | (hasPages ? 0x04 : 0));
  if (hasValues) {
    writer.u16(values.length);
    values.forEach((value, i) => {
      if (names !== null) writer.string(names[i]!);
      writeValue(writer, value);
    });
  }
  if (hasPages) writer.i32(pageSize);
  writeEnd(writer, logged);
  return writer.finish();
}

function batchBody(logged: Extract<LoggedQuery, { kind: 'batch' }>): Uint8Array {
  const writer = new BufferWriter();
  writer.u8(['logged', 'unlogged', 'counter'].indexOf(logged.type));
  writer.u16(logged.queries.length);
  for (const { query, values } of logged.queries) {
    writer.u8(0);
    writer.longString(query);
    writer.u16(values.length);
    for (const value of values) writeValue(writer, value);
  }
  writer.u16(logged.parameters.consistency);
  writer.u8(endFlags(logged));
  writeEnd(writer, logged);
  return writer.finish();
}

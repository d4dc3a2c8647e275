// Requests out of envelope bodies, per protocol version. Source: native_protocol_v{3,4,5}.spec section 4.1.
import { BufferReader, plainBytes } from '../common/bytes.js';
import { protocolError } from '../common/errors.js';
import { type BindValue, UNSET } from '../types/index.js';
import { EnvelopeFlag, Opcode } from './constants.js';

export const QueryFlag = {
  VALUES: 0x01,
  SKIP_METADATA: 0x02,
  PAGE_SIZE: 0x04,
  PAGING_STATE: 0x08,
  SERIAL_CONSISTENCY: 0x10,
  TIMESTAMP: 0x20,
  NAMES: 0x40,
  KEYSPACE: 0x80,
  NOW_IN_SECONDS: 0x100,
} as const;

const consistencyCodeMax = 0x0a;
const serialConsistencyDefault = 0x08;
const timestampMin = -(2n ** 63n);

/** The <query_parameters> of QUERY, EXECUTE and BATCH. */
export type QueryParameters = {
  readonly consistency: number;
  readonly serialConsistency: number;
  readonly values: readonly BindValue[];
  readonly names: readonly string[] | null;
  readonly skipMetadata: boolean;
  /** As sent; null when it was not. */
  readonly pageSize: number | null;
  readonly pagingState: Uint8Array | null;
  /** Microseconds. */
  readonly timestamp: bigint | null;
  readonly keyspace: string | null;
  readonly nowInSeconds: number | null;
};

export type BatchType = 'logged' | 'unlogged' | 'counter';
export type BatchQuery = { readonly query: string | Uint8Array; readonly values: readonly BindValue[] };
export const eventTypes = ['TOPOLOGY_CHANGE', 'STATUS_CHANGE', 'SCHEMA_CHANGE'] as const;
export type EventType = (typeof eventTypes)[number];

export type RequestMessage =
  | { readonly kind: 'STARTUP'; readonly options: ReadonlyMap<string, string> }
  | { readonly kind: 'OPTIONS' }
  | { readonly kind: 'QUERY'; readonly query: string; readonly parameters: QueryParameters }
  | { readonly kind: 'PREPARE'; readonly query: string; readonly keyspace: string | null }
  | {
      readonly kind: 'EXECUTE';
      readonly id: Uint8Array;
      /** v5; null before. */
      readonly resultMetadataId: Uint8Array | null;
      readonly parameters: QueryParameters;
    }
  | {
      readonly kind: 'BATCH';
      readonly type: BatchType;
      readonly queries: readonly BatchQuery[];
      readonly parameters: QueryParameters;
    }
  | { readonly kind: 'REGISTER'; readonly types: readonly EventType[] }
  | { readonly kind: 'AUTH_RESPONSE'; readonly token: Uint8Array };

export type Request = {
  readonly message: RequestMessage;
  readonly customPayload: ReadonlyMap<string, Uint8Array | null> | null;
};

/**
 * Decodes a request. Byte results are views into `body`.
 * @throws FerrosaError PROTOCOL_ERROR
 */
export function decodeRequest(opcode: number, version: number, flags: number, body: Uint8Array): Request {
  const reader = new BufferReader(Buffer.isBuffer(body) ? plainBytes(body) : body);
  let customPayload: Map<string, Uint8Array | null> | null = null;
  if ((flags & EnvelopeFlag.CUSTOM_PAYLOAD) !== 0) {
    customPayload = readBytesMap(reader);
    if (version < 4) throw protocolError('Received frame with CUSTOM_PAYLOAD flag for native protocol version < 4');
  }
  return { message: decodeMessage(opcode, version, reader), customPayload };
}

function decodeMessage(opcode: number, version: number, reader: BufferReader): RequestMessage {
  switch (opcode) {
    case Opcode.STARTUP:
      return { kind: 'STARTUP', options: readStartupOptions(reader) };
    case Opcode.OPTIONS:
      return { kind: 'OPTIONS' };
    case Opcode.QUERY:
      return { kind: 'QUERY', query: reader.longString(), parameters: readParameters(reader, version) };
    case Opcode.PREPARE:
      return readPrepare(reader, version);
    case Opcode.EXECUTE: {
      const id = reader.shortBytes();
      const resultMetadataId = version >= 5 ? reader.shortBytes() : null;
      return { kind: 'EXECUTE', id, resultMetadataId, parameters: readParameters(reader, version) };
    }
    case Opcode.BATCH:
      return readBatch(reader, version);
    case Opcode.REGISTER:
      return { kind: 'REGISTER', types: readEventTypes(reader) };
    case Opcode.AUTH_RESPONSE:
      return { kind: 'AUTH_RESPONSE', token: reader.value() ?? new Uint8Array(0) };
    default:
      throw protocolError(`Unknown opcode ${opcode}`);
  }
}

function readStartupOptions(reader: BufferReader): Map<string, string> {
  const options = new Map<string, string>();
  for (let left = reader.u16(); left > 0; left--) {
    const key = reader.string().toUpperCase();
    options.set(key, reader.string());
  }
  return options;
}

function readPrepare(reader: BufferReader, version: number): RequestMessage {
  const query = reader.longString();
  const hasKeyspace = version >= 5 && (reader.i32() & 0x01) !== 0;
  return { kind: 'PREPARE', query, keyspace: hasKeyspace ? reader.string() : null };
}

const batchTypes: readonly BatchType[] = ['logged', 'unlogged', 'counter'];

function readBatch(reader: BufferReader, version: number): RequestMessage {
  const code = reader.u8();
  const queries: BatchQuery[] = [];
  for (let left = reader.u16(); left > 0; left--) {
    const kind = reader.u8();
    if (kind > 1) throw protocolError(`Invalid query kind in BATCH messages. Must be 0 or 1 but got ${kind}`);
    const query = kind === 0 ? reader.longString() : reader.shortBytes();
    queries.push({ query, values: readValues(reader, version) });
  }
  const parameters = readParameters(reader, version);
  const type = batchTypes[code];
  if (type === undefined) throw protocolError(`Invalid BATCH message type ${code}`);
  return { kind: 'BATCH', type, queries, parameters };
}

function readEventTypes(reader: BufferReader): EventType[] {
  const types: EventType[] = [];
  for (let left = reader.u16(); left > 0; left--) {
    const name = reader.string();
    const type = eventTypes.find((candidate) => candidate === name.toUpperCase());
    if (type === undefined) throw protocolError(`Invalid value '${name}' for Type`);
    types.push(type);
  }
  return types;
}

export function readConsistency(reader: BufferReader): number {
  const code = reader.u16();
  if (code > consistencyCodeMax) throw protocolError(`Unknown code ${code} for a consistency level`);
  return code;
}

function readParameters(reader: BufferReader, version: number): QueryParameters {
  const consistency = readConsistency(reader);
  const flags = version >= 5 ? reader.i32() : reader.u8();
  let values: readonly BindValue[] = [];
  let names: string[] | null = null;
  if ((flags & QueryFlag.VALUES) !== 0) {
    if ((flags & QueryFlag.NAMES) !== 0) names = [];
    values = readValues(reader, version, names);
  }
  const pageSize = (flags & QueryFlag.PAGE_SIZE) !== 0 ? reader.i32() : null;
  const pagingState = (flags & QueryFlag.PAGING_STATE) !== 0 ? reader.value() : null;
  const serialConsistency =
    (flags & QueryFlag.SERIAL_CONSISTENCY) !== 0 ? readConsistency(reader) : serialConsistencyDefault;
  const timestamp = (flags & QueryFlag.TIMESTAMP) !== 0 ? readTimestamp(reader) : null;
  const keyspace = version >= 5 && (flags & QueryFlag.KEYSPACE) !== 0 ? reader.string() : null;
  const nowInSeconds = version >= 5 && (flags & QueryFlag.NOW_IN_SECONDS) !== 0 ? reader.u32() : null;
  const skipMetadata = (flags & QueryFlag.SKIP_METADATA) !== 0;
  return {
    consistency,
    serialConsistency,
    values,
    names,
    skipMetadata,
    pageSize,
    pagingState,
    timestamp,
    keyspace,
    nowInSeconds,
  };
}

function readTimestamp(reader: BufferReader): bigint {
  const timestamp = reader.i64();
  if (timestamp === timestampMin) {
    const range = `[${timestampMin + 1n}, ${-timestampMin - 1n}]`;
    throw protocolError(`Out of bound timestamp, must be in ${range} (got ${timestamp})`);
  }
  return timestamp;
}

/** @param names  takes the name before each value when it is not null */
function readValues(reader: BufferReader, version: number, names: string[] | null = null): BindValue[] {
  const count = reader.u16();
  const values: BindValue[] = [];
  for (let i = 0; i < count; i++) {
    if (names !== null) names.push(reader.string());
    values.push(readValue(reader, version));
  }
  return values;
}

function readValue(reader: BufferReader, version: number): BindValue {
  const length = reader.i32();
  if (length >= 0) return reader.bytes(length);
  // Before v4 every negative length is null.
  if (length === -1 || version < 4) return null;
  if (length === -2) return UNSET;
  throw protocolError(`Invalid ByteBuf length ${length}`);
}

function readBytesMap(reader: BufferReader): Map<string, Uint8Array | null> {
  const map = new Map<string, Uint8Array | null>();
  for (let left = reader.u16(); left > 0; left--) {
    const key = reader.string();
    map.set(key, reader.value());
  }
  return map;
}

// Responses into whole envelopes, per protocol version. Source: native_protocol_v{3,4,5}.spec section 4.2.
import { BufferWriter } from '../common/bytes.js';
import type { FerrosaError } from '../common/errors.js';
import { type BodyCompressor, compressBytesMin, compressEnvelope } from './compression.js';
import { EnvelopeFlag, envelopeHeaderBytes, Opcode } from './constants.js';
import { writeErrorBody, writeStringList } from './error-body.js';
import {
  type Column,
  type RowsMetadata,
  writeNoMetadata,
  writePreparedMetadata,
  writeRowsMetadata,
} from './metadata.js';

export type SchemaChangeBody = {
  readonly change: 'CREATED' | 'UPDATED' | 'DROPPED';
  readonly target: 'KEYSPACE' | 'TABLE' | 'TYPE' | 'FUNCTION' | 'AGGREGATE';
  readonly keyspace: string;
  readonly name?: string;
  readonly argumentTypes?: readonly string[];
};

/** Client address of a node: 4 or 16 bytes, and its native port. */
export type NodeAddress = { readonly address: Uint8Array; readonly port: number };

export type EventBody =
  | {
      readonly type: 'TOPOLOGY_CHANGE';
      readonly change: 'NEW_NODE' | 'REMOVED_NODE' | 'MOVED_NODE';
      readonly node: NodeAddress;
    }
  | { readonly type: 'STATUS_CHANGE'; readonly change: 'UP' | 'DOWN'; readonly node: NodeAddress }
  | { readonly type: 'SCHEMA_CHANGE'; readonly schema: SchemaChangeBody };

export type ResultBody =
  | { readonly kind: 'void' }
  | {
      readonly kind: 'rows';
      readonly metadata: RowsMetadata;
      readonly rowCount: number;
      /** Cells as [bytes], row after row, in pieces of any size. */
      readonly rows: readonly Uint8Array[];
    }
  | { readonly kind: 'setKeyspace'; readonly keyspace: string }
  | {
      readonly kind: 'prepared';
      readonly id: Uint8Array;
      readonly resultMetadataId: Uint8Array;
      readonly bindColumns: readonly Column[];
      readonly partitionKeyIndexes: readonly number[];
      readonly resultColumns: readonly Column[] | null;
    }
  | { readonly kind: 'schemaChange'; readonly change: SchemaChangeBody };

export type ResponseMessage =
  | { readonly kind: 'ERROR'; readonly error: FerrosaError }
  | { readonly kind: 'READY' }
  | { readonly kind: 'AUTHENTICATE'; readonly authenticator: string }
  | { readonly kind: 'SUPPORTED'; readonly options: ReadonlyMap<string, readonly string[]> }
  | { readonly kind: 'RESULT'; readonly result: ResultBody }
  | { readonly kind: 'EVENT'; readonly event: EventBody }
  | { readonly kind: 'AUTH_CHALLENGE'; readonly token: Uint8Array | null }
  | { readonly kind: 'AUTH_SUCCESS'; readonly token: Uint8Array | null };

export type ResponseHeader = {
  readonly version: number;
  readonly stream: number;
  /** Set only when the request asked for tracing. */
  readonly tracingId?: Uint8Array | null;
  /** Not sent before v4. */
  readonly warnings?: readonly string[];
  readonly customPayload?: ReadonlyMap<string, Uint8Array | null>;
  /** v3 and v4; v5 compresses segments. */
  readonly compressor?: BodyCompressor | null;
};

export const eventStream = -1;

/** Answers that are expected to be no longer are written into one buffer and copied out of it. */
const smallResponseBytes = 4096;
const smallWriter = new BufferWriter(smallResponseBytes);

/** A whole envelope. Version 1 and 2 get their 8-byte header, for the error that tells them to leave. */
export function encodeResponse(message: ResponseMessage, header: ResponseHeader): Uint8Array {
  const { version, tracingId, customPayload } = header;
  const warnings = version >= 4 && header.warnings !== undefined && header.warnings.length > 0 ? header.warnings : null;
  const payload = version >= 4 && customPayload !== undefined && customPayload.size > 0 ? customPayload : null;
  let flags = 0;
  if (tracingId) flags |= EnvelopeFlag.TRACING;
  if (warnings !== null) flags |= EnvelopeFlag.WARNING;
  if (payload !== null) flags |= EnvelopeFlag.CUSTOM_PAYLOAD;
  const bytes = estimatedBytes(message);
  const isSmall = bytes <= smallResponseBytes;
  const writer = isSmall ? smallWriter : new BufferWriter(bytes);
  writer.clear();
  writer.u8(0x80 | version);
  writer.u8(flags);
  if (version >= 3) writer.u16(header.stream & 0xffff);
  else writer.u8(header.stream & 0xff);
  writer.u8(Opcode[message.kind]);
  const lengthAt = writer.length;
  writer.i32(0);
  if (tracingId) writer.bytes(tracingId);
  if (warnings !== null) writeStringList(writer, warnings);
  if (payload !== null) writeBytesMap(writer, payload);
  writeBody(writer, message, version);
  writer.setI32(lengthAt, writer.length - lengthAt - 4);
  // The copy lies in Node's pool: an array of its own is what costs most of a small answer.
  const envelope = isSmall ? writer.scratch() : writer.peek();
  const bodyBytes = envelope.length - envelopeHeaderBytes;
  if (!header.compressor || version >= 5 || bodyBytes < compressBytesMin) return envelope;
  return compressEnvelope(envelope, header.compressor);
}

function estimatedBytes(message: ResponseMessage): number {
  if (message.kind !== 'RESULT' || message.result.kind !== 'rows') return 256;
  let bytes = 512 + message.result.metadata.columns.length * 32;
  for (const piece of message.result.rows) bytes += piece.length;
  return bytes;
}

function writeBody(writer: BufferWriter, message: ResponseMessage, version: number): void {
  switch (message.kind) {
    case 'ERROR':
      writeErrorBody(writer, message.error, version);
      break;
    case 'READY':
      break;
    case 'AUTHENTICATE':
      writer.string(message.authenticator);
      break;
    case 'SUPPORTED':
      writer.u16(message.options.size);
      for (const [key, values] of message.options) {
        writer.string(key);
        writeStringList(writer, values);
      }
      break;
    case 'RESULT':
      writeResult(writer, message.result, version);
      break;
    case 'EVENT':
      writeEvent(writer, message.event, version);
      break;
    case 'AUTH_CHALLENGE':
    case 'AUTH_SUCCESS':
      writer.value(message.token);
      break;
  }
}

function writeResult(writer: BufferWriter, result: ResultBody, version: number): void {
  switch (result.kind) {
    case 'void':
      writer.i32(1);
      break;
    case 'rows':
      writer.i32(2);
      writeRowsMetadata(writer, result.metadata, version);
      writer.i32(result.rowCount);
      for (const piece of result.rows) writer.bytes(piece);
      break;
    case 'setKeyspace':
      writer.i32(3);
      writer.string(result.keyspace);
      break;
    case 'prepared':
      writer.i32(4);
      writer.shortBytes(result.id);
      if (version >= 5) writer.shortBytes(result.resultMetadataId);
      writePreparedMetadata(writer, result.bindColumns, result.partitionKeyIndexes, version);
      if (result.resultColumns === null) writeNoMetadata(writer);
      else {
        const metadata = { columns: result.resultColumns, pagingState: null, skip: false, changedId: null };
        writeRowsMetadata(writer, metadata, version);
      }
      break;
    case 'schemaChange':
      writer.i32(5);
      writeSchemaChange(writer, result.change, version);
      break;
  }
}

function writeEvent(writer: BufferWriter, event: EventBody, version: number): void {
  writer.string(event.type);
  if (event.type === 'SCHEMA_CHANGE') {
    writeSchemaChange(writer, event.schema, version);
    return;
  }
  writer.string(event.change);
  writer.u8(event.node.address.length);
  writer.bytes(event.node.address);
  writer.i32(event.node.port);
}

function writeSchemaChange(writer: BufferWriter, change: SchemaChangeBody, version: number): void {
  const isFunction = change.target === 'FUNCTION' || change.target === 'AGGREGATE';
  if (isFunction && version < 4) {
    // v3 does not know functions: their keyspace has changed.
    writer.string('UPDATED');
    writer.string('KEYSPACE');
    writer.string(change.keyspace);
    return;
  }
  writer.string(change.change);
  writer.string(change.target);
  writer.string(change.keyspace);
  if (change.target !== 'KEYSPACE') writer.string(change.name ?? '');
  if (isFunction) writeStringList(writer, change.argumentTypes ?? []);
}

function writeBytesMap(writer: BufferWriter, map: ReadonlyMap<string, Uint8Array | null>): void {
  writer.u16(map.size);
  for (const [key, value] of map) {
    writer.string(key);
    writer.value(value);
  }
}

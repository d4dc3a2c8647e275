// A record of the full query log: docs/format/record-log.md. What it holds is what a replay needs.
import { BufferReader, BufferWriter, utf8Bytes, utf8Text } from '../common/bytes.js';
import type { BatchType, QueryParameters } from '../protocol/index.js';
import { type BindValue, UNSET } from '../types/index.js';

export type LoggedParameters = Omit<QueryParameters, 'skipMetadata'>;

export type LoggedQuery = {
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  readonly protocolVersion: number;
  /** Of the session. */
  readonly keyspace: string | null;
  readonly parameters: LoggedParameters;
  /** Microseconds that the server gave it; null when the client or the statement did. */
  readonly generatedTimestamp: bigint | null;
} & (
  | { readonly kind: 'query'; readonly query: string }
  | {
      readonly kind: 'batch';
      readonly type: BatchType;
      readonly queries: readonly { readonly query: string; readonly values: readonly BindValue[] }[];
    }
);

const batchTypes: readonly BatchType[] = ['logged', 'unlogged', 'counter'];

function writeText(writer: BufferWriter, text: string | null): void {
  writer.value(text === null ? null : utf8Bytes(text));
}

function writeValues(writer: BufferWriter, values: readonly BindValue[]): void {
  writer.i32(values.length);
  for (const value of values) {
    if (value === UNSET) writer.i32(-2);
    else writer.value(value);
  }
}

function writeOptional(writer: BufferWriter, value: bigint | null): void {
  writer.u8(value === null ? 0 : 1);
  writer.i64(value ?? 0n);
}

export function encodeQuery(logged: LoggedQuery): Uint8Array {
  const { parameters, startedMs } = logged;
  const writer = new BufferWriter();
  writer.i64(BigInt(Math.round(startedMs)));
  writer.u8(logged.protocolVersion);
  writeText(writer, logged.keyspace);
  writeOptional(writer, logged.generatedTimestamp);
  writer.u16(parameters.consistency);
  writer.u16(parameters.serialConsistency);
  writer.i32(parameters.pageSize ?? -1);
  writer.value(parameters.pagingState);
  writeOptional(writer, parameters.timestamp);
  writeOptional(writer, parameters.nowInSeconds === null ? null : BigInt(parameters.nowInSeconds));
  writeText(writer, parameters.keyspace);
  writeValues(writer, parameters.values);
  writer.i32(parameters.names === null ? -1 : parameters.names.length);
  for (const name of parameters.names ?? []) writeText(writer, name);
  if (logged.kind === 'query') {
    writer.u8(0);
    writeText(writer, logged.query);
    return writer.finish();
  }
  writer.u8(1);
  writer.u8(batchTypes.indexOf(logged.type));
  writer.i32(logged.queries.length);
  for (const { query, values } of logged.queries) {
    writeText(writer, query);
    writeValues(writer, values);
  }
  return writer.finish();
}

function readBytes(reader: BufferReader): BindValue {
  const length = reader.i32();
  if (length === -2) return UNSET;
  return length < 0 ? null : reader.bytes(length);
}

function readText(reader: BufferReader): string | null {
  const bytes = readBytes(reader);
  return bytes instanceof Uint8Array ? utf8Text(bytes) : null;
}

const needText = (reader: BufferReader): string => readText(reader) ?? '';
const readList = <T>(reader: BufferReader, read: () => T): T[] => {
  const count = reader.i32();
  return Array.from({ length: Math.max(0, count) }, read);
};

function readOptional(reader: BufferReader): bigint | null {
  const isThere = reader.u8() === 1;
  const value = reader.i64();
  return isThere ? value : null;
}

/** @throws FerrosaError for bytes that are no record */
export function decodeQuery(bytes: Uint8Array): LoggedQuery {
  const reader = new BufferReader(bytes);
  const values = (): BindValue[] => readList(reader, () => readBytes(reader));
  const startedMs = Number(reader.i64());
  const protocolVersion = reader.u8();
  const keyspace = readText(reader);
  const generatedTimestamp = readOptional(reader);
  const consistency = reader.u16();
  const serialConsistency = reader.u16();
  const pageSize = reader.i32();
  const pagingState = readBytes(reader);
  const timestamp = readOptional(reader);
  const now = readOptional(reader);
  const parameterKeyspace = readText(reader);
  const bound = values();
  const namesCount = reader.i32();
  const names = namesCount < 0 ? null : Array.from({ length: namesCount }, () => needText(reader));
  const parameters: LoggedParameters = {
    consistency,
    serialConsistency,
    pageSize: pageSize < 0 ? null : pageSize,
    pagingState: pagingState instanceof Uint8Array ? pagingState : null,
    timestamp,
    nowInSeconds: now === null ? null : Number(now),
    keyspace: parameterKeyspace,
    values: bound,
    names,
  };
  const common = { startedMs, protocolVersion, keyspace, parameters, generatedTimestamp };
  if (reader.u8() === 0) return { ...common, kind: 'query', query: needText(reader) };
  const type = batchTypes[reader.u8()] ?? 'logged';
  const queries = readList(reader, () => ({ query: needText(reader), values: values() }));
  return { ...common, kind: 'batch', type, queries };
}

// The body of ERROR: code, message, and the fields of each code, as each protocol version has them. Source: native_protocol_v5.spec section 9,
// v4 section 9, v3 section 9. Drivers decide about retries by these fields.
import { type BufferWriter, utf8Bytes } from '../common/bytes.js';
import { type ErrorFields, errorTable, type FerrosaError } from '../common/errors.js';

const stringBytesMax = 65_535;
const consistencyOne = 1;

/** The code that a client of this version knows for the error. */
export function errorCodeFor(code: number, version: number): number {
  if (version < 5 && code === errorTable.CAS_WRITE_UNKNOWN.cql) return errorTable.WRITE_TIMEOUT.cql;
  if (version >= 4) return code;
  switch (code) {
    case errorTable.READ_FAILURE.cql:
      return errorTable.READ_TIMEOUT.cql;
    case errorTable.WRITE_FAILURE.cql:
      return errorTable.WRITE_TIMEOUT.cql;
    case errorTable.FUNCTION_FAILURE.cql:
    case errorTable.CDC_WRITE_FAILURE.cql:
      return errorTable.INVALID.cql;
    default:
      return code;
  }
}

export function writeErrorBody(writer: BufferWriter, error: FerrosaError, version: number): void {
  const code = errorCodeFor(errorTable[error.code].cql, version);
  writer.i32(code);
  writeMessage(writer, error.message);
  const { fields } = error;
  switch (code) {
    case errorTable.UNAVAILABLE.cql:
      writer.u16(fields.consistency ?? consistencyOne);
      writer.i32(fields.required ?? 1);
      writer.i32(fields.alive ?? 0);
      break;
    case errorTable.WRITE_TIMEOUT.cql:
      writeWriteTimeout(writer, error, version);
      break;
    case errorTable.READ_TIMEOUT.cql:
      writeAcknowledged(writer, fields);
      writer.u8(fields.dataPresent ? 1 : 0);
      break;
    case errorTable.READ_FAILURE.cql:
      writeAcknowledged(writer, fields);
      writeFailures(writer, fields, version);
      writer.u8(fields.dataPresent ? 1 : 0);
      break;
    case errorTable.WRITE_FAILURE.cql:
      writeAcknowledged(writer, fields);
      writeFailures(writer, fields, version);
      writer.string(fields.writeType ?? 'SIMPLE');
      break;
    case errorTable.FUNCTION_FAILURE.cql:
      writer.string(fields.keyspace ?? '');
      writer.string(fields.functionName ?? '');
      writeStringList(writer, fields.argumentTypes ?? []);
      break;
    case errorTable.CAS_WRITE_UNKNOWN.cql:
      writeAcknowledged(writer, fields);
      break;
    case errorTable.ALREADY_EXISTS.cql:
      writer.string(fields.keyspace ?? '');
      writer.string(fields.table ?? '');
      break;
    case errorTable.UNPREPARED.cql:
      writer.shortBytes(fields.preparedId ?? new Uint8Array(0));
      break;
    default:
      break;
  }
}

function writeWriteTimeout(writer: BufferWriter, error: FerrosaError, version: number): void {
  const writeType = error.code === 'CAS_WRITE_UNKNOWN' ? 'CAS' : (error.fields.writeType ?? 'SIMPLE');
  writeAcknowledged(writer, error.fields);
  writer.string(writeType);
  if (version >= 5 && writeType === 'CAS') writer.u16(error.fields.contentions ?? 0);
}

function writeAcknowledged(writer: BufferWriter, fields: ErrorFields): void {
  writer.u16(fields.consistency ?? consistencyOne);
  writer.i32(fields.received ?? 0);
  writer.i32(fields.blockFor ?? 1);
}

function writeFailures(writer: BufferWriter, fields: ErrorFields, version: number): void {
  const reasons = fields.failureReasons ?? [];
  if (version < 5) {
    writer.i32(fields.failures ?? reasons.length);
    return;
  }
  writer.i32(reasons.length);
  for (const { address, reason } of reasons) {
    writer.u8(address.length);
    writer.bytes(address);
    writer.u16(reason);
  }
}

export function writeStringList(writer: BufferWriter, list: readonly string[]): void {
  writer.u16(list.length);
  for (const text of list) writeMessage(writer, text);
}

/** A [string], cut when its length would not fit. */
function writeMessage(writer: BufferWriter, message: string): void {
  const bytes = utf8Bytes(message);
  if (bytes.length <= stringBytesMax) {
    writer.shortBytes(bytes);
    return;
  }
  let end = stringBytesMax;
  // Not within a character: its continuation bytes are 10xxxxxx.
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  writer.shortBytes(bytes.subarray(0, end));
}

// Values of plain types as the text Cassandra prints (TypeSerializer.toString).
import { toHex } from '../common/bytes.js';
import { decodeDecimal, formatDecimal } from './decimal.js';
import { decodeDuration, formatDuration } from './duration.js';
import { formatInet } from './inet.js';
import type { CqlType } from './model.js';
import {
  decodeByte,
  decodeDouble,
  decodeFloat,
  decodeInt,
  decodeLong,
  decodeShort,
  decodeVarint,
  formatDouble,
  formatFloat,
} from './numbers.js';
import { formatDate, formatTime, formatTimestamp } from './temporal.js';
import { formatUuid } from './text.js';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true }); // what is no UTF-8 prints as U+FFFD

/** Text of a value; empty for an empty value. Structured types print as hex. REQUIRES: a valid value. */
export function plainText(type: CqlType, bytes: Uint8Array): string {
  if (type.kind === 'text' || type.kind === 'ascii') return decoder.decode(bytes);
  if (bytes.length === 0) return '';
  switch (type.kind) {
    case 'boolean':
      return bytes[0] === 0 ? 'false' : 'true';
    case 'tinyint':
      return decodeByte(bytes).toString();
    case 'smallint':
      return decodeShort(bytes).toString();
    case 'int':
      return decodeInt(bytes).toString();
    case 'bigint':
    case 'counter':
      return decodeLong(bytes).toString();
    case 'varint':
      return decodeVarint(bytes).toString();
    case 'decimal':
      return formatDecimal(decodeDecimal(bytes));
    case 'float':
      return formatFloat(decodeFloat(bytes));
    case 'double':
      return formatDouble(decodeDouble(bytes));
    case 'date':
      return formatDate(decodeInt(bytes) >>> 0);
    case 'time':
      return formatTime(decodeLong(bytes));
    case 'timestamp':
      return formatTimestamp(decodeLong(bytes), 'T');
    case 'duration':
      return formatDuration(decodeDuration(bytes));
    case 'inet':
      return formatInet(bytes);
    case 'uuid':
    case 'timeuuid':
      return formatUuid(bytes);
    default:
      return toHex(bytes);
  }
}

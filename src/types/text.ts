// A value of a plain type from its text (Cassandra's AbstractType.fromString).
import { emptyBytes, fromHex, toHex, utf8Bytes } from '../common/bytes.js';
import { invalid } from '../common/errors.js';
import { packTuple } from './collections.js';
import { typeToCql } from './cql-text.js';
import { customForm, encodeComposite } from './custom.js';
import { encodeDecimal, parseDecimal } from './decimal.js';
import { encodeDuration, parseDuration } from './duration.js';
import { parseInet } from './inet.js';
import type { CqlType, CustomType, TupleType, UserType } from './model.js';
import {
  encodeByte,
  encodeDouble,
  encodeFloat,
  encodeInt,
  encodeLong,
  encodeShort,
  encodeVarint,
  int32Max,
  int32Min,
  int64Max,
  int64Min,
  parseDouble,
  parseFloat32,
  parseInteger,
  parseIntegerWithin,
} from './numbers.js';
import { parseDate, parseTime, parseTimestamp } from './temporal.js';
import type { Zone } from './zones.js';

/** What reading text may depend on besides the text. */
export type TextContext = {
  /** Milliseconds since 1970: the timestamp 'now'. */
  readonly nowMs: () => number;
  /** Zone of timestamps that name none; that of the process unless given. */
  readonly zone?: Zone;
};

/**
 * Bytes of a value from its text. An empty text is an empty value for most types.
 * @throws FerrosaError INVALID with Cassandra's message
 */
export function encodeText(type: CqlType, text: string, context: TextContext): Uint8Array {
  switch (type.kind) {
    case 'text':
      return utf8Bytes(/[\ud800-\udfff]/.test(text) ? text.replace(/\p{Surrogate}/gu, '?') : text); // as Java does
    case 'ascii':
      return encodeAscii(text);
    case 'date':
      return encodeInt(parseDate(text));
    case 'time':
      return encodeLong(parseTime(text));
    case 'boolean':
      return encodeBoolean(text);
    case 'blob':
    case 'list':
    case 'set':
    case 'map':
    case 'vector':
      return encodeHex(text);
    case 'custom':
      return encodeCustom(type, text, context);
    default:
      return text === '' ? emptyBytes : encodeNonEmptyText(type, text, context);
  }
}

function encodeCustom(type: CustomType, text: string, context: TextContext): Uint8Array {
  const form = customForm(type);
  if (form.kind === 'bytes') return encodeHex(text);
  if (form.kind !== 'lexicalUuid')
    return encodeComposite(form, text, (part, value) => encodeText(part, value, context));
  return text === '' ? emptyBytes : required(parseUuid(text), 'unable to make UUID', text);
}

function encodeNonEmptyText(type: CqlType, text: string, context: TextContext): Uint8Array {
  switch (type.kind) {
    case 'tinyint':
      return encodeByte(Number(within(text, -128n, 127n, 'Unable to make byte')));
    case 'smallint':
      return encodeShort(Number(within(text, -32768n, 32767n, 'Unable to make short')));
    case 'int':
      return encodeInt(Number(within(text, int32Min, int32Max, 'Unable to make int')));
    case 'bigint':
    case 'counter':
      return encodeLong(within(text, int64Min, int64Max, 'Unable to make long'));
    case 'varint':
      return encodeVarint(required(parseInteger(text), 'unable to make int', text));
    case 'decimal':
      return encodeDecimal(required(parseDecimal(text), 'unable to make BigDecimal', text));
    case 'float':
      return encodeFloat(required(parseFloat32(text), 'Unable to make float', text));
    case 'double':
      return encodeDouble(required(parseDouble(text), 'Unable to make double', text));
    case 'timestamp':
      return encodeLong(parseTimestamp(text, context.nowMs, context.zone));
    case 'duration':
      return encodeDuration(parseDuration(text));
    case 'inet':
      return required(parseInet(text), 'Unable to make inet address', text);
    case 'uuid':
      return required(parseUuid(text), 'Unable to make UUID', text);
    case 'timeuuid':
      return encodeTimeuuid(text);
    case 'empty':
      throw invalid(`'${text}' is not empty`);
    case 'tuple':
    case 'udt':
      return encodeTuple(type, text, context);
    default:
      throw invalid(`A value of type ${typeToCql(type)} cannot be read from text`);
  }
}

/** Fields between colons; `@` is null, a backslash keeps a colon or an at sign. Source: TupleType.fromString. */
function encodeTuple(type: TupleType | UserType, text: string, context: TextContext): Uint8Array {
  const types = type.kind === 'udt' ? type.fieldTypes : type.fields;
  const fields = text.split(/(?<!\\):/);
  if (fields.length > types.length)
    throw invalid(
      `Invalid tuple literal: too many elements. Type ${typeToCql(type)} expects ${types.length} but got ${fields.length}`,
    );
  return packTuple(
    fields.map((field, i) => (field === '@' ? null : encodeText(types[i]!, field.replace(/\\([:@])/g, '$1'), context))),
  );
}

function required<T>(value: T | null, problem: string, text: string): T {
  if (value === null) throw invalid(`${problem} from '${text}'`);
  return value;
}

function within(text: string, min: bigint, max: bigint, problem: string): bigint {
  return required(parseIntegerWithin(text, min, max), problem, text);
}

function encodeAscii(text: string): Uint8Array {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 128) continue;
    const isPair = code >= 0xd800 && code < 0xdc00 && text.codePointAt(i)! > 0xffff;
    const isLone = code >= 0xd800 && code < 0xe000 && !isPair;
    const exception = isLone ? 'MalformedInputException' : 'UnmappableCharacterException';
    throw invalid(
      `Invalid ASCII character in string literal: java.nio.charset.${exception}: Input length = ${isPair ? 2 : 1}`,
    );
  }
  return utf8Bytes(text);
}

function encodeBoolean(text: string): Uint8Array {
  const lower = text.toLowerCase();
  if (lower !== '' && lower !== 'false' && lower !== 'true') throw invalid(`Unable to make boolean from '${text}'`);
  return Uint8Array.of(lower === 'true' ? 1 : 0);
}

function encodeHex(text: string): Uint8Array {
  const bytes = fromHex(text);
  if (bytes === null) throw invalid(`cannot parse '${text}' as hex bytes`);
  return bytes;
}

/** 16 bytes of UUID text, or null. */
export function parseUuid(text: string): Uint8Array | null {
  if (!/^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/.test(text)) return null;
  return fromHex(text.replaceAll('-', ''));
}

/** Text of 16 bytes. */
export function formatUuid(bytes: Uint8Array): string {
  const hex = toHex(bytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function encodeTimeuuid(text: string): Uint8Array {
  const bytes = parseUuid(text);
  if (bytes === null) throw invalid(`Unknown timeuuid representation: ${text}`);
  if (bytes[6]! >> 4 !== 1) throw invalid('TimeUUID supports only version 1 UUIDs');
  return bytes;
}

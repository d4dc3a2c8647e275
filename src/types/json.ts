// Values to JSON and back, with Cassandra's rules (SELECT JSON, INSERT JSON, toJson, fromJson).
import { emptyBytes, fromHex, toHex } from '../common/bytes.js';
import { FerrosaError, invalid } from '../common/errors.js';
import {
  type MapEntry,
  packList,
  packMap,
  packSet,
  packTuple,
  packVector,
  unpackElements,
  unpackMap,
  unpackTuple,
  unpackVector,
} from './collections.js';
import { typeToCql } from './cql-text.js';
import { customForm } from './custom.js';
import { JsonSyntaxError, type JsonValue, jsonClassName, jsonToJavaString, parseJson, quoteJson } from './json-text.js';
import type { CqlType, CustomType, MapType, NativeTypeName, TupleType, UserType, VectorType } from './model.js';
import {
  decodeDouble,
  decodeFloat,
  decodeLong,
  encodeDouble,
  encodeFloat,
  encodeInt,
  encodeLong,
  encodeVarint,
  int32Max,
  int32Min,
  int64Max,
  int64Min,
  parseInteger,
} from './numbers.js';
import { plainText } from './plain-text.js';
import { formatTimestamp } from './temporal.js';
import { encodeText, type TextContext } from './text.js';

/** The value as JSON text, 'null' for null. REQUIRES: bytes that validateValue took. */
export function toJson(type: CqlType, bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  switch (type.kind) {
    case 'list':
    case 'set':
      return `[${unpackElements(bytes)
        .map((element) => (element === null ? nullElementToJson(type.element) : toJson(type.element, element)))
        .join(', ')}]`;
    case 'map':
      return mapToJson(type, bytes);
    case 'tuple':
      return `[${unpackTuple(bytes, type)
        .map((field, i) => toJson(type.fields[i]!, field))
        .join(', ')}]`;
    case 'udt':
      return userTypeToJson(type, bytes);
    case 'vector':
      return `[${unpackVector(type, bytes)
        .map((element) => toJson(type.element, element))
        .join(', ')}]`;
    default:
      return plainToJson(type, bytes);
  }
}

/** Null is in no list but that of a selection, `[c]`. To Cassandra that of a decimal is an empty one. */
const nullElementToJson = (type: CqlType): string => (type.kind === 'decimal' ? '""' : 'null');

function mapToJson(type: MapType, bytes: Uint8Array): string {
  const entries = unpackMap(bytes).map(([key, value]) => {
    const keyJson = toJson(type.key, key);
    return `${keyJson.startsWith('"') ? keyJson : quoteJson(keyJson)}: ${toJson(type.value, value)}`;
  });
  return `{${entries.join(', ')}}`;
}

function userTypeToJson(type: UserType, bytes: Uint8Array): string {
  const fields = unpackTuple(bytes, type).map((field, i) => {
    const name = type.fieldNames[i]!;
    const shown = name === name.toLowerCase() ? name : `"${name}"`;
    return `${quoteJson(shown)}: ${toJson(type.fieldTypes[i]!, field)}`;
  });
  return `{${fields.join(', ')}}`;
}

function plainToJson(type: CqlType, bytes: Uint8Array): string {
  switch (type.kind) {
    case 'text':
    case 'ascii':
      return quoteJson(plainText(type, bytes));
    case 'custom':
      if (customForm(type).kind === 'lexicalUuid') return plainToJson({ kind: 'uuid' }, bytes);
      return `"0x${toHex(bytes)}"`;
    case 'blob':
      return `"0x${toHex(bytes)}"`;
    case 'empty':
      return '""';
    case 'timestamp':
      return bytes.length === 0 ? '""' : `"${formatTimestamp(decodeLong(bytes), ' ')}"`;
    case 'inet':
    case 'date':
    case 'time':
    case 'uuid':
    case 'timeuuid':
    case 'duration':
      return `"${plainText(type, bytes)}"`;
    default:
      return bytes.length === 0 ? '""' : numberToJson(type, bytes);
  }
}

function numberToJson(type: CqlType, bytes: Uint8Array): string {
  // JSON has no NaN and no Infinity.
  if (type.kind === 'float' && !Number.isFinite(decodeFloat(bytes))) return 'null';
  if (type.kind === 'double' && !Number.isFinite(decodeDouble(bytes))) return 'null';
  return plainText(type, bytes);
}

/**
 * Bytes of a value from JSON text.
 * @throws FerrosaError INVALID; `Could not decode JSON string` with the reason when it is no JSON
 */
export function fromJson(type: CqlType, text: string, context: TextContext): Uint8Array | null {
  return fromJsonValue(type, decodeJson(text), context);
}

function decodeJson(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw invalid(`Error decoding JSON string: ${error.message}`);
    throw error;
  }
}

/** Bytes of a value from a parsed JSON value; null is null. */
export function fromJsonValue(type: CqlType, value: JsonValue, context: TextContext): Uint8Array | null {
  if (value === null) return null;
  switch (type.kind) {
    case 'list':
      return packList(elementsFromJson(type.element, asArray(value, 'a list'), 'list', context));
    case 'set': {
      const elements = elementsFromJson(type.element, asArray(value, 'a list (representing a set)'), 'set', context);
      return packSet(type.element, elements);
    }
    case 'map':
      return mapFromJson(type, value, context);
    case 'tuple':
      return tupleFromJson(type, value, context);
    case 'udt':
      return userTypeFromJson(type, value, context);
    case 'vector':
      return vectorFromJson(type, value, context);
    case 'custom':
      if (customForm(type).kind === 'lexicalUuid') return lexicalUuidFromJson(type, value, context);
      throw invalid(`JSON values of type ${typeToCql(type)} are not supported`);
    case 'counter':
      throw invalid(`JSON values of type ${typeToCql(type)} are not supported`);
    default:
      return plainFromJson(type.kind, value, context);
  }
}

const mismatch = (expected: string, value: Exclude<JsonValue, null>): FerrosaError =>
  invalid(`Expected ${expected}, but got a ${jsonClassName(value)}: ${jsonToJavaString(value)}`);

/** A collection may also be JSON text within a JSON string, as map keys have to be. */
function structured(value: Exclude<JsonValue, null>): Exclude<JsonValue, null> {
  if (typeof value !== 'string') return value;
  const parsed = decodeJson(value);
  if (parsed === null) throw invalid('Invalid null value in JSON string');
  return parsed;
}

function asArray(value: Exclude<JsonValue, null>, expected: string): JsonValue[] {
  const parsed = structured(value);
  if (!Array.isArray(parsed)) throw mismatch(expected, parsed);
  return parsed;
}

function asMap(value: Exclude<JsonValue, null>): Map<string, JsonValue> {
  const parsed = structured(value);
  if (!(parsed instanceof Map)) throw mismatch('a map', parsed);
  return parsed;
}

function elementsFromJson(
  element: CqlType,
  items: readonly JsonValue[],
  what: 'list' | 'set',
  context: TextContext,
): Uint8Array[] {
  return items.map((item) => {
    const bytes = fromJsonValue(element, item, context);
    if (bytes === null) throw invalid(`Invalid null element in ${what}`);
    return bytes;
  });
}

function mapFromJson(type: MapType, value: Exclude<JsonValue, null>, context: TextContext): Uint8Array {
  const entries: MapEntry[] = [];
  for (const [key, item] of asMap(value)) {
    if (item === null) throw invalid('Invalid null value in map');
    entries.push([fromJsonValue(type.key, key, context)!, fromJsonValue(type.value, item, context)!]);
  }
  return packMap(type.key, entries);
}

function tupleFromJson(type: TupleType, value: Exclude<JsonValue, null>, context: TextContext): Uint8Array {
  const items = asArray(value, 'a list representation of a tuple');
  const count = type.fields.length;
  if (items.length > count) {
    throw invalid(`Tuple contains extra items (expected ${count}): ${jsonToJavaString(items)}`);
  }
  if (items.length < count) {
    throw invalid(`Tuple is missing items (expected ${count}): ${jsonToJavaString(items)}`);
  }
  return packTuple(items.map((item, i) => fromJsonValue(type.fields[i]!, item, context)));
}

function userTypeFromJson(type: UserType, value: Exclude<JsonValue, null>, context: TextContext): Uint8Array {
  const fields = resolveJsonNames(asMap(value));
  for (const name of fields.keys()) {
    if (!type.fieldNames.includes(name)) {
      throw invalid(`Unknown field '${name}' in value of user defined type ${type.name}`);
    }
  }
  return packTuple(
    type.fieldTypes.map((field, i) => fromJsonValue(field, fields.get(type.fieldNames[i]!) ?? null, context)),
  );
}

/** Names as CQL means them: in double quotes exactly, otherwise in lower case. */
export function resolveJsonNames(fields: ReadonlyMap<string, JsonValue>): Map<string, JsonValue> {
  const resolved = new Map(fields);
  for (const key of fields.keys()) {
    const isQuoted = key.length >= 2 && key.startsWith('"') && key.endsWith('"');
    const name = isQuoted ? key.slice(1, -1) : key.toLowerCase();
    if (name === key) continue;
    resolved.set(name, resolved.get(key)!);
    resolved.delete(key);
  }
  return resolved;
}

function vectorFromJson(type: VectorType, value: Exclude<JsonValue, null>, context: TextContext): Uint8Array {
  const items = asArray(value, 'a list');
  if (items.length !== type.dimensions) {
    throw invalid(
      `List had incorrect size: expected ${type.dimensions} but given ${items.length}; ${jsonToJavaString(items)}`,
    );
  }
  return packVector(type, elementsFromJson(type.element, items, 'list', context));
}

const stringOnly: Partial<Record<NativeTypeName, string>> = {
  ascii: 'an ascii string',
  text: 'a UTF-8 string',
  inet: 'a string representation of an inet value',
  date: 'a string representation of a date value',
  time: 'a string representation of a time value',
  uuid: 'a string representation of a uuid',
  timeuuid: 'a string representation of a timeuuid',
  duration: 'a string representation of a duration',
  timestamp: 'a long or a datestring representation of a timestamp value',
};

function plainFromJson(
  kind: NativeTypeName | 'empty',
  value: Exclude<JsonValue, null>,
  context: TextContext,
): Uint8Array {
  const type = { kind } as CqlType;
  switch (kind) {
    case 'blob':
      return blobFromJson(value);
    case 'boolean':
      if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0);
      if (typeof value !== 'string') throw mismatch('a boolean value', value);
      return encodeText(type, value, context);
    case 'empty':
      if (value !== '') throw invalid(`Expected an empty string, but got: ${jsonToJavaString(value)}`);
      return emptyBytes;
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'varint':
    case 'decimal':
    case 'float':
    case 'double':
      return numberFromJson(kind, value, context);
    case 'timestamp':
      if (typeof value === 'bigint' && jsonClassName(value) === 'Long') return encodeLong(value);
      break;
  }
  if (typeof value !== 'string') throw mismatch(stringOnly[kind as NativeTypeName] ?? 'a string', value);
  return encodeText(type, value, context);
}

function lexicalUuidFromJson(type: CustomType, value: Exclude<JsonValue, null>, context: TextContext): Uint8Array {
  if (typeof value !== 'string') throw mismatch(stringOnly['uuid']!, value);
  return encodeText(type, value, context);
}

function blobFromJson(value: Exclude<JsonValue, null>): Uint8Array {
  const reason = () => {
    if (typeof value !== 'string') {
      const name = `java.${Array.isArray(value) || value instanceof Map ? 'util' : 'lang'}.${jsonClassName(value)}`;
      return (
        `class ${name} cannot be cast to class java.lang.String (${name} and java.lang.String are in module ` +
        "java.base of loader 'bootstrap')"
      );
    }
    if (!value.startsWith('0x')) return `String representation of blob is missing 0x prefix: ${value}`;
    return `cannot parse '${value.slice(2)}' as hex bytes`;
  };
  const bytes = typeof value === 'string' && value.startsWith('0x') ? fromHex(value.slice(2)) : null;
  if (bytes === null) {
    throw invalid(`Value '${jsonToJavaString(value)}' is not a valid blob representation: ${reason()}`);
  }
  return bytes;
}

type NumberKind = 'tinyint' | 'smallint' | 'int' | 'bigint' | 'varint' | 'decimal' | 'float' | 'double';

function numberFromJson(kind: NumberKind, value: Exclude<JsonValue, null>, context: TextContext): Uint8Array {
  const type: CqlType = { kind };
  const isNumber = typeof value === 'bigint' || typeof value === 'number';
  switch (kind) {
    case 'tinyint':
    case 'smallint':
      if (typeof value !== 'string' && !isNumber) {
        throw mismatch(kind === 'tinyint' ? 'a byte value' : 'a short value', value);
      }
      return encodeText(type, jsonToJavaString(value), context);
    case 'varint': {
      const integer = typeof value === 'bigint' ? value : parseInteger(jsonToJavaString(value));
      if (integer !== null) return encodeVarint(integer);
      throw invalid(`Value '${jsonToJavaString(value)}' is not a valid representation of a varint value`);
    }
    case 'decimal':
      return decimalFromJson(value, context);
    default:
      if (typeof value === 'string') return encodeText(type, value, context);
      break;
  }
  if (kind === 'int' || kind === 'bigint') return integerFromJson(kind, value);
  if (!isNumber) throw mismatch(`a ${kind} value`, value);
  return kind === 'float' ? encodeFloat(Math.fround(Number(value))) : encodeDouble(Number(value));
}

function decimalFromJson(value: Exclude<JsonValue, null>, context: TextContext): Uint8Array {
  try {
    return encodeText({ kind: 'decimal' }, jsonToJavaString(value), context);
  } catch (error) {
    if (!(error instanceof FerrosaError)) throw error;
    throw invalid(`Value '${jsonToJavaString(value)}' is not a valid representation of a decimal value`);
  }
}

function integerFromJson(kind: 'int' | 'bigint', value: Exclude<JsonValue, null>): Uint8Array {
  const expected = kind === 'int' ? 'an int value' : 'a bigint value';
  if (typeof value !== 'bigint') throw mismatch(expected, value);
  if (kind === 'int') {
    if (value < int32Min || value > int32Max) throw mismatch(expected, value);
    return encodeInt(Number(value));
  }
  if (value < int64Min || value > int64Max) throw mismatch(expected, value);
  return encodeLong(value);
}

// Constants of CQL: which may be assigned to which type, and their bytes; and values back as CQL literals.
import { toHex } from '../common/bytes.js';
import { invalid } from '../common/errors.js';
import { splitTuple, unpackElements, unpackMap, unpackVector } from './collections.js';
import { typeToCql } from './cql-text.js';
import { validateCustom } from './custom.js';
import { compareDecimals, decimalToDouble, parseDecimal } from './decimal.js';
import { quoteIfNeeded, quoteString } from './identifiers.js';
import type { CqlType, NativeTypeName, UserType } from './model.js';
import { formatDouble, int32Max, int32Min, int64Max, int64Min } from './numbers.js';
import { plainText } from './plain-text.js';
import { encodeText, type TextContext } from './text.js';

/** Kinds of constants, as src/cql/ast.ts names them. */
export type ConstantKind = 'string' | 'integer' | 'float' | 'boolean' | 'uuid' | 'hex' | 'duration';

export type Assignability = 'exact' | 'weak' | 'none';

const weakTargets: Readonly<Record<ConstantKind, readonly NativeTypeName[]>> = {
  string: ['ascii', 'text', 'inet', 'date', 'time', 'timestamp'],
  integer: [
    'bigint',
    'counter',
    'date',
    'decimal',
    'double',
    'duration',
    'float',
    'int',
    'smallint',
    'time',
    'timestamp',
    'tinyint',
    'varint',
  ],
  uuid: ['uuid', 'timeuuid'],
  float: ['decimal', 'double', 'float'],
  boolean: ['boolean'],
  hex: ['blob'],
  duration: ['duration'],
};

/** The type a constant has when nothing asks for another (Cassandra's preferred type). */
export function preferredTypeOf(kind: ConstantKind, text: string): NativeTypeName {
  switch (kind) {
    case 'string':
      return /^[\0-\x7f]*$/.test(text) ? 'ascii' : 'text';
    case 'integer': {
      const value = BigInt(text);
      if (value >= int32Min && value <= int32Max) return 'int';
      return value >= int64Min && value <= int64Max ? 'bigint' : 'varint';
    }
    case 'float':
      return preferredFloatType(text);
    case 'uuid':
      return text[14] === '1' ? 'timeuuid' : 'uuid';
    case 'hex':
      return 'tinyint'; // so it is in Cassandra
    default:
      return kind;
  }
}

/** double where the text is exactly what the double prints as, else decimal. */
function preferredFloatType(text: string): NativeTypeName {
  const decimal = parseDecimal(text);
  if (decimal === null) return 'double';
  const double = decimalToDouble(decimal);
  if (!Number.isFinite(double)) return 'decimal';
  const printed = parseDecimal(formatDouble(double));
  return printed !== null && compareDecimals(decimal, printed) === 0 ? 'double' : 'decimal';
}

/** May this constant be assigned to that type? */
export function testConstant(kind: ConstantKind, text: string, type: CqlType): Assignability {
  switch (type.kind) {
    case 'list':
    case 'set':
    case 'map':
    case 'udt':
    case 'vector':
      return 'none';
    case 'tuple':
    case 'custom':
      return 'weak';
    default:
      if (type.kind === preferredTypeOf(kind, text)) return 'exact';
      return weakTargets[kind].includes(type.kind as NativeTypeName) ? 'weak' : 'none';
  }
}

/**
 * Bytes of a constant for a receiver of a type.
 * @param receiver  name of the column, argument or element, for the message
 * @throws FerrosaError INVALID: not assignable, or not readable as that type
 */
export function encodeConstant(
  kind: ConstantKind,
  text: string,
  type: CqlType,
  receiver: string,
  context: TextContext,
): Uint8Array {
  const isUsual = weakTargets[kind].includes(type.kind as NativeTypeName);
  if (!isUsual && testConstant(kind, text, type) === 'none') {
    throw invalid(`Invalid ${kind.toUpperCase()} constant (${text}) for "${receiver}" of type ${typeToCql(type)}`);
  }
  if (kind === 'hex') {
    const bytes = encodeText({ kind: 'blob' }, text.slice(2), context);
    if (type.kind === 'custom') validateCustom(type, bytes, null);
    return bytes;
  }
  return encodeText(type, text, context);
}

/** The value as a CQL literal that reads back as the same value; 'null' for null and for empty values of most types. */
export function toCqlLiteral(type: CqlType, bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  switch (type.kind) {
    case 'list':
      return `[${elementLiterals(type.element, bytes)}]`;
    case 'set':
      return `{${elementLiterals(type.element, bytes)}}`;
    case 'map': {
      const entries = unpackMap(bytes).map(
        ([key, value]) => `${toCqlLiteral(type.key, key)}: ${toCqlLiteral(type.value, value)}`,
      );
      return `{${entries.join(', ')}}`;
    }
    case 'tuple':
      return `(${splitTuple(bytes, type)
        .map((field, i) => toCqlLiteral(type.fields[i]!, field))
        .join(', ')})`;
    case 'udt':
      return userTypeLiteral(type, bytes);
    case 'vector':
      return `[${unpackVector(type, bytes)
        .map((element) => toCqlLiteral(type.element, element))
        .join(', ')}]`;
    case 'custom':
    case 'blob':
      return `0x${toHex(bytes)}`;
    case 'text':
    case 'ascii':
      return quoteString(plainText(type, bytes));
    default:
      return nativeLiteral(type, bytes);
  }
}

function elementLiterals(element: CqlType, bytes: Uint8Array): string {
  return unpackElements(bytes)
    .map((value) => toCqlLiteral(element, value))
    .join(', ');
}

function userTypeLiteral(type: UserType, bytes: Uint8Array): string {
  const fields = splitTuple(bytes, type).map(
    (field, i) => `${quoteIfNeeded(type.fieldNames[i]!)}: ${toCqlLiteral(type.fieldTypes[i]!, field)}`,
  );
  return `{${fields.join(', ')}}`;
}

function nativeLiteral(type: CqlType, bytes: Uint8Array): string {
  if (bytes.length === 0) return 'null';
  const text = plainText(type, bytes);
  const isQuoted = type.kind === 'inet' || type.kind === 'date' || type.kind === 'time' || type.kind === 'timestamp';
  return isQuoted ? quoteString(text) : text;
}

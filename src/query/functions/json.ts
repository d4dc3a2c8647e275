// to_json and from_json, also under their names before 5.0.
import { utf8Bytes } from '../../common/bytes.js';
import { FerrosaError, invalid } from '../../common/errors.js';
import {
  type CqlType,
  fromJsonValue,
  JsonSyntaxError,
  type JsonValue,
  parseJson,
  plainText,
  toJson,
} from '../../types/index.js';
import type { FunctionContext, ScalarFunction } from '../function-api.js';
import { functionFailure, native, scalar } from './build.js';
import { anyType, type Factory, fixed } from './parameters.js';

/** Types whose empty value means something and is written out. */
const emptyCounts: ReadonlySet<string> = new Set([
  'text',
  'ascii',
  'blob',
  'list',
  'set',
  'map',
  'tuple',
  'udt',
  'custom',
]);

function toJsonFactory(name: string): Factory {
  return {
    name,
    parameters: [anyType(false)],
    make: ([type]) =>
      scalar(name, [type!], native('text'), ([value]) => {
        const isNull = !value || (value.length === 0 && !emptyCounts.has(type!.kind));
        return utf8Bytes(isNull ? 'null' : toJson(type!, value));
      }),
  };
}

function parse(name: string, text: string): JsonValue {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw functionFailure(
      name,
      [native('text')],
      `execution of 'system.${name}[text]' failed: Could not decode JSON string '${text}': ${error.javaText}`,
    );
  }
}

function fromJsonFunction(name: string, type: CqlType): ScalarFunction {
  const execute = ([bytes]: readonly (Uint8Array | null)[], context: FunctionContext) => {
    if (!bytes) return null;
    const value = parse(name, plainText(native('text'), bytes));
    try {
      return fromJsonValue(type, value, { nowMs: () => Number(context.nowMicros / 1000n) });
    } catch (error) {
      if (!(error instanceof FerrosaError) || type.kind === 'duration') throw error;
      const message = `org.apache.cassandra.serializers.MarshalException: ${error.message}`;
      throw functionFailure(name, [native('text')], message);
    }
  };
  return scalar(name, [native('text')], type, execute);
}

function fromJsonFactory(name: string): Factory {
  return {
    name,
    parameters: [fixed('text')],
    make: (_types, receiver) => {
      if (receiver === null) {
        throw invalid(`${name}() cannot be used in the selection clause of a SELECT statement`);
      }
      return fromJsonFunction(name, receiver);
    },
  };
}

export function jsonFactories(): Factory[] {
  return [toJsonFactory('to_json'), toJsonFactory('tojson'), fromJsonFactory('from_json'), fromJsonFactory('fromjson')];
}

// length, octet_length, format_bytes and format_time, which Cassandra has after 5.0. Source: trunk's LengthFcts and FormatFcts.
import { utf8Bytes } from '../../common/bytes.js';
import { invalid } from '../../common/errors.js';
import {
  type CqlType,
  decodeInt,
  decodeLong,
  decodeVarint,
  encodeInt,
  int64Max,
  parseInteger,
  plainText,
} from '../../types/index.js';
import type { ScalarFunction } from '../function-api.js';
import { native, scalar } from './build.js';
import { anyType, type Factory, fixed, oneOf, optional } from './parameters.js';

const lengthOfText = scalar('length', [native('text')], native('int'), ([value]) =>
  value ? encodeInt(plainText(native('text'), value).length) : null,
);

const octetLength: Factory = {
  name: 'octet_length',
  parameters: [anyType(false)],
  make: ([type]) =>
    scalar('octet_length', [type!], native('int'), ([value]) => (value ? encodeInt(value.length) : null)),
};

const kinds = ['int', 'tinyint', 'smallint', 'bigint', 'varint', 'ascii', 'text'] as const;
const formatted = oneOf('[int|tinyint|smallint|bigint|varint|ascii|text]', kinds);

function longOf(type: CqlType, value: Uint8Array): bigint {
  if (type.kind === 'text' || type.kind === 'ascii') {
    const text = plainText(type, value);
    const parsed = parseInteger(text);
    if (parsed === null || parsed > int64Max || parsed < -int64Max - 1n)
      throw invalid(`unable to convert string '${text}' to a value of type long`);
    return parsed;
  }
  if (type.kind === 'bigint') return decodeLong(value);
  if (type.kind === 'int') return BigInt(decodeInt(value));
  // The bytes of a smallint or tinyint are those of the same varint.
  return BigInt.asIntN(64, decodeVarint(value));
}

type Units = ReadonlyMap<string, bigint>;
const byteUnits: Units = new Map([
  ['B', 1n],
  ['KiB', 2n ** 10n],
  ['MiB', 2n ** 20n],
  ['GiB', 2n ** 30n],
]);
/** In nanoseconds. */
const timeUnits: Units = new Map([
  ['d', 86_400_000_000_000n],
  ['h', 3_600_000_000_000n],
  ['m', 60_000_000_000n],
  ['s', 1_000_000_000n],
  ['ms', 1_000_000n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['ns', 1n],
]);

type Format = {
  readonly name: string;
  readonly units: Units;
  readonly sourceUnit: string;
  /** The unit that a value is shown in when none is asked for. */
  readonly unitOf: (value: bigint) => string;
  readonly unknownUnit: (unit: string) => string;
};

const formats: readonly Format[] = [
  {
    name: 'format_bytes',
    units: byteUnits,
    sourceUnit: 'B',
    unitOf: (value) => ['GiB', 'MiB', 'KiB'].find((unit) => value > byteUnits.get(unit)!) ?? 'B',
    unknownUnit: (unit) => `Unsupported data storage unit: ${unit}. Supported units are: B, KiB, MiB, GiB`,
  },
  {
    name: 'format_time',
    units: timeUnits,
    sourceUnit: 'ms',
    unitOf: (value) => ['d', 'h', 'm', 's'].find((unit) => value * 1_000_000n >= timeUnits.get(unit)!) ?? 'ms',
    unknownUnit: (unit) => `Unsupported time unit: ${unit}. Supported units are: ns, us, ms, s, m, h, d`,
  },
];

function formatFactory({ name, units, sourceUnit, unitOf, unknownUnit }: Format): Factory {
  const sizeOf = (unit: string) => {
    const size = units.get(unit);
    if (size === undefined) throw invalid(unknownUnit(unit));
    return size;
  };
  return {
    name,
    parameters: [formatted, optional(fixed('ascii')), optional(fixed('ascii'))],
    make: ([type, ...unitTypes]): ScalarFunction =>
      scalar(name, [type!, ...unitTypes.map(() => native('ascii'))], native('text'), ([value, ...others]) => {
        if (!value) return null;
        if (others.some((other) => other === null)) throw invalid('none of the arguments may be null');
        const given = longOf(type!, value);
        if (given < 0n) throw invalid('value must be non-negative');
        const names = others.map((other) => plainText(native('ascii'), other!));
        const source = names.length === 2 ? names[0]! : sourceUnit;
        const target = names.at(-1) ?? unitOf(given);
        const converted = (given * sizeOf(source)) / sizeOf(target);
        return utf8Bytes(`${converted > int64Max ? int64Max : converted} ${target}`);
      }),
  };
}

export const formatFunctions = (): ScalarFunction[] => [lengthOfText];
export const formatFactories = (): Factory[] => [octetLength, ...formats.map(formatFactory)];

// Serialized values as the fixtures' rows.jsonl has them (test/fixtures/README.md); floating numbers by their bits.
import { createHash } from 'node:crypto';
import type { CqlType } from '../../../src/types/index.js';

const longBytes = 4096;

/** One value; `bytes` null when absent. */
export function jsonOf(type: CqlType, bytes: Uint8Array | null): unknown {
  if (bytes === null) return null;
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type.kind === 'text' || type.kind === 'ascii')
    return raw.length <= longBytes ? raw.toString('utf8') : digest(raw);
  if (type.kind === 'blob' || type.kind === 'custom')
    return raw.length <= longBytes ? `0x${raw.toString('hex')}` : digest(raw);
  if (raw.length === 0) return '';
  switch (type.kind) {
    case 'list':
    case 'set':
      return fields(raw.subarray(4), raw.readInt32BE(0)).map((item) => jsonOf(type.element, item));
    case 'map': {
      const items = fields(raw.subarray(4), 2 * raw.readInt32BE(0));
      return Array.from({ length: items.length / 2 }, (_, i) => [
        jsonOf(type.key, items[2 * i]!),
        jsonOf(type.value, items[2 * i + 1]!),
      ]);
    }
    case 'tuple':
      return fields(raw, type.fields.length).map((item, i) => jsonOf(type.fields[i]!, item));
    case 'udt':
      return Object.fromEntries(
        fields(raw, type.fieldTypes.length).map((item, i) => [type.fieldNames[i]!, jsonOf(type.fieldTypes[i]!, item)]),
      );
    case 'vector':
      return vectorElements(raw, type.element, type.dimensions).map((item) => jsonOf(type.element, item));
    default:
      return scalar(type.kind, raw);
  }
}

/** The same form of an expected value: without the text of floating numbers. */
export function withoutFloatText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutFloatText);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value);
  if (entries.length === 2 && 'bits' in value && 'text' in value) return { bits: value.bits };
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutFloatText(item)]));
}

const digest = (raw: Buffer): unknown => ({
  length: raw.length,
  sha256: createHash('sha256').update(raw).digest('hex'),
});

function fields(raw: Buffer, count: number): (Buffer | null)[] {
  const items: (Buffer | null)[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const length = at < raw.length ? raw.readInt32BE(at) : -1;
    at += 4;
    items.push(length < 0 ? null : raw.subarray(at, at + length));
    at += Math.max(length, 0);
  }
  return items;
}

const fixed: Partial<Record<CqlType['kind'], number>> = {
  boolean: 1,
  float: 4,
  int: 4,
  bigint: 8,
  double: 8,
  timestamp: 8,
  uuid: 16,
  timeuuid: 16,
};

function vectorElements(raw: Buffer, element: CqlType, dimensions: number): Buffer[] {
  const size = fixed[element.kind];
  const items: Buffer[] = [];
  let at = 0;
  for (let i = 0; i < dimensions; i++) {
    let length = size;
    if (length === undefined) length = raw[at++]!; // lengths below 128 are one byte
    items.push(raw.subarray(at, at + length));
    at += length;
  }
  return items;
}

function bigint(raw: Buffer): bigint {
  return raw.length === 0 ? 0n : BigInt.asIntN(8 * raw.length, BigInt(`0x${raw.toString('hex')}`));
}

function decimal(raw: Buffer): string {
  const scale = raw.readInt32BE(0);
  const unscaled = bigint(raw.subarray(4));
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
  const sign = unscaled < 0n ? '-' : '';
  const adjusted = digits.length - 1 - scale;
  if (scale >= 0 && adjusted >= -6) {
    if (scale === 0) return sign + digits;
    const padded = digits.padStart(scale + 1, '0');
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const point = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  return `${sign}${point}E${adjusted >= 0 ? '+' : ''}${adjusted}`;
}

function timestamp(raw: Buffer): string {
  const ms = raw.readBigInt64BE(0);
  if (ms < -62135596800000n || ms > 253402300799999n) return `ms:${ms}`;
  return new Date(Number(ms)).toISOString();
}

function vints(raw: Buffer): bigint[] {
  const values: bigint[] = [];
  for (let at = 0; at < raw.length; ) {
    const first = raw[at++]!;
    const extra = first === 0xff ? 8 : Math.clz32(~first << 24);
    let value = extra >= 7 ? 0n : BigInt(first & (0xff >> extra));
    for (let i = 0; i < extra; i++) value = (value << 8n) | BigInt(raw[at++]!);
    values.push((value >> 1n) ^ -(value & 1n));
  }
  return values;
}

function uuid(raw: Buffer): string {
  const hex = raw.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function inet(raw: Buffer): string {
  if (raw.length === 4) return [...raw].join('.');
  const groups = Array.from({ length: 8 }, (_, i) => raw.readUInt16BE(2 * i).toString(16)).join(':');
  const zeros = groups.match(/(?:^|:)0(?::0)+(?=:|$)/g)?.sort((a, b) => b.length - a.length)[0];
  if (zeros === undefined) return groups;
  return (
    groups
      .replace(zeros, zeros.startsWith(':') ? ':' : '')
      .replace(/^(?=:)|(?::)$/g, (m) => (m === ':' ? '::' : ':')) || '::'
  );
}

function scalar(kind: CqlType['kind'], raw: Buffer): unknown {
  switch (kind) {
    case 'boolean':
      return raw[0] !== 0;
    case 'tinyint':
      return raw.readInt8(0);
    case 'smallint':
      return raw.readInt16BE(0);
    case 'int':
      return raw.readInt32BE(0);
    case 'bigint':
    case 'counter':
    case 'varint':
      return bigint(raw).toString();
    case 'decimal':
      return decimal(raw);
    case 'float':
    case 'double':
      return { bits: `0x${raw.toString('hex')}` };
    case 'uuid':
    case 'timeuuid':
      return uuid(raw);
    case 'inet':
      return inet(raw);
    case 'timestamp':
      return timestamp(raw);
    case 'date': {
      const days = raw.readUInt32BE(0) - 2 ** 31;
      if (days < -719162 || days > 2932896) return `days:${days}`;
      return new Date(days * 86400000).toISOString().slice(0, 10);
    }
    case 'time': {
      const nanos = raw.readBigInt64BE(0);
      const two = (n: bigint): string => n.toString().padStart(2, '0');
      const seconds = nanos / 1000000000n;
      return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}.${(nanos % 1000000000n).toString().padStart(9, '0')}`;
    }
    case 'duration': {
      const [months, days, nanos] = vints(raw) as [bigint, bigint, bigint];
      const abs = (n: bigint): bigint => (n < 0n ? -n : n);
      return `${months < 0n || days < 0n || nanos < 0n ? '-' : ''}${abs(months)}mo${abs(days)}d${abs(nanos)}ns`;
    }
    default:
      return `0x${raw.toString('hex')}`;
  }
}

// CQL values of the test client: the types tests use most, both ways.
import { BodyReader, encode } from './cql-frames.js';

/** An [option] of the protocol: its number, and by number a class name, element types, or a user type's fields. */
export type WireType = {
  readonly id: number;
  readonly className?: string;
  readonly params: readonly WireType[];
  readonly fields?: readonly string[];
};

export function readType(reader: BodyReader): WireType {
  const id = reader.short();
  if (id === 0x00) return { id, className: reader.string(), params: [] };
  if (id === 0x20 || id === 0x22) return { id, params: [readType(reader)] };
  if (id === 0x21) return { id, params: [readType(reader), readType(reader)] };
  if (id === 0x31) return { id, params: Array.from({ length: reader.short() }, () => readType(reader)) };
  if (id !== 0x30) return { id, params: [] };
  reader.string();
  reader.string();
  const fields: string[] = [];
  const params: WireType[] = [];
  for (let n = reader.short(); n > 0; n--) {
    fields.push(reader.string());
    params.push(readType(reader));
  }
  return { id, params, fields };
}

function signed(bytes: Buffer): bigint {
  const hex = bytes.toString('hex');
  return hex === '' ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`));
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A cell as a JavaScript value; the bytes themselves for types that are not known here. */
export function decodeValue(type: WireType, bytes: Buffer | null): unknown {
  if (bytes === null) return null;
  switch (type.id) {
    case 0x01:
    case 0x0d:
      return bytes.toString('utf8');
    case 0x02:
    case 0x05:
    case 0x12:
      return bytes.readBigInt64BE(0);
    case 0x04:
      return bytes[0] !== 0;
    case 0x07:
      return bytes.readDoubleBE(0);
    case 0x08:
      return bytes.readFloatBE(0);
    case 0x09:
      return bytes.readInt32BE(0);
    case 0x0b:
      return new Date(Number(bytes.readBigInt64BE(0)));
    case 0x0c:
    case 0x0f:
      return uuidText(bytes);
    case 0x0e:
      return signed(bytes);
    case 0x13:
      return bytes.readInt16BE(0);
    case 0x14:
      return bytes.readInt8(0);
    default:
      return decodeNested(type, bytes);
  }
}

function decodeNested(type: WireType, bytes: Buffer): unknown {
  const reader = new BodyReader(bytes);
  if (type.id === 0x20 || type.id === 0x22)
    return Array.from({ length: reader.int() }, () => decodeValue(type.params[0]!, reader.bytesOrNull()));
  if (type.id === 0x21)
    return Array.from({ length: reader.int() }, () => [
      decodeValue(type.params[0]!, reader.bytesOrNull()),
      decodeValue(type.params[1]!, reader.bytesOrNull()),
    ]);
  if (type.id === 0x31 || type.id === 0x30) {
    const values = type.params.map((param) =>
      reader.at < bytes.length ? decodeValue(param, reader.bytesOrNull()) : null,
    );
    return type.fields === undefined ? values : Object.fromEntries(type.fields.map((name, i) => [name, values[i]]));
  }
  return bytes;
}

/** Serialized values to bind. */
export const value = {
  int: (v: number): Buffer => encode.int(v),
  bigint: (v: bigint | number): Buffer => encode.long(BigInt(v)),
  text: (v: string): Buffer => Buffer.from(v, 'utf8'),
  boolean: (v: boolean): Buffer => Buffer.from([v ? 1 : 0]),
  double(v: number): Buffer {
    const out = Buffer.alloc(8);
    out.writeDoubleBE(v);
    return out;
  },
  uuid: (v: string): Buffer => Buffer.from(v.replaceAll('-', ''), 'hex'),
  list: (elements: readonly Uint8Array[]): Buffer =>
    Buffer.concat([encode.int(elements.length), ...elements.map(encode.value)]),
  map: (entries: readonly (readonly [Uint8Array, Uint8Array])[]): Buffer =>
    Buffer.concat([encode.int(entries.length), ...entries.flat().map(encode.value)]),
};

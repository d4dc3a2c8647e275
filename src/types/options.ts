// Types as other parts read them: the native protocol's [option], and the addon's table descriptor.
import { BufferWriter, utf8Bytes } from '../common/bytes.js';
import { typeToClassName } from './class-name.js';
import { customForm } from './custom.js';
import type { CqlType, CustomType } from './model.js';

/** Option numbers of the native protocol (v5 specification, section 4.2.5.2) and the version that brought them. */
const optionOf: Readonly<Record<string, { readonly id: number; readonly since: number }>> = {
  custom: { id: 0x00, since: 1 },
  ascii: { id: 0x01, since: 1 },
  bigint: { id: 0x02, since: 1 },
  blob: { id: 0x03, since: 1 },
  boolean: { id: 0x04, since: 1 },
  counter: { id: 0x05, since: 1 },
  decimal: { id: 0x06, since: 1 },
  double: { id: 0x07, since: 1 },
  float: { id: 0x08, since: 1 },
  int: { id: 0x09, since: 1 },
  timestamp: { id: 0x0b, since: 1 },
  uuid: { id: 0x0c, since: 1 },
  text: { id: 0x0d, since: 1 },
  varint: { id: 0x0e, since: 1 },
  timeuuid: { id: 0x0f, since: 1 },
  inet: { id: 0x10, since: 1 },
  date: { id: 0x11, since: 4 },
  time: { id: 0x12, since: 4 },
  smallint: { id: 0x13, since: 4 },
  tinyint: { id: 0x14, since: 4 },
  duration: { id: 0x15, since: 5 },
  list: { id: 0x20, since: 1 },
  map: { id: 0x21, since: 1 },
  set: { id: 0x22, since: 1 },
  udt: { id: 0x30, since: 3 },
  tuple: { id: 0x31, since: 3 },
};

/**
 * Writes a type as the protocol's [option]. What the version does not know, vectors, and types without an option go as
 * custom with their class text.
 */
export function encodeTypeOption(writer: BufferWriter, type: CqlType, protocolVersion: number): void {
  const option = optionOf[type.kind];
  if (option === undefined || type.kind === 'custom' || protocolVersion < option.since) {
    writer.u16(0);
    writer.string(typeToClassName(type));
    return;
  }
  writer.u16(option.id);
  switch (type.kind) {
    case 'list':
    case 'set':
      encodeTypeOption(writer, type.element, protocolVersion);
      break;
    case 'map':
      encodeTypeOption(writer, type.key, protocolVersion);
      encodeTypeOption(writer, type.value, protocolVersion);
      break;
    case 'tuple':
      writer.u16(type.fields.length);
      for (const field of type.fields) encodeTypeOption(writer, field, protocolVersion);
      break;
    case 'udt':
      writer.string(type.keyspace);
      writer.string(type.name);
      writer.u16(type.fieldTypes.length);
      type.fieldTypes.forEach((field, i) => {
        writer.string(type.fieldNames[i]!);
        encodeTypeOption(writer, field, protocolVersion);
      });
      break;
    default:
      break;
  }
}

const descriptorVector = 0x80;
const descriptorEmpty = 0x81;
const descriptorOfForm = { bytes: optionOf['blob']!.id, composite: 0x82, dynamic: 0x83, lexicalUuid: 0x84 } as const;

/** A type for the addon, little-endian: docs/format/table-descriptor.md, `type`. */
export function encodeDescriptorType(type: CqlType): Uint8Array {
  const writer = new BufferWriter(64);
  writeDescriptorType(writer, type);
  return writer.finish();
}

function writeDescriptorType(writer: BufferWriter, type: CqlType): void {
  writer.u8(descriptorKind(type));
  const name = utf8Bytes(typeToClassName(type));
  writeU16LittleEndian(writer, name.length);
  writer.bytes(name);
  switch (type.kind) {
    case 'list':
    case 'set':
      writeDescriptorType(writer, type.element);
      break;
    case 'map':
      writeDescriptorType(writer, type.key);
      writeDescriptorType(writer, type.value);
      break;
    case 'tuple':
    case 'udt': {
      const fields = type.kind === 'tuple' ? type.fields : type.fieldTypes;
      writeU16LittleEndian(writer, fields.length);
      for (const field of fields) writeDescriptorType(writer, field);
      break;
    }
    case 'vector':
      writeDescriptorType(writer, type.element);
      writeU16LittleEndian(writer, type.dimensions & 0xffff);
      writeU16LittleEndian(writer, type.dimensions >>> 16);
      break;
    case 'custom':
      writeDescriptorParts(writer, type);
      break;
    default:
      break;
  }
}

function writeDescriptorParts(writer: BufferWriter, type: CustomType): void {
  const form = customForm(type);
  if (form.kind !== 'composite' && form.kind !== 'dynamic') return;
  const types = form.kind === 'composite' ? form.types : [...form.aliases.values()];
  writeU16LittleEndian(writer, types.length);
  if (form.kind === 'dynamic') writer.bytes(Buffer.from([...form.aliases.keys()].join(''), 'latin1'));
  for (const part of types) writeDescriptorType(writer, part);
}

function descriptorKind(type: CqlType): number {
  if (type.kind === 'vector') return descriptorVector;
  if (type.kind === 'empty') return descriptorEmpty;
  if (type.kind === 'custom') return descriptorOfForm[customForm(type).kind];
  return optionOf[type.kind]!.id;
}

function writeU16LittleEndian(writer: BufferWriter, value: number): void {
  writer.u8(value & 0xff);
  writer.u8((value >>> 8) & 0xff);
}

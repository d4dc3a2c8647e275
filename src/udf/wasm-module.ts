// WebAssembly modules of functions: their bytes out of a function's body, and the limits that a module may not raise itself.
// Source: WebAssembly Core Specification 2.0, section 5 (binary format).
import { fromHex } from '../common/bytes.js';
import { UdfFailure } from './messages.js';

const pageBytes = 65_536;
const tableElementsMax = 65_536;
const sections = { import: 2, table: 4, memory: 5 } as const;
/** Bits of the flags of limits. */
const limitBits = { hasMax: 1, shared: 2, is64: 4 } as const;

const invalidModule = (message: string): UdfFailure =>
  new UdfFailure('invalid', `WebAssembly compilation failed: ${message}`);

/** The module that a body holds in hexadecimal (0x before it or not) or in base64. @throws UdfFailure invalid */
export function moduleOfBody(body: string): Uint8Array {
  const text = body.replace(/\s+/g, '');
  const hex = fromHex(text.replace(/^0x/i, ''));
  const bytes = hex ?? new Uint8Array(Buffer.from(text, 'base64'));
  if (bytes.length < 8 || Buffer.from(bytes.subarray(0, 4)).toString('latin1') !== '\0asm')
    throw invalidModule('the body is no module in hexadecimal or base64');
  return bytes;
}

class Reader {
  offset = 0;
  constructor(readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.offset >= this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.offset++];
    if (byte === undefined) throw invalidModule('the module ends too early');
    return byte;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw invalidModule('a number is too long');
  }
}

function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

/** Limits with a maximum of at most `max`. @throws UdfFailure when the minimum is above that */
function cappedLimits(reader: Reader, max: number, what: string, unit: string): number[] {
  const flags = reader.byte();
  if ((flags & (limitBits.shared | limitBits.is64)) !== 0) throw invalidModule(`a ${what} is shared or of 64 bits`);
  const least = reader.u32();
  const most = (flags & limitBits.hasMax) !== 0 ? reader.u32() : max;
  if (least > max) throw invalidModule(`the ${what} needs more than the limit of ${max} ${unit}`);
  return [limitBits.hasMax, ...leb128(least), ...leb128(Math.min(most, max))];
}

function cappedSection(id: number, content: Uint8Array, memoryBytesMax: number): number[] {
  const reader = new Reader(content);
  const count = reader.u32();
  if (id === sections.memory && count > 1) throw invalidModule('the module has more than one memory');
  if (id === sections.table && count > 1) throw invalidModule('the module has more than one table');
  const out = leb128(count);
  if (id === sections.memory && count === 1)
    out.push(...cappedLimits(reader, Math.floor(memoryBytesMax / pageBytes), 'memory', 'pages of 64 KiB'));
  if (id === sections.table && count === 1) {
    const kind = reader.byte();
    if (kind !== 0x70 && kind !== 0x6f) throw invalidModule('the table holds something else than references');
    out.push(kind, ...cappedLimits(reader, tableElementsMax, 'table', 'elements'));
  }
  if (!reader.done) throw invalidModule('a section is longer than what is in it');
  return out;
}

/**
 * The module with memory and table that cannot grow beyond the limits.
 * @throws UdfFailure invalid, also when it imports anything
 */
export function limitedModule(bytes: Uint8Array, memoryBytesMax: number): Uint8Array<ArrayBuffer> {
  const reader = new Reader(bytes);
  reader.offset = 8;
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  while (!reader.done) {
    const id = reader.byte();
    const length = reader.u32();
    const content = bytes.subarray(reader.offset, reader.offset + length);
    if (content.length !== length) throw invalidModule('the module ends too early');
    reader.offset += length;
    if (id === sections.import && new Reader(content).u32() > 0)
      throw invalidModule('the module imports something; functions get nothing from outside');
    const isLimited = id === sections.memory || id === sections.table;
    const kept = isLimited ? Uint8Array.from(cappedSection(id, content, memoryBytesMax)) : content;
    parts.push(Uint8Array.from([id, ...leb128(kept.length)]), kept);
  }
  return new Uint8Array(Buffer.concat(parts));
}

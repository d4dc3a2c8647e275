// Big-endian bytes as the native protocol, mutations and serialized values use them.
import { type FerrosaError, protocolError } from './errors.js';

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Longer strings are encoded by TextEncoder. */
const asciiStringMax = 64;
/** The same bytes without Buffer's methods: `slice` copies, and parts of it cost less. */
export const plainBytes = (buffer: Buffer): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);

export const emptyBytes: Uint8Array = new Uint8Array(0);

/**
 * `length` bytes, in memory shared with others where they are few: for what is soon forgotten and goes to no other thread. An
 * array of its own costs many times as much.
 */
export function scratchBytes(length: number): Uint8Array {
  if (length > scratchPartMax) return new Uint8Array(length);
  if (scratchUsed + length > scratchPoolBytes) {
    scratch = new ArrayBuffer(scratchPoolBytes);
    scratchUsed = 0;
  }
  const bytes = new Uint8Array(scratch, scratchUsed, length);
  scratchUsed = (scratchUsed + length + 7) & ~7;
  return bytes;
}

const scratchPoolBytes = 64 * 1024;
const scratchPartMax = 4 * 1024;
let scratch = new ArrayBuffer(scratchPoolBytes);
let scratchUsed = 0;

/** A little-endian u32, read without a view: one on bytes that are read once costs more than what it reads. */
export const readU32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;

/** Up to here a loop costs less than the call of a function that copies. */
const loopBytesMax = 64;

/** UTF-8 bytes of a string. Lone surrogates become U+FFFD. */
export function utf8Bytes(text: string): Uint8Array {
  return utf8Encoder.encode(text);
}

/** Text of UTF-8 bytes; throws TypeError when they are not UTF-8. */
export function utf8Text(bytes: Uint8Array): string {
  return utf8Decoder.decode(bytes);
}

/** Lower-case hex digits of `bytes`, without a prefix. */
export function toHex(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('hex');
}

/** Bytes of an even number of hex digits, or null when `hex` is something else. */
export function fromHex(hex: string): Uint8Array | null {
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex)) return null;
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/** Order of bytes as unsigned numbers, a prefix first: negative, 0 or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** A copy in scratch bytes. */
export function scratchCopy(bytes: Uint8Array, length = bytes.length): Uint8Array {
  const copy = scratchBytes(length);
  if (length > loopBytesMax) copy.set(length === bytes.length ? bytes : bytes.subarray(0, length));
  else for (let i = 0; i < length; i++) copy[i] = bytes[i]!;
  return copy;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0;
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const result = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

/** A buffer that grows as it is written to. Numbers are big-endian. */
export class BufferWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(initialBytes = 256) {
    this.#bytes = new Uint8Array(Math.max(initialBytes, 16));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#view.setUint8(this.#length, value);
    this.#length += 1;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#length, value);
    this.#length += 2;
  }

  i32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  i64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#length, value);
    this.#length += 8;
  }

  f32(value: number): void {
    this.#reserve(4);
    this.#view.setFloat32(this.#length, value);
    this.#length += 4;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value);
    this.#length += 8;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** The protocol's [string]: u16 length and UTF-8 bytes. REQUIRES: at most 65535 bytes. */
  string(value: string): void {
    if (this.#asciiString(value)) return;
    const encoded = utf8Bytes(value);
    this.u16(encoded.length);
    this.bytes(encoded);
  }

  /** Names are short and plain: quicker without an array of their own. */
  #asciiString(value: string): boolean {
    const { length } = value;
    if (length > asciiStringMax) return false;
    this.#reserve(2 + length);
    const at = this.#length + 2;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) return false;
      this.#bytes[at + i] = code;
    }
    this.#view.setUint16(this.#length, length);
    this.#length = at + length;
    return true;
  }

  /** The protocol's [long string]: i32 length and UTF-8 bytes. */
  longString(value: string): void {
    const encoded = utf8Bytes(value);
    this.i32(encoded.length);
    this.bytes(encoded);
  }

  /** The protocol's [bytes], also a cell or a collection element: i32 length and the bytes, -1 for null. */
  value(value: Uint8Array | null): void {
    if (value === null) {
      this.i32(-1);
      return;
    }
    this.i32(value.length);
    this.bytes(value);
  }

  /** The protocol's [short bytes]. */
  shortBytes(value: Uint8Array): void {
    this.u16(value.length);
    this.bytes(value);
  }

  /** Overwrites an i32 written before, such as a length that was not known yet. */
  setI32(offset: number, value: number): void {
    if (offset < 0 || offset + 4 > this.#length) throw new RangeError(`offset ${offset} is not written yet`);
    this.#view.setInt32(offset, value);
  }

  /** What was written, as a copy of its own; the writer may go on. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** What was written, without a copy: valid until the next write or `clear`. */
  peek(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written, in scratch bytes. */
  scratch(): Uint8Array {
    return scratchCopy(this.#bytes, this.#length);
  }

  /** Forgets what was written and keeps the memory. */
  clear(): void {
    this.#length = 0;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/**
 * Reads big-endian bytes and never past their end: what is too short throws the error that `onShort` makes (a protocol
 * error by default). Byte results are views into the input, not copies.
 */
export class BufferReader {
  readonly #bytes: Uint8Array;
  readonly #onShort: (wanted: number, left: number) => FerrosaError;
  #offset = 0;

  constructor(bytes: Uint8Array, onShort: (wanted: number, left: number) => FerrosaError = shortBody) {
    this.#bytes = bytes;
    this.#onShort = onShort;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u16(): number {
    const at = this.#take(2);
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!;
  }

  i32(): number {
    const at = this.#take(4);
    const bytes = this.#bytes;
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }

  u32(): number {
    return this.i32() >>> 0;
  }

  i64(): bigint {
    return this.#view(8).getBigInt64(0);
  }

  f32(): number {
    return this.#view(4).getFloat32(0);
  }

  f64(): number {
    return this.#view(8).getFloat64(0);
  }

  bytes(length: number): Uint8Array {
    if (length < 0) throw this.#onShort(length, this.remaining);
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  string(): string {
    return this.#text(this.bytes(this.u16()));
  }

  longString(): string {
    return this.#text(this.bytes(this.i32()));
  }

  /** [bytes]: null for every negative length. */
  value(): Uint8Array | null {
    const length = this.i32();
    return length < 0 ? null : this.bytes(length);
  }

  shortBytes(): Uint8Array {
    return this.bytes(this.u16());
  }

  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /** Of the next bytes. Most are read without: a view costs more than what it reads. */
  #view(count: number): DataView {
    const at = this.#take(count);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, count);
  }

  #text(bytes: Uint8Array): string {
    try {
      return utf8Text(bytes);
    } catch {
      throw protocolError('Cannot decode string as UTF8');
    }
  }

  #take(count: number): number {
    const start = this.#offset;
    if (count > this.#bytes.length - start) throw this.#onShort(count, this.#bytes.length - start);
    this.#offset = start + count;
    return start;
  }
}

function shortBody(wanted: number, left: number): FerrosaError {
  return protocolError(`Not enough bytes: ${wanted} wanted, ${left} left`);
}

// One growing little-endian buffer that the encoders of this folder write into; kept and used again between encodings.
import { scratchBytes, scratchCopy } from '../common/bytes.js';

/** Copied by a loop: the call of `set` costs more. */
const shortBytes = 32;

/** Growable output bytes. Offsets stay valid until the next `clear`; `view` and `bytes` change when it grows. */
export class ByteWriter {
  bytes: Uint8Array;
  view: DataView;
  length = 0;

  constructor(initialBytes = 512) {
    this.bytes = scratchBytes(initialBytes);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, initialBytes);
  }

  clear(): void {
    this.length = 0;
  }

  /** Makes room for `count` more bytes and returns the offset where they go; the length grows by `count`. */
  take(count: number): number {
    const at = this.length;
    const needed = at + count;
    if (needed > this.bytes.length) this.grow(needed);
    this.length = needed;
    return at;
  }

  private grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  u8(value: number): void {
    const at = this.take(1);
    this.bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.take(2);
    this.view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.take(4);
    this.view.setUint32(at, value, true);
  }

  i64(value: bigint): void {
    const at = this.take(8);
    this.view.setBigInt64(at, value, true);
  }

  /** Unsigned LEB128 of a number below 2^53. */
  var(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.u8(rest);
  }

  raw(source: Uint8Array): void {
    const at = this.take(source.length);
    if (source.length > shortBytes) this.bytes.set(source, at);
    else for (let i = 0; i < source.length; i++) this.bytes[at + i] = source[i]!;
  }

  /** `bytes` of docs/format/mutation.md: var length and the bytes. */
  varBytes(source: Uint8Array): void {
    this.var(source.length);
    this.raw(source);
  }

  /** Moves everything from `at` on by `count` bytes, leaving a gap to fill. */
  insertGap(at: number, count: number): void {
    const end = this.length;
    this.take(count);
    this.bytes.copyWithin(at + count, at, end);
  }

  /** A copy of what was written, in memory shared with others: for what is soon forgotten and goes to no other thread. */
  copy(): Uint8Array {
    return scratchCopy(this.bytes, this.length);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

/** Reads what ByteWriter wrote, without copying. Past the end it throws RangeError. */
export class ByteReader {
  private readonly view: DataView;
  offset = 0;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.offset;
  }

  private step(count: number): number {
    const at = this.offset;
    if (count > this.bytes.length - at) throw new RangeError(`${count} bytes wanted at ${at} of ${this.bytes.length}`);
    this.offset = at + count;
    return at;
  }

  u8(): number {
    return this.view.getUint8(this.step(1));
  }

  u16(): number {
    return this.view.getUint16(this.step(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.step(4), true);
  }

  i64(): bigint {
    return this.view.getBigInt64(this.step(8), true);
  }

  /** Big-endian, as lengths of the native protocol. */
  i32be(): number {
    return this.view.getInt32(this.step(4), false);
  }

  var(): number {
    let result = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      result += (byte & 0x7f) * scale;
      if (byte < 0x80) return result;
      scale *= 0x80;
      if (scale > 2 ** 49) throw new RangeError('variable-length number is too long');
    }
  }

  raw(count: number): Uint8Array {
    const at = this.step(count);
    return this.bytes.subarray(at, at + count);
  }

  varBytes(): Uint8Array {
    return this.raw(this.var());
  }
}

// Reads the small components of an SSTable: big-endian numbers, Cassandra's vints. Whatever is too short is damage, named by file and offset.
import { corrupt } from './format.js';

export class ComponentReader {
  readonly #view: DataView;
  offset = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly path: string,
    /** Where in the file the bytes begin, for messages. */
    readonly base = 0,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }
  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }
  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }
  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }
  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }
  f64(): number {
    return this.#view.getFloat64(this.#take(8));
  }
  raw(count: number): Uint8Array {
    const at = this.#take(count);
    return this.bytes.subarray(at, at + count);
  }
  /** u16 length and UTF-8 text: Java's modified UTF-8 for what is ASCII. */
  utf(): string {
    return Buffer.from(this.raw(this.u16())).toString('utf8');
  }
  /** A count that must be possible with the bytes that are left. */
  count(bytesEach: number): number {
    const n = this.i32();
    if (n < 0 || n * bytesEach > this.left) throw this.fail(`a count of ${n}`);
    return n;
  }
  i64AsNumber(): number {
    const value = this.i64();
    if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.fail(`a length of ${value}`);
    return Number(value);
  }
  unsignedVint(): bigint {
    const first = this.u8();
    const extra = first === 0xff ? 8 : Math.clz32(~first << 24);
    let value = extra >= 7 ? 0n : BigInt(first & (0xff >> extra));
    for (let i = 0; i < extra; i++) value = (value << 8n) | BigInt(this.u8());
    return value;
  }
  vintBytes(): Uint8Array {
    const n = this.unsignedVint();
    if (n > BigInt(this.left)) throw this.fail(`a length of ${n}`);
    return this.raw(Number(n));
  }
  fail(what: string): Error {
    return corrupt(this.path, what, this.base + this.offset);
  }

  #take(count: number): number {
    const at = this.offset;
    if (count < 0 || count > this.left) throw this.fail('ends too early');
    this.offset = at + count;
    return at;
  }
}

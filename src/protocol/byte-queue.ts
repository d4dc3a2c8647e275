// Bytes as they come from a socket, handed out in the lengths the reader needs. Nothing is copied unless it spans chunks.

export class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
  #first = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** The first `count` bytes, left in the queue. REQUIRES: count <= length. */
  peek(count: number): Uint8Array {
    const chunk = this.#chunks[0];
    if (chunk !== undefined && chunk.length - this.#first >= count)
      return chunk.subarray(this.#first, this.#first + count);
    return this.#gather(count);
  }

  /** The first `count` bytes, taken out. REQUIRES: count <= length. */
  take(count: number): Uint8Array {
    const bytes = this.peek(count);
    this.skip(count);
    return bytes;
  }

  /** Drops up to `count` bytes; returns how many. */
  skip(count: number): number {
    const dropped = Math.min(count, this.#length);
    let left = dropped;
    let used = 0;
    while (left > 0) {
      const available = this.#chunks[used]!.length - this.#first;
      if (left < available) {
        this.#first += left;
        break;
      }
      left -= available;
      this.#first = 0;
      used++;
    }
    if (used > 0) this.#chunks.splice(0, used);
    this.#length -= dropped;
    return dropped;
  }

  #gather(count: number): Uint8Array {
    if (count > this.#length) throw new RangeError(`${count} bytes asked of ${this.#length}`);
    const result = new Uint8Array(count);
    let filled = 0;
    for (let i = 0; filled < count; i++) {
      const chunk = this.#chunks[i]!.subarray(i === 0 ? this.#first : 0);
      const part = chunk.subarray(0, count - filled);
      result.set(part, filled);
      filled += part.length;
    }
    return result;
  }
}

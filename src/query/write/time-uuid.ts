// Version 1 UUIDs: strictly increasing in the process, with a node part that is this process's own.

/** 100-nanosecond steps from the start of the Gregorian calendar, where UUID time begins, to 1970. */
const gregorianOffset = 122_192_928_000_000_000n;

export class TimeUuids {
  readonly #clockAndNode: Uint8Array;
  #last = 0n;

  /**
   * @param nowMicros  microseconds since the epoch
   * @param random  8 random bytes: clock sequence and node
   */
  constructor(
    private readonly nowMicros: () => bigint,
    random: Uint8Array,
  ) {
    this.#clockAndNode = random.slice(0, 8);
    this.#clockAndNode[0] = (this.#clockAndNode[0]! & 0x3f) | 0x80;
    // The multicast bit tells that the node part is no hardware address.
    this.#clockAndNode[2] = this.#clockAndNode[2]! | 0x01;
  }

  /** Later than every one given before. */
  next(): Uint8Array {
    const now = this.nowMicros() * 10n + gregorianOffset;
    this.#last = now > this.#last ? now : this.#last + 1n;
    return this.#make(this.#last);
  }

  /** At a time of its own. @param ticks  100-nanosecond steps after the millisecond */
  at(ms: number, ticks: number): Uint8Array {
    return this.#make(BigInt(ms) * 10_000n + BigInt(ticks) + gregorianOffset);
  }

  #make(time: bigint): Uint8Array {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, Number(time & 0xffffffffn));
    view.setUint16(4, Number((time >> 32n) & 0xffffn));
    view.setUint16(6, Number((time >> 48n) & 0x0fffn) | 0x1000);
    bytes.set(this.#clockAndNode, 8);
    return bytes;
  }
}

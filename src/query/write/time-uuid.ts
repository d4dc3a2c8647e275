// Version 1 UUIDs: strictly increasing in the process, with a node part that is this process's own.
import { timeUuid } from '../../types/index.js';

export class TimeUuids {
  /** Of the last one that was given: 100-nanosecond steps since 1970. */
  #last = 0n;

  /**
   * @param nowMicros  microseconds since the epoch
   * @param random  8 random bytes: clock sequence and node
   */
  constructor(
    private readonly nowMicros: () => bigint,
    private readonly random: Uint8Array,
  ) {}

  /** Later than every one given before. */
  next(): Uint8Array {
    const now = this.nowMicros() * 10n;
    this.#last = now > this.#last ? now : this.#last + 1n;
    return timeUuid(this.#last, this.random);
  }

  /** At a time of its own. @param ticks  100-nanosecond steps after the millisecond */
  at(ms: number, ticks: number): Uint8Array {
    return timeUuid(BigInt(ms) * 10_000n + BigInt(ticks), this.random);
  }
}

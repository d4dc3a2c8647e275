// Paths of list cells: time-based UUIDs, ascending for appends; descending before all appends for prepends.
import type { TimeUuids } from './time-uuid.js';

// Cassandra mirrors the time at 2010-01-01 for prepends, so that each prepend sorts before all before it.
const referenceMs = 1_262_304_000_000;
const nanosMax = 9_999;

/** Gives the paths of new list cells. One a process. */
export class ListPaths {
  #lastMs = Number.MAX_SAFE_INTEGER;
  #lastTick = 0;

  /** @param nowMs  milliseconds since the epoch */
  constructor(
    private readonly uuids: TimeUuids,
    private readonly nowMs: () => number,
  ) {}

  /** A path after all that were given before. */
  next(): Uint8Array {
    return this.uuids.next();
  }

  /** `count` ascending paths before all that were given before. Source: Lists.PrecisionTime. */
  before(count: number): Uint8Array[] {
    const paths: Uint8Array[] = new Array(count);
    let remaining = 0;
    for (let i = count - 1; i >= 0; i--) {
      if (remaining === 0) {
        remaining = Math.min(nanosMax, i) + 1;
        this.#reserve(referenceMs - (this.nowMs() - referenceMs), remaining);
      }
      paths[i] = this.uuids.at(this.#lastMs, this.#lastTick + remaining--);
    }
    return paths;
  }

  #reserve(ms: number, count: number): void {
    if (ms < this.#lastMs) {
      this.#lastMs = ms;
      this.#lastTick = nanosMax - count;
    } else if (this.#lastTick - count >= 0) {
      this.#lastTick -= count;
    } else {
      this.#lastMs -= 1;
      this.#lastTick = nanosMax - count;
    }
  }
}

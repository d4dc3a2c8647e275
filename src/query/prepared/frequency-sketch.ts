// A count-min sketch with 4-bit counters and aging: how often a key was asked for lately, in bounded memory.

const rows = 4;
const seeds = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f] as const;

/** Estimates how often keys were seen; halves all counts every `10 * capacity` additions. */
export class FrequencySketch {
  readonly #counts: Uint8Array;
  readonly #mask: number;
  readonly #sampleSize: number;
  #additions = 0;

  /** @param capacity  about how many keys matter at a time */
  constructor(capacity: number) {
    let width = 64;
    while (width < capacity) width *= 2;
    this.#counts = new Uint8Array(width * rows);
    this.#mask = width - 1;
    this.#sampleSize = width * 10;
  }

  #slot(hash: number, row: number): number {
    let mixed = Math.imul(hash ^ (hash >>> 15), seeds[row]!);
    mixed ^= mixed >>> 13;
    return row * (this.#mask + 1) + (mixed & this.#mask);
  }

  /** How often the key with this 32-bit hash was seen, 0 to 15. */
  frequency(hash: number): number {
    let lowest = 15;
    for (let row = 0; row < rows; row++) lowest = Math.min(lowest, this.#counts[this.#slot(hash, row)]!);
    return lowest;
  }

  increment(hash: number): void {
    let added = false;
    for (let row = 0; row < rows; row++) {
      const at = this.#slot(hash, row);
      if (this.#counts[at]! < 15) {
        this.#counts[at] = this.#counts[at]! + 1;
        added = true;
      }
    }
    if (added && ++this.#additions >= this.#sampleSize) this.#age();
  }

  #age(): void {
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i] = this.#counts[i]! >>> 1;
    this.#additions = this.#additions >>> 1;
  }
}

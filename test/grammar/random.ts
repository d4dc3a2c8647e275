// Choices of a generator, from a seeded source.
import { Prng } from '../support/prng.js';

/** Spreads seeds that are close to each other (the finalizer of MurmurHash3): the generator's first numbers follow the seed's bits. */
function spread(seed: number): number {
  let h = seed >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export class Random extends Prng {
  constructor(seed: number) {
    super(spread(seed));
  }

  /** True `percent` times out of a hundred. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  /** Between `from` and `to` results of `make`. */
  times<T>(from: number, to: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.between(from, to) }, (_, i) => make(i));
  }

  /** The items in an order of their own. */
  shuffled<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  }

  /** Some of the items, at least `min`, in their order. */
  some<T>(items: readonly T[], min: number): T[] {
    const wanted = Math.min(items.length, this.between(min, Math.max(min, items.length)));
    const chosen = new Set(this.shuffled(items.map((_, i) => i)).slice(0, wanted));
    return items.filter((_, i) => chosen.has(i));
  }
}

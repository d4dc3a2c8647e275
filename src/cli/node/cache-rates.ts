// How often the chunk cache is asked, and has what is asked for: rates of about fifteen minutes, as system_views.caches has them.
import { rateIntervalSeconds } from '../../common/histogram.js';

const weight = 1 - Math.exp(-rateIntervalSeconds / (15 * 60));

/** A second. */
export class FifteenMinuteRate {
  #rate: number | null = null;
  #count = 0;

  /** To be called every rateIntervalSeconds. @param count  since the start */
  tick(count: number): void {
    const now = (count - this.#count) / rateIntervalSeconds;
    this.#rate = this.#rate === null ? now : this.#rate + weight * (now - this.#rate);
    this.#count = count;
  }

  get value(): number {
    return this.#rate ?? 0;
  }
}

// Those that wait for something to let them go on, in the order of their coming: bounded, each with a time of its own.
import { FerrosaError } from '../common/errors.js';
import { waitersMax } from '../common/limits.js';

export type Waiter = { readonly start: () => void };

/** Counts those of many lists. */
export class Waiters {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /**
   * Waits at the end of `list` until the list's owner calls `start`, having taken it out.
   * @param waitMs  milliseconds that it may wait
   * @param tooMany  the text when too many wait already
   * @throws FerrosaError OVERLOADED with that text; `timedOut`'s
   */
  wait(list: Waiter[], waitMs: number, timedOut: () => FerrosaError, tooMany: string): Promise<void> {
    if (this.#count >= waitersMax) throw new FerrosaError('OVERLOADED', tooMany);
    this.#count++;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        start: () => {
          clearTimeout(timer);
          this.#count--;
          resolve();
        },
      };
      const timer = setTimeout(() => {
        list.splice(list.indexOf(waiter), 1);
        this.#count--;
        reject(timedOut());
      }, waitMs);
      list.push(waiter);
    });
  }
}

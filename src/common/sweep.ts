/**
 * Calls `sweep` at an interval while it says that there is something to look after: a thread with nothing to do is not woken.
 * It keeps no thread alive.
 */
export class Sweep {
  readonly #sweep: () => boolean;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | null = null;
  #isArmed = false;

  /** @param sweep  true when there is more to look after */
  constructor(intervalMs: number, sweep: () => boolean) {
    this.#intervalMs = intervalMs;
    this.#sweep = sweep;
  }

  /** There is something now. */
  begin(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    if (this.#timer === null) this.#timer = setTimeout(() => this.#run(), this.#intervalMs).unref();
    else this.#timer.refresh();
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#isArmed = true;
  }

  #run(): void {
    this.#isArmed = false;
    if (this.#sweep()) this.begin();
  }
}

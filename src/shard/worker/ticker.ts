// When a shard looks after itself: often while writes come, seldom else, so that a thread with nothing to do is hardly ever woken.
export const tickMs = 25;
/** Ticks of a thread to which nothing is written take so many at once. */
const idleTicks = 10;

/** Whether a multiple of so many ticks has passed with this one. */
export type IsDue = (ticks: number) => boolean;

export class Ticker {
  readonly #tick: (isDue: IsDue) => boolean;
  #ticks = 0;
  /** What the next tick counts for. */
  #ahead = 1;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  /** @param tick  true when there was something to do: the next tick comes soon */
  constructor(tick: (isDue: IsDue) => boolean) {
    this.#tick = tick;
  }

  start(): void {
    this.#next(1);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  get isIdle(): boolean {
    return this.#ahead > 1;
  }

  /** There is something to do again. */
  hurry(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#next(1);
  }

  #next(ticks: number): void {
    if (this.#isStopped) return;
    this.#ahead = ticks;
    this.#timer = setTimeout(() => this.#run(), ticks * tickMs);
  }

  #run(): void {
    const before = this.#ticks;
    this.#ticks += this.#ahead;
    const isBusy = this.#tick((ticks) => Math.floor(before / ticks) < Math.floor(this.#ticks / ticks));
    this.#next(isBusy ? 1 : idleTicks);
  }
}

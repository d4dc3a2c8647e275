// When a shard looks after itself: often while many writes come, seldom else. A thread with nothing to do is hardly ever woken, and few requests
// meet one that looks after itself.
export const tickMs = 25;
/** Of a thread to which little is written, one stands for so many. */
const idleTicks = 10;

/** Whether a multiple of so many ticks has passed with this one. */
export type IsDue = (ticks: number) => boolean;

export class Ticker {
  readonly #tick: (isDue: IsDue, ticks: number) => boolean;
  #ticks = 0;
  /** What the next tick counts for. */
  #ahead = 1;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  /** @param tick  gets how many it stands for; true when there was much to do: the next one comes soon */
  constructor(tick: (isDue: IsDue, ticks: number) => boolean) {
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

  /** There is much to do again. */
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
    const isDue: IsDue = (ticks) => Math.floor(before / ticks) < Math.floor(this.#ticks / ticks);
    const isBusy = this.#tick(isDue, this.#ahead);
    this.#next(isBusy ? 1 : idleTicks);
  }
}

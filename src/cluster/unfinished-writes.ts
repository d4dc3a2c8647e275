// Writes that were begun and could not be finished: tried again every second until they are.
import type { FerrosaError } from '../common/errors.js';
import { unfinishedWritesAtATime, unfinishedWritesMax } from '../common/limits.js';

const againAfterMs = 1_000;

/** Told of a write that is not tried again before the next start. */
export type GivenUp = (error: FerrosaError) => void;

export class UnfinishedWrites {
  /** In the order of their coming. */
  #waiting: (() => Promise<void>)[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #tries = 0;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(
    private readonly givenUp: GivenUp,
    private readonly everyMs = againAfterMs,
  ) {}

  /** Writes that wait or are being tried. */
  get size(): number {
    return this.#waiting.length + this.#tries;
  }

  /**
   * Tries `write` in a second, and again every second, as long as it fails with something that may pass.
   * @param reason  why it is not finished, for when there are too many
   */
  add(write: () => Promise<void>, reason: FerrosaError): void {
    if (this.#stopped) return;
    if (this.size >= unfinishedWritesMax) this.givenUp(reason);
    else this.#wait(write);
  }

  /** Tries nothing any more; resolves when what is being tried has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#waiting = [];
    await this.#running;
  }

  #wait(write: () => Promise<void>): void {
    if (this.#stopped) return;
    this.#waiting.push(write);
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#running = Promise.all([this.#running, this.#tryAll()]);
    }, this.everyMs);
    this.#timer.unref();
  }

  async #tryAll(): Promise<void> {
    const writes = this.#waiting.splice(0);
    this.#tries += writes.length;
    const some = Array.from({ length: Math.min(unfinishedWritesAtATime, writes.length) }, async () => {
      for (let write = writes.shift(); write !== undefined; write = writes.shift()) await this.#try(write);
    });
    await Promise.all(some);
  }

  async #try(write: () => Promise<void>): Promise<void> {
    let failure: FerrosaError | null = null;
    if (!this.#stopped) await write().catch((error: FerrosaError) => (failure = error));
    this.#tries--;
    if (failure === null) return;
    // What is refused now is refused in a second.
    if ((failure as FerrosaError).code === 'INVALID') this.givenUp(failure);
    else this.#wait(write);
  }
}

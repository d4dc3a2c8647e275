// Makes a shard wait for what is written to it, so that its ring fills, and with it the sockets of those who send.

const MiB = 1024 * 1024;
/** Milliseconds. Shorter waits are added up: a sleep costs more than it holds back. */
const waitMin = 1;
/** Reads wait too. */
const waitMax = 100;

export class Brake {
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));
  #msAMiB = 0;
  /** Log sequence number up to which writes have been waited for. */
  #upTo = 0;
  #dueMs = 0;

  get isOn(): boolean {
    return this.#msAMiB > 0;
  }

  /**
   * @param msAMiB  milliseconds for each MiB of the log, 0 for none
   * @param appended  the end of the log
   */
  set(msAMiB: number, appended: number): void {
    if (!this.isOn) this.#upTo = appended;
    this.#msAMiB = msAMiB;
  }

  /** Blocks the thread for what was appended since the last call. */
  wait(appended: number): void {
    this.#dueMs += ((appended - this.#upTo) / MiB) * this.#msAMiB;
    this.#upTo = appended;
    if (this.#dueMs < waitMin) return;
    Atomics.wait(this.#sleeper, 0, 0, Math.min(this.#dueMs, waitMax));
    this.#dueMs = 0;
  }
}

// When the commit log reaches the disk: Cassandra's three modes. An append only writes memory; this has it synced, one sync at a time.
import type { CommitLog } from '../../native/index.js';

export type SyncMode = 'periodic' | 'batch' | 'group';

export type LogSyncOptions = {
  readonly mode: SyncMode;
  /** commitlog_sync_period (periodic) or commitlog_sync_group_window (group). */
  readonly periodMs: number;
  /** The log is on disk up to its new `synced`: acknowledge what waited. */
  readonly onSynced: () => void;
  /** The disk refused: nothing is known about what was written. The process must stop. */
  readonly onFailed: (error: Error) => void;
};

export class LogSync {
  readonly #log: CommitLog;
  readonly #options: LogSyncOptions;
  #running: Promise<void> | null = null;
  #again = false;
  #failed = false;
  readonly #timer: NodeJS.Timeout | null;
  #syncs = 0;

  constructor(log: CommitLog, options: LogSyncOptions) {
    this.#log = log;
    this.#options = options;
    this.#timer = options.mode === 'batch' ? null : setInterval(() => this.#start(), options.periodMs);
    this.#timer?.unref();
  }

  /** True when a write is acknowledged only after its sync. */
  get acknowledgesAfterSync(): boolean {
    return this.#options.mode !== 'periodic';
  }

  /** Syncs so far. */
  get count(): number {
    return this.#syncs;
  }

  /** Call when records may have been appended: batch mode starts a sync for all that came during the last one. */
  appended(): void {
    if (this.#options.mode === 'batch') this.#start();
  }

  /**
   * Call from time to time while records are appended. Full segments do not wait for the end of the period: the disk gets them evenly, and the
   * sync that a flush waits for has little left to do.
   */
  relieve(): void {
    if (this.#running === null && this.#options.mode === 'periodic') this.#start(true);
  }

  /** Syncs everything that is in the log now. */
  async flush(): Promise<void> {
    for (this.#start(); this.#running !== null; this.#start()) await this.#running;
  }

  /** Resolves when everything that is in the log now is on disk. */
  async covered(): Promise<void> {
    const upTo = this.#log.appended();
    while (!this.#failed && this.#log.stats().synced < upTo) {
      this.#start();
      if (this.#running === null) return;
      await this.#running;
    }
  }

  /** Syncs and ends the timer. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.flush();
  }

  #start(fullOnly = false): void {
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    if (this.#failed) return;
    // Nobody waits for a periodic one.
    const syncing = this.#log.sync(this.#options.mode === 'periodic', fullOnly);
    if (syncing === null) return;
    this.#running = this.#finish(syncing).finally(() => {
      this.#running = null;
      if (this.#again) {
        this.#again = false;
        this.#start();
      }
    });
  }

  async #finish(syncing: Promise<void>): Promise<void> {
    try {
      await syncing;
    } catch (error) {
      this.#failed = true;
      this.#options.onFailed(error as Error);
      return;
    }
    this.#syncs++;
    this.#options.onSynced();
  }
}

// After a start: the log of earlier processes into memtables, and those into SSTables, so that its segments can go.
import { setTimeout as delay } from 'node:timers/promises';
import { isFlushed } from '../files/manifest.js';
import { type ApplyOutcome, type OldSegment, type ReplayedMutation, type ReplayReport, replay } from '../log/replay.js';
import { shardOfToken } from '../token.js';
import type { Flusher } from './flusher.js';
import type { Pressure } from './pressure.js';
import type { ShardTables } from './tables.js';

/** Milliseconds until a flush that failed is tried again. */
const retryMs = 5_000;

export class Recovery {
  readonly #tables: ShardTables;
  readonly #flusher: Flusher;
  readonly #pressure: Pressure;
  readonly #nowMs: () => number;
  /** The log has been replayed: a memtable is whole from here on. */
  isDone = false;

  constructor(tables: ShardTables, flusher: Flusher, pressure: Pressure, nowMs: () => number) {
    this.#tables = tables;
    this.#flusher = flusher;
    this.#pressure = pressure;
    this.#nowMs = nowMs;
  }

  /**
   * Applies what the segments hold of this shard and no SSTable has.
   * @param ignoreErrors  what is damaged is passed over
   * @throws FerrosaError for the operator
   */
  async replay(segments: readonly OldSegment[], ignoreErrors: boolean): Promise<ReplayReport> {
    const report = await replay(segments, {
      ignoreErrors,
      apply: (mutation) => this.#apply(mutation),
      betweenTurns: () => this.#relieve(),
    });
    this.isDone = true;
    return report;
  }

  /** What was replayed holds the segments of earlier processes: writes it, and they can go. */
  async flush(): Promise<void> {
    for (;;) {
      const waiting = this.#replayed();
      if (waiting.length === 0) return;
      for (const state of waiting)
        await this.#flusher.flush(state).then(
          () => {
            state.replayed = false;
          },
          () => delay(retryMs),
        );
    }
  }

  #apply({ mutation, tableId, token, lane, end }: ReplayedMutation): ApplyOutcome {
    const state = this.#tables.byHex.get(tableId);
    if (state === undefined) return 'unknown';
    const { shard, shardCount, store } = this.#tables;
    if (shardOfToken(token, shardCount) !== shard) return 'skipped';
    if (isFlushed(state.marks, lane, end, token)) return 'skipped';
    store.apply(mutation);
    state.replayed = true;
    return 'applied';
  }

  /** A log that is larger than the memory for memtables is flushed in between. */
  async #relieve(): Promise<void> {
    this.#pressure.check(this.#nowMs());
    if (this.#pressure.isFull) for (const state of this.#replayed()) await this.#flusher.flush(state);
  }

  #replayed() {
    return [...this.#tables.byId.values()].filter(({ replayed }) => replayed);
  }
}

// Keeps memory and commit log within their budgets: flushes the largest table, or those that hold the oldest segment, slows writes down as
// memory becomes short, and refuses them when that does not help.
import type { CommitLog } from '../../native/index.js';
import type { Flusher } from './flusher.js';
import type { ShardTables, TableState } from './tables.js';

/** Part of the budget that memtables which still grow may have: memtable_cleanup_threshold with one flush writer is a half. */
const memtableCleanupPart = 0.5;
/** A full budget is passed over for so long while flushes run: the brake is at its hardest meanwhile. */
const patienceMs = 1_000;
/** Writes are taken again when memory is below this part of the budget. */
const resumePart = 0.9;
/** From this part of the budget on writes are slowed down, the more the less is left. */
const brakePart = 0.75;
/** Where half of what is left then has gone: 50 MiB a second. */
const brakeMsHalfway = 20;
const brakeMsMax = 1_000;

export type PressureLimits = { readonly memtableBytesMax: number; readonly logBytesMax: number };

export class Pressure {
  readonly #tables: ShardTables;
  readonly #log: CommitLog;
  readonly #flusher: Flusher;
  readonly #limits: PressureLimits;
  readonly #refuse: (reason: string | null) => void;
  #nowMs = 0;
  /** Since when the budget is full, null when it is not. */
  #fullSinceMs: number | null = null;
  memtableBytes = 0;
  /** How long a shard waits for each MiB that was written, so that clients wait for flushes instead of being refused. */
  brakeMsAMiB = 0;
  /** Why writes are refused, null when they are not. */
  refusing: string | null = null;

  constructor(
    tables: ShardTables,
    log: CommitLog,
    flusher: Flusher,
    limits: PressureLimits,
    refuse: (reason: string | null) => void,
  ) {
    this.#tables = tables;
    this.#log = log;
    this.#flusher = flusher;
    this.#limits = limits;
    this.#refuse = refuse;
  }

  get isFull(): boolean {
    return this.memtableBytes >= this.#limits.memtableBytesMax;
  }

  /** Call often while writes come. */
  check(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const state of this.#tables.byId.values()) this.#flushPeriodically(state);
    const [growing, frozen] = this.#tables.store.memtableBytes();
    this.memtableBytes = growing + frozen;
    const { memtableBytesMax, logBytesMax } = this.#limits;
    if (growing > memtableBytesMax * memtableCleanupPart) this.#flushLargest();
    if (this.#log.stats().totalBytes > logBytesMax) this.#freeOldest();
    this.#judge();
  }

  #flushPeriodically(state: TableState): void {
    const { flushPeriodMs } = state.table;
    if (flushPeriodMs === 0 || this.#nowMs - state.lastFlushMs < flushPeriodMs) return;
    if (this.#tables.store.stats(state.id).memtablePartitions > 0) this.#flush(state);
  }

  #flushLargest(): void {
    let largest: TableState | null = null;
    let largestBytes = 0;
    for (const state of this.#tables.byId.values()) {
      const { memtablePartitions, memtableBytes } = this.#tables.store.stats(state.id);
      if (memtablePartitions > 0 && memtableBytes > largestBytes) [largest, largestBytes] = [state, memtableBytes];
    }
    // Not while the last one waits: small flushes make small SSTables.
    if (largest !== null && largest.frozen.length === 0) this.#flush(largest);
  }

  #freeOldest(): void {
    for (const id of this.#log.oldestTables()) {
      const state = this.#tables.byHex.get(Buffer.from(id).toString('hex'));
      if (state !== undefined && state.flushing === null) this.#flush(state);
    }
  }

  #judge(): void {
    const { memtableBytesMax } = this.#limits;
    const short = (this.memtableBytes / memtableBytesMax - brakePart) / (1 - brakePart);
    this.brakeMsAMiB =
      short <= 0 ? 0 : short >= 1 ? brakeMsMax : Math.min(brakeMsMax, (brakeMsHalfway * short) / (1 - short));
    const limit = this.refusing === null ? memtableBytesMax : memtableBytesMax * resumePart;
    this.#fullSinceMs = this.memtableBytes <= limit ? null : (this.#fullSinceMs ?? this.#nowMs);
    const why = this.#flusher.problem;
    const isHopeless = this.#fullSinceMs !== null && (why !== null || this.#nowMs - this.#fullSinceMs >= patienceMs);
    const reason = isHopeless
      ? `Memtables are full (memtable_offheap_space)${why === null ? ', and flushing does not keep up' : `: ${why}`}`
      : null;
    if ((reason === null) !== (this.refusing === null)) this.#refuse(reason);
    this.refusing = reason;
  }

  #flush(state: TableState): void {
    state.lastFlushMs = this.#nowMs;
    this.#flusher.flush(state).catch(() => {});
  }
}

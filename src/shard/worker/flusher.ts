// Flushes: frozen memtables become SSTables, oldest first, one at a time a table; then the log is told.
import { unlink } from 'node:fs/promises';
import type { CommitLog, LogPosition } from '../../native/index.js';
import type { FlushedMark, ManifestEntry } from '../files/manifest.js';
import type { WrittenSSTables } from '../messages.js';
import type { OpenSSTable, ShardTables, TableState } from './tables.js';

/** Milliseconds until a flush that failed is tried again. */
const retryMs = 5_000;

export type FlushHost = {
  /** Writes a frozen memtable and makes it content of the table. */
  readonly write: (table: string, frozen: number, mark: FlushedMark | null, epoch: number) => Promise<WrittenSSTables>;
  /** Resolves when the log up to now is on disk. */
  readonly logSynced: () => Promise<void>;
  /** False while the log of earlier processes is being replayed: a memtable of then is only a part of it, and marks nothing. */
  readonly recovered: () => boolean;
  readonly warn: (message: string, fields: object) => void;
  readonly onFlushed: (state: TableState) => void;
  readonly nowMs: () => number;
};

export class Flusher {
  readonly #tables: ShardTables;
  readonly #log: CommitLog;
  /** First segment id of this process. */
  readonly #base: number;
  readonly #host: FlushHost;
  /** By number of the frozen memtable: where the log stood, and whether everything before that is in SSTables with it. */
  readonly #frozenAt = new Map<number, LogPosition & { readonly marks: boolean }>();
  flushes = 0;
  failures = 0;
  /** Why the last flush failed, null when it did not. */
  problem: string | null = null;

  constructor(tables: ShardTables, log: CommitLog, base: number, host: FlushHost) {
    this.#tables = tables;
    this.#log = log;
    this.#base = base;
    this.#host = host;
  }

  /** A memtable that the store froze by itself, because the table was altered. */
  adopt(state: TableState, frozen: number): void {
    this.#noteFrozen(state, frozen);
    void this.flush(state, false).catch(() => {});
  }

  #noteFrozen(state: TableState, frozen: number): void {
    this.#frozenAt.set(frozen, { ...this.#log.position(), marks: this.#host.recovered() });
    state.frozen.push(frozen);
  }

  /** The mark of a table that has nothing left before the end of the log. */
  markHere(): FlushedMark {
    return {
      shard: this.#tables.shard,
      shardCount: this.#tables.shardCount,
      base: this.#base,
      ...this.#log.position(),
    };
  }

  /**
   * Writes everything the table has in memory now (`freeze`), or what is frozen already.
   * @throws Error of the write; the memtables stay and are tried again later
   */
  async flush(state: TableState, freeze = true): Promise<void> {
    if (freeze) {
      const number = this.#tables.store.freeze(state.id);
      if (number !== 0) {
        this.#noteFrozen(state, number);
      } else if (state.frozen.length === 0) this.#nothingToWrite(state);
    }
    state.flushing ??= this.#writeAll(state).finally(() => {
      state.flushing = null;
    });
    await state.flushing;
    if (freeze && state.frozen.length > 0) await this.flush(state, false);
  }

  /** Frees the log of a table that was truncated or dropped. */
  freeLog(state: TableState, { segment, offset }: LogPosition): void {
    for (const path of this.#log.markFlushed(state.id, segment, offset))
      unlink(path).catch((error: Error) =>
        this.#host.warn('a commit log segment could not be removed', { error: error.message }),
      );
  }

  /** Records of an empty memtable are of no use to anybody: their writes were not durable or are in SSTables. */
  #nothingToWrite(state: TableState): void {
    this.freeLog(state, this.#log.position());
  }

  async #writeAll(state: TableState): Promise<void> {
    while (state.frozen.length > 0) {
      const number = state.frozen[0]!;
      const { epoch } = state;
      const { marks, ...position } = this.#frozenAt.get(number)!;
      const mark = marks ? { ...this.markHere(), ...position } : null;
      try {
        // Rows in an SSTable outlive the machine: so must the entries of its indexes, which have only the log yet.
        await this.#host.logSynced();
        const written = await this.#host.write(state.table.id, number, mark, epoch);
        this.#frozenAt.delete(number);
        if (state.epoch === epoch) this.#swap(state, number, written ?? [], position);
      } catch (error) {
        // Truncated or dropped meanwhile: nothing is left to be written.
        if (state.epoch !== epoch) {
          this.#frozenAt.delete(number);
          continue;
        }
        this.#failed(state, error as Error);
        throw error;
      }
    }
  }

  #swap(state: TableState, number: number, written: readonly ManifestEntry[], position: LogPosition): void {
    const opened: OpenSSTable[] = written.map((entry) => this.#tables.open(state, entry, this.#host.nowMs()));
    state.frozen.shift();
    this.#tables.replace(state, [number], [], opened);
    state.lastFlushMs = this.#host.nowMs();
    this.flushes++;
    this.problem = null;
    this.freeLog(state, position);
    this.#host.onFlushed(state);
  }

  #failed(state: TableState, error: Error): void {
    this.failures++;
    this.problem = error.message;
    const { keyspace, name } = state.table;
    this.#host.warn('a memtable could not be written; it stays in memory and in the commit log', {
      keyspace,
      table: name,
      error: error.message,
    });
    setTimeout(() => {
      if (state.frozen.length > 0) this.flush(state, false).catch(() => {});
    }, retryMs).unref();
  }
}

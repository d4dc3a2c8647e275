// What main has done to the tables of a shard: made, altered, truncated, dropped, SSTables taken up, split and set aside.
import type { FerrosaError } from '../../common/errors.js';
import type { LogPosition } from '../../native/index.js';
import type { ManifestEntry } from '../files/manifest.js';
import type { ShardTable, Truncated } from '../messages.js';
import type { Compactor } from './compactor.js';
import type { Flusher } from './flusher.js';
import type { ShardTables, TableState } from './tables.js';

export type TableChangesHost = {
  /** Moves a damaged SSTable out of the table's folder. */
  readonly setAside: (table: string, sstable: string, reason: string) => Promise<unknown>;
  /** Resolves when the log up to now is on disk. */
  readonly logSynced: () => Promise<void>;
  readonly onDropped: (table: string) => void;
  readonly onError: (message: string) => void;
  readonly onWarning: (message: string) => void;
  readonly nowMs: () => number;
};

export class TableChanges {
  readonly #tables: ShardTables;
  readonly #flusher: Flusher;
  readonly #compactor: Compactor;
  readonly #host: TableChangesHost;

  constructor(tables: ShardTables, flusher: Flusher, compactor: Compactor, host: TableChangesHost) {
    this.#tables = tables;
    this.#flusher = flusher;
    this.#compactor = compactor;
    this.#host = host;
  }

  /** A table that was made or altered. */
  set(table: ShardTable, marks: TableState['marks'], sstables: readonly ManifestEntry[]): Promise<void> {
    const { state, frozen } = this.#tables.set(table, marks, this.#host.nowMs());
    if (frozen !== 0) this.#flusher.adopt(state, frozen);
    this.#compactor.consider(state);
    return this.adopt(state, sstables);
  }

  /** Opens SSTables that are new here; damaged ones are set aside. */
  async adopt(state: TableState, sstables: readonly ManifestEntry[]): Promise<void> {
    for (const entry of sstables) {
      if (state.sstables.has(entry.name) || (entry.shard !== null && entry.shard !== this.#tables.shard)) continue;
      try {
        const opened = this.#tables.open(state, entry, this.#host.nowMs());
        if (opened.reader.native.filterDamaged)
          this.#host.onWarning(
            `${state.table.folder}/${entry.name}-Filter.db is damaged: reads do without it until a compaction`,
          );
        this.#tables.replace(state, [], [], [opened]);
      } catch (error) {
        const { code, message } = error as FerrosaError;
        if (code !== 'CORRUPT') throw error;
        await this.#host.setAside(state.table.id, entry.name, message);
      }
    }
  }

  /** Takes this shard's part for SSTables that all shared, in one step for readers. */
  async split(state: TableState, shared: readonly string[], parts: readonly ManifestEntry[]): Promise<void> {
    const old = shared.flatMap((name) => state.sstables.get(name) ?? []);
    const mine = parts.filter(({ shard }) => shard === this.#tables.shard);
    const opened = mine.map((entry) => this.#tables.open(state, entry, this.#host.nowMs()));
    this.#tables.replace(state, [], old, opened);
    this.#compactor.consider(state);
  }

  /** A chunk or an index was damaged: finds the SSTable by the file that the message begins with. */
  setAside(reason: string): void {
    for (const state of this.#tables.byId.values())
      for (const sstable of state.sstables.values()) {
        if (!reason.includes(`${state.table.folder}/${sstable.name}-`)) continue;
        this.#tables.replace(state, [], [sstable], []);
        this.#host
          .setAside(state.table.id, sstable.name, reason)
          .catch((error: Error) => this.#host.onError(error.message));
        return;
      }
  }

  async truncate(ids: readonly string[]): Promise<Truncated[]> {
    const forgotten = ids.map((id) => this.#truncate(this.#tables.get(id)));
    // What was finished before the TRUNCATE, as the ends of logged batches, must not be lost when it is not.
    await this.#host.logSynced();
    return forgotten;
  }

  /** The log of tables whose truncation is on disk. */
  freeTruncated(ids: readonly string[], marks: readonly LogPosition[]): void {
    for (const [i, id] of ids.entries()) {
      const state = this.#tables.byId.get(id);
      if (state !== undefined) this.#flusher.freeLog(state, marks[i]!);
    }
  }

  drop(id: string): void {
    const state = this.#tables.byId.get(id);
    if (state === undefined) return;
    this.#flusher.freeLog(state, this.#truncate(state).mark);
    this.#tables.remove(state);
    this.#host.onDropped(id);
    this.#tables.store.dropTable(state.id);
  }

  #truncate(state: TableState): Truncated {
    const mark = this.#flusher.markHere();
    this.#tables.forgetContent(state);
    return { mark, epoch: state.epoch };
  }
}

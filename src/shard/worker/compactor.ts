// Compaction of one shard: asks the strategy what is due, has it done in the background pool, and swaps the SSTables.
import { nextSizeTiered, sizeTieredOptions } from '../compaction/size-tiered.js';
import type { CompactionTask, WrittenSSTables } from '../messages.js';
import type { OpenSSTable, ShardTables, TableState } from './tables.js';

export type CompactionHost = {
  readonly compact: (task: CompactionTask) => Promise<WrittenSSTables>;
  readonly warn: (message: string, fields: object) => void;
  readonly nowMs: () => number;
};

const noTimestamp = 2n ** 63n - 1n;

/** The part of an SSTable's cells that are tombstones from before `gcBefore`, as its statistics estimate it. */
function droppableRatio({ reader }: OpenSSTable, gcBefore: number): number {
  const { tombstoneDropTimes, totalCells } = reader.statistics.stats;
  let droppable = 0;
  for (const [seconds, count] of tombstoneDropTimes) if (seconds < BigInt(gcBefore)) droppable += count;
  return totalCells <= 0n ? 0 : Math.min(1, droppable / Number(totalCells));
}

export class Compactor {
  readonly #tables: ShardTables;
  readonly #host: CompactionHost;
  /** Tables whose compaction failed: tried again after the next flush only. */
  compactions = 0;
  #stopped = false;
  #running = new Set<Promise<unknown>>();

  constructor(tables: ShardTables, host: CompactionHost) {
    this.#tables = tables;
    this.#host = host;
  }

  /** Starts what is due for a table; one compaction a table at a time. */
  consider(state: TableState): void {
    if (state.compacting || this.#stopped) return;
    const chosen = this.#choose(state);
    if (chosen !== null) this.#track(this.#run(state, chosen).then((done) => done && this.consider(state)));
  }

  /** Merges all SSTables of a table into one (nodetool compact). */
  async compactAll(state: TableState): Promise<void> {
    while (state.compacting) await Promise.allSettled([...this.#running]);
    const all = this.#own(state);
    if (all.length > 0) await this.#track(this.#run(state, all));
  }

  /** Starts nothing more and waits for what runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled([...this.#running]);
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    const forget = () => this.#running.delete(work);
    work.then(forget, forget);
    return work;
  }

  /** SSTables that only this shard has. */
  #own(state: TableState): OpenSSTable[] {
    return [...state.sstables.values()].filter((sstable) => !sstable.shared && !sstable.compacting);
  }

  #gcBefore(state: TableState): number {
    return Math.max(0, Math.floor(this.#host.nowMs() / 1000) - state.table.gcGraceSeconds);
  }

  #choose(state: TableState): OpenSSTable[] | null {
    const own = this.#own(state);
    if (own.length === 0) return null;
    const gcBefore = this.#gcBefore(state);
    const candidates = own.map((sstable) => ({
      name: sstable.name,
      bytes: sstable.reader.bytesOnDisk,
      reads: 0,
      droppableTombstoneRatio: droppableRatio(sstable, gcBefore),
      createdAt: sstable.openedAt,
    }));
    const chosen = nextSizeTiered(candidates, sizeTieredOptions(state.table.compaction), this.#host.nowMs());
    return chosen === null ? null : chosen.map(({ name }) => state.sstables.get(name)!);
  }

  /** False when it failed or came to nothing. */
  async #run(state: TableState, inputs: readonly OpenSSTable[]): Promise<boolean> {
    const { epoch } = state;
    state.compacting = true;
    for (const sstable of inputs) sstable.compacting = true;
    try {
      const written = await this.#host.compact({
        table: state.table.id,
        shard: this.#tables.shard,
        epoch,
        inputs: inputs.map(({ name }) => name),
        bytesIn: inputs.reduce((sum, { reader }) => sum + reader.bytesOnDisk, 0),
        gcBefore: this.#gcBefore(state),
        purgeBelow: this.#purgeBelow(state),
      });
      if (written === null || state.epoch !== epoch) return false;
      const opened = written.map((entry) => this.#tables.open(state, entry, this.#host.nowMs()));
      this.#tables.replace(state, [], inputs, opened);
      this.compactions++;
      return true;
    } catch (error) {
      const { keyspace, name } = state.table;
      this.#host.warn('a compaction failed', { keyspace, table: name, error: (error as Error).message });
      return false;
    } finally {
      state.compacting = false;
      for (const sstable of inputs) sstable.compacting = false;
    }
  }

  /** The smallest timestamp in memory; other SSTables are looked at key by key in the pool. */
  #purgeBelow(state: TableState): bigint {
    const stats = this.#tables.store.stats(state.id);
    return stats.memtablePartitions === 0 && stats.frozen === 0 ? noTimestamp : stats.minTimestamp;
  }
}

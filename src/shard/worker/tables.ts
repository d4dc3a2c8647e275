// The tables of one shard: their descriptors, open SSTables and frozen memtables.
import { FerrosaError } from '../../common/errors.js';
import { type NativeStore, registerSource, releaseFrozen, releaseSource } from '../../native/index.js';
import { type ChunkStore, parseComponentName, SSTableReader } from '../../storage/index.js';
import type { FlushedMark, ManifestEntry } from '../files/manifest.js';
import type { ShardTable } from '../messages.js';

export type OpenSSTable = {
  readonly name: string;
  readonly reader: SSTableReader;
  /** In the store. */
  readonly source: number;
  /** May hold tokens of other shards: compacted only by the split. */
  readonly shared: boolean;
  readonly openedAt: number;
  compacting: boolean;
};

export type TableState = {
  table: ShardTable;
  readonly id: Buffer;
  readonly sstables: Map<string, OpenSSTable>;
  marks: readonly FlushedMark[];
  /** Grows with TRUNCATE: work that began before is void. */
  epoch: number;
  /** The flush that runs, null when none does. */
  flushing: Promise<void> | null;
  /** Frozen memtables that are to be written, oldest first. */
  readonly frozen: number[];
  lastFlushMs: number;
  compacting: boolean;
  /** Has content that is only in segments of earlier processes. */
  replayed: boolean;
};

export const idBytes = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');

export class ShardTables {
  readonly byId = new Map<string, TableState>();
  /** By the 32 hex digits that mutations carry. */
  readonly byHex = new Map<string, TableState>();

  /** Reads of chunks that run: a file is closed when those that began before have ended. */
  readonly #loads = new Set<Promise<unknown>>();

  constructor(
    readonly store: NativeStore,
    readonly chunks: ChunkStore,
    readonly shard: number,
    readonly shardCount: number,
  ) {}

  /** Adds or replaces; the store is told too. Returns the state and the memtable that was frozen, 0 for none. */
  set(table: ShardTable, marks: readonly FlushedMark[], nowMs: number): { state: TableState; frozen: number } {
    const frozen = this.store.setTable(table.descriptor);
    const known = this.byId.get(table.id);
    if (known !== undefined) {
      known.table = table;
      return { state: known, frozen };
    }
    const state: TableState = {
      table,
      id: idBytes(table.id),
      sstables: new Map(),
      marks,
      epoch: 0,
      flushing: null,
      frozen: [],
      lastFlushMs: nowMs,
      compacting: false,
      replayed: false,
    };
    this.byId.set(table.id, state);
    this.byHex.set(state.id.toString('hex'), state);
    return { state, frozen };
  }

  /** @throws FerrosaError INVALID when the shard has no such table */
  get(id: string): TableState {
    const state = this.byId.get(id);
    if (state === undefined) throw new FerrosaError('INVALID', `shard ${this.shard} has no table ${id}`);
    return state;
  }

  /** One table after the other; null: all. One that is not there has nothing to be done: it was dropped a moment ago, or is about to be made. */
  async each(id: string | null, work: (state: TableState) => Promise<void>): Promise<void> {
    const ids = id === null ? [...this.byId.keys()] : [id];
    for (const one of ids) {
      const state = this.byId.get(one);
      if (state !== undefined) await work(state);
    }
  }

  remove(state: TableState): void {
    this.forgetContent(state);
    this.byId.delete(state.table.id);
    this.byHex.delete(state.id.toString('hex'));
  }

  /**
   * Opens an SSTable; it is no source yet.
   * @throws FerrosaError CORRUPT naming the file
   */
  open(state: TableState, { name, shard }: ManifestEntry, nowMs: number): OpenSSTable {
    const parsed = parseComponentName(`${name}-Data.db`)!;
    const reader = SSTableReader.open(state.table.folder, parsed, state.table.descriptor, this.chunks);
    const shared = shard === null;
    const source = registerSource(reader.native, this.shard, shared ? this.shardCount : 1);
    return { name, reader, source, shared, openedAt: nowMs, compacting: false };
  }

  /** In one step for readers: takes SSTables and frozen memtables out and puts others in. */
  replace(
    state: TableState,
    frozen: readonly number[],
    remove: readonly OpenSSTable[],
    add: readonly OpenSSTable[],
  ): void {
    const numbers = (list: readonly OpenSSTable[]) => list.map(({ source }) => source);
    this.store.replaceSources(state.id, frozen, numbers(remove), numbers(add));
    for (const sstable of add) state.sstables.set(sstable.name, sstable);
    for (const number of frozen) releaseFrozen(number);
    for (const sstable of remove) {
      state.sstables.delete(sstable.name);
      this.close(sstable);
    }
  }

  /** Closes an SSTable that no source of the store is any more. */
  close(sstable: OpenSSTable): void {
    releaseSource(sstable.source);
    void Promise.allSettled([...this.#loads]).then(() => sstable.reader.close());
  }

  /** Reads chunks into the cache. @throws FerrosaError CORRUPT, system errors */
  async load(misses: Uint32Array): Promise<void> {
    const load = this.chunks.load(misses);
    this.#loads.add(load);
    try {
      await load;
    } finally {
      this.#loads.delete(load);
    }
  }

  /** Forgets everything in the table, memtables too. */
  forgetContent(state: TableState): void {
    state.epoch++;
    this.store.truncate(state.id);
    for (const number of state.frozen.splice(0)) releaseFrozen(number);
    for (const sstable of state.sstables.values()) this.close(sstable);
    state.sstables.clear();
    state.replayed = false;
  }
}

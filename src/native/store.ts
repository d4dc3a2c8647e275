// The engine of a shard: memtables, merge, reads. Bytes in, bytes out; formats in docs/format/.
import type { HistogramData } from '../common/histogram.js';
import { addon } from './binding.js';

/** A chunk that a read needs and the chunk cache does not have. */
export type ChunkMiss = { readonly file: number; readonly chunk: number };

export type StoreTableStats = {
  /** Memory of the current memtable, and the bytes of keys, clusterings and values in it. */
  readonly memtableBytes: number;
  readonly memtableDataBytes: number;
  readonly memtablePartitions: number;
  readonly frozenBytes: number;
  /** Microseconds: the smallest timestamp in memory. */
  readonly minTimestamp: bigint;
  readonly frozen: number;
  readonly sources: number;
  readonly reads: number;
  readonly writes: number;
  /** Sums over the reads and writes that were measured. */
  readonly readNanos: number;
  readonly writeNanos: number;
};

/** How long the work on a table took, in nanoseconds, and what its reads met. */
export type StoreTableFigures = {
  readonly read: HistogramData;
  readonly write: HistogramData;
  /** Reads of a token range. */
  readonly scan: HistogramData;
  /** Live rows a read or scan. */
  readonly rows: HistogramData;
  readonly tombstones: HistogramData;
  /** SSTables that a read of a partition touched. */
  readonly sstables: HistogramData;
};

export type FrozenMemtableStats = {
  readonly partitions: number;
  readonly rows: number;
  readonly dataBytes: number;
  /** Microseconds. */
  readonly minTimestamp: bigint;
  readonly maxTimestamp: bigint;
};

/** A read command in progress; nothing of the table is held between calls. */
export interface ReadOperation {
  readonly __readOperation: never;
}

/** All tables of one shard. For one thread. Errors are FerrosaError-shaped (`code`). */
export interface NativeStore {
  /**
   * Creates a table or gives it a newer descriptor (docs/format/table-descriptor.md).
   * @returns the number of the memtable that was frozen because the columns changed, 0 for none
   */
  setTable(descriptor: Uint8Array): number;
  dropTable(tableId: Uint8Array): void;
  /** Checks a mutation without applying it. True: it has counter increments and must go through prepareCounter. */
  check(mutation: Uint8Array): boolean;
  /** Applies a mutation, whole or not at all. INVALID for an unknown table, CORRUPT for bad bytes. */
  apply(mutation: Uint8Array): void;
  /**
   * Turns counter increments into contexts. Log and apply the result before anything else touches the table.
   * @returns the mutation, or the chunks to fetch first (file and chunk, alternating)
   */
  prepareCounter(mutation: Uint8Array): Uint8Array | Uint32Array;
  /**
   * Starts or continues a read.
   * @param budget  work to do in this call, about one unit a row; 2048 is about a millisecond
   * @returns the row stream; or the chunks to fetch before the next call; or null: call again
   */
  read(operation: ReadOperation, budget: number): Uint8Array | Uint32Array | null;
  /**
   * Freezes the current memtable: it stays readable until replaceSources names its number. A pool thread of this process
   * finds it by the number. 0 when there is nothing in it.
   */
  freeze(tableId: Uint8Array): number;
  /** In one step: removes frozen memtables and sources, adds sources, all by number. */
  replaceSources(
    tableId: Uint8Array,
    removeFrozen: readonly number[],
    remove: readonly number[],
    add: readonly number[],
  ): void;
  /** Forgets memtable, frozen memtables and sources. */
  truncate(tableId: Uint8Array): void;
  stats(tableId: Uint8Array): StoreTableStats;
  /** Bytes of all memtables: of those that grow, and of those that are frozen. */
  memtableBytes(): readonly [growing: number, frozen: number];
  /** Null while nothing of the table was measured. */
  figures(tableId: Uint8Array): StoreTableFigures | null;
  /** Vector indexes, by table and index id (16 bytes each): vectors, those not linked yet, bytes of memory, writes so far. */
  vectorStats(tableId: Uint8Array, indexId: Uint8Array): Float64Array;
  /** A pass over the table begins or ends: what was there before and did not come again goes. */
  vectorPass(tableId: Uint8Array, indexId: Uint8Array, begins: boolean): void;
  /** docs/format/vector-graph.md: u32 slot to go on from, and a part of about `bytes`; null when there is none. */
  vectorExport(tableId: Uint8Array, indexId: Uint8Array, from: number, bytes: number): Uint8Array | null;
  /** CORRUPT for bytes that are no part. */
  vectorImport(tableId: Uint8Array, indexId: Uint8Array, part: Uint8Array): void;
  /** What was imported becomes the index, with what was written since; or it is forgotten. */
  vectorLoaded(tableId: Uint8Array, indexId: Uint8Array, take: boolean): void;
  /** Bytes of memory of all vector indexes from which on no vectors are taken; 0 for no limit. */
  limitVectors(bytes: number): void;
  /** To be called every rateIntervalSeconds (src/common/histogram.ts). */
  tickRates(): void;
}

/** `counterId`: the 16 bytes of the host id, under which this node counts. */
export const NativeStore = addon.Store as new (counterId: Uint8Array) => NativeStore;

/** Copies the command. */
export const ReadOperation = addon.ReadOperation as new (command: Uint8Array) => ReadOperation;

/** Forgets a frozen memtable's number; a store that still reads it keeps it. */
export const releaseFrozen = addon.releaseFrozen as (number: number) => void;

/** Statistics of a frozen memtable; null when the number is unknown. */
export const frozenStats = addon.frozenStats as (number: number) => FrozenMemtableStats | null;

/** Work a call to `read`. */
export const readBudgetDefault = 2048;

/** The chunks in a list of misses. */
export function missesOf(list: Uint32Array): ChunkMiss[] {
  const misses: ChunkMiss[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) misses.push({ file: list[i]!, chunk: list[i + 1]! });
  return misses;
}

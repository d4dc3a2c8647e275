// What the background pool does for shards. Inputs and results are plain values; the files are in the table's folder.
import type { LargePartition } from '../native/index.js';
import type { PartitionLimits } from '../storage/index.js';

/** Argument of the pool's threads that others go before. Flushes are not among them: writes wait for those when memtables are full. */
export const givesWay = 'gives-way';

/** The SSTable that a job writes. */
export type JobOutput = {
  readonly descriptor: Uint8Array;
  /** The folder that it is written into, synced, TOC.txt last. */
  readonly target: string;
  readonly name: string;
  readonly compression: Readonly<Record<string, string>>;
  readonly bloomFilterFpChance: number;
  readonly hostId: string;
  readonly partitionLimits: PartitionLimits;
};

/** Writes a frozen memtable. */
export type FlushJob = JobOutput & { readonly kind: 'flush'; readonly frozen: number };

/** Merges SSTables of `folder`, purged. */
export type CompactJob = JobOutput & {
  readonly kind: 'compact';
  readonly folder: string;
  readonly inputs: readonly string[];
  /** Not merged, but what a tombstone hides may be in them. */
  readonly overlapping: readonly string[];
  /** Of the inputs, on disk. */
  readonly bytesIn: number;
  readonly nowSeconds: number;
  readonly gcBefore: number;
  /** Microseconds. */
  readonly purgeBelow: bigint;
  /** One float64: the part that is done, 0 to 1, written while the job runs. */
  readonly progress: SharedArrayBuffer;
};

/** Writes what one shard has in SSTables that several share. Nothing is purged. */
export type SplitJob = Omit<CompactJob, 'kind' | 'overlapping' | 'nowSeconds' | 'gcBefore' | 'purgeBelow'> & {
  readonly kind: 'split';
  readonly shard: number;
  readonly shardCount: number;
};

export type BackgroundJob = FlushJob | CompactJob | SplitJob;

export type JobResult = {
  /** False: nothing was left to write, and there is no SSTable. */
  readonly written: boolean;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly largePartitions: readonly LargePartition[];
  /** More of them than are named. */
  readonly largePartitionsLeftOut: number;
};

export interface BackgroundPool {
  run(job: BackgroundJob): Promise<JobResult>;
  /** Waits for what runs and ends the threads. */
  stop(): Promise<void>;
}

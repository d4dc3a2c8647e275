// What the background pool does for shards. Inputs and results are plain values; the files are in the table's folder.

/** Argument of the pool's threads that others go before. Flushes are not among them: writes wait for those when memtables are full. */
export const givesWay = 'gives-way';

/** Writes a frozen memtable as one SSTable into `target`, synced, TOC.txt last. */
export type FlushJob = {
  readonly kind: 'flush';
  readonly frozen: number;
  readonly descriptor: Uint8Array;
  readonly target: string;
  readonly name: string;
  readonly compression: Readonly<Record<string, string>>;
  readonly bloomFilterFpChance: number;
  readonly hostId: string;
};

/** Merges SSTables of `folder`, purged, into one in `target`. */
export type CompactJob = {
  readonly kind: 'compact';
  readonly folder: string;
  readonly inputs: readonly string[];
  /** Not merged, but what a tombstone hides may be in them. */
  readonly overlapping: readonly string[];
  readonly descriptor: Uint8Array;
  readonly target: string;
  readonly name: string;
  readonly compression: Readonly<Record<string, string>>;
  readonly bloomFilterFpChance: number;
  readonly hostId: string;
  /** Of the inputs, on disk. */
  readonly bytesIn: number;
  readonly nowSeconds: number;
  readonly gcBefore: number;
  /** Microseconds. */
  readonly purgeBelow: bigint;
  /** One float64: the part that is done, 0 to 1, written while the job runs. */
  readonly progress: SharedArrayBuffer;
};

/** Writes what one shard has in an SSTable that several share. Nothing is purged. */
export type SplitJob = Omit<
  CompactJob,
  'kind' | 'inputs' | 'overlapping' | 'nowSeconds' | 'gcBefore' | 'purgeBelow'
> & {
  readonly kind: 'split';
  readonly input: string;
  readonly shard: number;
  readonly shardCount: number;
};

export type BackgroundJob = FlushJob | CompactJob | SplitJob;

/** False: nothing was left to write, and there is no SSTable. */
export type JobResult = { readonly written: boolean; readonly bytesRead: number; readonly bytesWritten: number };

export interface BackgroundPool {
  run(job: BackgroundJob): Promise<JobResult>;
  /** Waits for what runs and ends the threads. */
  stop(): Promise<void>;
}

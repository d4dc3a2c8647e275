// Flush and compaction in the addon: inputs merged and purged into the bytes of SSTables, step by step. For threads that may block.
import { addon } from './binding.js';
import type { NativeSSTable } from './sstable.js';

export type NativeBuildOptions = {
  /** Number of a frozen memtable: a flush. */
  readonly frozen?: number;
  /** Their chunk cache has a loader. */
  readonly inputs: readonly NativeSSTable[];
  /** Least values of the inputs; epochs when left out. Of a memtable they are known. */
  readonly minTimestamp?: bigint;
  readonly minLocalDeletionTime?: number;
  readonly minTtl?: number;
  /** Sizes the Bloom filter. */
  readonly expectedKeys?: number;
  /** Null: every tombstone stays. */
  readonly purge: {
    readonly nowSeconds: number;
    /** Tombstones from this second on stay. */
    readonly gcBefore: number;
    /** Tombstones at or above it stay. */
    readonly maxPurgeableTimestamp: bigint;
  } | null;
  /** SSTables that are not inputs and may hold what a tombstone deletes. */
  readonly overlapping: readonly { readonly sstable: NativeSSTable; readonly minTimestamp: bigint }[];
  /** Only tokens after the first and up to the second; empty: all. */
  readonly ranges: readonly (readonly [bigint, bigint])[];
  /** A file ends with the partition that passes it, in uncompressed bytes; 0: no limit. */
  readonly fileBytesMax?: number;
  /** Partitions that are larger, or have more tombstones, are named; left out: none is. */
  readonly partitionBytesMax?: number;
  readonly partitionTombstonesMax?: number;
};

/** What NativeSSTableBuild.run says. */
export const BuildState = { more: 0, fileDone: 1, done: 2 } as const;

/** A partition beyond a limit of its build. */
export type LargePartition = { readonly key: Uint8Array; readonly bytes: number; readonly tombstones: number };

/** The content of Filter.db and Statistics.db of a finished file. */
export type NativeFinishedFile = {
  readonly filter: Buffer;
  readonly header: Buffer;
  readonly cardinality: Buffer;
  readonly partitionSizes: Buffer;
  readonly cellsPerPartition: Buffer;
  readonly tombstones: Buffer;
  /** Clustering types and the covered slice. */
  readonly coveredClusterings: Buffer;
  readonly minTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly minLocalDeletionTime: number;
  readonly maxLocalDeletionTime: number;
  readonly minTtl: number;
  readonly maxTtl: number;
  readonly cells: number;
  readonly rows: number;
  readonly partitions: number;
  /** Uncompressed. */
  readonly dataBytes: number;
  readonly hasPartitionDeletions: boolean;
  readonly hasLegacyCounterShards: boolean;
  readonly firstKey: Buffer;
  readonly lastKey: Buffer;
  /** The first thousand, and how many more there are. */
  readonly largePartitions: readonly LargePartition[];
  readonly largePartitionsLeftOut: number;
};

export interface NativeSSTableBuild {
  /** Works until about `bytes` are ready. @throws CORRUPT naming the damaged input */
  run(bytes: number): number;
  /** The bytes since the last call; null when the file in hand is empty. */
  take(): { data: Buffer; rows: Buffer; partitions: Buffer } | null;
  /** After fileDone or done; null when there is no file. */
  finished(): NativeFinishedFile | null;
  nextFile(): void;
  /** Lets go of the inputs; nothing else may be called then. */
  close(): void;
}

export const NativeSSTableBuild = addon.SSTableBuild as new (
  descriptor: Uint8Array,
  options: NativeBuildOptions,
) => NativeSSTableBuild;

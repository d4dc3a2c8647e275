// SSTables and their chunk cache in the addon. Cursors read chunks from the cache only; what is missing comes back as misses.
import { addon } from './binding.js';

/** Decompressed, verified chunks of files, by number of the file and of the chunk. One a thread. */
export interface NativeChunkCache {
  /** A number for a file; never used again. */
  newFile(): number;
  removeFile(file: number): void;
  /** Copies `bytes`. */
  insert(file: number, chunk: number, bytes: Uint8Array): void;
  setBudget(bytes: number): void;
  /** On threads that may block: called for every chunk that is absent, so that nothing is a miss. It may throw. */
  setLoader(load: (file: number, chunk: number) => Uint8Array): void;
  stats(): { bytes: number; chunks: number; hits: number; misses: number };
}

export type NativeFile = {
  readonly file: number;
  /** Uncompressed length. */
  readonly length: number;
  readonly chunkBytes: number;
  /** For error messages. */
  readonly path: string;
};

export type NativeSSTableOptions = {
  readonly data: NativeFile;
  readonly partitions: NativeFile;
  readonly rows: NativeFile;
  readonly partitionRoot: number;
  readonly partitionCount: number;
  readonly firstKey: Uint8Array;
  readonly lastKey: Uint8Array;
  readonly maxTimestamp: bigint;
  /** HEADER component of Statistics.db. */
  readonly header: Uint8Array;
  /** Filter.db, empty when there is none. */
  readonly filter: Uint8Array;
};

export interface NativeSSTable {
  /** The number by which NativeStore.replaceSources knows it. */
  readonly source: number;
  /** Filter.db was no filter, and is done without. */
  readonly filterDamaged: boolean;
  /** The table was altered. Throws CORRUPT when the files cannot be this table's. */
  setTable(descriptor: Uint8Array): void;
  close(): void;
}

/** The content of one SSTable in the encoding of docs/format/sstable-scan.md. */
export interface NativeSSTableScanner {
  /** Whole partitions; null at the end; a Uint32Array lists misses as (file, chunk) pairs. */
  next(bytesMin: number): Uint8Array | Uint32Array | null;
  /** One partition, from a bound on unless `kind` is -1; null when it is not there. */
  read(key: Uint8Array, kind: number, prefix: (Uint8Array | null)[]): Uint8Array | Uint32Array | null;
}

export const NativeChunkCache = addon.ChunkCache as new (budgetBytes: number) => NativeChunkCache;
export const NativeSSTable = addon.SSTable as new (
  cache: NativeChunkCache,
  descriptor: Uint8Array,
  options: NativeSSTableOptions,
) => NativeSSTable;
export const NativeSSTableScanner = addon.SSTableScanner as new (
  sstable: NativeSSTable,
  reversed: boolean,
) => NativeSSTableScanner;

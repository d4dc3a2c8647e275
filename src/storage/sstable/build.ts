// Flush and compaction: what a pool thread runs. Arguments and results are plain data; everything blocks.
import { BuildState, type NativeBuildOptions, NativeSSTableBuild } from '../../native/index.js';
import { ChunkStore } from './chunk-store.js';
import { compressorOf } from './compression.js';
import { type Compression, SSTableFileWriter, type SSTableInfo } from './file-writer.js';
import type { SSTableName } from './format.js';
import { SSTableReader } from './reader.js';
import { removeSSTable } from './remove.js';

/** Compression options of a table, as in its schema; null or an empty class: none. */
export type CompressionOptions = Readonly<Record<string, string>> | null;

/** Partitions beyond either are named in what is written; negative: no limit. */
export type PartitionLimits = { readonly bytes: number; readonly tombstones: number };

/** What every output has. */
export type OutputOptions = {
  /** docs/format/table-descriptor.md */
  readonly descriptor: Uint8Array;
  readonly bloomFilterFpChance: number;
  readonly compression: CompressionOptions;
  /** Folder of the table. */
  readonly folder: string;
  /** Ids that are free to use: `count` numbers from `first` on. */
  readonly ids: { readonly first: number; readonly count: number };
  /** 16 bytes, or null. */
  readonly hostId: Uint8Array | null;
  readonly partitionLimits?: PartitionLimits;
};

export type FlushOptions = OutputOptions & {
  /** Number of the frozen memtable (NativeStore.freeze). */
  readonly frozen: number;
};

export type CompactionInput = { readonly folder: string; readonly name: SSTableName };

export type CompactionOptions = OutputOptions & {
  readonly inputs: readonly CompactionInput[];
  /** Null: no tombstone is dropped. */
  readonly purge: {
    readonly nowSeconds: number;
    readonly gcBefore: number;
    /** The least timestamp of the memtables of the table; the largest bigint when they are empty. */
    readonly maxPurgeableTimestamp: bigint;
  } | null;
  /** SSTables of the table that are not inputs. */
  readonly overlapping: readonly CompactionInput[];
  /** Only tokens after the first and up to the second of a pair, ascending and apart; empty: all. */
  readonly ranges?: readonly (readonly [bigint, bigint])[];
  /** Uncompressed bytes after which an output ends; 0 or left out: one output. */
  readonly fileBytesMax?: number;
  readonly level?: number;
  readonly repairedAt?: bigint;
  /** Called from time to time with the part of the inputs that has been read, 0 to 1. */
  readonly onProgress?: (done: number) => void;
};

const stepBytes = 1 << 20;
const inputCacheBytes = 8 << 20;
const defaultChunkKib = 16;
const noTimestamp = 2n ** 63n - 1n;

/** Compression of the table options' map; null when they say none. @throws FerrosaError CONFIG_ERROR */
export function compressionOf(options: CompressionOptions): Compression | null {
  const className = options?.class ?? options?.sstable_compression ?? '';
  if (options === null || className === '' || options.enabled === 'false') return null;
  const chunkBytes = 1024 * Number(options.chunk_length_in_kb ?? defaultChunkKib);
  const ratio = Number(options.min_compress_ratio ?? 0);
  const own = new Set([
    'class',
    'sstable_compression',
    'chunk_length_in_kb',
    'min_compress_ratio',
    'enabled',
    'crc_check_chance',
  ]);
  return {
    compressor: compressorOf(className),
    chunkBytes,
    maxCompressedBytes: ratio > 0 ? Math.min(Math.ceil(chunkBytes / ratio), 0x7fffffff) : 0x7fffffff,
    options: new Map(Object.entries(options).filter(([key]) => !own.has(key))),
  };
}

/**
 * Writes a frozen memtable as an SSTable. Empty when nothing is in it.
 * @throws FerrosaError; an Error of the operating system. Nothing is left behind then
 */
export function flushMemtable(options: FlushOptions): SSTableInfo[] {
  return build(options, { frozen: options.frozen, inputs: [], purge: null, overlapping: [], ranges: [] }, 0, 0n);
}

/**
 * Merges SSTables into new ones; the inputs stay as they are.
 * @throws FerrosaError CORRUPT naming the damaged input; an Error of the operating system. Nothing is left behind then
 */
export function compact(options: CompactionOptions): SSTableInfo[] {
  const store = ChunkStore.blocking(inputCacheBytes);
  const readers: SSTableReader[] = [];
  const open = ({ folder, name }: CompactionInput): SSTableReader => {
    const reader = SSTableReader.open(folder, name, options.descriptor, store);
    readers.push(reader);
    return reader;
  };
  try {
    const inputs = options.inputs.map(open);
    const overlapping = options.overlapping.map((input) => {
      const reader = open(input);
      return { sstable: reader.native, minTimestamp: reader.statistics.stats.minTimestamp };
    });
    const least = leastValues(inputs);
    const native: NativeBuildOptions = {
      inputs: inputs.map((reader) => reader.native),
      expectedKeys: inputs.reduce((sum, reader) => sum + reader.partitions, 0),
      purge: options.purge,
      overlapping,
      ranges: options.ranges ?? [],
      fileBytesMax: options.fileBytesMax ?? 0,
      ...least,
    };
    const progress = (): void => {
      const all = inputs.map(({ dataRead }) => dataRead);
      const sum = (of: 'read' | 'total') => all.reduce((bytes, one) => bytes + one[of], 0);
      options.onProgress?.(Math.min(1, sum('read') / Math.max(1, sum('total'))));
    };
    return build(options, native, options.level ?? 0, options.repairedAt ?? 0n, progress);
  } finally {
    for (const reader of readers) reader.close();
  }
}

/** The least timestamp, deletion time and ttl of the inputs; what none of them has is left out. */
function leastValues(inputs: readonly SSTableReader[]): Partial<NativeBuildOptions> {
  let timestamp = noTimestamp;
  let deletion = 0xffffffff;
  let ttl = 0x7fffffff;
  for (const { statistics } of inputs) {
    if (statistics.stats.minTimestamp < timestamp) timestamp = statistics.stats.minTimestamp;
    deletion = Math.min(deletion, statistics.stats.minLocalDeletionTime);
    ttl = Math.min(ttl, statistics.stats.minTtl);
  }
  return {
    ...(timestamp !== noTimestamp && timestamp !== -(2n ** 63n) ? { minTimestamp: timestamp } : {}),
    ...(deletion !== 0xffffffff ? { minLocalDeletionTime: deletion } : {}),
    minTtl: ttl === 0x7fffffff ? 0 : ttl,
  };
}

function build(
  options: OutputOptions,
  native: NativeBuildOptions,
  level: number,
  repairedAt: bigint,
  onStep: () => void = () => {},
): SSTableInfo[] {
  const { bytes = -1, tombstones = -1 } = options.partitionLimits ?? {};
  const run = new NativeSSTableBuild(options.descriptor, {
    ...native,
    ...(bytes < 0 ? {} : { partitionBytesMax: bytes }),
    ...(tombstones < 0 ? {} : { partitionTombstonesMax: tombstones }),
  });
  const compression = compressionOf(options.compression);
  const meta = { bloomFilterFpChance: options.bloomFilterFpChance, level, repairedAt, hostId: options.hostId };
  const done: SSTableInfo[] = [];
  let writer: SSTableFileWriter | null = null;
  try {
    for (;;) {
      const state = run.run(stepBytes);
      onStep();
      const part = run.take();
      if (part !== null && writer === null && (state !== BuildState.more || part.data.length > 0)) {
        if (done.length >= options.ids.count) throw new Error(`more than ${options.ids.count} outputs`);
        writer = new SSTableFileWriter(options.folder, String(options.ids.first + done.length), compression);
      }
      if (part !== null) writer?.append(part);
      if (state === BuildState.more) continue;
      const file = run.finished();
      if (file !== null && writer !== null) {
        done.push(writer.finish(file, meta));
        writer = null;
      }
      if (state === BuildState.done) return done;
      run.nextFile();
    }
  } catch (error) {
    writer?.abort();
    for (const info of done) removeSSTable(info);
    throw error;
  } finally {
    run.close();
  }
}

// What main and the thread of a shard say to each other beside the rings: management, never data.
import type { FrontendFigures, StoreTableFigures } from '../native/index.js';
import type { FlushedMark, ManifestEntry } from './files/manifest.js';
import type { SyncMode } from './log/log-sync.js';
import type { OldSegment, ReplayReport } from './log/replay.js';
import type { ShardEnds } from './router.js';
import type { ServingStats } from './serving.js';

/** What a shard has to know of a table beside its content. */
export type ShardTable = {
  /** UUID text. */
  readonly id: string;
  readonly keyspace: string;
  readonly name: string;
  readonly folder: string;
  /** docs/format/table-descriptor.md */
  readonly descriptor: Uint8Array;
  readonly gcGraceSeconds: number;
  /** memtable_flush_period_in_ms, 0 for none. */
  readonly flushPeriodMs: number;
  /** The table's compaction map. */
  readonly compaction: Readonly<Record<string, string>>;
};

export type ShardTableFiles = {
  readonly sstables: readonly ManifestEntry[];
  readonly flushed: readonly FlushedMark[];
};

export type ShardWorkerData = {
  readonly shard: number;
  readonly shardCount: number;
  readonly ends: ShardEnds;
  /** A core to run on, null for any. */
  readonly core: number | null;
  /** 16 bytes: the host id. */
  readonly counterId: Uint8Array;
  readonly tables: readonly (ShardTable & ShardTableFiles)[];
  readonly oldSegments: readonly OldSegment[];
  readonly log: {
    readonly folder: string;
    readonly mode: SyncMode;
    readonly periodMs: number;
    readonly segmentBytes: number;
    readonly recordBytesMax: number;
    readonly firstSegmentId: number;
    /** Of this shard. */
    readonly totalBytesMax: number;
    readonly ignoreReplayErrors: boolean;
  };
  /** Of this shard. */
  readonly memtableBytesMax: number;
  readonly cacheBytesMax: number;
  readonly vectorBytesMax: number;
};

export type VectorGraphStats = {
  /** UUID text. */
  readonly index: string;
  readonly vectors: number;
  /** Not linked yet: compared one by one. */
  readonly waiting: number;
  readonly bytes: number;
  readonly complete: boolean;
};

export type ShardTableStats = {
  readonly table: string;
  readonly memtableBytes: number;
  readonly frozenMemtables: number;
  readonly partitions: number;
  readonly sstables: number;
  readonly sstablePartitions: number;
  /** On disk, all components. */
  readonly sstableBytes: number;
  readonly largestSSTableBytes: number;
  /** Before compression. */
  readonly sstableDataBytes: number;
  readonly largestPartitionBytes: number;
  readonly reads: number;
  readonly writes: number;
  /** Sums over all reads and writes. */
  readonly readNanos: number;
  readonly writeNanos: number;
  /** Milliseconds: the longest time between the first and the last write of an SSTable. */
  readonly longestSSTableMs: number;
};

/** Latencies and the like; only of tables that were used. */
export type ShardFigures = {
  readonly tables: readonly ShardTableFigures[];
  /** Of the hot requests of connections on the shard's thread, since they were asked for last. */
  readonly coordinator: readonly FrontendFigures[];
  /** Of the chunk cache, since the start. */
  readonly cacheHits: number;
  readonly cacheMisses: number;
};

export type ShardTableFigures = SSTableShapes & {
  readonly table: string;
  /** Null while nothing of it was measured. */
  readonly measured: StoreTableFigures | null;
};

/** What SSTables tell of their partitions: pairs of a value and how many partitions have about that. */
export type SSTableShapes = {
  readonly partitionBytes: readonly number[];
  readonly partitionCells: readonly number[];
};

export type ShardStats = {
  readonly shard: number;
  readonly tables: readonly ShardTableStats[];
  readonly memtableBytes: number;
  readonly commitLogBytes: number;
  readonly commitLogSegments: number;
  readonly commitLogSyncs: number;
  readonly flushes: number;
  readonly flushFailures: number;
  readonly compactions: number;
  readonly cacheBytes: number;
  readonly cacheEntries: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly vectorGraphs: readonly VectorGraphStats[];
  /** Why writes are refused, null when they are not. */
  readonly refusing: string | null;
  readonly loop: Readonly<Record<string, number>>;
  /** Of the connections on its thread, null while it takes none. */
  readonly serving: ServingStats | null;
};

/** Calls that main makes. */
export type ShardCall =
  | { readonly op: 'table'; readonly table: ShardTable; readonly files: ShardTableFiles }
  | { readonly op: 'flush'; readonly table: string | null }
  | { readonly op: 'compact'; readonly table: string | null }
  /** Forgets the content of tables, all in one step; answers with what it forgot, in their order. */
  | { readonly op: 'truncate'; readonly tables: readonly string[] }
  /** Manifests say it: the log is not needed any more. `marks`: of the tables, as `truncate` gave them. */
  | { readonly op: 'truncated'; readonly tables: readonly string[]; readonly marks: readonly FlushedMark[] }
  | { readonly op: 'drop'; readonly table: string }
  | { readonly op: 'adopt'; readonly table: string; readonly sstables: readonly ManifestEntry[] }
  /** SSTables that all shards shared were replaced by one for each. */
  | {
      readonly op: 'split';
      readonly table: string;
      readonly shared: readonly string[];
      readonly parts: readonly ManifestEntry[];
    }
  /** Takes up a vector index; true when its graph is complete. `path`: of its file. */
  | { readonly op: 'vectorOpen'; readonly table: string; readonly index: string; readonly path: string }
  /** A pass over the table that brings all vectors begins or ends. */
  | { readonly op: 'vectorPass'; readonly table: string; readonly index: string; readonly begins: boolean }
  | { readonly op: 'stats' }
  | { readonly op: 'figures' }
  | { readonly op: 'collectGarbage' }
  | { readonly op: 'drain' };

/** Calls that a shard makes. */
export type MainCall =
  /** Writes a frozen memtable as an SSTable and makes it content. Without a mark the log keeps it too (during replay). */
  | {
      readonly op: 'flush';
      readonly table: string;
      readonly frozen: number;
      readonly mark: FlushedMark | null;
      readonly epoch: number;
    }
  | { readonly op: 'compact'; readonly compaction: CompactionTask }
  /** An SSTable is damaged. */
  | { readonly op: 'setAside'; readonly table: string; readonly sstable: string; readonly reason: string };

/** What a shard forgot: flushes and compactions of an older epoch must not become content any more. */
export type Truncated = { readonly mark: FlushedMark; readonly epoch: number };

export type CompactionTask = {
  readonly table: string;
  readonly shard: number;
  /** Of the shard's table: grows with TRUNCATE. */
  readonly epoch: number;
  readonly inputs: readonly string[];
  /** Of the inputs, on disk. */
  readonly bytesIn: number;
  /** Seconds: tombstones older than this may go, where nothing older than `purgeBelow` can be elsewhere. */
  readonly gcBefore: number;
  /** Microseconds: the smallest timestamp in what is not compacted. */
  readonly purgeBelow: bigint;
};

/** What became of a flush or compaction: the new SSTables, null when the table was truncated or dropped meanwhile. */
export type WrittenSSTables = readonly ManifestEntry[] | null;

/** Messages from the shard's thread that want no answer. */
export type ShardNews =
  | { readonly kind: 'hello'; readonly wakerFd: number; readonly servingFd: number }
  | { readonly kind: 'ready'; readonly replay: ReplayReport }
  /** Everything that was replayed is in SSTables. */
  | { readonly kind: 'replayFlushed' }
  | {
      readonly kind: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields: object;
    }
  | { readonly kind: 'fatal'; readonly message: string };

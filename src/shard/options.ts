// What the shards of a node are started with.
import type { BackgroundPool } from './background.js';
import type { SyncMode } from './log/log-sync.js';

export type ShardsLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type ShardsOptions = {
  readonly dataDir: string;
  readonly shardCount: number;
  readonly pinShards: boolean;
  /** UUID text. */
  readonly hostId: string;
  readonly commitLog: {
    readonly mode: SyncMode;
    readonly periodMs: number;
    readonly segmentBytes: number;
    readonly totalBytesMax: number;
    readonly ignoreReplayErrors: boolean;
  };
  readonly mutationBytesMax: number;
  readonly memtableBytesMax: number;
  readonly cacheBytesMax: number;
  /** 0 for no limit. */
  readonly vectorBytesMax: number;
  readonly columnIndexBytes: number;
  readonly compactionBytesPerSecond: number;
  readonly autoSnapshot: boolean;
  readonly pool: BackgroundPool;
  readonly log: ShardsLog;
  /** A shard ended that should not have. */
  readonly onDeath: (message: string) => void;
  readonly nowMs: () => number;
};

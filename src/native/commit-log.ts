// The commit log of one shard and the reader of its segments. Bytes: docs/format/commitlog.md.
import { addon } from './binding.js';

/** Segment id modulo this is the shard that wrote it. Kept equal to kLogLanes of native/core/commit_log.h. */
export const commitLogLanes = 256;

/** Points just after a record; positions of one lane are ordered by (segment, offset). */
export type LogPosition = { readonly segment: number; readonly offset: number };

export type CommitLogOptions = {
  readonly folder: string;
  readonly shard: number;
  readonly shardCount: number;
  /** commitlog_segment_size in bytes. */
  readonly segmentBytes: number;
  /** max_mutation_size in bytes, at most half a segment. */
  readonly recordBytesMax: number;
  /** `firstSegmentId % commitLogLanes === shard`, and larger than every id on disk. */
  readonly firstSegmentId: number;
};

export type CommitLogStats = {
  /** Bytes appended and synced since the log was opened (log sequence numbers). */
  readonly appended: number;
  readonly synced: number;
  readonly totalBytes: number;
  readonly segments: number;
  readonly records: number;
  /** Segments that had to be allocated by an append, because no spare was ready. */
  readonly lateSegments: number;
  /** Why no segment can be allocated; null when all is well. */
  readonly failed: string | null;
};

export interface CommitLog {
  /**
   * Copies a record (1 mutation, 2 batch of mutations) and returns the log sequence number after it.
   * @throws FerrosaError-shaped: INVALID (too large), SERVER_ERROR (no room on disk)
   */
  append(kind: 1 | 2, payload: Uint8Array): number;
  appended(): number;
  /** Starts making a spare segment in Node's thread pool when one is wanted; null when none is. Rejects when the disk is full. */
  prepareSpare(): Promise<void> | null;
  /**
   * Brings all that is in the log now to disk, in Node's thread pool; `stats().synced` covers it when the promise resolves. Null when there is
   * nothing to bring. `inSteps` takes longer, and leaves the cores to requests meanwhile; `fullOnly` leaves out the segment that is being
   * written. Rejects when the disk refuses.
   */
  sync(inSteps: boolean, fullOnly: boolean): Promise<void> | null;
  position(): LogPosition;
  /** The table's records up to the position are in SSTables; returns the paths of the segments to unlink. */
  markFlushed(tableId: Uint8Array, segment: number, offset: number): string[];
  /** Tables whose flush frees the oldest segment. */
  oldestTables(): Uint8Array[];
  stats(): CommitLogStats;
  /** After `stats().failed`: lets the next append try to allocate again. */
  retry(): void;
  close(): void;
}

export const CommitLog = addon.CommitLog as new (options: CommitLogOptions) => CommitLog;

export type LogSegmentHeader = {
  readonly id: number;
  readonly shard: number;
  readonly shardCount: number;
  readonly bytes: number;
};

/** First number of the quadruples that LogReader.next gives. */
export const LogFound = { record: 0, damage: 1, torn: 2 } as const;
export const LogRecord = { mutation: 1, batch: 2, syncMarker: 3, filler: 4 } as const;
/** Bytes before a segment's first record. */
export const logHeaderBytes = 64;
/** Bytes before a record's payload. */
export const logRecordHeaderBytes = 13;

/** A record of so many bytes with nothing in it, of the segment with this id. @throws FerrosaError-shaped INVALID when they are too few */
export const fillerRecord = addon.fillerRecord as (segment: number, bytes: number) => Buffer;

export interface LogReader {
  header(): LogSegmentHeader;
  /** At most `max` quadruples (found, kind, offset, size); empty at the end. Size has the record's header in it. */
  next(max: number): Uint32Array;
}

/** @throws FerrosaError-shaped CORRUPT when the bytes do not begin as a segment does. */
export const LogReader = addon.LogReader as new (file: Uint8Array) => LogReader;

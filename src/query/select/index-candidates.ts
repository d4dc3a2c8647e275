// Reads the entries of an index: keys of rows (or partitions) that may satisfy a statement, in the order of its result.
import { compareBytes } from '../../common/bytes.js';
import { entryColumns, type IndexTable } from '../../index/index.js';
import {
  type ClusteringSlice,
  cellsOf,
  encodeReadCommand,
  type ReadColumn,
  RowStream,
  rowsOf,
  Selected,
  type TokenRange,
} from '../../storage/index.js';
import type { Coordinator, IndexBucket, ReadOptions } from '../coordinator.js';
import { readBytesMax } from '../coordinator-limits.js';
import { compareNullable, int64Bytes, readInt64 } from '../values.js';
import type { TermRange } from './index-drivers.js';

/** What an entry points at. */
export type Candidate = {
  readonly token: bigint;
  readonly key: Uint8Array;
  /** Empty when it points at a partition. */
  readonly clustering: readonly (Uint8Array | null)[];
  /** Index of the bucket that has the entry: that of the shard of the row. */
  readonly bucket: number;
  /** Microseconds: when the part of the entry that stays was written; null when it has none. */
  readonly writtenAt: bigint | null;
  /** The indexed term. */
  readonly term: readonly Uint8Array[];
};

/** Where candidates begin and end, beside their terms. */
export type CandidateRange = {
  readonly tokens: TokenRange;
  /** The one partition that is asked for, null for a range. */
  readonly key: { readonly key: Uint8Array; readonly token: bigint } | null;
  /** Only what comes after it, or with it when it is a partition that was begun. */
  readonly after: {
    readonly token: bigint;
    readonly key: Uint8Array;
    /** null: after the whole partition. */
    readonly clustering: readonly (Uint8Array | null)[] | null;
  } | null;
};

export type CandidateSource = {
  readonly coordinator: Coordinator;
  readonly read: ReadOptions;
  readonly nowSeconds: number;
};

/** The slice of entries of one term. */
function pointSlice(
  index: IndexTable,
  term: readonly Uint8Array[],
  { tokens, key, after }: CandidateRange,
): ClusteringSlice {
  const end = key === null ? [...term, int64Bytes(tokens.end)] : [...term, int64Bytes(key.token), key.key];
  const endInclusive = key !== null || tokens.endInclusive;
  if (after !== null) {
    const start = [...term, int64Bytes(after.token), after.key];
    if (after.clustering === null) return { start, startInclusive: false, end, endInclusive };
    if (!index.ofRows) return { start, startInclusive: true, end, endInclusive };
    return { start: [...start, ...after.clustering] as Uint8Array[], startInclusive: false, end, endInclusive };
  }
  const start = key === null ? [...term, int64Bytes(tokens.start)] : end;
  return { start, startInclusive: key !== null || tokens.startInclusive, end, endInclusive };
}

function columnsOf({ table }: IndexTable): ReadColumn[] {
  const permanent = table.columns.get(entryColumns.permanent)!.id;
  return [
    ...table.clustering.map((_, which) => ({ what: Selected.clustering, which })),
    { what: Selected.writetime, which: permanent },
  ];
}

/** The entries of one bucket in a slice, page after page. */
class BucketCursor {
  #page: Candidate[] = [];
  #next = 0;
  #startAfter: Uint8Array | null = null;
  #done = false;

  constructor(
    private readonly source: CandidateSource,
    private readonly index: IndexTable,
    private readonly bucket: IndexBucket,
    private readonly number: number,
    private readonly slice: ClusteringSlice,
  ) {}

  get head(): Candidate | null {
    return this.#page[this.#next] ?? null;
  }

  get needsRead(): boolean {
    return this.#next >= this.#page.length && !this.#done;
  }

  take(): Candidate {
    return this.#page[this.#next++]!;
  }

  async readPage(rows: number): Promise<void> {
    const columns = columnsOf(this.index);
    const command = encodeReadCommand({
      tableId: this.index.tableId,
      nowSeconds: this.source.nowSeconds,
      columns,
      partitions: { keys: [this.bucket.key] },
      slices: [this.slice],
      rowLimit: rows,
      bytesLimit: readBytesMax,
      startAfter: this.#startAfter,
    });
    const bytes = await this.source.coordinator.read({ command, tokens: [this.bucket.token] }, this.source.read);
    const stream = new RowStream(bytes);
    this.#page = [];
    this.#next = 0;
    for (const partition of stream.partitions())
      for (const row of rowsOf(partition, columns.length))
        this.#page.push(this.#candidate(cellsOf(row.cells, columns.length)));
    this.#startAfter = stream.position;
    this.#done = stream.position === null;
  }

  #candidate(cells: readonly (Uint8Array | null)[]): Candidate {
    const { termCount } = this.index;
    const writtenAt = cells[cells.length - 1]!;
    return {
      term: cells.slice(0, termCount) as Uint8Array[],
      token: readInt64(cells[termCount]!),
      key: cells[termCount + 1]!,
      clustering: cells.slice(termCount + 2, -1),
      bucket: this.number,
      writtenAt: writtenAt === null ? null : readInt64(writtenAt),
    };
  }
}

/** By token, key and clustering: the order of rows. */
function compareCandidates(index: IndexTable, a: Candidate, b: Candidate): number {
  if (a.token !== b.token) return a.token < b.token ? -1 : 1;
  const byKey = compareBytes(a.key, b.key);
  if (byKey !== 0) return byKey;
  const columns = index.table.clustering;
  for (let i = 0; i < a.clustering.length; i++) {
    const { type, reversed } = columns[index.termCount + 2 + i]!;
    const order = compareNullable(type, a.clustering[i]!, b.clustering[i]!);
    if (order !== 0) return reversed ? -order : order;
  }
  return 0;
}

const cursorsOf = (source: CandidateSource, index: IndexTable, slice: ClusteringSlice): BucketCursor[] =>
  source.coordinator.indexBuckets.map((bucket, i) => new BucketCursor(source, index, bucket, i, slice));

/** Candidates of one term, as they are wanted. */
export class PointCandidates {
  readonly #cursors: readonly BucketCursor[];

  constructor(
    source: CandidateSource,
    private readonly index: IndexTable,
    range: TermRange,
    where: CandidateRange,
  ) {
    this.#cursors = cursorsOf(source, index, pointSlice(index, range.start, where));
  }

  /** At most `count` of the following; none when there are no more. */
  async next(count: number): Promise<Candidate[]> {
    const taken: Candidate[] = [];
    while (taken.length < count) {
      await Promise.all(this.#cursors.filter((cursor) => cursor.needsRead).map((cursor) => cursor.readPage(count)));
      let best: BucketCursor | null = null;
      for (const cursor of this.#cursors) {
        if (cursor.head === null) continue;
        if (best === null || compareCandidates(this.index, cursor.head, best.head!) < 0) best = cursor;
      }
      if (best === null) {
        if (this.#cursors.some((cursor) => cursor.needsRead)) continue;
        break;
      }
      taken.push(best.take());
    }
    return taken;
  }
}

/** Most candidates of a range of terms that are gathered and sorted. */
export const rangeCandidatesMax = 100_000;

function inRange({ tokens, key, after }: CandidateRange, index: IndexTable, candidate: Candidate): boolean {
  if (key !== null && compareBytes(candidate.key, key.key) !== 0) return false;
  const { token } = candidate;
  if (tokens.startInclusive ? token < tokens.start : token <= tokens.start) return false;
  if (tokens.endInclusive ? token > tokens.end : token >= tokens.end) return false;
  if (after === null) return true;
  const order = compareCandidates(index, candidate, {
    ...candidate,
    token: after.token,
    key: after.key,
    clustering: index.ofRows && after.clustering !== null ? after.clustering : candidate.clustering,
  });
  return order > 0 || (order === 0 && !index.ofRows && after.clustering !== null);
}

/** Candidates of a range of terms: all are read and sorted. */
export class RangeCandidates {
  #sorted: readonly Candidate[] | null = null;
  #next = 0;

  constructor(
    private readonly source: CandidateSource,
    private readonly index: IndexTable,
    private readonly range: TermRange,
    private readonly where: CandidateRange,
  ) {}

  /** False when there are too many of them: the table is to be scanned. */
  async gather(): Promise<boolean> {
    const all: Candidate[] = [];
    const gathered = cursorsOf(this.source, this.index, this.range).map(async (cursor) => {
      while (cursor.needsRead && all.length <= rangeCandidatesMax) {
        await cursor.readPage(5_000);
        while (cursor.head !== null) {
          const candidate = cursor.take();
          if (inRange(this.where, this.index, candidate)) all.push(candidate);
        }
      }
    });
    await Promise.all(gathered);
    if (all.length > rangeCandidatesMax) return false;
    this.#sorted = all.sort((a, b) => compareCandidates(this.index, a, b));
    return true;
  }

  async next(count: number): Promise<Candidate[]> {
    const taken = this.#sorted!.slice(this.#next, this.#next + count);
    this.#next += taken.length;
    return taken;
  }
}

/** True when both point at the same row. */
export function sameTarget(a: Candidate, b: Candidate): boolean {
  return (
    a.token === b.token &&
    compareBytes(a.key, b.key) === 0 &&
    a.clustering.every((value, i) => {
      const other = b.clustering[i]!;
      return value === null || other === null ? value === other : compareBytes(value, other) === 0;
    })
  );
}

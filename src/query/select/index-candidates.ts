// Reads the entries of an index: keys of rows (or partitions) that may satisfy a statement, in the order of its result.
import { compareBytes } from '../../common/bytes.js';
import { entryColumns, type IndexTable } from '../../index/index.js';
import type { TableDefinition } from '../../schema/index.js';
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
import type { IndexLeaf, TermRange } from './index-drivers.js';

/** What an entry points at. */
export type Candidate = {
  /** Where it was found. */
  readonly leaf: IndexLeaf;
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
  /** Rows stand for their partitions: one that was begun is wanted again. */
  readonly wholePartitions: boolean;
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
  { tokens, key, after, wholePartitions }: CandidateRange,
): ClusteringSlice {
  const end = key === null ? [...term, int64Bytes(tokens.end)] : [...term, int64Bytes(key.token), key.key];
  const endInclusive = key !== null || tokens.endInclusive;
  if (after !== null) {
    const start = [...term, int64Bytes(after.token), after.key];
    if (after.clustering === null) return { start, startInclusive: false, end, endInclusive };
    if (!index.ofRows || wholePartitions) return { start, startInclusive: true, end, endInclusive };
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
    private readonly leaf: IndexLeaf,
    private readonly bucket: IndexBucket,
    private readonly number: number,
    private slices: readonly ClusteringSlice[],
  ) {}

  /** Goes on from the start of other slices. */
  restart(slices: readonly ClusteringSlice[]): void {
    this.slices = slices;
    this.#page = [];
    this.#next = 0;
    this.#startAfter = null;
    this.#done = slices.length === 0;
  }

  /** All there is has been read. */
  get isLastPage(): boolean {
    return this.#done;
  }

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
    const { index } = this.leaf;
    const columns = columnsOf(index);
    const command = encodeReadCommand({
      tableId: index.tableId,
      nowSeconds: this.source.nowSeconds,
      columns,
      partitions: { keys: [this.bucket.key] },
      slices: this.slices,
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
    const { termCount } = this.leaf.index;
    const writtenAt = cells[cells.length - 1]!;
    return {
      leaf: this.leaf,
      term: cells.slice(0, termCount) as Uint8Array[],
      token: readInt64(cells[termCount]!),
      key: cells[termCount + 1]!,
      clustering: cells.slice(termCount + 2, -1),
      bucket: this.number,
      writtenAt: writtenAt === null ? null : readInt64(writtenAt),
    };
  }
}

/** By token, key and clustering: the order of rows. One that names a partition is equal to each of its rows. */
export function compareCandidates({ clustering }: TableDefinition, a: Candidate, b: Candidate): number {
  if (a.token !== b.token) return a.token < b.token ? -1 : 1;
  const byKey = compareBytes(a.key, b.key);
  if (byKey !== 0) return byKey;
  const columns = Math.min(a.clustering.length, b.clustering.length);
  for (let i = 0; i < columns; i++) {
    const { type, reversed } = clustering[i]!;
    const order = compareNullable(type, a.clustering[i]!, b.clustering[i]!);
    if (order !== 0) return reversed ? -order : order;
  }
  return 0;
}

/** The one whose head comes first; null when all have ended. */
function firstOf<T extends { readonly head: Candidate | null }>(table: TableDefinition, all: readonly T[]): T | null {
  let best: T | null = null;
  for (const one of all) {
    if (one.head === null) continue;
    if (best === null || compareCandidates(table, one.head, best.head!) < 0) best = one;
  }
  return best;
}

/** Candidates in the order of rows, read as they are wanted. */
export interface CandidateStream {
  /** False: `fill` must be called before `head` is known. */
  readonly ready: boolean;
  /** @param rows  how many entries to read at a time */
  fill(rows: number): Promise<void>;
  /** null at the end. */
  readonly head: Candidate | null;
  take(): Candidate;
  /** Leaves out all before `target`. */
  skipTo(target: Candidate): void;
}

/** Candidates of one term. */
export class PointStream implements CandidateStream {
  readonly #cursors: readonly BucketCursor[];

  /** @param table  the base */
  constructor(
    private readonly table: TableDefinition,
    source: CandidateSource,
    private readonly leaf: IndexLeaf,
    private readonly range: TermRange,
    private readonly where: CandidateRange,
  ) {
    const slices = [pointSlice(leaf.index, range.start, where)];
    this.#cursors = source.coordinator.indexBuckets.map(
      (bucket, i) => new BucketCursor(source, leaf, bucket, i, slices),
    );
  }

  get ready(): boolean {
    return !this.#cursors.some((cursor) => cursor.needsRead);
  }

  /** What is known now is all. */
  get isComplete(): boolean {
    return this.#cursors.every((cursor) => cursor.isLastPage);
  }

  async fill(rows: number): Promise<void> {
    while (!this.ready)
      await Promise.all(this.#cursors.filter((cursor) => cursor.needsRead).map((cursor) => cursor.readPage(rows)));
  }

  get #best(): BucketCursor | null {
    return firstOf(this.table, this.#cursors);
  }

  get head(): Candidate | null {
    return this.#best?.head ?? null;
  }

  take(): Candidate {
    return this.#best!.take();
  }

  skipTo(target: Candidate): void {
    const { leaf, range, where } = this;
    const clustering = target.clustering.length === leaf.index.clusteringCount ? target.clustering : [];
    for (const cursor of this.#cursors) {
      while (cursor.head !== null && compareCandidates(this.table, cursor.head, target) < 0) cursor.take();
      if (cursor.needsRead) {
        const { end, endInclusive } = pointSlice(leaf.index, range.start, where);
        const start = [...range.start, int64Bytes(target.token), target.key, ...clustering] as Uint8Array[];
        cursor.restart([{ start, startInclusive: true, end, endInclusive }]);
      }
    }
  }
}

/** Most candidates of ranges of terms that are gathered and sorted. */
export const rangeCandidatesMax = 100_000;

function inRange(
  table: TableDefinition,
  { tokens, key, after, wholePartitions }: CandidateRange,
  candidate: Candidate,
) {
  if (key !== null && compareBytes(candidate.key, key.key) !== 0) return false;
  const { token } = candidate;
  if (tokens.startInclusive ? token < tokens.start : token <= tokens.start) return false;
  if (tokens.endInclusive ? token > tokens.end : token >= tokens.end) return false;
  if (after === null) return true;
  const byRow = candidate.leaf.index.ofRows && !wholePartitions && after.clustering !== null;
  const order = compareCandidates(table, candidate, {
    ...candidate,
    token: after.token,
    key: after.key,
    clustering: byRow ? after.clustering! : [],
  });
  return order > 0 || (order === 0 && !byRow && after.clustering !== null);
}

/** Candidates that were gathered. */
export class SortedStream implements CandidateStream {
  readonly ready = true;
  #next = 0;

  private constructor(
    private readonly table: TableDefinition,
    private readonly sorted: readonly Candidate[],
  ) {}

  /**
   * Reads the entries of ranges of terms and sorts them; null when there are too many.
   * @param accepts  which of the terms are wanted; null: all
   */
  static async gather(
    table: TableDefinition,
    source: CandidateSource,
    leaf: IndexLeaf,
    ranges: readonly TermRange[],
    accepts: ((term: readonly Uint8Array[]) => boolean) | null,
    where: CandidateRange,
  ): Promise<SortedStream | null> {
    const all: Candidate[] = [];
    const gathered = source.coordinator.indexBuckets.map(async (bucket, i) => {
      const cursor = new BucketCursor(source, leaf, bucket, i, ranges);
      while (cursor.needsRead && all.length <= rangeCandidatesMax) {
        source.read.check?.();
        await cursor.readPage(5_000);
        while (cursor.head !== null) {
          const candidate = cursor.take();
          if ((accepts === null || accepts(candidate.term)) && inRange(table, where, candidate)) all.push(candidate);
        }
      }
    });
    await Promise.all(gathered);
    if (all.length > rangeCandidatesMax) return null;
    return new SortedStream(
      table,
      all.sort((a, b) => compareCandidates(table, a, b)),
    );
  }

  async fill(): Promise<void> {}

  get head(): Candidate | null {
    return this.sorted[this.#next] ?? null;
  }

  take(): Candidate {
    return this.sorted[this.#next++]!;
  }

  skipTo(target: Candidate): void {
    while (this.head !== null && compareCandidates(this.table, this.head, target) < 0) this.#next++;
  }
}

/** Candidates of any of several streams. */
export class UnionStream implements CandidateStream {
  constructor(
    private readonly table: TableDefinition,
    private readonly streams: readonly CandidateStream[],
  ) {}

  get ready(): boolean {
    return this.streams.every((stream) => stream.ready);
  }

  async fill(rows: number): Promise<void> {
    await Promise.all(this.streams.filter((stream) => !stream.ready).map((stream) => stream.fill(rows)));
  }

  get #best(): CandidateStream | null {
    return firstOf(this.table, this.streams);
  }

  get head(): Candidate | null {
    return this.#best?.head ?? null;
  }

  take(): Candidate {
    return this.#best!.take();
  }

  skipTo(target: Candidate): void {
    for (const stream of this.streams) stream.skipTo(target);
  }
}

/** Candidates that are in each of several streams. */
export class IntersectionStream implements CandidateStream {
  #aligned = false;

  constructor(
    private readonly table: TableDefinition,
    private readonly streams: readonly CandidateStream[],
  ) {}

  get ready(): boolean {
    return this.#aligned;
  }

  async fill(rows: number): Promise<void> {
    while (!this.#aligned) {
      for (const stream of this.streams) if (!stream.ready) await stream.fill(rows);
      this.#step();
    }
  }

  /** Brings those that are behind to the one that is furthest. */
  #step(): void {
    const heads = this.streams.map(({ head }) => head);
    if (heads.includes(null)) {
      this.#aligned = true;
      return;
    }
    const furthest = (heads as Candidate[]).reduce((a, b) => (compareCandidates(this.table, a, b) < 0 ? b : a));
    const behind = this.streams.filter(({ head }) => compareCandidates(this.table, head!, furthest) < 0);
    if (behind.length === 0) this.#aligned = true;
    for (const stream of behind) stream.skipTo(furthest);
  }

  get head(): Candidate | null {
    const heads = this.streams.map(({ head }) => head);
    return heads.includes(null) ? null : heads[0]!;
  }

  take(): Candidate {
    const [first] = this.streams.map((stream) => stream.take());
    this.#aligned = false;
    return first!;
  }

  skipTo(target: Candidate): void {
    for (const stream of this.streams) stream.skipTo(target);
    this.#aligned = false;
  }
}

/** True when both point at the same row, or at the same partition. */
export function sameTarget({ clustering }: TableDefinition, a: Candidate, b: Candidate): boolean {
  return (
    a.token === b.token &&
    compareBytes(a.key, b.key) === 0 &&
    a.clustering.every((value, i) => compareNullable(clustering[i]!.type, value, b.clustering[i]!) === 0)
  );
}

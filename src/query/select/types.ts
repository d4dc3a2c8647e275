// What the parts of SELECT's execution hand to each other.
import type { TableDefinition } from '../../schema/index.js';
import { eachRow, noLimit, type RowStream } from '../../storage/index.js';
import type { Coordinator, ReadOptions } from '../coordinator.js';
import type { Denylist } from '../guardrails/denylist.js';
import type { VirtualRows } from '../services.js';
import type { BindContext } from '../terms/term.js';
import type { PagingState, PagingStateCodec } from './paging-state.js';
import type { ReadThresholds } from './read-thresholds.js';
import type { RowPredicate } from './row-filter.js';
import type { ScanTarget } from './scan.js';
import type { TombstoneWatch } from './tombstones.js';

export type SelectContext = {
  readonly coordinator: Coordinator;
  readonly read: ReadOptions;
  readonly bind: BindContext;
  readonly nowSeconds: number;
  /** 0 for no paging. */
  readonly pageSize: number;
  readonly pagingState: Uint8Array | null;
  readonly paging: PagingStateCodec;
  readonly tombstones: TombstoneWatch;
  /** Null when nobody is warned of large reads (read_thresholds_enabled). */
  readonly thresholds: ReadThresholds | null;
  /** Null for whom no partition is denied. */
  readonly denylist: Denylist | null;
  /** Entries of indexes that are found stale may go: what is expired is told by the clock, not by the client. */
  readonly mayClean: boolean;
  virtualRows(table: TableDefinition): VirtualRows | Promise<VirtualRows>;
};

/** What one execution reads, and which of those rows it is about. */
export type SelectTarget = ScanTarget & {
  /** null: all of them. */
  readonly matches: RowPredicate | null;
};

export type Limits = {
  /** Result rows that may still come; noLimit for any number. */
  readonly remaining: number;
  readonly perPartition: number;
  readonly pageSize: number;
};

/** A row that was read. */
export type SourceRow = {
  readonly key: Uint8Array;
  readonly position: Uint8Array;
  readonly cells: readonly (Uint8Array | null)[];
};

/** Makes rows, a page at a time: no promise a row. */
export type RowSource = AsyncGenerator<Iterable<SourceRow>>;

/** Gives rows a page at a time. Most reads have one page, which costs one promise. */
export interface RowPages<T = SourceRow> {
  /** Nothing follows. */
  readonly done: boolean;
  /** Perhaps an empty page. REQUIRES: not done, and the page before has come. */
  next(): Promise<Iterable<T>>;
}

export class GeneratedPages implements RowPages {
  done = false;

  constructor(private readonly source: RowSource) {}

  async next(): Promise<Iterable<SourceRow>> {
    const { done, value } = await this.source.next();
    this.done = done === true;
    return value ?? [];
  }
}

export const noPages: RowPages<never> = { done: true, next: () => Promise.resolve([]) };

/** The paging state behind a page of `count` rows whose last is `last`. */
export function stateAfterRow(
  plan: { readonly shape: number },
  limits: Limits,
  count: number,
  last: SourceRow,
  given: number,
): PagingState {
  return {
    remaining: limits.remaining === noLimit ? noLimit : limits.remaining - count,
    givenInPartition: given,
    shape: plan.shape,
    position: last.position,
  };
}

/** The part of a result that computing statements make. */
export type ResultPage = { readonly rows: Uint8Array[]; readonly next: PagingState | null };

/** The rows of a stream that match. REQUIRES: it was read with positions. */
export function decodedRows(
  stream: RowStream,
  width: number,
  matches: ((cells: SourceRow['cells']) => boolean) | null,
): SourceRow[] {
  const rows: SourceRow[] = [];
  for (const partition of stream.partitions()) {
    const { key } = partition;
    eachRow(partition, width, true, (position, cells) => {
      if (matches === null || matches(cells)) rows.push({ key, position: position!, cells });
    });
  }
  return rows;
}

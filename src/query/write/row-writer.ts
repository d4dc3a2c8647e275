// Writes the cells of one row into a mutation, with the statement's timestamp and time to live.
import { toHex } from '../../common/bytes.js';
import { invalid } from '../../common/errors.js';
import type { ColumnDefinition } from '../../schema/index.js';
import type { MutationBuilder } from '../../storage/index.js';
import { compareValues } from '../../types/index.js';
import type { ListPaths } from './list-paths.js';

const pathType = { kind: 'timeuuid' } as const;
const timestampMin = -(2n ** 63n);

/** What all writes of a statement have in common. */
export type WriteParameters = {
  /** Microseconds. */
  readonly timestamp: bigint;
  /** Seconds, 0 for none. */
  readonly ttl: number;
  readonly nowSeconds: number;
  readonly paths: ListPaths;
};

export type ListCell = { readonly path: Uint8Array; readonly element: Uint8Array };
/** One row as it was read before. */
export type ExistingRow = {
  list(column: ColumnDefinition): readonly ListCell[];
  value(column: ColumnDefinition): Uint8Array | null;
};

const unknownRow: ExistingRow = { list: () => [], value: () => null };

/** @throws FerrosaError INVALID for a timestamp that means none */
export function checkTimestamp(timestamp: bigint): void {
  if (timestamp === timestampMin)
    throw invalid(`Out of bound timestamp, must be in [${timestampMin + 1n}, ${2n ** 63n - 1n}]`);
}

export class RowWriter {
  readonly #expiresAt: number;
  #existing: ExistingRow = unknownRow;
  /** Lists of the row as the operations so far leave them, by path; null when the statement does not read. */
  #lists: Map<ColumnDefinition, Map<string, ListCell>> | null = null;

  constructor(
    private readonly out: MutationBuilder,
    private readonly parameters: WriteParameters,
  ) {
    this.#expiresAt = parameters.ttl === 0 ? 0 : parameters.nowSeconds + parameters.ttl;
  }

  /** Set for each row when the statement reads before it writes. */
  set existing(row: ExistingRow) {
    this.#existing = row;
    this.#lists = new Map();
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  cell(column: ColumnDefinition, value: Uint8Array): void {
    this.out.cell(column.id, this.parameters.timestamp, value, this.parameters.ttl, this.#expiresAt);
  }

  tombstone(column: ColumnDefinition): void {
    this.out.cellTombstone(column.id, this.parameters.timestamp, this.parameters.nowSeconds);
  }

  pathCell(column: ColumnDefinition, path: Uint8Array, value: Uint8Array): void {
    this.#listOf(column)?.set(toHex(path), { path, element: value });
    this.out.pathCell(column.id, this.parameters.timestamp, path, value, this.parameters.ttl, this.#expiresAt);
  }

  pathTombstone(column: ColumnDefinition, path: Uint8Array): void {
    this.#listOf(column)?.delete(toHex(path));
    this.out.pathTombstone(column.id, this.parameters.timestamp, path, this.parameters.nowSeconds);
  }

  complexDeletion(column: ColumnDefinition): void {
    this.#lists?.set(column, new Map());
    this.out.complexDeletion(column.id, this.parameters.timestamp, this.parameters.nowSeconds);
  }

  /** What was in the column before goes, what this statement writes stays: hence one microsecond less. */
  overwrite(column: ColumnDefinition): void {
    this.#lists?.set(column, new Map());
    this.out.complexDeletion(column.id, this.parameters.timestamp - 1n, this.parameters.nowSeconds);
  }

  counter(column: ColumnDefinition, delta: bigint): void {
    this.out.counterDelta(column.id, this.parameters.timestamp, delta);
  }

  nextListPath(): Uint8Array {
    return this.parameters.paths.next();
  }

  listPathsBefore(count: number): Uint8Array[] {
    return this.parameters.paths.before(count);
  }

  /** The list as it was read, and as earlier operations of the statement have changed it. Source: UpdateParameters.getPrefetchedRow. */
  existingList(column: ColumnDefinition): readonly ListCell[] {
    const cells = this.#listOf(column)?.values() ?? [];
    return [...cells].sort((a, b) => compareValues(pathType, a.path, b.path));
  }

  existingValue(column: ColumnDefinition): Uint8Array | null {
    return this.#existing.value(column);
  }

  #listOf(column: ColumnDefinition): Map<string, ListCell> | null {
    if (this.#lists === null || column.type.kind !== 'list') return null;
    let list = this.#lists.get(column);
    if (list === undefined) {
      list = new Map(this.#existing.list(column).map((cell) => [toHex(cell.path), cell]));
      this.#lists.set(column, list);
    }
    return list;
  }
}

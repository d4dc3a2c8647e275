// The restrictions on one kind of column, in the order of the columns.
import type { ColumnDefinition } from '../../schema/index.js';
import { mergeRestrictions, type Restriction } from './restriction.js';

/** Restrictions by column: key columns by position, others by name. */
export class RestrictionSet {
  readonly #byColumn = new Map<ColumnDefinition, Restriction>();
  // Every execution asks for these.
  #columns: readonly ColumnDefinition[] | null = null;
  #all: readonly Restriction[] | null = null;
  hasIn = false;
  hasOnlyEquality = true;

  /** @throws FerrosaError INVALID when it contradicts what is there */
  add(restriction: Restriction): void {
    this.#columns = null;
    this.#all = null;
    this.hasIn ||= restriction.kind === 'in';
    this.hasOnlyEquality &&= restriction.kind === 'eq' || restriction.kind === 'in';
    const existing = new Set(restriction.columns.flatMap((column) => this.#byColumn.get(column) ?? []));
    if (existing.size === 0) {
      for (const column of restriction.columns) this.#byColumn.set(column, restriction);
      return;
    }
    for (const other of existing) {
      const merged = mergeRestrictions(other, restriction);
      for (const column of new Set([...restriction.columns, ...merged.columns])) this.#byColumn.set(column, merged);
    }
  }

  get size(): number {
    return this.#byColumn.size;
  }

  get isEmpty(): boolean {
    return this.#byColumn.size === 0;
  }

  get columns(): readonly ColumnDefinition[] {
    this.#columns ??= [...this.#byColumn.keys()].sort(compareColumns);
    return this.#columns;
  }

  get(column: ColumnDefinition): Restriction | undefined {
    return this.#byColumn.get(column);
  }

  has(column: ColumnDefinition): boolean {
    return this.#byColumn.has(column);
  }

  /** Each once, in the order of their columns. */
  get all(): readonly Restriction[] {
    this.#all ??= [...new Set(this.columns.map((column) => this.#byColumn.get(column)!))];
    return this.#all;
  }

  get last(): Restriction | undefined {
    return this.all.at(-1);
  }

  some(kind: Restriction['kind']): boolean {
    for (const restriction of this.#byColumn.values()) if (restriction.kind === kind) return true;
    return false;
  }
}

function compareColumns(a: ColumnDefinition, b: ColumnDefinition): number {
  if (a.position !== b.position) return a.position - b.position;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

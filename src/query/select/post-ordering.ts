// ORDER BY over several partitions: what was read is sorted before it is answered.
import type { CqlType } from '../../types/index.js';
import { compareNullable } from '../values.js';

/** How rows are sorted after they were read: ORDER BY with IN on the partition key. */
export type PostOrdering = {
  /** `descending`: of the table, not of the statement. */
  readonly slots: readonly { readonly slot: number; readonly type: CqlType; readonly descending: boolean }[];
  readonly reversed: boolean;
};

type Cells = readonly (Uint8Array | null)[];

/** Collects something for each row, or group of rows, and gives it in the order of the statement; what is equal stays as it came. */
export class PostOrdered<T> {
  readonly #entries: { readonly values: Cells; readonly of: T }[] = [];

  constructor(private readonly ordering: PostOrdering) {}

  /** Values to sort by, of the cells of a row; they stay when the cells are gone. */
  valuesOf(cells: Cells): Cells {
    return this.ordering.slots.map(({ slot }) => cells[slot]?.slice() ?? null);
  }

  /** @param values  from valuesOf */
  add(values: Cells, of: T): void {
    this.#entries.push({ values, of });
  }

  /** The first `limit` of all. */
  sorted(limit: number): T[] {
    const { slots, reversed } = this.ordering;
    this.#entries.sort((a, b) => {
      for (let i = 0; i < slots.length; i++) {
        const { type, descending } = slots[i]!;
        const order = compareNullable(type, a.values[i]!, b.values[i]!);
        if (order !== 0) return descending === reversed ? order : -order;
      }
      return 0;
    });
    return this.#entries.slice(0, limit).map(({ of }) => of);
  }
}

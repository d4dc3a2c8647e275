// ORDER BY over several partitions: what was read is sorted before it is answered.
import { type CqlType, compareValues } from '../../types/index.js';

/** `descending`: of the table, not of the statement. */
type OrderingSlot = { readonly slot: number; readonly type: CqlType; readonly descending: boolean };

/** How rows are sorted after they were read: ORDER BY with IN on the partition key. */
export type PostOrdering = {
  readonly slots: readonly OrderingSlot[];
  /** Against the order of the table. */
  readonly reversed: boolean;
};

/** In the order of the table, where a partition without rows, which has a null here, stands before those with rows. */
function compareAsStored({ type, descending }: OrderingSlot, a: Uint8Array | null, b: Uint8Array | null): number {
  if (a === null) return b === null ? 0 : -1;
  if (b === null) return 1;
  return descending ? compareValues(type, b, a) : compareValues(type, a, b);
}

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
        const order = compareAsStored(slots[i]!, a.values[i]!, b.values[i]!);
        if (order !== 0) return reversed ? -order : order;
      }
      return 0;
    });
    return this.#entries.slice(0, limit).map(({ of }) => of);
  }
}

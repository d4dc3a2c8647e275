// The bind markers of a statement: what each stands for, collected while the statement is planned.
import type { ColumnDefinition, TableDefinition } from '../schema/index.js';
import type { CqlType } from '../types/index.js';
import type { ColumnSpec } from './api.js';

/** Where a term's value goes. `column` is set when it is a whole column of the table: drivers route by those. */
export type Receiver = ColumnSpec & { readonly column?: ColumnDefinition };

/** The receiver of a whole column. */
export function columnReceiver(table: TableDefinition, column: ColumnDefinition): Receiver {
  return { keyspace: table.keyspace, table: table.name, name: column.name, type: column.type, column };
}

/** A receiver beside `of`: an element, an index, a limit. */
export function derivedReceiver(of: ColumnSpec, name: string, type: CqlType): Receiver {
  return { keyspace: of.keyspace, table: of.table, name, type };
}

/** Specifications of the markers of one statement. Indexes are those of the syntax tree. */
export class BindMarkers {
  readonly #names: readonly (string | null)[];
  readonly #specs: (ColumnSpec | undefined)[];
  readonly #targets: (Receiver | undefined)[];

  constructor(names: readonly (string | null)[]) {
    this.#names = names;
    this.#specs = new Array(names.length).fill(undefined);
    this.#targets = new Array(names.length).fill(undefined);
  }

  get count(): number {
    return this.#names.length;
  }

  /** Says what marker `index` binds. A named marker keeps its own name. */
  add(index: number, receiver: Receiver): void {
    if (receiver.column !== undefined) this.#targets[index] = receiver;
    const name = this.#names[index] ?? receiver.name;
    this.#specs[index] = { keyspace: receiver.keyspace, table: receiver.table, name, type: receiver.type };
  }

  /** All markers in order, as PREPARED shows them; one that stands for nothing (`USING TTL ? AND TTL ?`: the last one counts) has no name. */
  columns(): ColumnSpec[] {
    return this.#specs.map(
      (spec, index) => spec ?? { keyspace: '', table: '', name: this.#names[index] ?? '', type: { kind: 'blob' } },
    );
  }

  /** Index of the marker that binds each partition key component; empty unless all are bound. */
  partitionKeyIndexes(table: TableDefinition): number[] {
    const indexes: number[] = new Array(table.partitionKey.length).fill(-1);
    this.#targets.forEach((target, index) => {
      const column = target?.column;
      if (column?.kind === 'partition_key' && target!.table === table.name && target!.keyspace === table.keyspace)
        indexes[column.position] = index;
    });
    return indexes.includes(-1) ? [] : indexes;
  }
}

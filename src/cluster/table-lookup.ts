// The tables that mutations and commands name by their ids.
import type { RoutedMutation } from '../query/index.js';
import type { Catalogue, Schema, TableDefinition } from '../schema/index.js';
import { mutationTableId } from '../storage/index.js';
import { sameId, uuidText } from './table-ids.js';

/** null stands for the tables of indexes, which the catalogue does not know, and for what was dropped. */
export class TableLookup {
  readonly #catalogue: Catalogue;
  /** The table that was looked up last: one request after the other is of the same. */
  #last: { readonly schema: Schema; readonly id: Uint8Array; readonly table: TableDefinition | null } | null = null;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /** @param tableId  16 bytes */
  of(tableId: Uint8Array): TableDefinition | null {
    const { schema } = this.#catalogue;
    const last = this.#last;
    if (last !== null && last.schema === schema && sameId(last.id, tableId)) return last.table;
    const table = this.#catalogue.tableById(uuidText(tableId));
    this.#last = { schema, id: tableId.slice(), table };
    return table;
  }

  ofMutation(mutation: Uint8Array): TableDefinition | null {
    return this.of(mutationTableId(mutation));
  }

  ofMutations(mutations: readonly RoutedMutation[]): (TableDefinition | null)[] {
    return mutations.map(({ bytes }) => this.ofMutation(bytes));
  }
}

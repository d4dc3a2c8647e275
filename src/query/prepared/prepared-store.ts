// Prepared statements of this process: by id, bounded, kept over a restart, dropped when the schema they use changes.

import { createHash } from 'node:crypto';
import { toHex } from '../../common/bytes.js';
import { FerrosaError, invalid } from '../../common/errors.js';
import { IdTexts } from '../../common/id-texts.js';
import type { CatalogueChange } from '../../schema/index.js';
import { typeToClassName } from '../../types/index.js';
import type { ColumnSpec, PreparedStatement } from '../api.js';
import type { Plan, PlannedStatement } from '../plan.js';
import { TinyLfuCache } from './tiny-lfu-cache.js';

/** What the processor keeps of a prepared statement. */
export type Prepared = PreparedStatement & { readonly planned: PlannedStatement };

/** What was planned when it was prepared; null for what no Processor has made. */
export const planOf = (prepared: PreparedStatement): Plan | null =>
  'planned' in prepared ? (prepared as Prepared).planned.plan : null;

/** Where prepared statements outlive the process. */
export interface PreparedTable {
  put(id: Uint8Array, keyspace: string | null, query: string): void;
  remove(id: Uint8Array): void;
}

/** Fixed cost of a statement beside its text, in bytes: plan, metadata, map entries. */
const statementOverheadBytes = 2_048;
const columnBytes = 256;

/** MD5 of keyspace and text, of the text alone when the statement names every keyspace. */
export function statementId(query: string, keyspace: string | null): Uint8Array {
  return createHash('md5')
    .update(keyspace === null ? query : keyspace + query)
    .digest();
}

/** MD5 of names and types; equal on every node. */
export function resultMetadataId(columns: readonly ColumnSpec[] | null): Uint8Array {
  const hash = createHash('md5');
  for (const column of columns ?? []) {
    hash.update(column.name).update('\0').update(typeToClassName(column.type)).update('\0\0');
  }
  return hash.digest();
}

export class PreparedStore {
  readonly #ids = new IdTexts(toHex);
  readonly #cache: TinyLfuCache<Prepared>;
  /** Called with each statement that comes, and with each that goes for whatever reason. */
  onAdded: (prepared: Prepared) => void = () => {};
  onRemoved: (prepared: Prepared) => void = () => {};

  constructor(
    private readonly bytesMax: number,
    private readonly table: PreparedTable,
  ) {
    this.#cache = new TinyLfuCache(bytesMax, (_, evicted) => {
      this.table.remove(evicted.id);
      this.onRemoved(evicted);
    });
  }

  get(id: Uint8Array): Prepared | undefined {
    return this.#cache.get(this.#ids.of(id));
  }

  /** Without counting as a use. */
  peek(id: Uint8Array): Prepared | undefined {
    return this.#cache.peek(toHex(id));
  }

  get size(): number {
    return this.#cache.size;
  }

  get evictions(): number {
    return this.#cache.evictions;
  }

  *all(): Generator<Prepared> {
    for (const [, prepared] of this.#cache.entries()) yield prepared;
  }

  /** @throws FerrosaError INVALID when it is larger than the whole cache may be */
  put(prepared: Prepared, persist: boolean): void {
    const columns = prepared.bindColumns.length + (prepared.resultColumns?.length ?? 0);
    const bytes = statementOverheadBytes + 2 * prepared.query.length + columnBytes * columns;
    if (bytes > this.bytesMax)
      throw invalid(
        `Prepared statement of size ${bytes} bytes is larger than allowed maximum of ` +
          `${Math.floor(this.bytesMax / (1 << 20))} MB: ${prepared.query.slice(0, 200)}...`,
      );
    this.#cache.set(toHex(prepared.id), prepared, bytes);
    this.onAdded(prepared);
    if (persist) this.table.put(prepared.id, prepared.keyspace, prepared.query);
  }

  remove(id: Uint8Array): void {
    const known = this.#cache.peek(toHex(id));
    if (known === undefined) return;
    this.#cache.delete(toHex(id));
    this.table.remove(id);
    this.onRemoved(known);
  }

  /** Forgets the statements that the change makes invalid. */
  onSchemaChange(change: CatalogueChange): void {
    const gone = new Set(change.tables.flatMap(({ before }) => (before === null ? [] : [before])));
    const functions = changedFunctions(change);
    if (gone.size === 0 && functions.size === 0) return;
    const invalidated = [...this.all()].filter(
      ({ planned }) =>
        planned.tables.some((table) => gone.has(table)) ||
        [...planned.functionNames].some((name) => functions.has(name)),
    );
    for (const { id } of invalidated) this.remove(id);
  }
}

/** `keyspace.name` of each function that came, went or changed: any overload may be another's rival. */
function changedFunctions({ before, after }: CatalogueChange): Set<string> {
  const names = new Set<string>();
  for (const keyspace of new Set([...before.keyspaces.keys(), ...after.keyspaces.keys()])) {
    const old = before.keyspaces.get(keyspace)?.functions;
    const now = after.keyspaces.get(keyspace)?.functions;
    if (old === now) continue;
    for (const [key, fn] of old ?? []) if (now?.get(key) !== fn) names.add(`${keyspace}.${fn.name}`);
    for (const [key, fn] of now ?? []) if (old?.get(key) !== fn) names.add(`${keyspace}.${fn.name}`);
  }
  return names;
}

/** UNPREPARED with the id and Cassandra's text. */
export function unprepared(id: Uint8Array): FerrosaError {
  return new FerrosaError(
    'UNPREPARED',
    `Prepared query with ID ${toHex(id)} not found (either the query was not prepared on this host (maybe the host has ` +
      'been restarted?) or you have prepared too many queries and it has been evicted from the internal cache)',
    { preparedId: id },
  );
}

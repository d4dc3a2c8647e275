// The entries of what a mutation writes. A write adds entries without reading what was there before: an entry that the base table does not
// bear out is skipped when it is read.
//
// An entry must live as long as any cell that it stands for. A cell that stays writes `p` at the time of this process: later than every
// earlier entry, whatever timestamp the cell has. A cell that expires writes `e` at the time of its expiry: of several the last stays.
import { invalid } from '../common/errors.js';
import { murmurToken } from '../native/index.js';
import { keyComponents, type TableDefinition } from '../schema/index.js';
import {
  type ClusteringPrefix,
  type DecodedMutation,
  type DecodedOperation,
  type DecodedRow,
  decodeMutation,
  MutationBuilder,
} from '../storage/index.js';
import { entryColumns, type IndexTable, indexTablesOf } from './index-table.js';
import { checkVectors } from './vectors.js';

export type NowMicros = () => bigint;

/** Cassandra's limit of an indexed value, in bytes. */
const termBytesMax = 65_535;
const empty = new Uint8Array(0);

export type Expiry = { readonly ttl: number; readonly at: number };

/** When an entry is removed: before what the same write adds. */
export type Removal = { readonly micros: bigint; readonly nowSeconds: number };

/** Collects entries of one index for one bucket. */
export class EntryWriter {
  readonly #builder: MutationBuilder;
  readonly #permanent: number;
  readonly #expiring: number;
  count = 0;

  /**
   * @param bucket  key of the partition of entries: one whose token is of the shard of the base rows
   * @param micros  the time of this write
   */
  constructor(
    private readonly index: IndexTable,
    bucket: Uint8Array,
    private readonly micros: bigint,
  ) {
    this.#builder = new MutationBuilder(index.tableId, murmurToken(bucket), bucket);
    this.#permanent = index.table.columns.get(entryColumns.permanent)!.id;
    this.#expiring = index.table.columns.get(entryColumns.expiring)!.id;
  }

  /** @throws FerrosaError INVALID for a value that is too long */
  add(term: readonly Uint8Array[], token: bigint, key: Uint8Array, row: ClusteringPrefix, expiry: Expiry | null): void {
    const { termsOf } = this.index;
    if (term.length === 1) for (const one of termsOf(term[0]!)) this.addTerm([one], token, key, row, expiry);
    else
      this.addTerm(
        term.map((value, i) => termsOf(value, i)[0]!),
        token,
        key,
        row,
        expiry,
      );
  }

  /** Adds an entry of a term as the index keeps it. */
  addTerm(term: ClusteringPrefix, token: bigint, key: Uint8Array, row: ClusteringPrefix, expiry: Expiry | null): void {
    for (const value of term) checkTermSize(this.index, value?.length ?? 0);
    this.count++;
    this.#builder.row([...term, tokenBytes(token), key, ...(this.index.ofRows ? row : [])]);
    if (expiry === null) this.#builder.cell(this.#permanent, this.micros, empty);
    else this.#builder.cell(this.#expiring, BigInt(expiry.at) * 1_000_000n, empty, expiry.ttl, expiry.at);
  }

  /** Adds an entry of a full-text index: later ones win over earlier ones, whether or not they expire. */
  addText(
    term: ClusteringPrefix,
    token: bigint,
    key: Uint8Array,
    row: ClusteringPrefix,
    { posting, length }: { readonly posting: Uint8Array; readonly length: Uint8Array | null },
    expiry: Expiry | null,
  ): void {
    const [ttl, at] = expiry === null ? [0, 0] : [expiry.ttl, expiry.at];
    this.count++;
    this.#builder.row([...term, tokenBytes(token), key, ...row]);
    this.#builder.cell(this.#permanent, this.micros, posting, ttl, at);
    const column = this.index.table.columns.get(entryColumns.length);
    if (length !== null && column !== undefined) this.#builder.cell(column.id, this.micros, length, ttl, at);
  }

  /** Removes the entry that stays, of which this process knows that its row has another term now. */
  removeTerm(term: ClusteringPrefix, token: bigint, key: Uint8Array, row: ClusteringPrefix, removal: Removal): void {
    this.count++;
    this.#builder.row([...term, tokenBytes(token), key, ...(this.index.ofRows ? row : [])]);
    this.#builder.cellTombstone(this.#permanent, removal.micros, removal.nowSeconds);
    const length = this.index.table.columns.get(entryColumns.length);
    if (length !== undefined && term[0]?.length === 0)
      this.#builder.cellTombstone(length.id, removal.micros, removal.nowSeconds);
  }

  finish(): Uint8Array {
    return this.#builder.finish();
  }
}

/** @throws FerrosaError INVALID with Cassandra's text (CassandraIndex) */
function checkTermSize({ index, target, table }: IndexTable, bytes: number): void {
  const { column } = target;
  if (bytes < termBytesMax) return;
  const base = `${table.keyspace}.${table.name.slice(0, -index.name.length - 1)}`;
  throw invalid(
    `Cannot index value of size ${bytes} for index ${index.name} on ${base}(${column.name}) ` +
      `(maximum allowed size=${termBytesMax})`,
  );
}

function tokenBytes(token: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, token);
  return bytes;
}

export const expiryOf = ({ ttl, localDeletionTime }: DecodedOperation): Expiry | null =>
  ttl === 0 ? null : { ttl, at: localDeletionTime! };

/** The term of one cell of the indexed column; null when the cell has none. */
function termOfCell({ target }: IndexTable, { path, value }: DecodedOperation): readonly Uint8Array[] | null {
  if (value === null) return null;
  if (path === null) return [value];
  const { type } = target.column;
  if (type.kind === 'set') return [path];
  if (type.kind === 'map') {
    if (target.kind === 'keys') return [path];
    if (target.kind === 'entries') return [path, value];
  }
  return [value];
}

/** How long a row (or static row) is there because of this mutation: null when it is not, or until the last of its cells expires. */
export function lifeOf(row: DecodedRow): { readonly expiry: Expiry | null } | null {
  let last: Expiry | null = null;
  const { liveness } = row;
  if (liveness !== null) {
    if (liveness.ttl === 0) return { expiry: null };
    last = { ttl: liveness.ttl, at: liveness.expiresAt };
  }
  for (const operation of row.operations) {
    if (operation.kind !== 'cell') continue;
    const expiry = expiryOf(operation);
    if (expiry === null) return { expiry: null };
    if (last === null || expiry.at > last.at) last = expiry;
  }
  return last === null ? null : { expiry: last };
}

function addEntries(table: TableDefinition, index: IndexTable, mutation: DecodedMutation, out: EntryWriter): void {
  const { column } = index.target;
  const { token, key } = mutation;
  for (const item of mutation.items) {
    if (item.kind === 'rangeTombstone') continue;
    if (column.kind === 'partition_key' || column.kind === 'clustering') {
      if (column.kind === 'clustering' && item.kind === 'static') continue;
      const life = lifeOf(item);
      if (life === null) continue;
      const term =
        column.kind === 'clustering' ? item.clustering[column.position] : keyComponents(table, key)[column.position];
      if (term != null) out.add([term], token, key, item.clustering, life.expiry);
      continue;
    }
    if ((column.kind === 'static') !== (item.kind === 'static')) continue;
    for (const operation of item.operations) {
      if (operation.columnId !== column.id || operation.kind !== 'cell') continue;
      const term = termOfCell(index, operation);
      if (term !== null) out.add(term, token, key, item.clustering, expiryOf(operation));
    }
  }
}

/**
 * The mutations of the indexes of `table` that belong to a mutation of it: to be written with it, in one record of its shard. Those of
 * indexes that need the row come from row-entries.ts.
 * @param bucketOf  the bucket of a token's shard
 * @throws FerrosaError INVALID for a value that cannot be indexed
 */
export function indexMutations(
  table: TableDefinition,
  bytes: Uint8Array,
  bucketOf: (token: bigint) => Uint8Array,
  nowMicros: NowMicros,
): Uint8Array[] {
  const decoded = decodeMutation(bytes);
  const mutations: Uint8Array[] = [];
  for (const index of indexTablesOf(table)) {
    if (index.vector !== null) {
      checkVectors(table, index, decoded);
      continue;
    }
    if (index.needsRow) continue;
    const writer = new EntryWriter(index, bucketOf(decoded.token), nowMicros());
    addEntries(table, index, decoded, writer);
    if (writer.count > 0) mutations.push(writer.finish());
  }
  return mutations;
}

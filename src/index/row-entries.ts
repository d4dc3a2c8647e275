// Entries of composite, partial and full-text indexes: they depend on several columns of a row, of which a write may bring some. What the row has is read
// first; writes of one partition take turns, so that each sees what those before it wrote.
//
// As elsewhere an entry too many does no harm, since the table decides; an entry too few would. Where the order of timestamps leaves open which
// of two values a column ends with, both have entries. The entry of a value that is overwritten for certain is removed.
import { type ColumnDefinition, clauseHolds, keyComponents, type TableDefinition } from '../schema/index.js';
import {
  type ClusteringPrefix,
  clusteringName,
  type DecodedItem,
  type DecodedRow,
  decodeMutation,
} from '../storage/index.js';
import { EntryWriter, type Expiry, expiryOf, lifeOf, type NowMicros, type Removal } from './entries.js';
import { addTextChanges } from './fulltext/entries.js';
import { type IndexTable, indexTablesOf } from './index-table.js';
import { type Known, type ReadRows, type RowBefore, readRowsBefore, touchedSlices } from './row-reads.js';

/** A value that a column may have after the write. */
type Option = { readonly value: Uint8Array | null; readonly expiry: Expiry | null };

/** True when a write of the table must be made in the turn of its partition. */
export const needsRows = (table: TableDefinition): boolean =>
  table.indexes.length > 0 && indexTablesOf(table).some(({ needsRow }) => needsRow);

/** The columns whose values decide about the entries of an index. */
export const decidingColumns = ({ columns, predicate }: IndexTable): ColumnDefinition[] => [
  ...new Set([...columns, ...(predicate ?? []).map(({ column }) => column)]),
];

const isRegular = ({ kind }: ColumnDefinition): boolean => kind === 'regular';

/** Every row that is there has an entry, also one that no write of the columns of the index has made: a key column leads it. */
const isOfAllRows = ({ columns, predicate }: IndexTable): boolean =>
  !isRegular(columns[0]!) && !(predicate ?? []).some(({ column }) => isRegular(column));

/** The write brings something that the entries of the row in this index follow from. */
const decides = (index: IndexTable, row: DecodedRow): boolean =>
  decidingColumns(index).some((column) => isRegular(column) && newest(column, row).length > 0) ||
  (isOfAllRows(index) && lifeOf(row) !== null);

/** What a column may be after the write, and when that has expired. */
function optionsOf(column: ColumnDefinition, row: DecodedRow, before: Known | undefined): Option[] {
  const known: Option = { value: before?.value ?? null, expiry: null };
  const written = newest(column, row);
  if (written.length === 0) return [known];
  const options = written.map((operation) => ({
    value: operation.kind === 'cell' ? operation.value : null,
    expiry: operation.kind === 'cell' ? expiryOf(operation) : null,
  }));
  if (options.some(({ expiry }) => expiry !== null)) options.push({ value: null, expiry: null });
  return before !== undefined && before.writtenAt >= written[0]!.timestamp ? [...options, known] : options;
}

/** What the write says of a column last: several of one time. */
function newest({ id }: ColumnDefinition, { operations }: DecodedRow): DecodedRow['operations'] {
  const own = operations.filter(({ columnId }) => columnId === id);
  return own.filter(({ timestamp }) => own.every((other) => other.timestamp <= timestamp));
}

/** The write is later than what the column had. */
function isReplaced(column: ColumnDefinition, row: DecodedRow, before: RowBefore | undefined): boolean {
  const [written] = newest(column, row);
  const known = before?.known.get(column);
  return written !== undefined && known !== undefined && written.timestamp > known.writtenAt;
}

/** Every choice of one option a column. */
function* combinations(options: readonly (readonly Option[])[]): Generator<Option[]> {
  const [first, ...rest] = options;
  if (first === undefined) yield [];
  else for (const option of first) for (const others of combinations(rest)) yield [option, ...others];
}

/** The terms of a row with these values; none when the row has no entry. @param values  of `decidingColumns` */
export function termsOfRow(index: IndexTable, values: readonly (Uint8Array | null)[]): ClusteringPrefix[] {
  const columns = decidingColumns(index);
  if (!(index.predicate ?? []).every((clause) => clauseHolds(clause, values[columns.indexOf(clause.column)]!)))
    return [];
  const terms = values.slice(0, index.columns.length);
  if (terms[0] === null) return [];
  return index.kind === 'composite' ? [terms] : index.termsOf(terms[0]!).map((term) => [term]);
}

type RowWrite = {
  readonly table: TableDefinition;
  readonly token: bigint;
  readonly key: Uint8Array;
  readonly row: DecodedRow;
  readonly before: RowBefore | undefined;
};

function addRow(index: IndexTable, { table, token, key, row, before }: RowWrite, removal: Removal, out: EntryWriter) {
  const columns = decidingColumns(index);
  const keyParts = keyComponents(table, key);
  const keyValue = (column: ColumnDefinition): Uint8Array | null =>
    column.kind === 'partition_key' ? keyParts[column.position]! : (row.clustering[column.position] ?? null);
  const regulars = columns.filter(isRegular);
  if (!decides(index, row)) return;
  const options = columns.map((column) =>
    isRegular(column) ? optionsOf(column, row, before?.known.get(column)) : [{ value: keyValue(column), expiry: null }],
  );
  const made = new Set<string>();
  for (const choice of combinations(options)) {
    const expiries = choice.flatMap(({ expiry }) => expiry ?? []);
    const expiry = expiries.reduce<Expiry | null>((a, b) => (a === null || b.at < a.at ? b : a), null);
    for (const term of termsOfRow(
      index,
      choice.map(({ value }) => value),
    )) {
      made.add(clusteringName(index.table.clustering, term));
      out.addTerm(term, token, key, row.clustering, expiry);
    }
  }
  if (!regulars.some((column) => isReplaced(column, row, before))) return;
  const old = columns.map((column) =>
    isRegular(column) ? (before?.known.get(column)?.value ?? null) : keyValue(column),
  );
  for (const term of termsOfRow(index, old))
    if (!made.has(clusteringName(index.table.clustering, term)))
      out.removeTerm(term, token, key, row.clustering, removal);
}

/**
 * The mutations of the indexes that need the row, which belong to a mutation of `table`. Call it in the turn of the partition.
 * @param bucketOf  the bucket of a token's shard
 * @param nowSeconds  since the epoch: what has expired
 * @param stampMicros  later than every entry before, over restarts too
 * @throws FerrosaError INVALID for a value that cannot be indexed; what `read` throws
 */
export async function rowIndexMutations(
  table: TableDefinition,
  bytes: Uint8Array,
  bucketOf: (token: bigint) => Uint8Array,
  nowSeconds: number,
  stampMicros: NowMicros,
  read: ReadRows,
): Promise<Uint8Array[]> {
  const indexes = indexTablesOf(table).filter(({ needsRow }) => needsRow);
  const regulars = [...new Set(indexes.flatMap(decidingColumns))].filter(isRegular);
  const mutation = decodeMutation(bytes);
  const { token, key, items } = mutation;
  const rows = items.filter((item): item is DecodedRow => item.kind === 'row' && lifeOrOperations(item));
  const hasText = indexes.some(({ fulltext }) => fulltext !== null);
  const isDecided = rows.some((row) => indexes.some((index) => decides(index, row)));
  const isDeletion = mutation.partitionDeletion !== null || items.some(hasDeletion);
  if (!isDecided && !(hasText && isDeletion)) return [];
  const slices = touchedSlices(table, mutation);
  if (slices === null) return [];
  const before =
    regulars.length === 0
      ? new Map<string, RowBefore>()
      : await readRowsBefore(table, regulars, mutation, slices, nowSeconds, read);
  const mutations: Uint8Array[] = [];
  for (const index of indexes) {
    const removal = { micros: stampMicros(), nowSeconds };
    const writer = new EntryWriter(index, bucketOf(token), stampMicros());
    if (index.fulltext !== null) addTextChanges(table, index, mutation, before, removal, writer);
    else
      for (const row of rows)
        addRow(
          index,
          { table, token, key, row, before: before.get(clusteringName(table.clustering, row.clustering)) },
          removal,
          writer,
        );
    if (writer.count > 0) mutations.push(writer.finish());
  }
  return mutations;
}

const hasDeletion = (item: DecodedItem): boolean => item.kind === 'rangeTombstone' || item.deletion !== null;

const lifeOrOperations = (row: DecodedRow): boolean => row.liveness !== null || row.operations.length > 0;

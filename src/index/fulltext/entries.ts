// The entries of a full-text index: one for each word of a text, with the length of the text and the places of the word, and one under the empty
// word with the length alone, by which texts are counted.
//
// They are exact: a write reads what the row had and removes what is no longer there, in the turn of the partition. A write that is older than a
// deletion of its row cannot be told from one that counts: its entries stay until a search meets them.
import type { ColumnDefinition, TableDefinition } from '../../schema/index.js';
import {
  type ClusteringPrefix,
  type ClusteringSlice,
  clusteringName,
  type DecodedMutation,
  type DecodedRow,
  type Deletion,
} from '../../storage/index.js';
import { encodeInt } from '../../types/index.js';
import { type EntryWriter, type Expiry, expiryOf, type Removal } from '../entries.js';
import type { IndexTable } from '../index-table.js';
import { compareRows, type RowBefore } from '../row-reads.js';
import { placesOf, tokensOf } from './analyzer.js';

/** What the entry of a word says. */
export type Posting = { readonly length: number; readonly places: readonly number[] };

const utf8 = new TextEncoder();

/** The length, then each place as its distance from the one before; seven bits a byte, the lowest first. */
export function encodePosting({ length, places }: Posting): Uint8Array {
  const bytes: number[] = [];
  const put = (value: number): void => {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  };
  put(length);
  let last = 0;
  for (const place of places) {
    put(place - last);
    last = place;
  }
  return Uint8Array.from(bytes);
}

export function decodePosting(bytes: Uint8Array): Posting {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const byte of bytes) {
    value |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte >= 0x80) continue;
    numbers.push(value);
    value = 0;
    shift = 0;
  }
  const [length = 0, ...distances] = numbers;
  let place = 0;
  const places = distances.map((distance) => {
    place += distance;
    return place;
  });
  return { length, places };
}

/** A text in a row that is or was there. */
type Placed = { readonly token: bigint; readonly key: Uint8Array; readonly row: ClusteringPrefix };

const textOf = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');

/** Adds the entries of a text. */
export function addText(
  { fulltext }: IndexTable,
  out: EntryWriter,
  value: Uint8Array,
  { token, key, row }: Placed,
  expiry: Expiry | null,
): Set<string> {
  const tokens = tokensOf(fulltext!, textOf(value));
  const places = placesOf(tokens);
  out.addText(
    [new Uint8Array(0)],
    token,
    key,
    row,
    { posting: new Uint8Array(0), length: encodeInt(tokens.length) },
    expiry,
  );
  for (const [term, at] of places) {
    const posting = encodePosting({ length: tokens.length, places: at });
    out.addText([utf8.encode(term)], token, key, row, { posting, length: null }, expiry);
  }
  return new Set(['', ...places.keys()]);
}

/** A value of the column: of the row as it was, or one that the write brings. */
type Version = {
  readonly at: bigint;
  readonly value: Uint8Array | null;
  readonly expiry: Expiry | null;
  readonly isNew: boolean;
};

/** Later ones win, of one time a deletion, then the greater value. */
function isBetter(a: Version, b: Version): boolean {
  if (a.at !== b.at) return a.at > b.at;
  if (a.value === null || b.value === null) return a.value === null && b.value !== null;
  return Buffer.compare(a.value, b.value) > 0;
}

function covers(table: TableDefinition, slice: ClusteringSlice, row: ClusteringPrefix): boolean {
  const before = compareRows(table, row.slice(0, slice.start.length), slice.start);
  const behind = compareRows(table, row.slice(0, slice.end.length), slice.end);
  return (before > 0 || (before === 0 && slice.startInclusive)) && (behind < 0 || (behind === 0 && slice.endInclusive));
}

/** When the write deletes the row, whole; null when it does not. */
function deletedAt(table: TableDefinition, mutation: DecodedMutation, row: ClusteringPrefix): bigint | null {
  const deletions: (Deletion | null)[] = [mutation.partitionDeletion];
  for (const item of mutation.items) {
    if (item.kind === 'rangeTombstone') deletions.push(covers(table, item.slice, row) ? item.deletion : null);
    else if (item.kind === 'row' && compareRows(table, item.clustering, row) === 0) deletions.push(item.deletion);
  }
  return deletions.reduce<bigint | null>(
    (a, b) => (b === null || (a !== null && a >= b.timestamp) ? a : b.timestamp),
    null,
  );
}

function versionsOf({ id }: ColumnDefinition, rows: readonly DecodedRow[]): Version[] {
  return rows.flatMap(({ operations }) =>
    operations
      .filter(({ columnId }) => columnId === id)
      .map((operation) => ({
        at: operation.timestamp,
        value: operation.kind === 'cell' ? operation.value : null,
        expiry: operation.kind === 'cell' ? expiryOf(operation) : null,
        isNew: true,
      })),
  );
}

/** The changes of a mutation to the entries of one index. */
export function addTextChanges(
  table: TableDefinition,
  index: IndexTable,
  mutation: DecodedMutation,
  before: ReadonlyMap<string, RowBefore>,
  removal: Removal,
  out: EntryWriter,
): void {
  const column = index.target.column;
  const written = new Map<string, DecodedRow[]>();
  for (const item of mutation.items)
    if (item.kind === 'row') {
      const name = clusteringName(table.clustering, item.clustering);
      written.set(name, [...(written.get(name) ?? []), item]);
    }
  const { token, key } = mutation;
  for (const name of new Set([...before.keys(), ...written.keys()])) {
    const rows = written.get(name) ?? [];
    const row = before.get(name)?.clustering ?? rows[0]!.clustering;
    const known = before.get(name)?.known.get(column);
    const versions = versionsOf(column, rows);
    if (known !== undefined) versions.push({ at: known.writtenAt, value: known.value, expiry: null, isNew: false });
    const best = versions.reduce<Version | null>((a, b) => (a === null || isBetter(b, a) ? b : a), null);
    const deletion = deletedAt(table, mutation, row);
    const after = best === null || (deletion !== null && deletion >= best.at) ? null : best;
    if (after !== null && !after.isNew) continue;
    const added =
      after === null || after.value === null
        ? new Set<string>()
        : addText(index, out, after.value, { token, key, row }, after.expiry);
    if (known === undefined) continue;
    const old = new Set(['', ...tokensOf(index.fulltext!, textOf(known.value)).map(({ term }) => term)]);
    for (const term of old) if (!added.has(term)) out.removeTerm([utf8.encode(term)], token, key, row, removal);
  }
}

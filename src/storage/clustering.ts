// Clusterings and bounds as docs/format/mutation.md writes them: what mutations, read commands and positions share.
import { toHex } from '../common/bytes.js';
import { type CqlType, equalBytes } from '../types/index.js';
import type { ByteReader, ByteWriter } from './byte-writer.js';

/** Serialized clustering values, null for a null value; fewer than the table's clustering columns for a prefix. */
export type ClusteringPrefix = readonly (Uint8Array | null)[];

/** Cassandra's ClusteringPrefix.Kind, the kinds that a slice may have. */
export const BoundKind = { exclusiveEnd: 0, inclusiveStart: 1, inclusiveEnd: 6, exclusiveStart: 7 } as const;
export type StartKind = typeof BoundKind.inclusiveStart | typeof BoundKind.exclusiveStart;
export type EndKind = typeof BoundKind.inclusiveEnd | typeof BoundKind.exclusiveEnd;

/** A range of clusterings; an empty prefix has no limit on that side. */
export type ClusteringSlice = {
  readonly start: ClusteringPrefix;
  readonly startInclusive: boolean;
  readonly end: ClusteringPrefix;
  readonly endInclusive: boolean;
};

/** The slice of everything that begins with `prefix`. */
export function sliceOf(prefix: ClusteringPrefix): ClusteringSlice {
  return { start: prefix, startInclusive: true, end: prefix, endInclusive: true };
}

export function writeClustering(out: ByteWriter, values: ClusteringPrefix): void {
  out.var(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value === null) {
      out.u8(0);
    } else {
      out.var(value.length + 1);
      out.raw(value);
    }
  }
}

export function readClustering(input: ByteReader): (Uint8Array | null)[] {
  const count = input.var();
  const values: (Uint8Array | null)[] = [];
  for (let i = 0; i < count; i++) {
    const length = input.var();
    values.push(length === 0 ? null : input.raw(length - 1));
  }
  return values;
}

export function writeSlice(out: ByteWriter, slice: ClusteringSlice): void {
  out.u8(slice.startInclusive ? BoundKind.inclusiveStart : BoundKind.exclusiveStart);
  writeClustering(out, slice.start);
  out.u8(slice.endInclusive ? BoundKind.inclusiveEnd : BoundKind.exclusiveEnd);
  writeClustering(out, slice.end);
}

export function readSlice(input: ByteReader): ClusteringSlice {
  const startInclusive = input.u8() === BoundKind.inclusiveStart;
  const start = readClustering(input);
  const endInclusive = input.u8() === BoundKind.inclusiveEnd;
  return { start, startInclusive, end: readClustering(input), endInclusive };
}

/** Distinguishes clusterings of one table: those whose values are equal have one name. @param columns  the clustering columns of the table */
export const clusteringName = (columns: readonly { readonly type: CqlType }[], clustering: ClusteringPrefix): string =>
  clustering.map((value, i) => (value === null ? '-' : toHex(equalBytes(columns[i]!.type, value)))).join('/');

/** Distinguishes rows of one table. */
export const rowName = (
  columns: readonly { readonly type: CqlType }[],
  key: Uint8Array,
  clustering: ClusteringPrefix,
): string => `${toHex(key)} ${clusteringName(columns, clustering)}`;

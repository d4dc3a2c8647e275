// Encodes read commands and positions (docs/format/read-command.md).
import { FerrosaError } from '../common/errors.js';
import { ByteReader, ByteWriter } from './byte-writer.js';
import {
  type ClusteringPrefix,
  type ClusteringSlice,
  readClustering,
  writeClustering,
  writeSlice,
} from './clustering.js';

export const readCommandFormat = 1;
/** A limit that is none. */
export const noLimit = 0xffffffff;

const readFlags = { reversed: 1, distinct: 2, positions: 4, unrestricted: 8, folds: 16 } as const;

/** What a result column shows; `which` is the key component's index or the column's id. */
export const Selected = {
  partitionKey: 0,
  clustering: 1,
  value: 2,
  writetime: 3,
  ttl: 4,
  maxWritetime: 5,
  token: 6,
  /** Paths of the live cells of a multicell column, a list of blob. */
  paths: 7,
  /** Seconds since the epoch when the row as a whole expires; null when it does not. `which` is 0. */
  expiry: 8,
} as const;
export type SelectedKind = (typeof Selected)[keyof typeof Selected];
export type ReadColumn = { readonly what: SelectedKind; readonly which: number };

/** Aggregates that storage computes over the rows of a read. */
export const FoldKind = {
  /** How many rows: bigint. */
  rows: 0,
  /** How many values that are not null: bigint. */
  values: 1,
  min: 2,
  max: 3,
  /** Of whole numbers: varint. */
  sum: 4,
  /** How many values that are neither null nor empty: bigint. */
  numbers: 5,
} as const;
export type FoldKind = (typeof FoldKind)[keyof typeof FoldKind];
/** `column`: index in the command's columns; of no meaning for `rows`. */
export type Fold = { readonly kind: FoldKind; readonly column: number };

export type TokenRange = {
  readonly start: bigint;
  readonly startInclusive: boolean;
  readonly end: bigint;
  readonly endInclusive: boolean;
};

/** Where a read stands: the last row given. Without a clustering the whole partition is done. */
export type ReadPosition = {
  readonly key: Uint8Array;
  readonly token: bigint;
  readonly clustering: ClusteringPrefix | null;
  /** Rows given of this partition so far, for the per partition limit. */
  readonly rowsInPartition: number;
};

export type ReadCommand = {
  /** 16 bytes. */
  readonly tableId: Uint8Array;
  /** Seconds since the epoch: decides what is expired. */
  readonly nowSeconds: number;
  readonly columns: readonly ReadColumn[];
  /** Serialized partition keys in the order of the result, or a range of tokens. */
  readonly partitions: { readonly keys: readonly Uint8Array[] } | { readonly range: TokenRange };
  /** Disjoint, ascending in clustering order also when reversed; absent or empty: everything. */
  readonly slices?: readonly ClusteringSlice[];
  readonly reversed?: boolean;
  /** One row a partition, of partition key and static columns. */
  readonly distinct?: boolean;
  /** Each row is preceded by its position. */
  readonly positions?: boolean;
  /** The statement restricts no clustering column: a partition with static content only gives a row. */
  readonly unrestricted?: boolean;
  readonly rowLimit?: number;
  readonly perPartitionLimit?: number;
  /** Soft: the read stops after the row that passes it. */
  readonly bytesLimit?: number;
  /** Encoded position to continue strictly after: `position` of a RowStream or of a row. */
  readonly startAfter?: Uint8Array | null;
  /** Instead of its rows the answer has one row with a cell for each of these. Not with `positions`. */
  readonly folds?: readonly Fold[];
};

/** Encodes read commands into one buffer that it keeps. */
export class ReadCommandBuilder {
  private readonly out = new ByteWriter(256);

  /** The encoded command, a copy. Throws RangeError for more than 65535 keys, slices or columns. */
  encode(command: ReadCommand): Uint8Array {
    const out = this.out;
    const folds = command.folds ?? [];
    out.clear();
    out.u8(readCommandFormat);
    out.u8(
      (command.reversed ? readFlags.reversed : 0) |
        (command.distinct ? readFlags.distinct : 0) |
        (command.positions ? readFlags.positions : 0) |
        (command.unrestricted ? readFlags.unrestricted : 0) |
        (folds.length > 0 ? readFlags.folds : 0),
    );
    if (command.tableId.length !== 16) throw new RangeError('a table id has 16 bytes');
    out.raw(command.tableId);
    out.u32(command.nowSeconds);
    out.u32(command.rowLimit ?? noLimit);
    out.u32(command.perPartitionLimit ?? noLimit);
    out.u32(command.bytesLimit ?? noLimit);
    this.partitions(command.partitions);
    this.count(command.slices?.length ?? 0);
    for (const slice of command.slices ?? []) writeSlice(out, slice);
    const after = command.startAfter;
    if (after === undefined || after === null || after.length === 0) {
      out.u8(0);
    } else {
      out.u8(1);
      out.raw(after);
    }
    this.count(command.columns.length);
    for (const column of command.columns) {
      out.u8(column.what);
      out.u16(column.which);
    }
    if (folds.length > 0) {
      this.count(folds.length);
      for (const fold of folds) {
        out.u8(fold.kind);
        out.u16(fold.column);
      }
    }
    return out.copy();
  }

  private count(value: number): void {
    if (value > 0xffff) throw new RangeError('more than 65535 entries in a read command');
    this.out.u16(value);
  }

  private partitions(partitions: ReadCommand['partitions']): void {
    const out = this.out;
    if ('keys' in partitions) {
      out.u8(0);
      this.count(partitions.keys.length);
      for (const key of partitions.keys) {
        this.count(key.length);
        out.raw(key);
      }
    } else {
      const range = partitions.range;
      out.u8(1);
      out.i64(range.start);
      out.u8(range.startInclusive ? 1 : 0);
      out.i64(range.end);
      out.u8(range.endInclusive ? 1 : 0);
    }
  }
}

/** Whether the answer to an encoded command is one row of aggregates. */
export const hasFolds = (command: Uint8Array): boolean => (command[1]! & readFlags.folds) !== 0;

/** Encodes one read command. */
export function encodeReadCommand(command: ReadCommand): Uint8Array {
  return new ReadCommandBuilder().encode(command);
}

/** Encodes a position. */
export function encodePosition(position: ReadPosition): Uint8Array {
  const out = new ByteWriter(64);
  out.u16(position.key.length);
  out.raw(position.key);
  out.i64(position.token);
  out.u8(position.clustering === null ? 0 : 1);
  if (position.clustering !== null) writeClustering(out, position.clustering);
  out.u32(position.rowsInPartition);
  return out.finish();
}

/** Decodes a position; slices point into `bytes`. Throws FerrosaError CORRUPT for anything else. */
export function decodePosition(bytes: Uint8Array): ReadPosition {
  try {
    const input = new ByteReader(bytes);
    const key = input.raw(input.u16());
    const token = input.i64();
    const clustering = input.u8() === 1 ? readClustering(input) : null;
    const rowsInPartition = input.u32();
    if (input.left !== 0) throw new RangeError('bytes after it');
    return { key, token, clustering, rowsInPartition };
  } catch (error) {
    if (error instanceof RangeError) throw new FerrosaError('CORRUPT', `bad position: ${error.message}`);
    throw error;
  }
}

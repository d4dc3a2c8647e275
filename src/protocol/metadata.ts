// Metadata of results and of prepared statements. Source: native_protocol_v5.spec sections 4.2.5.2 and 4.2.5.4.
import { BufferWriter } from '../common/bytes.js';
import { type CqlType, encodeTypeOption } from '../types/index.js';
import { MetadataFlag } from './constants.js';

export type Column = {
  readonly keyspace: string;
  readonly table: string;
  readonly name: string;
  readonly type: CqlType;
};

export type RowsMetadata = {
  readonly columns: readonly Column[];
  readonly pagingState: Uint8Array | null;
  /** Leave the columns out; only their count goes. */
  readonly skip: boolean;
  /** v5: the id of these columns when it is not the one the client knows. Excludes `skip`. */
  readonly changedId: Uint8Array | null;
};

/** Columns as they go: the same array of a statement goes with each of its results. */
type EncodedColumns = { readonly global: boolean; readonly bytes: Uint8Array };
const encodedColumns = new WeakMap<readonly Column[], EncodedColumns[]>();

function encodeColumns(columns: readonly Column[], version: number): EncodedColumns {
  let versions = encodedColumns.get(columns);
  if (versions === undefined) {
    versions = [];
    encodedColumns.set(columns, versions);
  }
  const known = versions[version];
  if (known !== undefined) return known;
  const global = isOneTable(columns);
  const writer = new BufferWriter();
  writeColumns(writer, columns, global, version);
  const encoded = { global, bytes: writer.peek().slice() };
  versions[version] = encoded;
  return encoded;
}

const isOneTable = (columns: readonly Column[]): boolean =>
  columns.length > 0 &&
  columns.every((column) => column.keyspace === columns[0]!.keyspace && column.table === columns[0]!.table);

export function writeRowsMetadata(writer: BufferWriter, metadata: RowsMetadata, version: number): void {
  const { columns, pagingState, skip, changedId } = metadata;
  const changed = changedId !== null && version >= 5;
  const encoded = encodeColumns(columns, version);
  let flags = encoded.global ? MetadataFlag.GLOBAL_TABLES_SPEC : 0;
  if (pagingState !== null) flags |= MetadataFlag.HAS_MORE_PAGES;
  if (changed) flags |= MetadataFlag.METADATA_CHANGED;
  else if (skip) flags |= MetadataFlag.NO_METADATA;
  writer.i32(flags);
  writer.i32(columns.length);
  if (pagingState !== null) writer.value(pagingState);
  if (changed) writer.shortBytes(changedId);
  if (changed || !skip) writer.bytes(encoded.bytes);
}

/** What goes for the result of a statement that returns no rows. */
export function writeNoMetadata(writer: BufferWriter): void {
  writer.i32(MetadataFlag.NO_METADATA);
  writer.i32(0);
}

export function writePreparedMetadata(
  writer: BufferWriter,
  columns: readonly Column[],
  partitionKeyIndexes: readonly number[],
  version: number,
): void {
  const { global, bytes } = encodeColumns(columns, version);
  writer.i32(global ? MetadataFlag.GLOBAL_TABLES_SPEC : 0);
  writer.i32(columns.length);
  if (version >= 4) {
    // As Cassandra: only beside one table for all, which the timestamp of a batch has not.
    const indexes = global ? partitionKeyIndexes : [];
    writer.i32(indexes.length);
    for (const index of indexes) writer.u16(index);
  }
  writer.bytes(bytes);
}

function writeColumns(writer: BufferWriter, columns: readonly Column[], global: boolean, version: number): void {
  if (global) {
    writer.string(columns[0]!.keyspace);
    writer.string(columns[0]!.table);
  }
  for (const column of columns) {
    if (!global) {
      writer.string(column.keyspace);
      writer.string(column.table);
    }
    writer.string(column.name);
    encodeTypeOption(writer, column.type, version);
  }
}

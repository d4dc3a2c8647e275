// The table descriptor that the addon reads (docs/format/table-descriptor.md, version 1). Integers are little-endian.
import { concatBytes, utf8Bytes } from '../common/bytes.js';
import { type CqlType, encodeDescriptorType, isMulticell } from '../types/index.js';
import { compareColumnNames } from './build.js';
import { similarities, vectorIndexesOf, vectorMethods } from './indexes/vector.js';
import type { ColumnDefinition, TableDefinition } from './model.js';

const formatVersion = 1;
const flagCounterTable = 1;
const flagStatic = 1;
const flagMulticell = 2;
const flagCounter = 4;
const flagDropped = 8;

export type DescriptorSettings = {
  /** Bytes between entries of the row index: `column_index_size`, 4096 unless configured. */
  readonly columnIndexBytes?: number;
};

type DescriptorColumn = {
  readonly id: number;
  readonly name: string;
  readonly isStatic: boolean;
  readonly type: CqlType;
  readonly dropped: boolean;
  readonly droppedAt: bigint;
};

function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >>> 8);
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function i64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value, true);
  return bytes;
}

function f64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}

function str(text: string): Uint8Array {
  const bytes = utf8Bytes(text);
  return concatBytes([u16(bytes.length), bytes]);
}

/** Statics first; in each kind simple before multicell, then by name: the order of cells in SSTables. */
function compareColumns(a: DescriptorColumn, b: DescriptorColumn): number {
  if (a.isStatic !== b.isStatic) return a.isStatic ? -1 : 1;
  const multicellA = isMulticell(a.type);
  if (multicellA !== isMulticell(b.type)) return multicellA ? 1 : -1;
  return compareColumnNames(a.name, b.name);
}

/** Live columns, then the dropped ones whose name is free: a column that came back has its old id and drop time. */
function descriptorColumns(table: TableDefinition): DescriptorColumn[] {
  const droppedAt = new Map(table.dropped.map((column) => [column.name, column.droppedAt]));
  const live = (column: ColumnDefinition): DescriptorColumn => ({
    id: column.id,
    name: column.name,
    isStatic: column.kind === 'static',
    type: column.type,
    dropped: false,
    droppedAt: droppedAt.get(column.name) ?? 0n,
  });
  const gone = table.dropped
    .filter((column) => !table.columns.has(column.name))
    .map(({ id, name, kind, type, droppedAt: at }) => {
      return { id, name, isStatic: kind === 'static', type, dropped: true, droppedAt: at };
    });
  return [...table.statics.map(live), ...table.regulars.map(live), ...gone].sort(compareColumns);
}

function encodeColumn(column: DescriptorColumn): Uint8Array {
  const flags =
    (column.isStatic ? flagStatic : 0) |
    (isMulticell(column.type) ? flagMulticell : 0) |
    (column.type.kind === 'counter' ? flagCounter : 0) |
    (column.dropped ? flagDropped : 0);
  return concatBytes([
    u16(column.id),
    Uint8Array.of(flags),
    i64(column.droppedAt),
    str(column.name),
    encodeDescriptorType(column.type),
  ]);
}

/** Where the addon finds the vectors of an index. */
const vectorSources = { regular: 0, static: 1, clustering: 2, partition_key: 3 } as const;

function encodeVectorIndexes(table: TableDefinition): Uint8Array[] {
  const indexes = vectorIndexesOf(table);
  const encoded = indexes.map(({ index, target: { column }, options }) =>
    concatBytes([
      new Uint8Array(Buffer.from(index.id.replaceAll('-', ''), 'hex')),
      Uint8Array.of(vectorSources[column.kind]),
      u16(column.position >= 0 ? column.position : column.id),
      u32(options.dimensions),
      Uint8Array.of(similarities.indexOf(options.similarity), vectorMethods.indexOf(options.method)),
      u16(options.connections),
      u16(options.beam),
      u16(options.lists),
    ]),
  );
  return [u16(indexes.length), ...encoded];
}

/** Bytes of a chunk before compression as the table's options say; 0 when it is not compressed. */
export function chunkBytesOf(table: TableDefinition): number {
  const compression = table.options.compression;
  if (compression['enabled'] === 'false' || compression['class'] === undefined) return 0;
  return Number(compression['chunk_length_in_kb'] ?? 16) * 1024;
}

/** What the addon has to know of `table`. */
export function encodeDescriptor(table: TableDefinition, settings: DescriptorSettings = {}): Uint8Array {
  const columns = descriptorColumns(table);
  return concatBytes([
    Uint8Array.of(formatVersion),
    new Uint8Array(Buffer.from(table.id.replaceAll('-', ''), 'hex')),
    u32(table.version),
    Uint8Array.of(table.isCounter ? flagCounterTable : 0),
    u32(table.options.gc_grace_seconds),
    u32(table.options.default_time_to_live),
    f64(table.options.bloom_filter_fp_chance),
    u32(settings.columnIndexBytes ?? 4096),
    u32(chunkBytesOf(table)),
    str(table.keyspace),
    str(table.name),
    u16(table.partitionKey.length),
    ...table.partitionKey.map((column) => encodeDescriptorType(column.type)),
    u16(table.clustering.length),
    ...table.clustering.flatMap((column) => [
      Uint8Array.of(column.reversed ? 1 : 0),
      encodeDescriptorType(column.type),
    ]),
    u16(columns.length),
    ...columns.map(encodeColumn),
    ...encodeVectorIndexes(table),
  ]);
}

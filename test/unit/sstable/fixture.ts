// Fixtures: SSTables that Cassandra wrote. A table's descriptor is made from the SSTable itself, so that no schema is needed.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { ByteWriter } from '../../../src/storage/byte-writer.js';
import { parseComponentName, type SSTableName } from '../../../src/storage/sstable/format.js';
import type { ScanCell, ScanRow } from '../../../src/storage/sstable/scan.js';
import { readStatistics, type SerializationHeader } from '../../../src/storage/sstable/statistics.js';
import { type CqlType, isMulticell, parseClassName } from '../../../src/types/index.js';
import { jsonOf } from './cql-json.js';

export const fixtureRoot = process.env.FERROSA_FIXTURES ?? path.resolve('test/fixtures/da');

export type FixtureColumn = { readonly name: string; readonly isStatic: boolean; readonly type: CqlType };
export type FixtureTable = {
  readonly folder: string;
  readonly names: SSTableName[];
  readonly now: number;
  readonly partitionKey: CqlType[];
  readonly clustering: { type: CqlType; reversed: boolean; className: string }[];
  readonly columns: FixtureColumn[];
  readonly descriptor: Uint8Array;
  readonly expected: Record<string, unknown>[];
};

const kinds: Record<string, number> = {
  ascii: 1,
  bigint: 2,
  blob: 3,
  custom: 3,
  boolean: 4,
  counter: 5,
  decimal: 6,
  double: 7,
  float: 8,
  int: 9,
  timestamp: 0xb,
  uuid: 0xc,
  text: 0xd,
  varint: 0xe,
  timeuuid: 0xf,
  inet: 0x10,
  date: 0x11,
  time: 0x12,
  smallint: 0x13,
  tinyint: 0x14,
  duration: 0x15,
  list: 0x20,
  map: 0x21,
  set: 0x22,
  udt: 0x30,
  tuple: 0x31,
  vector: 0x80,
  empty: 0x81,
};

function str(w: ByteWriter, text: string): void {
  const bytes = Buffer.from(text);
  w.u16(bytes.length);
  w.raw(bytes);
}

function writeType(w: ByteWriter, type: CqlType, className: string): void {
  w.u8(kinds[type.kind]!);
  str(w, className);
  const children = (list: readonly CqlType[]): void => {
    for (const child of list) writeType(w, child, '');
  };
  if (type.kind === 'list' || type.kind === 'set' || type.kind === 'vector') children([type.element]);
  if (type.kind === 'map') children([type.key, type.value]);
  if (type.kind === 'tuple' || type.kind === 'udt') {
    const list = type.kind === 'tuple' ? type.fields : type.fieldTypes;
    w.u16(list.length);
    children(list);
  }
  if (type.kind === 'vector') w.u32(type.dimensions);
}

function partitionTypes(keyType: string): CqlType[] {
  const composite = /CompositeType\((.*)\)$/.exec(keyType);
  if (composite === null) return [parseClassName(keyType).type];
  return splitTop(composite[1]!).map((text) => parseClassName(text).type);
}

function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === '(') depth += 1;
    if (text[i] === ')') depth -= 1;
    if (i === text.length || (text[i] === ',' && depth === 0)) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return parts;
}

export type DescriptorSettings = {
  columnIndexBytes?: number;
  chunkBytes?: number;
  gcGraceSeconds?: number;
  fpChance?: number;
  drops?: ReadonlyMap<string, { at: bigint; back: boolean }>;
};

/** A descriptor (docs/format/table-descriptor.md) of what the header of an SSTable describes. */
export function descriptorOf(
  header: SerializationHeader,
  settings: DescriptorSettings = {},
): { bytes: Uint8Array; columns: FixtureColumn[] } {
  const w = new ByteWriter();
  const columns: (FixtureColumn & { className: string })[] = [];
  for (const [list, isStatic] of [
    [header.statics, true],
    [header.regulars, false],
  ] as const)
    for (const column of list)
      columns.push({
        name: Buffer.from(column.name).toString('utf8'),
        isStatic,
        type: parseClassName(column.type).type,
        className: column.type,
      });
  w.u8(1);
  w.raw(new Uint8Array(16));
  w.u32(1);
  w.u8(columns.some((column) => column.type.kind === 'counter') ? 1 : 0);
  w.u32(settings.gcGraceSeconds ?? 864000);
  w.u32(0);
  w.view.setFloat64(w.take(8), settings.fpChance ?? 0.01, true);
  w.u32(settings.columnIndexBytes ?? 4096);
  w.u32(settings.chunkBytes ?? 16384);
  str(w, 'fixture');
  str(w, 't');
  const keys = partitionTypes(header.keyType);
  w.u16(keys.length);
  for (const type of keys) writeType(w, type, keys.length === 1 ? header.keyType : '');
  w.u16(header.clusteringTypes.length);
  for (const className of header.clusteringTypes) {
    const { type, reversed } = parseClassName(className);
    w.u8(reversed ? 1 : 0);
    writeType(w, type, /^[\w.]*ReversedType\((.*)\)$/.exec(className)?.[1] ?? className);
  }
  w.u16(columns.length);
  columns.forEach((column, i) => {
    const dropped = settings.drops?.get(column.name);
    w.u16(i + 1);
    w.u8(
      (column.isStatic ? 1 : 0) |
        (isMulticell(column.type) ? 2 : 0) |
        (column.type.kind === 'counter' ? 4 : 0) |
        (dropped?.back === false ? 8 : 0),
    );
    w.i64(dropped?.at ?? 0n);
    str(w, column.name);
    writeType(w, column.type, column.className);
  });
  w.u16(0); // indexes of vectors
  return { bytes: w.finish(), columns };
}

/** Columns that `schema.cql` drops, with the time; those that come back keep the time. */
function dropsOf(schema: string): Map<string, { at: bigint; back: boolean }> {
  const drops = new Map<string, { at: bigint; back: boolean }>();
  for (const line of schema.split('\n')) {
    const drop = /ALTER TABLE \w+ DROP (\w+) USING TIMESTAMP (\d+)/.exec(line);
    if (drop !== null) drops.set(drop[1]!, { at: BigInt(drop[2]!), back: false });
    const add = /ALTER TABLE \w+ ADD (\w+)/.exec(line);
    const dropped = add === null ? undefined : drops.get(add[1]!);
    if (dropped !== undefined) dropped.back = true;
  }
  return drops;
}

/** One header for all SSTables of a table: the columns of all of them, each as the newest file has it. */
function unionOf(headers: SerializationHeader[]): SerializationHeader {
  const union = (pick: (header: SerializationHeader) => SerializationHeader['statics']) => {
    const columns = new Map(headers.flatMap((header) => pick(header).map((c) => [Buffer.from(c.name).toString(), c])));
    const multicell = (type: string): number => (isMulticell(parseClassName(type).type) ? 1 : 0);
    return [...columns.values()].sort(
      (a, b) => multicell(a.type) - multicell(b.type) || Buffer.compare(a.name, b.name),
    );
  };
  return {
    ...headers.at(-1)!,
    statics: union((header) => header.statics),
    regulars: union((header) => header.regulars),
  };
}

export function loadFixture(name: string, root = fixtureRoot): FixtureTable {
  const folder = path.join(root, name);
  const names = fs
    .readdirSync(folder)
    .map(parseComponentName)
    .filter((parsed) => parsed?.component === 'Data.db')
    .sort((a, b) => Number(a!.id) - Number(b!.id)) as (SSTableName & { component: string })[];
  const headers = names.map(({ version, id, format }) => {
    const file = path.join(folder, `${version}-${id}-${format}-Statistics.db`);
    return readStatistics(fs.readFileSync(file), file).header;
  });
  const header = unionOf(headers);
  const { bytes, columns } = descriptorOf(header, {
    drops: dropsOf(fs.readFileSync(path.join(folder, 'schema.cql'), 'utf8')),
  });
  const rowsPath = path.join(folder, 'rows.jsonl');
  const text = fs.existsSync(rowsPath) ? fs.readFileSync(rowsPath) : zlib.gunzipSync(fs.readFileSync(`${rowsPath}.gz`));
  const expected = text
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  return {
    folder,
    names: names.map(({ version, id, format }) => ({ version, id, format })),
    now: JSON.parse(fs.readFileSync(path.join(folder, 'fixture.json'), 'utf8')).now,
    partitionKey: partitionTypes(header.keyType),
    clustering: header.clusteringTypes.map((className) => ({ ...parseClassName(className), className })),
    columns,
    descriptor: bytes,
    expected: expected.map((line) => JSON.parse(line)),
  };
}

/** The components of a partition key. */
export function keyComponents(table: Pick<FixtureTable, 'partitionKey'>, key: Uint8Array): Uint8Array[] {
  if (table.partitionKey.length === 1) return [key];
  const bytes = Buffer.from(key);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt16BE(at);
    parts.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length + 1;
  }
  return parts;
}

function isLive(cell: ScanCell, now: number): boolean {
  return !cell.tombstone && (cell.ttl === 0 || now < cell.localDeletionTime);
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function counterValue(context: Uint8Array): Buffer {
  const bytes = Buffer.from(context);
  let sum = 0n;
  for (let at = 2 + 2 * bytes.readUInt16BE(0); at < bytes.length; at += 32) sum += bytes.readBigInt64BE(at + 24);
  const result = Buffer.alloc(8);
  result.writeBigInt64BE(sum);
  return result;
}

/** The cells of one column as the value that CQL returns. */
function cellsValue(type: CqlType, cells: ScanCell[]): Uint8Array | null {
  if (cells.length === 0) return null;
  if (type.kind === 'counter') return counterValue(cells[0]!.value!);
  if (!isMulticell(type)) return cells[0]!.value;
  const sized = (bytes: Uint8Array): Buffer => Buffer.concat([i32(bytes.length), bytes]);
  if (type.kind === 'udt') {
    const byIndex = new Map(cells.map((cell) => [Buffer.from(cell.path!).readUInt16BE(0), cell.value!]));
    return Buffer.concat(type.fieldTypes.map((_, i) => (byIndex.has(i) ? sized(byIndex.get(i)!) : i32(-1))));
  }
  const parts = cells.flatMap((cell) => {
    if (type.kind === 'set') return [sized(cell.path!)];
    return type.kind === 'map' ? [sized(cell.path!), sized(cell.value!)] : [sized(cell.value!)];
  });
  return Buffer.concat([i32(cells.length), ...parts]);
}

/** One row of SELECT as rows.jsonl has it; null when the row does not exist at `now`. */
export function jsonRow(
  table: FixtureTable,
  key: Uint8Array,
  staticRow: ScanRow | null,
  row: ScanRow | null,
  labels: string[],
): Record<string, unknown> | null {
  const { now } = table;
  const live = (row?.cells ?? []).filter((cell) => isLive(cell, now));
  const exists =
    row === null ||
    live.length > 0 ||
    (row.liveness !== null && (row.liveness.ttl === 0 || now < row.liveness.expiresAt));
  const statics = (staticRow?.cells ?? []).filter((cell) => isLive(cell, now));
  if (!exists || (row === null && statics.length === 0)) return null;
  const keyNames = labels.slice(0, table.partitionKey.length);
  const clusteringNames = labels.slice(keyNames.length, keyNames.length + table.clustering.length);
  const result: Record<string, unknown> = {};
  const components = keyComponents(table, key);
  for (const label of labels) {
    const inKey = keyNames.indexOf(label);
    const inClustering = clusteringNames.indexOf(label);
    const call = /^(writetime|ttl)\((.*)\)$/.exec(label);
    const column = table.columns.findIndex(({ name }) => name === (call?.[2] ?? label));
    const cells = [...statics, ...live].filter((cell) => cell.column === column);
    if (inKey >= 0) result[label] = jsonOf(table.partitionKey[inKey]!, components[inKey]!);
    else if (inClustering >= 0)
      result[label] = jsonOf(table.clustering[inClustering]!.type, row?.clustering[inClustering] ?? null);
    else if (call?.[1] === 'writetime') result[label] = cells[0]?.timestamp.toString() ?? null;
    else if (call?.[1] === 'ttl')
      result[label] = cells[0] && cells[0].ttl > 0 ? cells[0].localDeletionTime - now : null;
    else
      result[label] =
        column < 0 ? null : jsonOf(table.columns[column]!.type, cellsValue(table.columns[column]!.type, cells));
  }
  return result;
}

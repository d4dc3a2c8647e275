// Makes table definitions: sorts columns as Cassandra does and keeps the lookup map in step with the lists.
import type { ColumnDefinition, DroppedColumn, TableDefinition, TableOptions, ViewDefinition } from './model.js';

/** Cassandra's defaults of every table option. */
export const defaultTableOptions: TableOptions = {
  additional_write_policy: '99p',
  allow_auto_snapshot: null,
  bloom_filter_fp_chance: 0.01,
  caching: { keys: 'ALL', rows_per_partition: 'NONE' },
  cdc: null,
  comment: '',
  compaction: {
    class: 'org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy',
    max_threshold: '32',
    min_threshold: '4',
  },
  compression: { chunk_length_in_kb: '16', class: 'org.apache.cassandra.io.compress.LZ4Compressor' },
  memtable: null,
  crc_check_chance: 1,
  default_time_to_live: 0,
  extensions: {},
  gc_grace_seconds: 864000,
  incremental_backups: null,
  max_index_interval: 2048,
  memtable_flush_period_in_ms: 0,
  min_index_interval: 128,
  read_repair: 'BLOCKING',
  speculative_retry: '99p',
};

/** Byte order of the UTF-8 texts: the order of names wherever Cassandra sorts them. */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const first = a.charCodeAt(i);
    const second = b.charCodeAt(i);
    if (first === second) continue;
    // Below the surrogates UTF-16 has the order of UTF-8.
    if (first < 0xd800 && second < 0xd800) return first - second;
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  return a.length - b.length;
}

/**
 * The order of columns of one kind in Cassandra: by bytes, but names whose first byte is above 127 come first, since
 * its comparison turns the top bit of a prefix of six bytes over. SSTables have their columns in this order.
 * Source: ColumnMetadata.comparisonOrder and ColumnIdentifier.prefixComparison.
 */
export function compareColumnNames(a: string, b: string): number {
  const [first, second] = [Buffer.from(a), Buffer.from(b)];
  const signBit = (name: Buffer): number => (name[0] ?? 0) & 0x80;
  if (signBit(first) !== signBit(second)) return signBit(second) - signBit(first);
  return Buffer.compare(first, second);
}

const byName = (a: ColumnDefinition, b: ColumnDefinition): number => compareColumnNames(a.name, b.name);
const byPosition = (a: ColumnDefinition, b: ColumnDefinition): number => a.position - b.position;

export type TableParts = {
  readonly keyspace: string;
  readonly name: string;
  readonly id: string;
  readonly version: number;
  readonly isCounter: boolean;
  readonly flags: readonly string[];
  readonly columns: readonly ColumnDefinition[];
  readonly dropped: readonly DroppedColumn[];
  readonly nextColumnId: number;
  readonly options: TableOptions;
  readonly indexes: TableDefinition['indexes'];
  readonly virtual: boolean;
  readonly view?: ViewDefinition;
  readonly viewNames?: readonly string[];
};

/** A table from its columns in any order. */
export function buildTable(parts: TableParts): TableDefinition {
  const ofKind = (kind: ColumnDefinition['kind']): ColumnDefinition[] => parts.columns.filter((c) => c.kind === kind);
  const { columns, ...rest } = parts;
  return {
    ...rest,
    partitionKey: ofKind('partition_key').sort(byPosition),
    clustering: ofKind('clustering').sort(byPosition),
    statics: ofKind('static').sort(byName),
    regulars: ofKind('regular').sort(byName),
    columns: new Map(columns.map((column) => [column.name, column])),
  };
}

/** The table with some parts replaced and its version one higher. */
export function alteredTable(table: TableDefinition, change: Partial<TableParts>): TableDefinition {
  return buildTable({
    keyspace: table.keyspace,
    name: table.name,
    id: table.id,
    isCounter: table.isCounter,
    flags: table.flags,
    columns: [...table.columns.values()],
    dropped: table.dropped,
    nextColumnId: table.nextColumnId,
    options: table.options,
    indexes: table.indexes,
    virtual: table.virtual,
    ...(table.view === undefined ? {} : { view: table.view }),
    ...(table.viewNames === undefined ? {} : { viewNames: table.viewNames }),
    ...change,
    version: table.version + 1,
  });
}

/** COMPACT STORAGE with several clustering columns: a row may have only the first of them, its others are null. */
export const takesPrefixes = ({ flags, clustering }: TableDefinition): boolean =>
  flags.includes('dense') && clustering.length > 1;

/** Made WITH COMPACT STORAGE, or by Thrift. */
export const isCompact = ({ flags }: TableDefinition): boolean =>
  flags.includes('dense') || flags.includes('super') || !flags.includes('compound');

/**
 * A compact table without clustering columns: what was declared is static beside a clustering column and a value that
 * Thrift could fill and CQL does not see.
 */
export const isStaticCompact = (table: TableDefinition): boolean =>
  !table.flags.includes('dense') && !table.flags.includes('super') && !table.flags.includes('compound');

/** Columns that a compact table has and no statement can name. */
export function isHiddenColumn(table: TableDefinition, { kind, type }: ColumnDefinition): boolean {
  if (isStaticCompact(table)) return kind === 'clustering' || kind === 'regular';
  return type.kind === 'empty' && isCompact(table);
}

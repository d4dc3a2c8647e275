// CREATE statements of schema elements, byte for byte as Cassandra 5.0 prints them.
import { javaBytesHash, javaHashOrder } from '../../common/java-hash.js';
import {
  isMulticell,
  quoteIfNeeded,
  quoteString,
  toCqlLiteral,
  typeToCql,
  typeToCqlUnfrozen,
  type UserType,
} from '../../types/index.js';
import { compareNames, isCompact, isHiddenColumn } from '../build.js';
import { whereText } from '../ddl/where-text.js';
import { initialStateText } from '../functions.js';
import type {
  ColumnDefinition,
  ColumnMask,
  DroppedColumn,
  IndexDefinition,
  KeyspaceDefinition,
  TableDefinition,
  TableOptions,
  UserAggregate,
  UserFunction,
} from '../model.js';
import { javaDoubleText } from '../options/properties.js';

const indent = '    ';

/** `ks.t`, each part quoted when it must be. */
const fullName = (keyspace: string, name: string): string => `${quoteIfNeeded(keyspace)}.${quoteIfNeeded(name)}`;

function mapText(map: Readonly<Record<string, string>>, quoteValue = true): string {
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = entries.map(([key, value]) => `${quoteString(key)}: ${quoteValue ? quoteString(value) : value}`);
  return `{${texts.join(', ')}}`;
}

/** CREATE KEYSPACE, or the note that stands for it. */
export function keyspaceText(keyspace: KeyspaceDefinition): string {
  const name = quoteIfNeeded(keyspace.name);
  if (keyspace.virtual)
    return [
      '/*',
      `Warning: Keyspace ${name} is a virtual keyspace and cannot be recreated with CQL.`,
      'Structure, for reference:',
      `VIRTUAL KEYSPACE ${name};`,
      '*/',
    ].join('\n');
  const { class: className, ...options } = keyspace.replication;
  const names = javaHashOrder(Object.keys(options), Object.keys(options).length + 1);
  const shortClass = className!.replace(/^org\.apache\.cassandra\.locator\.(?=[^.]+$)/, '');
  const others = names.map((key) => `, ${quoteString(key)}: ${quoteString(options[key]!)}`).join('');
  // The two spaces are Cassandra's.
  const replication = `{'class': ${quoteString(shortClass)}${others}}`;
  return `CREATE KEYSPACE ${name} WITH replication = ${replication}  AND durable_writes = ${keyspace.durableWrites};`;
}

/** CREATE TYPE. */
export function typeText(type: UserType): string {
  const fields = type.fieldNames.map((name, i) => `${indent}${quoteIfNeeded(name)} ${typeToCql(type.fieldTypes[i]!)}`);
  return `CREATE TYPE ${fullName(type.keyspace, type.name)} (\n${fields.join(',\n')}\n);`;
}

/** Option lines in Cassandra's order, which is that of the alphabet but for memtable. */
function optionLines(options: TableOptions): string[] {
  return [
    `additional_write_policy = ${quoteString(options.additional_write_policy)}`,
    `allow_auto_snapshot = ${options.allow_auto_snapshot ?? true}`,
    `bloom_filter_fp_chance = ${javaDoubleText(options.bloom_filter_fp_chance)}`,
    `caching = ${mapText(options.caching)}`,
    `cdc = ${options.cdc ?? false}`,
    `comment = ${quoteString(options.comment)}`,
    `compaction = ${mapText(options.compaction)}`,
    `compression = ${mapText(options.compression)}`,
    `memtable = ${quoteString(options.memtable ?? 'default')}`,
    `crc_check_chance = ${javaDoubleText(options.crc_check_chance)}`,
    `default_time_to_live = ${options.default_time_to_live}`,
    `extensions = ${mapText(options.extensions, false)}`,
    `gc_grace_seconds = ${options.gc_grace_seconds}`,
    `incremental_backups = ${options.incremental_backups ?? true}`,
    `max_index_interval = ${options.max_index_interval}`,
    `memtable_flush_period_in_ms = ${options.memtable_flush_period_in_ms}`,
    `min_index_interval = ${options.min_index_interval}`,
    `read_repair = ${quoteString(options.read_repair)}`,
    `speculative_retry = ${quoteString(options.speculative_retry)}`,
  ];
}

type PrintedColumn = Pick<ColumnDefinition, 'name' | 'kind' | 'type' | 'mask'>;

function maskText({ keyspace, name, argTypes, args }: ColumnMask): string {
  const literals = args.map((arg, i) =>
    toCqlLiteral(argTypes[i]!, arg === null ? null : new Uint8Array(Buffer.from(arg, 'hex'))),
  );
  return ` MASKED WITH ${fullName(keyspace, name)}(${literals.join(', ')})`;
}

const columnText = (column: PrintedColumn): string =>
  `${quoteIfNeeded(column.name)} ${typeToCql(column.type)}${column.kind === 'static' ? ' static' : ''}` +
  (column.mask === undefined ? '' : maskText(column.mask));

/** Simple columns before those that are stored one cell an element. */
function simpleFirst(columns: readonly ColumnDefinition[]): ColumnDefinition[] {
  return [
    ...columns.filter((column) => !isMulticell(column.type)),
    ...columns.filter((column) => isMulticell(column.type)),
  ];
}

/** Dropped columns in the order in which Cassandra happens to print them. */
function droppedInOrder(table: TableDefinition): DroppedColumn[] {
  const byName = new Map(table.dropped.map((column) => [column.name, column]));
  return javaHashOrder([...byName.keys()], byName.size, javaBytesHash).map((name) => byName.get(name)!);
}

const names = (columns: readonly ColumnDefinition[]): string =>
  columns.map((column) => quoteIfNeeded(column.name)).join(', ');

function bodyLines(table: TableDefinition, isLegacy: boolean, withInternals: boolean): string[] {
  const isSingleKey = table.partitionKey.length === 1 && table.clustering.length === 0;
  const dropped = withInternals ? droppedInOrder(table) : [];
  const wasDropped = new Set(dropped.map((column) => column.name));
  const columns = [
    ...table.partitionKey,
    ...table.clustering,
    ...simpleFirst(table.statics),
    ...simpleFirst(table.regulars),
  ]
    // A column that came back is printed as dropped; the statements that drop it and add it again follow the table.
    .filter((column) => !wasDropped.has(column.name) && !isHiddenColumn(table, column))
    // What a compact table declared is stored as static and was not declared so.
    .map((column) => (isLegacy && column.kind === 'static' ? { ...column, kind: 'regular' as const } : column))
    .map((column) => columnText(column) + (isSingleKey && column.kind === 'partition_key' ? ' PRIMARY KEY' : ''));
  const lines = [...columns, ...dropped.map(columnText)];
  if (!isSingleKey) {
    const partition = table.partitionKey.length > 1 ? `(${names(table.partitionKey)})` : names(table.partitionKey);
    const visible = table.clustering.filter((column) => !isHiddenColumn(table, column));
    const clustering = visible.length > 0 ? `, ${names(visible)}` : '';
    lines.push(`PRIMARY KEY (${partition}${clustering})`);
  }
  return lines;
}

function withLines(table: TableDefinition, isVirtual: boolean, isLegacy: boolean, withInternals: boolean): string[] {
  const lines: string[] = [];
  if (isLegacy) lines.push('COMPACT STORAGE');
  if (withInternals) lines.push(`ID = ${table.id}`);
  if (table.clustering.length > 0) {
    const order = table.clustering.map((column) => `${quoteIfNeeded(column.name)} ${column.reversed ? 'DESC' : 'ASC'}`);
    lines.push(`CLUSTERING ORDER BY (${order.join(', ')})`);
  }
  if (isVirtual) lines.push(`comment = ${quoteString(table.options.comment)}`);
  else lines.push(...optionLines(table.options));
  return lines;
}

function dropLines(table: TableDefinition): string[] {
  const name = fullName(table.keyspace, table.name);
  return droppedInOrder(table).flatMap((column) => {
    const drop = `ALTER TABLE ${name} DROP ${quoteIfNeeded(column.name)} USING TIMESTAMP ${column.droppedAt};`;
    const back = table.columns.get(column.name);
    return back === undefined ? [drop] : [drop, `ALTER TABLE ${name} ADD ${columnText(back)};`];
  });
}

/**
 * CREATE TABLE.
 * @param isVirtual      the keyspace is virtual: the statement is a comment
 * @param withInternals  with id and dropped columns (WITH INTERNALS)
 */
export function tableText(table: TableDefinition, isVirtual: boolean, withInternals: boolean): string {
  const name = fullName(table.keyspace, table.name);
  const isLegacy = isCompact(table);
  const before: string[] = [];
  if (isVirtual)
    before.push(
      '/*',
      `Warning: Table ${name} is a virtual table and cannot be recreated with CQL.`,
      'Structure, for reference:',
    );
  if (isLegacy)
    before.push(
      '/*',
      `Warning: Table ${name} omitted because it has constructs not compatible with CQL (was created via legacy API).`,
      'Approximate structure, for reference:',
      '(this should not be used to reproduce this schema)',
      '',
    );
  const body = bodyLines(table, isLegacy, withInternals).join(`,\n${indent}`);
  const options = withLines(table, isVirtual, isLegacy, withInternals).join(`\n${indent}AND `);
  const create = `${isVirtual ? 'VIRTUAL' : 'CREATE'} TABLE ${name} (\n${indent}${body}\n) WITH ${options};`;
  const after = isVirtual || isLegacy ? ['*/'] : [];
  return [...before, create, ...after, ...(withInternals ? dropLines(table) : [])].join('\n');
}

/** CREATE FUNCTION. A body with `$$` in it is written as an ordinary string. */
export function functionText(fn: UserFunction): string {
  const args = fn.argNames.map((name, i) => `${quoteIfNeeded(name)} ${typeToCqlUnfrozen(fn.argTypes[i]!)}`);
  const properties: string[] = [];
  if (fn.deterministic) properties.push('DETERMINISTIC');
  if (fn.monotonic) properties.push('MONOTONIC');
  if (fn.monotonicOn !== null) properties.push(`ON ${quoteIfNeeded(fn.monotonicOn)}`);
  const body = fn.body.includes('$$') || fn.body.endsWith('$') ? quoteString(fn.body) : `$$${fn.body}$$`;
  return [
    `CREATE FUNCTION ${fullName(fn.keyspace, fn.name)}(${args.join(', ')})`,
    `${fn.calledOnNull ? 'CALLED' : 'RETURNS NULL'} ON NULL INPUT`,
    `RETURNS ${typeToCqlUnfrozen(fn.returnType)}`,
    ...(properties.length > 0 ? [properties.join(' ')] : []),
    `LANGUAGE ${fn.language}`,
    `AS ${body};`,
  ].join(`\n${indent}`);
}

/** CREATE AGGREGATE. */
export function aggregateText(aggregate: UserAggregate): string {
  const args = aggregate.argTypes.map(typeToCqlUnfrozen).join(', ');
  const lines = [
    `CREATE AGGREGATE ${fullName(aggregate.keyspace, aggregate.name)}(${args})`,
    `SFUNC ${quoteIfNeeded(aggregate.stateFunction)}`,
    `STYPE ${typeToCqlUnfrozen(aggregate.stateType)}`,
  ];
  if (aggregate.finalFunction !== null) lines.push(`FINALFUNC ${quoteIfNeeded(aggregate.finalFunction)}`);
  const initial = initialStateText(aggregate);
  if (initial !== null) lines.push(`INITCOND ${initial}`);
  return `${lines.join(`\n${indent}`)};`;
}

/** CREATE MATERIALIZED VIEW. */
export function viewText(table: TableDefinition, withInternals: boolean): string {
  const view = table.view!;
  const regulars = [...table.regulars].sort((a, b) => compareNames(a.name, b.name));
  const columns = [...table.partitionKey, ...table.clustering, ...regulars];
  const selected = view.includeAllColumns ? '*' : columns.map(({ name }) => quoteIfNeeded(name)).join(', ');
  const partition = table.partitionKey.length > 1 ? `(${names(table.partitionKey)})` : names(table.partitionKey);
  const clustering = table.clustering.length > 0 ? `, ${names(table.clustering)}` : '';
  const options = withLines(table, false, false, withInternals)
    .filter((line) => !line.startsWith('default_time_to_live'))
    .join(`\n${indent}AND `);
  return [
    `CREATE MATERIALIZED VIEW ${fullName(table.keyspace, table.name)} AS`,
    `${indent}SELECT ${selected}`,
    `${indent}FROM ${fullName(table.keyspace, view.baseName)}`,
    `${indent}WHERE ${whereText(view.relations)}`,
    `${indent}PRIMARY KEY (${partition}${clustering})`,
    ` WITH ${options};`,
  ].join('\n');
}

/** CREATE INDEX. */
export function indexText(table: TableDefinition, index: IndexDefinition): string {
  const { target, class_name: className, where, ...options } = index.options;
  const on = `${quoteIfNeeded(index.name)} ON ${fullName(table.keyspace, table.name)} (${target ?? ''})`;
  if (index.kind !== 'CUSTOM') return `CREATE INDEX ${on};`;
  const others = Object.keys(options).length === 0 ? '' : ` WITH OPTIONS = ${mapText(options)}`;
  const partial = where === undefined ? '' : ` WHERE ${where}`;
  return `CREATE CUSTOM INDEX ${on} USING ${quoteString(className ?? '')}${others}${partial};`;
}

// The options of a storage-attached index, checked as Cassandra 5.0 checks them (StorageAttachedIndex.validateOptions).
import { configError, invalid } from '../../common/errors.js';
import { javaHashOrder } from '../../common/java-hash.js';
import { type CqlType, isMulticell, quoteIfNeeded, quoteString, typeToCql } from '../../types/index.js';
import type { IndexDefinition, TableDefinition } from '../model.js';
import { type IndexTarget, indexTarget, isSai, termTypes } from './target.js';
import { checkVectorIndex } from './vector.js';

const analysisOptions = ['case_sensitive', 'normalize', 'ascii'] as const;
const vectorOptions = ['maximum_node_connections', 'construction_beam_width', 'similarity_function', 'optimize_for'];
const knownOptions: readonly string[] = ['target', 'class_name', ...analysisOptions, ...vectorOptions];

const supported: readonly CqlType['kind'][] = [
  'ascii',
  'bigint',
  'date',
  'double',
  'float',
  'int',
  'smallint',
  'text',
  'time',
  'timestamp',
  'timeuuid',
  'tinyint',
  'uuid',
  'inet',
  'varint',
  'decimal',
  'boolean',
];

/** What becomes of text before it is compared. */
export type Analysis = { readonly caseSensitive: boolean; readonly normalize: boolean; readonly ascii: boolean };

const isFrozen = (type: CqlType): boolean =>
  !isMulticell(type) && ['list', 'set', 'map', 'tuple', 'udt'].includes(type.kind);

function booleanOption(name: string, value: string): boolean {
  if (value === '') throw invalid(`Empty value for boolean option '${name}'`);
  const lower = value.toLowerCase();
  if (lower !== 'true' && lower !== 'false') throw invalid(`Illegal value for boolean option '${name}': ${value}`);
  return lower === 'true';
}

/** The analysis that the options ask for; null when they name none of it. @throws FerrosaError INVALID */
export function analysisOf(options: Readonly<Record<string, string>>): Analysis | null {
  if (!analysisOptions.some((name) => options[name] !== undefined)) return null;
  const read = (name: string, otherwise: boolean): boolean => {
    const value = options[name];
    return value === undefined ? otherwise : booleanOption(name, value);
  };
  return {
    caseSensitive: read('case_sensitive', true),
    normalize: read('normalize', false),
    ascii: read('ascii', false),
  };
}

const mapText = (options: Readonly<Record<string, string>>, names: readonly string[]): string =>
  `{${names.map((name) => `${quoteString(name)}: ${quoteString(options[name]!)}`).join(', ')}}`;

function checkVectorOptions(options: Readonly<Record<string, string>>, type: CqlType): void {
  if (!vectorOptions.some((name) => options[name] !== undefined)) return;
  if (type.kind !== 'vector') throw invalid(`CQL type ${typeToCql(type)} cannot have vector options`);
}

/**
 * @param table  with the new index already among its indexes
 * @throws FerrosaError INVALID when it has two storage-attached ones of the target
 */
export function checkOnlySai(table: TableDefinition, target: IndexTarget): void {
  const same = table.indexes.filter((other) => {
    if (!isSai(other)) return false;
    const { column, kind } = indexTarget(table, other);
    return column === target.column && kind === target.kind;
  });
  if (same.length > 1)
    throw invalid(`Cannot create more than one storage-attached index on the same column: ${target.column.name}`);
}

/** @throws FerrosaError CONFIG_ERROR, INVALID */
export function checkSaiOptions(index: IndexDefinition, target: IndexTarget): void {
  const { options } = index;
  const unknown = javaHashOrder(Object.keys(options)).filter((name) => !knownOptions.includes(name));
  if (unknown.length > 0)
    throw configError(`Properties specified [${unknown.join(', ')}] are not understood by StorageAttachedIndex`);
  const { column } = target;
  const given = analysisOptions.filter((name) => options[name] !== undefined);
  if (column.position >= 0 && given.length > 0) {
    const text = mapText(options, [...given].sort());
    throw invalid(`Analysis options are not supported on primary key columns, but found ${text}`);
  }
  const types = termTypes(target);
  const isText = types.length === 1 && (types[0]!.kind === 'text' || types[0]!.kind === 'ascii');
  if (given.length > 0 && !isText) throw invalid(`CQL type ${termText(types)} cannot be analyzed.`);
  analysisOf(options);
  if (column.type.kind === 'vector') {
    checkVectorIndex(index, column.type);
    return;
  }
  if (types[0]!.kind === 'vector') throw invalid('SAI indexes on vectors in collections are not supported');
  checkVectorOptions(options, types[0]!);
  for (const type of types)
    if (!supported.includes(type.kind) && !isFrozen(type)) throw invalid(`Unsupported type: ${typeToCql(type)}`);
}

/** Entries of a map are compared as a composite of key and value. */
function termText(types: readonly CqlType[]): string {
  if (types.length === 1) return typeToCql(types[0]!);
  return quoteString(`org.apache.cassandra.db.marshal.CompositeType(${types.map(javaTypeName).join(',')})`);
}

const javaTypeName = (type: CqlType): string => quoteIfNeeded(typeToCql(type));

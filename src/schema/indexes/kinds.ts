// The kinds of index that Cassandra has not: what each may be on, and its options.
import { configError, invalid } from '../../common/errors.js';
import { javaHashOrder } from '../../common/java-hash.js';
import { isMulticell, typeToCql } from '../../types/index.js';
import type { IndexDefinition, TableDefinition } from '../model.js';
import { type IndexKind, type IndexTarget, indexKind } from './target.js';
import { checkVectorIndex, vectorIndexesOf, vectorOptionNames } from './vector.js';

export type PhoneticAlgorithm = 'soundex' | 'metaphone' | 'double_metaphone' | 'caverphone';
const algorithms: readonly string[] = ['soundex', 'metaphone', 'double_metaphone', 'caverphone'];

/** How texts are taken apart and ranked. */
export type FulltextSettings = {
  readonly analyzer: 'standard' | 'simple' | 'keyword';
  readonly stemming: boolean;
  readonly stopWords: boolean;
  /** Of BM25: how soon further occurrences of a word count less, and how much the length of a text counts. */
  readonly k1: number;
  readonly b: number;
};

const analyzers: readonly string[] = ['standard', 'simple', 'keyword'];

/** The options of a full-text index. @throws FerrosaError INVALID */
export function fulltextSettings({ options }: IndexDefinition): FulltextSettings {
  const analyzer = options['analyzer']?.toLowerCase() ?? 'standard';
  if (!analyzers.includes(analyzer))
    throw invalid(
      `Unknown analyzer '${options['analyzer']}' of a fulltext index, expected one of: ${analyzers.join(', ')}`,
    );
  const flag = (name: string): boolean => {
    const text = options[name]?.toLowerCase();
    if (text === undefined) return analyzer === 'standard';
    if (text !== 'true' && text !== 'false')
      throw invalid(`Illegal value for boolean option '${name}': ${options[name]}`);
    if (analyzer === 'keyword') throw invalid(`The option '${name}' has no meaning for the analyzer keyword`);
    return text === 'true';
  };
  const number = (name: string, otherwise: number, max: number): number => {
    const text = options[name];
    const value = text === undefined ? otherwise : text.trim() === '' ? Number.NaN : Number(text);
    if (!(value >= 0 && value <= max))
      throw invalid(`The option '${name}' must be a number from 0 to ${max}, not ${text}`);
    return value;
  };
  return {
    analyzer: analyzer as FulltextSettings['analyzer'],
    stemming: flag('stemming'),
    stopWords: flag('stop_words'),
    k1: number('k1', 1.2, 10),
    b: number('b', 0.75, 1),
  };
}

/** Columns of a composite index. */
const compositeColumnsMax = 16;

const optionsOf: Readonly<Record<IndexKind, readonly string[]>> = {
  legacy: [],
  sai: [],
  btree: [],
  hash: [],
  composite: [],
  phonetic: ['algorithm'],
  fulltext: ['analyzer', 'stemming', 'stop_words', 'k1', 'b'],
  vector: vectorOptionNames,
};

/** How names are made to sound. REQUIRES: the index was checked */
export const phoneticAlgorithm = ({ options }: IndexDefinition): PhoneticAlgorithm =>
  (options['algorithm']?.toLowerCase() ?? 'double_metaphone') as PhoneticAlgorithm;

/** @throws FerrosaError CONFIG_ERROR, INVALID */
export function checkOwnIndex(table: TableDefinition, index: IndexDefinition, targets: readonly IndexTarget[]): void {
  const kind = indexKind(index);
  const name = index.options['class_name']!;
  const known = ['target', 'class_name', 'where', ...optionsOf[kind]];
  const unknown = javaHashOrder(Object.keys(index.options)).filter((option) => !known.includes(option));
  if (unknown.length > 0)
    throw configError(`Properties specified [${unknown.join(', ')}] are not understood by ${name}`);
  if (targets.length === 0) throw invalid(`A ${name} index needs a target column`);
  if (kind === 'vector') {
    checkOwnVector(table, index, targets);
    return;
  }
  if (kind === 'composite') checkComposite(targets);
  else if (targets.length > 1)
    throw invalid(`A ${name} index cannot be created over multiple columns: ${index.options['target']}`);
  for (const { column } of targets)
    if (column.type.kind === 'vector') throw invalid(`A ${name} index cannot be on vectors: ${column.name}`);
  if (kind === 'phonetic') checkPhonetic(index, targets[0]!);
  if (kind === 'fulltext') checkFulltext(index, targets[0]!);
  if (name.toLowerCase() === 'filtered' && index.options['where'] === undefined)
    throw invalid('A filtered index needs a WHERE');
  if (index.options['where'] !== undefined) checkPartial(targets);
  const same = table.indexes.some(
    (other) =>
      other.id !== index.id &&
      indexKind(other) === kind &&
      other.options['target'] === index.options['target'] &&
      (kind === 'phonetic' || kind === 'fulltext' || other.options['where'] === index.options['where']),
  );
  if (same) throw invalid(`Cannot create more than one ${name} index on the same target: ${index.options['target']}`);
}

function checkOwnVector(table: TableDefinition, index: IndexDefinition, targets: readonly IndexTarget[]): void {
  const { column } = targets[0]!;
  if (targets.length > 1) throw invalid('A vector index is on one column');
  if (index.options['where'] !== undefined) throw invalid('A vector index cannot have a WHERE');
  if (column.type.kind !== 'vector')
    throw invalid(`A vector index is on vectors, not on ${typeToCql(column.type)}: ${column.name}`);
  checkVectorIndex(index, column.type);
  const others = vectorIndexesOf(table).filter(
    (other) => other.index.id !== index.id && other.target.column === column,
  );
  if (others.length > 0)
    throw invalid(`Cannot create more than one index of vectors on the same column: ${column.name}`);
}

function checkComposite(targets: readonly IndexTarget[]): void {
  if (targets.length < 2) throw invalid('A composite index needs at least two columns');
  if (targets.length > compositeColumnsMax)
    throw invalid(`A composite index cannot have more than ${compositeColumnsMax} columns`);
  for (const { column } of targets) {
    if (isMulticell(column.type)) throw invalid(`A composite index cannot have collections: ${column.name}`);
    if (column.kind === 'static') throw invalid(`A composite index cannot have static columns: ${column.name}`);
  }
}

function checkPhonetic(index: IndexDefinition, { column, kind }: IndexTarget): void {
  if (kind !== 'simple' || (column.type.kind !== 'text' && column.type.kind !== 'ascii'))
    throw invalid(`A phonetic index is on text, not on ${typeToCql(column.type)}: ${column.name}`);
  const algorithm = index.options['algorithm'];
  if (algorithm !== undefined && !algorithms.includes(algorithm.toLowerCase()))
    throw invalid(`Unknown algorithm '${algorithm}' of a phonetic index, expected one of: ${algorithms.join(', ')}`);
}

function checkFulltext(index: IndexDefinition, { column, kind }: IndexTarget): void {
  if (kind !== 'simple' || (column.type.kind !== 'text' && column.type.kind !== 'ascii'))
    throw invalid(`A fulltext index is on text, not on ${typeToCql(column.type)}: ${column.name}`);
  if (column.kind !== 'regular') throw invalid(`A fulltext index is on a regular column, which ${column.name} is not`);
  if (index.options['where'] !== undefined) throw invalid('A fulltext index cannot have a WHERE');
  fulltextSettings(index);
}

function checkPartial(targets: readonly IndexTarget[]): void {
  for (const { column } of targets)
    if (isMulticell(column.type) || column.kind === 'static')
      throw invalid(`An index with a WHERE cannot be on a collection or a static column: ${column.name}`);
}

// What an index is on: the text of its target and which of Cassandra's implementations it has.
import { invalid } from '../../common/errors.js';
import { type CqlType, isCollection, isMulticell, quoteIfNeeded } from '../../types/index.js';
import type { ColumnDefinition, IndexDefinition, TableDefinition } from '../model.js';

export type IndexTargetKind = 'values' | 'keys' | 'entries' | 'full' | 'simple';

export type IndexTarget = { readonly column: ColumnDefinition; readonly kind: IndexTargetKind };

/** Cassandra's name of the storage-attached index. */
export const saiClass = 'org.apache.cassandra.index.sai.StorageAttachedIndex';
const saiAliases = ['sai', 'storageattachedindex'];

/** The full name of a class that USING names. */
export function indexClassOf(name: string): string {
  return saiAliases.includes(name.toLowerCase()) ? saiClass : name;
}

/** True for a storage-attached index, false for Cassandra's first kind (legacy_local_table). */
export function isSai(index: IndexDefinition): boolean {
  return indexKind(index) === 'sai';
}

/** What an index does: Cassandra's two kinds, then those that it has not. */
export type IndexKind = 'legacy' | 'sai' | 'btree' | 'hash' | 'composite' | 'phonetic' | 'fulltext' | 'vector';

/** By what USING says. */
const ownKinds: Readonly<Record<string, IndexKind>> = {
  btree: 'btree',
  filtered: 'btree',
  hash: 'hash',
  composite: 'composite',
  phonetic: 'phonetic',
  fulltext: 'fulltext',
  vector: 'vector',
};

/** The kind that a name in USING stands for; null when it is none of those that Cassandra has not. */
export const ownKindOf = (using: string): IndexKind | null => ownKinds[using.toLowerCase()] ?? null;

export function indexKind(index: IndexDefinition): IndexKind {
  if (index.kind !== 'CUSTOM') return 'legacy';
  return ownKindOf(index.options['class_name'] ?? '') ?? 'sai';
}

/** `keys(c)`, as it is kept in the index's options. */
export function targetText({ column, kind }: IndexTarget): string {
  const name = quoteIfNeeded(column.name);
  return kind === 'simple' ? name : `${kind}(${name})`;
}

/** The target as the statement means it: a collection without a word before it is one of its values. */
export function targetOf(table: TableDefinition, name: string, kind: IndexTargetKind): IndexTarget {
  const column = table.columns.get(name);
  if (column === undefined)
    throw invalid(`Undefined column name ${quoteIfNeeded(name)} in table ${table.keyspace}.${table.name}`);
  return { column, kind: kind === 'simple' && isCollection(column.type) ? 'values' : kind };
}

/** The targets of an index of the table: several of a composite index. REQUIRES: the index was checked when it was created. */
export function indexTargets(table: TableDefinition, index: IndexDefinition): IndexTarget[] {
  const parts = index.options['target']!.match(/(?:[^,"]|"(?:[^"]|"")*")+/g) ?? [];
  return parts.map((part) => {
    const text = part.trim();
    const match = /^(keys|entries|values|full)\((.+)\)$/.exec(text);
    const quoted = match === null ? text : match[2]!;
    const name = quoted.startsWith('"') ? quoted.slice(1, -1).replaceAll('""', '"') : quoted;
    return { column: table.columns.get(name)!, kind: match === null ? 'simple' : (match[1] as IndexTargetKind) };
  });
}

/** The first of them, which of all other kinds is the only one. */
export const indexTarget = (table: TableDefinition, index: IndexDefinition): IndexTarget =>
  indexTargets(table, index)[0]!;

/**
 * The types of an index's terms: one, or key and value for the entries of a map. A set has its elements where a map has its keys.
 * Source: IndexTermType.calculateIndexType, CollectionKeyIndexBase and its like.
 */
export function termTypes({ column, kind }: IndexTarget): readonly CqlType[] {
  const { type } = column;
  if (!isCollection(type) || !isMulticell(type)) return [type];
  if (type.kind === 'map') {
    if (kind === 'entries') return [type.key, type.value];
    return [kind === 'keys' ? type.key : type.value];
  }
  return type.kind === 'list' || type.kind === 'set' ? [type.element] : [type];
}

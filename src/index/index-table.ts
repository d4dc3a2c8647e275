// The table that holds the entries of an index (docs/format/index-entries.md): local to the node, known to nobody but the engine.

import { murmurToken } from '../native/index.js';
import {
  buildTable,
  type ColumnDefinition,
  defaultTableOptions,
  type FulltextSettings,
  fulltextSettings,
  type IndexDefinition,
  type IndexKind,
  type IndexTarget,
  indexKind,
  indexPredicate,
  indexTargets,
  isSai,
  type PredicateClause,
  phoneticAlgorithm,
  type TableDefinition,
  termTypes,
  type VectorOptions,
  vectorOptionsOf,
} from '../schema/index.js';
import { type CqlType, equalBytes } from '../types/index.js';
import { type Analyzer, analyzerOf } from './analyzer.js';
import { phoneticCodes } from './phonetic.js';

/** An index as the engine sees it. */
export type IndexTable = {
  readonly index: IndexDefinition;
  readonly kind: IndexKind;
  readonly target: IndexTarget;
  /** All of its columns: several of a composite index. */
  readonly columns: readonly ColumnDefinition[];
  readonly isSai: boolean;
  /** Which rows have entries; null: all that have a value. */
  readonly predicate: readonly PredicateClause[] | null;
  /** What entries a write makes depends on what the row has already. */
  readonly needsRow: boolean;
  /** Where its entries are. */
  readonly table: TableDefinition;
  /** 16 bytes. */
  readonly tableId: Uint8Array;
  /** Number of clustering columns that are the indexed term: two for the entries of a map. */
  readonly termCount: number;
  /** An entry names a row of the base table; otherwise a partition. */
  readonly ofRows: boolean;
  /** Clustering columns of the base that an entry has. */
  readonly clusteringCount: number;
  /** What becomes of text before it is compared; null: nothing. */
  readonly analyzer: Analyzer | null;
  /** How texts are taken apart and ranked; null for all but full-text indexes. */
  readonly fulltext: FulltextSettings | null;
  /** The terms of one value of the target: of most kinds one. @param at  which of the columns of a term: an entry of a map has two */
  termsOf(value: Uint8Array, at?: number): readonly Uint8Array[];
  /** Its vectors are in a graph that each shard has in memory; it has no entries. Null: an index with entries. */
  readonly vector: VectorOptions | null;
};

/** The columns of an entry that are no key: `p` when the cell stays, `e` when it expires; `n` of a full-text index, the length of a text. */
export const entryColumns = { permanent: 'p', expiring: 'e', length: 'n' } as const;

const known = new WeakMap<TableDefinition, readonly IndexTable[]>();

function makeIndexTable(base: TableDefinition, index: IndexDefinition): IndexTable {
  const kind = indexKind(index);
  const targets = indexTargets(base, index);
  const target = targets[0]!;
  const predicate = indexPredicate(base, index);
  const needsRow = kind === 'composite' || kind === 'fulltext' || predicate !== null;
  const ofRows = needsRow || target.column.kind === 'regular' || target.column.kind === 'clustering';
  const types = termTypesOf(kind, targets);
  const columns: ColumnDefinition[] = [];
  const add = (
    name: string,
    kind: ColumnDefinition['kind'],
    position: number,
    type: CqlType,
    reversed = false,
  ): void => {
    columns.push({ name, id: columns.length, kind, position, type, reversed });
  };
  add('bucket', 'partition_key', 0, { kind: 'blob' });
  for (const [i, type] of types.entries()) add(`term${i}`, 'clustering', i, type);
  add('token', 'clustering', types.length, { kind: 'bigint' });
  add('key', 'clustering', types.length + 1, { kind: 'blob' });
  // In the order of the base table: candidates come in the order of the result.
  if (ofRows)
    for (const [i, { type, reversed }] of base.clustering.entries())
      add(`c${i}`, 'clustering', types.length + 2 + i, type, reversed);
  add(entryColumns.permanent, 'regular', -1, { kind: 'blob' });
  add(entryColumns.expiring, 'regular', -1, { kind: 'blob' });
  if (kind === 'fulltext') add(entryColumns.length, 'regular', -1, { kind: 'int' });
  const table = buildTable({
    keyspace: base.keyspace,
    name: `${base.name}.${index.name}`,
    id: index.id,
    version: base.version,
    isCounter: false,
    flags: ['compound'],
    columns,
    dropped: [],
    nextColumnId: columns.length,
    // An entry that was found stale was deleted at its own time, which no other entry has: nothing can come back.
    options: { ...defaultTableOptions, gc_grace_seconds: 0 },
    indexes: [],
    virtual: false,
  });
  const analyzer = analyzerOf(index);
  return {
    index,
    kind,
    target,
    columns: targets.map(({ column }) => column),
    isSai: isSai(index),
    predicate,
    needsRow,
    table,
    tableId: new Uint8Array(Buffer.from(index.id.replaceAll('-', ''), 'hex')),
    termCount: types.length,
    ofRows,
    clusteringCount: ofRows ? base.clustering.length : 0,
    analyzer,
    fulltext: kind === 'fulltext' ? fulltextSettings(index) : null,
    termsOf: termMaker(index, kind, target, analyzer),
    vector: vectorOptionsOf(base, index),
  };
}

/** A hash index keeps hashes of values, a phonetic one how they sound. */
function termTypesOf(kind: IndexKind, targets: readonly IndexTarget[]): readonly CqlType[] {
  if (kind === 'composite') return targets.map(({ column }) => column.type);
  const types = termTypes(targets[0]!);
  if (kind === 'hash') return types.map(() => ({ kind: 'bigint' }));
  return kind === 'phonetic' || kind === 'fulltext' ? [{ kind: 'text' }] : types;
}

function termMaker(
  index: IndexDefinition,
  kind: IndexKind,
  target: IndexTarget,
  analyzer: Analyzer | null,
): IndexTable['termsOf'] {
  if (kind === 'hash') {
    const types = termTypes(target);
    return (value, at = 0) => [hashTerm(equalBytes(types[at]!, value))];
  }
  if (kind === 'phonetic') {
    const algorithm = phoneticAlgorithm(index);
    return (value) => phoneticCodes(algorithm, textOf(value)).map((code) => new Uint8Array(Buffer.from(code)));
  }
  return analyzer === null ? (value) => [value] : (value) => [analyzer(value)];
}

const textOf = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');

function hashTerm(value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, murmurToken(value));
  return bytes;
}

/** The indexes of a table. */
export function indexTablesOf(base: TableDefinition): readonly IndexTable[] {
  let tables = known.get(base);
  if (tables === undefined) {
    tables = base.indexes.map((index) => makeIndexTable(base, index));
    known.set(base, tables);
  }
  return tables;
}

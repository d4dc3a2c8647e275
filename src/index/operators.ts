// Which relations an index serves: Cassandra's supportsExpression of each kind of index.
import type { CqlType } from '../types/index.js';
import { isCollection, isMulticell } from '../types/index.js';
import type { IndexTable } from './index-table.js';

export type IndexOperator =
  | 'EQ'
  | 'IN'
  | 'RANGE'
  | 'CONTAINS'
  | 'CONTAINS KEY'
  | 'NOT'
  | 'NOT CONTAINS'
  | 'NOT CONTAINS KEY'
  | 'LIKE'
  | 'SOUNDS LIKE'
  | 'MATCHES';

const eqOnly: readonly CqlType['kind'][] = ['text', 'ascii', 'boolean', 'uuid', 'list', 'set', 'map', 'tuple', 'udt'];

/** What can be said of a value by its hash. */
function hashOperators({ column, kind }: IndexTable['target']): readonly IndexOperator[] {
  if (!isMulticell(column.type)) return ['EQ', 'IN'];
  if (kind === 'entries') return ['EQ'];
  return kind === 'keys' ? ['CONTAINS KEY'] : ['CONTAINS'];
}

/**
 * Source: CassandraIndex.supportsOperator and its subclasses, IndexTermType.supports. Cassandra's indexes serve neither negations nor LIKE;
 * here their terms can be gone through for them.
 */
export function operatorsOf({ target, isSai, kind: indexKind, vector }: IndexTable): readonly IndexOperator[] {
  if (vector !== null) return [];
  const { column, kind } = target;
  if (indexKind === 'hash') return hashOperators(target);
  if (indexKind === 'phonetic') return ['SOUNDS LIKE'];
  if (indexKind === 'fulltext') return ['MATCHES'];
  if (indexKind === 'composite') return ['EQ', 'RANGE'];
  const { type } = column;
  if (isCollection(type) && isMulticell(type)) {
    if (kind === 'entries') return ['EQ'];
    if (kind === 'keys') return ['CONTAINS KEY', 'NOT CONTAINS KEY'];
    return ['CONTAINS', 'NOT CONTAINS'];
  }
  const operators: IndexOperator[] = ['EQ', 'NOT'];
  if (indexKind === 'btree') operators.push('IN', 'RANGE');
  if (isSai && !eqOnly.includes(type.kind)) operators.push('RANGE');
  if (type.kind === 'text' || type.kind === 'ascii') operators.push('LIKE');
  return operators;
}

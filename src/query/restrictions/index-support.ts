// Which restrictions an index serves, and whether indexes serve all of them: Cassandra's rules for ALLOW FILTERING with indexes.
import { type IndexOperator, operatorsOf } from '../../index/index.js';
import type { ColumnDefinition } from '../../schema/index.js';
import type { Conjunct } from './conjuncts.js';
import type { StatementIndex } from './index-use.js';
import type { Restriction } from './restriction.js';

/** The operators of a restriction, of which an index must serve one. */
function operators(restriction: Restriction): readonly IndexOperator[] {
  switch (restriction.kind) {
    case 'eq':
      return ['EQ'];
    case 'slice':
      return ['RANGE'];
    case 'in':
      return ['IN']; // no index of Cassandra 5.0 does
    case 'contains':
      return [
        ...(restriction.values.length > 0 ? (['CONTAINS'] as const) : []),
        ...(restriction.keys.length > 0 ? (['CONTAINS KEY'] as const) : []),
        ...(restriction.entries.length > 0 ? (['EQ'] as const) : []),
      ];
  }
}

function servesColumn(index: StatementIndex, restriction: Restriction, column: ColumnDefinition): boolean {
  if (index.kind === 'composite') return !restriction.multi && index.servedColumns.has(column);
  if (index.target.column !== column) return false;
  const served = operatorsOf(index);
  return operators(restriction).some((operator) => served.includes(operator));
}

/** True when the index serves the restriction, or one of its columns. */
export function serves(index: StatementIndex, restriction: Restriction): boolean {
  return restriction.columns.some((column) => servesColumn(index, restriction, column));
}

const negationOperators = {
  'NOT IN': 'NOT',
  'NOT CONTAINS': 'NOT CONTAINS',
  'NOT CONTAINS KEY': 'NOT CONTAINS KEY',
} as const;

/** True when the index finds the rows of the conjunct. */
export function servesOne(index: StatementIndex, conjunct: Exclude<Conjunct, { kind: 'any' }>): boolean {
  if (conjunct.kind !== 'negation' && conjunct.kind !== 'pattern') return serves(index, conjunct);
  if (index.target.column !== conjunct.column) return false;
  const operator = conjunct.kind === 'pattern' ? conjunct.op : negationOperators[conjunct.op];
  return operatorsOf(index).includes(operator);
}

/** A composite index serves what the whole statement asks, not a branch of it. */
export const inBranches = (indexes: readonly StatementIndex[]): StatementIndex[] =>
  indexes.filter(({ kind }) => kind !== 'composite');

/** True when indexes find the rows of the conjunct: of alternatives, all that each asks. */
export function servesConjunct(indexes: readonly StatementIndex[], conjunct: Conjunct): boolean {
  if (conjunct.kind !== 'any') return indexes.some((index) => servesOne(index, conjunct));
  const each = inBranches(indexes);
  return conjunct.branches.every((branch) => branch.every((one) => servesConjunct(each, one)));
}

/** Source: SingleColumnRestriction.needsFiltering, MultiColumnRestriction.needsFiltering. */
function needsFiltering(restriction: Restriction, group: readonly StatementIndex[]): boolean {
  if (restriction.multi)
    return restriction.columns.some((column) => !group.some((index) => servesColumn(index, restriction, column)));
  const several =
    restriction.kind === 'contains' &&
    restriction.values.length + restriction.keys.length + restriction.entries.length > 1;
  if (group.some(({ covered }) => covered.has(restriction.columns[0]!))) return false;
  return !group.some((index) => serves(index, restriction) && !(several && index.kind === 'legacy'));
}

/** Indexes serve a statement together, but Cassandra's first kind each alone. Source: IndexRestrictions.needsFiltering. */
export function indexesNeedFiltering(
  indexes: readonly StatementIndex[],
  restrictions: readonly Restriction[],
): boolean {
  const attached = indexes.filter((index) => index.kind !== 'legacy');
  const groups = [
    ...indexes.filter((index) => index.kind === 'legacy').map((index) => [index]),
    ...(attached.length > 0 ? [attached] : []),
  ];
  return groups.every((group) => restrictions.some((restriction) => needsFiltering(restriction, group)));
}

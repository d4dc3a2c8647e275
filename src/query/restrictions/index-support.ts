// Which restrictions an index serves, and whether indexes serve all of them: Cassandra's rules for ALLOW FILTERING with indexes.
import { type IndexOperator, type IndexTable, operatorsOf } from '../../index/index.js';
import type { ColumnDefinition } from '../../schema/index.js';
import type { Conjunct } from './conjuncts.js';
import type { Restriction } from './restriction.js';

/** The operators of a restriction, of which an index must serve one. */
function operators(restriction: Restriction): readonly IndexOperator[] {
  switch (restriction.kind) {
    case 'eq':
      return ['EQ'];
    case 'slice':
      return ['RANGE'];
    case 'in':
      return []; // no index of Cassandra 5.0 does
    case 'contains':
      return [
        ...(restriction.values.length > 0 ? (['CONTAINS'] as const) : []),
        ...(restriction.keys.length > 0 ? (['CONTAINS KEY'] as const) : []),
        ...(restriction.entries.length > 0 ? (['EQ'] as const) : []),
      ];
  }
}

function servesColumn(index: IndexTable, restriction: Restriction, column: ColumnDefinition): boolean {
  if (index.target.column !== column) return false;
  const served = operatorsOf(index);
  return operators(restriction).some((operator) => served.includes(operator));
}

/** True when the index serves the restriction, or one of its columns. */
export function serves(index: IndexTable, restriction: Restriction): boolean {
  return restriction.columns.some((column) => servesColumn(index, restriction, column));
}

const negationOperators = {
  'NOT IN': 'NOT',
  'NOT CONTAINS': 'NOT CONTAINS',
  'NOT CONTAINS KEY': 'NOT CONTAINS KEY',
} as const;

/** True when the index finds the rows of the conjunct. */
export function servesOne(index: IndexTable, conjunct: Exclude<Conjunct, { kind: 'any' }>): boolean {
  if (conjunct.kind !== 'negation' && conjunct.kind !== 'pattern') return serves(index, conjunct);
  if (index.target.column !== conjunct.column) return false;
  const operator = conjunct.kind === 'pattern' ? conjunct.op : negationOperators[conjunct.op];
  return operatorsOf(index).includes(operator);
}

/** True when indexes find the rows of the conjunct: of alternatives, all that each asks. */
export function servesConjunct(indexes: readonly IndexTable[], conjunct: Conjunct): boolean {
  if (conjunct.kind !== 'any') return indexes.some((index) => servesOne(index, conjunct));
  return conjunct.branches.every((branch) => branch.every((one) => servesConjunct(indexes, one)));
}

/** Source: SingleColumnRestriction.needsFiltering, MultiColumnRestriction.needsFiltering. */
function needsFiltering(restriction: Restriction, group: readonly IndexTable[]): boolean {
  if (restriction.multi)
    return restriction.columns.some((column) => !group.some((index) => servesColumn(index, restriction, column)));
  const several =
    restriction.kind === 'contains' &&
    restriction.values.length + restriction.keys.length + restriction.entries.length > 1;
  return !group.some((index) => serves(index, restriction) && !(several && !index.isSai));
}

/** Storage-attached indexes serve a statement together, the others each alone. Source: IndexRestrictions.needsFiltering. */
export function indexesNeedFiltering(indexes: readonly IndexTable[], restrictions: readonly Restriction[]): boolean {
  const attached = indexes.filter((index) => index.isSai);
  const groups = [
    ...indexes.filter((index) => !index.isSai).map((index) => [index]),
    ...(attached.length > 0 ? [attached] : []),
  ];
  return groups.every((group) => restrictions.some((restriction) => needsFiltering(restriction, group)));
}

// What a WHERE clause asks beside restrictions of keys and values: negations, patterns, and alternatives joined by OR. Each is checked row by
// row; an index may find the rows.
import { invalid } from '../../common/errors.js';
import type { AnyRelation, Relation } from '../../cql/index.js';
import type { ColumnDefinition } from '../../schema/index.js';
import { columnReceiver } from '../binds.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { prepareTerm } from '../terms/prepare.js';
import type { Term } from '../terms/term.js';
import { checkRestrictable, existingColumn, unsupported } from './relation-checks.js';
import { isNegation, toNegation, toRestriction } from './relations.js';
import type { Negation, Restriction } from './restriction.js';

/** A pattern that a text is compared with. */
export type PatternConjunct = {
  readonly kind: 'pattern';
  readonly op: 'LIKE' | 'SOUNDS LIKE' | 'MATCHES';
  readonly column: ColumnDefinition;
  readonly term: Term;
};

/** At least one of the branches holds: all that is in it. */
export type AnyConjunct = { readonly kind: 'any'; readonly branches: readonly (readonly Conjunct[])[] };

export type Extra = Negation | PatternConjunct | AnyConjunct;
export type Conjunct = Restriction | Extra;

export const isExtra = ({ kind }: Conjunct): boolean => kind === 'negation' || kind === 'pattern' || kind === 'any';

const isPattern = (op: Relation['op']): op is PatternConjunct['op'] =>
  op === 'LIKE' || op === 'SOUNDS LIKE' || op === 'MATCHES';

/** The columns that a conjunct asks about. */
export function columnsOf(conjunct: Conjunct): readonly ColumnDefinition[] {
  switch (conjunct.kind) {
    case 'negation':
    case 'pattern':
      return [conjunct.column];
    case 'any':
      return conjunct.branches.flat().flatMap(columnsOf);
    default:
      return conjunct.columns;
  }
}

/** The relation as one of these; null for one that is a restriction. @throws FerrosaError INVALID */
export function toExtra(environment: PlanEnvironment, relation: Relation): Extra | null {
  if (relation.kind === 'any') return toAny(environment, relation);
  if (isNegation(relation)) return toNegation(environment, relation);
  if (!isPattern(relation.op)) return null;
  if (relation.op === 'LIKE' && relation.kind === 'tuple')
    throw invalid('LIKE cannot be used for multi-column relations');
  if (relation.op === 'LIKE' && relation.kind === 'element') throw invalid("LIKE can't be used with collections.");
  if (relation.kind !== 'column') return null;
  const column = existingColumn(environment.table, relation.column);
  checkRestrictable(column, relation);
  const term = prepareTerm(environment, relation.values[0]!, columnReceiver(environment.table, column));
  return { kind: 'pattern', op: relation.op, column, term };
}

function toAny(environment: PlanEnvironment, { branches }: AnyRelation): AnyConjunct {
  return { kind: 'any', branches: branches.map((branch) => branch.map((one) => toConjunct(environment, one))) };
}

/** @throws FerrosaError INVALID for what cannot be one of several alternatives */
function toConjunct(environment: PlanEnvironment, relation: Relation): Conjunct {
  if (relation.kind === 'token' || relation.kind === 'tuple')
    throw invalid('Only relations of single columns can be joined by OR');
  const extra = toExtra(environment, relation);
  if (extra !== null) return extra;
  if (relation.kind === 'any' || relation.op === 'IS NOT') return unsupported(relation);
  return toRestriction(environment, relation);
}

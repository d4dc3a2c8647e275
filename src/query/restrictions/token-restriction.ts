// Restrictions on token(partition key).
import { invalid } from '../../common/errors.js';
import type { Relation } from '../../cql/index.js';
import type { TokenRange } from '../../storage/index.js';
import { UNSET } from '../../types/index.js';
import { derivedReceiver } from '../binds.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { prepareTerm } from '../terms/prepare.js';
import type { BindContext, Term } from '../terms/term.js';
import { readInt64 } from '../values.js';
import { BetweenTerm } from './between.js';
import { existingColumn, relationText } from './relation-checks.js';

type TokenBound = { readonly term: Term; readonly inclusive: boolean };

export type TokenRestriction = {
  readonly names: string;
  readonly isEq: boolean;
  readonly start: TokenBound | null;
  readonly end: TokenBound | null;
};

export const tokenMin = -(2n ** 63n);
export const tokenMax = 2n ** 63n - 1n;

/** The whole ring. */
export const wholeRing: TokenRange = { start: tokenMin, startInclusive: true, end: tokenMax, endInclusive: true };

/** @throws FerrosaError INVALID when the columns are not the partition key in its order */
export function toTokenRestriction(
  environment: PlanEnvironment,
  relation: Extract<Relation, { kind: 'token' }>,
): TokenRestriction {
  const { op } = relation;
  const isBetween = op === 'BETWEEN';
  if (!isBetween && op !== '=' && op !== '<' && op !== '<=' && op !== '>' && op !== '>=') {
    if (op === '!=' || op === 'NOT IN') throw invalid(`Unsupported "!=" relation: ${relationText(relation)}`);
    throw invalid(`${op} cannot be used with the token function`);
  }
  checkColumns(environment, relation.columns);
  const key = environment.table.partitionKey[0]!;
  const receiver = derivedReceiver(
    { keyspace: environment.keyspace, table: environment.table.name, name: key.name, type: key.type },
    'partition key token',
    { kind: 'bigint' },
  );
  const names = relation.columns.join(', ');
  if (isBetween) {
    const [first, second] = relation.values.map((term) => prepareTerm(environment, term, receiver));
    const side = (isStart: boolean) => ({
      term: new BetweenTerm(receiver.type, [first!, second!], isStart),
      inclusive: true,
    });
    return { names, isEq: false, start: side(true), end: side(false) };
  }
  const bound = { term: prepareTerm(environment, relation.values[0]!, receiver), inclusive: op !== '<' && op !== '>' };
  return {
    names,
    isEq: op === '=',
    start: op === '=' || op === '>' || op === '>=' ? bound : null,
    end: op === '=' || op === '<' || op === '<=' ? bound : null,
  };
}

function checkColumns(environment: PlanEnvironment, names: readonly string[]): void {
  const columns = names.map((name) => existingColumn(environment.table, name));
  const key = environment.table.partitionKey;
  if (columns.length === key.length && columns.every((column, i) => column === key[i])) return;
  if (!key.every((column) => columns.includes(column)))
    throw invalid('The token() function must be applied to all partition key components or none of them');
  if (new Set(columns).size !== columns.length)
    throw invalid('The token() function contains duplicate partition key components');
  if (!columns.every((column) => key.includes(column)))
    throw invalid('The token() function must contains only partition key components');
  throw invalid(
    `The token function arguments must be in the partition key order: ${key.map((c) => c.name).join(', ')}`,
  );
}

/** @throws FerrosaError INVALID when the two exclude each other */
export function mergeTokens(a: TokenRestriction, b: TokenRestriction): TokenRestriction {
  if (a.isEq) throw invalid(`${a.names} cannot be restricted by more than one relation if it includes an Equal`);
  if (b.isEq) throw invalid(`Columns "${a.names}" cannot be restricted by both an equality and an inequality relation`);
  if (a.start !== null && b.start !== null)
    throw invalid(`More than one restriction was found for the start bound on ${a.names}`);
  if (a.end !== null && b.end !== null)
    throw invalid(`More than one restriction was found for the end bound on ${a.names}`);
  return { names: a.names, isEq: false, start: a.start ?? b.start, end: a.end ?? b.end };
}

function tokenOf(bound: TokenBound | null, context: BindContext): bigint | null {
  if (bound === null) return null;
  const value = bound.term.bind(context);
  if (value === null) throw invalid('Invalid null token value');
  if (value === UNSET) throw invalid('Invalid unset value for column partition key token');
  return value.length === 0 ? tokenMin : readInt64(value);
}

/** The range of tokens; null when nothing can be in it. The minimum token stands for the ring's end, as in Cassandra. */
export function tokenRange(restriction: TokenRestriction, context: BindContext): TokenRange | null {
  const start = tokenOf(restriction.start, context) ?? tokenMin;
  const end = tokenOf(restriction.end, context) ?? tokenMin;
  const startInclusive = restriction.start?.inclusive ?? true;
  const endInclusive = restriction.end?.inclusive ?? true;
  if (start !== tokenMin && end !== tokenMin) {
    if (start > end || (start === end && (!startInclusive || !endInclusive))) return null;
  }
  if (end === tokenMin) return { start, startInclusive, end: tokenMax, endInclusive: true };
  return { start, startInclusive, end, endInclusive };
}

/** True when the token satisfies the restriction (keys that are given and restricted by token as well). */
export function tokenMatches(restriction: TokenRestriction, token: bigint, context: BindContext): boolean {
  const start = tokenOf(restriction.start, context);
  const end = tokenOf(restriction.end, context);
  const above = start === null || (restriction.start!.inclusive ? token >= start : token > start);
  const below = end === null || (restriction.end!.inclusive ? token <= end : token < end);
  // An inverted pair of bounds wraps around the ring here.
  if (start !== null && end !== null && start > end) return above || below;
  return above && below;
}

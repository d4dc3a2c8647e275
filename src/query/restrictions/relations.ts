// From the relations of a WHERE clause to restrictions.
import { invalid } from '../../common/errors.js';
import type { Relation, Term as TermNode } from '../../cql/index.js';
import { termText } from '../../cql/index.js';
import type { ColumnDefinition, TableDefinition } from '../../schema/index.js';
import { type BindValue, type CqlType, UNSET, unpackElements, unpackTuple, validateValue } from '../../types/index.js';
import { columnReceiver, derivedReceiver, type Receiver } from '../binds.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { prepareTerm } from '../terms/prepare.js';
import { type BindContext, type Term, TupleLiteralTerm, TupleMarkerTerm, type TupleTerm } from '../terms/term.js';
import { BetweenTerm, BetweenTuple } from './between.js';
import {
  checkNoDuration,
  checkRestrictable,
  collectionReceiver,
  existingColumn,
  relationText,
  unsupported,
} from './relation-checks.js';
import type { InMarker, Negation, Restriction, RestrictionTerm } from './restriction.js';

export type ColumnRelation = Extract<Relation, { kind: 'column' | 'element' | 'tuple' }>;

/** The restriction that a relation on columns means; the markers in it are noted. */
export function toRestriction(environment: PlanEnvironment, relation: ColumnRelation): Restriction {
  if (relation.kind === 'tuple') return tupleRestriction(environment, relation);
  if (relation.kind === 'element') return elementRestriction(environment, relation);
  return columnRestriction(environment, relation);
}

type SliceOperator = '<' | '<=' | '>' | '>=';

/** The slice of `columns` that an inequality means. */
function sliceOf(
  op: SliceOperator,
  columns: readonly ColumnDefinition[],
  multi: boolean,
  term: RestrictionTerm,
): Restriction {
  const bound = { term, inclusive: op === '<=' || op === '>=' };
  const isStart = op === '>' || op === '>=';
  return { kind: 'slice', columns, multi, start: isStart ? bound : null, end: isStart ? null : bound };
}

function between(
  columns: readonly ColumnDefinition[],
  multi: boolean,
  start: RestrictionTerm,
  end: RestrictionTerm,
): Restriction {
  const bound = (term: RestrictionTerm) => ({ term, inclusive: true });
  return { kind: 'slice', columns, multi, start: bound(start), end: bound(end) };
}

type ColumnOnly = Extract<Relation, { kind: 'column' }>;

function columnRestriction(environment: PlanEnvironment, relation: ColumnOnly): Restriction {
  const column = existingColumn(environment.table, relation.column);
  const columns = [column];
  const receiver = columnReceiver(environment.table, column);
  const value = (of: Receiver) => prepareTerm(environment, relation.values[0]!, of);
  switch (relation.op) {
    case '=':
      checkRestrictable(column, relation);
      return { kind: 'eq', columns, multi: false, term: { single: value(receiver) } };
    case 'IN':
      return inRestriction(environment, relation, column, receiver);
    case '<':
    case '<=':
    case '>':
    case '>=':
      checkNoDuration(column.type);
      checkRestrictable(column, relation);
      return sliceOf(relation.op, columns, false, { single: value(receiver) });
    case 'BETWEEN': {
      checkNoDuration(column.type);
      checkRestrictable(column, relation);
      const [first, second] = relation.values.map((term) => prepareTerm(environment, term, receiver));
      const bound = (isStart: boolean) => ({ single: new BetweenTerm(column.type, [first!, second!], isStart) });
      return between(columns, false, bound(true), bound(false));
    }
    case 'CONTAINS':
    case 'CONTAINS KEY': {
      checkRestrictable(column, relation);
      const isKey = relation.op === 'CONTAINS KEY';
      const term = value(collectionReceiver(receiver, isKey));
      const [values, keys] = isKey ? [[], [term]] : [[term], []];
      return { kind: 'contains', columns, multi: false, values, keys, entries: [] };
    }
    default:
      return unsupported(relation);
  }
}

function inRestriction(
  environment: PlanEnvironment,
  relation: ColumnOnly,
  column: ColumnDefinition,
  receiver: Receiver,
): Restriction {
  checkRestrictable(column, relation);
  const columns = [column];
  if (relation.inMarker) {
    const marker = inMarker(environment, relation.values[0]!, receiver, column);
    return { kind: 'in', columns, multi: false, values: { marker } };
  }
  const terms = relation.values.map((term) => ({ single: prepareTerm(environment, term, receiver) }));
  // IN of one value is an equality.
  if (terms.length === 1) return { kind: 'eq', columns, multi: false, term: terms[0]! };
  return { kind: 'in', columns, multi: false, values: { terms } };
}

/** `!=` of a value, NOT IN, NOT CONTAINS, NOT CONTAINS KEY. */
export const isNegation = (relation: Relation): boolean =>
  relation.op.startsWith('NOT ') || (relation.op === '!=' && relation.kind === 'column');

/** @throws FerrosaError INVALID for what they cannot be used on. REQUIRES: isNegation */
export function toNegation(environment: PlanEnvironment, relation: Relation): Negation {
  const op = relation.op === '!=' ? 'NOT IN' : (relation.op as Negation['op']);
  if (relation.kind !== 'column') throw invalid(`${op} cannot be used with ${relationText(relation)} relations`);
  const column = existingColumn(environment.table, relation.column);
  const positive = op.slice('NOT '.length) as 'IN' | 'CONTAINS' | 'CONTAINS KEY';
  checkRestrictable(column, { ...relation, op: relation.op === '!=' ? '!=' : positive });
  const receiver = columnReceiver(environment.table, column);
  if (op === 'NOT IN') {
    if (relation.inMarker)
      return {
        kind: 'negation',
        column,
        op,
        values: { marker: inMarker(environment, relation.values[0]!, receiver, column) },
      };
    return {
      kind: 'negation',
      column,
      op,
      values: { terms: relation.values.map((term) => ({ single: prepareTerm(environment, term, receiver) })) },
    };
  }
  const of = collectionReceiver(receiver, op === 'NOT CONTAINS KEY');
  return {
    kind: 'negation',
    column,
    op,
    values: { terms: [{ single: prepareTerm(environment, relation.values[0]!, of) }] },
  };
}

function elementRestriction(
  environment: PlanEnvironment,
  relation: Extract<Relation, { kind: 'element' }>,
): Restriction {
  const column = existingColumn(environment.table, relation.column);
  if (!['=', 'IN', '<', '<=', '>', '>='].includes(relation.op)) unsupported(relation);
  checkRestrictable(column, relation);
  const receiver = columnReceiver(environment.table, column);
  const key = prepareTerm(environment, relation.key, collectionReceiver(receiver, true));
  const value = prepareTerm(environment, relation.values[0]!, collectionReceiver(receiver, false));
  return { kind: 'contains', columns: [column], multi: false, values: [], keys: [], entries: [[key, value]] };
}

/** `c IN ?`: the marker binds a list of the column's type. */
function inMarker(
  environment: PlanEnvironment,
  term: TermNode,
  receiver: Receiver,
  column: ColumnDefinition,
): InMarker {
  if (term.kind !== 'marker') throw invalid(`Invalid IN restriction on ${column.name}`);
  const type: CqlType = { kind: 'list', element: receiver.type, frozen: false };
  environment.markers.add(term.index, derivedReceiver(receiver, `in(${receiver.name})`, type));
  return {
    bind(context: BindContext): BindValue[][] {
      const value = context.values[term.index] as BindValue;
      if (value === null) throw invalid(`Invalid null value for column ${column.name}`);
      if (value === UNSET) throw invalid(`Invalid unset value for column ${column.name}`);
      return bindElements(type.element, value).map((element) => [element]);
    },
  };
}

/** The elements of a bound IN list, nulls included, each checked. */
function bindElements(element: CqlType, value: Uint8Array): (Uint8Array | null)[] {
  const elements = unpackElements(value);
  for (const bytes of elements) if (bytes !== null) validateValue(element, bytes);
  return elements;
}

function tupleColumns(table: TableDefinition, relation: Extract<Relation, { kind: 'tuple' }>): ColumnDefinition[] {
  const columns: ColumnDefinition[] = [];
  for (const name of relation.columns) {
    const column = existingColumn(table, name);
    if (column.kind !== 'clustering')
      throw invalid(
        `Multi-column relations can only be applied to clustering columns but was applied to: ${column.name}`,
      );
    if (columns.includes(column))
      throw invalid(`Column "${column.name}" appeared twice in a relation: ${relationText(relation)}`);
    const previous = columns.at(-1);
    if (previous !== undefined && column.position !== previous.position + 1)
      throw invalid(
        `Clustering columns must appear in the PRIMARY KEY order in multi-column relations: ${relationText(relation)}`,
      );
    columns.push(column);
  }
  return columns;
}

function tupleRestriction(environment: PlanEnvironment, relation: Extract<Relation, { kind: 'tuple' }>): Restriction {
  const { op } = relation;
  if (op === 'CONTAINS' || op === 'CONTAINS KEY' || op === 'LIKE')
    throw invalid(`${op} cannot be used for multi-column relations`);
  const isKnown = ['=', 'IN', '<', '<=', '>', '>=', 'BETWEEN'].includes(op);
  if (!isKnown) unsupported(relation);
  const columns = tupleColumns(environment.table, relation);
  const receivers = columns.map((column) => columnReceiver(environment.table, column));
  const tuple = (term: TermNode) => ({ tuple: prepareTupleTerm(environment, term, receivers) });
  if (op === '=') return { kind: 'eq', columns, multi: true, term: tuple(relation.values[0]!) };
  if (op === 'BETWEEN') {
    const [first, second] = relation.values.map((term) => prepareTupleTerm(environment, term, receivers));
    const types = columns.map(({ type }) => type);
    const bound = (isStart: boolean) => ({ tuple: new BetweenTuple(types, [first!, second!], isStart) });
    return between(columns, true, bound(true), bound(false));
  }
  if (op !== 'IN') return sliceOf(op as SliceOperator, columns, true, tuple(relation.values[0]!));
  if (relation.inMarker) {
    const marker = tupleInMarker(environment, relation.values[0]!, receivers);
    return { kind: 'in', columns, multi: true, values: { marker } };
  }
  const terms = relation.values.map(tuple);
  if (terms.length === 1) return { kind: 'eq', columns, multi: true, term: terms[0]! };
  return { kind: 'in', columns, multi: true, values: { terms } };
}

function tupleName(receivers: readonly Receiver[]): string {
  return `(${receivers.map((receiver) => receiver.name).join(',')})`;
}

function prepareTupleTerm(environment: PlanEnvironment, term: TermNode, receivers: readonly Receiver[]): TupleTerm {
  const types = receivers.map((receiver) => receiver.type);
  if (term.kind === 'marker') {
    const name = tupleName(receivers);
    environment.markers.add(term.index, derivedReceiver(receivers[0]!, name, { kind: 'tuple', fields: types }));
    return new TupleMarkerTerm(term.index, name, types);
  }
  if (term.kind !== 'tuple') throw invalid(`Expected a tuple but got: ${termText(term)}`);
  if (term.elements.length !== receivers.length)
    throw invalid(
      `Expected ${receivers.length} elements in value tuple, but got ${term.elements.length}: ${termText(term)}`,
    );
  const fields: Term[] = term.elements.map((element, i) => prepareTerm(environment, element, receivers[i]!));
  return new TupleLiteralTerm(fields, (field) => `Invalid unset value for tuple field number ${field}`);
}

/** `(a, b) IN ?`: the marker binds a list of tuples. */
function tupleInMarker(environment: PlanEnvironment, term: TermNode, receivers: readonly Receiver[]): InMarker {
  if (term.kind !== 'marker') throw invalid('Invalid IN restriction');
  const fields = receivers.map((receiver) => receiver.type);
  const name = `in${tupleName(receivers)}`;
  const element: CqlType = { kind: 'tuple', fields };
  environment.markers.add(term.index, derivedReceiver(receivers[0]!, name, { kind: 'list', element, frozen: false }));
  return {
    bind(context: BindContext): BindValue[][] {
      const value = context.values[term.index] as BindValue;
      if (value === UNSET) throw invalid(`Invalid unset value for ${name}`);
      if (value === null) throw invalid('Invalid null value for IN restriction');
      return bindElements(element, value).map((tuple) => (tuple === null ? [null] : unpackTuple(tuple, element)));
    },
  };
}

// Plans the items of a SELECT list.
import { invalid } from '../../common/errors.js';
import type { Selectable, Term as TermSyntax } from '../../cql/index.js';
import { Selected } from '../../storage/index.js';
import {
  type CqlType,
  collectionElement,
  collectionSlice,
  packCollection,
  packMap,
  packSet,
  packTuple,
  packVector,
  sameType,
  typeToCql,
  UNSET,
  type UserType,
  unpackTuple,
} from '../../types/index.js';
import { derivedReceiver } from '../binds.js';
import type { CqlFunction, ScalarFunction } from '../function-api.js';
import { maskFunction } from '../functions/column-mask.js';
import { type PlanEnvironment, resolveType } from '../plan-environment.js';
import { existingColumn } from '../restrictions/relation-checks.js';
import { prepareTerm } from '../terms/prepare.js';
import { type BindContext, ConstantTerm, type Term, unsetTerm } from '../terms/term.js';
import { fieldIndex } from '../values.js';
import {
  AggregateNode,
  CellNode,
  ComputedNode,
  type FetchedColumns,
  RenamedNode,
  type SelectionNode,
  scalarNode,
  TermNode,
} from './node.js';
import {
  asMap,
  assignSelectable,
  type Call,
  elementType,
  resolveSelectable,
  selectableArguments,
  selectableParts,
  selectableText,
  selectableType,
} from './selectable-types.js';
import { planTimes } from './times.js';

/** Plans one item. @param expected  type that is asked for, null when nothing is */
export function planSelectable(
  environment: PlanEnvironment,
  selectable: Selectable,
  expected: CqlType | null,
  fetched: FetchedColumns,
): SelectionNode {
  switch (selectable.kind) {
    case 'column':
      return selectedColumn(environment, selectable.name, fetched);
    case 'term':
      return termNode(environment, selectable.term, expected);
    case 'countRows':
      return new AggregateNode(environment.functions.countRows, []);
    case 'call':
    case 'arithmetic':
    case 'negate':
      return callNode(environment, selectable, fetched);
    case 'cast':
      return castNode(environment, selectable, expected, fetched);
    case 'hint':
      return hintNode(environment, selectable, fetched);
    case 'writetime':
    case 'maxwritetime':
    case 'ttl':
      return planTimes(environment, selectable, fetched, (of) => planSelectable(environment, of, null, fetched));
    case 'field':
      return fieldNode(environment, selectable, fetched);
    case 'element':
    case 'slice':
      return collectionNode(environment, selectable, fetched);
    default:
      return literalNode(environment, selectable, expected, fetched);
  }
}

/** A column as the client sees it: through its mask when the client may not see its values. */
export function selectedColumn(environment: PlanEnvironment, name: string, fetched: FetchedColumns): SelectionNode {
  const node = columnNode(environment, name, fetched);
  const column = existingColumn(environment.table, name);
  if (!environment.masked || column.mask === undefined) return node;
  const { argTypes, args } = column.mask;
  const constants = args.map((arg, i) => {
    const value = arg === null ? null : new Uint8Array(Buffer.from(arg, 'hex'));
    return new TermNode('', argTypes[i]!, new ConstantTerm(value));
  });
  const masked = scalarNode(maskFunction(environment, column), [node, ...constants]);
  return new RenamedNode(masked, column.name, column.type);
}

/** A whole column. */
export function columnNode(environment: PlanEnvironment, name: string, fetched: FetchedColumns): SelectionNode {
  const column = existingColumn(environment.table, name);
  const direct =
    column.kind === 'partition_key'
      ? { what: Selected.partitionKey, which: column.position }
      : column.kind === 'clustering'
        ? { what: Selected.clustering, which: column.position }
        : { what: Selected.value, which: column.id };
  return new CellNode(column.name, column.type, fetched.slot(direct.what, direct.which), direct);
}

function cannotInfer(text: string): never {
  throw invalid(`Cannot infer type for term ${text} in selection clause (try using a cast to force a type)`);
}

function selectionReceiver(environment: PlanEnvironment, type: CqlType) {
  return { keyspace: environment.keyspace, table: environment.table.name, name: '[selection]', type };
}

function termNode(environment: PlanEnvironment, term: TermSyntax, expected: CqlType | null): SelectionNode {
  const selectable = { kind: 'term', term } as const;
  const type = selectableType(environment, selectable) ?? expected;
  const text = selectableText(environment, selectable);
  if (type === null) return cannotInfer(text);
  return new TermNode(text, type, prepareTerm(environment, term, selectionReceiver(environment, type)));
}

/**
 * Tells unknown columns and functions, and arguments that fit none, the inner ones first; casts are looked at when they are planned.
 * @throws FerrosaError INVALID
 */
export function checkCalls(environment: PlanEnvironment, selectable: Selectable): void {
  for (const part of selectableParts(selectable)) checkCalls(environment, part);
  if (selectable.kind === 'column') existingColumn(environment.table, selectable.name);
  if (selectable.kind === 'call' || selectable.kind === 'arithmetic' || selectable.kind === 'negate')
    functionOf(environment, selectable);
}

/** The function that a call means. @throws FerrosaError INVALID when there is none, or none for these arguments */
function functionOf(environment: PlanEnvironment, call: Call): CqlFunction {
  const fn = resolveSelectable(environment, call);
  if (fn !== null) return fn;
  const { keyspace, name } = (call as Extract<Call, { kind: 'call' }>).function;
  throw invalid(`Unknown function '${keyspace === null ? name : `${keyspace}.${name}`}'`);
}

function callNode(environment: PlanEnvironment, call: Call, fetched: FetchedColumns): SelectionNode {
  const fn = functionOf(environment, call);
  const args = selectableArguments(call).map((arg, i) =>
    planSelectable(environment, arg, fn.argTypes[i] ?? null, fetched),
  );
  return fn.kind === 'aggregate' ? new AggregateNode(fn, args) : scalarCall(fn, args, fetched);
}

/** What it gives without the cells of a row, it gives, or fails at, also where there are no rows. */
function scalarCall(fn: ScalarFunction, args: readonly SelectionNode[], fetched: FetchedColumns): SelectionNode {
  const node = scalarNode(fn, args);
  if (!fn.pure || args.length === 0 || !args.every(isConstant)) return node;
  const term: Term = { constant: false, hasMarker: false, bind: (context) => node.evaluate([], context) };
  const constant = new TermNode(node.name, node.type, term);
  fetched.checks.push((bind) => constant.evaluate([], bind));
  return constant;
}

const isConstant = (node: SelectionNode): boolean =>
  node instanceof TermNode || (node instanceof RenamedNode && isConstant(node.of));

function castNode(
  environment: PlanEnvironment,
  cast: Extract<Selectable, { kind: 'cast' }>,
  expected: CqlType | null,
  fetched: FetchedColumns,
): SelectionNode {
  const type = resolveType(environment, cast.type);
  const of = planSelectable(environment, cast.of, expected, fetched);
  if (sameType(of.type, type)) return of;
  const fn = environment.functions.resolveCast(of.type, type);
  if (fn === null) throw invalid(`${of.name} cannot be cast to ${typeToCql(type)}`);
  return scalarCall(fn, [of], fetched);
}

function hintNode(
  environment: PlanEnvironment,
  hint: Extract<Selectable, { kind: 'hint' }>,
  fetched: FetchedColumns,
): SelectionNode {
  const type = selectableType(environment, hint)!;
  const text = selectableText(environment, hint);
  if (assignSelectable(environment, hint.of, type) === 'no')
    throw invalid(`Cannot assign value ${text} to ${text} of type ${typeToCql(type)}`);
  return new RenamedNode(planSelectable(environment, hint.of, type, fetched), text, type);
}

function fieldNode(
  environment: PlanEnvironment,
  selectable: Extract<Selectable, { kind: 'field' }>,
  fetched: FetchedColumns,
): SelectionNode {
  const of = planSelectable(environment, selectable.of, null, fetched);
  const { type } = of;
  const text = selectableText(environment, selectable.of);
  if (type.kind !== 'udt')
    throw invalid(`Invalid field selection: ${text} of type ${typeToCql(type)} is not a user type`);
  const index = fieldIndex(type, selectable.field);
  if (index < 0) throw invalid(`${text} of type ${typeToCql(type)} has no field ${selectable.field}`);
  return new ComputedNode(`${of.name}.${selectable.field}`, type.fieldTypes[index]!, [of], ([value]) =>
    value ? unpackTuple(value, type)[index]! : null,
  );
}

function collectionNode(
  environment: PlanEnvironment,
  selectable: Extract<Selectable, { kind: 'element' | 'slice' }>,
  fetched: FetchedColumns,
): SelectionNode {
  const of = planSelectable(environment, selectable.of, null, fetched);
  const { type } = of;
  const text = selectableText(environment, selectable.of);
  const isElement = selectable.kind === 'element';
  const what = isElement ? 'element' : 'slice';
  if (type.kind === 'list')
    throw invalid(
      `${isElement ? 'Element' : 'Slice'} selection is only allowed on sets and maps, but ${text} is a list`,
    );
  if (type.kind !== 'set' && type.kind !== 'map')
    throw invalid(
      isElement
        ? `Invalid element selection: ${text} is of type ${typeToCql(type)} is not a collection`
        : `Invalid slice selection: ${text} of type ${typeToCql(type)} is not a collection`,
    );
  const base = derivedReceiver(selectionReceiver(environment, type), of.name, type);
  const receiver =
    type.kind === 'set'
      ? derivedReceiver(base, `value(${of.name})`, type.element)
      : derivedReceiver(base, `key(${of.name})`, type.key);
  const name = selectableText(environment, selectable);
  if (selectable.kind === 'element') {
    const key = prepareTerm(environment, selectable.index, receiver);
    fetched.checks.push((bind) => boundKey(key, bind, what, of.name));
    return new ComputedNode(name, elementType(type)!, [of], ([value], bind) => {
      const wanted = boundKey(key, bind, what, of.name);
      return value ? collectionElement(type, value, wanted) : null;
    });
  }
  const bound = (term: TermSyntax | null) => (term === null ? unsetTerm : prepareTerm(environment, term, receiver));
  const from = bound(selectable.from);
  const to = bound(selectable.to);
  for (const term of [from, to]) fetched.checks.push((bind) => openBound(term, bind, of.name));
  return new ComputedNode(name, type, [of], ([value], bind) => {
    const start = openBound(from, bind, of.name);
    const end = openBound(to, bind, of.name);
    return value ? collectionSlice(type, value, start, end) : null;
  });
}

function boundKey(term: Term, bind: BindContext, what: string, name: string): Uint8Array {
  const value = term.bind(bind);
  if (value === null) throw invalid(`Invalid null value for ${what} selection on ${name}`);
  if (value === UNSET) throw invalid(`Invalid unset value for ${what} selection on ${name}`);
  return value;
}

/** null for an open end. */
function openBound(term: Term, bind: BindContext, name: string): Uint8Array | null {
  const value = term.bind(bind);
  if (value === null) throw invalid(`Invalid null value for slice selection on ${name}`);
  return value === UNSET ? null : value;
}

type Literal = Extract<Selectable, { kind: 'tuple' | 'list' | 'set' | 'map' | 'udt' }>;

function literalNode(
  environment: PlanEnvironment,
  literal: Literal,
  expected: CqlType | null,
  fetched: FetchedColumns,
): SelectionNode {
  // A list where a vector is wanted is one.
  const isVector = expected?.kind === 'vector' && literal.kind === 'list';
  const type = isVector ? expected : (selectableType(environment, literal) ?? expected);
  const name = selectableText(environment, literal);
  const plan = (inner: Selectable, of: CqlType | null) => planSelectable(environment, inner, of, fetched);
  if (type === null) return cannotInfer(name);
  if (literal.kind === 'udt' && type.kind === 'map') return new RenamedNode(plan(asMap(literal), type), name, type);
  if (literal.kind === 'tuple' && literal.elements.length === 1 && type.kind !== 'tuple') {
    const inner = plan(literal.elements[0]!, expected);
    return new RenamedNode(inner, `(${inner.name})`, inner.type);
  }
  switch (type.kind) {
    case 'tuple': {
      const args = elementsOf(literal).map((element, i) => plan(element, type.fields[i] ?? null));
      return new ComputedNode(name, type, args, (values) => packTuple(values));
    }
    case 'list': {
      const args = elementsOf(literal).map((element) => plan(element, type.element));
      return new ComputedNode(name, type, args, (values) => packCollection(values));
    }
    case 'vector': {
      const args = elementsOf(literal).map((element) => plan(element, type.element));
      if (args.length !== type.dimensions)
        throw invalid(`Unable to create a vector selector of type ${typeToCql(type)} from ${args.length} elements`);
      return new ComputedNode(name, type, args, (values) => packVector(type, present(values)));
    }
    case 'set': {
      if (type.element.kind === 'duration') throw invalid(`Durations are not allowed inside sets: ${typeToCql(type)}`);
      const args = elementsOf(literal).map((element) => plan(element, type.element));
      return new ComputedNode(name, type, args, (values) => packSet(type.element, present(values)));
    }
    case 'map': {
      const entries = literal.kind === 'map' ? literal.entries : [];
      const args = entries.flatMap(([key, value]) => [plan(key, type.key), plan(value, type.value)]);
      return new ComputedNode(name, type, args, (values) => {
        const flat = present(values);
        return packMap(
          type.key,
          entries.map((_, i) => [flat[2 * i]!, flat[2 * i + 1]!] as const),
        );
      });
    }
    case 'udt':
      return userTypeNode(literal, name, type, plan);
    default:
      return cannotInfer(name);
  }
}

const elementsOf = (literal: Literal): readonly Selectable[] => ('elements' in literal ? literal.elements : []);

function present(values: readonly (Uint8Array | null)[]): Uint8Array[] {
  if (values.includes(null)) throw invalid('null is not supported inside collections');
  return values as Uint8Array[];
}

function userTypeNode(
  literal: Literal,
  name: string,
  type: UserType,
  plan: (inner: Selectable, of: CqlType | null) => SelectionNode,
): SelectionNode {
  const fields = literal.kind === 'udt' ? literal.fields : [];
  const indexes = fields.map(([field]) => {
    const index = fieldIndex(type, field);
    if (index < 0) throw invalid(`Unknown field '${field}' in value of user defined type ${type.name}`);
    return index;
  });
  const args = fields.map(([, value], i) => plan(value, type.fieldTypes[indexes[i]!]!));
  return new ComputedNode(name, type, args, (values) => {
    const packed: (Uint8Array | null)[] = type.fieldNames.map(() => null);
    indexes.forEach((index, i) => {
      packed[index] = values[i]!;
    });
    return packTuple(packed);
  });
}

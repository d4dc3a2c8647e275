// How terms fit receivers before they are planned (Cassandra's AssignmentTestable).
import { type FerrosaError, invalid } from '../../common/errors.js';
import type { LiteralKind, Term } from '../../cql/index.js';
import { termText } from '../../cql/index.js';
import { type CqlType, preferredTypeOf, testConstant, typeToCql } from '../../types/index.js';
import type { Argument, Assignability, CqlFunction } from '../function-api.js';
import { type PlanEnvironment, resolveType } from '../plan-environment.js';
import { assignCast, assignResult, commonType, worst } from './compatible.js';
import { resolveOnce } from './resolutions.js';

/** The term as function resolution sees it. */
export function argumentOf(environment: PlanEnvironment, term: Term): Argument {
  return {
    testAssignment: (receiver) => assignTerm(environment, term, receiver),
    exactType: () => exactType(environment, term),
    compatibleType: () => compatibleType(environment, term),
    get text() {
      return termText(term, environment.keyspace);
    },
    isMarker: term.kind === 'marker',
    ...(term.kind === 'list' ? { arrayLiteralSize: term.elements.length } : {}),
  };
}

/** How a constant fits a type. */
export function assignConstant(literal: LiteralKind, text: string, receiver: CqlType): Assignability {
  const result = testConstant(literal, text, receiver);
  return result === 'none' ? 'no' : result;
}

/** How the term fits a type. */
export function assignTerm(environment: PlanEnvironment, term: Term, receiver: CqlType): Assignability {
  switch (term.kind) {
    case 'literal':
      return assignConstant(term.literal, term.text, receiver);
    case 'null':
      return receiver.kind === 'counter' ? 'no' : 'weak';
    case 'marker':
      return 'weak';
    case 'hint': {
      const type = resolveType(environment, term.type);
      return assignCast(type, receiver);
    }
    case 'call':
    case 'arithmetic':
    case 'negate':
      return assignCall(environment, term, receiver);
    case 'list':
    case 'set':
    case 'map':
    case 'udt':
    case 'tuple':
      return assignCollection(environment, term, receiver);
  }
}

type Call = Extract<Term, { kind: 'call' | 'arithmetic' | 'negate' }>;

/** Finds the function a call means; null when there is none of the name. */
export function resolveCall(environment: PlanEnvironment, term: Call, receiver: CqlType | null): CqlFunction | null {
  return resolveOnce(environment, term, receiver, () => chooseFunction(environment, term, receiver));
}

function chooseFunction(environment: PlanEnvironment, term: Call, receiver: CqlType | null): CqlFunction | null {
  const { functions, keyspace, table } = environment;
  if (term.kind === 'call')
    return functions.resolve(
      keyspace,
      term.function,
      term.args.map((arg) => argumentOf(environment, arg)),
      receiver,
      table,
    );
  if (term.kind === 'negate') return functions.resolveNegation(argumentOf(environment, term.term), receiver);
  const left = argumentOf(environment, term.left);
  return functions.resolveOperation(term.op, left, argumentOf(environment, term.right), receiver);
}

/** The arguments of a call, operands of an operation. */
export function callArguments(term: Call): readonly Term[] {
  if (term.kind === 'call') return term.args;
  return term.kind === 'negate' ? [term.term] : [term.left, term.right];
}

function assignCall(environment: PlanEnvironment, term: Call, receiver: CqlType): Assignability {
  let fn: CqlFunction | null;
  try {
    fn = resolveCall(environment, term, receiver);
  } catch {
    // The error itself is told when the call is planned.
    return 'weak';
  }
  if (fn === null) return 'weak';
  return assignResult(fn.returnType, receiver);
}

/** What a list literal is told of a type that is neither list nor vector (ArrayLiteral.forReceiver), also where another candidate might fit. */
export const noListReceiver = (type: CqlType): FerrosaError =>
  invalid(`Unexpected receiver type '${typeToCql(type)}'; only list and vector are expected`);

type Collection = Extract<Term, { kind: 'list' | 'set' | 'map' | 'udt' | 'tuple' }>;

function assignCollection(environment: PlanEnvironment, term: Collection, receiver: CqlType): Assignability {
  const assign = (element: Term, type: CqlType) => assignTerm(environment, element, type);
  switch (term.kind) {
    case 'list':
      if (receiver.kind === 'vector')
        return term.elements.length === receiver.dimensions
          ? worst(term.elements.map((element) => assign(element, receiver.element)))
          : 'no';
      if (receiver.kind !== 'list') throw noListReceiver(receiver);
      return term.elements.length === 0 ? 'weak' : worst(term.elements.map((e) => assign(e, receiver.element)));
    case 'set':
      if (receiver.kind === 'map' && term.elements.length === 0) return 'weak';
      if (receiver.kind !== 'set') return 'no';
      return term.elements.length === 0 ? 'weak' : worst(term.elements.map((e) => assign(e, receiver.element)));
    case 'map':
      if (receiver.kind !== 'map') return 'no';
      return worst(term.entries.flatMap(([k, v]) => [assign(k, receiver.key), assign(v, receiver.value)]));
    case 'udt':
      if (receiver.kind !== 'udt') return 'no';
      return receiver.fieldNames.every((name, i) => {
        const field = term.fields.find(([fieldName]) => fieldName === name);
        return field === undefined || assign(field[1], receiver.fieldTypes[i]!) !== 'no';
      })
        ? 'weak'
        : 'no';
    case 'tuple':
      if (term.elements.length === 1 && receiver.kind !== 'tuple') return assign(term.elements[0]!, receiver);
      if (receiver.kind !== 'tuple' || term.elements.length > receiver.fields.length) return 'no';
      return term.elements.every((element, i) => assign(element, receiver.fields[i]!) !== 'no') ? 'weak' : 'no';
  }
}

/** The type that the term has whatever it is given to, null when that is open. */
export function exactType(environment: PlanEnvironment, term: Term): CqlType | null {
  switch (term.kind) {
    case 'hint':
      return resolveType(environment, term.type);
    case 'call':
    case 'arithmetic':
    case 'negate':
      try {
        return resolveCall(environment, term, null)?.returnType ?? null;
      } catch {
        return null;
      }
    case 'list':
    case 'set': {
      const element = term.elements.map((e) => exactType(environment, e)).find((type) => type !== null);
      return element ? { kind: term.kind, element, frozen: true } : null;
    }
    case 'map': {
      const key = term.entries.map(([k]) => exactType(environment, k)).find((type) => type !== null);
      const value = term.entries.map(([, v]) => exactType(environment, v)).find((type) => type !== null);
      return key && value ? { kind: 'map', key, value, frozen: true } : null;
    }
    case 'tuple': {
      const fields = term.elements.map((e) => exactType(environment, e));
      return fields.includes(null) ? null : { kind: 'tuple', fields: fields as CqlType[] };
    }
    default:
      return null;
  }
}

/** A type that the term would have if nothing else decided. */
export function compatibleType(environment: PlanEnvironment, term: Term): CqlType | null {
  switch (term.kind) {
    case 'literal':
      return { kind: preferredTypeOf(term.literal, term.text) };
    case 'list':
    case 'set': {
      const element = commonType(term.elements.map((e) => compatibleType(environment, e)));
      return element === null ? null : { kind: term.kind, element, frozen: true };
    }
    case 'map': {
      const key = commonType(term.entries.map(([k]) => compatibleType(environment, k)));
      const value = commonType(term.entries.map(([, v]) => compatibleType(environment, v)));
      return key === null || value === null ? null : { kind: 'map', key, value, frozen: true };
    }
    default:
      return exactType(environment, term);
  }
}

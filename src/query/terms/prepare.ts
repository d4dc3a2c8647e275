// Plans terms for a receiver: checks that they fit, computes what is constant, notes the bind markers.

import { FerrosaError, invalid } from '../../common/errors.js';
import { grownHashSize, javaBytesHash, javaHashOrder } from '../../common/java-hash.js';
import type { Term as TermNode } from '../../cql/index.js';
import { termText } from '../../cql/index.js';
import {
  type CqlType,
  castTypeText,
  emptyCollection,
  encodeConstant,
  type MapEntry,
  packList,
  packMap,
  packSet,
  packTuple,
  packVector,
  typeToCql,
  type UserType,
} from '../../types/index.js';
import { derivedReceiver, type Receiver } from '../binds.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { resolveType } from '../plan-environment.js';
import { assignTerm, callArguments, noListReceiver, resolveCall } from './arguments.js';
import { assignCast, assignResult } from './compatible.js';
import {
  CollectionTerm,
  ConstantTerm,
  FunctionTerm,
  MarkerTerm,
  nullTerm,
  type Term,
  TupleLiteralTerm,
  UserFunctionTerm,
} from './term.js';

/**
 * Plans a term.
 * @throws FerrosaError INVALID with Cassandra's text when it does not fit
 */
export function prepareTerm(environment: PlanEnvironment, term: TermNode, receiver: Receiver): Term {
  switch (term.kind) {
    case 'literal':
      return new ConstantTerm(encodeConstant(term.literal, term.text, receiver.type, receiver.name, environment.text));
    case 'null':
      if (receiver.type.kind === 'counter') throw invalid('Invalid null value for counter increment/decrement');
      return nullTerm;
    case 'marker':
      environment.markers.add(term.index, receiver);
      return new MarkerTerm(term.index, receiver.type);
    case 'hint':
      return prepareHint(environment, term, receiver);
    case 'call':
    case 'arithmetic':
    case 'negate':
      return prepareCall(environment, term, receiver);
    case 'list':
      return receiver.type.kind === 'vector'
        ? prepareVector(environment, term.elements, receiver)
        : prepareList(environment, term.elements, receiver);
    case 'set':
      return prepareSet(environment, term.elements, receiver);
    case 'map':
      return prepareMap(environment, term.entries, receiver);
    case 'udt':
      return prepareUserType(environment, term.fields, receiver);
    case 'tuple':
      return prepareTuple(environment, term.elements, receiver);
  }
}

function prepareHint(
  environment: PlanEnvironment,
  term: Extract<TermNode, { kind: 'hint' }>,
  receiver: Receiver,
): Term {
  const type = resolveType(environment, term.type);
  const text = (of: TermNode) => termText(of, environment.keyspace);
  if (assignTerm(environment, term.term, type) === 'no')
    throw invalid(`Cannot cast value ${text(term.term)} to type ${castTypeText(term.type, environment.keyspace)}`);
  if (assignCast(type, receiver.type) === 'no')
    throw invalid(`Cannot assign value ${text(term)} to ${receiver.name} of type ${typeToCql(receiver.type)}`);
  return prepareTerm(environment, term.term, receiver);
}

function prepareCall(
  environment: PlanEnvironment,
  term: Extract<TermNode, { kind: 'call' | 'arithmetic' | 'negate' }>,
  receiver: Receiver,
): Term {
  const fn = resolveCall(environment, term, receiver.type);
  if (fn === null) throw invalid(`Unknown function ${functionName(term)} called`);
  if (fn.kind === 'aggregate') throw invalid('Aggregation function are not supported in the where clause');
  if (assignResult(fn.returnType, receiver.type) === 'no') {
    const what = term.kind === 'arithmetic' ? `operation ${term.op}` : `function ${fn.displayName}`;
    throw invalid(
      `Type error: cannot assign result of ${what} (type ${typeToCql(fn.returnType)}) to ` +
        `${receiver.name} (type ${typeToCql(receiver.type)})`,
    );
  }
  const args = callArguments(term);
  if (fn.argTypes.length !== args.length)
    throw invalid(
      `Incorrect number of arguments specified for function ${fn.displayName} ` +
        `(expected ${fn.argTypes.length}, found ${args.length})`,
    );
  const terms = args.map((arg, i) =>
    prepareTerm(environment, arg, derivedReceiver(receiver, `arg${i}(${fn.displayName})`, fn.argTypes[i]!)),
  );
  if (fn.user === undefined) return new FunctionTerm(fn, terms);
  const call = new UserFunctionTerm(fn, terms);
  environment.userCalls.push(call);
  return call;
}

function functionName(term: TermNode): string {
  if (term.kind !== 'call') return termText(term);
  return term.function.keyspace === null ? term.function.name : `${term.function.keyspace}.${term.function.name}`;
}

const elementReceiver = (receiver: Receiver, type: CqlType) =>
  derivedReceiver(receiver, `value(${receiver.name})`, type);
const keyReceiver = (receiver: Receiver, type: CqlType) => derivedReceiver(receiver, `key(${receiver.name})`, type);

/** Keys and values that alternate, as entries. */
export function pairs(flat: readonly Uint8Array[]): MapEntry[] {
  const entries: MapEntry[] = [];
  for (let i = 0; i < flat.length; i += 2) entries.push([flat[i]!, flat[i + 1]!]);
  return entries;
}

/** Plans the elements of a collection literal; constant when all of them are. */
function prepareElements(
  environment: PlanEnvironment,
  what: string,
  elements: readonly (readonly [TermNode, Receiver])[],
  receiver: Receiver,
): { terms: Term[]; constants: Uint8Array[] | null } {
  const terms = elements.map(([element, elementOf]) => {
    const term = prepareTerm(environment, element, elementOf);
    if (term.hasMarker)
      throw invalid(
        `Invalid ${what} literal for ${receiver.name}: bind variables are not supported inside collection literals`,
      );
    return term;
  });
  if (!terms.every((term) => term.constant)) return { terms, constants: null };
  const constants = terms.map((term) => {
    const value = (term as ConstantTerm).value;
    if (!(value instanceof Uint8Array)) throw invalid('null is not supported inside collections');
    return value;
  });
  return { terms, constants };
}

function checkElements(
  environment: PlanEnvironment,
  what: string,
  elements: readonly TermNode[],
  of: Receiver,
  type: CqlType,
) {
  for (const element of elements)
    if (assignTerm(environment, element, type) === 'no')
      throw invalid(
        `Invalid ${what} literal for ${of.name}: value ${termText(element)} is not of type ${typeToCql(type)}`,
      );
}

function prepareList(environment: PlanEnvironment, elements: readonly TermNode[], receiver: Receiver): Term {
  const { type } = receiver;
  if (type.kind !== 'list') throw noListReceiver(type);
  checkElements(environment, 'list', elements, receiver, type.element);
  const of = elementReceiver(receiver, type.element);
  const { terms, constants } = prepareElements(
    environment,
    'list',
    elements.map((e) => [e, of] as const),
    receiver,
  );
  return constants === null ? new CollectionTerm(type, terms) : new ConstantTerm(packList(constants));
}

function prepareSet(environment: PlanEnvironment, elements: readonly TermNode[], receiver: Receiver): Term {
  const { type } = receiver;
  if (type.kind === 'map' && elements.length === 0) return new ConstantTerm(emptyCollection);
  if (type.kind !== 'set') throw invalid(`Invalid set literal for ${receiver.name} of type ${typeToCql(type)}`);
  checkElements(environment, 'set', elements, receiver, type.element);
  const of = elementReceiver(receiver, type.element);
  const { terms, constants } = prepareElements(
    environment,
    'set',
    elements.map((e) => [e, of] as const),
    receiver,
  );
  return constants === null ? new CollectionTerm(type, terms) : new ConstantTerm(packSet(type.element, constants));
}

function prepareMap(
  environment: PlanEnvironment,
  entries: readonly (readonly [TermNode, TermNode])[],
  receiver: Receiver,
): Term {
  const { type } = receiver;
  if (type.kind !== 'map') throw invalid(`Invalid map literal for ${receiver.name} of type ${typeToCql(type)}`);
  for (const [key, value] of entries) {
    if (assignTerm(environment, key, type.key) === 'no')
      throw invalid(
        `Invalid map literal for ${receiver.name}: key ${termText(key)} is not of type ${typeToCql(type.key)}`,
      );
    checkElements(environment, 'map', [value], receiver, type.value);
  }
  const keyOf = keyReceiver(receiver, type.key);
  const valueSpec = elementReceiver(receiver, type.value);
  const flat = entries.flatMap(([key, value]) => [[key, keyOf] as const, [value, valueSpec] as const]);
  const { terms, constants } = prepareElements(environment, 'map', flat, receiver);
  return constants === null ? new CollectionTerm(type, terms) : new ConstantTerm(packMap(type.key, pairs(constants)));
}

function prepareVector(environment: PlanEnvironment, elements: readonly TermNode[], receiver: Receiver): Term {
  const { type } = receiver;
  if (type.kind !== 'vector') throw invalid(`Invalid vector literal for ${receiver.name} of type ${typeToCql(type)}`);
  if (elements.length !== type.dimensions)
    throw invalid(
      `Invalid vector literal for ${receiver.name} of type ${typeToCql(type)}; ` +
        `expected ${type.dimensions} elements, but given ${elements.length}`,
    );
  const of = elementReceiver(receiver, type.element);
  const terms = elements.map((element) => {
    checkElements(environment, 'vector', [element], receiver, type.element);
    return prepareTerm(environment, element, of);
  });
  const collection = new CollectionTerm(type, terms);
  if (!terms.every((term) => term.constant)) return collection;
  const constants = terms.map((term) => {
    const value = (term as ConstantTerm).value;
    if (!(value instanceof Uint8Array)) throw invalid('null is not supported inside vectors');
    return value;
  });
  return new ConstantTerm(packVector(type, constants));
}

function prepareUserType(
  environment: PlanEnvironment,
  fields: readonly (readonly [string, TermNode])[],
  receiver: Receiver,
): Term {
  const { type } = receiver;
  if (type.kind !== 'udt') throw invalid(`Invalid user type literal for ${receiver.name} of type ${typeToCql(type)}`);
  const given = new Map(fields);
  type.fieldNames.forEach((name, i) => {
    const value = given.get(name);
    if (value !== undefined && assignTerm(environment, value, type.fieldTypes[i]!) === 'no')
      throw invalid(
        `Invalid user type literal for ${receiver.name}: field ${name} is not of type ${typeToCql(type.fieldTypes[i]!)}`,
      );
  });
  const terms = type.fieldNames.map((name, i) =>
    prepareTerm(environment, given.get(name) ?? { kind: 'null' }, fieldReceiver(receiver, type, i)),
  );
  for (const name of javaHashOrder([...given.keys()], grownHashSize(given.size), javaBytesHash))
    if (!type.fieldNames.includes(name))
      throw invalid(`Unknown field '${name}' in value of user defined type ${type.name}`);
  const unset = type.frozen
    ? (i: number) => `Invalid unset value for field '${type.fieldNames[i]}' of user defined type ${type.name}`
    : null;
  return foldTuple(terms, unset);
}

/** What a field of a user type column is called in messages and metadata. */
export function fieldReceiver(receiver: Receiver, type: UserType, field: number): Receiver {
  return derivedReceiver(receiver, `${receiver.name}.${type.fieldNames[field]}`, type.fieldTypes[field]!);
}

function prepareTuple(environment: PlanEnvironment, elements: readonly TermNode[], receiver: Receiver): Term {
  const { type, name } = receiver;
  if (elements.length === 1 && type.kind !== 'tuple') return prepareTerm(environment, elements[0]!, receiver);
  if (type.kind !== 'tuple') throw invalid(`Invalid tuple type literal for ${name} of type ${typeToCql(type)}`);
  elements.forEach((element, i) => {
    const field = type.fields[i];
    if (field === undefined)
      throw invalid(
        `Invalid tuple literal for ${name}: too many elements. Type ${typeToCql(type)} expects ` +
          `${type.fields.length} but got ${elements.length}`,
      );
    if (assignTerm(environment, element, field) === 'no')
      throw invalid(`Invalid tuple literal for ${name}: component ${i} is not of type ${typeToCql(field)}`);
  });
  const terms = elements.map((element, i) =>
    prepareTerm(environment, element, derivedReceiver(receiver, `${name}[${i}]`, type.fields[i]!)),
  );
  return foldTuple(terms, (i) => `Invalid unset value for tuple field number ${i}`);
}

function foldTuple(terms: readonly Term[], unset: ((field: number) => string) | null): Term {
  if (!terms.every((term) => term.constant)) return new TupleLiteralTerm(terms, unset);
  return new ConstantTerm(packTuple(terms.map((term) => (term as ConstantTerm).value as Uint8Array | null)));
}

/** Runs `prepare` and replaces Cassandra's message of an Invalid error by `message`. */
export function withMessage<T>(message: string, prepare: () => T): T {
  try {
    return prepare();
  } catch (error) {
    if (error instanceof FerrosaError && error.code === 'INVALID') throw invalid(message);
    throw error;
  }
}

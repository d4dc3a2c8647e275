// What is known of a SELECT item before it is planned: its text and its type (Cassandra's Selectable).
import type { Selectable, Term } from '../../cql/index.js';
import { termText, tupleText, typeNodeText } from '../../cql/index.js';
import { type CqlType, castTypeText, freeze, isMulticell } from '../../types/index.js';
import type { Argument, Assignability, CqlFunction } from '../function-api.js';
import { type PlanEnvironment, resolveType } from '../plan-environment.js';
import { existingColumn } from '../restrictions/relation-checks.js';
import { argumentOf, assignTerm, compatibleType, exactType } from '../terms/arguments.js';
import { assignCast, assignSelected, commonType, worst } from '../terms/compatible.js';
import { resolveOnce } from '../terms/resolutions.js';
import { fieldIndex } from '../values.js';

/** As messages and unaliased columns show it. */
export function selectableText(environment: PlanEnvironment, selectable: Selectable): string {
  const text = (inner: Selectable) => selectableText(environment, inner);
  switch (selectable.kind) {
    case 'column':
      return selectable.name;
    case 'term':
      return termText(selectable.term);
    case 'countRows':
      return 'count';
    case 'call':
    case 'arithmetic':
    case 'negate': {
      const args = selectableArguments(selectable);
      return resolveSelectable(environment, selectable)?.columnName(args.map(text)) ?? args.map(text).join(', ');
    }
    case 'cast':
      return `cast(${text(selectable.of)} as ${typeNodeText(selectable.type)})`;
    case 'hint':
      return `(${castTypeText(selectable.type, environment.keyspace)})${text(selectable.of)}`;
    case 'writetime':
    case 'maxwritetime':
    case 'ttl':
      return `${selectable.kind}(${text(selectable.of)})`;
    case 'field':
      return `${text(selectable.of)}.${selectable.field}`;
    case 'element':
      return `${text(selectable.of)}[${termText(selectable.index)}]`;
    case 'slice': {
      const bound = (term: Term | null) => (term === null ? '' : termText(term));
      return `${text(selectable.of)}[${bound(selectable.from)}..${bound(selectable.to)}]`;
    }
    case 'tuple':
      return tupleText(selectable.elements.map(text));
    case 'list':
      return `[${selectable.elements.map(text).join(', ')}]`;
    case 'set':
      return `{${selectable.elements.map(text).join(', ')}}`;
    case 'map':
      return `{${selectable.entries.map(([k, v]) => `${text(k)}: ${text(v)}`).join(', ')}}`;
    case 'udt':
      return `{${selectable.fields.map(([k, v]) => `${k}: ${text(v)}`).join(', ')}}`;
  }
}

export type Call = Extract<Selectable, { kind: 'call' | 'arithmetic' | 'negate' }>;

/** count(1) is count(*). */
function isCountOfLiteral(call: Call): boolean {
  if (call.kind !== 'call' || call.args.length !== 1) return false;
  const { keyspace, name } = call.function;
  const [arg] = call.args;
  const isCount = name === 'count' && (keyspace === null || keyspace === 'system');
  return isCount && arg!.kind === 'term' && arg!.term.kind === 'literal';
}

/** Arguments of a call, operands of an operation. */
export function selectableArguments(call: Call): readonly Selectable[] {
  if (isCountOfLiteral(call)) return [];
  if (call.kind === 'call') return call.args;
  return call.kind === 'negate' ? [call.of] : [call.left, call.right];
}

/** What a selectable is made of: arguments, operands, elements; no terms. */
export function selectableParts(selectable: Selectable): readonly Selectable[] {
  switch (selectable.kind) {
    case 'call':
      return selectable.args;
    case 'arithmetic':
      return [selectable.left, selectable.right];
    case 'tuple':
    case 'list':
    case 'set':
      return selectable.elements;
    case 'map':
      return selectable.entries.flat();
    case 'udt':
      return selectable.fields.map(([, value]) => value);
    case 'column':
    case 'term':
    case 'countRows':
      return [];
    default:
      return [selectable.of];
  }
}

/** The function a call means, null when there is none of the name. */
export function resolveSelectable(environment: PlanEnvironment, call: Call): CqlFunction | null {
  return resolveOnce(environment, call, null, () => chooseFunction(environment, call));
}

function chooseFunction(environment: PlanEnvironment, call: Call): CqlFunction | null {
  const { functions, keyspace, table } = environment;
  if (isCountOfLiteral(call)) return functions.countRows;
  const args = selectableArguments(call).map((arg) => selectableArgument(environment, arg));
  if (call.kind === 'call') return functions.resolve(keyspace, call.function, args, null, table);
  if (call.kind === 'negate') return functions.resolveNegation(args[0]!, null);
  return functions.resolveOperation(call.op, args[0]!, args[1]!, null);
}

export function selectableArgument(environment: PlanEnvironment, selectable: Selectable): Argument {
  if (selectable.kind === 'term') return argumentOf(environment, selectable.term);
  return {
    testAssignment: (receiver) => assignSelectable(environment, selectable, receiver),
    exactType: () => selectableType(environment, selectable),
    compatibleType: () => selectableType(environment, selectable) ?? compatibleSelectable(environment, selectable),
    get text() {
      return selectableText(environment, selectable);
    },
    isMarker: false,
    ...(selectable.kind === 'list' ? { arrayLiteralSize: selectable.elements.length } : {}),
  };
}

/** The type it has whatever is expected, null when that is open. */
export function selectableType(environment: PlanEnvironment, selectable: Selectable): CqlType | null {
  const typeOf = (inner: Selectable) => selectableType(environment, inner);
  switch (selectable.kind) {
    case 'column':
      return existingColumn(environment.table, selectable.name).type;
    case 'term':
      return exactType(environment, selectable.term);
    case 'countRows':
      return { kind: 'bigint' };
    case 'call':
    case 'arithmetic':
    case 'negate':
      return resolveSelectable(environment, selectable)?.returnType ?? null;
    case 'cast':
      return resolveType(environment, selectable.type);
    case 'hint':
      return freeze(resolveType(environment, selectable.type));
    case 'writetime':
    case 'maxwritetime':
    case 'ttl':
      return timeType(selectable.kind, typeOf(selectable.of));
    case 'field': {
      const type = typeOf(selectable.of);
      return type?.kind === 'udt' ? (type.fieldTypes[fieldIndex(type, selectable.field)] ?? null) : null;
    }
    case 'element': {
      const type = typeOf(selectable.of);
      return type === null ? null : elementType(type);
    }
    case 'slice':
      return typeOf(selectable.of);
    default:
      return literalType(selectable, typeOf, (types) => types.find((type) => type !== null) ?? null);
  }
}

/** Type of the write times or times to live of a column: a list for a multicell one. */
export function timeType(kind: 'writetime' | 'maxwritetime' | 'ttl', of: CqlType | null): CqlType {
  const single: CqlType = { kind: kind === 'ttl' ? 'int' : 'bigint' };
  const isList = of !== null && isMulticell(of) && kind !== 'maxwritetime';
  return isList ? { kind: 'list', element: single, frozen: true } : single;
}

/** What selecting one element of a collection gives; null for what has no keys. */
export function elementType(type: CqlType): CqlType | null {
  if (type.kind === 'map') return type.value;
  return type.kind === 'set' || type.kind === 'list' ? type.element : null;
}

type Literal = Extract<Selectable, { kind: 'tuple' | 'list' | 'set' | 'map' | 'udt' }>;

function literalType(
  literal: Literal,
  typeOf: (inner: Selectable) => CqlType | null,
  pick: (types: (CqlType | null)[]) => CqlType | null,
): CqlType | null {
  switch (literal.kind) {
    case 'tuple': {
      if (literal.elements.length === 1) return null;
      const fields = literal.elements.map(typeOf);
      return fields.includes(null) ? null : { kind: 'tuple', fields: fields as CqlType[] };
    }
    case 'list':
    case 'set': {
      const element = pick(literal.elements.map(typeOf));
      return element === null ? null : { kind: literal.kind, element, frozen: true };
    }
    case 'map':
    case 'udt':
      return null;
  }
}

function compatibleSelectable(environment: PlanEnvironment, selectable: Selectable): CqlType | null {
  if (selectable.kind === 'term') return compatibleType(environment, selectable.term);
  if (selectable.kind !== 'tuple' && selectable.kind !== 'list' && selectable.kind !== 'set') return null;
  const typeOf = (inner: Selectable) => selectableType(environment, inner) ?? compatibleSelectable(environment, inner);
  return literalType(selectable, typeOf, commonType);
}

/** How it fits a type. */
export function assignSelectable(
  environment: PlanEnvironment,
  selectable: Selectable,
  receiver: CqlType,
): Assignability {
  const assign = (inner: Selectable, type: CqlType) => assignSelectable(environment, inner, type);
  switch (selectable.kind) {
    case 'term':
      return assignTerm(environment, selectable.term, receiver);
    case 'tuple':
      if (selectable.elements.length === 1 && receiver.kind !== 'tuple')
        return assign(selectable.elements[0]!, receiver);
      if (receiver.kind !== 'tuple' || selectable.elements.length > receiver.fields.length) return 'no';
      return selectable.elements.every((e, i) => assign(e, receiver.fields[i]!) !== 'no') ? 'weak' : 'no';
    case 'list':
      if (receiver.kind !== 'list' && receiver.kind !== 'vector') return 'no';
      return selectable.elements.length === 0
        ? 'weak'
        : worst(selectable.elements.map((e) => assign(e, receiver.element)));
    case 'set':
      if (receiver.kind === 'map' && selectable.elements.length === 0) return 'weak';
      if (receiver.kind !== 'set') return 'no';
      return selectable.elements.length === 0
        ? 'weak'
        : worst(selectable.elements.map((e) => assign(e, receiver.element)));
    case 'map':
      if (receiver.kind !== 'map') return 'no';
      return worst(selectable.entries.flatMap(([k, v]) => [assign(k, receiver.key), assign(v, receiver.value)]));
    case 'udt':
      if (receiver.kind === 'map') return assign(asMap(selectable), receiver);
      if (receiver.kind !== 'udt') return 'no';
      return selectable.fields.every(([name, value]) => {
        const field = receiver.fieldTypes[fieldIndex(receiver, name)];
        return field !== undefined && assign(value, field) !== 'no';
      })
        ? 'weak'
        : 'no';
    case 'hint':
      return assignCast(selectableType(environment, selectable)!, receiver);
    default: {
      const type = selectableType(environment, selectable);
      return type === null ? 'no' : assignSelected(type, receiver);
    }
  }
}

/** `{a: b}` with column names as keys is read as a user type first. */
export function asMap(literal: Extract<Selectable, { kind: 'udt' }>): Selectable {
  return { kind: 'map', entries: literal.fields.map(([name, value]) => [{ kind: 'column', name }, value] as const) };
}

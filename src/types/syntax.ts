// From the syntax of a type to the type, with Cassandra's rules on what may nest in what.
import { configError, FerrosaError, invalid, syntaxError } from '../common/errors.js';
import { parseClassName, typeToClassName } from './class-name.js';
import { type CqlType, nativeTypeNames, type UserType } from './model.js';

/** The shape of src/cql/ast.ts TypeNode, which is above this layer. */
export type TypeSyntax =
  | { readonly kind: 'native'; readonly name: string }
  | { readonly kind: 'list' | 'set'; readonly element: TypeSyntax }
  | { readonly kind: 'map'; readonly key: TypeSyntax; readonly value: TypeSyntax }
  | { readonly kind: 'tuple'; readonly fields: readonly TypeSyntax[] }
  | { readonly kind: 'vector'; readonly element: TypeSyntax; readonly dimensions: number }
  | { readonly kind: 'frozen'; readonly inner: TypeSyntax }
  | { readonly kind: 'user'; readonly keyspace: string | null; readonly name: string }
  | { readonly kind: 'custom'; readonly className: string };

/** The user type of that name in its non-frozen form, or undefined. */
export type ResolveUserType = (keyspace: string, name: string) => UserType | undefined;

export type TypeContext = {
  /** Keyspace of the statement: user types come from there and from nowhere else. */
  readonly keyspace: string;
  readonly resolveUserType: ResolveUserType;
  /** Text that the schema itself holds: counters may be in collections there. */
  readonly internal?: boolean;
};

const nativeNames: ReadonlySet<string> = new Set(nativeTypeNames);

/**
 * The type that `syntax` means.
 * @throws FerrosaError INVALID with Cassandra's text for what may not nest and for unknown user types; SYNTAX_ERROR, as
 *   Cassandra's parser has it, for frozen<> around a plain type and for an unknown custom class
 */
export function typeFromSyntax(syntax: TypeSyntax, context: TypeContext): CqlType {
  return prepare(normalise(syntax), context);
}

/** Syntax with the frozen marks moved into the nodes, as frozen<> applies to everything inside. */
type Raw =
  | { kind: 'native'; name: string }
  | { kind: 'list' | 'set'; element: Raw; frozen: boolean }
  | { kind: 'map'; key: Raw; value: Raw; frozen: boolean }
  | { kind: 'tuple'; fields: Raw[] }
  | { kind: 'vector'; element: Raw; dimensions: number }
  | { kind: 'user'; keyspace: string | null; name: string; frozen: boolean }
  | { kind: 'custom'; className: string };

function normalise(syntax: TypeSyntax): Raw {
  switch (syntax.kind) {
    case 'list':
    case 'set':
      return { kind: syntax.kind, element: normalise(syntax.element), frozen: false };
    case 'map':
      return { kind: 'map', key: normalise(syntax.key), value: normalise(syntax.value), frozen: false };
    case 'tuple':
      return { kind: 'tuple', fields: syntax.fields.map((field) => freezeIfPossible(normalise(field))) };
    case 'vector':
      return { kind: 'vector', element: normalise(syntax.element), dimensions: syntax.dimensions };
    case 'frozen': {
      const inner = normalise(syntax.inner);
      if (isFreezable(inner)) return freezeIfPossible(inner);
      throw syntaxError(
        `frozen<> is only allowed on collections, tuples, and user-defined types (got ${rawToText(inner)})`,
      );
    }
    case 'user':
      return { kind: 'user', keyspace: syntax.keyspace, name: syntax.name, frozen: false };
    default:
      return syntax;
  }
}

function isFreezable(raw: Raw): boolean {
  return raw.kind !== 'native' && raw.kind !== 'custom';
}

function freezeIfPossible(raw: Raw): Raw {
  switch (raw.kind) {
    case 'list':
    case 'set':
      return { ...raw, element: freezeIfPossible(raw.element), frozen: true };
    case 'map':
      return { ...raw, key: freezeIfPossible(raw.key), value: freezeIfPossible(raw.value), frozen: true };
    case 'user':
      return { ...raw, frozen: true };
    default:
      return raw;
  }
}

/** @param keyspace  shown with user types that the text has without one; null: they are shown as they stand */
function rawToText(raw: Raw, keyspace: string | null = null): string {
  const text = (part: Raw) => rawToText(part, keyspace);
  const wrap = (text: string, frozen: boolean) => (frozen ? `frozen<${text}>` : text);
  switch (raw.kind) {
    case 'native':
      return raw.name;
    case 'list':
    case 'set':
      return wrap(`${raw.kind}<${text(raw.element)}>`, raw.frozen);
    case 'map':
      return wrap(`map<${text(raw.key)}, ${text(raw.value)}>`, raw.frozen);
    case 'tuple':
      return `tuple<${raw.fields.map(text).join(', ')}>`;
    case 'vector':
      return `vector<${text(raw.element)}, ${raw.dimensions}>`;
    case 'user': {
      const of = raw.keyspace ?? keyspace;
      return wrap(of === null ? raw.name : `${of}.${raw.name}`, raw.frozen);
    }
    case 'custom':
      return `'${typeToClassName(prepareCustom(raw.className))}'`;
  }
}

/** A type as Cassandra shows it in a cast: user types with their keyspace, what freezes with a type frozen. */
export function castTypeText(syntax: TypeSyntax, keyspace: string): string {
  return rawToText(normalise(syntax), keyspace);
}

const isNative = (raw: Raw, name: string): boolean => raw.kind === 'native' && raw.name === name;

function checkNested(outer: Raw, inner: Raw): void {
  if (!('frozen' in inner) || inner.frozen) return;
  const what = inner.kind === 'user' ? 'UDTs' : 'collections';
  throw invalid(`Non-frozen ${what} are not allowed inside collections: ${rawToText(outer)}`);
}

function checkCollection(raw: Extract<Raw, { kind: 'list' | 'set' | 'map' }>, context: TypeContext): void {
  const values = raw.kind === 'map' ? raw.value : raw.element;
  if (!raw.frozen) checkNested(raw, values);
  if (isNative(values, 'counter') && context.internal !== true) {
    throw invalid(`Counters are not allowed inside collections: ${rawToText(raw)}`);
  }
  if (raw.kind === 'set' && isNative(values, 'duration')) {
    throw invalid(`Durations are not allowed inside sets: ${rawToText(raw)}`);
  }
  if (raw.kind !== 'map') return;
  if (isNative(raw.key, 'counter')) throw invalid(`Counters are not allowed inside collections: ${rawToText(raw)}`);
  if (isNative(raw.key, 'duration')) throw invalid(`Durations are not allowed as map keys: ${rawToText(raw)}`);
  if (!raw.frozen) checkNested(raw, raw.key);
}

function prepare(raw: Raw, context: TypeContext): CqlType {
  switch (raw.kind) {
    case 'native':
      if (raw.name === 'varchar') return { kind: 'text' };
      if (raw.name !== 'empty' && !nativeNames.has(raw.name)) throw configError(`Unknown type ${raw.name}`);
      return { kind: raw.name } as CqlType;
    case 'list':
    case 'set':
      checkCollection(raw, context);
      return { kind: raw.kind, element: prepare(raw.element, context), frozen: raw.frozen };
    case 'map': {
      checkCollection(raw, context);
      const value = prepare(raw.value, context);
      return { kind: 'map', key: prepare(raw.key, context), value, frozen: raw.frozen };
    }
    case 'tuple':
      if (raw.fields.some((field) => isNative(field, 'counter'))) {
        throw invalid('Counters are not allowed inside tuples');
      }
      return { kind: 'tuple', fields: raw.fields.map((field) => prepare(field, context)) };
    case 'vector':
      return prepareVector(raw, context);
    case 'user':
      return prepareUserType(raw, context);
    case 'custom':
      return prepareCustom(raw.className);
  }
}

/** A class name in a statement is read while the statement is: what is wrong with it is a syntax error. */
function prepareCustom(className: string): CqlType {
  try {
    return parseClassName(className).type;
  } catch (error) {
    if (!(error instanceof FerrosaError)) throw error;
    const what = error.code === 'SYNTAX_ERROR' ? 'Cannot parse' : 'Error setting';
    throw syntaxError(`${what} type ${className}: ${error.message}`);
  }
}

function prepareVector(raw: Extract<Raw, { kind: 'vector' }>, context: TypeContext): CqlType {
  const element = prepare(raw.element, context);
  if (raw.dimensions <= 0) throw invalid(`vectors may only have positive dimensions; given ${raw.dimensions}`);
  return { kind: 'vector', element, dimensions: raw.dimensions };
}

function prepareUserType(raw: Extract<Raw, { kind: 'user' }>, context: TypeContext): CqlType {
  if (raw.keyspace !== null && raw.keyspace !== context.keyspace) {
    throw invalid(
      `Statement on keyspace ${context.keyspace} cannot refer to a user type in keyspace ${raw.keyspace}; ` +
        'user types can only be used in the keyspace they are defined in',
    );
  }
  const type = context.resolveUserType(context.keyspace, raw.name);
  if (type === undefined) throw invalid(`Unknown type ${context.keyspace}.${raw.name}`);
  return type.frozen === raw.frozen ? type : { ...type, frozen: raw.frozen };
}

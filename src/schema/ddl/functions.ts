// CREATE and DROP of functions and aggregates. Source of checks and texts: Cassandra's CreateFunctionStatement, CreateAggregateStatement,
// DropFunctionStatement and DropAggregateStatement.
import { type FerrosaError, invalid } from '../../common/errors.js';
import type { DdlStatement, Term, TypeNode } from '../../cql/index.js';
import { typeNodeText } from '../../cql/index.js';
import { type CqlType, sameType, typeToCqlUnfrozen } from '../../types/index.js';
import { aggregatesUsing, findFunction, functionKey, functionsNamed, tablesMaskedWith } from '../functions.js';
import type { KeyspaceDefinition, Schema, SchemaChange, UserFunction, UserFunctionOrAggregate } from '../model.js';
import { type Applied, checkKeyspaceName, type DdlContext } from './context.js';
import { withKeyspace } from './keyspaces.js';
import { termBytes } from './term-bytes.js';
import { resolveType } from './types.js';

type CreateFunction = Extract<DdlStatement, { kind: 'createFunction' }>;
type CreateAggregate = Extract<DdlStatement, { kind: 'createAggregate' }>;
type Drop = Extract<DdlStatement, { kind: 'dropFunction' | 'dropAggregate' }>;

const bothDirectives = "Cannot use both 'OR REPLACE' and 'IF NOT EXISTS' directives";

/** Creating and calling functions is off unless the node's settings say otherwise. */
export const functionsDisabled = (): FerrosaError =>
  invalid('User-defined functions are disabled in cassandra.yaml - set user_defined_functions_enabled=true to enable');

function keyspaceName(name: { readonly keyspace: string | null }, context: DdlContext): string {
  const keyspace = name.keyspace ?? context.keyspace;
  if (keyspace === null)
    throw invalid('No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename');
  return keyspace;
}

function checkLanguage(language: string): void {
  if (language === 'javascript' || language === 'wasm') return;
  if (language === 'java')
    throw invalid(
      'Java functions cannot run on this server. Write the function in JavaScript (LANGUAGE javascript), ' +
        'or compile it to WebAssembly (LANGUAGE wasm)',
    );
  throw invalid(`Unknown language '${language}'; functions are written in javascript or wasm`);
}

/** As the statement wrote it: tuples are frozen anyway and may say so. */
function checkNotFrozen(what: 'Argument' | 'Return type' | 'State type', node: TypeNode): void {
  if (node.kind !== 'frozen' || node.inner.kind === 'tuple') return;
  const text = typeNodeText(node);
  throw invalid(`${what} '${text}' cannot be frozen; remove frozen<> modifier from '${text}'`);
}

function existingKeyspace(schema: Schema, name: string): KeyspaceDefinition {
  const keyspace = schema.keyspaces.get(name);
  if (keyspace === undefined) throw invalid(`Keyspace '${name}' doesn't exist`);
  return keyspace;
}

function change(
  kind: SchemaChange['change'],
  of: UserFunctionOrAggregate,
  argumentTypes: readonly string[] = of.argTypes.map(typeToCqlUnfrozen),
): SchemaChange {
  const target = of.kind === 'function' ? 'FUNCTION' : 'AGGREGATE';
  return { change: kind, target, keyspace: of.keyspace, name: of.name, argumentTypes };
}

function withFunction(schema: Schema, keyspace: KeyspaceDefinition, fn: UserFunctionOrAggregate): Schema {
  const functions = new Map(keyspace.functions).set(functionKey(fn.name, fn.argTypes), fn);
  return withKeyspace(schema, keyspace.name, { ...keyspace, functions });
}

/** Null when there is nothing to do. @throws FerrosaError */
export function createFunction(schema: Schema, statement: CreateFunction, context: DdlContext): Applied | null {
  const { name } = statement.function;
  const where = keyspaceName(statement.function, context);
  checkKeyspaceName(where);
  if (statement.ifNotExists && statement.orReplace) throw invalid(bothDirectives);
  if (!context.userFunctionsEnabled) throw functionsDisabled();
  checkLanguage(statement.language);
  const argNames = statement.args.map(([arg]) => arg);
  if (new Set(argNames).size !== argNames.length)
    throw invalid(`Duplicate argument names for given function ${name} with argument names [${argNames.join(', ')}]`);
  for (const [, node] of statement.args) checkNotFrozen('Argument', node);
  checkNotFrozen('Return type', statement.returns);
  const keyspace = existingKeyspace(schema, where);
  const fn: UserFunction = {
    kind: 'function',
    keyspace: where,
    name,
    argNames,
    argTypes: statement.args.map(([, node]) => resolveType(node, keyspace)),
    returnType: resolveType(statement.returns, keyspace),
    calledOnNull: statement.calledOnNull,
    deterministic: statement.deterministic,
    monotonic: statement.monotonic,
    monotonicOn: statement.monotonicOn,
    language: statement.language as UserFunction['language'],
    body: statement.body,
  };
  if (fn.monotonicOn !== null && !argNames.includes(fn.monotonicOn))
    throw invalid(`Monotony should be declared on one of the arguments, '${fn.monotonicOn}' is not an argument`);
  const existing = findFunction(keyspace, name, fn.argTypes);
  if (existing !== null) {
    if (existing.kind === 'aggregate') throw invalid(`Function '${name}' cannot replace an aggregate`);
    if (statement.ifNotExists) return null;
    if (!statement.orReplace) throw invalid(`Function '${name}' already exists`);
    checkReplacement(fn, existing);
  }
  return {
    schema: withFunction(schema, keyspace, fn),
    change: change(existing === null ? 'CREATED' : 'UPDATED', fn),
  };
}

function checkReplacement(fn: UserFunction, existing: UserFunction): void {
  // The directive named is the statement's own; it is Cassandra's slip.
  if (fn.calledOnNull !== existing.calledOnNull)
    throw invalid(
      `Function '${fn.name}' must have ${fn.calledOnNull ? 'CALLED ON NULL INPUT' : 'RETURNS NULL ON NULL INPUT'} directive`,
    );
  if (!sameType(fn.returnType, existing.returnType))
    throw invalid(
      `Cannot replace function '${fn.name}', the new return type ${typeToCqlUnfrozen(fn.returnType)} is not compatible ` +
        `with the return type ${typeToCqlUnfrozen(existing.returnType)} of existing function`,
    );
}

/** A function that the aggregate names; `call` as messages show it. */
function scalarOf(
  keyspace: KeyspaceDefinition,
  what: 'State' | 'Final',
  name: string,
  types: readonly CqlType[],
  nodes: readonly TypeNode[],
): UserFunction {
  const fn = findFunction(keyspace, name, types);
  const call = `${keyspace.name}.${name}(${nodes.map(typeNodeText).join(', ')})`;
  if (fn === null) throw invalid(`${what} function ${call} doesn't exist`);
  if (fn.kind === 'aggregate') throw invalid(`${what} function ${call} isn't a scalar function`);
  return fn;
}

/** Null when there is nothing to do. @throws FerrosaError */
export function createAggregate(schema: Schema, statement: CreateAggregate, context: DdlContext): Applied | null {
  const { name } = statement.aggregate;
  const where = keyspaceName(statement.aggregate, context);
  checkKeyspaceName(where);
  if (statement.ifNotExists && statement.orReplace) throw invalid(bothDirectives);
  for (const node of statement.args) checkNotFrozen('Argument', node);
  checkNotFrozen('State type', statement.stateType);
  const keyspace = existingKeyspace(schema, where);
  const argTypes = statement.args.map((node) => resolveType(node, keyspace));
  const stateType = resolveType(statement.stateType, keyspace);
  const stateNodes = [statement.stateType, ...statement.args];
  const state = scalarOf(keyspace, 'State', statement.stateFunction, [stateType, ...argTypes], stateNodes);
  if (!sameType(state.returnType, stateType))
    throw invalid(
      `State function ${where}.${state.name}(${stateNodes.map(typeNodeText).join(', ')}) return type must be the same ` +
        'as the first argument type - check STYPE, argument and return types',
    );
  const final =
    statement.finalFunction === null
      ? null
      : scalarOf(keyspace, 'Final', statement.finalFunction, [stateType], [statement.stateType]);
  const initial = initialState(statement.initial, stateType);
  if (!state.calledOnNull && initial === null)
    throw invalid(
      `Cannot create aggregate '${name}' without INITCOND because state function ${where}.${state.name} ` +
        "does not accept 'null' arguments",
    );
  const returnType = (final ?? state).returnType;
  const existing = findFunction(keyspace, name, argTypes);
  if (existing !== null) {
    if (existing.kind === 'function') throw invalid(`Aggregate '${name}' cannot replace a function`);
    if (statement.ifNotExists) return null;
    if (!statement.orReplace) throw invalid(`Aggregate '${name}' already exists`);
    if (!sameType(returnType, existing.returnType))
      throw invalid(
        `Cannot replace aggregate '${name}', the new return type ${typeToCqlUnfrozen(returnType)} isn't compatible ` +
          `with the return type ${typeToCqlUnfrozen(existing.returnType)} of existing function`,
      );
  }
  const aggregate: UserFunctionOrAggregate = {
    kind: 'aggregate',
    keyspace: where,
    name,
    argTypes,
    stateType,
    returnType,
    stateFunction: state.name,
    finalFunction: final?.name ?? null,
    initialState: initial === null ? null : Buffer.from(initial).toString('hex'),
  };
  return {
    schema: withFunction(schema, keyspace, aggregate),
    change: change(existing === null ? 'CREATED' : 'UPDATED', aggregate),
  };
}

const emptyAllowed: readonly string[] = ['text', 'ascii', 'blob'];

function initialState(term: Term | null, type: CqlType): Uint8Array | null {
  if (term === null || term.kind === 'null') return null;
  const bytes = termBytes(term, type, '(dummy)');
  if (bytes === null || (bytes.length === 0 && !emptyAllowed.includes(type.kind)))
    throw invalid('INITCOND must not be empty for all types except TEXT, ASCII, BLOB');
  return bytes;
}

/** Null when there is nothing to do. @throws FerrosaError */
export function dropFunctionOrAggregate(schema: Schema, statement: Drop, context: DdlContext): Applied | null {
  const kind = statement.kind === 'dropFunction' ? 'function' : 'aggregate';
  const what = kind === 'function' ? 'Function' : 'Aggregate';
  const { name } = statement.function;
  const where = keyspaceName(statement.function, context);
  checkKeyspaceName(where);
  const signature = statement.args === null ? '' : `(${statement.args.map(typeNodeText).join(', ')})`;
  const full = `${where}.${name}${signature}`;
  const missing = (): null => {
    if (statement.ifExists) return null;
    throw invalid(`${what} '${full}' doesn't exist`);
  };
  const keyspace = schema.keyspaces.get(where);
  if (keyspace === undefined) return missing();
  const named = functionsNamed(keyspace, name);
  if (named.length > 1 && statement.args === null) throw severalMatch(what.toUpperCase(), name);
  for (const node of statement.args ?? []) checkNotFrozen('Argument', node);
  const types = statement.args?.map((node) => resolveType(node, keyspace)) ?? null;
  const found = types === null ? named[0] : findFunction(keyspace, name, types);
  if (found == null || found.kind !== kind) return missing();
  if (found.kind === 'function') checkUnused(keyspace, found, full);
  const functions = new Map(keyspace.functions);
  functions.delete(functionKey(name, found.argTypes));
  return { schema: withKeyspace(schema, where, { ...keyspace, functions }), change: change('DROPPED', found) };
}

function severalMatch(what: string, name: string): FerrosaError {
  return invalid(
    `'DROP ${what} ${name}' matches multiple function definitions; specify the argument types by issuing a statement ` +
      `like 'DROP ${what} ${name} (type, type, ...)'. You can use cqlsh 'DESCRIBE ${what} ${name}' command to find all ` +
      'overloads',
  );
}

function checkUnused(keyspace: KeyspaceDefinition, fn: UserFunction, full: string): void {
  const users = aggregatesUsing(keyspace, fn).map((aggregate) => `${aggregate.keyspace}.${aggregate.name}`);
  if (users.length > 0) throw invalid(`Function '${full}' is still referenced by aggregates ${users.join(', ')}`);
  const tables = tablesMaskedWith(keyspace, fn).map(({ name }) => name);
  if (tables.length > 0)
    throw invalid(`Function '${full}' is still referenced by column masks in tables ${tables.join(', ')}`);
}

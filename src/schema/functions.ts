// User-defined functions and aggregates of a keyspace: signatures, lookups, who uses whom.
import { type CqlType, freeze, sameType, toCqlLiteral, typeToCqlUnfrozen } from '../types/index.js';
import { compareNames } from './build.js';
import { referencesUserType, withUserType } from './ddl/type-walk.js';
import type {
  ColumnMask,
  KeyspaceDefinition,
  TableDefinition,
  UserAggregate,
  UserFunction,
  UserFunctionOrAggregate,
} from './model.js';

type UserTypeDefinition = Parameters<typeof withUserType>[1];

/** Names a function in its keyspace: what it is called and takes. */
export function functionKey(name: string, argTypes: readonly CqlType[]): string {
  return `${name}(${argTypes.map(typeToCqlUnfrozen).join(', ')})`;
}

/** Functions and aggregates of a name, in the order in which they were made. */
export function functionsNamed(keyspace: KeyspaceDefinition, name: string): UserFunctionOrAggregate[] {
  return [...keyspace.functions.values()].filter((fn) => fn.name === name);
}

/** The one that takes just these types, whatever is frozen. */
export function findFunction(
  keyspace: KeyspaceDefinition,
  name: string,
  argTypes: readonly CqlType[],
): UserFunctionOrAggregate | null {
  const fits = (fn: UserFunctionOrAggregate) =>
    fn.argTypes.length === argTypes.length &&
    fn.argTypes.every((type, i) => sameType(freeze(type), freeze(argTypes[i]!)));
  return functionsNamed(keyspace, name).find(fits) ?? null;
}

/** What an aggregate calls. REQUIRES: the aggregate is one of the keyspace. */
export function functionsOfAggregate(
  keyspace: KeyspaceDefinition,
  aggregate: UserAggregate,
): { readonly state: UserFunction; readonly final: UserFunction | null } {
  const { stateFunction, finalFunction, stateType, argTypes } = aggregate;
  const state = findFunction(keyspace, stateFunction, [stateType, ...argTypes]) as UserFunction;
  const final = finalFunction === null ? null : (findFunction(keyspace, finalFunction, [stateType]) as UserFunction);
  return { state, final };
}

/** Aggregates that call the function. */
export function aggregatesUsing(keyspace: KeyspaceDefinition, fn: UserFunction): UserAggregate[] {
  const aggregates = [...keyspace.functions.values()].filter((other) => other.kind === 'aggregate');
  return aggregates.filter((aggregate) => {
    const { state, final } = functionsOfAggregate(keyspace, aggregate);
    return state === fn || final === fn;
  });
}

/** Tables that have columns masked with the function. */
export function tablesMaskedWith(keyspace: KeyspaceDefinition, fn: UserFunction): TableDefinition[] {
  const isMask = (mask: ColumnMask | undefined, type: CqlType) =>
    mask?.keyspace === fn.keyspace &&
    mask.name === fn.name &&
    findFunction(keyspace, fn.name, [type, ...mask.argTypes]) === fn;
  const tables = [...keyspace.tables.values()].sort((a, b) => compareNames(a.name, b.name));
  return tables.filter((table) => [...table.columns.values()].some(({ mask, type }) => isMask(mask, type)));
}

const typesOf = (fn: UserFunctionOrAggregate): readonly CqlType[] =>
  fn.kind === 'function' ? [...fn.argTypes, fn.returnType] : [...fn.argTypes, fn.stateType, fn.returnType];

/** Those that take or give the user type. */
export function functionsWithType(keyspace: KeyspaceDefinition, typeName: string): UserFunctionOrAggregate[] {
  return [...keyspace.functions.values()].filter((fn) =>
    typesOf(fn).some((type) => referencesUserType(type, typeName)),
  );
}

/** The function after a user type changed. */
export function functionWithType(fn: UserFunctionOrAggregate, type: UserTypeDefinition): UserFunctionOrAggregate {
  if (!typesOf(fn).some((one) => referencesUserType(one, type.name))) return fn;
  const changed = (one: CqlType) => withUserType(one, type);
  const types = { argTypes: fn.argTypes.map(changed), returnType: changed(fn.returnType) };
  return fn.kind === 'function' ? { ...fn, ...types } : { ...fn, ...types, stateType: changed(fn.stateType) };
}

/** INITCOND as a literal, null when there is none. */
export function initialStateText({ initialState, stateType }: UserAggregate): string | null {
  return initialState === null ? null : toCqlLiteral(stateType, new Uint8Array(Buffer.from(initialState, 'hex')));
}

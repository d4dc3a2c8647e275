// What DESCRIBE lists: elements with a type word, a name and a CREATE statement, in Cassandra's order.

import { type CqlType, partsOf, quoteIfNeeded, typeToCqlUnfrozen, type UserType } from '../../types/index.js';
import { compareNames } from '../build.js';
import type { KeyspaceDefinition, TableDefinition, UserFunctionOrAggregate } from '../model.js';
import { aggregateText, functionText, indexText, keyspaceText, tableText, typeText, viewText } from './create-text.js';

export type Element = {
  readonly keyspace: string;
  readonly type: 'keyspace' | 'type' | 'table' | 'index' | 'function' | 'aggregate' | 'materialized_view';
  readonly name: string;
  text(withInternals: boolean): string;
};

/** Cassandra compares names of elements without regard to case. */
export function byElementName(a: { readonly name: string }, b: { readonly name: string }): number {
  const [first, second] = [a.name.toLowerCase(), b.name.toLowerCase()];
  return first === second ? 0 : first < second ? -1 : 1;
}

export function keyspaceElement(keyspace: KeyspaceDefinition): Element {
  return { keyspace: keyspace.name, type: 'keyspace', name: keyspace.name, text: () => keyspaceText(keyspace) };
}

export function typeElement(type: UserType): Element {
  return { keyspace: type.keyspace, type: 'type', name: type.name, text: () => typeText(type) };
}

/** A function or aggregate; its name has its signature, as cqlsh shows it. */
export function functionElement(fn: UserFunctionOrAggregate): Element {
  const name = `${quoteIfNeeded(fn.name)}(${fn.argTypes.map(typeToCqlUnfrozen).join(', ')})`;
  const text = () => (fn.kind === 'function' ? functionText(fn) : aggregateText(fn));
  return { keyspace: fn.keyspace, type: fn.kind, name, text };
}

/** Functions or aggregates of a keyspace, by name. */
export function functionElements(keyspace: KeyspaceDefinition, kind: UserFunctionOrAggregate['kind']): Element[] {
  const functions = [...keyspace.functions.values()].filter((fn) => fn.kind === kind);
  return functions.map(functionElement).sort(byElementName);
}

/** A materialized view. */
export function viewElement(view: TableDefinition): Element {
  const text = (withInternals: boolean) => viewText(view, withInternals);
  return { keyspace: view.keyspace, type: 'materialized_view', name: view.name, text };
}

/** The table, its indexes and its views. */
export function tableElements(keyspace: KeyspaceDefinition, table: TableDefinition): Element[] {
  const own: Element = {
    keyspace: table.keyspace,
    type: 'table',
    name: table.name,
    text: (withInternals) => tableText(table, keyspace.virtual, withInternals),
  };
  const indexes = table.indexes.map((index): Element => {
    return { keyspace: table.keyspace, type: 'index', name: index.name, text: () => indexText(table, index) };
  });
  const views = (table.viewNames ?? []).map((name) => viewElement(keyspace.tables.get(name)!));
  return [own, ...indexes.sort(byElementName), ...views.sort(byElementName)];
}

/** Tables that are no views. */
export function baseTables(keyspace: KeyspaceDefinition): TableDefinition[] {
  return [...keyspace.tables.values()].filter(({ view }) => view === undefined).sort(byElementName);
}

/** User types, each after those that it needs. */
function typesInOrder(keyspace: KeyspaceDefinition): UserType[] {
  const order = new Set<string>();
  const add = (type: CqlType): void => {
    for (const part of partsOf(type)) add(part);
    if (type.kind === 'udt') order.add(type.name);
  };
  for (const name of [...keyspace.types.keys()].sort(compareNames)) add(keyspace.types.get(name)!);
  return [...order].map((name) => keyspace.types.get(name)!);
}

/** The keyspace, then what is in it. */
export function keyspaceElements(keyspace: KeyspaceDefinition, only: boolean): Element[] {
  if (only) return [keyspaceElement(keyspace)];
  return [
    keyspaceElement(keyspace),
    ...typesInOrder(keyspace).map(typeElement),
    ...functionElements(keyspace, 'function'),
    ...functionElements(keyspace, 'aggregate'),
    ...baseTables(keyspace).flatMap((table) => tableElements(keyspace, table)),
  ];
}

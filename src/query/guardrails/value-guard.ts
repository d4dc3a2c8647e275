// Guardrails on the values that a write gives its columns, in the order in which Cassandra makes its cells: each value and each path of one,
// and collections that are written or added to as a whole.
import { type CqlType, isMulticell, UNSET, unpackList, unpackMap, unpackSet } from '../../types/index.js';
import type { BindContext, Term } from '../terms/term.js';
import {
  DeleteElement,
  DiscardFromList,
  DiscardKeys,
  type Operation,
  PrependElements,
  SetElement,
} from '../write/operations.js';
import type { Guard } from './guard.js';

/** Its term says what goes, not what is written. */
export const discards = (operation: Operation): boolean =>
  operation instanceof DiscardFromList || operation instanceof DiscardKeys;

/** @throws FerrosaError INVALID */
export function guardOperation(guard: Guard, operation: Operation, bind: BindContext): void {
  guardListRead(guard, operation);
  const { name, type } = operation.column;
  const value = bound((operation as { readonly term?: Term }).term, bind);
  if (operation instanceof DeleteElement || operation instanceof SetElement) {
    if (value !== null) guard.threshold('column_value_size', value.length, name);
    const key = type.kind === 'list' ? null : bound(operation.key, bind);
    if (key !== null) guard.threshold('column_value_size', key.length, name);
  } else if (value === null || operation instanceof DiscardFromList) return;
  else if (operation instanceof DiscardKeys)
    for (const key of unpackSet(value)) guard.threshold('column_value_size', key.length, name);
  else if (operation instanceof PrependElements) guardElements(guard, name, elementsOf(type, value)!);
  else guardValue(guard, name, type, value);
}

function bound(term: Term | undefined, bind: BindContext): Uint8Array | null {
  const value = term?.bind(bind) ?? null;
  return value === UNSET ? null : value;
}

function guardListRead(guard: Guard, operation: Operation): void {
  if (!operation.requiresRead) return;
  const what =
    operation instanceof DiscardFromList
      ? 'Removal of list items'
      : operation instanceof DeleteElement
        ? 'Removal of list items by index'
        : operation instanceof SetElement
          ? 'Setting of list items by index'
          : null;
  if (what !== null) guard.flag('read_before_write_list_operations_enabled', `${what} requiring read before write`);
}

/** Bytes of a cell beside its value and path: timestamp, ttl, deletion time. */
const cellBytes = 20;

function guardValue(guard: Guard, column: string, type: CqlType, value: Uint8Array): void {
  const elements = elementsOf(type, value);
  if (elements !== null && elements.length > 0) guard.threshold('items_per_collection', elements.length, column);
  if (elements !== null && isMulticell(type)) {
    const size = guardElements(guard, column, elements);
    if (elements.length > 0) guard.threshold('collection_size', size, column);
    return;
  }
  guard.threshold('column_value_size', value.length, column);
  if (elements !== null) guard.threshold('collection_size', cellBytes + value.length, column);
}

/** Returns the bytes of their cells. */
function guardElements(guard: Guard, column: string, elements: readonly Element[]): number {
  let size = 0;
  for (const { path, bytes } of elements) {
    guard.threshold('column_value_size', bytes, column);
    guard.threshold('column_value_size', path, column);
    size += cellBytes + path + bytes;
  }
  return size;
}

type Element = { readonly path: number; readonly bytes: number };
/** Of the time uuid that is the path of a list's element. */
const listPathBytes = 16;

/** Null for what is no collection. */
function elementsOf(type: CqlType, value: Uint8Array): Element[] | null {
  switch (type.kind) {
    case 'list':
      return unpackList(value).map((element) => ({ path: listPathBytes, bytes: element.length }));
    case 'set':
      return unpackSet(value).map((element) => ({ path: element.length, bytes: 0 }));
    case 'map':
      return unpackMap(value).map(([key, entry]) => ({ path: key.length, bytes: entry.length }));
    default:
      return null;
  }
}

// writetime(), maxwritetime() and ttl() of columns, and of single elements, fields and slices of multicell columns.
import { invalid } from '../../common/errors.js';
import type { Selectable } from '../../cql/index.js';
import type { ColumnDefinition } from '../../schema/index.js';
import { Selected } from '../../storage/index.js';
import { type CqlType, compareValues, isMulticell, packCollection, UNSET, unpackElements } from '../../types/index.js';
import { derivedReceiver } from '../binds.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { existingColumn } from '../restrictions/relation-checks.js';
import { prepareTerm } from '../terms/prepare.js';
import type { BindContext } from '../terms/term.js';
import { fieldIndex, int64Bytes, readInt32, readInt64 } from '../values.js';
import { CellNode, ComputedNode, type FetchedColumns, type SelectionNode } from './node.js';
import { selectableText, timeType } from './selectable-types.js';

type Times = Extract<Selectable, { kind: 'writetime' | 'maxwritetime' | 'ttl' }>;

/**
 * @param planPart  plans the selection of a part of a frozen column
 * @throws FerrosaError INVALID for key columns
 */
export function planTimes(
  environment: PlanEnvironment,
  times: Times,
  fetched: FetchedColumns,
  planPart: (of: Selectable) => SelectionNode,
): SelectionNode {
  const column = columnOf(environment, times.of);
  if (column.position >= 0)
    throw invalid(`Cannot use selection function ${times.kind} on PRIMARY KEY part ${column.name}`);
  const name = selectableText(environment, times);
  const what =
    times.kind === 'ttl'
      ? Selected.ttl
      : times.kind === 'writetime' || times.of.kind !== 'column'
        ? Selected.writetime
        : Selected.maxWritetime;
  const slot = fetched.slot(what, column.id);
  const whole = new CellNode(name, timeType(times.kind, column.type), slot, { what, which: column.id });
  if (times.of.kind === 'column') return whole;
  if (!isMulticell(column.type)) {
    const isSlice = times.of.kind === 'slice';
    // The part has the times of the whole, where it is there.
    const isThere = (part: Uint8Array): boolean => !isSlice || readInt32(part) > 0;
    return new ComputedNode(name, whole.type, [whole, planPart(times.of)], ([time, part]) =>
      part && isThere(part) ? time! : null,
    );
  }
  return partOfMulticell(environment, times, column, whole, fetched);
}

function columnOf(environment: PlanEnvironment, selectable: Selectable): ColumnDefinition {
  if (selectable.kind === 'column') return existingColumn(environment.table, selectable.name);
  if (selectable.kind === 'element' || selectable.kind === 'slice' || selectable.kind === 'field')
    return columnOf(environment, selectable.of);
  throw invalid(`Cannot use a selection function on ${selectableText(environment, selectable)}`);
}

/** Picks the times of the cells whose path the selection names. */
function partOfMulticell(
  environment: PlanEnvironment,
  times: Times,
  column: ColumnDefinition,
  whole: CellNode,
  fetched: FetchedColumns,
): SelectionNode {
  if (times.of.kind === 'field') return timeOfField(times, column, whole);
  const pathsSlot = fetched.slot(Selected.paths, column.id);
  const paths = new CellNode('', { kind: 'blob' }, pathsSlot, { what: Selected.paths, which: column.id });
  const matches = pathMatcher(environment, times.of, column);
  const isSlice = times.of.kind === 'slice';
  const single: CqlType = { kind: times.kind === 'ttl' ? 'int' : 'bigint' };
  const type: CqlType =
    isSlice && times.kind !== 'maxwritetime' ? { kind: 'list', element: single, frozen: true } : single;
  return new ComputedNode(whole.name, type, [whole, paths], ([value, pathList], bind) => {
    if (!value || !pathList) return null;
    const all = unpackElements(value);
    const picked = unpackElements(pathList).flatMap((path, i) => (matches(path!, bind) ? [all[i] ?? null] : []));
    if (picked.length === 0) return null;
    if (!isSlice) return picked[0]!;
    if (times.kind !== 'maxwritetime') return packCollection(picked);
    const known = picked.filter((time) => time !== null).map(readInt64);
    return known.length === 0 ? null : int64Bytes(known.reduce((a, b) => (a > b ? a : b)));
  });
}

/** Of a user type the times of all fields are known, null where there is none. */
function timeOfField(times: Times, column: ColumnDefinition, whole: CellNode): SelectionNode {
  const of = times.of as Extract<Selectable, { kind: 'field' }>;
  const { type } = column;
  if (of.of.kind !== 'column' || type.kind !== 'udt') throw invalid(`Invalid field selection on ${column.name}`);
  const index = fieldIndex(type, of.field);
  if (index < 0) throw invalid(`${column.name} has no field ${of.field}`);
  const single: CqlType = { kind: times.kind === 'ttl' ? 'int' : 'bigint' };
  return new ComputedNode(whole.name, single, [whole], ([value]) =>
    value ? (unpackElements(value)[index] ?? null) : null,
  );
}

/** @param of  an element or a slice */
function pathMatcher(
  environment: PlanEnvironment,
  of: Selectable,
  column: ColumnDefinition,
): (path: Uint8Array, bind: BindContext) => boolean {
  const { type } = column;
  const isPart = (of.kind === 'element' || of.kind === 'slice') && of.of.kind === 'column';
  if (!isPart || (type.kind !== 'set' && type.kind !== 'map'))
    throw invalid(`Element selection is only allowed on sets and maps, but ${column.name} is a ${type.kind}`);
  const keyType = type.kind === 'set' ? type.element : type.key;
  const base = { keyspace: environment.keyspace, table: environment.table.name, name: column.name, type };
  const receiver = derivedReceiver(base, `${type.kind === 'set' ? 'value' : 'key'}(${column.name})`, keyType);
  if (of.kind === 'element') {
    const key = prepareTerm(environment, of.index, receiver);
    return (path, bind) => {
      const wanted = key.bind(bind);
      if (wanted === null || wanted === UNSET)
        throw invalid(`Invalid null value for element selection on ${column.name}`);
      return compareValues(keyType, path, wanted) === 0;
    };
  }
  const from = of.from === null ? null : prepareTerm(environment, of.from, receiver);
  const to = of.to === null ? null : prepareTerm(environment, of.to, receiver);
  return (path, bind) => {
    const start = from?.bind(bind) ?? null;
    const end = to?.bind(bind) ?? null;
    return (
      (!(start instanceof Uint8Array) || compareValues(keyType, start, path) <= 0) &&
      (!(end instanceof Uint8Array) || compareValues(keyType, path, end) <= 0)
    );
  };
}

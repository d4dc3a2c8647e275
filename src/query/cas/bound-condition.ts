// One condition of IF with its values bound, and whether a row satisfies it. Source: ColumnCondition.Bound.
import { invalid } from '../../common/errors.js';
import type { ColumnDefinition } from '../../schema/index.js';
import {
  type BindValue,
  type CqlType,
  compareValues,
  isMulticell,
  UNSET,
  unpackList,
  unpackMap,
  unpackSet,
  unpackTuple,
} from '../../types/index.js';
import type { BindContext } from '../terms/term.js';
import { isElement, readInt32 } from '../values.js';
import type { ConditionPlan } from '../write/conditions.js';

/** The value of a column in the row that was read; null when it has none or there is no row. */
export type ColumnValue = (column: ColumnDefinition) => Uint8Array | null;

/** @throws FerrosaError INVALID for a comparison with null that means nothing */
export type BoundCondition = { readonly column: ColumnDefinition; appliesTo(value: ColumnValue): boolean };

const unsetValue = () => invalid("Invalid 'unset' value in condition");

/** @throws FerrosaError INVALID for values that do not do */
export function bindCondition(plan: ConditionPlan, context: BindContext): BoundCondition {
  const { column } = plan;
  const op = plan.op === 'IN' ? '=' : plan.op;
  const values = bindValues(plan, context);
  const { type, pick } = accessed(plan, context);
  const emptyIsNull = plan.element === null && plan.field < 0 && isMulticell(type) && type.kind !== 'udt';
  return {
    column,
    appliesTo(value) {
      const current = pick(value(column));
      return values.some((wanted) => satisfies(op, type, current, wanted, emptyIsNull));
    },
  };
}

function bindValues(plan: ConditionPlan, context: BindContext): (Uint8Array | null)[] {
  if (plan.op !== 'IN')
    return plan.values.map((term) => {
      const value = term.bind(context);
      if (value === UNSET) throw unsetValue();
      return value;
    });
  if (!plan.inMarker) {
    const bound: BindValue[] = plan.values.map((term) => term.bind(context));
    return bound.filter((value) => value !== UNSET);
  }
  const list = plan.values[0]!.bind(context);
  if (list === UNSET) throw unsetValue();
  if (list === null) throw invalid('Invalid null list in IN condition');
  return unpackList(list);
}

type Accessed = { readonly type: CqlType; pick(column: Uint8Array | null): Uint8Array | null };

/** What of the column is compared: all of it, an element, a field. */
function accessed({ column, element, field }: ConditionPlan, context: BindContext): Accessed {
  const { type } = column;
  if (field >= 0 && type.kind === 'udt')
    return {
      type: type.fieldTypes[field]!,
      pick: (value) => (value === null ? null : (unpackTuple(value, type)[field] ?? null)),
    };
  if (element === null) return { type, pick: (value) => value };
  const key = element.bind(context);
  if (key === null || key === UNSET)
    throw invalid(
      `Invalid ${key === null ? 'null' : 'unset'} value for ${type.kind === 'map' ? 'map' : 'list'} element access`,
    );
  if (type.kind === 'map')
    return {
      type: type.value,
      pick(value) {
        if (value === null) return null;
        return unpackMap(value).find(([other]) => compareValues(type.key, other, key) === 0)?.[1] ?? null;
      },
    };
  if (type.kind !== 'list') throw new Error('only lists and maps have elements');
  if (key.length === 0) throw invalid('Invalid empty value for list element access');
  const index = readInt32(key);
  return {
    type: type.element,
    pick(value) {
      if (index < 0) throw invalid(`Invalid negative list index ${index}`);
      return value === null ? null : (unpackList(value)[index] ?? null);
    },
  };
}

type Operator = ConditionPlan['op'];

/** @param emptyIsNull  a collection that is not frozen and has no element is the same as none */
function satisfies(
  op: Operator,
  type: CqlType,
  current: Uint8Array | null,
  wanted: Uint8Array | null,
  emptyIsNull: boolean,
): boolean {
  if (wanted === null) {
    if (op === '=') return current === null;
    if (op === '!=') return current !== null;
    throw invalid(`Invalid comparison with null for operator "${op}"`);
  }
  if (op === 'CONTAINS' || op === 'CONTAINS KEY') return current !== null && contains(op, type, current, wanted);
  if (emptyIsNull && (wanted.length === 0 || readInt32(wanted) === 0)) {
    if (op === '=') return current === null;
    if (op === '!=') return current !== null;
    throw invalid(`Invalid comparison with an empty ${type.kind} for operator "${op}"`);
  }
  if (current === null) return op === '!=';
  return holds(op, compareValues(type, current, wanted));
}

function holds(op: Operator, order: number): boolean {
  switch (op) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}

function contains(op: Operator, type: CqlType, collection: Uint8Array, wanted: Uint8Array): boolean {
  const same = (of: CqlType) => isElement(type, of, wanted); // for keys too, which WHERE compares by type
  if (type.kind === 'set') return unpackSet(collection).some(same(type.element));
  if (type.kind === 'list') return unpackList(collection).some(same(type.element));
  if (type.kind !== 'map') return false;
  const isKey = op === 'CONTAINS KEY';
  return unpackMap(collection).some(([key, value]) => (isKey ? same(type.key)(key) : same(type.value)(value)));
}

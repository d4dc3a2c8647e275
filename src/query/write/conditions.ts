// Plans IF EXISTS, IF NOT EXISTS and IF conditions; src/query/cas executes them.
import { invalid } from '../../common/errors.js';
import type { Condition, ModificationStatement } from '../../cql/index.js';
import type { ColumnDefinition } from '../../schema/index.js';
import { type CqlType, isMulticell, referencesDuration, typeToCql } from '../../types/index.js';
import { columnReceiver, derivedReceiver, type Receiver } from '../binds.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { existingColumn } from '../restrictions/relation-checks.js';
import { fieldReceiver, prepareTerm } from '../terms/prepare.js';
import type { Term } from '../terms/term.js';
import { fieldIndex } from '../values.js';

export type ConditionPlan = {
  readonly column: ColumnDefinition;
  readonly element: Term | null;
  readonly field: number;
  readonly op: Condition['op'];
  readonly values: readonly Term[];
  /** IN with one marker for the whole list. */
  readonly inMarker: boolean;
};

export type ConditionsPlan = {
  readonly kind: 'exists' | 'notExists' | 'columns';
  readonly columns: readonly ConditionPlan[];
  readonly onRegulars: boolean;
  readonly onStatics: boolean;
};

const operators: readonly string[] = ['=', '!=', '<', '<=', '>', '>=', 'IN', 'CONTAINS', 'CONTAINS KEY'];

/** Plans the conditions of a statement; null when it has none. @throws FerrosaError INVALID */
export function prepareConditions(
  environment: PlanEnvironment,
  statement: ModificationStatement,
): ConditionsPlan | null {
  if (statement.kind === 'insert') return statement.ifNotExists ? existence('notExists') : null;
  if (statement.ifExists) return existence('exists');
  if (statement.conditions.length === 0) return null;
  if (statement.using.timestamp !== null) throw invalid('Cannot provide custom timestamp for conditional updates');
  const columns = statement.conditions.map((condition) => prepareCondition(environment, condition));
  return {
    kind: 'columns',
    columns,
    onRegulars: columns.some(({ column }) => column.kind === 'regular'),
    onStatics: columns.some(({ column }) => column.kind === 'static'),
  };
}

/** IF [NOT] EXISTS asks for the row, or for the static row when the statement names no other. */
function existence(kind: 'exists' | 'notExists'): ConditionsPlan {
  return { kind, columns: [], onRegulars: false, onStatics: false };
}

function prepareCondition(environment: PlanEnvironment, condition: Condition): ConditionPlan {
  const column = existingColumn(environment.table, condition.column);
  if (column.type.kind === 'counter') throw invalid('Conditions on counters are not supported');
  if (!operators.includes(condition.op)) throw invalid(`Unsupported condition operator ${condition.op}`);
  let receiver = columnReceiver(environment.table, column);
  let element: Term | null = null;
  let field = -1;
  if (condition.element !== null) {
    const types = elementTypes(column);
    const name = column.type.kind === 'list' ? `idx(${column.name})` : `key(${column.name})`;
    element = prepareTerm(environment, condition.element, derivedReceiver(receiver, name, types.key));
    receiver = derivedReceiver(receiver, `value(${column.name})`, types.value);
  } else if (condition.field !== null) {
    if (column.type.kind !== 'udt')
      throw invalid(
        `Invalid field access ${column.name}.${condition.field}: ${typeToCql(column.type)} is not a user type`,
      );
    field = fieldIndex(column.type, condition.field);
    if (field < 0) throw invalid(`Unknown field ${condition.field} for column ${column.name}`);
    receiver = fieldReceiver(receiver, column.type, field);
  }
  checkNoDurationSlice(condition.op, receiver.type);
  const values = prepareValues(environment, condition, receiver);
  if (column.position >= 0) throw invalid(`PRIMARY KEY column '${column.name}' cannot have IF conditions`);
  return { column, element, field, op: condition.op, values, inMarker: condition.inMarker };
}

function checkNoDurationSlice(op: Condition['op'], type: CqlType): void {
  if (op !== '<' && op !== '<=' && op !== '>' && op !== '>=') return;
  if (!referencesDuration(type)) return;
  const of = { list: 'collections', set: 'collections', map: 'collections', tuple: 'tuples', udt: 'UDTs' } as const;
  if (type.kind in of)
    throw invalid(`Slice conditions are not supported on ${of[type.kind as keyof typeof of]} containing durations`);
  throw invalid(`Slice conditions ( ${op} ) are not supported on durations`);
}

function elementTypes({ name, type }: ColumnDefinition): { key: CqlType; value: CqlType } {
  if (type.kind === 'list') return { key: { kind: 'int' }, value: type.element };
  if (type.kind === 'map') return { key: type.key, value: type.value };
  if (type.kind === 'set') throw invalid(`Invalid element access syntax for set column ${name}`);
  throw invalid(`Invalid element access syntax for non-collection column ${name}`);
}

function prepareValues(environment: PlanEnvironment, condition: Condition, receiver: Receiver): Term[] {
  const { type } = receiver;
  if (condition.op === 'CONTAINS' || condition.op === 'CONTAINS KEY') {
    const key = condition.op === 'CONTAINS KEY';
    if (key && type.kind !== 'map') throw invalid(`Cannot use CONTAINS KEY on non-map column ${receiver.name}`);
    if (type.kind !== 'list' && type.kind !== 'set' && type.kind !== 'map')
      throw invalid(`Cannot use CONTAINS on non-collection column ${receiver.name}`);
    const of = type.kind === 'map' ? (key ? type.key : type.value) : type.element;
    const elementOf = derivedReceiver(receiver, `${key ? 'key' : 'value'}(${receiver.name})`, of);
    return [prepareTerm(environment, condition.values[0]!, elementOf)];
  }
  if (condition.inMarker) {
    const list: CqlType = { kind: 'list', element: type, frozen: isMulticell(type) };
    return [prepareTerm(environment, condition.values[0]!, derivedReceiver(receiver, `in(${receiver.name})`, list))];
  }
  return condition.values.map((value) => prepareTerm(environment, value, receiver));
}

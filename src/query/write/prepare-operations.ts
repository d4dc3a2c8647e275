// Plans assignments and deletions: which operation a column's type makes of them.
import { FerrosaError, invalid } from '../../common/errors.js';
import type { Assignment, Deletion, Term as TermNode } from '../../cql/index.js';
import { termText } from '../../cql/index.js';
import type { ColumnDefinition } from '../../schema/index.js';
import { type CqlType, isCollection, isMulticell } from '../../types/index.js';
import { columnReceiver, derivedReceiver, type Receiver } from '../binds.js';
import { numericKinds } from '../functions/numeric.js';
import { typedArgument } from '../functions/registry.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { fieldReceiver, prepareTerm } from '../terms/prepare.js';
import { fieldIndex } from '../values.js';
import {
  AddElements,
  AddToCounter,
  AddToValue,
  DeleteColumn,
  DeleteElement,
  DeleteField,
  DiscardFromList,
  DiscardKeys,
  type Operation,
  PrependElements,
  SetColumn,
  SetElement,
  SetField,
} from './operations.js';

/** c = v, in UPDATE and INSERT. */
export function prepareSet(environment: PlanEnvironment, column: ColumnDefinition, value: TermNode): Operation {
  const term = prepareTerm(environment, value, columnReceiver(environment.table, column));
  checkNotCounter(column);
  return new SetColumn(column, term);
}

export function checkNotCounter(column: ColumnDefinition): void {
  if (column.type.kind === 'counter')
    throw invalid(
      `Cannot set the value of counter column ${column.name} (counters can only be incremented/decremented, not set)`,
    );
}

/** One assignment of an UPDATE; `canRead`: of a conditional one, which knows what was there. @throws FerrosaError INVALID when the column's type has no such operation */
export function prepareAssignment(
  environment: PlanEnvironment,
  column: ColumnDefinition,
  assignment: Assignment,
  canRead: boolean,
): Operation {
  const receiver = columnReceiver(environment.table, column);
  switch (assignment.kind) {
    case 'set':
      return prepareSet(environment, column, assignment.value);
    case 'add':
      return prepareAdd(environment, receiver, column, assignment.value, canRead);
    case 'subtract':
      return prepareSubtract(environment, receiver, column, assignment.value);
    case 'prepend': {
      const term = prepareTerm(environment, assignment.value, receiver);
      const text = `${column.name} = ${termText(assignment.value)} - ${column.name}`;
      if (column.type.kind !== 'list') throw invalid(`Invalid operation (${text}) for non list column ${column.name}`);
      if (!isMulticell(column.type)) throw invalid(`Invalid operation (${text}) for frozen list column ${column.name}`);
      return new PrependElements(column, term);
    }
    case 'element':
      return prepareSetElement(environment, receiver, column, assignment);
    case 'field':
      return prepareSetField(environment, receiver, column, assignment);
  }
}

function prepareAdd(
  environment: PlanEnvironment,
  receiver: Receiver,
  column: ColumnDefinition,
  value: TermNode,
  canRead: boolean,
): Operation {
  const { type, name } = column;
  const text = `${name} = ${name} + ${termText(value)}`;
  if (!isCollection(type)) {
    if (type.kind === 'tuple' || type.kind === 'udt')
      throw invalid(`Invalid operation (${text}) for tuple column ${name}`);
    if (canRead && type.kind !== 'counter') {
      if (!isNumber(type) && type.kind !== 'text' && type.kind !== 'ascii')
        throw invalid(`Invalid operation (${text}) for non-numeric and non-text type ${name}`);
      const of = typedArgument(type, name);
      const add = environment.functions.resolveOperation('+', of, of, type);
      return new AddToValue(column, prepareTerm(environment, value, receiver), add);
    }
    if (type.kind !== 'counter') throw invalid(`Invalid operation (${text}) for non counter column ${name}`);
    return new AddToCounter(column, prepareTerm(environment, value, receiver), false);
  }
  if (!isMulticell(type)) throw invalid(`Invalid operation (${text}) for frozen collection column ${name}`);
  const prepare = () => prepareTerm(environment, value, receiver);
  if (type.kind !== 'map') return new AddElements(column, prepare());
  const message = `Value for a map addition has to be a map, but was: '${termText(value)}'`;
  return new AddElements(column, withMessage(message, prepare));
}

const isNumber = ({ kind }: CqlType) => kind !== 'counter' && (numericKinds as readonly string[]).includes(kind);

function prepareSubtract(
  environment: PlanEnvironment,
  receiver: Receiver,
  column: ColumnDefinition,
  value: TermNode,
): Operation {
  const { type, name } = column;
  const text = `${name} = ${name} - ${termText(value)}`;
  if (!isCollection(type)) {
    if (type.kind !== 'counter') throw invalid(`Invalid operation (${text}) for non counter column ${name}`);
    return new AddToCounter(column, prepareTerm(environment, value, receiver), true);
  }
  if (!isMulticell(type)) throw invalid(`Invalid operation (${text}) for frozen collection column ${name}`);
  if (type.kind === 'list') return new DiscardFromList(column, prepareTerm(environment, value, receiver));
  if (type.kind !== 'map') return new DiscardKeys(column, prepareTerm(environment, value, receiver));
  const keys = derivedReceiver(receiver, name, { kind: 'set', element: type.key, frozen: true });
  const message = `Value for a map substraction has to be a set, but was: '${termText(value)}'`;
  return new DiscardKeys(
    column,
    withMessage(message, () => prepareTerm(environment, value, keys)),
  );
}

/** Replaces the message of an Invalid error of `prepare`. */
function withMessage<T>(message: string, prepare: () => T): T {
  try {
    return prepare();
  } catch (error) {
    if (error instanceof FerrosaError && error.code === 'INVALID') throw invalid(message);
    throw error;
  }
}

const indexReceiver = (receiver: Receiver) => derivedReceiver(receiver, `idx(${receiver.name})`, { kind: 'int' });
const keyReceiver = (receiver: Receiver, type: CqlType) => derivedReceiver(receiver, `key(${receiver.name})`, type);
const valueReceiver = (receiver: Receiver, type: CqlType) => derivedReceiver(receiver, `value(${receiver.name})`, type);

function prepareSetElement(
  environment: PlanEnvironment,
  receiver: Receiver,
  column: ColumnDefinition,
  assignment: Extract<Assignment, { kind: 'element' }>,
): Operation {
  const { type, name } = column;
  const text = `${name}[${termText(assignment.key)}] = ${termText(assignment.value)}`;
  if (type.kind !== 'list' && type.kind !== 'set' && type.kind !== 'map')
    throw invalid(`Invalid operation (${text}) for non collection column ${name}`);
  if (!isMulticell(type)) throw invalid(`Invalid operation (${text}) for frozen collection column ${name}`);
  if (type.kind === 'set') throw invalid(`Invalid operation (${text}) for set column ${name}`);
  const keyOf = type.kind === 'list' ? indexReceiver(receiver) : keyReceiver(receiver, type.key);
  const key = prepareTerm(environment, assignment.key, keyOf);
  const valueSpec = valueReceiver(receiver, type.kind === 'list' ? type.element : type.value);
  return new SetElement(column, key, prepareTerm(environment, assignment.value, valueSpec));
}

function prepareSetField(
  environment: PlanEnvironment,
  receiver: Receiver,
  column: ColumnDefinition,
  assignment: Extract<Assignment, { kind: 'field' }>,
): Operation {
  const { type, name } = column;
  const text = `${name}.${assignment.field} = ${termText(assignment.value)}`;
  if (type.kind !== 'udt') throw invalid(`Invalid operation (${text}) for non-UDT column ${name}`);
  if (!isMulticell(type)) throw invalid(`Invalid operation (${text}) for frozen UDT column ${name}`);
  const index = fieldIndex(type, assignment.field);
  if (index < 0) throw invalid(`UDT column ${name} does not have a field named ${assignment.field}`);
  const term = prepareTerm(environment, assignment.value, fieldReceiver(receiver, type, index));
  return new SetField(column, assignment.field, term);
}

/** One deletion of a DELETE. @throws FerrosaError INVALID when the column's type has no such operation */
export function prepareDeletion(environment: PlanEnvironment, column: ColumnDefinition, deletion: Deletion): Operation {
  const { type, name } = column;
  const receiver = columnReceiver(environment.table, column);
  if (deletion.kind === 'column') return new DeleteColumn(column);
  if (deletion.kind === 'field') {
    if (type.kind !== 'udt') throw invalid(`Invalid field deletion operation for non-UDT column ${name}`);
    if (!isMulticell(type)) throw invalid(`Frozen UDT column ${name} does not support field deletions`);
    if (fieldIndex(type, deletion.field) < 0)
      throw invalid(`UDT column ${name} does not have a field named ${deletion.field}`);
    return new DeleteField(column, deletion.field);
  }
  if (type.kind !== 'list' && type.kind !== 'set' && type.kind !== 'map')
    throw invalid(`Invalid deletion operation for non collection column ${name}`);
  if (!isMulticell(type)) throw invalid(`Invalid deletion operation for frozen collection column ${name}`);
  const of =
    type.kind === 'list'
      ? indexReceiver(receiver)
      : type.kind === 'set'
        ? valueReceiver(receiver, type.element)
        : keyReceiver(receiver, type.key);
  return new DeleteElement(column, prepareTerm(environment, deletion.key, of));
}

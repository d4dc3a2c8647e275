// What SET, VALUES and DELETE do to a column: the operations of Cassandra's Operation, Constants, Lists, Sets, Maps, UserTypes.
import { invalid } from '../../common/errors.js';
import type { ColumnDefinition } from '../../schema/index.js';
import { isMulticell, UNSET, type UserType, unpackList, unpackMap, unpackSet, unpackTuple } from '../../types/index.js';
import type { ScalarFunction } from '../function-api.js';
import type { BindContext, Term } from '../terms/term.js';
import { TupleLiteralTerm } from '../terms/term.js';
import { fieldIndex, readInt32, readInt64, sameBytes } from '../values.js';
import type { RowWriter } from './row-writer.js';

const emptyValue = new Uint8Array(0);

/** One change of one column of one row. */
export interface Operation {
  readonly column: ColumnDefinition;
  /** The row's list must be read first. */
  readonly requiresRead: boolean;
  /** @throws FerrosaError INVALID for values that do not do */
  execute(row: RowWriter, context: BindContext): void;
}

abstract class BaseOperation implements Operation {
  readonly requiresRead: boolean = false;
  constructor(readonly column: ColumnDefinition) {}
  abstract execute(row: RowWriter, context: BindContext): void;
}

/** c = v for whatever column. */
export class SetColumn extends BaseOperation {
  constructor(
    column: ColumnDefinition,
    readonly term: Term,
  ) {
    super(column);
  }

  override execute(row: RowWriter, context: BindContext): void {
    const { column, term } = this;
    if (!isMulticell(column.type)) {
      const value = term.bind(context);
      if (value === null) row.tombstone(column);
      else if (value !== UNSET) row.cell(column, value);
      return;
    }
    if (column.type.kind === 'udt') {
      this.#setFields(column.type, row, context);
      return;
    }
    const value = term.bind(context);
    if (value === UNSET) return;
    row.overwrite(column);
    if (value !== null) addElements(row, column, value);
  }

  #setFields(type: UserType, row: RowWriter, context: BindContext): void {
    if (this.term instanceof TupleLiteralTerm) {
      row.overwrite(this.column);
      this.term.bindFields(context).forEach((value, i) => {
        if (value !== null && value !== UNSET) row.pathCell(this.column, fieldPath(i), value);
      });
      return;
    }
    const value = this.term.bind(context);
    if (value === UNSET) return;
    row.overwrite(this.column);
    if (value === null) return;
    unpackTuple(value, type).forEach((field, i) => {
      if (field !== null) row.pathCell(this.column, fieldPath(i), field);
    });
  }
}

/** u16 big-endian field index: the path of a user type's field. */
export function fieldPath(field: number): Uint8Array {
  return Uint8Array.of(field >>> 8, field & 0xff);
}

function addElements(row: RowWriter, column: ColumnDefinition, value: Uint8Array): void {
  switch (column.type.kind) {
    case 'list':
      for (const element of unpackList(value)) row.pathCell(column, row.nextListPath(), element);
      return;
    case 'set':
      for (const element of unpackSet(value)) row.pathCell(column, element, emptyValue);
      return;
    case 'map':
      for (const [key, entry] of unpackMap(value)) row.pathCell(column, key, entry);
  }
}

/** list + v, set + v, map + v. */
export class AddElements extends BaseOperation {
  constructor(
    column: ColumnDefinition,
    readonly term: Term,
  ) {
    super(column);
  }

  override execute(row: RowWriter, context: BindContext): void {
    const value = this.term.bind(context);
    if (value !== null && value !== UNSET) addElements(row, this.column, value);
  }
}

/** v + list. */
export class PrependElements extends BaseOperation {
  constructor(
    column: ColumnDefinition,
    readonly term: Term,
  ) {
    super(column);
  }

  override execute(row: RowWriter, context: BindContext): void {
    const value = this.term.bind(context);
    if (value === null || value === UNSET) return;
    const elements = unpackList(value);
    const paths = row.listPathsBefore(elements.length);
    elements.forEach((element, i) => {
      row.pathCell(this.column, paths[i]!, element);
    });
  }
}

/** set - v, map - v. */
export class DiscardKeys extends BaseOperation {
  constructor(
    column: ColumnDefinition,
    readonly term: Term,
  ) {
    super(column);
  }

  override execute(row: RowWriter, context: BindContext): void {
    const value = this.term.bind(context);
    if (value === null || value === UNSET) return;
    for (const key of unpackSet(value)) row.pathTombstone(this.column, key);
  }
}

/** list - v: reads the list and deletes the elements that are equal. */
export class DiscardFromList extends BaseOperation {
  override readonly requiresRead = true;
  constructor(
    column: ColumnDefinition,
    readonly term: Term,
  ) {
    super(column);
  }

  override execute(row: RowWriter, context: BindContext): void {
    const value = this.term.bind(context);
    const list = row.existingList(this.column);
    if (value === null || value === UNSET) return;
    const discard = unpackList(value);
    for (const { path, element } of list)
      if (discard.some((other) => sameBytes(other, element))) row.pathTombstone(this.column, path);
  }
}

/** map[k] = v, list[i] = v. */
export class SetElement extends BaseOperation {
  override readonly requiresRead: boolean;
  constructor(
    column: ColumnDefinition,
    readonly key: Term,
    readonly term: Term,
  ) {
    super(column);
    this.requiresRead = column.type.kind === 'list';
  }

  override execute(row: RowWriter, context: BindContext): void {
    const key = this.key.bind(context);
    const value = this.term.bind(context);
    const list = this.requiresRead;
    if (key === null) throw invalid(list ? 'Invalid null value for list index' : 'Invalid null map key');
    if (key === UNSET) throw invalid(list ? 'Invalid unset value for list index' : 'Invalid unset map key');
    const path = list ? elementPath(row, this.column, listIndex(key), 'set an element on') : key;
    if (value === null) row.pathTombstone(this.column, path);
    else if (value !== UNSET) row.pathCell(this.column, path, value);
  }
}

/** An int of no bytes is a value of its own; as an index or an increment it means nothing. */
function listIndex(key: Uint8Array): number {
  if (key.length === 0) throw invalid('Invalid empty value for list index');
  return readInt32(key);
}

function elementPath(row: RowWriter, column: ColumnDefinition, index: number, what: string): Uint8Array {
  const list = row.existingList(column);
  if (list.length === 0) throw invalid(`Attempted to ${what} a list which is null`);
  const found = list[index];
  if (index < 0 || found === undefined) throw invalid(`List index ${index} out of bound, list has size ${list.length}`);
  return found.path;
}

/** DELETE map[k], set[e], list[i]. */
export class DeleteElement extends BaseOperation {
  override readonly requiresRead: boolean;
  constructor(
    column: ColumnDefinition,
    readonly key: Term,
  ) {
    super(column);
    this.requiresRead = column.type.kind === 'list';
  }

  override execute(row: RowWriter, context: BindContext): void {
    const key = this.key.bind(context);
    if (this.requiresRead) {
      if (key === null) throw invalid('Invalid null value for list index');
      if (key === UNSET) return;
      row.pathTombstone(this.column, elementPath(row, this.column, listIndex(key), 'delete an element from'));
      return;
    }
    const set = this.column.type.kind === 'set';
    if (key === null) throw invalid(set ? 'Invalid null set element' : 'Invalid null map key');
    if (key === UNSET) throw invalid(set ? 'Invalid unset set element' : 'Invalid unset map key');
    row.pathTombstone(this.column, key);
  }
}

/** u.f = v. */
export class SetField extends BaseOperation {
  /** Of the field in its type. */
  readonly index: number;
  readonly #path: Uint8Array;
  constructor(
    column: ColumnDefinition,
    readonly field: string,
    readonly term: Term,
  ) {
    super(column);
    this.index = fieldIndex(column.type as UserType, field);
    this.#path = fieldPath(this.index);
  }

  override execute(row: RowWriter, context: BindContext): void {
    const value = this.term.bind(context);
    if (value === null) row.pathTombstone(this.column, this.#path);
    else if (value !== UNSET) row.pathCell(this.column, this.#path, value);
  }
}

/** DELETE u.f. */
export class DeleteField extends BaseOperation {
  /** Of the field in its type. */
  readonly index: number;
  readonly #path: Uint8Array;
  constructor(column: ColumnDefinition, field: string) {
    super(column);
    this.index = fieldIndex(column.type as UserType, field);
    this.#path = fieldPath(this.index);
  }

  override execute(row: RowWriter): void {
    row.pathTombstone(this.column, this.#path);
  }
}

/** DELETE c. */
export class DeleteColumn extends BaseOperation {
  override execute(row: RowWriter): void {
    if (isMulticell(this.column.type)) row.complexDeletion(this.column);
    else row.tombstone(this.column);
  }
}

/** number + v, text + v: in conditional updates, which read. Nothing plus something stays nothing. */
export class AddToValue extends BaseOperation {
  override readonly requiresRead = true;
  constructor(
    column: ColumnDefinition,
    readonly term: Term,
    private readonly add: ScalarFunction,
  ) {
    super(column);
  }

  override execute(row: RowWriter, context: BindContext): void {
    const value = this.term.bind(context);
    if (value === null || value === UNSET)
      throw invalid(`Invalid ${value === null ? 'null' : 'unset'} value for ${this.column.name}`);
    const current = row.existingValue(this.column);
    if (current === null) return;
    const sum = this.add.execute([current, value], context.functions);
    if (sum !== null) row.cell(this.column, sum);
  }
}

/** counter + v, counter - v. */
export class AddToCounter extends BaseOperation {
  constructor(
    column: ColumnDefinition,
    readonly term: Term,
    readonly negated: boolean,
  ) {
    super(column);
  }

  override execute(row: RowWriter, context: BindContext): void {
    const value = this.term.bind(context);
    if (value === null) throw invalid('Invalid null value for counter increment');
    if (value === UNSET) return;
    if (value.length === 0) throw invalid('Invalid empty value for counter increment');
    const delta = readInt64(value);
    if (this.negated && delta === -(2n ** 63n))
      throw invalid(`The negation of ${delta} overflows supported counter precision (signed 8 bytes integer)`);
    row.counter(this.column, this.negated ? -delta : delta);
  }
}

// A planned term: gives its serialized value for the values of one execution.
import { invalid } from '../../common/errors.js';
import type { UserFunction } from '../../schema/index.js';
import {
  type BindValue,
  type CqlType,
  type MapEntry,
  normalizeValue,
  packList,
  packMap,
  packSet,
  packTuple,
  packVector,
  UNSET,
  unpackTuple,
  validateValue,
} from '../../types/index.js';
import type { Cell } from '../../udf/index.js';
import type { FunctionContext, ScalarFunction } from '../function-api.js';

/** What terms read while one statement executes. */
export type BindContext = {
  readonly values: readonly BindValue[];
  readonly functions: FunctionContext;
  /** Parsed INSERT JSON markers, by marker index. */
  json: Map<number, ReadonlyMap<string, Uint8Array | null>> | null;
  /** null for statements that call no user function. */
  readonly user: UserCalls | null;
};

/** Calls of user functions by one execution. */
export type UserCalls = {
  /** What the calls in the statement's terms gave. */
  readonly results: Map<UserFunctionTerm, Cell>;
  map(fn: UserFunction, rows: readonly (readonly Cell[])[]): Promise<Cell[]>;
  fold(fn: UserFunction, state: Cell, rows: readonly (readonly Cell[])[]): Promise<Cell>;
};

export interface Term {
  /** Known when the statement is planned. */
  readonly constant: boolean;
  readonly hasMarker: boolean;
  /** @throws FerrosaError INVALID for a bound value that is not one of the type */
  bind(context: BindContext): BindValue;
}

/** A term that stands for several columns at once: `(a, b) = (1, ?)`. */
export interface TupleTerm extends Term {
  bindFields(context: BindContext): BindValue[] | null;
}

export class ConstantTerm implements Term {
  readonly constant = true;
  readonly hasMarker = false;
  constructor(readonly value: BindValue) {}
  bind(): BindValue {
    return this.value;
  }
}

export const nullTerm = new ConstantTerm(null);
export const unsetTerm = new ConstantTerm(UNSET);

export class MarkerTerm implements Term {
  readonly constant = false;
  readonly hasMarker = true;

  constructor(
    readonly index: number,
    readonly type: CqlType,
  ) {}

  bind(context: BindContext): BindValue {
    const value = context.values[this.index] as BindValue;
    if (value === null || value === UNSET) return value;
    return normalizeValue(this.type, value);
  }
}

/** `(a, b) = ?`: one marker for a tuple of columns. */
export class TupleMarkerTerm implements TupleTerm {
  readonly constant = false;
  readonly hasMarker = true;

  constructor(
    readonly index: number,
    readonly name: string,
    readonly types: readonly CqlType[],
  ) {}

  bind(context: BindContext): BindValue {
    const value = context.values[this.index] as BindValue;
    if (value === UNSET) throw invalid(`Invalid unset value for tuple ${this.name}`);
    if (value !== null) validateValue({ kind: 'tuple', fields: this.types }, value);
    return value;
  }

  bindFields(context: BindContext): BindValue[] | null {
    const value = this.bind(context);
    return value === null || value === UNSET ? null : unpackTuple(value, { kind: 'tuple', fields: this.types });
  }
}

/** Fields of a tuple literal, of a user type literal, or of a multi-column relation. */
export class TupleLiteralTerm implements TupleTerm {
  readonly constant = false;
  readonly hasMarker: boolean;

  /** @param unsetMessage  for a field that is not set; null: unset stays (fields of a multicell user type) */
  constructor(
    readonly fields: readonly Term[],
    private readonly unsetMessage: ((field: number) => string) | null,
  ) {
    this.hasMarker = fields.some((field) => field.hasMarker);
  }

  bindFields(context: BindContext): BindValue[] {
    return this.fields.map((field, index) => {
      const value = field.bind(context);
      if (value === UNSET && this.unsetMessage !== null) throw invalid(this.unsetMessage(index));
      return value;
    });
  }

  bind(context: BindContext): BindValue {
    return packTuple(this.bindFields(context).map((value) => (value === UNSET ? null : value)));
  }
}

/** A list, set, map or vector whose elements are not all known when the statement is planned. */
export class CollectionTerm implements Term {
  readonly constant = false;
  readonly hasMarker: boolean;

  /** @param elements  keys and values of a map alternate */
  constructor(
    readonly type: CqlType,
    readonly elements: readonly Term[],
  ) {
    this.hasMarker = elements.some((element) => element.hasMarker);
  }

  bind(context: BindContext): BindValue {
    const type = this.type;
    const bytes: Uint8Array[] = [];
    for (let i = 0; i < this.elements.length; i++) {
      const value = this.elements[i]!.bind(context);
      if (type.kind === 'vector' && (value === null || value === UNSET))
        throw invalid('null is not supported inside vectors');
      if (value === null) throw invalid('null is not supported inside collections');
      if (value === UNSET) {
        if (type.kind === 'map' && i % 2 === 0) throw invalid('unset value is not supported for map keys');
        return UNSET;
      }
      bytes.push(value);
    }
    if (type.kind === 'set') return packSet(type.element, bytes);
    if (type.kind === 'map') {
      const entries: MapEntry[] = [];
      for (let i = 0; i < bytes.length; i += 2) entries.push([bytes[i]!, bytes[i + 1]!]);
      return packMap(type.key, entries);
    }
    if (type.kind === 'vector') return packVector(type, bytes);
    return packList(bytes);
  }
}

/** The arguments of a call. @throws FerrosaError INVALID for one that is not set */
function bindArguments(fn: ScalarFunction, args: readonly Term[], context: BindContext): Cell[] {
  return args.map((arg) => {
    const value = arg.bind(context);
    if (value === UNSET) throw invalid(`Invalid unset value for argument in call to function ${fn.name}`);
    return value;
  });
}

/** A call of a user function. It is made before the statement runs; `bind` gives what it gave. */
export class UserFunctionTerm implements Term {
  readonly constant = false;
  readonly hasMarker: boolean;

  constructor(
    readonly fn: ScalarFunction,
    readonly args: readonly Term[],
  ) {
    this.hasMarker = args.some((arg) => arg.hasMarker);
  }

  /** REQUIRES: the calls in the arguments were made. */
  async call(context: BindContext): Promise<void> {
    const { results, map } = context.user!;
    const [value] = await map(this.fn.user!, [bindArguments(this.fn, this.args, context)]);
    results.set(this, value!);
  }

  bind(context: BindContext): BindValue {
    return context.user!.results.get(this)!;
  }
}

export class FunctionTerm implements Term {
  readonly constant = false;
  readonly hasMarker: boolean;

  constructor(
    readonly fn: ScalarFunction,
    readonly args: readonly Term[],
  ) {
    this.hasMarker = args.some((arg) => arg.hasMarker);
  }

  bind(context: BindContext): BindValue {
    return this.fn.execute(bindArguments(this.fn, this.args, context), context.functions);
  }
}

// Functions whose types depend on their arguments: parameters that infer a type, and factories (FunctionFactory).
import { invalid } from '../../common/errors.js';
import { type CqlType, type NativeTypeName, typeToCql } from '../../types/index.js';
import type { Argument, CqlFunction } from '../function-api.js';
import { assignType } from '../terms/compatible.js';
import { native } from './build.js';
import { isNumeric } from './numeric.js';

export type Inference = {
  readonly receiver: CqlType | null;
  /** Types of all arguments as far as known from the first pass; null during that pass. */
  readonly others: readonly (CqlType | null)[] | null;
};

export type Parameter = {
  /** As messages show it. */
  readonly text: string;
  readonly optional?: boolean;
  infer(arg: Argument, inference: Inference): CqlType | null;
  /** What it must be, for the message; null when the type is accepted. */
  problem(type: CqlType): string | null;
  /** The same, asked when every argument has passed. */
  lateProblem?(type: CqlType): string | null;
};

export function optional(parameter: Parameter): Parameter {
  return { ...parameter, text: `[${parameter.text}]`, optional: true };
}

/** A type, which it also is when nothing tells. */
export function fixed(kind: NativeTypeName): Parameter {
  return oneOf(kind, [kind]);
}

/** A string of either type; messages name text's other name too. */
export const string: Parameter = oneOf('[text|varchar|ascii]', ['text', 'ascii']);

/** Any of some types, the first when nothing tells. */
export function oneOf(text: string, kinds: readonly NativeTypeName[]): Parameter {
  return {
    text,
    infer: (arg) => arg.compatibleType() ?? native(kinds[0]!),
    problem: (type) =>
      kinds.some((kind) => assignType(type, native(kind)) !== 'no') ? null : `an argument of type ${text}`,
  };
}

export function anyType(inferFromReceiver: boolean): Parameter {
  return {
    text: 'any',
    infer: (arg, { receiver }) => arg.compatibleType() ?? (inferFromReceiver ? receiver : null),
    problem: () => null,
  };
}

/** The type of another argument; that one's before its own when preferred. */
export function sameAs(index: number, preferOther: boolean, parameter: Parameter): Parameter {
  return {
    ...parameter,
    infer: (arg, inference) => {
      const other = inference.others?.[index] ?? null;
      if (preferOther && other !== null) return other;
      return parameter.infer(arg, inference) ?? other;
    },
  };
}

function structural(text: string, wanted: string, accepts: (type: CqlType) => boolean): Parameter {
  return { text, infer: (arg) => arg.compatibleType(), problem: (type) => (accepts(type) ? null : wanted) };
}

const isSetOrList = (type: CqlType) => type.kind === 'set' || type.kind === 'list';

export const anyCollection = structural(
  'collection',
  'a collection argument',
  (type) => isSetOrList(type) || type.kind === 'map',
);
export const anyMap = structural('map', 'a map argument', (type) => type.kind === 'map');
export const setOrList = structural('numeric_set_or_list', 'a set or list argument', isSetOrList);
export const numericSetOrList = structural(
  'numeric_set_or_list',
  'a numeric set/list argument',
  (type) => (type.kind === 'set' || type.kind === 'list') && isNumeric(type.element),
);

const floatVectorText = 'a float vector argument';
const isFloatVector = (type: CqlType): boolean => type.kind === 'vector' && type.element.kind === 'float';
/** Cassandra looks at these when it has looked at the arguments behind them. */
const isOtherList = (type: CqlType): boolean => type.kind === 'list' && type.element.kind !== 'float';

/** A vector of floats. A literal in brackets is one of as many dimensions as it has elements. */
export const floatVector: Parameter = {
  text: 'vector<float, n>',
  infer: (arg, { receiver }) => {
    if (arg.arrayLiteralSize !== undefined) {
      if (arg.arrayLiteralSize === 0) throw invalid('vectors may only have positive dimensions; given 0');
      return { kind: 'vector', element: native('float'), dimensions: arg.arrayLiteralSize };
    }
    return arg.compatibleType() ?? receiver;
  },
  problem: (type) => (isFloatVector(type) || isOtherList(type) ? null : floatVectorText),
  lateProblem: (type) => (isFloatVector(type) ? null : floatVectorText),
};

export type Factory = {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  make(types: readonly CqlType[], receiver: CqlType | null): CqlFunction;
};

export function factoryText(factory: Factory): string {
  return `system.${factory.name}(${factory.parameters.map((parameter) => parameter.text).join(', ')})`;
}

function refuse({ name }: Factory, { text }: Argument, type: CqlType, wanted: string | null): void {
  if (wanted === null) return;
  throw invalid(`Function system.${name} requires ${wanted}, but found argument ${text} of type ${typeToCql(type)}`);
}

/**
 * The function that a factory makes for these arguments.
 * @throws FerrosaError INVALID for a wrong number, a type that cannot be told, or one that does not fit
 */
export function makeFromFactory(factory: Factory, args: readonly Argument[], receiver: CqlType | null): CqlFunction {
  const { parameters } = factory;
  const mandatory = parameters.filter((parameter) => parameter.optional !== true).length;
  if (args.length < mandatory || args.length > parameters.length) {
    throw invalid(`Invalid number of arguments for function ${factoryText(factory)}`);
  }
  const types = args.map((arg, i) => parameters[i]!.infer(arg, { receiver, others: null }));
  for (const [i, arg] of args.entries()) {
    const parameter = parameters[i]!;
    const type = parameter.infer(arg, { receiver, others: types });
    if (type === null) {
      throw invalid(
        `Cannot infer type of argument ${arg.text} in call to function ${factoryText(factory)}: ` +
          'use type casts to disambiguate',
      );
    }
    refuse(factory, arg, type, parameter.problem(type));
    types[i] = type;
  }
  for (const [i, arg] of args.entries())
    refuse(factory, arg, types[i]!, parameters[i]!.lateProblem?.(types[i]!) ?? null);
  return factory.make(types as CqlType[], receiver);
}

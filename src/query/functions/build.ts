// Makes native functions: names, signatures and column names as Cassandra has them.
import { FerrosaError } from '../../common/errors.js';
import { type CqlType, type NativeTypeName, quoteIfNeeded, typeToCql, typeToCqlUnfrozen } from '../../types/index.js';
import type {
  Accumulator,
  AggregateFunction,
  CqlFunction,
  FoldedAggregate,
  FunctionContext,
  ScalarFunction,
} from '../function-api.js';

export type Execute = (args: readonly (Uint8Array | null)[], context: FunctionContext) => Uint8Array | null;

export const native = (kind: NativeTypeName): CqlType => ({ kind });

const displayName = (name: string) => `system.${name}`;
const defaultColumnName = (name: string) => (args: readonly string[]) => `${displayName(name)}(${args.join(', ')})`;

export type ScalarOptions = {
  /** False for functions whose result changes from call to call. */
  readonly pure?: boolean;
  readonly columnName?: (args: readonly string[]) => string;
};

/** A native scalar function. */
export function scalar(
  name: string,
  argTypes: readonly CqlType[],
  returnType: CqlType,
  execute: Execute,
  options: ScalarOptions = {},
): ScalarFunction {
  return {
    kind: 'scalar',
    name,
    displayName: displayName(name),
    argTypes,
    returnType,
    pure: options.pure ?? true,
    columnName: options.columnName ?? defaultColumnName(name),
    execute,
  };
}

/** A native aggregate function; `folded`: how storage computes it, null when it cannot. */
export function aggregate(
  name: string,
  argTypes: readonly CqlType[],
  returnType: CqlType,
  create: () => Accumulator,
  columnName: (args: readonly string[]) => string = defaultColumnName(name),
  folded: FoldedAggregate | null = null,
): AggregateFunction {
  return { kind: 'aggregate', name, displayName: displayName(name), argTypes, returnType, columnName, create, folded };
}

/** The signature as messages list it: `system.abs : (int) -> int`. */
export function signatureText(fn: CqlFunction): string {
  const args = fn.argTypes.map((type) => (type.kind === 'tuple' ? typeToCqlUnfrozen(type) : typeToCql(type)));
  const [keyspace, name] = [fn.displayName.slice(0, -fn.name.length - 1), fn.name];
  const shown = `${quoteIfNeeded(keyspace)}.${quoteIfNeeded(name)}`;
  return `${shown} : (${args.join(', ')}) -> ${typeToCql(fn.returnType)}`;
}

/** Function failure (0x1400): the function was called and could not give a result. */
export function functionFailure(name: string, argTypes: readonly CqlType[], message: string): FerrosaError {
  return new FerrosaError('FUNCTION_FAILURE', message, {
    keyspace: 'system',
    functionName: name,
    argumentTypes: argTypes.map(typeToCql),
  });
}

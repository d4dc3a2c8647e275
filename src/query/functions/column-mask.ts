// Masks of columns: which functions they may be, and the node that applies one (Cassandra's ColumnMask).
import { type FerrosaError, invalid } from '../../common/errors.js';
import { termText } from '../../cql/index.js';
import { type ColumnDefinition, type ResolveMask, type TableDefinition, termBytes } from '../../schema/index.js';
import { sameType, typeToClassName, typeToCql } from '../../types/index.js';
import { BindMarkers } from '../binds.js';
import type { CqlFunction, ScalarFunction } from '../function-api.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { argumentOf } from '../terms/arguments.js';
import { maskingFactories } from './masking.js';
import { nativeFunctions, typedArgument } from './registry.js';

const maskNames: ReadonlySet<string> = new Set(maskingFactories().map(({ name }) => name));
const natives = nativeFunctions();

/**
 * The mask that MASKED WITH gives a column.
 * @throws FerrosaError INVALID with Cassandra's texts when the function is none for it
 */
export const resolveColumnMask: ResolveMask = (column, node) => {
  const { schema, keyspace, type } = column;
  const functions = natives.withSchema(schema, { name: () => {}, call: () => {} });
  const environment: PlanEnvironment = {
    schema,
    keyspace,
    // Only token() looks at it, which no mask can be.
    table: { keyspace, name: column.table, partitionKey: [] } as unknown as TableDefinition,
    functions,
    markers: new BindMarkers([]),
    userCalls: [],
    masked: false,
    text: { nowMs: () => 0 },
  };
  const { keyspace: of, name } = node.function;
  const text = `${of === null ? name : `${of}.${name}`}(${node.args.map((term) => termText(term)).join(', ')})`;
  const args = [typedArgument(type, typeToClassName(type)), ...node.args.map((arg) => argumentOf(environment, arg))];
  const fn = functions.resolve(keyspace, node.function, args, type, environment.table);
  const problem = problemOf(fn, text, column);
  if (problem !== null) throw problem;
  const argTypes = fn!.argTypes.slice(1);
  const values = node.args.map((arg, i) => termBytes(arg, argTypes[i]!, '(dummy)'));
  return {
    keyspace: fn!.displayName.slice(0, -fn!.name.length - 1),
    name: fn!.name,
    argTypes,
    args: values.map((value) => (value === null ? null : Buffer.from(value).toString('hex'))),
  };
};

function problemOf(
  fn: CqlFunction | null,
  text: string,
  { keyspace, table, name, type }: Parameters<ResolveMask>[0],
): FerrosaError | null {
  if (fn === null)
    return invalid(`Unable to find masking function for ${name}, no declared function matches the signature ${text}`);
  if (fn.kind === 'aggregate') return invalid(`Aggregate function ${text} cannot be used for masking table columns`);
  if (fn.user === undefined && !maskNames.has(fn.name))
    return invalid(`Not-masking function ${text} cannot be used for masking table columns`);
  if (fn.user !== undefined && fn.user.keyspace !== keyspace)
    return invalid(`Masking function ${text} doesn't belong to the same keyspace as the table ${keyspace}.${table}`);
  if (!sameType(fn.returnType, type))
    return invalid(
      `Masking function ${text} return type is ${typeToCql(fn.returnType)}. This is different to the type of the masked ` +
        `column ${name} of type ${typeToCql(type)}. Masking functions can only be attached to table columns if they ` +
        'return the same data type as the masked column.',
    );
  return null;
}

/** The function of a column's mask, whose first argument is the column. */
export function maskFunction(environment: PlanEnvironment, column: ColumnDefinition): ScalarFunction {
  const { keyspace, name, argTypes } = column.mask!;
  const args = [column.type, ...argTypes].map((type) => typedArgument(type, typeToCql(type)));
  const { ofMasks } = environment.functions;
  const fn = ofMasks.resolve(environment.keyspace, { keyspace, name }, args, column.type, null);
  if (fn?.kind !== 'scalar') throw invalid(`The function ${keyspace}.${name} of a column mask is not there`);
  return fn;
}

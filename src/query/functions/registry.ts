// Every native function, and the choice among them (Cassandra's NativeFunctions and FunctionResolver).
import { invalid } from '../../common/errors.js';
import type { QualifiedName } from '../../cql/index.js';
import type { Schema } from '../../schema/index.js';
import { type CqlType, freeze, sameType, typeToCql } from '../../types/index.js';
import type {
  AggregateFunction,
  Argument,
  Assignability,
  CqlFunction,
  FunctionRegistry,
  FunctionUses,
  ScalarFunction,
} from '../function-api.js';
import { assignType, worst } from '../terms/compatible.js';
import { aggregateFunctions, countRows, extremeAggregate } from './aggregates.js';
import { arithmeticFunctions, negationFunctionName, type Operator, operatorFunctionNames } from './arithmetic.js';
import { signatureText } from './build.js';
import { castFunctionName, castFunctionsOfAll } from './casts.js';
import { collectionFactories } from './collections.js';
import { conversionFunctions } from './conversions.js';
import { formatFactories, formatFunctions } from './format.js';
import { jsonFactories } from './json.js';
import { maskingFactories } from './masking.js';
import { mathFunctions } from './math.js';
import { anyType, type Factory, makeFromFactory } from './parameters.js';
import { timeFunctions } from './time.js';
import { tokenFunction } from './token.js';
import { userFunctionsNamed } from './user.js';

type Table = { readonly partitionKey: readonly { readonly type: CqlType }[] };

const extremeFactories: readonly Factory[] = (['min', 'max'] as const).map((name) => ({
  name,
  parameters: [anyType(true)],
  make: ([type]) => extremeAggregate(name, type!),
}));

class NativeFunctions implements FunctionRegistry {
  readonly countRows: AggregateFunction = countRows;
  readonly #functions = new Map<string, CqlFunction[]>();
  readonly #factories = new Map<string, Factory>();

  constructor(functions: readonly CqlFunction[], factories: readonly Factory[]) {
    for (const fn of functions) {
      const overloads = this.#functions.get(fn.name);
      if (overloads === undefined) this.#functions.set(fn.name, [fn]);
      else overloads.push(fn);
    }
    for (const factory of factories) this.#factories.set(factory.name, factory);
  }

  resolve(
    _keyspace: string,
    name: QualifiedName,
    args: readonly Argument[],
    receiver: CqlType | null,
    table: Table | null,
  ): CqlFunction | null {
    return this.resolveAmong(name, args, receiver, table, []);
  }

  withSchema(schema: Schema, uses: FunctionUses): FunctionRegistry {
    return new SchemaFunctions(this, schema, uses);
  }

  get ofMasks(): FunctionRegistry {
    return this;
  }

  /** @param others  functions of the name that clients made */
  resolveAmong(
    name: QualifiedName,
    args: readonly Argument[],
    receiver: CqlType | null,
    table: Table | null,
    others: readonly CqlFunction[],
  ): CqlFunction | null {
    const isNative = name.keyspace === null || name.keyspace === 'system';
    const candidates = isNative ? [...this.#candidates(name.name, args, receiver, table), ...others] : others;
    if (candidates.length === 0) return null;
    if (candidates.length > 1) return this.#best(name, args, receiver, candidates);
    checkArguments(candidates[0]!, args);
    return candidates[0]!;
  }

  resolveOperation(op: Operator, left: Argument, right: Argument, receiver: CqlType | null): ScalarFunction {
    const candidates = this.#functions.get(operatorFunctionNames[op])! as ScalarFunction[];
    const fits = fitting(candidates, [left, right], receiver);
    if (fits.exact !== null) return fits.exact;
    if (fits.weak.length === 0) {
      throw invalid(`the '${op}' operation is not supported between ${left.text} and ${right.text}`);
    }
    if (fits.weak.length === 1) return fits.weak[0]!;
    const ofReceiver = fits.weak.find(
      (fn) => receiver !== null && fn.argTypes.every((type) => sameType(type, receiver)),
    );
    if (ofReceiver !== undefined && !left.isMarker && !right.isMarker) return ofReceiver;
    throw invalid(
      `Ambiguous '${op}' operation with args ${left.text} and ${right.text}: ` +
        "use type hint to disambiguate, example '(int) ?'",
    );
  }

  resolveNegation(of: Argument, receiver: CqlType | null): ScalarFunction {
    const candidates = this.#functions.get(negationFunctionName)! as ScalarFunction[];
    const fits = fitting(candidates, [of], receiver);
    if (fits.exact !== null) return fits.exact;
    if (fits.weak.length === 0) throw noneMatches(`system.${negationFunctionName}`, candidates);
    if (fits.weak.length > 1) throw invalid('Ambiguous negation: use type casts to disambiguate');
    return fits.weak[0]!;
  }

  resolveCast(from: CqlType, to: CqlType): ScalarFunction | null {
    const name = castFunctionName(to);
    const casts = this.#functions.get(name);
    if (casts === undefined) return null;
    return this.#best(
      { keyspace: 'system', name },
      [typedArgument(from, typeToCql(from))],
      null,
      casts,
    ) as ScalarFunction;
  }

  #candidates(
    name: string,
    args: readonly Argument[],
    receiver: CqlType | null,
    table: Table | null,
  ): readonly CqlFunction[] {
    if (name === 'token') {
      if (table === null) throw invalid('No receiver table has been specified for function system.token');
      return [tokenFunction(table.partitionKey)];
    }
    const factory = this.#factories.get(name);
    if (factory !== undefined) return [makeFromFactory(factory, args, receiver)];
    return this.#functions.get(name) ?? [];
  }

  #best(
    name: QualifiedName,
    args: readonly Argument[],
    receiver: CqlType | null,
    candidates: readonly CqlFunction[],
  ): CqlFunction {
    const shown = name.keyspace === null ? name.name : `${name.keyspace}.${name.name}`;
    const fits = fitting(candidates, args, receiver);
    if (fits.exact !== null) return fits.exact;
    if (fits.weak.length === 0) throw noneMatches(shown, candidates);
    if (fits.weak.length === 1) return fits.weak[0]!;
    throw invalid(
      `Ambiguous call to function ${shown} (can be matched by following signatures: ${signatures(fits.weak)}): ` +
        'use type casts to disambiguate',
    );
  }
}

/** The native functions and those of a schema's keyspaces. */
class SchemaFunctions implements FunctionRegistry {
  readonly countRows = countRows;

  constructor(
    private readonly natives: NativeFunctions,
    private readonly schema: Schema,
    private readonly uses: FunctionUses,
  ) {}

  resolve(
    keyspace: string,
    name: QualifiedName,
    args: readonly Argument[],
    receiver: CqlType | null,
    table: Table | null,
  ): CqlFunction | null {
    const definition = this.schema.keyspaces.get(name.keyspace ?? keyspace);
    const others = definition === undefined ? [] : userFunctionsNamed(definition, name.name);
    if (others.length > 0) this.uses.name(`${definition!.name}.${name.name}`);
    // An aggregate is another one when a function of its own is.
    for (const { user } of others.filter((fn) => fn.kind === 'aggregate'))
      for (const part of [user!.state, user!.final]) if (part !== null) this.uses.name(`${part.keyspace}.${part.name}`);
    const found = this.natives.resolveAmong(name, args, receiver, table, others);
    if (found !== null && found.user !== undefined) this.uses.call(found);
    return found;
  }

  resolveOperation(op: Operator, left: Argument, right: Argument, receiver: CqlType | null): ScalarFunction {
    return this.natives.resolveOperation(op, left, right, receiver);
  }

  resolveNegation(of: Argument, receiver: CqlType | null): ScalarFunction {
    return this.natives.resolveNegation(of, receiver);
  }

  resolveCast(from: CqlType, to: CqlType): ScalarFunction | null {
    return this.natives.resolveCast(from, to);
  }

  withSchema(schema: Schema, uses: FunctionUses): FunctionRegistry {
    return this.natives.withSchema(schema, uses);
  }

  get ofMasks(): FunctionRegistry {
    return this.natives.withSchema(this.schema, { name: (name) => this.uses.name(name), call: () => {} });
  }
}

const signatures = (functions: readonly CqlFunction[]) => functions.map(signatureText).join(', ');

function noneMatches(name: string, candidates: readonly CqlFunction[]): Error {
  return invalid(
    `Invalid call to function ${name}, none of its type signatures match ` +
      `(known type signatures: ${signatures(candidates)})`,
  );
}

/** The candidates that take the arguments and give what the receiver takes. */
function fitting<F extends CqlFunction>(
  candidates: readonly F[],
  args: readonly Argument[],
  receiver: CqlType | null,
): { exact: F | null; weak: F[] } {
  const weak: F[] = [];
  for (const fn of candidates) {
    if (receiver !== null && assignType(fn.returnType, receiver) === 'no') continue;
    const fit = fitOf(fn, args);
    if (fit === 'exact') return { exact: fn, weak: [] };
    if (fit === 'weak') weak.push(fn);
  }
  return { exact: null, weak };
}

const argumentName = (fn: CqlFunction, i: number) => `arg${i}(${fn.displayName.toLowerCase()})`;

function fitOf(fn: CqlFunction, args: readonly Argument[]): Assignability {
  if (fn.argTypes.length !== args.length) return 'no';
  return worst(args.map((arg, i) => arg.testAssignment(fn.argTypes[i]!, argumentName(fn, i))));
}

function checkArguments(fn: CqlFunction, args: readonly Argument[]): void {
  const { displayName, argTypes } = fn;
  if (args.length !== argTypes.length) {
    throw invalid(
      `Invalid number of arguments in call to function ${displayName}: ` +
        `${argTypes.length} required but ${args.length} provided`,
    );
  }
  for (const [i, arg] of args.entries()) {
    const type = argTypes[i]!;
    if (arg.testAssignment(type, argumentName(fn, i)) !== 'no') continue;
    throw invalid(
      `Type error: ${arg.text} cannot be passed as argument ${i} of function ${displayName} of type ${typeToCql(type)}`,
    );
  }
}

/** The functions that every server has. */
export function nativeFunctions(): FunctionRegistry {
  return new NativeFunctions(
    [
      ...castFunctionsOfAll(),
      ...timeFunctions(),
      ...arithmeticFunctions(),
      ...aggregateFunctions(),
      ...conversionFunctions(),
      ...mathFunctions(),
      ...formatFunctions(),
    ],
    [...jsonFactories(), ...collectionFactories(), ...maskingFactories(), ...extremeFactories, ...formatFactories()],
  );
}

/** An argument whose type is known: a column, a cast. */
export function typedArgument(type: CqlType, text: string): Argument {
  return {
    testAssignment: (receiver) => assignType(freeze(type), receiver),
    exactType: () => type,
    compatibleType: () => type,
    text,
    isMarker: false,
  };
}

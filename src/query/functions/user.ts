// Functions and aggregates that clients made, as function resolution sees them.
import {
  functionsNamed,
  functionsOfAggregate,
  type KeyspaceDefinition,
  type UserAggregate,
  type UserFunction,
} from '../../schema/index.js';
import type { AggregateFunction, CqlFunction, ScalarFunction } from '../function-api.js';

/** Those of a name in a keyspace. */
export function userFunctionsNamed(keyspace: KeyspaceDefinition, name: string): CqlFunction[] {
  return functionsNamed(keyspace, name).map((fn) =>
    fn.kind === 'function' ? scalarOf(fn) : aggregateOf(keyspace, fn),
  );
}

function signature({ keyspace, name, argTypes, returnType }: UserFunction | UserAggregate) {
  const displayName = `${keyspace}.${name}`;
  const columnName = (args: readonly string[]) => `${displayName}(${args.join(', ')})`;
  return { name, displayName, argTypes, returnType, columnName };
}

/** The function as the planner takes it. */
export function scalarOf(fn: UserFunction): ScalarFunction {
  return {
    kind: 'scalar',
    ...signature(fn),
    pure: false,
    user: fn,
    execute() {
      throw new Error('a user function runs in a thread of its own');
    },
  };
}

function aggregateOf(keyspace: KeyspaceDefinition, aggregate: UserAggregate): AggregateFunction {
  const { initialState } = aggregate;
  const initial = initialState === null ? null : new Uint8Array(Buffer.from(initialState, 'hex'));
  return {
    kind: 'aggregate',
    ...signature(aggregate),
    folded: null,
    user: { ...functionsOfAggregate(keyspace, aggregate), initial },
    create() {
      throw new Error('a user aggregate runs in a thread of its own');
    },
  };
}

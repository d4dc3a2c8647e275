// What planning a statement looks things up in.
import type { TypeNode } from '../cql/index.js';
import type { Schema, TableDefinition } from '../schema/index.js';
import { type CqlType, type TextContext, typeFromSyntax } from '../types/index.js';
import type { BindMarkers } from './binds.js';
import type { FunctionRegistry } from './function-api.js';
import type { UserFunctionTerm } from './terms/term.js';

export type PlanEnvironment = {
  readonly schema: Schema;
  /** Keyspace of the statement's table. */
  readonly keyspace: string;
  readonly table: TableDefinition;
  readonly functions: FunctionRegistry;
  readonly markers: BindMarkers;
  /** Calls of user functions in terms, those in arguments before those that take them. */
  readonly userCalls: UserFunctionTerm[];
  /** Columns of the SELECT list are shown through their masks. */
  readonly masked: boolean;
  /** What constants such as the timestamp 'now' depend on. */
  readonly text: TextContext;
};

/** The type a hint or cast names. @throws FerrosaError INVALID for an unknown user type */
export function resolveType(environment: PlanEnvironment, node: TypeNode): CqlType {
  return typeFromSyntax(node, {
    keyspace: environment.keyspace,
    resolveUserType: (keyspace, name) => environment.schema.keyspaces.get(keyspace)?.types.get(name),
  });
}

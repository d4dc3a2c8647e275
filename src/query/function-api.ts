// What the planner asks of CQL functions (src/query/functions implements it).
import type { QualifiedName } from '../cql/index.js';
import type { Schema, UserFunction } from '../schema/index.js';
import type { FoldKind } from '../storage/index.js';
import type { CqlType } from '../types/index.js';

/** How well a term fits a type, as in Cassandra's AssignmentTestable. */
export type Assignability = 'exact' | 'weak' | 'no';

/** An argument as function resolution sees it, before it is planned. */
export interface Argument {
  /** `name` is the receiver's, for messages. */
  testAssignment(receiver: CqlType, name: string): Assignability;
  /** The type when the term alone decides it (columns, casts, calls), else null. */
  exactType(): CqlType | null;
  /** A type it would fit when nothing else decides (literals), else null. */
  compatibleType(): CqlType | null;
  /** As messages show it. */
  readonly text: string;
  /** A lone bind marker. */
  readonly isMarker: boolean;
  /** Number of elements of a `[a, b]` literal, which may be a list or a vector. */
  readonly arrayLiteralSize?: number;
}

/** What functions read beside their arguments. */
export type FunctionContext = {
  /** Microseconds since the epoch; the same for the whole statement. */
  readonly nowMicros: bigint;
  /** Version 1 UUIDs, strictly increasing in the process. */
  readonly nextTimeUuid: () => Uint8Array;
  readonly randomBytes: (count: number) => Uint8Array;
};

type Signature = {
  /** As messages print it: `system.now`, `ks.f`. */
  readonly displayName: string;
  /** The bare name: `now`. */
  readonly name: string;
  readonly argTypes: readonly CqlType[];
  readonly returnType: CqlType;
  /** Name of an unaliased result column, from those of the arguments. */
  columnName(args: readonly string[]): string;
};

export type ScalarFunction = Signature & {
  readonly kind: 'scalar';
  /** Same arguments, same result: may be computed while the statement is planned. */
  readonly pure: boolean;
  /** What a client made: it runs elsewhere, many calls at a time, and `execute` is not for it. */
  readonly user?: UserFunction;
  /** Serialized arguments and result. @throws FerrosaError INVALID, FUNCTION_FAILURE */
  execute(args: readonly (Uint8Array | null)[], context: FunctionContext): Uint8Array | null;
};

export interface Accumulator {
  add(args: readonly (Uint8Array | null)[]): void;
  result(): Uint8Array | null;
}

/** An aggregate as something that storage computes over any part of the rows, its argument being the column. */
export type FoldedAggregate = {
  readonly folds: readonly FoldKind[];
  /** Makes the result of the parts: its arguments are the values of `folds`. */
  readonly combined: AggregateFunction;
  /**
   * The same in words, for who has all the rows in one fold: a count or a smallest or largest value is what the fold gives; a sum wraps around
   * in `width` bytes; an average is the first fold divided by the second, cut off, 0 when there is nothing.
   */
  readonly output: { readonly kind: 'count' | 'sum' | 'average' | 'best'; readonly width: number };
};

/** An aggregate that a client made: its functions, and the state before the first row. */
export type UserAggregateParts = {
  readonly state: UserFunction;
  readonly final: UserFunction | null;
  readonly initial: Uint8Array | null;
};

export type AggregateFunction = Signature & {
  readonly kind: 'aggregate';
  /** What a client made; `create` is not for it. */
  readonly user?: UserAggregateParts;
  /** Null when only the rows themselves give the result (their order counts, or storage does not know how). */
  readonly folded: FoldedAggregate | null;
  /** A fresh state. */
  create(): Accumulator;
};

export type CqlFunction = ScalarFunction | AggregateFunction;

/** What a statement does with functions of clients. */
export type FunctionUses = {
  /** `keyspace.name`: another function of the name may change what it means. */
  name(name: string): void;
  /** It calls this one. */
  call(fn: CqlFunction): void;
};

export interface FunctionRegistry {
  /**
   * Picks the function by name and arguments (FunctionResolver).
   * @param receiver  type the result goes to, null when nothing is known
   * @param table  of the statement, for `token`
   * @returns null when no function has the name
   * @throws FerrosaError INVALID with Cassandra's text when none or several fit
   */
  resolve(
    keyspace: string,
    name: QualifiedName,
    args: readonly Argument[],
    receiver: CqlType | null,
    table: { readonly partitionKey: readonly { readonly type: CqlType }[] } | null,
  ): CqlFunction | null;
  /** `a + b` and the like. */
  resolveOperation(
    op: '+' | '-' | '*' | '/' | '%',
    left: Argument,
    right: Argument,
    receiver: CqlType | null,
  ): ScalarFunction;
  resolveNegation(of: Argument, receiver: CqlType | null): ScalarFunction;
  /** CAST(x AS type); null when nothing casts to that type. @throws FerrosaError INVALID when `from` does not cast */
  resolveCast(from: CqlType, to: CqlType): ScalarFunction | null;
  /**
   * These functions and those that clients made.
   * @param uses  told of those of clients
   */
  withSchema(schema: Schema, uses: FunctionUses): FunctionRegistry;
  /** The same where nobody is asked for EXECUTE: the mask of a column is its owner's call, not that of who reads the column. */
  readonly ofMasks: FunctionRegistry;
  /** count(*). */
  readonly countRows: AggregateFunction;
}

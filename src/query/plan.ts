// Plans any statement.
import { FerrosaError, invalid } from '../common/errors.js';
import type {
  AuthStatement,
  BatchStatement,
  DdlStatement,
  DescribeStatement,
  ModificationStatement,
  ParsedStatement,
  QualifiedName,
  SelectStatement,
  Statement,
} from '../cql/index.js';
import { getTable, type Schema, type TableDefinition, type UserFunction } from '../schema/index.js';
import type { TextContext } from '../types/index.js';
import { functionResource, type Resource } from './access/resource.js';
import type { ColumnSpec } from './api.js';
import { type BatchPlan, checkBatch } from './batch/batch-plan.js';
import { BindMarkers } from './binds.js';
import type { CqlFunction, FunctionRegistry } from './function-api.js';
import { type ExplainedPlan, explainColumns } from './observe/explain.js';
import { runningColumns } from './observe/running-rows.js';
import type { PlanEnvironment } from './plan-environment.js';
import { planSelect, type SelectPlan } from './select/select-plan.js';
import type { UserFunctionTerm } from './terms/term.js';
import { prepareAttributes } from './write/attributes.js';
import { checkAttributes, planWrite, type WritePlan } from './write/write-plan.js';

export type Plan =
  | SelectPlan
  | WritePlan
  | BatchPlan
  | { readonly kind: 'schema'; readonly statement: Exclude<DdlStatement, { kind: 'truncate' }> }
  | { readonly kind: 'truncate'; readonly table: TableDefinition }
  | { readonly kind: 'use'; readonly keyspace: string }
  | { readonly kind: 'auth'; readonly statement: AuthStatement }
  | { readonly kind: 'describe'; readonly statement: DescribeStatement }
  | { readonly kind: 'listQueries' }
  | { readonly kind: 'killQuery'; readonly id: number }
  | { readonly kind: 'explain'; readonly analyze: boolean; readonly of: ExplainedPlan };

/** A plan with what PREPARED tells of it. */
export type PlannedStatement = {
  readonly plan: Plan;
  readonly bindColumns: readonly ColumnSpec[];
  readonly partitionKeyIndexes: readonly number[];
  readonly resultColumns: readonly ColumnSpec[] | null;
  readonly isConditional: boolean;
  /** Every table is named with its keyspace. */
  readonly fullyQualified: boolean;
  /** Tables that the plan was made for; another definition makes it invalid. */
  readonly tables: readonly TableDefinition[];
  /** `keyspace.name` of the user functions that it may call; another definition makes it invalid. */
  readonly functionNames: ReadonlySet<string>;
  /** The user functions that it calls, and those of aggregates. */
  readonly calledFunctions: ReadonlySet<Resource>;
  /** Calls of user functions that are made before it runs, in this order. */
  readonly userCalls: readonly UserFunctionTerm[];
};

export type PlanInput = {
  readonly schema: Schema;
  readonly functions: FunctionRegistry;
  readonly text: TextContext;
  /** The session's keyspace. */
  readonly keyspace: string | null;
};

/** The table a name means. @throws FerrosaError INVALID when there is none */
export function resolveTable(schema: Schema, name: QualifiedName, keyspace: string | null): TableDefinition {
  const where = name.keyspace ?? keyspace;
  if (where === null)
    throw invalid('No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename');
  return getTable(schema, where, name.name);
}

/** @throws FerrosaError with Cassandra's code and text for what cannot be executed */
export function planStatement(input: PlanInput, parsed: ParsedStatement): PlannedStatement {
  const markers = new BindMarkers(parsed.markers);
  const { statement } = parsed;
  if (statement.kind === 'createView' && parsed.markers.length > 0)
    throw invalid('Bind variables are not allowed in CREATE MATERIALIZED VIEW statements');
  const functionNames = new Set<string>();
  const userCalls: UserFunctionTerm[] = [];
  const calledFunctions = new Set<Resource>();
  const functions = input.functions.withSchema(input.schema, {
    name: (name) => functionNames.add(name),
    call: (fn) => {
      for (const resource of resourcesOf(fn)) calledFunctions.add(resource);
    },
  });
  const { schema, text, keyspace } = input;
  const statementInput = { schema, functions, text, keyspace, userCalls };
  const { plan, tables, fullyQualified } = planKind(statementInput, statement, markers);
  const single = tables.length > 0 && tables.every((table) => table === tables[0]);
  return {
    plan,
    bindColumns: markers.columns(),
    partitionKeyIndexes: single && plan.kind !== 'truncate' ? markers.partitionKeyIndexes(tables[0]!) : [],
    resultColumns: resultColumnsOf(plan),
    isConditional: plan.kind === 'write' && plan.conditions !== null,
    fullyQualified,
    tables: [...new Set(tables)],
    functionNames,
    calledFunctions,
    userCalls,
  };
}

/** What a role needs EXECUTE on to call it. */
function resourcesOf(fn: CqlFunction): Resource[] {
  const resource = ({ keyspace, name, argTypes }: UserFunction) => functionResource(keyspace, name, argTypes);
  if (fn.kind === 'scalar') return fn.user === undefined ? [] : [resource(fn.user)];
  if (fn.user === undefined) return [];
  const { state, final } = fn.user;
  const parts = final === null ? [state] : [state, final];
  return [functionResource(state.keyspace, fn.name, fn.argTypes), ...parts.map(resource)];
}

/** What the parts of one statement plan with. */
type StatementInput = PlanInput & { readonly userCalls: UserFunctionTerm[] };

function resultColumnsOf(plan: Plan): readonly ColumnSpec[] | null {
  if (plan.kind === 'select') return plan.resultColumns;
  if (plan.kind === 'explain') return explainColumns;
  return plan.kind === 'listQueries' ? runningColumns : null;
}

type Kind = { plan: Plan; tables: readonly TableDefinition[]; fullyQualified: boolean };

function planKind(input: StatementInput, statement: Statement, markers: BindMarkers): Kind {
  switch (statement.kind) {
    case 'select':
    case 'insert':
    case 'update':
    case 'delete':
      return planOnTable(input, statement, markers);
    case 'batch':
      return planBatch(input, statement, markers);
    case 'truncate': {
      const table = resolveTable(input.schema, statement.table, input.keyspace);
      return { plan: { kind: 'truncate', table }, tables: [table], fullyQualified: statement.table.keyspace !== null };
    }
    case 'use':
      return { plan: { kind: 'use', keyspace: statement.keyspace }, tables: [], fullyQualified: false };
    case 'describe':
      return { plan: { kind: 'describe', statement }, tables: [], fullyQualified: false };
    case 'listQueries':
      return { plan: { kind: 'listQueries' }, tables: [], fullyQualified: true };
    case 'killQuery':
      return { plan: { kind: 'killQuery', id: Number(statement.id) }, tables: [], fullyQualified: true };
    case 'explain': {
      const { plan, ...rest } = planKind(input, statement.statement, markers);
      return { plan: { kind: 'explain', analyze: statement.analyze, of: plan as ExplainedPlan }, ...rest };
    }
    case 'auth':
      return { plan: { kind: 'auth', statement }, tables: [], fullyQualified: false };
    default:
      return { plan: { kind: 'schema', statement }, tables: [], fullyQualified: false };
  }
}

function environmentOf(input: StatementInput, table: TableDefinition, markers: BindMarkers): PlanEnvironment {
  const { schema, functions, text, userCalls } = input;
  return { schema, keyspace: table.keyspace, table, functions, markers, userCalls, masked: false, text };
}

function planOnTable(
  input: StatementInput,
  statement: SelectStatement | ModificationStatement,
  markers: BindMarkers,
): Kind {
  const table = resolveTable(input.schema, statement.table, input.keyspace);
  const environment = environmentOf(input, table, markers);
  const plan = statement.kind === 'select' ? planSelect(environment, statement) : planWrite(environment, statement);
  if (plan.kind === 'write') checkAttributes(plan);
  return { plan, tables: [table], fullyQualified: statement.table.keyspace !== null };
}

function planBatch(input: StatementInput, statement: BatchStatement, markers: BindMarkers): Kind {
  const plans = statement.statements.map((one) => {
    const table = resolveTable(input.schema, one.table, input.keyspace);
    return planWrite(environmentOf(input, table, markers), one);
  });
  const tables = plans.map((plan) => plan.table);
  // A batch has no table of its own; its attributes say so in bind metadata.
  const of = tables[0] ?? null;
  if (of === null && statement.using.timestamp?.kind === 'marker')
    throw new FerrosaError('INVALID', 'An empty batch cannot have bind variables');
  const attributes =
    of === null
      ? { timestamp: null, ttl: null }
      : prepareAttributes(environmentOf(input, of, markers), statement.using, '[batch]', '[batch]');
  const plan: BatchPlan = {
    kind: 'batch',
    type: statement.type,
    attributes,
    statements: plans,
    timeoutMs: statement.using.timeoutMs,
  };
  checkBatch(plan);
  for (const one of plans) checkAttributes(one);
  return { plan, tables, fullyQualified: statement.statements.every((one) => one.table.keyspace !== null) };
}

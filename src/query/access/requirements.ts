// The permissions that each statement needs. Source: the `authorize` methods of Cassandra's statements.
import { invalid } from '../../common/errors.js';
import type { DdlStatement, QualifiedName, TypeNode } from '../../cql/index.js';
import {
  findFunction,
  functionsNamed,
  type KeyspaceDefinition,
  type Schema,
  type UserFunctionOrAggregate,
} from '../../schema/index.js';
import { type CqlType, typeFromSyntax } from '../../types/index.js';
import type { Plan } from '../plan.js';
import type { SelectPlan } from '../select/select-plan.js';
import type { WritePlan } from '../write/write-plan.js';
import { needs, type Requirement } from './access-control.js';
import type { Permission } from './permission.js';
import {
  allKeyspaces,
  allTablesResource,
  functionResource,
  functionsResource,
  keyspaceResource,
  type Resource,
  tableResource,
} from './resource.js';

type Schemaless = Exclude<DdlStatement, { kind: 'truncate' }>;

/**
 * @param keyspace  of the session, for names without one
 * @param called  functions of clients
 * @throws FerrosaError INVALID when there is none
 */
export function requirementsOf(
  plan: Plan,
  keyspace: string | null,
  schema: Schema,
  called: ReadonlySet<Resource> = none,
): readonly Requirement[] {
  const required = ofKnownPlan(plan) ?? ofPlan(plan, keyspace, schema);
  return called.size === 0 ? required : [...required, ...[...called].map((fn) => needs('EXECUTE', fn))];
}

const none: ReadonlySet<Resource> = new Set();

const onFunctions = (permission: Permission, functions: readonly UserFunctionOrAggregate[]): Requirement[] =>
  functions.map((fn) => needs(permission, functionResource(fn.keyspace, fn.name, fn.argTypes)));

/** Of plans that say all by themselves, and that are run again and again. */
const known = new WeakMap<Plan, readonly Requirement[]>();

function ofKnownPlan(plan: Plan): readonly Requirement[] | null {
  if (plan.kind !== 'select' && plan.kind !== 'write') return null;
  let required = known.get(plan);
  if (required === undefined) {
    required = plan.kind === 'select' ? ofSelect(plan) : ofWrite(plan);
    known.set(plan, required);
  }
  return required;
}

function ofPlan(plan: Plan, keyspace: string | null, schema: Schema): readonly Requirement[] {
  switch (plan.kind) {
    case 'select':
      return ofSelect(plan);
    case 'write':
      return ofWrite(plan);
    case 'batch':
      return plan.statements.flatMap((one) => requirementsOf(one, keyspace, schema));
    case 'truncate':
      return [needs('MODIFY', tableResource(plan.table.keyspace, plan.table.name))];
    case 'schema':
      return ofSchema(plan.statement, keyspace, schema);
    case 'explain':
      return ofPlan(plan.of, keyspace, schema);
    default:
      return [];
  }
}

function ofSelect({ table }: SelectPlan): Requirement[] {
  // What a view shows is its table's.
  return [needs('SELECT', tableResource(table.keyspace, table.view?.baseName ?? table.name))];
}

function ofWrite({ table, conditions }: WritePlan): Requirement[] {
  const resource = tableResource(table.keyspace, table.name);
  // What a condition says of the row that is there is read.
  const views = table.viewNames ?? [];
  return [
    needs('MODIFY', resource),
    // So is what views of the table are made from.
    ...(conditions === null && views.length === 0 ? [] : [needs('SELECT', resource)]),
    ...views.map((view) => needs('MODIFY', tableResource(table.keyspace, view))),
  ];
}

function ofSchema(statement: Schemaless, session: string | null, schema: Schema): Requirement[] {
  const where = ({ keyspace }: QualifiedName): string => {
    const name = keyspace ?? session;
    if (name === null)
      throw invalid('No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename');
    return name;
  };
  const table = (name: QualifiedName): Resource => tableResource(where(name), name.name);
  const inTables = (permission: Permission, name: QualifiedName) => [needs(permission, allTablesResource(where(name)))];
  switch (statement.kind) {
    case 'createKeyspace':
      return [needs('CREATE', allKeyspaces)];
    case 'alterKeyspace':
      return [needs('ALTER', keyspaceResource(statement.name))];
    case 'dropKeyspace':
      return [needs('DROP', keyspaceResource(statement.name))];
    case 'createTable':
      return inTables('CREATE', statement.table);
    case 'createTableLike':
      return [...inTables('CREATE', statement.table), needs('SELECT', table(statement.like))];
    case 'alterTable':
      return [needs('ALTER', table(statement.table))];
    case 'dropTable':
      return [needs('DROP', table(statement.table))];
    case 'createType':
      return inTables('CREATE', statement.type);
    case 'alterType':
      return inTables('ALTER', statement.type);
    case 'dropType':
      return inTables('DROP', statement.type);
    case 'createIndex':
      return [needs('ALTER', table(statement.table))];
    case 'dropIndex':
      return ofIndex(schema.keyspaces.get(where(statement.index)), statement.index.name);
    case 'createView':
      // A base of another keyspace is refused, whoever asks.
      return [needs('ALTER', tableResource(where(statement.view), statement.base.name))];
    case 'createFunction':
      return ofNewFunction(schema, where(statement.function), {
        name: statement.function.name,
        args: statement.args.map(([, type]) => type),
        orReplace: statement.orReplace,
      });
    case 'createAggregate': {
      const { aggregate, args, stateType, stateFunction, finalFunction } = statement;
      const keyspace = where(aggregate);
      const calls = [{ name: stateFunction, args: [stateType, ...args] }];
      if (finalFunction !== null) calls.push({ name: finalFunction, args: [stateType] });
      const made = ofNewFunction(schema, keyspace, { name: aggregate.name, args, orReplace: statement.orReplace });
      const called = calls.map((one) =>
        functionResource(keyspace, one.name, argumentTypes(schema, keyspace, one.args)),
      );
      return [...made, ...called.map((resource) => needs('EXECUTE', resource))];
    }
    case 'dropFunction':
    case 'dropAggregate': {
      const keyspace = schema.keyspaces.get(where(statement.function));
      if (keyspace === undefined) return [];
      if (statement.args === null) return onFunctions('DROP', functionsNamed(keyspace, statement.function.name));
      const types = argumentTypes(schema, keyspace.name, statement.args);
      const found = findFunction(keyspace, statement.function.name, types);
      return found === null ? [] : onFunctions('DROP', [found]);
    }
    case 'alterView':
    case 'dropView': {
      const view = schema.keyspaces.get(where(statement.view))?.tables.get(statement.view.name)?.view;
      return view === undefined ? [] : [needs('ALTER', tableResource(where(statement.view), view.baseName))];
    }
    case 'createTrigger':
      return [onlySuperusers('perform CREATE TRIGGER')];
    case 'dropTrigger':
      return [onlySuperusers('perfrom DROP TRIGGER')]; // Cassandra's own spelling
    default:
      return [];
  }
}

const onlySuperusers = (what: string): Requirement => ({
  kind: 'superuser',
  message: `Only superusers are allowed to ${what} queries`,
});

/** An index is part of its table; one that is not there is nobody's secret. */
function ofIndex(keyspace: KeyspaceDefinition | undefined, index: string): Requirement[] {
  for (const { keyspace: where, name, indexes } of keyspace?.tables.values() ?? [])
    if (indexes.some((one) => one.name === index)) return [needs('ALTER', tableResource(where, name))];
  return [];
}

type NewFunction = { readonly name: string; readonly args: readonly TypeNode[]; readonly orReplace: boolean };

function ofNewFunction(schema: Schema, where: string, { name, args, orReplace }: NewFunction): Requirement[] {
  const keyspace = schema.keyspaces.get(where);
  if (orReplace && keyspace !== undefined) {
    const replaced = findFunction(keyspace, name, argumentTypes(schema, where, args));
    if (replaced !== null) return onFunctions('ALTER', [replaced]);
  }
  return [needs('CREATE', functionsResource(where))];
}

function argumentTypes(schema: Schema, keyspace: string, args: readonly TypeNode[]): CqlType[] {
  const resolveUserType = (where: string, name: string) => schema.keyspaces.get(where)?.types.get(name);
  return args.map((node) => typeFromSyntax(node, { keyspace, resolveUserType }));
}

// Plans INSERT, UPDATE and DELETE.
import { invalid } from '../../common/errors.js';
import type {
  DeleteStatement,
  InsertStatement,
  ModificationStatement,
  Relation,
  UpdateStatement,
} from '../../cql/index.js';
import { type TableDefinition, viewsOf } from '../../schema/index.js';
import type { PlanEnvironment } from '../plan-environment.js';
import { existingColumn } from '../restrictions/relation-checks.js';
import { analyseWhere, type StatementRestrictions } from '../restrictions/statement-restrictions.js';
import { type Attributes, prepareAttributes } from './attributes.js';
import { type ConditionsPlan, prepareConditions } from './conditions.js';
import { prepareInsertJson } from './insert-json.js';
import type { Operation } from './operations.js';
import { prepareAssignment, prepareDeletion, prepareSet } from './prepare-operations.js';

export type WriteType = 'INSERT' | 'UPDATE' | 'DELETE';

/** A planned INSERT, UPDATE or DELETE. */
export type WritePlan = {
  readonly kind: 'write';
  readonly type: WriteType;
  readonly table: TableDefinition;
  /** Materialized views of the table. */
  readonly views: readonly TableDefinition[];
  readonly durable: boolean;
  readonly attributes: Attributes;
  readonly restrictions: StatementRestrictions;
  readonly regular: readonly Operation[];
  readonly statics: readonly Operation[];
  readonly requiresRead: boolean;
  /** USING TIMEOUT, null for the configured one. */
  readonly timeoutMs: number | null;
  readonly conditions: ConditionsPlan | null;
};

type Where = { readonly relations: readonly Relation[]; readonly operations: readonly Operation[] };

/**
 * @throws FerrosaError INVALID with Cassandra's texts
 */
export function planWrite(environment: PlanEnvironment, statement: ModificationStatement): WritePlan {
  const { table, keyspace } = environment;
  const attributes = prepareAttributes(environment, statement.using, keyspace, table.name);
  const conditions = prepareConditions(environment, statement);
  const plan =
    statement.kind === 'insert'
      ? planInsert(environment, statement, conditions)
      : statement.kind === 'update'
        ? planUpdate(environment, statement, conditions)
        : planDelete(environment, statement, conditions);
  const { restrictions, operations, type } = plan;
  const definition = environment.schema.keyspaces.get(keyspace);
  const result: WritePlan = {
    kind: 'write',
    type,
    table,
    views: definition === undefined ? [] : viewsOf(definition, table),
    durable: definition?.durableWrites ?? true,
    attributes,
    restrictions,
    regular: operations.filter((operation) => operation.column.kind === 'regular'),
    statics: operations.filter((operation) => operation.column.kind === 'static'),
    timeoutMs: statement.using.timeoutMs,
    requiresRead: operations.some((operation) => operation.requiresRead),
    conditions,
  };
  checkDeleteConditions(result);
  return result;
}

type Planned = { type: WriteType; restrictions: StatementRestrictions; operations: readonly Operation[] };

function planInsert(
  environment: PlanEnvironment,
  statement: InsertStatement,
  conditions: ConditionsPlan | null,
): Planned {
  const { table } = environment;
  if (table.isCounter) throw invalid('INSERT statements are not allowed on counter tables, use UPDATE instead');
  const where =
    statement.json === null
      ? insertValues(environment, statement)
      : prepareInsertJson(environment, statement.json.value, statement.json.defaultUnset);
  const hasClustering = where.relations.some(
    (relation) => relation.kind === 'column' && table.columns.get(relation.column)!.kind === 'clustering',
  );
  const onlyStatics = !hasClustering && appliesOnlyToStatics('INSERT', where.operations, conditions);
  const options = { type: 'INSERT', onlyStatics, allowFiltering: false } as const;
  const restrictions = where.restrictions ?? analyseWhere(environment, where.relations, options);
  return { type: 'INSERT', restrictions, operations: where.operations };
}

function insertValues(
  environment: PlanEnvironment,
  { columns, values }: InsertStatement,
): Where & { restrictions?: StatementRestrictions } {
  if (columns.length === 0) throw invalid('No columns provided to INSERT');
  if (columns.length !== values.length) throw invalid('Unmatched column names/values');
  if (new Set(columns).size !== columns.length) throw invalid('The column names contains duplicates');
  const relations: Relation[] = [];
  const operations: Operation[] = [];
  columns.forEach((name, i) => {
    const column = existingColumn(environment.table, name);
    const value = values[i]!;
    if (column.position >= 0)
      relations.push({ kind: 'column', column: name, op: '=', values: [value], inMarker: false });
    else operations.push(prepareSet(environment, column, value));
  });
  return { relations, operations };
}

function planUpdate(
  environment: PlanEnvironment,
  statement: UpdateStatement,
  conditions: ConditionsPlan | null,
): Planned {
  const operations = statement.assignments.map((assignment) => {
    const column = existingColumn(environment.table, assignment.column);
    if (column.position >= 0) throw invalid(`PRIMARY KEY part ${column.name} found in SET part`);
    return prepareAssignment(environment, column, assignment, conditions !== null);
  });
  const onlyStatics = appliesOnlyToStatics('UPDATE', operations, conditions);
  const options = { type: 'UPDATE', onlyStatics, allowFiltering: false } as const;
  return { type: 'UPDATE', restrictions: analyseWhere(environment, statement.where, options), operations };
}

function planDelete(
  environment: PlanEnvironment,
  statement: DeleteStatement,
  conditions: ConditionsPlan | null,
): Planned {
  const operations = statement.deletions.map((deletion) => {
    const column = existingColumn(environment.table, deletion.column);
    if (column.position >= 0)
      throw invalid(`Invalid identifier ${column.name} for deletion (should not be a PRIMARY KEY part)`);
    return prepareDeletion(environment, column, deletion);
  });
  const onlyStatics = appliesOnlyToStatics('DELETE', operations, conditions);
  const options = { type: 'DELETE', onlyStatics, allowFiltering: false } as const;
  return { type: 'DELETE', restrictions: analyseWhere(environment, statement.where, options), operations };
}

function appliesOnlyToStatics(
  type: WriteType,
  operations: readonly Operation[],
  conditions: ConditionsPlan | null,
): boolean {
  const statics = operations.some((operation) => operation.column.kind === 'static');
  const regulars =
    operations.some((operation) => operation.column.kind === 'regular') || (type === 'DELETE' && !statics);
  return !regulars && !(conditions?.onRegulars ?? false) && (statics || (conditions?.onStatics ?? false));
}

function checkDeleteConditions({ type, conditions, restrictions, regular, statics }: WritePlan): void {
  if (type !== 'DELETE' || conditions === null) return;
  const { partitionKey, clustering, table } = restrictions;
  const byEquality =
    partitionKey.hasOnlyEquality &&
    clustering.hasOnlyEquality &&
    clustering.size === table.clustering.length &&
    restrictions.hasWholePartitionKey;
  if (byEquality) return;
  const message = 'DELETE statements must restrict all PRIMARY KEY columns with equality relations';
  if (regular.length > 0 || statics.length === 0) throw invalid(`${message} in order to delete non static columns`);
  if (conditions.onRegulars) throw invalid(`${message} in order to use IF condition on non static columns`);
}

/** What USING and IF may say; in a batch this comes after the checks of the batch. @throws FerrosaError INVALID */
export function checkAttributes({ table, attributes, conditions }: WritePlan): void {
  const { timestamp, ttl } = attributes;
  if (conditions !== null) {
    if (table.isCounter) throw invalid('Conditional updates are not supported on counter tables');
    if (timestamp !== null) throw invalid('Cannot provide custom timestamp for conditional updates');
  }
  if (table.isCounter && timestamp !== null) throw invalid('Cannot provide custom timestamp for counter updates');
  if (table.isCounter && ttl !== null) throw invalid('Cannot provide custom TTL for counter updates');
  if (!table.virtual) return;
  if (timestamp !== null) throw invalid('Custom timestamp is not supported by virtual tables');
  if (ttl !== null) throw invalid('Expiring columns are not supported by virtual tables');
  if (conditions !== null) throw invalid('Conditional updates are not supported by virtual tables');
}

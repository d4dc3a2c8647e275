// Guardrails of statements that read and write, in the order of Cassandra's checks.

import { type IndexTable, indexTablesOf } from '../../index/index.js';
import { type CqlType, isMulticell, unpackList, unpackMap, unpackSet } from '../../types/index.js';
import type { QueryOptions } from '../api.js';
import { consistencyName } from '../consistency.js';
import type { Plan } from '../plan.js';
import { partitionKeysAsGiven } from '../restrictions/bounds.js';
import { bindIn } from '../restrictions/restriction.js';
import type { RestrictionSet } from '../restrictions/restriction-set.js';
import type { SelectPlan } from '../select/select-plan.js';
import type { BindContext, Term } from '../terms/term.js';
import { readInt32 } from '../values.js';
import { timestampOf } from '../write/attributes.js';
import { type Operation, SetElement } from '../write/operations.js';
import { writeTargets } from '../write/write-execute.js';
import type { WritePlan } from '../write/write-plan.js';
import type { Guard } from './guard.js';
import { discards, guardOperation } from './value-guard.js';

type Values = { readonly options: QueryOptions; readonly nowMicros: bigint };

/** Checks what can be seen of a statement without its values: at PREPARE too. @throws FerrosaError INVALID */
export function guardPlan(guard: Guard, plan: Plan): void {
  if (plan.kind === 'select') {
    if (plan.grouping !== null) guard.flag('group_by_enabled');
    if (plan.restrictions.options.allowFiltering && !isSystem(plan.table.keyspace))
      guard.flag('allow_filtering_enabled');
  } else if (plan.kind === 'write') {
    if (plan.attributes.timestamp !== null) guard.flag('user_timestamps_enabled');
  } else if (plan.kind === 'batch') {
    if (plan.attributes.timestamp !== null) guard.flag('user_timestamps_enabled');
    for (const statement of plan.statements) guardPlan(guard, statement);
  } else if (plan.kind === 'truncate') guard.flag('drop_truncate_table_enabled');
  else if (plan.kind === 'explain') guardPlan(guard, plan.of);
}

/**
 * Checks a statement with its values, before it runs.
 * @param binds  one for each statement of a batch
 * @returns what is to be checked once the conditions of the statement hold; null when nothing is
 * @throws FerrosaError INVALID, from what is returned too
 */
export function guardExecution(
  guard: Guard,
  plan: Plan,
  binds: readonly BindContext[],
  values: Values,
): (() => void) | null {
  if (plan.kind === 'explain') return guardExecution(guard, plan.of, binds, values);
  guardPlan(guard, plan);
  if (plan.kind === 'select') guardSelect(guard, plan, binds[0]!, values.options);
  if (plan.kind !== 'write' && plan.kind !== 'batch') return null;
  const statements = plan.kind === 'write' ? [plan] : plan.statements;
  const { consistency, serialConsistency } = values.options;
  const conditional = statements.some(({ conditions }) => conditions !== null);
  const levels = conditional ? [consistency, serialConsistency] : [consistency];
  guard.values('write_consistency_levels', levels.map(consistencyName));
  guard.diskUsage();
  // Cassandra does not look at the timestamps in a batch.
  if (plan.kind === 'write') guardTimestamp(guard, plan, binds[0]!, values.nowMicros);
  const guardValues = () =>
    statements.forEach((statement, i) => {
      guardWrite(guard, statement, binds[i] ?? binds[0]!);
    });
  if (conditional) return guardValues;
  guardValues();
  return null;
}

const isSystem = (keyspace: string): boolean => /^system(_|$)/.test(keyspace);

function guardSelect(guard: Guard, plan: SelectPlan, bind: BindContext, { consistency, pageSize }: QueryOptions): void {
  const { table, restrictions } = plan;
  guard.values('read_consistency_levels', [consistencyName(consistency)]);
  if (restrictions.usesIndex && restrictions.isKeyRange && !isSystem(table.keyspace))
    guard.flag('non_partition_restricted_index_query_enabled');
  if (restrictions.keyIsIn && !restrictions.isKeyRange) {
    guard.threshold('in_select_cartesian_product', combinations(restrictions.partitionKey, bind), 'partition key');
    guard.threshold('partition_keys_in_select', partitionKeysAsGiven(restrictions, bind).length, table.name);
  }
  if (restrictions.clustering.hasIn)
    guard.threshold('in_select_cartesian_product', combinations(restrictions.clustering, bind), 'clustering key');
  if (pageSize > 0 && hasPages(plan, bind, pageSize)) guard.threshold('page_size', pageSize, table.name);
}

/** A LIMIT that a page holds leaves nothing to page, unless the rows are only read to be folded. */
function hasPages(plan: SelectPlan, bind: BindContext, pageSize: number): boolean {
  if (plan.isAggregate || plan.grouping !== null || plan.limit === null) return true;
  const limit = plan.limit.bind(bind);
  return !(limit instanceof Uint8Array) || limit.length !== 4 || readInt32(limit) > pageSize;
}

/** How many values the INs of a key have together. */
function combinations(set: RestrictionSet, bind: BindContext): number {
  return set.all.reduce((product, one) => (one.kind === 'in' ? product * bindIn(one.values, bind).length : product), 1);
}

function guardWrite(guard: Guard, plan: WritePlan, bind: BindContext): void {
  const operations = [...plan.regular, ...plan.statics];
  if (operations.length === 0) return;
  const { keys, rows } = writeTargets(plan, bind);
  const written = keys.length * (rows?.length ?? 1);
  if (written === 0) return;
  guard.repeated(written, () => {
    for (const operation of operations) guardOperation(guard, operation, bind);
    for (const index of indexTablesOf(plan.table)) if (index.isSai) guardTerms(guard, index, operations, bind);
  });
}

/** The thresholds are durations: from now on for the largest, before now for the smallest timestamp. */
function guardTimestamp(guard: Guard, { table, attributes }: WritePlan, bind: BindContext, now: bigint): void {
  if (attributes.timestamp === null) return;
  const timestamp = timestampOf(attributes, now, bind);
  for (const [name, sign] of [
    ['maximum_timestamp', 1n],
    ['minimum_timestamp', -1n],
  ] as const) {
    const at = (end: 'warn' | 'fail') => {
      const micros = guard.config.threshold(name, end);
      return micros < 0 ? -1n : now + sign * BigInt(micros);
    };
    guard.compare(name, timestamp, table.name, at('warn'), at('fail'));
  }
}

/** Terms that a write gives to a storage-attached index. */
function guardTerms(guard: Guard, index: IndexTable, operations: readonly Operation[], bind: BindContext): void {
  const { column, kind } = index.target;
  for (const operation of operations) {
    const term = (operation as { readonly term?: Term }).term;
    if (operation.column.name !== column.name || term === undefined || discards(operation)) continue;
    const value = term.bind(bind);
    if (!(value instanceof Uint8Array)) continue;
    const type = operation instanceof SetElement ? ({ kind: 'blob' } as const) : column.type;
    for (const one of indexedValues(type, kind, value))
      for (const part of index.termsOf(one))
        guard.threshold(termGuardrail(column.type), part?.length ?? 0, column.name);
  }
}

function termGuardrail(type: CqlType): 'sai_vector_term_size' | 'sai_frozen_term_size' | 'sai_string_term_size' {
  if (type.kind === 'vector') return 'sai_vector_term_size';
  const isComposed = type.kind === 'tuple' || type.kind === 'udt' || 'frozen' in type;
  return isComposed && !isMulticell(type) ? 'sai_frozen_term_size' : 'sai_string_term_size';
}

/** The values of a column that an index of a kind has: the whole, or its elements. */
function indexedValues(type: CqlType, kind: IndexTable['target']['kind'], value: Uint8Array): Uint8Array[] {
  if (!isMulticell(type)) return [value];
  switch (type.kind) {
    case 'list':
      return unpackList(value);
    case 'set':
      return unpackSet(value);
    case 'map':
      return unpackMap(value).flatMap(([key, entry]) =>
        kind === 'keys' ? [key] : kind === 'entries' ? [key, entry] : [entry],
      );
    default:
      return [value];
  }
}

// Executes planned writes and batches: reads what must be read before, builds the mutations, hands them to the coordinator.
import { invalid } from '../../common/errors.js';
import type { TableDefinition } from '../../schema/index.js';
import type { QueryResult } from '../api.js';
import type { BatchPlan } from '../batch/batch-plan.js';
import { batchWarnings } from '../batch/batch-size.js';
import { executeConditional, executeConditionalBatch } from '../cas/execute.js';
import { checkReadConsistency, checkWriteConsistency, consistencyName } from '../consistency.js';
import type { WriteType } from '../coordinator.js';
import { partitionKeys } from '../restrictions/bounds.js';
import type { BindContext } from '../terms/term.js';
import { timestampOf } from './attributes.js';
import type { WriteEnvironment } from './environment.js';
import { type CollectedMutation, MutationCollector } from './mutations.js';
import { readLists } from './read-before-write.js';
import { collectWrite, type WriteContext, writeTargets } from './write-execute.js';
import type { WritePlan } from './write-plan.js';

/** @throws FerrosaError INVALID */
export function checkNoView(table: TableDefinition): void {
  if (table.view !== undefined) throw invalid('Cannot directly modify a materialized view');
}

function checkExecutable(plan: WritePlan): void {
  checkNoView(plan.table);
  if (plan.table.virtual)
    throw invalid(`Modification is not supported by table ${plan.table.keyspace}.${plan.table.name}`);
}

/** @throws FerrosaError INVALID, UNAVAILABLE, WRITE_TIMEOUT and the like */
export function executeWrite(plan: WritePlan, bind: BindContext, environment: WriteEnvironment): Promise<QueryResult> {
  checkExecutable(plan);
  if (plan.conditions !== null) return executeConditional(plan, bind, environment);
  checkWriteConsistency(environment.consistency, plan.table);
  const collector = new MutationCollector();
  const read = collect(plan, bind, environment.timestamp, environment, collector);
  return read === null ? sendOne(plan, collector, environment) : read.then(() => sendOne(plan, collector, environment));
}

const nothing: QueryResult = { kind: 'void' };
const asVoid = (): QueryResult => nothing;

function sendOne(plan: WritePlan, collector: MutationCollector, environment: WriteEnvironment): Promise<QueryResult> {
  const mutations = collector.finish();
  if (mutations.length === 0) return Promise.resolve(nothing);
  const writeType = plan.table.isCounter ? 'COUNTER' : 'SIMPLE';
  return send(mutations, writeType, plan.timeoutMs, environment).then(asVoid);
}

/** Adds the statement's mutations; a promise only when rows have to be read for it. */
function collect(
  plan: WritePlan,
  bind: BindContext,
  timestamp: bigint,
  environment: WriteEnvironment,
  collector: MutationCollector,
  targets = writeTargets(plan, bind),
): Promise<void> | null {
  const { consistency, nowSeconds, paths, coordinator, settings } = environment;
  const context: WriteContext = { bind, timestamp, nowSeconds, paths };
  if (!plan.requiresRead) {
    collectWrite(plan, context, targets, null, collector);
    return null;
  }
  checkReadForWrite(consistency);
  const options = { consistency, timeoutMs: settings.readTimeoutMs };
  return readLists(coordinator, plan, targets, nowSeconds, options).then((lists) =>
    collectWrite(plan, context, targets, lists, collector),
  );
}

function checkReadForWrite(consistency: number): void {
  try {
    checkReadConsistency(consistency);
  } catch {
    throw invalid(
      `Write operation require a read but consistency ${consistencyName(consistency)} is not supported on reads`,
    );
  }
}

function send(
  mutations: readonly CollectedMutation[],
  writeType: WriteType,
  ownTimeoutMs: number | null,
  { coordinator, denylist, settings, consistency }: WriteEnvironment,
): Promise<void> {
  if (denylist !== null) for (const { table, key } of mutations) denylist.checkWrite(table, key);
  const configured = writeType === 'COUNTER' ? settings.counterWriteTimeoutMs : settings.writeTimeoutMs;
  const timeoutMs = ownTimeoutMs ?? configured;
  const durable = mutations.some((mutation) => mutation.durable);
  return coordinator.mutate(mutations, { consistency, writeType, timeoutMs, durable });
}

/** @param binds  one for each statement of the batch */
export async function executeBatch(
  plan: BatchPlan,
  binds: readonly BindContext[],
  environment: WriteEnvironment,
): Promise<QueryResult> {
  for (const statement of plan.statements) checkExecutable(statement);
  const first = plan.statements[0];
  if (first === undefined) return { kind: 'void' };
  if (plan.statements.some(({ conditions }) => conditions !== null))
    return executeConditionalBatch(plan, binds, environment);
  checkWriteConsistency(environment.consistency, first.table);
  const collector = new MutationCollector();
  // A partition key that does not do is told before anything else of any statement.
  const keys = plan.statements.map(({ restrictions }, i) => partitionKeys(restrictions, binds[i]!));
  for (const [i, statement] of plan.statements.entries()) {
    const timestamp = timestampOf(plan.attributes, environment.timestamp, binds[i]!);
    const targets = writeTargets(statement, binds[i]!, keys[i]!);
    const read = collect(statement, binds[i]!, timestamp, environment, collector, targets);
    if (read !== null) await read;
  }
  const mutations = collector.finish();
  const warnings = batchWarnings(plan, mutations, environment.settings);
  const result = { kind: 'void', ...(warnings.length > 0 ? { warnings } : {}) } as const;
  if (mutations.length === 0) return result;
  environment.figures.noteBatch(plan.type, mutations.length);
  const atomic = plan.type === 'logged' && mutations.length > 1;
  const writeType = first.table.isCounter
    ? 'COUNTER'
    : atomic
      ? 'BATCH'
      : mutations.length > 1
        ? 'UNLOGGED_BATCH'
        : 'SIMPLE';
  await send(mutations, writeType, plan.timeoutMs, environment);
  return result;
}

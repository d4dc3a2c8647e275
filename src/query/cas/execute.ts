// Executes conditional statements and batches through the coordinator's compare-and-set.
import { invalid } from '../../common/errors.js';
import type { ColumnDefinition } from '../../schema/index.js';
import type { QueryResult } from '../api.js';
import type { BatchPlan } from '../batch/batch-plan.js';
import { checkCasConsistency } from '../consistency.js';
import type { BindContext } from '../terms/term.js';
import type { WriteEnvironment } from '../write/environment.js';
import { tableIdBytes } from '../write/mutations.js';
import type { WritePlan } from '../write/write-plan.js';
import { CasRequest, checkSameKey, conditionalKey } from './cas-request.js';
import { applied, notApplied } from './cas-result.js';

/**
 * Runs one conditional INSERT, UPDATE or DELETE.
 * @throws FerrosaError INVALID, UNAVAILABLE, WRITE_TIMEOUT of type CAS, OVERLOADED
 */
export function executeConditional(
  plan: WritePlan,
  bind: BindContext,
  environment: WriteEnvironment,
): Promise<QueryResult> {
  const key = conditionalKey(plan, bind);
  const request = new CasRequest(plan.table, key, environment.nowSeconds);
  request.add(plan, bind);
  return run(request, columnsOf(plan), plan.timeoutMs, plan.durable, environment);
}

/**
 * Runs a batch with a condition: all of its statements are applied, or none is.
 * @param binds  one for each statement of the batch
 * @throws FerrosaError INVALID, UNAVAILABLE, WRITE_TIMEOUT of type CAS, OVERLOADED
 */
export function executeConditionalBatch(
  plan: BatchPlan,
  binds: readonly BindContext[],
  environment: WriteEnvironment,
): Promise<QueryResult> {
  const { table, durable } = plan.statements[0]!;
  let request: CasRequest | null = null;
  let columns: ColumnDefinition[] | null = [...table.partitionKey, ...table.clustering];
  plan.statements.forEach((statement, i) => {
    if (statement.restrictions.keyIsIn)
      throw invalid('Batch with conditions cannot span multiple partitions (you cannot use IN on the partition key)');
    const key = conditionalKey(statement, binds[i]!);
    request ??= new CasRequest(table, key, environment.nowSeconds);
    checkSameKey(request.key, key);
    request.add(statement, binds[i]!);
    if (statement.conditions === null) return;
    const own = columnsOf(statement);
    columns = own === null || columns === null ? null : [...columns, ...own];
  });
  return run(request!, columns, plan.timeoutMs, durable, environment);
}

/** Columns of the conditions, regular ones first; null for IF [NOT] EXISTS. */
export function columnsOf({ conditions }: WritePlan): ColumnDefinition[] | null {
  if (conditions === null || conditions.kind !== 'columns') return null;
  const columns = conditions.columns.map(({ column }) => column);
  return [...columns.filter(({ kind }) => kind !== 'static'), ...columns.filter(({ kind }) => kind === 'static')];
}

async function run(
  request: CasRequest,
  columns: readonly ColumnDefinition[] | null,
  timeoutMs: number | null,
  durable: boolean,
  { coordinator, denylist, onHeld, settings, consistency, serialConsistency, paths }: WriteEnvironment,
): Promise<QueryResult> {
  checkCasConsistency(serialConsistency, consistency);
  const { table, key, token } = request;
  denylist?.checkCas(table, key);
  let result = applied(table);
  await coordinator.compareAndSet(
    {
      tableId: tableIdBytes(table),
      key,
      token,
      reads: request.reads,
      decide(answers, timestampAfter) {
        const current = request.understand(answers);
        if (request.appliesTo(current)) {
          onHeld?.();
          return request.mutation(current, timestampAfter(current.newest), paths);
        }
        result = notApplied(table, key, columns, current);
        return null;
      },
    },
    {
      consistency,
      serialConsistency,
      timeoutMs: timeoutMs ?? settings.writeTimeoutMs,
      contentionTimeoutMs: timeoutMs ?? settings.casContentionTimeoutMs,
      durable,
    },
  );
  return result;
}

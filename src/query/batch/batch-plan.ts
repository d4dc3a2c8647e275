// What may stand together in a batch.
import { invalid } from '../../common/errors.js';
import type { Attributes } from '../write/attributes.js';
import type { WritePlan } from '../write/write-plan.js';

export type BatchType = 'logged' | 'unlogged' | 'counter';

export type BatchPlan = {
  readonly kind: 'batch';
  readonly type: BatchType;
  readonly attributes: Attributes;
  readonly statements: readonly WritePlan[];
  /** USING TIMEOUT, null for the configured one. */
  readonly timeoutMs: number | null;
};

/** @throws FerrosaError INVALID with Cassandra's texts, in the order of its checks */
export function checkBatch({ type, attributes, statements }: BatchPlan): void {
  if (attributes.ttl !== null) throw invalid('Global TTL on the BATCH statement is not supported.');
  const timestampSet = attributes.timestamp !== null;
  const hasConditions = statements.some((plan) => plan.conditions !== null);
  if (timestampSet) {
    if (hasConditions) throw invalid('Cannot provide custom timestamp for conditional BATCH');
    if (type === 'counter') throw invalid('Cannot provide custom timestamp for counter BATCH');
    if (statements.some((plan) => plan.attributes.timestamp !== null))
      throw invalid('Timestamp must be set either on BATCH or individual statements');
  }
  const hasCounters = statements.some((plan) => plan.table.isCounter);
  const hasOthers = statements.some((plan) => !plan.table.isCounter);
  const hasVirtual = statements.some((plan) => plan.table.virtual);
  if (timestampSet && hasCounters) throw invalid('Cannot provide custom timestamp for a BATCH containing counters');
  if (type === 'counter' && hasOthers) throw invalid('Cannot include non-counter statement in a counter batch');
  if (hasCounters && hasOthers) throw invalid('Counter and non-counter mutations cannot exist in the same batch');
  if (type === 'logged' && hasCounters) throw invalid('Cannot include a counter statement in a logged batch');
  if (type === 'logged' && hasVirtual) throw invalid('Cannot include a virtual table statement in a logged batch');
  if (hasVirtual && statements.some((plan) => !plan.table.virtual))
    throw invalid('Mutations for virtual and regular tables cannot exist in the same batch');
  if (hasConditions && hasVirtual)
    throw invalid('Conditional BATCH statements cannot include mutations for virtual tables');
  if (hasConditions && statements.some((plan) => plan.table !== statements[0]!.table))
    throw invalid('Batch with conditions cannot span multiple tables');
}

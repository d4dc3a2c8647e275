export * from './access/index.js';
export * from './api.js';
export { consistencyName, isSerial } from './consistency.js';
export type * from './coordinator.js';
export type * from './function-api.js';
export * from './functions/index.js';
export * from './guardrails/index.js';
export { hotIndexRead } from './hot-index.js';
export { encodeHotPlan } from './hot-plan.js';
export { type HotPlanRegistry, HotPlans } from './hot-plans.js';
export { int32, int64, internalClient, internalQuery } from './internal-query.js';
export type { MaskAccess } from './mask-access.js';
export { type CoordinatorKind, coordinatorKinds } from './observe/coordinator-figures.js';
export type { Fingerprint } from './observe/fingerprints.js';
export type { RunningQuery } from './observe/running-queries.js';
export type { SlowQuery } from './observe/slow-queries.js';
export type { Plan, PlannedStatement } from './plan.js';
export { type Prepared, type PreparedTable, planOf } from './prepared/prepared-store.js';
export { PreparedStatementsTable } from './prepared/system-table.js';
export { internalOptions, Processor } from './processor.js';
export {
  defaultQuerySettings,
  type PlainResult,
  type QueryClock,
  type QueryServices,
  type QuerySettings,
  type SchemaChanger,
} from './services.js';
export { packCells } from './values.js';
export { affectedSlices, BaseRead, type BaseRow } from './views/base-rows.js';
export { checkViewWhere, planView, type ViewPlan, type ViewPlanInput } from './views/view-plan.js';
export { removal, sameViewKey, type ViewKey, type ViewMutation, viewKeyOf, writing } from './views/view-update.js';
export { tableIdBytes } from './write/mutations.js';
export { TimeUuids } from './write/time-uuid.js';

export type {
  Coordinator,
  MutationOptions,
  ReadOptions,
  RoutedMutation,
  RoutedRead,
  WriteType,
} from '../query/index.js';
export { BatchLog, type BatchLogClock } from './batch-log.js';
export { type IndexBuild, IndexBuilds } from './index-builds.js';
export { LocalCoordinator } from './local-coordinator.js';
export { PartitionQueue } from './partition-queue.js';
export { blockFor, type ReplicaCount, satisfiedLevels } from './replicas.js';
export type { ShardPort, ShardRequest } from './shard-port.js';
export { TableGate } from './table-gate.js';
export { buildView, type ViewBuildProgress } from './view-builder.js';
export { type ViewClock, ViewWriter } from './view-writer.js';
export { type EntriesOf, withIndexes } from './with-indexes.js';

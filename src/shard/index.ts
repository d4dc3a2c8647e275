export type { BackgroundPool } from './background.js';
export { writeFileDurably } from './files/durable.js';
export {
  HotConnection,
  type HotConnectionHost,
  HotPath,
  type HotPathOptions,
  hotPathLimits,
} from './hot-path.js';
export type { ShardFigures, ShardStats, ShardTableFigures, ShardTableStats, VectorGraphStats } from './messages.js';
export { type IndexBucket, indexBuckets, type NodeIndexes } from './node-indexes.js';
export { OpenRequests } from './open-requests.js';
export type { ShardsOptions } from './options.js';
export { createBackgroundPool } from './pool.js';
export { type RequestOptions, routerLimits, type ShardEnds, ShardRouter } from './router.js';
export type {
  ServingLimits,
  ServingOptions,
  ServingStats,
  SocketFigures,
  StartServing,
} from './serving.js';
export { Shards } from './shards.js';
export type { CompactionRecord, NodeTable, NodeTables } from './tables-main.js';
export { ignoredTokenBits, shardOfToken } from './token.js';

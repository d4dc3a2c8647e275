export {
  HotConnection,
  type HotConnectionHost,
  HotPath,
  type HotPathOptions,
  hotPathLimits,
} from './hot-path.js';
export { OpenRequests } from './open-requests.js';
export { type RequestOptions, routerLimits, type ShardEnds, ShardRouter } from './router.js';
export { ignoredTokenBits, shardOfToken } from './token.js';

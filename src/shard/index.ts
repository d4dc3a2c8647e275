export { OpenRequests } from './open-requests.js';
export { type RequestOptions, routerLimits, type ShardEnds, ShardRouter } from './router.js';
export { ignoredTokenBits, shardOfToken } from './token.js';

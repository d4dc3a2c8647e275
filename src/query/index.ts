export * from './api.js';
export type * from './function-api.js';

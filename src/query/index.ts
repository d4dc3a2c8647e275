export * from './api.js';
export type * from './coordinator.js';
export type * from './function-api.js';

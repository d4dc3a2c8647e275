export type * from './coordinator.js';

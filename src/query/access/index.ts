export { type AccessControl, needs, type Requirement } from './access-control.js';
export { type Permission, permissions, sortPermissions } from './permission.js';
export * from './resource.js';

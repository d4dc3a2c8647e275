export * from './class-name.js';
export * from './cql-text.js';
export * from './freeze.js';
export * from './identifiers.js';
export * from './model.js';
export * from './options.js';
export * from './syntax.js';

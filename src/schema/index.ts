export { alteredTable, buildTable, compareNames, defaultTableOptions, type TableParts } from './build.js';
export {
  Catalogue,
  type CatalogueChange,
  type CatalogueListener,
  getKeyspace,
  getTable,
  type TableChange,
  tableChanges,
} from './catalogue.js';
export { applyDdl, type DdlResult, type SchemaStatement, schemaEvents } from './ddl/apply.js';
export type { DdlContext } from './ddl/context.js';
export { chunkBytesOf, type DescriptorSettings, encodeDescriptor } from './descriptor.js';
export * from './model.js';
export { type Topology, totalReplicas } from './options/replication.js';
export { applyDelta, diffSchemas, type SchemaDelta, tableFromJson, tableToJson } from './schema-json.js';
export { isLocalSystemKeyspace, isReplicatedSystemKeyspace, isSystemKeyspace, schemaOf } from './schema-version.js';
export { systemSchema } from './system/built-in.js';

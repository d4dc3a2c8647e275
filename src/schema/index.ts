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
export * from './model.js';
export { applyDelta, diffSchemas, type SchemaDelta, tableFromJson, tableToJson } from './schema-json.js';
export { isLocalSystemKeyspace, isReplicatedSystemKeyspace, isSystemKeyspace, schemaOf } from './schema-version.js';

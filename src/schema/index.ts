export {
  alteredTable,
  buildTable,
  compareColumnNames,
  compareNames,
  defaultTableOptions,
  isCompact,
  isHiddenColumn,
  isStaticCompact,
  type TableParts,
  takesPrefixes,
} from './build.js';
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
export type { CheckViewWhere, DdlContext, MaskedColumn, ResolveMask } from './ddl/context.js';
export { functionsDisabled } from './ddl/functions.js';
export { termBytes } from './ddl/term-bytes.js';
export { viewsOf } from './ddl/views.js';
export { whereText } from './ddl/where-text.js';
export { type DescribeColumn, type DescribeContext, type DescribeResult, describe } from './describe/describe.js';
export { chunkBytesOf, type DescriptorSettings, encodeDescriptor } from './descriptor.js';
export { findFunction, functionKey, functionsNamed, functionsOfAggregate } from './functions.js';
export {
  type FulltextSettings,
  fulltextSettings,
  type PhoneticAlgorithm,
  phoneticAlgorithm,
} from './indexes/kinds.js';
export { clauseHolds, indexPredicate, type PredicateClause } from './indexes/predicate.js';
export { type Analysis, analysisOf } from './indexes/sai-options.js';
export {
  type IndexKind,
  type IndexTarget,
  type IndexTargetKind,
  indexKind,
  indexTarget,
  indexTargets,
  isSai,
  termTypes,
} from './indexes/target.js';
export {
  type SimilarityName,
  similarities,
  type VectorOptions,
  vectorIndexesOf,
  vectorOptionsOf,
} from './indexes/vector.js';
export { keyComponents } from './key-components.js';
export * from './model.js';
export { type Topology, totalReplicas } from './options/replication.js';
export { applyDelta, diffSchemas, type SchemaDelta, tableFromJson, tableToJson } from './schema-json.js';
export { isLocalSystemKeyspace, isReplicatedSystemKeyspace, isSystemKeyspace, schemaOf } from './schema-version.js';
export { systemSchema } from './system/built-in.js';
export { cqlVersion, nativeProtocolVersion, partitionerClass } from './virtual/node-rows.js';
export { virtualTable } from './virtual/registry.js';
export { encodePlain, type PlainValue } from './virtual/values.js';
export {
  columnsOf,
  type NodeFigures,
  type NodeInfo,
  type PlainRow,
  type VirtualContext,
  type VirtualRow,
  type VirtualTable,
} from './virtual/virtual-table.js';

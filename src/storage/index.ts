// Storage: codecs of mutations and read commands, commit log, SSTable files, compaction strategies.
export { ByteReader, ByteWriter } from './byte-writer.js';
export {
  BoundKind,
  type ClusteringPrefix,
  type ClusteringSlice,
  clusteringName,
  rowName,
  sliceOf,
} from './clustering.js';
export { MutationBuilder } from './mutation.js';
export * from './mutation-decoder.js';
export * from './read-command.js';
export { cellsOf, eachRow, type RowPartition, RowStream, rowsOf, type StreamRow } from './row-stream.js';
export * from './sstable/index.js';

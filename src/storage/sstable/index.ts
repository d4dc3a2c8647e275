// SSTables: files, readers, writers.
export * from './build.js';
export { ChunkStore } from './chunk-store.js';
export { compressorOf, loadZstd } from './compression.js';
export type { SSTableInfo } from './file-writer.js';
export * from './format.js';
export { SSTableReader } from './reader.js';
export * from './remove.js';
export { readStatistics, type SSTableStats, type Statistics } from './statistics.js';

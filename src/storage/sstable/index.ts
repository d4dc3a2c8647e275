// SSTables: files, readers, writers.
export { ChunkStore } from './chunk-store.js';
export * from './format.js';
export { SSTableReader } from './reader.js';
export { readStatistics, type Statistics } from './statistics.js';

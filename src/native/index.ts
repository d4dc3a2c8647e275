export * from './commit-log.js';
export {
  Frontend,
  FrontendCompression,
  type FrontendDrained,
  FrontendDue,
  type FrontendFigures,
  FrontendItem,
  type FrontendItems,
  type FrontendOptions,
  type FrontendStats,
  literalSpans,
  sealSegment,
  sealV5,
} from './frontend.js';
export { crc32, murmurToken } from './hash.js';
export * from './process.js';
export {
  RecordKind,
  RingConsumer,
  type RingPair,
  RingProducer,
  type RingRecord,
  recordHeaderBytes,
  recordsOf,
  ringBytesDefault,
  ringMemory,
  Waker,
} from './ring.js';
export { nativeStamps, ShardLoop, ShardLoopOutcome, type ShardLoopStats, serverMicros } from './shard-loop.js';
export * from './source.js';
export * from './sstable.js';
export * from './sstable-build.js';
export * from './store.js';

// Table options of all kinds, each in its range.
import type { Random } from './random.js';

const compactions: readonly ((r: Random) => string)[] = [
  () => "{'class': 'SizeTieredCompactionStrategy'}",
  (r) =>
    `{'class': 'SizeTieredCompactionStrategy', 'min_threshold': ${r.between(2, 6)}, 'max_threshold': '${r.between(7, 40)}'}`,
  (r) =>
    `{'class': 'SizeTieredCompactionStrategy', 'bucket_low': 0.${r.between(2, 8)}, 'bucket_high': 1.${r.between(1, 9)}, 'min_sstable_size': ${r.between(1, 99)}}`,
  (r) => `{'class': 'LeveledCompactionStrategy', 'sstable_size_in_mb': '${r.between(1, 300)}'}`,
  (r) => `{'class': 'LeveledCompactionStrategy', 'fanout_size': ${r.between(2, 12)}, 'single_sstable_uplevel': true}`,
  (r) =>
    `{'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': '${r.pick(['MINUTES', 'HOURS', 'DAYS'])}', 'compaction_window_size': ${r.between(1, 30)}}`,
  (r) =>
    `{'class': 'UnifiedCompactionStrategy', 'scaling_parameters': '${r.pick(['T4', 'L8, N', 'T8, T4, N, L4', '-2, 3'])}'}`,
  (r) =>
    `{'class': 'UnifiedCompactionStrategy', 'target_sstable_size': '${r.between(1, 9)}GiB', 'base_shard_count': ${r.between(1, 8)}}`,
  (r) =>
    `{'class': 'SizeTieredCompactionStrategy', 'enabled': '${r.pick(['true', 'false'])}', 'tombstone_threshold': 0.${r.between(1, 9)}, 'tombstone_compaction_interval': ${r.between(1, 99999)}, 'unchecked_tombstone_compaction': '${r.pick(['true', 'false'])}', 'only_purge_repaired_tombstones': 'true', 'log_all': 'false'}`,
  () => "{'class': 'org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy'}",
];

const compressions: readonly ((r: Random) => string)[] = [
  () => "{'enabled': 'false'}",
  (r) =>
    `{'class': '${r.pick(['LZ4Compressor', 'SnappyCompressor', 'DeflateCompressor', 'ZstdCompressor', 'NoopCompressor'])}'}`,
  (r) =>
    `{'class': 'LZ4Compressor', 'chunk_length_in_kb': ${r.pick([4, 16, 64, 128])}, 'min_compress_ratio': ${r.pick(['0', '1.1', '2'])}}`,
  (r) => `{'class': 'ZstdCompressor', 'compression_level': '${r.between(-3, 22)}'}`,
  (r) => `{'class': 'LZ4Compressor', 'lz4_compressor_type': 'high', 'lz4_high_compressor_level': ${r.between(1, 17)}}`,
  () => "{'class': 'org.apache.cassandra.io.compress.LZ4Compressor', 'max_compressed_length': 8192}",
];

const retries = [
  'ALWAYS',
  'none',
  'never',
  '99p',
  '99.5percentile',
  '50ms',
  '2.5ms',
  'MIN(99p,50ms)',
  'max( 20ms , 75p )',
  '99.99p',
  '0.5p',
];

const makers: readonly ((r: Random) => string)[] = [
  (r) => `additional_write_policy = '${r.pick(retries)}'`,
  (r) => `allow_auto_snapshot = ${r.pick(['true', 'false', "'yes'", '0'])}`,
  (r) => `bloom_filter_fp_chance = ${r.pick(['0.01', '1', '0.5', "'0.1'", '1e-3', '0.0001'])}`,
  (r) =>
    `caching = {'keys': '${r.pick(['ALL', 'none', 'NONE'])}', 'rows_per_partition': '${r.pick(['ALL', 'NONE', '7', '120'])}'}`,
  (r) => `cdc = ${r.pick(['true', 'false'])}`,
  (r) => `comment = '${r.pick(['', 'hello', "it''s", '日本 "q" \\n', '-- no'])}'`,
  (r) => `compaction = ${r.pick(compactions)(r)}`,
  (r) => `compression = ${r.pick(compressions)(r)}`,
  (r) => `crc_check_chance = ${r.pick(['0', '1', '0.25', "'.5'"])}`,
  (r) => `default_time_to_live = ${r.pick(['0', '1', '86400', '630720000'])}`,
  (r) => `gc_grace_seconds = ${r.pick(['0', '864000', "'77'"])}`,
  (r) => `incremental_backups = ${r.pick(['true', 'false'])}`,
  (r) => `max_index_interval = ${r.between(2048, 4096)}`,
  () => "memtable = 'default'",
  (r) => `memtable_flush_period_in_ms = ${r.between(0, 100000)}`,
  (r) => `min_index_interval = ${r.between(1, 2000)}`,
  (r) => `read_repair = '${r.pick(['BLOCKING', 'NONE', 'none'])}'`,
  (r) => `speculative_retry = '${r.pick(retries)}'`,
  () => "extensions = {'a': '0x00'}",
];

/** Some options, none twice. */
export function tableOptions(r: Random): string[] {
  return r
    .shuffled(makers)
    .slice(0, r.pick([0, 1, 2, 3, 6, 12]))
    .map((make) => make(r));
}

/**
 * Those that leave statements to what they say: no time to live by default, and no flush beside a TRUNCATE, after which Cassandra may show again
 * what was there.
 */
export const quietOptions = (r: Random): string[] =>
  tableOptions(r).filter((option) => !/^(default_time_to_live|memtable_flush_period)/.test(option));

const broken: readonly string[] = [
  "comment = {'a': 'b'}",
  'bloom_filter_fp_chance = 0',
  'bloom_filter_fp_chance = 2',
  "caching = {'keys': 'SOME'}",
  "caching = 'ALL'",
  "compaction = {'class': 'Nope'}",
  "compaction = {'class': 'SizeTieredCompactionStrategy', 'min_threshold': 1}",
  "compaction = {'class': 'LeveledCompactionStrategy', 'nope': 1}",
  "compression = {'class': 'LZ4Compressor', 'chunk_length_in_kb': 3}",
  "compression = {'class': 'ZstdCompressor', 'compression_level': 77}",
  "compression = {'chunk_length_in_kb': 16}",
  'crc_check_chance = 1.5',
  'default_time_to_live = -1',
  'default_time_to_live = 630720001',
  "gc_grace_seconds = 'x'",
  'gc_grace_seconds = -1',
  'max_index_interval = 1',
  "memtable = 'nope'",
  'memtable_flush_period_in_ms = -5',
  'min_index_interval = 0',
  "speculative_retry = '101p'",
  "additional_write_policy = 'often'",
  'nope = 1',
  'cdc = 5',
  "id = 'x'",
];

export const brokenOption = (r: Random): string => r.pick(broken);

// Size-tiered compaction: which SSTables of similar size are merged next. Pure. Options and rules are those of
// SizeTieredCompactionStrategy(Options) in Apache Cassandra 5.0.
import { configError } from '../../common/errors.js';

const MiB = 2 ** 20;

export type SizeTieredOptions = {
  readonly enabled: boolean;
  readonly minThreshold: number;
  readonly maxThreshold: number;
  readonly bucketLow: number;
  readonly bucketHigh: number;
  /** Bytes; smaller SSTables share one bucket. */
  readonly minSSTableSize: number;
  /** Ratio of droppable tombstones from which one SSTable alone is worth compacting. */
  readonly tombstoneThreshold: number;
  /** Seconds that an SSTable must have existed for that. */
  readonly tombstoneCompactionIntervalSeconds: number;
  /** Also when other SSTables overlap. */
  readonly uncheckedTombstoneCompaction: boolean;
};

/** What a strategy knows of an SSTable. */
export type CompactionCandidate = {
  readonly name: string;
  readonly bytes: number;
  /** Reads of it since it was opened: hotter buckets are compacted first. */
  readonly reads: number;
  /** Estimate of the part of its cells that are tombstones old enough to be purged; 0 to 1. */
  readonly droppableTombstoneRatio: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
};

function number(options: Readonly<Record<string, string>>, name: string, fallback: number, min: number): number {
  const text = options[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw configError(`${text} is not a parsable number for ${name}`);
  if (value < min) throw configError(`${name} must be at least ${min}, but was ${text}`);
  return value;
}

/**
 * Reads a table's compaction map.
 * @throws FerrosaError CONFIG_ERROR for a value that cannot be
 */
export function sizeTieredOptions(options: Readonly<Record<string, string>>): SizeTieredOptions {
  const read = {
    enabled: (options['enabled'] ?? 'true').toLowerCase() === 'true',
    minThreshold: number(options, 'min_threshold', 4, 2),
    maxThreshold: number(options, 'max_threshold', 32, 2),
    bucketLow: number(options, 'bucket_low', 0.5, 0),
    bucketHigh: number(options, 'bucket_high', 1.5, 0),
    minSSTableSize: number(options, 'min_sstable_size', 50 * MiB, 0),
    tombstoneThreshold: number(options, 'tombstone_threshold', 0.2, 0),
    tombstoneCompactionIntervalSeconds: number(options, 'tombstone_compaction_interval', 86_400, 0),
    uncheckedTombstoneCompaction: (options['unchecked_tombstone_compaction'] ?? 'false').toLowerCase() === 'true',
  };
  if (read.bucketHigh <= read.bucketLow)
    throw configError(
      `bucket_high value (${read.bucketHigh}) is less than or equal to the bucket_low value (${read.bucketLow})`,
    );
  if (read.maxThreshold < read.minThreshold)
    throw configError(`max_threshold (${read.maxThreshold}) is smaller than min_threshold (${read.minThreshold})`);
  return read;
}

/** SSTables in buckets of similar size: each within bucket_low to bucket_high times its bucket's average. */
export function bucketsOf<T extends { readonly bytes: number }>(
  sstables: readonly T[],
  { bucketLow, bucketHigh, minSSTableSize }: SizeTieredOptions,
): T[][] {
  const buckets: { average: number; members: T[] }[] = [];
  for (const sstable of [...sstables].sort((a, b) => a.bytes - b.bytes)) {
    const fits = buckets.find(
      ({ average }) =>
        (sstable.bytes >= average * bucketLow && sstable.bytes <= average * bucketHigh) ||
        (sstable.bytes < minSSTableSize && average < minSSTableSize),
    );
    if (fits === undefined) buckets.push({ average: sstable.bytes, members: [sstable] });
    else {
      fits.average = (fits.average * fits.members.length + sstable.bytes) / (fits.members.length + 1);
      fits.members.push(sstable);
    }
  }
  return buckets.map(({ members }) => members);
}

const heat = (bucket: readonly CompactionCandidate[]): number => bucket.reduce((sum, { reads }) => sum + reads, 0);

/**
 * The SSTables to compact next, null when nothing is due.
 * @param candidates  SSTables of the table that no compaction works on
 * @param nowMs  milliseconds since the epoch
 */
export function nextSizeTiered(
  candidates: readonly CompactionCandidate[],
  options: SizeTieredOptions,
  nowMs: number,
): readonly CompactionCandidate[] | null {
  if (!options.enabled) return null;
  let best: CompactionCandidate[] | null = null;
  for (const bucket of bucketsOf(candidates, options)) {
    if (bucket.length < options.minThreshold) continue;
    // The hottest of a large bucket; of equally hot buckets the one with the smaller SSTables, which costs less.
    const chosen = [...bucket].sort((a, b) => b.reads - a.reads || a.bytes - b.bytes).slice(0, options.maxThreshold);
    if (best === null || heat(chosen) > heat(best)) best = chosen;
  }
  return best ?? singleForTombstones(candidates, options, nowMs);
}

function singleForTombstones(
  candidates: readonly CompactionCandidate[],
  options: SizeTieredOptions,
  nowMs: number,
): readonly CompactionCandidate[] | null {
  const oldEnough = nowMs - options.tombstoneCompactionIntervalSeconds * 1000;
  const due = candidates.filter(
    ({ droppableTombstoneRatio, createdAt }) =>
      droppableTombstoneRatio > options.tombstoneThreshold && createdAt <= oldEnough,
  );
  if (due.length === 0) return null;
  // Tombstones can only go when nothing they cover is elsewhere: with other SSTables around, only when told not to look.
  if (candidates.length > 1 && !options.uncheckedTombstoneCompaction) return null;
  return [due.reduce((a, b) => (b.bytes > a.bytes ? b : a))];
}

// What a shard tells of one of its tables.
import type { NativeStore } from '../../native/index.js';
import type { ShardTableFigures, ShardTableStats } from '../messages.js';
import type { OpenSSTable, TableState } from './tables.js';

export function tableStats(state: TableState, store: NativeStore): ShardTableStats {
  const stats = store.stats(state.id);
  const sstables = [...state.sstables.values()];
  const sum = (read: (reader: OpenSSTable['reader']) => number): number =>
    sstables.reduce((total, { reader }) => total + read(reader), 0);
  const largest = (read: (reader: OpenSSTable['reader']) => number): number =>
    sstables.reduce((most, { reader }) => Math.max(most, read(reader)), 0);
  const sstablePartitions = sum((reader) => reader.partitions);
  return {
    table: state.table.id,
    memtableBytes: stats.memtableBytes,
    frozenMemtables: stats.frozen,
    partitions: stats.memtablePartitions + sstablePartitions,
    sstables: sstables.length,
    sstablePartitions,
    sstableBytes: sum((reader) => reader.bytesOnDisk),
    largestSSTableBytes: largest((reader) => reader.bytesOnDisk),
    sstableDataBytes: sum((reader) => reader.dataBytes),
    largestPartitionBytes: largest(largestPartition),
    reads: stats.reads,
    writes: stats.writes,
    readNanos: stats.readNanos,
    writeNanos: stats.writeNanos,
    longestSSTableMs: largest(
      ({
        statistics: {
          stats: { minTimestamp, maxTimestamp },
        },
      }) => (maxTimestamp > minTimestamp ? Number((maxTimestamp - minTimestamp) / 1000n) : 0),
    ),
  };
}

/** Latencies and shapes of a table; null when there is nothing to tell. */
export function tableFigures(state: TableState, store: NativeStore): ShardTableFigures | null {
  const measured = store.figures(state.id);
  const sstables = [...state.sstables.values()].map(({ reader }) => reader.statistics.stats);
  if (measured === null && sstables.length === 0) return null;
  return {
    table: state.table.id,
    measured,
    partitionBytes: mergedCounts(sstables.map((stats) => stats.partitionSizes)),
    partitionCells: mergedCounts(sstables.map((stats) => stats.cellsPerPartition)),
  };
}

type Estimated = { readonly offsets: readonly bigint[]; readonly counts: readonly bigint[] };

function mergedCounts(histograms: readonly Estimated[]): number[] {
  const byValue = new Map<number, number>();
  for (const { offsets, counts } of histograms)
    counts.forEach((count, i) => {
      if (count === 0n) return;
      const value = Number(offsets[Math.min(i, offsets.length - 1)]);
      byValue.set(value, (byValue.get(value) ?? 0) + Number(count));
    });
  return [...byValue].flat();
}

/** Bytes: the upper end of the last bucket of the histogram that has partitions. */
function largestPartition({ statistics }: OpenSSTable['reader']): number {
  const { offsets, counts } = statistics.stats.partitionSizes;
  for (let i = counts.length - 1; i >= 0; i--)
    if (counts[i]! > 0n) return Number(offsets[Math.min(i, offsets.length - 1)]);
  return 0;
}

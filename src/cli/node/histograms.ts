// Latencies as nodetool and Prometheus take them.
import type { Histogram } from '../../common/histogram.js';
import type { LatencyDistribution, Percentiles, ProxyHistograms, TableHistograms } from '../../http/index.js';
import type { Latencies } from './latencies.js';

const shownQuantiles = [0.5, 0.75, 0.95, 0.98, 0.99] as const;

function percentiles(histogram: Histogram, unit = 1): Percentiles {
  const values = [...shownQuantiles.map((q) => histogram.quantile(q)), histogram.min, histogram.max];
  return values.map((value) => value / unit) as unknown as Percentiles;
}

const orNull = (histogram: Histogram): Percentiles | null => (histogram.count === 0 ? null : percentiles(histogram));

const nanosPerMicro = 1000;

export async function tableHistograms(latencies: Latencies): Promise<TableHistograms[]> {
  return (await latencies.local()).map(({ table, figures }) => ({
    keyspace: table.keyspace,
    table: table.name,
    sstables: percentiles(figures.sstables),
    writeLatency: percentiles(figures.write, nanosPerMicro),
    readLatency: percentiles(figures.read, nanosPerMicro),
    partitionBytes: orNull(figures.partitionBytes),
    partitionCells: orNull(figures.partitionCells),
  }));
}

export async function proxyHistograms(latencies: Latencies): Promise<ProxyHistograms> {
  const { read, write, scan, casRead, casWrite } = await latencies.proxy();
  return {
    read: percentiles(read),
    write: percentiles(write),
    range: percentiles(scan),
    casRead: percentiles(casRead),
    casWrite: percentiles(casWrite),
  };
}

/** Upper ends of Prometheus' buckets, in nanoseconds: each is the end of one of ours. */
const bounds = Array.from({ length: 24 }, (_, i) => 2 ** (10 + i));

export async function latencyDistributions(latencies: Latencies): Promise<LatencyDistribution[]> {
  return (await latencies.local()).flatMap(({ table, figures }) =>
    (['read', 'write', 'scan'] as const).flatMap((kind): LatencyDistribution[] => {
      const histogram = figures[kind];
      if (histogram.count === 0) return [];
      const buckets = bounds.map((bound) => [bound / 1e9, histogram.countUpTo(bound - 1)] as const);
      const { count } = histogram;
      return [{ keyspace: table.keyspace, table: table.name, kind, count, sum: histogram.sum / 1e9, buckets }];
    }),
  );
}

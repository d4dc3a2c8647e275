// Rows of the tables of system_views that tell of latencies and of what reads meet.
import type { Histogram } from '../../common/histogram.js';
import type { CoordinatorKind, Processor } from '../../query/index.js';
import type { PlainRow, TableDefinition } from '../../schema/index.js';
import type { HotPath, ShardStats } from '../../shard/index.js';
import type { Latencies, LocalFigures } from './latencies.js';

/** As Cassandra rounds what it shows. */
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

const named = ({ keyspace, name }: TableDefinition): PlainRow => ({ keyspace_name: keyspace, table_name: name });

function latencyRow(table: TableDefinition, histogram: Histogram, unitsPerMs: number): PlainRow {
  const ms = (value: number): number => rounded(value / unitsPerMs);
  return {
    ...named(table),
    count: histogram.count,
    max_ms: ms(histogram.max),
    p50th_ms: ms(histogram.quantile(0.5)),
    p99th_ms: ms(histogram.quantile(0.99)),
    per_second: rounded(histogram.rate),
  };
}

const nanosPerMs = 1e6;
const microsPerMs = 1e3;

export async function localLatencyRows(latencies: Latencies, kind: 'read' | 'write' | 'scan'): Promise<PlainRow[]> {
  return (await latencies.local()).map(({ table, figures }) => latencyRow(table, figures[kind], nanosPerMs));
}

export async function coordinatorLatencyRows(latencies: Latencies, kind: CoordinatorKind): Promise<PlainRow[]> {
  // A conditional update reads first, and that is a read to Cassandra as those at SERIAL are; how long it alone takes nobody measures.
  const kinds: CoordinatorKind[] = kind === 'read' ? ['read', 'casRead', 'casWrite'] : [kind];
  return (await latencies.coordinator(...kinds)).map(({ table, figures }) => latencyRow(table, figures, microsPerMs));
}

/** Counts a read: rows_per_read, tombstones_per_read. */
export async function perReadRows(
  latencies: Latencies,
  kind: keyof Pick<LocalFigures, 'rows' | 'tombstones'>,
): Promise<PlainRow[]> {
  return (await latencies.local()).map(({ table, figures: { [kind]: histogram } }) => ({
    ...named(table),
    count: histogram.count,
    max: histogram.max,
    p50th: histogram.quantile(0.5),
    p99th: histogram.quantile(0.99),
  }));
}

export type HotCount = 'texts' | 'declined' | 'handed';
type HotBatches = 'loggedBatches' | 'unloggedBatches';

/** What the hot paths of all threads with connections have counted. */
export function sumHot(field: HotCount, hotPath: HotPath | null, shards: readonly ShardStats[]): number {
  const hot = [hotPath?.stats(), ...shards.map(({ serving }) => serving)];
  return hot.reduce((all, one) => all + (one?.[field] ?? 0), 0);
}

/** Partitions a batch, by the kind of batch. */
export async function batchRows(
  { observer: { figures } }: Processor,
  hotPath: HotPath | null,
  shards: readonly ShardStats[],
): Promise<PlainRow[]> {
  const hot = [hotPath?.stats(), ...shards.map(({ serving }) => serving)];
  const of = (field: HotBatches) => hot.map((one) => one?.[field] ?? []);
  const hotBatches = { logged: of('loggedBatches'), unlogged: of('unloggedBatches'), counter: [] };
  return (['counter', 'logged', 'unlogged'] as const).map((type) => {
    const histogram = figures.batches[type].copy();
    for (const counts of hotBatches[type])
      for (const [partitions, count] of counts.entries()) if (count > 0) histogram.add(partitions, count);
    return {
      name: `partitions_per_${type}_batch`,
      max: histogram.max,
      p50th: histogram.quantile(0.5),
      p999th: histogram.quantile(0.999),
      p99th: histogram.quantile(0.99),
    };
  });
}

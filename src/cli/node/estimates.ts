// system.size_estimates and system.table_estimates: partitions and their size by token range, which Spark and Hadoop split work by.
import { utf8Bytes, utf8Text } from '../../common/bytes.js';
import { FerrosaError } from '../../common/errors.js';
import { murmurToken } from '../../native/index.js';
import type { Processor } from '../../query/index.js';
import { Consistency, int64, internalQuery, tableIdBytes } from '../../query/index.js';
import type { TableDefinition } from '../../schema/index.js';
import { MutationBuilder } from '../../storage/index.js';
import type { Log } from '../log.js';
import { nowMicros } from './environment.js';
import type { NodeStorage } from './storage.js';

type TokenRange = { readonly start: string; readonly end: string /** Of the whole ring. */; readonly share: number };

const minToken = -(1n << 63n);
const ring = 1n << 64n;

/** The ranges that end in this node's tokens; the one around the ring's end is cut in two there. */
export function rangesOf(tokens: readonly string[]): TokenRange[] {
  const ends = tokens.map(BigInt).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const bounds = [minToken, ...ends.filter((token) => token !== minToken), minToken];
  const ranges: TokenRange[] = [];
  for (let i = 0; i + 1 < bounds.length; i++) {
    const [start, end] = [bounds[i]!, bounds[i + 1]!];
    const width = end > start ? end - start : ring + end - start;
    ranges.push({ start: String(start), end: String(end), share: Number(width) / Number(ring) });
  }
  return ranges;
}

/**
 * Writes both tables anew. Keys are hashed, so each range is taken to have its share of a table's partitions.
 * @throws FerrosaError when the writes fail
 */
export async function refreshEstimates(processor: Processor, storage: NodeStorage): Promise<void> {
  const { shards, metadata, record } = storage;
  const totals = new Map<string, { partitions: number; bytes: number }>();
  for (const { tables } of await shards.stats())
    for (const { table, sstablePartitions, sstableDataBytes } of tables) {
      const { partitions, bytes } = totals.get(table) ?? { partitions: 0, bytes: 0 };
      totals.set(table, { partitions: partitions + sstablePartitions, bytes: bytes + sstableDataBytes });
    }
  const ranges = rangesOf(record.tokens);
  await forgetDropped(processor, storage);
  const tables = metadata.catalogue.schema.keyspaces.get('system')!.tables;
  const bySize = tables.get('size_estimates')!;
  const byType = tables.get('table_estimates')!;
  for (const [id, { partitions, bytes }] of totals) {
    const table = metadata.catalogue.tableById(id);
    // Every node has its own; as in Cassandra there are none of the tables that are not distributed.
    if (table === null || localKeyspaces.has(table.keyspace)) continue;
    const mean = partitions === 0 ? 0 : Math.round(bytes / partitions);
    const rows = ranges.map(({ start, end, share }) => ({
      range: [utf8Bytes(start), utf8Bytes(end)],
      sizes: [int64(BigInt(mean)), int64(BigInt(Math.round(partitions * share)))],
    }));
    await write(storage, bySize, table, [[]], rows);
    await write(storage, byType, table, [[utf8Bytes('local_primary')], [utf8Bytes('primary')]], rows);
  }
}

type EstimateRow = { readonly range: readonly Uint8Array[]; readonly sizes: readonly Uint8Array[] };

/** The rows of one table, in one mutation: many statements would be in the way of those of clients. */
async function write(
  { coordinator }: NodeStorage,
  estimates: TableDefinition,
  { keyspace, name }: TableDefinition,
  types: readonly (readonly Uint8Array[])[],
  rows: readonly EstimateRow[],
): Promise<void> {
  const key = utf8Bytes(keyspace);
  const token = murmurToken(key);
  const micros = nowMicros();
  const columns = ['mean_partition_size', 'partitions_count'].map((column) => estimates.columns.get(column)!.id);
  const builder = new MutationBuilder(tableIdBytes(estimates), token, key);
  for (const type of types)
    for (const { range, sizes } of rows) {
      builder.insertRow([utf8Bytes(name), ...type, ...range], micros);
      for (const [i, column] of columns.entries()) builder.cell(column, micros, sizes[i]!);
    }
  const options = {
    consistency: Consistency.LOCAL_ONE,
    writeType: 'SIMPLE',
    timeoutMs: writeMs,
    durable: true,
  } as const;
  await coordinator.mutate([{ token, bytes: builder.finish() }], options);
}

const localKeyspaces = new Set(['system', 'system_schema']);
const writeMs = 10_000;

/** Rows of tables that are no longer there go. */
async function forgetDropped(processor: Processor, { metadata }: NodeStorage): Promise<void> {
  for (const estimates of ['size_estimates', 'table_estimates']) {
    const groups = `SELECT keyspace_name, table_name FROM system.${estimates} GROUP BY keyspace_name, table_name`;
    for (const row of await internalQuery(processor, groups)) {
      const [keyspace, table] = [utf8Text(row.get('keyspace_name')!), utf8Text(row.get('table_name')!)];
      if (metadata.catalogue.schema.keyspaces.get(keyspace)?.tables.has(table)) continue;
      const deletion = `DELETE FROM system.${estimates} WHERE keyspace_name = ? AND table_name = ?`;
      await internalQuery(processor, deletion, [utf8Bytes(keyspace), utf8Bytes(table)]);
    }
  }
}

/** When they are made for the first time and again, as Cassandra does. */
const firstMs = 30_000;
const everyMs = 300_000;

/** Keeps both tables fresh until the returned function is called. */
export function scheduleEstimates(processor: Processor, storage: NodeStorage, log: Log): () => void {
  const refresh = async (): Promise<void> => {
    try {
      await refreshEstimates(processor, storage);
    } catch (error) {
      if (!(error instanceof FerrosaError)) throw error;
      log.warn({ error: error.message }, 'size estimates could not be written');
    }
    timer = setTimeout(refresh, everyMs).unref();
  };
  let timer = setTimeout(refresh, firstMs).unref();
  return () => clearTimeout(timer);
}

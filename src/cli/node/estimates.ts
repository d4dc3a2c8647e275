// system.size_estimates and system.table_estimates: partitions and their size by token range, which Spark and Hadoop split work by.
import { setTimeout as sleep } from 'node:timers/promises';
import { utf8Bytes, utf8Text } from '../../common/bytes.js';
import { FerrosaError } from '../../common/errors.js';
import type { Processor } from '../../query/index.js';
import { int64, internalQuery } from '../../query/index.js';
import type { Log } from '../log.js';
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
 * @param overMs  about how long it may take, so that it is in nobody's way; 0: as fast as it goes
 * @throws FerrosaError when the writes fail
 */
export async function refreshEstimates(processor: Processor, storage: NodeStorage, overMs = 0): Promise<void> {
  const { shards, metadata, record } = storage;
  const totals = new Map<string, { partitions: number; bytes: number }>();
  for (const { tables } of await shards.stats())
    for (const { table, sstablePartitions, sstableDataBytes } of tables) {
      const { partitions, bytes } = totals.get(table) ?? { partitions: 0, bytes: 0 };
      totals.set(table, { partitions: partitions + sstablePartitions, bytes: bytes + sstableDataBytes });
    }
  const ranges = rangesOf(record.tokens);
  await forgetDropped(processor, storage);
  const pauseMs = Math.min(pauseMsMax, overMs / (totals.size * ranges.length));
  for (const [id, { partitions, bytes }] of totals) {
    const table = metadata.catalogue.tableById(id);
    // Every node has its own; as in Cassandra there are none of the tables that are not distributed.
    if (table === null || localKeyspaces.has(table.keyspace)) continue;
    const mean = partitions === 0 ? 0 : Math.round(bytes / partitions);
    for (const range of ranges) {
      const sizes = [int64(BigInt(mean)), int64(BigInt(Math.round(partitions * range.share)))];
      const [start, end] = [utf8Bytes(range.start), utf8Bytes(range.end)];
      const key = [utf8Bytes(table.keyspace), utf8Bytes(table.name)];
      await internalQuery(processor, insertSize, [...key, start, end, ...sizes]);
      for (const type of ['primary', 'local_primary'])
        await internalQuery(processor, insertTable, [...key, utf8Bytes(type), start, end, ...sizes]);
      if (overMs > 0) await sleep(pauseMs, undefined, { ref: false });
    }
  }
}

const localKeyspaces = new Set(['system', 'system_schema']);
const insertSize =
  'INSERT INTO system.size_estimates (keyspace_name, table_name, range_start, range_end, mean_partition_size, ' +
  'partitions_count) VALUES (?, ?, ?, ?, ?, ?)';
const insertTable =
  'INSERT INTO system.table_estimates (keyspace_name, table_name, range_type, range_start, range_end, ' +
  'mean_partition_size, partitions_count) VALUES (?, ?, ?, ?, ?, ?, ?)';

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
/** Between the rows of one range and those of the next. */
const pauseMsMax = 100;

/** Keeps both tables fresh until the returned function is called. */
export function scheduleEstimates(processor: Processor, storage: NodeStorage, log: Log): () => void {
  const refresh = async (): Promise<void> => {
    try {
      await refreshEstimates(processor, storage, everyMs / 2);
    } catch (error) {
      if (!(error instanceof FerrosaError)) throw error;
      log.warn({ error: error.message }, 'size estimates could not be written');
    }
    timer = setTimeout(refresh, everyMs).unref();
  };
  let timer = setTimeout(refresh, firstMs).unref();
  return () => clearTimeout(timer);
}

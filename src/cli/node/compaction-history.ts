// system.compaction_history: a row for each compaction that has ended.
import { utf8Bytes } from '../../common/bytes.js';
import type { Processor } from '../../query/index.js';
import { int64, internalQuery } from '../../query/index.js';
import { encodePlain, type PlainValue, type TableDefinition } from '../../schema/index.js';
import type { CompactionRecord } from '../../shard/index.js';
import { formatUuid, timeUuid } from '../../types/index.js';
import type { Log } from '../log.js';
import type { NodeStorage } from './storage.js';

/** The time UUID that names a compaction in system tables: the same each time it is asked for. */
export function compactionId({ id, startedAt }: CompactionRecord): string {
  return formatUuid(timeUuid(BigInt(Math.trunc(startedAt)) * 10_000n, int64(BigInt(id))));
}

const insert =
  'INSERT INTO system.compaction_history (id, bytes_in, bytes_out, columnfamily_name, compacted_at, ' +
  'compaction_properties, keyspace_name) VALUES (?, ?, ?, ?, ?, ?, ?)';

/** Writes the history from here on. */
export function keepCompactionHistory(processor: Processor, { shards, metadata }: NodeStorage, log: Log): void {
  const table = metadata.catalogue.getTable('system', 'compaction_history');
  shards.tables.onCompacted = (record) => {
    // Its own compactions would make it grow for ever.
    if (record.keyspace === 'system' && record.table === 'compaction_history') return;
    internalQuery(processor, insert, [
      cellOf(table, 'id', compactionId(record)),
      int64(BigInt(record.bytesIn)),
      int64(BigInt(record.bytesOut)),
      utf8Bytes(record.table),
      cellOf(table, 'compacted_at', record.finishedAt),
      cellOf(table, 'compaction_properties', { compaction_type: 'Compaction' }),
      utf8Bytes(record.keyspace),
    ]).catch((error: Error) => log.warn({ error: error.message }, 'system.compaction_history could not be written'));
  };
}

function cellOf(table: TableDefinition, column: string, value: PlainValue): Uint8Array | null {
  const all = [...table.partitionKey, ...table.regulars];
  return encodePlain(all.find(({ name }) => name === column)!.type, value);
}

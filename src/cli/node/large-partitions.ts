// The guardrails partition_size and partition_tombstones: of what flushes and compactions write, so that nobody can be refused anything; the log is told.
// Source: Cassandra's SortedTableWriter.guardPartitionThreshold.
import { Guard, type GuardrailConfig } from '../../query/index.js';
import { keyComponents, type TableDefinition } from '../../schema/index.js';
import type { NodeTables } from '../../shard/index.js';
import { plainText } from '../../types/index.js';

type GuardrailLog = { warn(message: string): void; error(message: string): void };

const keyText = (table: TableDefinition, key: Uint8Array): string =>
  keyComponents(table, key)
    .map((part, i) => plainText(table.partitionKey[i]!.type, part))
    .join(':');

/** From here on the log is told of partitions beyond the thresholds. */
export function watchPartitions(tables: NodeTables, guardrails: GuardrailConfig, log: GuardrailLog): void {
  const least = (name: 'partition_size' | 'partition_tombstones'): number => {
    const set = [guardrails.threshold(name, 'warn'), guardrails.threshold(name, 'fail')].filter((limit) => limit >= 0);
    return set.length === 0 ? -1 : Math.min(...set);
  };
  tables.partitionLimits = () => ({ bytes: least('partition_size'), tombstones: least('partition_tombstones') });
  tables.onLargePartitions = (table, file, partitions, leftOut) => {
    for (const { key, bytes, tombstones } of partitions) {
      const what = `${table.keyspace}.${table.name}:${keyText(table, key)} on sstable ${file}`;
      for (const [name, value] of [
        ['partition_size', bytes],
        ['partition_tombstones', tombstones],
      ] as const) {
        const guard = new Guard(guardrails);
        try {
          guard.threshold(name, value, what);
        } catch (error) {
          log.error((error as Error).message);
        }
        for (const warning of guard.warnings) log.warn(warning);
      }
    }
    if (leftOut > 0)
      log.warn(
        `${leftOut} more partitions of ${file} are beyond the thresholds of partition_size or partition_tombstones`,
      );
  };
}

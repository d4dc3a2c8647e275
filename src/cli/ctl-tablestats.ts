// tablestats as nodetool prints it, with the values that this engine has.
import type { TableStats } from '../http/index.js';
import { CtlError } from './ctl-client.js';
import { formatBytes } from './ctl-format.js';

/**
 * Tables named as `keyspace` or `keyspace.table`; all when none is named.
 * @throws CtlError for a name that nothing has
 */
export function selectTables(all: readonly TableStats[], names: readonly string[]): TableStats[] {
  if (names.length === 0) return [...all];
  for (const name of names) {
    const [keyspace, table] = name.split('.');
    if (!all.some((stats) => stats.keyspace === keyspace)) throw new CtlError(`Unknown keyspace: ${keyspace}`);
    if (table !== undefined && !all.some((stats) => stats.keyspace === keyspace && stats.table === table))
      throw new CtlError(`Unknown tables: [${table}] in keyspace: ${keyspace}`);
  }
  return all.filter((stats) => names.includes(stats.keyspace) || names.includes(`${stats.keyspace}.${stats.table}`));
}

/** NaN when a part is not measured; nodetool prints that for "no value" too. */
const sum = (tables: readonly TableStats[], read: (stats: TableStats) => number | null): number =>
  tables.reduce((total, stats) => total + (read(stats) ?? Number.NaN), 0);
const milliseconds = (micros: number, count: number): number => micros / count / 1000;
const latency = (micros: number | null, count: number): string =>
  count === 0 || micros === null ? 'NaN ms' : `${milliseconds(micros, count).toFixed(3)} ms`;

export function formatTableStats(all: readonly TableStats[], humanReadable: boolean): string {
  const lines = [`Total number of tables: ${all.length}`, '----------------'];
  for (const keyspace of new Set(all.map((stats) => stats.keyspace))) {
    const tables = all.filter((stats) => stats.keyspace === keyspace);
    lines.push(`Keyspace: ${keyspace}`, ...keyspaceLines(tables).map((line) => `\t${line}`));
    for (const table of tables) lines.push(...tableLines(table, humanReadable).map((line) => `\t\t${line}`), '');
    lines.push('----------------');
  }
  return lines.join('\n');
}

function keyspaceLines(tables: readonly TableStats[]): string[] {
  const [reads, writes] = [sum(tables, (stats) => stats.reads), sum(tables, (stats) => stats.writes)];
  const exact = (micros: number, count: number): string => `${count === 0 ? 'NaN' : milliseconds(micros, count)} ms`;
  return [
    `Read Count: ${reads}`,
    `Read Latency: ${exact(
      sum(tables, (stats) => stats.readMicros),
      reads,
    )}`,
    `Write Count: ${writes}`,
    `Write Latency: ${exact(
      sum(tables, (stats) => stats.writeMicros),
      writes,
    )}`,
    `Pending Flushes: ${sum(tables, (stats) => stats.pendingFlushes)}`,
  ];
}

function tableLines(stats: TableStats, humanReadable: boolean): string[] {
  const bytes = (value: number): string => (humanReadable ? formatBytes(value) : String(value));
  const ratio = stats.writes === 0 ? '0.00000' : (stats.reads / stats.writes).toFixed(5);
  return [
    `Table: ${stats.table}`,
    `SSTable count: ${stats.sstableCount}`,
    `Space used (live): ${bytes(stats.sstableBytes)}`,
    `Space used (total): ${bytes(stats.sstableBytes)}`,
    `Space used by snapshots (total): ${bytes(stats.snapshotBytes)}`,
    `Number of partitions (estimate): ${stats.partitionsEstimate}`,
    `Memtable cell count: ${stats.memtableCells ?? Number.NaN}`,
    `Memtable data size: ${bytes(stats.memtableBytes)}`,
    `Memtable off heap memory used: ${bytes(stats.memtableBytes)}`,
    `Memtable switch count: ${stats.memtableSwitches}`,
    `Local read count: ${stats.reads}`,
    `Local read latency: ${latency(stats.readMicros, stats.reads)}`,
    `Local write count: ${stats.writes}`,
    `Local write latency: ${latency(stats.writeMicros, stats.writes)}`,
    `Local read/write ratio: ${ratio}`,
    `Pending flushes: ${stats.pendingFlushes}`,
    `Pending compactions: ${stats.pendingCompactions}`,
    `Bloom filter space used: ${bytes(stats.bloomFilterBytes)}`,
  ];
}

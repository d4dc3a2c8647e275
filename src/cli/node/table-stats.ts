// Figures of each table, summed over the shards, for the web side.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TableStats } from '../../http/index.js';
import type { NodeTable } from '../../shard/index.js';
import { findSnapshots } from './snapshots.js';
import type { NodeStorage } from './storage.js';

/** @param dataDir  where snapshots are looked for */
export async function tableStats({ shards, metadata }: NodeStorage, dataDir: string): Promise<TableStats[]> {
  const snapshots = new Map<string, number>();
  for (const { keyspace, table, bytes } of await findSnapshots(dataDir))
    snapshots.set(`${keyspace}.${table}`, (snapshots.get(`${keyspace}.${table}`) ?? 0) + bytes);
  const byTable = new Map<string, TableStats>();
  for (const { tables } of await shards.stats())
    for (const one of tables) {
      const definition = metadata.catalogue.tableById(one.table);
      const table = shards.tables.byId.get(one.table);
      if (definition === null || table === undefined) continue;
      const sum = byTable.get(one.table);
      byTable.set(one.table, {
        keyspace: definition.keyspace,
        table: definition.name,
        sstableCount: (sum?.sstableCount ?? 0) + one.sstables,
        sstableBytes: (sum?.sstableBytes ?? 0) + one.sstableBytes,
        snapshotBytes: snapshots.get(`${definition.keyspace}.${definition.name}`) ?? 0,
        memtableBytes: (sum?.memtableBytes ?? 0) + one.memtableBytes,
        memtableCells: null,
        memtableSwitches: table.flushes,
        partitionsEstimate: (sum?.partitionsEstimate ?? 0) + one.partitions,
        reads: (sum?.reads ?? 0) + one.reads,
        readMicros: (sum?.readMicros ?? 0) + one.readNanos / 1000,
        writes: (sum?.writes ?? 0) + one.writes,
        writeMicros: (sum?.writeMicros ?? 0) + one.writeNanos / 1000,
        pendingFlushes: (sum?.pendingFlushes ?? 0) + one.frozenMemtables,
        pendingCompactions: table.pendingCompactions,
        bloomFilterBytes: sum?.bloomFilterBytes ?? (await filterBytes(table)),
      });
    }
  return [...byTable.values()];
}

/** Bloom filters are held as they are on disk. */
async function filterBytes({ files }: NodeTable): Promise<number> {
  const sizes = files.sstables.map(async ({ name }) => {
    const file = await stat(join(files.folder, `${name}-Filter.db`)).catch(() => null);
    return file?.size ?? 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

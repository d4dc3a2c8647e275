// Collects the mutations of a statement or a batch: one for each partition of each table.
import { invalid } from '../../common/errors.js';
import { murmurToken } from '../../native/index.js';
import type { TableDefinition } from '../../schema/index.js';
import { MutationBuilder } from '../../storage/index.js';
import { uuidBytes } from '../values.js';

const tableIds = new WeakMap<TableDefinition, Uint8Array>();

/** The table's id in bytes. */
export function tableIdBytes(table: TableDefinition): Uint8Array {
  let id = tableIds.get(table);
  if (id === undefined) {
    id = uuidBytes(table.id);
    tableIds.set(table, id);
  }
  return id;
}

export type CollectedMutation = {
  readonly table: TableDefinition;
  readonly durable: boolean;
  readonly key: Uint8Array;
  readonly token: bigint;
  readonly bytes: Uint8Array;
};

type Partition = {
  readonly table: TableDefinition;
  readonly durable: boolean;
  readonly key: Uint8Array;
  readonly token: bigint;
  readonly builder: MutationBuilder;
  deletedAt: bigint | null;
};

/** Mutations by table and key, in the order of their first write. */
export class MutationCollector {
  readonly #partitions = new Map<string, Partition>();

  /** Where the writes of one partition go. */
  partition(table: TableDefinition, durable: boolean, key: Uint8Array): Partition {
    const name = `${table.id}${Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')}`;
    let found = this.#partitions.get(name);
    if (found === undefined) {
      const token = murmurToken(key);
      const builder = new MutationBuilder(tableIdBytes(table), token, key);
      found = { table, durable, key, token, builder, deletedAt: null };
      this.#partitions.set(name, found);
    }
    return found;
  }

  get size(): number {
    return this.#partitions.size;
  }

  finish(): CollectedMutation[] {
    return [...this.#partitions.values()].map(({ table, durable, key, token, builder }) => ({
      table,
      durable,
      key,
      token,
      bytes: builder.finish(),
    }));
  }
}

/**
 * Deletes a partition. A batch may do so twice: the later deletion covers the earlier one, and one of two at the same
 * time is enough.
 * @throws FerrosaError INVALID for a timestamp before 1970
 */
export function deletePartition(partition: Partition, timestamp: bigint, nowSeconds: number): void {
  // SSTables have the sign of the timestamp for "not deleted": Cassandra cannot read what it writes then.
  if (timestamp < 0n) throw invalid(`A partition cannot be deleted as of a negative timestamp (${timestamp})`);
  if (partition.deletedAt === null) {
    partition.builder.partitionDeletion(timestamp, nowSeconds);
    partition.deletedAt = timestamp;
    return;
  }
  if (partition.deletedAt >= timestamp) return;
  partition.builder.rangeTombstone(
    { start: [], startInclusive: true, end: [], endInclusive: true },
    timestamp,
    nowSeconds,
  );
}

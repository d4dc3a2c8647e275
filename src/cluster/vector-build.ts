// Brings the vectors of a table into the graphs of its shards: a pass over all rows, beside the writes that go on.
import type { IndexTable, NowMicros } from '../index/index.js';
import type { TableDefinition } from '../schema/index.js';
import {
  ByteWriter,
  cellsOf,
  encodePosition,
  encodeReadCommand,
  type ReadColumn,
  RowStream,
  rowsOf,
  Selected,
} from '../storage/index.js';
import type { ShardPort } from './shard-port.js';
import { idBytes } from './table-ids.js';

const rowsAStep = 1_000;
const stepBytesMax = 1 << 20;
/** A row count at the end of a position, which a vector's row has not. */
const countBytes = 4;

/** How the rows of one index are read. */
export class VectorRows {
  readonly #columns: readonly ReadColumn[];
  readonly #tableId: Uint8Array;
  readonly #indexId: Uint8Array;

  constructor(
    private readonly table: TableDefinition,
    private readonly index: IndexTable,
  ) {
    const { column } = index.target;
    this.#tableId = idBytes(table.id);
    this.#indexId = index.tableId;
    const clustering = index.ofRows ? table.clustering : [];
    const value: ReadColumn[] =
      column.kind === 'partition_key'
        ? [{ what: Selected.partitionKey, which: column.position }]
        : column.kind === 'clustering'
          ? [{ what: Selected.clustering, which: column.position }]
          : [
              { what: Selected.writetime, which: column.id },
              { what: Selected.value, which: column.id },
            ];
    this.#columns = [...clustering.map((_, which) => ({ what: Selected.clustering, which })), ...value];
  }

  /** Some rows of a shard; `next` is where to go on, null at the end. */
  async step(
    shards: ShardPort,
    shard: number,
    startAfter: Uint8Array | null,
    nowSeconds: number,
  ): Promise<{ rows: number; next: Uint8Array | null }> {
    const command = encodeReadCommand({
      tableId: this.#tableId,
      nowSeconds,
      partitions: { range: { start: -(2n ** 63n), startInclusive: true, end: 2n ** 63n - 1n, endInclusive: true } },
      columns: this.#columns,
      distinct: !this.index.ofRows,
      rowLimit: rowsAStep,
      bytesLimit: stepBytesMax,
      startAfter,
    });
    const stream = new RowStream(await shards.read(shard, command));
    const next = stream.position?.slice() ?? null;
    const out = new ByteWriter(stepBytesMax);
    out.raw(this.#tableId);
    out.raw(this.#indexId);
    const rows = this.#write(stream, out);
    if (rows > 0) await shards.vectors(shard, 'rows', out.finish());
    return { rows, next };
  }

  /** docs/format/vector-search.md */
  #write(stream: RowStream, out: ByteWriter): number {
    const width = this.#columns.length;
    const clusteringCount = this.index.ofRows ? this.table.clustering.length : 0;
    const hasTime = this.#columns.some(({ what }) => what === Selected.writetime);
    let rows = 0;
    for (const partition of stream.partitions())
      for (const row of rowsOf(partition, width)) {
        const cells = cellsOf(row.cells, width);
        const value = cells[width - 1]!;
        if (value === null) continue;
        rows++;
        const time = hasTime ? cells[width - 2]! : null;
        const { token, key } = partition;
        const clustering = this.index.ofRows ? cells.slice(0, clusteringCount) : null;
        const position = encodePosition({ key, token, clustering, rowsInPartition: 0 });
        // The id is the position without the token and the count.
        const tokenAt = 2 + key.length;
        out.i64(token);
        if (time === null) out.i64(0n);
        else out.raw(time.slice().reverse()); // big-endian
        out.u32(position.length - 8 - countBytes);
        out.raw(position.subarray(0, tokenAt));
        out.raw(position.subarray(tokenAt + 8, position.length - countBytes));
        out.u32(value.length);
        out.raw(value);
      }
    return rows;
  }
}

/**
 * Reads all rows of all shards. False when `goesOn` said no.
 * @param count  told of the rows that came
 */
export async function readVectors(
  table: TableDefinition,
  index: IndexTable,
  host: { readonly shards: ShardPort; readonly nowMicros: NowMicros },
  goesOn: () => boolean,
  count: (rows: number) => void,
): Promise<boolean> {
  const { shards, nowMicros } = host;
  const reader = new VectorRows(table, index);
  const ofShard = async (shard: number): Promise<boolean> => {
    for (let next: Uint8Array | null = null; ; ) {
      if (!goesOn()) return false;
      const step: { rows: number; next: Uint8Array | null } = await reader.step(
        shards,
        shard,
        next,
        Number(nowMicros() / 1_000_000n),
      );
      count(step.rows);
      if (step.next === null) return true;
      next = step.next;
    }
  };
  // Each shard links its vectors by itself: all of them at a time.
  const all = await Promise.all(Array.from({ length: shards.shardCount }, (_, shard) => ofShard(shard)));
  return !all.includes(false);
}

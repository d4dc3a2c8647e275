// Logged batches that touch several shards: kept in system.batches until every shard has its part, replayed at start.
import { murmurToken } from '../native/index.js';
import type { RoutedMutation } from '../query/index.js';
import type { TableDefinition } from '../schema/index.js';
import { shardOfToken } from '../shard/index.js';
import {
  cellsOf,
  decodeMutation,
  encodeReadCommand,
  MutationBuilder,
  RowStream,
  rowsOf,
  Selected,
} from '../storage/index.js';
import { packList, unpackList } from '../types/index.js';
import type { ShardPort } from './shard-port.js';

/** Version of the mutations in the log: that of docs/format/mutation.md. */
const mutationVersion = 1;

export type BatchLogClock = {
  /** Microseconds since the epoch, strictly increasing. */
  nowMicros(): bigint;
  nextTimeUuid(): Uint8Array;
};

export class BatchLog {
  readonly #tableId: Uint8Array;

  /** @param table  system.batches */
  constructor(
    private readonly shards: ShardPort,
    private readonly table: TableDefinition,
    private readonly clock: BatchLogClock,
  ) {
    this.#tableId = new Uint8Array(Buffer.from(table.id.replaceAll('-', ''), 'hex'));
  }

  /** Keeps a batch. Returns what forgets it, once all of it is applied. */
  async begin(mutations: readonly RoutedMutation[]): Promise<() => Promise<void>> {
    const id = this.clock.nextTimeUuid();
    const now = this.clock.nowMicros();
    const builder = new MutationBuilder(this.#tableId, murmurToken(id), id);
    builder.insertRow([], now);
    const column = (name: string) => this.table.columns.get(name)!.id;
    const versionBytes = new Uint8Array(4);
    new DataView(versionBytes.buffer).setInt32(0, mutationVersion);
    builder.cell(column('version'), now, versionBytes);
    for (const { bytes } of mutations) builder.pathCell(column('mutations'), now, this.clock.nextTimeUuid(), bytes);
    await this.#write(id, builder.finish());
    return () => this.#forget(id);
  }

  #forget(id: Uint8Array): Promise<void> {
    const now = this.clock.nowMicros();
    const builder = new MutationBuilder(this.#tableId, murmurToken(id), id);
    builder.partitionDeletion(now, Number(now / 1_000_000n));
    return this.#write(id, builder.finish());
  }

  #write(id: Uint8Array, mutation: Uint8Array): Promise<void> {
    return this.shards.mutate(shardOfToken(murmurToken(id), this.shards.shardCount), mutation, true);
  }

  /**
   * Applies what was left when the process ended. Call before clients connect, after the tables are known to the shards.
   * @returns how many batches were replayed
   */
  async replay(): Promise<number> {
    let replayed = 0;
    for (let shard = 0; shard < this.shards.shardCount; shard++)
      for (const { id, mutations } of await this.#pending(shard)) {
        for (const bytes of mutations) {
          const target = shardOfToken(decodeMutation(bytes).token, this.shards.shardCount);
          await this.shards.mutate(target, bytes, true);
        }
        await this.#forget(id);
        replayed++;
      }
    return replayed;
  }

  async #pending(shard: number): Promise<{ id: Uint8Array; mutations: Uint8Array[] }[]> {
    const pending: { id: Uint8Array; mutations: Uint8Array[] }[] = [];
    let startAfter: Uint8Array | null = null;
    do {
      const command = encodeReadCommand({
        tableId: this.#tableId,
        nowSeconds: Number(this.clock.nowMicros() / 1_000_000n),
        partitions: {
          range: { start: -(2n ** 63n), startInclusive: true, end: 2n ** 63n - 1n, endInclusive: true },
        },
        columns: [
          { what: Selected.partitionKey, which: 0 },
          { what: Selected.value, which: this.table.columns.get('mutations')!.id },
        ],
        bytesLimit: 1 << 20,
        startAfter,
      });
      const stream = new RowStream(await this.shards.read(shard, command));
      for (const partition of stream.partitions())
        for (const row of rowsOf(partition, 2)) {
          const [id, list] = cellsOf(row.cells, 2);
          if (id)
            pending.push({ id: id.slice(), mutations: unpackList(list ?? packList([])).map((one) => one.slice()) });
        }
      startAfter = stream.position;
    } while (startAfter !== null);
    return pending;
  }
}

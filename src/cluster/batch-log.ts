// Logged batches that touch several shards: kept in system.batches until every shard has its part, replayed at start.
import type { FerrosaError } from '../common/errors.js';
import { murmurToken } from '../native/index.js';
import type { RoutedMutation } from '../query/index.js';
import type { TableDefinition } from '../schema/index.js';
import { shardOfToken } from '../shard/index.js';
import { cellsOf, encodeReadCommand, MutationBuilder, RowStream, rowsOf, Selected } from '../storage/index.js';
import { packList, unpackList } from '../types/index.js';
import type { ShardPort } from './shard-port.js';
import { idBytes } from './table-ids.js';

/**
 * Versions of entries, whose parts are mutations of docs/format/mutation.md: a batch to apply; a write of a base table whose views are to
 * follow it, with the whole of the base's mutation (as 0.1.0 wrote it before) or with the places of its rows.
 */
const mutationVersion = 1;
const baseIntentVersion = 2;
const intentVersion = 3;

const builder = new MutationBuilder();

/** What is done with what was left when the process ended. */
export type BatchLogReplay = {
  /** Applies the mutations of a batch. */
  apply(mutations: readonly Uint8Array[]): Promise<void>;
  /** Finishes a write of a base table of views, by what `intent` was given. `hasBase`: the first one is the base's mutation itself. */
  finish(kept: readonly Uint8Array[], hasBase: boolean): Promise<void>;
  /** Told of an entry that shards refuse: it is kept for the next start, which may have other limits. */
  refused(error: FerrosaError): void;
};

export type BatchLogClock = {
  /** Microseconds since the epoch, strictly increasing, also over restarts. */
  nowMicros(): bigint;
  nextTimeUuid(): Uint8Array;
};

type Pending = { readonly id: Uint8Array; readonly version: number; readonly mutations: Uint8Array[] };

export class BatchLog {
  readonly #tableId: Uint8Array;
  readonly #versionId: number;
  readonly #mutationsId: number;

  /** @param table  system.batches */
  constructor(
    private readonly shards: ShardPort,
    table: TableDefinition,
    private readonly clock: BatchLogClock,
  ) {
    this.#tableId = idBytes(table.id);
    this.#versionId = table.columns.get('version')!.id;
    this.#mutationsId = table.columns.get('mutations')!.id;
  }

  /** Keeps a batch. Returns what forgets it, once all of it is applied. */
  async begin(mutations: readonly RoutedMutation[]): Promise<() => Promise<void>> {
    const id = this.clock.nextTimeUuid();
    await this.#write(
      id,
      this.#entry(
        id,
        mutationVersion,
        mutations.map(({ bytes }) => bytes),
      ),
    );
    return () => this.#write(id, this.#deletion(id));
  }

  /**
   * The mutations that keep an entry in the log of a shard and forget it: for who writes them together with others.
   * @param kept  what `finish` is given when the process ends in between
   */
  intent(shard: number, kept: readonly Uint8Array[]): { readonly keep: Uint8Array; readonly forget: Uint8Array } {
    let id = this.clock.nextTimeUuid();
    while (shardOfToken(murmurToken(id), this.shards.shardCount) !== shard) id = this.clock.nextTimeUuid();
    return { keep: this.#entry(id, intentVersion, kept), forget: this.#deletion(id) };
  }

  #entry(id: Uint8Array, version: number, mutations: readonly Uint8Array[]): Uint8Array {
    const now = this.clock.nowMicros();
    builder.reset(this.#tableId, murmurToken(id), id);
    builder.insertRow([], now);
    const versionBytes = new Uint8Array(4);
    new DataView(versionBytes.buffer).setInt32(0, version);
    builder.cell(this.#versionId, now, versionBytes);
    for (const bytes of mutations) builder.pathCell(this.#mutationsId, now, this.clock.nextTimeUuid(), bytes);
    return builder.finish();
  }

  #deletion(id: Uint8Array): Uint8Array {
    const now = this.clock.nowMicros();
    builder.reset(this.#tableId, murmurToken(id), id);
    builder.partitionDeletion(now, Number(now / 1_000_000n));
    return builder.finish();
  }

  #write(id: Uint8Array, mutation: Uint8Array): Promise<void> {
    return this.shards.mutate(shardOfToken(murmurToken(id), this.shards.shardCount), mutation, true);
  }

  /**
   * Applies what was left when the process ended. Call before clients connect, after the tables are known to the shards.
   * @returns how many batches were replayed
   */
  async replay({ apply, finish, refused }: BatchLogReplay): Promise<number> {
    let replayed = 0;
    for (let shard = 0; shard < this.shards.shardCount; shard++)
      for (const { id, version, mutations } of await this.#pending(shard)) {
        try {
          if (version === mutationVersion) await apply(mutations);
          else await finish(mutations, version === baseIntentVersion);
        } catch (error) {
          // What is refused now is refused at every start: it must not keep the node from serving the rest.
          if ((error as FerrosaError).code !== 'INVALID') throw error;
          refused(error as FerrosaError);
          continue;
        }
        await this.#write(id, this.#deletion(id));
        replayed++;
      }
    return replayed;
  }

  async #pending(shard: number): Promise<Pending[]> {
    const pending: Pending[] = [];
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
          { what: Selected.value, which: this.#mutationsId },
          { what: Selected.value, which: this.#versionId },
        ],
        bytesLimit: 1 << 20,
        startAfter,
      });
      const stream = new RowStream(await this.shards.read(shard, command));
      for (const partition of stream.partitions())
        for (const row of rowsOf(partition, 3)) {
          const [id, list, version] = cellsOf(row.cells, 3);
          if (!id) continue;
          const mutations = unpackList(list ?? packList([])).map((one) => one.slice());
          pending.push({ id: id.slice(), version: version?.[3] ?? mutationVersion, mutations });
        }
      startAfter = stream.position;
    } while (startAfter !== null);
    return pending;
  }
}

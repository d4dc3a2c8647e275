// Writes of tables that have materialized views: base and views together, also across a crash.
//
// A write keeps what it intends (the places of its rows, and of the rows that views show now) in one record of the commit log with the
// mutation itself, then brings the views to what the base has become and forgets the intent. What is left of intents after a crash is
// finished before clients connect. Writes of one partition of the base come one after the other.
import { FerrosaError } from '../common/errors.js';
import { viewRowsPerWriteMax } from '../common/limits.js';
import { murmurToken } from '../native/index.js';
import {
  affectedSlices,
  BaseRead,
  type BaseRow,
  planView,
  type RoutedMutation,
  removal,
  sameViewKey,
  type ViewKey,
  type ViewMutation,
  type ViewPlan,
  type ViewPlanInput,
  viewKeyOf,
  writing,
} from '../query/index.js';
import { type Catalogue, type TableDefinition, viewsOf } from '../schema/index.js';
import { shardOfToken } from '../shard/index.js';
import {
  type ClusteringSlice,
  type DecodedMutation,
  decodeMutation,
  MutationBuilder,
  mutationTableId,
} from '../storage/index.js';
import type { BatchLog } from './batch-log.js';
import type { ShardPort } from './shard-port.js';
import { idBytes, uuidText } from './table-ids.js';

export type ViewClock = {
  /** Microseconds since the epoch. */
  nowMicros(): bigint;
  /** Larger than any that a row of a view was written at, also before the process began. */
  stampMicros(): bigint;
};

/** What the views of a table are planned with. */
export type ViewServices = Omit<ViewPlanInput, 'schema'>;

/** A write whose base is written and whose views are not. */
export type UnfinishedWrite = {
  /** Of the base. */
  readonly tableId: Uint8Array;
  readonly key: Uint8Array;
  readonly kept: readonly Uint8Array[];
  readonly forget: Uint8Array;
  readonly shard: number;
};

type Rows = Map<string, BaseRow>;

const builder = new MutationBuilder();

/**
 * Bytes of a record that has writes of views, unless one of them is larger: a row of a view is written whole, so that a small write of the
 * base may make more of them than max_mutation_size lets through.
 */
const viewBytesPerRecord = 256 * 1024;

export class ViewWriter {
  readonly #plans = new WeakMap<TableDefinition, readonly ViewPlan[]>();
  readonly #reads = new WeakMap<TableDefinition, BaseRead>();

  constructor(
    private readonly shards: ShardPort,
    private readonly catalogue: Catalogue,
    private readonly intents: BatchLog,
    private readonly clock: ViewClock,
    private readonly services: ViewServices,
  ) {}

  /** The base of views that a mutation writes to; null when it is none. */
  baseOf(tableId: Uint8Array): TableDefinition | null {
    const table = this.catalogue.tableById(uuidText(tableId));
    return table !== null && (table.viewNames ?? []).length > 0 ? table : null;
  }

  #plansOf(base: TableDefinition): readonly ViewPlan[] {
    let plans = this.#plans.get(base);
    if (plans === undefined) {
      const { schema } = this.catalogue;
      // A write that has waited may name a view, or be in a keyspace, that is gone.
      const keyspace = schema.keyspaces.get(base.keyspace);
      const views = keyspace === undefined ? [] : viewsOf(keyspace, base);
      plans = views.map((view) => planView({ ...this.services, schema }, base, view));
      this.#plans.set(base, plans);
    }
    return plans;
  }

  #readOf(base: TableDefinition): BaseRead {
    let read = this.#reads.get(base);
    if (read === undefined) {
      read = new BaseRead(base);
      this.#reads.set(base, read);
    }
    return read;
  }

  get #nowSeconds(): number {
    return Number(this.clock.nowMicros() / 1_000_000n);
  }

  /**
   * Writes a mutation of a base and what follows from it. Call it in the turn of the partition.
   * @param onUnfinished  called when the base is written and its views could not be; the write throws then
   * @throws FerrosaError what the shards throw; INVALID when more rows are changed than one write may
   */
  async write(
    base: TableDefinition,
    { bytes, token }: RoutedMutation,
    durable: boolean,
    onUnfinished: (unfinished: UnfinishedWrite, error: FerrosaError) => void,
  ): Promise<void> {
    const mutation = decodeMutation(bytes);
    const shard = shardOfToken(token, this.shards.shardCount);
    const slices = affectedSlices(base, mutation);
    if (slices === null) return this.shards.mutate(shard, bytes, durable);
    const plans = this.#plansOf(base);
    const before = await this.#rows(base, mutation.key, shard, slices, viewRowsPerWriteMax);
    const places = [...before.values()].flatMap((row) => placesOf(plans, row));
    const kept = [rowsOnly(mutation), ...places.map((place) => removal(place, 0n, 0).bytes)];
    const intent = this.intents.intent(shard, kept);
    await this.shards.batch(shard, [intent.keep, bytes], durable);
    try {
      // The base is written: what it has become goes to its views, however much it is.
      const after = await this.#rows(base, mutation.key, shard, slices, Number.POSITIVE_INFINITY);
      await this.#send(shard, this.#changes(plans, before, after), intent.forget, durable);
    } catch (error) {
      const { tableId, key } = mutation;
      onUnfinished({ tableId, key, kept, forget: intent.forget, shard }, error as FerrosaError);
      throw error;
    }
  }

  /**
   * Brings views to what the base is after a write whose end is not known.
   * @param kept  what its intent kept
   * @param hasBase  the first of it is the mutation of the base, which is applied (again) before
   */
  async finish(kept: readonly Uint8Array[], hasBase: boolean, durable = true): Promise<void> {
    const mutation = decodeMutation(kept[0]!);
    const shard = shardOfToken(mutation.token, this.shards.shardCount);
    const base = this.catalogue.tableById(uuidText(mutation.tableId));
    if (base === null) return;
    if (hasBase) await this.shards.mutate(shard, kept[0]!, durable);
    const plans = this.#plansOf(base);
    const slices = affectedSlices(base, mutation) ?? [];
    const after = await this.#rows(base, mutation.key, shard, slices, Number.POSITIVE_INFINITY);
    const now = [...after.values()].flatMap((row) => placesOf(plans, row));
    const timestamp = this.clock.stampMicros();
    const gone = kept.slice(1).flatMap((bytes) => {
      const { tableId, key, items } = decodeMutation(bytes);
      const plan = plans.find(({ table }) => Buffer.compare(idBytes(table.id), tableId) === 0);
      const [row] = items;
      const place = plan && { plan, key, clustering: row?.kind === 'row' ? row.clustering : [] };
      return place === undefined || now.some((other) => sameViewKey(other, place)) ? [] : [place];
    });
    const changes = gone.map((place) => removal(place, timestamp, this.#nowSeconds));
    changes.push(...this.#changes(plans, new Map(), after));
    await this.#send(shard, changes, null, durable);
  }

  /** Finishes what `onUnfinished` was told of. Call it in the turn of the partition. */
  async finishLeft({ kept, forget, shard }: UnfinishedWrite): Promise<void> {
    await this.finish(kept, false);
    await this.shards.mutate(shard, forget, true);
  }

  /** Writes the rows of one partition to a view that does not have them yet. */
  async build(base: TableDefinition, key: Uint8Array, durable: boolean): Promise<void> {
    const shard = shardOfToken(murmurToken(key), this.shards.shardCount);
    let position: Uint8Array | null = null;
    do {
      const rows: Rows = new Map();
      position = await this.#part(base, key, shard, [], position, rows);
      await this.#send(shard, this.#changes(this.#plansOf(base), new Map(), rows), null, durable);
    } while (position !== null);
  }

  #changes(plans: readonly ViewPlan[], before: Rows, after: Rows): ViewMutation[] {
    const changes: ViewMutation[] = [];
    const nowSeconds = this.#nowSeconds;
    const timestamp = this.clock.stampMicros();
    for (const [name, row] of before) {
      const next = after.get(name);
      for (const old of placesOf(plans, row)) {
        const place = next === undefined ? null : viewKeyOf(old.plan, next);
        if (place === null || !sameViewKey(place, old)) changes.push(removal(old, timestamp, nowSeconds));
      }
    }
    for (const [name, row] of after) {
      const old = before.get(name) ?? null;
      for (const place of placesOf(plans, row)) {
        const was = old === null ? null : viewKeyOf(place.plan, old);
        const known = was !== null && sameViewKey(was, place) ? old : null;
        changes.push(writing(place, row, known, timestamp, nowSeconds));
      }
    }
    return changes;
  }

  async #rows(
    base: TableDefinition,
    key: Uint8Array,
    shard: number,
    slices: readonly ClusteringSlice[],
    rowsMax: number,
  ): Promise<Rows> {
    const rows: Rows = new Map();
    let position: Uint8Array | null = null;
    do {
      position = await this.#part(base, key, shard, slices, position, rows);
      if (rows.size > rowsMax)
        throw new FerrosaError('INVALID', `One write of a table with materialized views may change ${rowsMax} rows`);
    } while (position !== null);
    return rows;
  }

  async #part(
    base: TableDefinition,
    key: Uint8Array,
    shard: number,
    slices: readonly ClusteringSlice[],
    position: Uint8Array | null,
    into: Rows,
  ): Promise<Uint8Array | null> {
    const read = this.#readOf(base);
    return read.collect(
      key,
      await this.shards.read(shard, read.command(key, slices, this.#nowSeconds, position)),
      into,
    );
  }

  /**
   * Writes to views, without those that are dropped while it does so.
   * @param own  written on `shard` together with what belongs there, after all else
   */
  async #send(
    shard: number,
    changes: readonly ViewMutation[],
    own: Uint8Array | null,
    durable: boolean,
  ): Promise<void> {
    try {
      await this.#sendAll(shard, changes, own, durable);
    } catch (error) {
      const isThere = ({ bytes }: ViewMutation) => this.catalogue.tableById(uuidText(mutationTableId(bytes))) !== null;
      const left = changes.filter(isThere);
      if (left.length === changes.length) throw error;
      await this.#send(shard, left, own, durable);
    }
  }

  async #sendAll(
    shard: number,
    changes: readonly ViewMutation[],
    own: Uint8Array | null,
    durable: boolean,
  ): Promise<void> {
    const byShard = new Map<number, Uint8Array[]>();
    for (const { token, bytes } of changes) {
      const target = shardOfToken(token, this.shards.shardCount);
      byShard.set(target, [...(byShard.get(target) ?? []), bytes]);
    }
    const last = [...(byShard.get(shard) ?? []), ...(own === null ? [] : [own])];
    byShard.delete(shard);
    await Promise.all([...byShard].map(([target, list]) => this.#batch(target, list, durable)));
    if (last.length > 0) await this.#batch(shard, last, durable);
  }

  /** One record after the other: what comes last is written when all else is. */
  async #batch(shard: number, list: readonly Uint8Array[], durable: boolean): Promise<void> {
    for (let start = 0, end = 0; start < list.length; start = end) {
      let bytes = 0;
      do bytes += list[end++]!.length;
      while (end < list.length && bytes + list[end]!.length <= viewBytesPerRecord);
      const part = list.slice(start, end);
      await (part.length === 1
        ? this.shards.mutate(shard, part[0]!, durable)
        : this.shards.batch(shard, part, durable));
    }
  }
}

const placesOf = (plans: readonly ViewPlan[], row: BaseRow): ViewKey[] =>
  plans.map((plan) => viewKeyOf(plan, row)).filter((place) => place !== null);

/** A mutation that says which rows another one changes, and nothing of what is in them. */
function rowsOnly({ tableId, token, key, partitionDeletion, items }: DecodedMutation): Uint8Array {
  builder.reset(tableId, token, key);
  if (partitionDeletion !== null) builder.partitionDeletion(0n, 0);
  for (const item of items)
    if (item.kind === 'rangeTombstone') builder.rangeTombstone(item.slice, 0n, 0);
    else if (item.kind === 'row') builder.row(item.clustering);
  return builder.finish();
}

// Latencies of tables and of the coordinator, gathered from the shards and from every thread with connections.
import { Histogram, rateIntervalSeconds } from '../../common/histogram.js';
import { type CoordinatorKind, coordinatorKinds, hotIndexRead, type Processor } from '../../query/index.js';
import type { TableDefinition } from '../../schema/index.js';
import type { HotPath, ShardFigures, ShardTableFigures } from '../../shard/index.js';
import type { Log } from '../log.js';
import { FifteenMinuteRate } from './cache-rates.js';
import { nowMs } from './environment.js';
import type { NodeStorage } from './storage.js';

/** Times in nanoseconds. */
export type LocalFigures = {
  readonly read: Histogram;
  readonly write: Histogram;
  readonly scan: Histogram;
  readonly rows: Histogram;
  readonly tombstones: Histogram;
  readonly sstables: Histogram;
  readonly partitionBytes: Histogram;
  readonly partitionCells: Histogram;
};

type HotFigures = ReturnType<HotPath['takeFigures']>;

/** The UUID's text. */
function idText(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function byTable(shards: readonly ShardFigures[]): Map<string, ShardTableFigures[]> {
  const found = new Map<string, ShardTableFigures[]>();
  for (const one of shards.flatMap(({ tables }) => tables)) {
    const parts = found.get(one.table);
    if (parts === undefined) found.set(one.table, [one]);
    else parts.push(one);
  }
  return found;
}

export class Latencies {
  readonly #storage: NodeStorage;
  readonly #processor: Processor;
  readonly #hotPath: HotPath | null;
  readonly #timer: NodeJS.Timeout;
  readonly #log: Log;
  /** Of the chunk cache. */
  readonly cacheHits = new FifteenMinuteRate();
  readonly cacheRequests = new FifteenMinuteRate();

  constructor(storage: NodeStorage, processor: Processor, hotPath: HotPath | null, log: Log) {
    this.#log = log;
    this.#storage = storage;
    this.#processor = processor;
    this.#hotPath = hotPath;
    this.#timer = setInterval(() => void this.#tick(), rateIntervalSeconds * 1000);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Fingerprints and running queries are complete after this. */
  async refresh(): Promise<void> {
    await this.#gather();
  }

  /** Of every table that is stored here, those that nobody used among them. */
  async local(): Promise<{ table: TableDefinition; figures: LocalFigures }[]> {
    const parts = byTable(await this.#gather());
    const stored = [...this.#storage.shards.tables.byId.keys()].flatMap(
      (id) => this.#storage.metadata.catalogue.tableById(id) ?? [],
    );
    return stored.map((table) => ({ table, figures: merged(parts.get(table.id) ?? []) }));
  }

  /** The same from the coordinator's side, of one kind or of several together, in microseconds. */
  async coordinator(...kinds: CoordinatorKind[]): Promise<{ table: TableDefinition; figures: Histogram }[]> {
    await this.#gather();
    const stored = [...this.#storage.shards.tables.byId.keys()].flatMap(
      (id) => this.#storage.metadata.catalogue.tableById(id) ?? [],
    );
    return stored.map((table) => {
      const known = this.#processor.observer.figures.tables.get(table.id);
      return { table, figures: Histogram.of(...kinds.flatMap((kind) => known?.[kind].data() ?? [])) };
    });
  }

  /** Of all tables together, in microseconds: nodetool proxyhistograms. */
  async proxy(): Promise<Record<CoordinatorKind, Histogram>> {
    await this.#gather();
    const all = [...this.#processor.observer.figures.tables.values()];
    const of = (kind: CoordinatorKind) => Histogram.of(...all.map((table) => table[kind].data()));
    return Object.fromEntries(coordinatorKinds.map((kind) => [kind, of(kind)])) as Record<CoordinatorKind, Histogram>;
  }

  async #tick(): Promise<void> {
    let shards: readonly ShardFigures[];
    try {
      shards = await this.#gather();
    } catch {
      return; // the shards are ending
    }
    const hits = shards.reduce((sum, { cacheHits }) => sum + cacheHits, 0);
    this.cacheHits.tick(hits);
    this.cacheRequests.tick(shards.reduce((sum, { cacheMisses }) => sum + cacheMisses, hits));
    this.#processor.observer.figures.tick();
    const report = this.#processor.observer.slow.takeReport(rateIntervalSeconds * 1000);
    if (report !== null) this.#log.info({}, report);
  }

  /** Figures of the shards; what the hot paths have measured goes to the processor's. */
  async #gather(): Promise<readonly ShardFigures[]> {
    const shards = await this.#storage.shards.figures();
    this.#merge(this.#hotPath?.takeFigures() ?? []);
    for (const { coordinator } of shards) this.#merge(coordinator);
    return shards;
  }

  #merge(figures: HotFigures): void {
    const { observer, prepared, texts } = this.#processor;
    for (const { preparedId, table, isWrite, isConditional, latency, rows } of figures) {
      const statement = prepared.peek(preparedId) ?? texts.byId(preparedId);
      const plan = statement?.planned.plan;
      // By an index, or of a whole table.
      const isScan = plan?.kind === 'select' && plan.restrictions.isKeyRange;
      const kind = isConditional ? 'casWrite' : isWrite ? 'write' : isScan ? 'scan' : 'read';
      observer.figures.mergeHot(idText(table), kind, latency);
      if (statement === undefined || plan === undefined) continue;
      observer.fingerprints.merge(statement.query, latency, rows, nowMs());
      const index = plan.kind === 'select' ? hotIndexRead(plan)?.index.index.id : undefined;
      if (index !== undefined) this.#storage.builds.noteUse(index, latency.count);
    }
  }
}

function merged(parts: readonly ShardTableFigures[]): LocalFigures {
  const measured = parts.flatMap(({ measured: one }) => one ?? []);
  const of = (kind: 'read' | 'write' | 'scan' | 'rows' | 'tombstones' | 'sstables') =>
    Histogram.of(...measured.map((one) => one[kind]));
  return {
    read: of('read'),
    write: of('write'),
    scan: of('scan'),
    rows: of('rows'),
    tombstones: of('tombstones'),
    sstables: of('sstables'),
    partitionBytes: counted(parts.map(({ partitionBytes }) => partitionBytes)),
    partitionCells: counted(parts.map(({ partitionCells }) => partitionCells)),
  };
}

/** From pairs of a value and its count. */
function counted(lists: readonly (readonly number[])[]): Histogram {
  const histogram = new Histogram();
  for (const list of lists) for (let i = 0; i + 1 < list.length; i += 2) histogram.add(list[i]!, list[i + 1]!);
  return histogram;
}

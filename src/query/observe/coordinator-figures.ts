// How long statements take from the coordinator's side, by table: system_views.coordinator_*_latency, nodetool proxyhistograms. What the
// addon runs by itself is merged in by `mergeHot`.
import { Histogram, type HistogramData } from '../../common/histogram.js';
import { Consistency } from '../api.js';
import type { BatchType } from '../batch/batch-plan.js';
import type { Plan } from '../plan.js';

/** Kinds of coordinated work, as Cassandra's client request metrics tell them apart. */
export const coordinatorKinds = ['read', 'write', 'scan', 'casRead', 'casWrite'] as const;
export type CoordinatorKind = (typeof coordinatorKinds)[number];

/** Microseconds. */
export type CoordinatorTable = Readonly<Record<CoordinatorKind, Histogram>>;

const isSerial = (consistency: number): boolean =>
  consistency === Consistency.SERIAL || consistency === Consistency.LOCAL_SERIAL;

export class CoordinatorFigures {
  readonly #byTable = new Map<string, CoordinatorTable>();
  /** Partitions a batch. */
  readonly batches: Readonly<Record<BatchType, Histogram>> = {
    logged: new Histogram(),
    unlogged: new Histogram(),
    counter: new Histogram(),
  };
  readonly #exists: (table: string) => boolean;

  /** @param exists  whether there is a table with this id: statements end after their table was dropped, too */
  constructor(exists: (table: string) => boolean) {
    this.#exists = exists;
  }

  /** Notes a statement that has ended, in whatever way. */
  note(plan: Plan, consistency: number, micros: number): void {
    if (plan.kind === 'select') {
      if (plan.table.virtual) return;
      const kind = plan.restrictions.isKeyRange ? 'scan' : isSerial(consistency) ? 'casRead' : 'read';
      this.#of(plan.table.id)?.[kind].add(micros);
    } else if (plan.kind === 'write') {
      this.#of(plan.table.id)?.[plan.conditions === null ? 'write' : 'casWrite'].add(micros);
    } else if (plan.kind === 'batch') {
      const conditional = plan.statements.some(({ conditions }) => conditions !== null);
      for (const id of new Set(plan.statements.map(({ table }) => table.id)))
        this.#of(id)?.[conditional ? 'casWrite' : 'write'].add(micros);
    }
  }

  noteBatch(type: BatchType, partitions: number): void {
    this.batches[type].add(partitions);
  }

  /** Adds what the addon has measured since it was asked last. `table`: UUID text. */
  mergeHot(table: string, kind: Exclude<CoordinatorKind, 'casRead'>, latency: HistogramData): void {
    this.#of(table)?.[kind].merge(latency);
  }

  /** By table id. */
  get tables(): ReadonlyMap<string, CoordinatorTable> {
    return this.#byTable;
  }

  forget(table: string): void {
    this.#byTable.delete(table);
  }

  /** To be called every rateIntervalSeconds. */
  tick(): void {
    for (const table of this.#byTable.values()) for (const kind of coordinatorKinds) table[kind].tick();
  }

  #of(table: string): CoordinatorTable | null {
    let known = this.#byTable.get(table);
    if (known === undefined) {
      if (!this.#exists(table)) return null;
      const made = (): Histogram => new Histogram();
      known = { read: made(), write: made(), scan: made(), casRead: made(), casWrite: made() };
      this.#byTable.set(table, known);
    }
    return known;
  }
}

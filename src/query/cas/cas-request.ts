// The conditions and updates of one compare-and-set: those of a statement, or of a batch together. Source: CQL3CasRequest.
import { invalid } from '../../common/errors.js';
import { murmurToken } from '../../native/index.js';
import type { ColumnDefinition, TableDefinition } from '../../schema/index.js';
import { type ClusteringPrefix, type ClusteringSlice, clusteringName } from '../../storage/index.js';
import { clusteringSlices, clusterings, partitionKeys, sortClusterings } from '../restrictions/bounds.js';
import type { BindContext } from '../terms/term.js';
import { sameBytes } from '../values.js';
import type { ListPaths } from '../write/list-paths.js';
import { MutationCollector } from '../write/mutations.js';
import type { ExistingRows } from '../write/read-before-write.js';
import { collectWrite } from '../write/write-execute.js';
import type { WritePlan } from '../write/write-plan.js';
import { type BoundCondition, bindCondition } from './bound-condition.js';
import { type CurrentPartition, type CurrentRow, PartitionRead } from './partition-read.js';

/** What has to hold for one row, or for the static row. */
type RowCondition = {
  readonly clustering: ClusteringPrefix;
  readonly kind: 'exists' | 'notExists' | 'columns';
  readonly columns: BoundCondition[];
};

type Update = {
  readonly plan: WritePlan;
  readonly bind: BindContext;
  readonly rows: readonly ClusteringPrefix[] | null;
};

const noRow: ClusteringPrefix = [];

export class CasRequest {
  readonly token: bigint;
  #staticCondition: RowCondition | null = null;
  readonly #conditions = new Map<string, RowCondition>();
  readonly #updates: Update[] = [];
  readonly #columns = new Set<ColumnDefinition>();
  #hasExistence = false;
  #updatesRegulars = false;
  #updatesStatics = false;
  #read: PartitionRead | null = null;

  constructor(
    readonly table: TableDefinition,
    readonly key: Uint8Array,
    private readonly nowSeconds: number,
  ) {
    this.token = murmurToken(key);
  }

  /**
   * Adds a statement with its conditions.
   * @throws FerrosaError INVALID for keys and values that do not do, and for conditions that contradict each other
   */
  add(plan: WritePlan, bind: BindContext): void {
    this.#updatesRegulars ||= plan.table.clustering.length === 0 || plan.restrictions.hasClustering;
    this.#updatesStatics ||= plan.statics.length > 0;
    for (const operation of [...plan.regular, ...plan.statics])
      if (operation.requiresRead) this.#columns.add(operation.column);
    const slices = slicesOf(plan, bind);
    if (slices !== null) {
      if (slices.length > 0) this.#updates.push({ plan, bind, rows: null });
      return;
    }
    const clustering = clusteringOf(plan, bind);
    this.#addConditions(plan, bind, clustering);
    this.#updates.push({ plan, bind, rows: [clustering] });
  }

  #addConditions(
    { conditions, table, restrictions }: WritePlan,
    bind: BindContext,
    clustering: ClusteringPrefix,
  ): void {
    if (conditions === null) return;
    const hasRow = table.clustering.length === 0 || restrictions.hasClustering;
    if (conditions.kind !== 'columns') {
      this.#hasExistence = true;
      this.#addExistence(hasRow ? clustering : null, conditions.kind);
      return;
    }
    for (const { column } of conditions.columns) this.#columns.add(column);
    const bound = (isStatic: boolean) =>
      conditions.columns
        .filter(({ column }) => (column.kind === 'static') === isStatic)
        .map((condition) => bindCondition(condition, bind));
    const regulars = bound(false);
    const statics = bound(true);
    if (regulars.length > 0) this.#addColumns(hasRow ? clustering : null, regulars);
    if (statics.length > 0) this.#addColumns(null, statics);
  }

  #conditionOf(clustering: ClusteringPrefix | null): RowCondition | undefined {
    if (clustering === null) return this.#staticCondition ?? undefined;
    return this.#conditions.get(clusteringName(this.table.clustering, clustering));
  }

  #setCondition(clustering: ClusteringPrefix | null, condition: RowCondition): void {
    if (clustering === null) this.#staticCondition = condition;
    else this.#conditions.set(clusteringName(this.table.clustering, clustering), condition);
  }

  #addExistence(clustering: ClusteringPrefix | null, kind: 'exists' | 'notExists'): void {
    const previous = this.#conditionOf(clustering);
    if (previous?.kind === kind) return;
    if (previous?.kind === 'columns')
      throw invalid(`Cannot mix IF conditions and IF ${kind === 'notExists' ? 'NOT ' : ''}EXISTS for the same row`);
    if (previous !== undefined) throw invalid('Cannot mix IF EXISTS and IF NOT EXISTS conditions for the same row');
    this.#setCondition(clustering, { clustering: clustering ?? noRow, kind, columns: [] });
  }

  #addColumns(clustering: ClusteringPrefix | null, bound: readonly BoundCondition[]): void {
    const previous = this.#conditionOf(clustering);
    if (previous !== undefined && previous.kind !== 'columns')
      throw invalid('Cannot mix IF conditions and IF NOT EXISTS for the same row');
    if (previous !== undefined) previous.columns.push(...bound);
    else this.#setCondition(clustering, { clustering: clustering ?? noRow, kind: 'columns', columns: [...bound] });
  }

  /** Columns of the answer: all that the statement may touch when existence was asked for, else those of conditions. */
  #columnsToRead(kind: 'static' | 'regular'): readonly ColumnDefinition[] {
    if (!this.#hasExistence) return [...this.#columns].filter((column) => column.kind === kind);
    if (kind === 'static') return this.#updatesStatics ? this.table.statics : [];
    return this.#updatesRegulars ? this.table.regulars : [];
  }

  /** The read commands whose answers `decide` takes, all of them for the partition of `key`. */
  get reads(): readonly Uint8Array[] {
    const rows = sortClusterings(
      this.table,
      [...this.#conditions.values()].map(({ clustering }) => clustering),
    );
    this.#read = new PartitionRead({
      table: this.table,
      key: this.key,
      nowSeconds: this.nowSeconds,
      rows: rows.length === 0 ? null : rows,
      statics: this.#columnsToRead('static'),
      regulars: this.#columnsToRead('regular'),
    });
    return this.#read.commands;
  }

  /** What the answers to `reads` say of the partition. */
  understand(answers: readonly Uint8Array[]): CurrentPartition {
    return this.#read!.understand(answers);
  }

  /** @throws FerrosaError INVALID for a comparison with null that means nothing */
  appliesTo(current: CurrentPartition): boolean {
    if (this.#staticCondition !== null && !holds(this.#staticCondition, current.staticRow)) return false;
    for (const condition of this.#conditions.values())
      if (!holds(condition, current.row(condition.clustering))) return false;
    return true;
  }

  /**
   * The mutation that makes all updates; null when they write nothing.
   * @param timestamp  microseconds, of everything that is written
   */
  mutation(current: CurrentPartition, timestamp: bigint, paths: ListPaths): Uint8Array | null {
    const collector = new MutationCollector();
    for (const { plan, bind, rows } of this.#updates) {
      const existing: ExistingRows = {
        row: (_key, clustering) => ({
          list: (column) => current.list(clustering, column),
          value: (column) => current.value(clustering, column),
        }),
      };
      const context = { bind, timestamp, nowSeconds: this.nowSeconds, paths };
      collectWrite(plan, context, { keys: [this.key], rows }, plan.requiresRead ? existing : null, collector);
    }
    return collector.finish()[0]?.bytes ?? null;
  }
}

function holds({ kind, columns }: RowCondition, row: CurrentRow | null): boolean {
  if (kind === 'exists') return row !== null;
  if (kind === 'notExists') return row === null;
  return columns.every((condition) => condition.appliesTo((column) => row?.values.get(column) ?? null));
}

/** The slices of a range deletion in a conditional batch; null for statements that name rows. */
function slicesOf(plan: WritePlan, bind: BindContext): ClusteringSlice[] | null {
  const { restrictions, type } = plan;
  if (type !== 'DELETE' || !restrictions.hasClustering || !restrictions.isColumnRange) return null;
  return clusteringSlices(restrictions, bind) ?? [];
}

function clusteringOf({ restrictions }: WritePlan, bind: BindContext): ClusteringPrefix {
  if (!restrictions.hasClustering) return noRow;
  return clusterings(restrictions, bind)[0] ?? noRow;
}

/**
 * The one partition key of a conditional statement.
 * @throws FerrosaError INVALID for several
 */
export function conditionalKey(plan: WritePlan, bind: BindContext): Uint8Array {
  const keys = partitionKeys(plan.restrictions, bind);
  const what = plan.type === 'DELETE' ? 'deletions' : 'updates';
  if (keys.length !== 1) throw invalid(`IN on the partition key is not supported with conditional ${what}`);
  if (plan.restrictions.clustering.all.some(({ kind }) => kind === 'in'))
    throw invalid(`IN on the clustering key columns is not supported with conditional ${what}`);
  return keys[0]!;
}

/** @throws FerrosaError INVALID when statements of one batch name different partitions */
export function checkSameKey(key: Uint8Array, other: Uint8Array): void {
  if (!sameBytes(key, other)) throw invalid('Batch with conditions cannot span multiple partitions');
}

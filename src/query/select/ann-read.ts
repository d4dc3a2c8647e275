// Rows in the order of their nearness to a vector. The graphs of the shards say which rows may be the nearest; the table decides whether
// they are there, have that vector, and satisfy the statement.
import { compareBytes } from '../../common/bytes.js';
import { FerrosaError, invalid } from '../../common/errors.js';
import { checkComparable, floatsOf } from '../../index/index.js';
import { murmurToken } from '../../native/index.js';
import { decodePosition, noLimit, type ReadPosition } from '../../storage/index.js';
import { UNSET } from '../../types/index.js';
import { Consistency } from '../api.js';
import { consistencyName, isSerial } from '../consistency.js';
import type { VectorHit, VectorScope } from '../coordinator.js';
import { similarities } from '../functions/similarity.js';
import { compareNullable } from '../values.js';
import type { AnnOrder } from './ann-plan.js';
import { keylessCommand, lookUp, partitionsAreRows, type RowPlace, rowsOfAnswers } from './index-read.js';
import { Scan } from './scan.js';
import type { SelectPlan } from './select-plan.js';
import {
  decodedRows,
  type RowPages,
  type RowSource,
  type SelectContext,
  type SelectTarget,
  type SourceRow,
} from './types.js';
import { inSlices } from './virtual-rows.js';

/** Cassandra's largest LIMIT (StorageAttachedIndex, MAX_TOP_K). */
const limitMax = 1_000;
/** Candidates that a search looks at, at least, and for each row that is wanted. */
const beams = { LATENCY: { least: 64, perRow: 1.25 }, RECALL: { least: 160, perRow: 2.5 } } as const;
/** Rows that other indexes find: up to as many are compared one by one. */
const exactRowsMax = 2_000;
/** As few rows are read where they are found: twice as many as needed, for one answer less. */
const readAtOnceMax = 32;
/** Rows that are looked up together. */
const lookUpsMax = 512;
/** Most that the graphs are asked for: beyond, all rows are compared one by one. */
const askMax = 20_000;

/** A statement and its order. */
export type AnnPlan = SelectPlan & { readonly ann: AnnOrder & { readonly slot: number } };

/** Other ways to the rows of the statement, in no order of nearness. */
export type AnnSources = {
  /** Rows that other indexes find; null when there are none. */
  indexed(): Promise<RowPages | null>;
  /** All of them. */
  scanned(): RowPages;
};

/**
 * Checks what is asked for; the warnings for the client.
 * @throws FerrosaError INVALID
 */
export function checkAnnRequest(limit: number, { pageSize, read }: SelectContext): string[] {
  const warnings: string[] = [];
  const { consistency } = read;
  if (isSerial(consistency))
    throw invalid(
      'Top-K queries can only be run with consistency level ONE/LOCAL_ONE. ' +
        `Consistency level ${consistencyName(consistency)} was used.`,
    );
  if (limit === noLimit)
    throw invalid('Top-K queries must have a limit specified and the limit must be less than the query page size');
  if (limit > limitMax)
    throw invalid(
      `Use of ANN OF in an ORDER BY clause requires a LIMIT that is not greater than ${limitMax}. LIMIT was ${limit}`,
    );
  if (consistency !== Consistency.ONE && consistency !== Consistency.LOCAL_ONE)
    warnings.push(
      'Top-K queries can only be run with consistency level ONE / LOCAL_ONE / NODE_LOCAL. Consistency level ' +
        `${consistencyName(consistency)} was requested. Downgrading the consistency level to ${consistencyName(annConsistency(consistency))}.`,
    );
  if (pageSize > 0 && pageSize < limit)
    warnings.push(
      `Top-K queries do not support paging and the page size is set to ${pageSize}, which is less than LIMIT ${limit}. ` +
        `The page size has been set to ${limit} to match the LIMIT.`,
    );
  return warnings;
}

/** A ranking is that of one replica. */
function annConsistency(consistency: number): number {
  const isLocal = consistency === Consistency.LOCAL_QUORUM || consistency === Consistency.LOCAL_ONE;
  return isLocal ? Consistency.LOCAL_ONE : Consistency.ONE;
}

/** The nearest rows of the statement, the nearest first, at most `limit`. REQUIRES: checkAnnRequest found it good. */
export async function* annRows(
  plan: AnnPlan,
  given: SelectContext,
  target: SelectTarget,
  limit: number,
  sources: AnnSources,
): RowSource {
  const { ann } = plan;
  const context = { ...given, read: { ...given.read, consistency: annConsistency(given.read.consistency) } };
  const vector = ann.vector.bind(context.bind);
  if (vector === null) throw invalid(`Unsupported null value for column ${ann.column.name}`);
  if (vector === UNSET) throw invalid(`Unsupported unset value for column ${ann.column.name}`);
  checkComparable(vector, ann.index.vector!.similarity);
  checkBuilt(plan, context);
  context.coordinator.noteIndexUse(ann.index.index.id);
  const ranking = new Ranking(plan, context, target, vector, limit);
  const found = (await ranking.ofFew(sources)) ?? (await ranking.ofGraphs()) ?? (await ranking.ofAll(sources));
  yield found.map(({ row }) => row);
}

function checkBuilt({ ann, table }: AnnPlan, { coordinator, read }: SelectContext): void {
  if (coordinator.isIndexBuilt(ann.index.index.id)) return;
  throw new FerrosaError(
    'READ_FAILURE',
    'Operation failed - received 0 responses and 1 failures: INDEX_NOT_AVAILABLE ' +
      `(${ann.index.index.name} of ${table.keyspace}.${table.name} is being built)`,
    { consistency: read.consistency, received: 0, blockFor: 1, failures: 1, dataPresent: false },
  );
}

type Ranked = { readonly row: SourceRow; readonly score: number };

/** Names a claim of a graph. */
const nameOf = ({ shard, slot, stamp }: VectorHit): string => `${shard}/${slot}/${stamp}`;

class Ranking {
  readonly #score: (value: Uint8Array) => number;
  readonly #matches: (cells: SourceRow['cells']) => boolean;

  constructor(
    private readonly plan: AnnPlan,
    private readonly context: SelectContext,
    private readonly target: SelectTarget,
    private readonly vector: Uint8Array,
    private readonly limit: number,
  ) {
    const { similarity } = plan.ann.index.vector!;
    const compare = similarities[`similarity_${similarity.toLowerCase()}`]!;
    let query: number[] | null = null; // few searches compare one by one
    this.#score = (value) => {
      query ??= [...floatsOf(vector)];
      return compare([...floatsOf(value)], query);
    };
    this.#matches = target.matches ?? (() => true);
  }

  /** By the rows that other indexes find, when those are few; otherwise null. */
  async ofFew(sources: AnnSources): Promise<readonly Ranked[] | null> {
    if (this.plan.filter === null) return null;
    const rows = await sources.indexed();
    return rows === null ? null : this.#best(rows, exactRowsMax);
  }

  /** One by one. */
  async ofAll(sources: AnnSources): Promise<readonly Ranked[]> {
    return (await this.#best((await sources.indexed()) ?? sources.scanned(), Number.POSITIVE_INFINITY))!;
  }

  /** The nearest of rows that satisfy the statement; null when there are more than `rowsMax`. */
  async #best(rows: RowPages, rowsMax: number): Promise<readonly Ranked[] | null> {
    let best: Ranked[] = [];
    let count = 0;
    while (!rows.done) {
      for (const row of await rows.next()) {
        const value = row.cells[this.plan.ann.slot];
        if (value == null) continue;
        if (++count > rowsMax) return null;
        best.push({ row, score: this.#score(value) });
      }
      if (best.length > this.limit * 4) best = this.#nearest(best);
    }
    return this.#nearest(best);
  }

  /** A row comes twice when it was written with other bytes of an equal clustering. */
  #nearest(rows: readonly Ranked[]): Ranked[] {
    const order = (a: Ranked, b: Ranked) => b.score - a.score || compareRows(this.plan, a.row, b.row);
    const sorted = [...rows].sort(order);
    return sorted.filter((row, i) => i === 0 || order(sorted[i - 1]!, row) !== 0).slice(0, this.limit);
  }

  /**
   * By the graphs: they are asked for more until enough of what they find is borne out and satisfies the statement. Null when too few do.
   */
  async ofGraphs(): Promise<readonly Ranked[] | null> {
    const known = new Map<string, readonly Ranked[]>();
    let wasEnough = true;
    for (let ask = this.limit; ask <= askMax; ask = wasEnough ? ask + this.limit : ask * 4) {
      this.context.read.check?.();
      const { hits, all, rows } = await this.#search(ask);
      const fresh = known.size === 0 ? hits : hits.filter((hit) => !known.has(nameOf(hit)));
      const stale = await this.#bearOut(fresh, known, rows);
      if (stale.length > 0 && this.context.mayClean) {
        const { coordinator } = this.context;
        await coordinator.forgetVectors(this.target.tableId, this.plan.ann.index.tableId, stale);
      }
      const found = this.#nearest(hits.flatMap((hit) => known.get(nameOf(hit)) ?? []));
      if (found.length >= this.limit || (all && hits.length <= ask)) return found;
      // What is stale is gone with the next answer; what the statement leaves out is not.
      wasEnough = stale.length > 0;
    }
    return null;
  }

  #search(count: number): ReturnType<SelectContext['coordinator']['searchVectors']> {
    const { coordinator, read } = this.context;
    const { index } = this.plan.ann;
    const { least, perRow } = beams[index.vector!.optimizeFor];
    const beam = Math.ceil(Math.max(least, count * perRow));
    const { tableId } = this.target;
    const atOnce = count <= readAtOnceMax && index.ofRows && partitionsAreRows(this.plan);
    const search = {
      table: tableId,
      index: index.tableId,
      count,
      beam,
      scope: this.#scope(),
      vector: this.vector,
      rows: atOnce ? keylessCommand(this.target) : null,
    };
    return coordinator.searchVectors(search, read);
  }

  #scope(): VectorScope | null {
    const { partitions } = this.target;
    if ('keys' in partitions) {
      // IN on the partition key does not go with indexes.
      const key = partitions.keys[0]!;
      const token = murmurToken(key);
      return { start: token, end: token, key };
    }
    if (this.plan.restrictions.token === null) return null;
    const { start, startInclusive, end, endInclusive } = partitions.range;
    return { start: startInclusive ? start : start + 1n, end: endInclusive ? end : end - 1n, key: null };
  }

  /**
   * Looks rows up and notes those that satisfy the statement; returns what the table does not bear out.
   * @param answers  what was read with the hits; null when nothing was
   */
  async #bearOut(
    hits: readonly VectorHit[],
    known: Map<string, readonly Ranked[]>,
    answers: readonly Uint8Array[] | null,
  ): Promise<VectorHit[]> {
    const { plan } = this;
    const { ofRows } = plan.ann.index;
    const candidates = hits.map(({ shard, position }) => {
      const { token, key, clustering } = decodePosition(position);
      return { token, key, clustering: clustering ?? [], bucket: shard };
    });
    const rows = ofRows
      ? (await this.#rowsAt(candidates, answers)).map((row) => (row === null ? [] : [row]))
      : await Promise.all(candidates.map(({ key }) => this.#partition(key)));
    const stale: VectorHit[] = [];
    for (const [i, hit] of hits.entries()) {
      const values = rows[i]!.map(({ cells }) => cells[plan.ann.slot] ?? null);
      const isTrue = values.some((value) => value !== null && murmurToken(value) === hit.fingerprint);
      if (!isTrue && (ofRows || rows[i]!.length > 0 || !this.#leavesOutRows())) stale.push(hit);
      const wanted = !isTrue
        ? []
        : rows[i]!.filter((row) => this.#wants(row, ofRows ? candidates[i]!.clustering : null));
      known.set(
        nameOf(hit),
        wanted.map((row) => ({ row, score: hit.score })),
      );
    }
    return stale;
  }

  /** Rows are looked up in the order of the table. */
  async #rowsAt(places: readonly RowPlace[], answers: readonly Uint8Array[] | null): Promise<(SourceRow | null)[]> {
    if (answers !== null) return rowsOfAnswers(this.plan, this.context, this.target, answers, places);
    const order = [...places.keys()].sort((a, b) => comparePlaces(this.plan, places[a]!, places[b]!));
    const distinct: RowPlace[] = [];
    // By index of a place that of its row: a row may have an old vector beside its new one.
    const rowOf: number[] = [];
    for (const [i, at] of order.entries()) {
      const isNew = i === 0 || comparePlaces(this.plan, places[at]!, places[order[i - 1]!]!) !== 0;
      rowOf[at] = isNew ? distinct.push(places[at]!) - 1 : distinct.length - 1;
    }
    const rows: (SourceRow | null)[] = [];
    for (let i = 0; i < distinct.length; i += lookUpsMax)
      rows.push(...(await lookUp(this.plan, this.context, this.target, distinct.slice(i, i + lookUpsMax))));
    return rowOf.map((row) => rows[row]!);
  }

  /** A partition may have its vector and none of the rows that are read. */
  #leavesOutRows(): boolean {
    return this.target.slices.length > 0 || !this.target.unrestricted;
  }

  #wants({ cells, position }: SourceRow, clustering: readonly (Uint8Array | null)[] | null): boolean {
    const own = clustering ?? decodePosition(position).clustering ?? [];
    return inSlices(this.plan.table, this.target.slices, own) && this.#matches(cells);
  }

  /** Rows of a partition: its vector is that of all of them. */
  async #partition(key: Uint8Array): Promise<SourceRow[]> {
    const { coordinator, read } = this.context;
    const scan = new Scan(coordinator, read, { ...this.target, partitions: { keys: [key] } }, null);
    const rows: SourceRow[] = [];
    while (!scan.done && rows.length < this.limit)
      for (const row of decodedRows(scan.take(await scan.ask(noLimit)), this.target.columns.length, null))
        rows.push(row);
    return rows;
  }
}

/** Equally near rows come in the order of the table. */
function compareRows({ table }: SelectPlan, a: SourceRow, b: SourceRow): number {
  return comparePlaces({ table }, decodePosition(a.position), decodePosition(b.position));
}

type Place = Pick<ReadPosition, 'token' | 'key' | 'clustering'>;

function comparePlaces({ table }: Pick<SelectPlan, 'table'>, one: Place, other: Place): number {
  if (one.token !== other.token) return one.token < other.token ? -1 : 1;
  const byKey = compareBytes(one.key, other.key);
  if (byKey !== 0) return byKey;
  for (const [i, { type, reversed }] of table.clustering.entries()) {
    const order = compareNullable(type, one.clustering?.[i] ?? null, other.clustering?.[i] ?? null);
    if (order !== 0) return reversed ? -order : order;
  }
  return 0;
}

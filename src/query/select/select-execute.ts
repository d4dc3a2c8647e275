// Executes a planned SELECT.
import { invalid } from '../../common/errors.js';
import { murmurToken } from '../../native/index.js';
import { cellsOf, noLimit, rowsOf } from '../../storage/index.js';
import type { QueryResult } from '../api.js';
import { isSerial } from '../consistency.js';
import { computeRowsMax, foldRowsMax } from '../coordinator-limits.js';
import { checkPartitionKey, clusteringSlices, partitionKeysAsGiven } from '../restrictions/bounds.js';
import { tokenMatches, tokenRange, wholeRing } from '../restrictions/token-restriction.js';
import type { BindContext } from '../terms/term.js';
import { copyCells } from '../values.js';
import { tableIdBytes } from '../write/mutations.js';
import { aggregateRows, groupRows } from './aggregate.js';
import { type AnnPlan, annRows, checkAnnRequest } from './ann-read.js';
import { rangeText } from './command-text.js';
import { indexSource } from './index-read.js';
import { limitOf } from './limits.js';
import { isSameKey, keyOfState, type PagingState, stateWithin } from './paging-state.js';
import { PostOrdered } from './post-ordering.js';
import { rankedPage, rankedSource } from './ranked-rows.js';
import type { RowPredicate } from './row-filter.js';
import { resultRow } from './row-sink.js';
import { Scan } from './scan.js';
import type { FoldedSelect, SelectPlan } from './select-plan.js';
import {
  decodedRows,
  GeneratedPages,
  type Limits,
  noPages,
  type ResultPage,
  type RowPages,
  type RowSource,
  type SelectContext,
  type SelectTarget,
  type SourceRow,
  stateAfterRow,
} from './types.js';
import { userAggregateRows, userGroupRows, userResultRows } from './user-rows.js';
import { virtualRows } from './virtual-rows.js';

/** @throws FerrosaError INVALID for bound values that do not do, PROTOCOL_ERROR for a bad paging state, read errors */
export function executeSelect(plan: SelectPlan, context: SelectContext): Promise<QueryResult> {
  const userLimit = limitOf(plan.limit, context.bind);
  const perPartition = limitOf(plan.perPartitionLimit, context.bind);
  const told = plan.ann === null ? [] : checkAnnRequest(userLimit, context);
  for (const check of plan.checks) check(context.bind);
  // As Cassandra does, a filter's values are looked at before those of keys.
  const matches = plan.filter?.bind(context.bind) ?? null;
  const target = selectTarget(plan, context, perPartition, matches);
  if (target !== null && context.denylist !== null) checkDenied(plan, context, target.partitions);
  // Where nothing can match there is nothing to sort, unless there are groups: Cassandra pages through those in any case.
  const isPaged = target !== null || plan.isAggregate || plan.grouping !== null;
  if (context.pageSize > 0 && plan.ordering !== null && isPaged)
    throw invalid(
      'Cannot page queries with both ORDER BY and a IN restriction on the partition key; you must either remove the ' +
        'ORDER BY or the IN and sort client side, or disable paging for this query',
    );
  const given =
    context.pagingState === null || plan.ann !== null ? null : context.paging.decode(context.pagingState, plan.shape);
  const state = given === null || target === null ? given : stateWithin(target, given);
  const limits: Limits = {
    // What can be one row only is whole with it: no page follows.
    remaining: Math.min(state?.remaining ?? userLimit, isOneRow(plan, target) ? 1 : noLimit),
    perPartition,
    pageSize: context.pageSize > 0 && plan.ann === null ? context.pageSize : noLimit,
  };
  // What is passed through has no promise of its own here: most reads are of this kind.
  if (plan.direct !== null && target !== null) return passThrough(plan, context, target, state, limits, told);
  return makePage(plan, context, target, state, limits).then((page) => resultOf(plan, context, page, told));
}

/** @throws FerrosaError INVALID for partitions of the denylist */
function checkDenied(
  plan: SelectPlan,
  { bind, denylist }: SelectContext,
  partitions: SelectTarget['partitions'],
): void {
  if ('keys' in partitions) denylist?.checkRead(plan.table, partitions.keys);
  else denylist?.checkRange(plan.table, partitions.range, () => rangeText(plan, bind));
}

const isOneRow = ({ table }: SelectPlan, target: SelectTarget | null): boolean =>
  table.clustering.length === 0 &&
  target !== null &&
  'keys' in target.partitions &&
  target.partitions.keys.length === 1;

function resultOf(
  plan: SelectPlan,
  context: SelectContext,
  { rows, next }: ResultPage,
  told: readonly string[],
  rowCount = rows.length,
): QueryResult {
  const pagingState = next === null || next.remaining === 0 ? null : context.paging.encode(next);
  const result = { kind: 'rows', columns: plan.resultColumns, rowCount, rows, pagingState } as const;
  const about = warningOf(plan);
  const tombstones = context.tombstones.warning(plan.table);
  const sizes = context.thresholds?.result(rows, rowCount) ?? [];
  if (about === null && tombstones === null && told.length === 0 && sizes.length === 0) return result;
  return { ...result, warnings: [about ?? [], told, sizes, tombstones ?? []].flat() };
}

function makePage(
  plan: SelectPlan,
  context: SelectContext,
  target: SelectTarget | null,
  state: PagingState | null,
  limits: Limits,
): Promise<ResultPage> {
  if (plan.direct !== null) return Promise.resolve({ rows: [], next: null });
  if (plan.folded !== null && target !== null) {
    const parts = new FoldedPages(plan.folded, context, target);
    return aggregateRows(plan, plan.folded.nodes, parts, context.bind);
  }
  if (plan.rankings.length > 0 && plan.ann === null && target !== null && !plan.isAggregate)
    return rankedResult(plan, context, target, state, limits);
  if (target === null) return pageOfRows(plan, context, noPages, state, limits);
  const rows = pagesOf(plan, context, target, state, limits.remaining);
  return rows instanceof Promise
    ? rows.then((found) => pageOfRows(plan, context, found, state, limits))
    : pageOfRows(plan, context, rows, state, limits);
}

function pageOfRows(
  plan: SelectPlan,
  { bind }: SelectContext,
  rows: RowPages,
  state: PagingState | null,
  limits: Limits,
): Promise<ResultPage> {
  if (plan.isAggregate)
    return plan.callsUser ? userAggregateRows(plan, rows, bind) : aggregateRows(plan, plan.nodes, rows, bind);
  if (plan.grouping !== null) {
    const group = plan.callsUser ? userGroupRows : groupRows;
    return group(plan, rows, bind, state, limits);
  }
  if (plan.ordering !== null) return orderedRows(plan, rows, bind, limits);
  return computedRows(plan, rows, bind, state, limits);
}

/** The rows of full-text searches. */
async function rankedResult(
  plan: SelectPlan,
  context: SelectContext,
  target: SelectTarget,
  state: PagingState | null,
  limits: Limits,
): Promise<ResultPage> {
  const page = await rankedPage(plan, context, target, state, limits);
  const result = new ResultRows(plan, context.bind);
  for (const { cells } of page.rows) result.add(cells);
  return { rows: await result.finish(), next: page.next };
}

function warningOf(plan: SelectPlan): string | null {
  if (!plan.isAggregate && plan.grouping === null) return null;
  if (!plan.restrictions.hasPartitionKey) return 'Aggregation query used without partition key';
  return plan.restrictions.keyIsIn ? 'Aggregation query used on multiple partition keys (IN restriction)' : null;
}

/** What is read; null when nothing can match. */
function selectTarget(
  plan: SelectPlan,
  context: SelectContext,
  perPartition: number,
  matches: RowPredicate | null,
): SelectTarget | null {
  const { restrictions } = plan;
  const partitions = partitionsOf(plan, context.bind);
  // Without a key nobody looks at the clustering; a range of keys is looked at after it.
  if (partitions === null && !restrictions.isKeyRange) return null;
  const slices = plan.distinct ? [] : clusteringSlices(restrictions, context.bind);
  if (partitions === null || slices === null) return null;
  if ('keys' in partitions) partitions.keys.forEach(checkPartitionKey);
  if ('keys' in partitions && partitions.keys.length > 1 && isSerial(context.read.consistency))
    throw invalid('SERIAL/LOCAL_SERIAL consistency may only be requested for one partition at a time');
  return {
    tableId: tableIdBytes(plan.table),
    nowSeconds: context.nowSeconds,
    columns: plan.direct ?? plan.folded?.columns ?? plan.fetched,
    folds: plan.folded?.folds ?? [],
    partitions,
    slices,
    reversed: plan.reversed,
    distinct: plan.distinct,
    positions: plan.direct === null && plan.folded === null,
    unrestricted: restrictions.returnsStaticOnly,
    perPartitionLimit: plan.direct === null ? noLimit : perPartition,
    matches,
  };
}

function partitionsOf({ restrictions }: SelectPlan, bind: BindContext): SelectTarget['partitions'] | null {
  const { token } = restrictions;
  if (restrictions.isKeyRange) {
    if (token === null) return { range: wholeRing };
    const range = tokenRange(token, bind);
    return range === null ? null : { range };
  }
  let keys = partitionKeysAsGiven(restrictions, bind);
  if (token !== null) keys = keys.filter((key) => tokenMatches(token, murmurToken(key), bind));
  return keys.length === 0 ? null : { keys };
}

/** Hands on the rows as storage encodes them. */
async function passThrough(
  plan: SelectPlan,
  context: SelectContext,
  target: SelectTarget,
  state: PagingState | null,
  limits: Limits,
  told: readonly string[],
): Promise<QueryResult> {
  const position = state === null || state.position.length === 0 ? null : state.position;
  const scan = new Scan(context.coordinator, context.read, target, position);
  const wanted = Math.min(limits.remaining, limits.pageSize);
  const rows: Uint8Array[] = [];
  let rowCount = 0;
  while (!scan.done && rowCount < wanted) {
    const stream = scan.take(await scan.ask(wanted === noLimit ? noLimit : wanted - rowCount));
    context.tombstones.note(stream);
    rowCount += stream.rowCount;
    for (const block of stream.rowBlocks()) rows.push(block);
  }
  const next = scan.position;
  if (next === null || wanted === limits.remaining)
    return resultOf(plan, context, { rows, next: null }, told, rowCount);
  const remaining = limits.remaining === noLimit ? noLimit : limits.remaining - rowCount;
  const follows = { remaining, givenInPartition: 0, shape: plan.shape, position: next };
  return resultOf(plan, context, { rows, next: follows }, told, rowCount);
}

/** Rows of what storage has folded: the parts of one aggregate row. */
class FoldedPages implements RowPages<Pick<SourceRow, 'cells'>> {
  readonly #scan: Scan;
  readonly #width: number;

  constructor(
    { folds }: FoldedSelect,
    private readonly context: SelectContext,
    target: SelectTarget,
  ) {
    this.#scan = new Scan(context.coordinator, context.read, target, null);
    this.#width = folds.length;
  }

  get done(): boolean {
    return this.#scan.done;
  }

  async next(): Promise<Pick<SourceRow, 'cells'>[]> {
    const stream = this.#scan.take(await this.#scan.ask(foldRowsMax));
    this.context.tombstones.note(stream);
    const rows: Pick<SourceRow, 'cells'>[] = [];
    for (const partition of stream.partitions())
      for (const row of rowsOf(partition, this.#width)) rows.push({ cells: cellsOf(row.cells, this.#width) });
    return rows;
  }
}

/** Where the rows of a statement come from that computes something of them. */
function pagesOf(
  plan: SelectPlan,
  context: SelectContext,
  target: SelectTarget,
  state: PagingState | null,
  limit: number,
): RowPages | Promise<RowPages> {
  if (plan.ann !== null) return annPages(plan as AnnPlan, context, target, limit);
  if (plan.table.virtual) return new GeneratedPages(virtualSource(plan, context, target, state));
  if (plan.rankings.length > 0) return new GeneratedPages(rankedSource(plan, context, target));
  const scanned = () => new ScannedPages(plan, context, target, state);
  if (plan.searches.length === 0) return scanned();
  return indexSource(plan, context, target, state).then((found) =>
    found === null ? scanned() : new GeneratedPages(found),
  );
}

/** Rows in the order of their nearness to a vector. */
function annPages(plan: AnnPlan, context: SelectContext, target: SelectTarget, limit: number): RowPages {
  const indexed = async (): Promise<RowPages | null> => {
    const found = plan.searches.length > 0 ? await indexSource(plan, context, target, null) : null;
    return found === null ? null : new GeneratedPages(found);
  };
  const scanned = (): RowPages => new ScannedPages(plan, context, target, null);
  return new GeneratedPages(annRows(plan, context, target, limit, { indexed, scanned }));
}

async function* virtualSource(
  plan: SelectPlan,
  context: SelectContext,
  target: SelectTarget,
  state: PagingState | null,
): RowSource {
  const position = state === null || state.position.length === 0 ? null : state.position;
  const { matches } = target;
  const rows = virtualRows(plan.table, await context.virtualRows(plan.table), target, position);
  yield matches === null ? rows : rows.filter((row) => matches(row.cells));
}

/** The rows that pass the filter, decoded. */
class ScannedPages implements RowPages {
  readonly #scan: Scan;

  constructor(
    private readonly plan: SelectPlan,
    private readonly context: SelectContext,
    private readonly target: SelectTarget,
    state: PagingState | null,
  ) {
    const position = state === null || state.position.length === 0 ? null : state.position;
    this.#scan = new Scan(context.coordinator, context.read, target, position);
  }

  get done(): boolean {
    return this.#scan.done;
  }

  next(): Promise<Iterable<SourceRow>> {
    return this.#scan.ask(computeRowsMax).then(this.#decode);
  }

  readonly #decode = (bytes: Uint8Array): Iterable<SourceRow> => {
    const stream = this.#scan.take(bytes);
    this.context.tombstones.note(stream);
    return decodedRows(stream, this.plan.fetched.length, this.target.matches);
  };
}

/** Rows that are filtered or computed, one result row each. */
function computedRows(
  plan: SelectPlan,
  source: RowPages,
  bind: BindContext,
  state: PagingState | null,
  limits: Limits,
): Promise<ResultPage> {
  const page = new ComputedPage(plan, bind, state, limits);
  const continued = (found: Iterable<SourceRow>): ResultPage | Promise<ResultPage> => {
    page.add(found);
    return page.full || source.done ? page.finish() : source.next().then(continued);
  };
  return source.done ? Promise.resolve(page.finish()) : source.next().then(continued);
}

/** One page of computed rows, as far as it has come. */
class ComputedPage {
  /** Nothing more is wanted. */
  full = false;
  readonly #rows: ResultRows;
  #next: PagingState | null = null;
  readonly #wanted: number;
  #given: number;
  #key: Uint8Array | null;

  constructor(
    private readonly plan: SelectPlan,
    bind: BindContext,
    state: PagingState | null,
    private readonly limits: Limits,
  ) {
    this.#rows = new ResultRows(plan, bind);
    this.#wanted = Math.min(limits.remaining, limits.pageSize);
    this.#given = state?.givenInPartition ?? 0;
    this.#key = keyOfState(state);
  }

  add(found: Iterable<SourceRow>): void {
    for (const row of found) {
      if (!isSameKey(row.key, this.#key)) {
        this.#key = row.key;
        this.#given = 0;
      }
      if (this.#given >= this.limits.perPartition) continue;
      this.#rows.add(row.cells);
      this.#given++;
      if (this.#rows.count < this.#wanted) continue;
      // A full page says that more may follow, as in Cassandra: applications count on it, and looking costs a read.
      if (this.#rows.count < this.limits.remaining)
        this.#next = stateAfterRow(this.plan, this.limits, this.#wanted, row, this.#given);
      this.full = true;
      return;
    }
  }

  finish(): ResultPage | Promise<ResultPage> {
    const rows = this.#rows.finish();
    return rows instanceof Promise
      ? rows.then((made) => ({ rows: made, next: this.#next }))
      : { rows, next: this.#next };
  }
}

/** Result rows, made as they come or, when user functions are called, together. */
class ResultRows {
  readonly #rows: Uint8Array[] = [];
  readonly #cells: (readonly (Uint8Array | null)[])[] = [];

  constructor(
    private readonly plan: SelectPlan,
    private readonly bind: BindContext,
  ) {}

  get count(): number {
    return this.#rows.length + this.#cells.length;
  }

  add(cells: readonly (Uint8Array | null)[]): void {
    if (this.plan.callsUser) this.#cells.push(copyCells(cells));
    else this.#rows.push(resultRow(this.plan, cells, this.bind));
  }

  finish(): Uint8Array[] | Promise<Uint8Array[]> {
    return this.plan.callsUser ? userResultRows(this.plan, this.#cells, this.bind) : this.#rows;
  }
}

/** ORDER BY over several partitions: everything is read, and as in Cassandra computed, before it is sorted and cut. */
async function orderedRows(plan: SelectPlan, source: RowPages, bind: BindContext, limits: Limits): Promise<ResultPage> {
  const rows = plan.callsUser
    ? await userResultRows(plan, await sortedRows(plan, source, limits, copyCells), bind)
    : await sortedRows(plan, source, limits, (cells) => resultRow(plan, cells, bind));
  return { rows, next: null };
}

/** What `of` makes of each row that a partition may give, in the order of the statement. */
async function sortedRows<T>(
  plan: SelectPlan,
  source: RowPages,
  limits: Limits,
  of: (cells: readonly (Uint8Array | null)[]) => T,
): Promise<T[]> {
  const found = new PostOrdered<T>(plan.ordering!);
  let key: Uint8Array | null = null;
  let given = 0;
  while (!source.done)
    for (const { key: rowKey, cells } of await source.next()) {
      given = isSameKey(rowKey, key) ? given + 1 : 1;
      key = rowKey;
      if (given <= limits.perPartition) found.add(found.valuesOf(cells), of(cells));
    }
  return found.sorted(limits.remaining);
}

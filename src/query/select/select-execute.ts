// Executes a planned SELECT.
import { invalid } from '../../common/errors.js';
import { murmurToken } from '../../native/index.js';
import { cellsOf, noLimit, rowsOf } from '../../storage/index.js';
import { UNSET } from '../../types/index.js';
import type { QueryResult } from '../api.js';
import { isSerial } from '../consistency.js';
import { computeRowsMax, foldRowsMax } from '../coordinator-limits.js';
import { clusteringSlices, partitionKeys } from '../restrictions/bounds.js';
import { tokenMatches, tokenRange, wholeRing } from '../restrictions/token-restriction.js';
import type { BindContext, Term } from '../terms/term.js';
import { compareNullable, readInt32 } from '../values.js';
import { tableIdBytes } from '../write/mutations.js';
import { aggregateRows, groupRows } from './aggregate.js';
import { indexSource } from './index-read.js';
import { keyOfPosition, type PagingState } from './paging-state.js';
import { resultRow } from './row-sink.js';
import { Scan, type ScanTarget } from './scan.js';
import type { FoldedSelect, SelectPlan } from './select-plan.js';
import {
  decodedRows,
  type Limits,
  type ResultPage,
  type RowSource,
  type SelectContext,
  type SourceRow,
  stateAfterRow,
} from './types.js';
import { userAggregateRows, userGroupRows, userResultRows } from './user-rows.js';
import { virtualRows } from './virtual-rows.js';

/** @throws FerrosaError INVALID for bound values that do not do, PROTOCOL_ERROR for a bad paging state, read errors */
export async function executeSelect(plan: SelectPlan, context: SelectContext): Promise<QueryResult> {
  const userLimit = limitOf(plan.limit, context.bind);
  const perPartition = limitOf(plan.perPartitionLimit, context.bind);
  const warnings = warningsOf(plan);
  for (const check of plan.checks) check(context.bind);
  const target = scanTarget(plan, context, perPartition);
  // Where nothing can match there is nothing to sort.
  if (context.pageSize > 0 && plan.ordering !== null && target !== null)
    throw invalid(
      'Cannot page queries with both ORDER BY and a IN restriction on the partition key; you must either remove the ' +
        'ORDER BY or the IN and sort client side, or disable paging for this query',
    );
  const state = context.pagingState === null ? null : context.paging.decode(context.pagingState, plan.shape);
  const limits: Limits = {
    remaining: state?.remaining ?? userLimit,
    perPartition,
    pageSize: context.pageSize > 0 ? context.pageSize : noLimit,
  };
  const page = await readPage(plan, context, target, state, limits);
  const tombstones = context.tombstones.warning(plan.table);
  if (tombstones !== null) warnings.push(tombstones);
  return {
    kind: 'rows',
    columns: plan.resultColumns,
    rowCount: page.rowCount,
    rows: page.rows,
    pagingState: page.next === null || page.next.remaining === 0 ? null : context.paging.encode(page.next),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}

type CountedPage = { rowCount: number; rows: Uint8Array[]; next: PagingState | null };

async function readPage(
  plan: SelectPlan,
  context: SelectContext,
  target: ScanTarget | null,
  state: PagingState | null,
  limits: Limits,
): Promise<CountedPage> {
  const counted = (page: ResultPage) => ({ ...page, rowCount: page.rows.length });
  if (plan.direct !== null)
    return target === null ? counted({ rows: [], next: null }) : passThrough(plan, context, target, state, limits);
  if (plan.folded !== null && target !== null) {
    const parts = foldedRows(plan.folded, context, target);
    return counted({ rows: [await aggregateRows(plan, plan.folded.nodes, parts, context.bind)], next: null });
  }
  const rows =
    target === null
      ? noRows()
      : plan.table.virtual
        ? virtualSource(plan, context, target, state)
        : ((plan.searches.length > 0 ? await indexSource(plan, context, target, state) : null) ??
          sourceRows(plan, context, target, state));
  if (plan.isAggregate) {
    const row = plan.callsUser
      ? userAggregateRows(plan, rows, context.bind)
      : aggregateRows(plan, plan.nodes, rows, context.bind);
    return counted({ rows: [await row], next: null });
  }
  if (plan.grouping !== null) {
    const group = plan.callsUser ? userGroupRows : groupRows;
    return counted(await group(plan, rows, context.bind, state, limits));
  }
  if (plan.ordering !== null) return counted(await orderedRows(plan, rows, context.bind, limits));
  return counted(await computedRows(plan, rows, context.bind, state, limits));
}

function limitOf(term: Term | null, bind: BindContext): number {
  if (term === null) return noLimit;
  const value = term.bind(bind);
  if (value === null) throw invalid('Invalid null value of limit');
  if (value === UNSET) return noLimit;
  const limit = value.length === 4 ? readInt32(value) : 0;
  if (limit <= 0) throw invalid('LIMIT must be strictly positive');
  return limit;
}

function warningsOf(plan: SelectPlan): string[] {
  if (!plan.isAggregate && plan.grouping === null) return [];
  if (!plan.restrictions.hasPartitionKey) return ['Aggregation query used without partition key'];
  if (plan.restrictions.keyIsIn) return ['Aggregation query used on multiple partition keys (IN restriction)'];
  return [];
}

/** What is read; null when nothing can match. */
function scanTarget(plan: SelectPlan, context: SelectContext, perPartition: number): ScanTarget | null {
  const { restrictions } = plan;
  const partitions = partitionsOf(plan, context.bind);
  const slices = plan.distinct ? [] : clusteringSlices(restrictions, context.bind);
  // The filter's values are checked even when nothing is read.
  if (partitions === null || slices === null) return null;
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
  };
}

function partitionsOf({ restrictions }: SelectPlan, bind: BindContext): ScanTarget['partitions'] | null {
  const { token } = restrictions;
  if (restrictions.isKeyRange) {
    if (token === null) return { range: wholeRing };
    const range = tokenRange(token, bind);
    return range === null ? null : { range };
  }
  let keys = partitionKeys(restrictions, bind);
  if (token !== null) keys = keys.filter((key) => tokenMatches(token, murmurToken(key), bind));
  return keys.length === 0 ? null : { keys };
}

/** Hands on the rows as storage encodes them. */
async function passThrough(
  plan: SelectPlan,
  context: SelectContext,
  target: ScanTarget,
  state: PagingState | null,
  limits: Limits,
): Promise<CountedPage> {
  const position = state === null || state.position.length === 0 ? null : state.position;
  const scan = new Scan(context.coordinator, context.read, target, position);
  const wanted = Math.min(limits.remaining, limits.pageSize);
  const rows: Uint8Array[] = [];
  let rowCount = 0;
  while (!scan.done && rowCount < wanted) {
    const stream = await scan.next(wanted === noLimit ? noLimit : wanted - rowCount);
    context.tombstones.note(stream);
    rowCount += stream.rowCount;
    for (const block of stream.rowBlocks()) rows.push(block);
  }
  const next = scan.position;
  if (next === null || wanted === limits.remaining) return { rowCount, rows, next: null };
  const remaining = limits.remaining === noLimit ? noLimit : limits.remaining - rowCount;
  return {
    rowCount,
    rows,
    next: { remaining, givenInPartition: 0, shape: plan.shape, position: next },
  };
}

/** Rows of what storage has folded: the parts of one aggregate row. */
async function* foldedRows(
  { folds }: FoldedSelect,
  context: SelectContext,
  target: ScanTarget,
): AsyncGenerator<Iterable<Pick<SourceRow, 'cells'>>> {
  const scan = new Scan(context.coordinator, context.read, target, null);
  while (!scan.done) {
    const stream = await scan.next(foldRowsMax);
    context.tombstones.note(stream);
    for (const partition of stream.partitions())
      yield Array.from(rowsOf(partition, folds.length), (row) => ({ cells: cellsOf(row.cells, folds.length) }));
  }
}

async function* noRows(): RowSource {}

async function* virtualSource(
  plan: SelectPlan,
  context: SelectContext,
  target: ScanTarget,
  state: PagingState | null,
): RowSource {
  const position = state === null || state.position.length === 0 ? null : state.position;
  const matches = plan.filter?.bind(context.bind) ?? null;
  const rows = virtualRows(plan.table, await context.virtualRows(plan.table), target, position);
  yield matches === null ? rows : rows.filter((row) => matches(row.cells));
}

/** The rows that pass the filter, decoded. */
async function* sourceRows(
  plan: SelectPlan,
  context: SelectContext,
  target: ScanTarget,
  state: PagingState | null,
): RowSource {
  const position = state === null || state.position.length === 0 ? null : state.position;
  const matches = plan.filter?.bind(context.bind) ?? null;
  const scan = new Scan(context.coordinator, context.read, target, position);
  const width = plan.fetched.length;
  while (!scan.done) {
    const stream = await scan.next(computeRowsMax);
    context.tombstones.note(stream);
    yield decodedRows(stream, width, matches);
  }
}

/** Rows that are filtered or computed, one result row each. */
async function computedRows(
  plan: SelectPlan,
  source: RowSource,
  bind: BindContext,
  state: PagingState | null,
  limits: Limits,
): Promise<ResultPage> {
  const wanted = Math.min(limits.remaining, limits.pageSize);
  const rows = new ResultRows(plan, bind);
  let given = state?.givenInPartition ?? 0;
  let keyHex = state === null || state.position.length === 0 ? '' : keyOfPosition(state.position);
  let last: SourceRow | null = null;
  let givenOfLast = given;
  for await (const page of source)
    for (const row of page) {
      const hex = Buffer.from(row.key).toString('hex');
      if (hex !== keyHex) {
        keyHex = hex;
        given = 0;
      }
      if (given >= limits.perPartition) continue;
      // One row more than the page tells that the page is not the last.
      if (rows.count === wanted)
        return { rows: await rows.finish(), next: stateAfterRow(plan, limits, wanted, last!, givenOfLast) };
      rows.add(row.cells);
      last = row;
      givenOfLast = ++given;
      if (rows.count === limits.remaining) return { rows: await rows.finish(), next: null };
    }
  return { rows: await rows.finish(), next: null };
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
    if (this.plan.callsUser) this.#cells.push(cells.map((cell) => cell?.slice() ?? null));
    else this.#rows.push(resultRow(this.plan, cells, this.bind));
  }

  async finish(): Promise<Uint8Array[]> {
    return this.plan.callsUser ? userResultRows(this.plan, this.#cells, this.bind) : this.#rows;
  }
}

/** ORDER BY over several partitions: everything is read, then sorted. */
async function orderedRows(
  plan: SelectPlan,
  source: RowSource,
  bind: BindContext,
  limits: Limits,
): Promise<ResultPage> {
  const found: (readonly (Uint8Array | null)[])[] = [];
  const result = new ResultRows(plan, bind);
  const { slots, reversed } = plan.ordering!;
  let key = '';
  let given = 0;
  for await (const page of source)
    for (const { key: rowKey, cells } of page) {
      const hex = Buffer.from(rowKey).toString('hex');
      given = hex === key ? given + 1 : 1;
      key = hex;
      if (given > limits.perPartition) continue;
      found.push(cells.map((cell) => cell?.slice() ?? null));
    }
  found.sort((a, b) => {
    for (let i = 0; i < slots.length; i++) {
      const { slot, type, descending } = slots[i]!;
      const order = compareNullable(type, a[slot]!, b[slot]!);
      if (order !== 0) return descending === reversed ? order : -order;
    }
    return 0;
  });
  for (const cells of found.slice(0, limits.remaining)) result.add(cells);
  return { rows: await result.finish(), next: null };
}

// Rows of SELECT statements that call user functions: collected, so that a call of thousands is one message to the functions' thread.
import { userFunctionCallsMax } from '../../common/limits.js';
import { noLimit } from '../../storage/index.js';
import { type BulkInstance, bulkInstance, evaluateAll } from '../selection/user-calls.js';
import type { BindContext } from '../terms/term.js';
import { copyCells } from '../values.js';
import { GroupMaker } from './grouping.js';
import { isSameKey, keyOfState, type PagingState } from './paging-state.js';
import { PostOrdered } from './post-ordering.js';
import { encodeRow } from './row-sink.js';
import type { SelectPlan } from './select-plan.js';
import { type Limits, type ResultPage, type RowPages, type SourceRow, stateAfterRow } from './types.js';

type Cells = readonly (Uint8Array | null)[];

/** Result rows of rows that were read. */
export async function userResultRows(
  plan: SelectPlan,
  rows: readonly Cells[],
  bind: BindContext,
): Promise<Uint8Array[]> {
  const results: Uint8Array[] = [];
  for (let start = 0; start < rows.length; start += userFunctionCallsMax) {
    const part = rows.slice(start, start + userFunctionCallsMax);
    const columns = await Promise.all(plan.nodes.map((node) => evaluateAll(node, part, bind)));
    for (let i = 0; i < part.length; i++)
      results.push(
        encodeRow(
          plan,
          columns.map((column) => column[i]!),
        ),
      );
  }
  return results;
}

async function* inChunks(source: RowPages): AsyncGenerator<SourceRow[]> {
  let chunk: SourceRow[] = [];
  while (!source.done)
    for (const row of await source.next()) {
      chunk.push({ ...row, key: row.key.slice(), cells: copyCells(row.cells) });
      if (chunk.length < userFunctionCallsMax) continue;
      yield chunk;
      chunk = [];
    }
  if (chunk.length > 0) yield chunk;
}

/** The one row of aggregates over everything. */
export async function userAggregateRows(plan: SelectPlan, source: RowPages, bind: BindContext): Promise<ResultPage> {
  const instances = plan.nodes.map((node) => bulkInstance(node, bind));
  for await (const chunk of inChunks(source)) {
    const rows = chunk.map(({ cells }) => cells);
    await Promise.all(instances.map((instance) => instance.addAll(rows)));
  }
  const row = encodeRow(plan, await Promise.all(instances.map((instance) => instance.output())));
  return { rows: [row], next: null };
}

/** A group with the rows that its instances have not had yet. */
type Group = {
  readonly instances: readonly BulkInstance[];
  waiting: Cells[];
  first: Cells;
  last: SourceRow;
  given: number;
};

async function addWaiting(group: Group): Promise<void> {
  const rows = group.waiting;
  group.waiting = [];
  if (rows.length > 0) await Promise.all(group.instances.map((instance) => instance.addAll(rows)));
}

async function outputOf(plan: SelectPlan, group: Group): Promise<Uint8Array> {
  await addWaiting(group);
  return encodeRow(plan, await Promise.all(group.instances.map((instance) => instance.output())));
}

/** One row a group; as groupRows, a chunk of rows at a time. */
export async function userGroupRows(
  plan: SelectPlan,
  source: RowPages,
  bind: BindContext,
  state: PagingState | null,
  limits: Limits,
): Promise<ResultPage> {
  const grouping = plan.grouping!;
  // What is sorted has no pages.
  const ordered = plan.ordering === null ? null : new PostOrdered<Uint8Array>(plan.ordering);
  const wanted = ordered === null ? Math.min(limits.remaining, limits.pageSize) : noLimit;
  const maker = new GroupMaker(grouping, bind);
  const rows: Uint8Array[] = [];
  let group: Group | null = null;
  let closed: Group[] = [];
  let given = state?.givenInPartition ?? 0;
  let key = keyOfState(state);
  const finish = async () => {
    const found = await Promise.all(closed.map((one) => outputOf(plan, one)));
    if (ordered === null) rows.push(...found);
    else for (const [i, row] of found.entries()) ordered.add(ordered.valuesOf(closed[i]!.first), row);
    closed = [];
  };
  const pageUpTo = (last: SourceRow): ResultPage => {
    const isLast = rows.length === limits.remaining;
    return { rows, next: isLast ? null : stateAfterRow(plan, limits, rows.length, last, given) };
  };
  for await (const chunk of inChunks(source)) {
    const cells = chunk.map((row) => row.cells);
    const parts = await Promise.all(grouping.parts.map((part) => evaluateAll(part, cells, bind)));
    for (const [i, row] of chunk.entries()) {
      const values = parts.map((part) => part[i]!);
      if (maker.isNewWith(row.key, values)) {
        if (group !== null) {
          group.given = ++given;
          closed.push(group);
          if (rows.length + closed.length === wanted) {
            await finish();
            return pageUpTo(group.last);
          }
        }
        if (!isSameKey(row.key, key)) {
          key = row.key;
          given = 0;
        }
        const isWanted = given < limits.perPartition;
        group = isWanted
          ? {
              instances: plan.nodes.map((node) => bulkInstance(node, bind)),
              waiting: [],
              first: row.cells,
              last: row,
              given: 0,
            }
          : null;
      }
      if (group === null) continue;
      group.waiting.push(row.cells);
      group.last = row;
    }
    await finish();
    if (group !== null) await addWaiting(group);
  }
  if (group !== null) {
    closed.push(group);
    given++;
  }
  await finish();
  if (ordered !== null) return { rows: ordered.sorted(limits.remaining), next: null };
  return group !== null && rows.length === wanted ? pageUpTo(group.last) : { rows, next: null };
}

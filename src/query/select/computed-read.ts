// Reads of one partition whose rows the addon has read, without JavaScript, and whose answer is computed here: filters, functions, JSON.
import { eachRow, noLimit } from '../../storage/index.js';
import type { ReadRows, RowsResult } from '../api.js';
import type { BindContext } from '../terms/term.js';
import { limitOf } from './limits.js';
import { resultRow } from './row-sink.js';
import type { SelectPlan } from './select-plan.js';

/** Whether the answer is made of the rows of one partition one by one. That they are of one partition is not looked at. */
export function canComputeRead(plan: SelectPlan): boolean {
  const isOther = plan.isAggregate || plan.grouping !== null || plan.ordering !== null || plan.ann !== null;
  const isSearched = plan.searches.length > 0 || plan.rankings.length > 0;
  return !isOther && !isSearched && !plan.callsUser && !plan.table.virtual && plan.perPartitionLimit === null;
}

/**
 * The result of a read of the columns `plan.fetched`. Null when more pages follow, which this does not make.
 * @param pageSize  0 for no paging
 * @throws FerrosaError INVALID for bound values that do not do
 */
export function computeRead(
  plan: SelectPlan,
  bind: BindContext,
  pageSize: number,
  { rowCount, rows: read }: ReadRows,
): RowsResult | null {
  const limit = limitOf(plan.limit, bind);
  for (const check of plan.checks) check(bind);
  const matches = plan.filter?.bind(bind) ?? null;
  const remaining = plan.table.clustering.length === 0 ? 1 : limit;
  const wanted = pageSize > 0 ? Math.min(remaining, pageSize) : remaining;
  const rows: Uint8Array[] = [];
  eachRow({ rowCount, rows: read }, plan.fetched.length, false, (_, cells) => {
    if (rows.length < wanted && (matches === null || matches(cells))) rows.push(resultRow(plan, cells, bind));
  });
  if (rows.length === wanted && wanted < remaining && wanted !== noLimit) return null;
  return { kind: 'rows', columns: plan.resultColumns, rowCount: rows.length, rows, pagingState: null };
}

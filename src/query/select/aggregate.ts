// Aggregates over all rows, and GROUP BY.
import { noLimit } from '../../storage/index.js';
import type { NodeInstance, SelectionNode } from '../selection/node.js';
import type { BindContext } from '../terms/term.js';
import { GroupMaker } from './grouping.js';
import { isSameKey, keyOfState, type PagingState } from './paging-state.js';
import { PostOrdered } from './post-ordering.js';
import { encodeRow } from './row-sink.js';
import type { SelectPlan } from './select-plan.js';
import { type Limits, type ResultPage, type RowPages, type SourceRow, stateAfterRow } from './types.js';

/**
 * The one row of aggregates over everything, also when there was nothing.
 * @param nodes  the selected items over what `source` gives: rows, or folds of rows
 */
export async function aggregateRows(
  plan: SelectPlan,
  nodes: readonly SelectionNode[],
  source: RowPages<Pick<SourceRow, 'cells'>>,
  bind: BindContext,
): Promise<ResultPage> {
  const instances = nodes.map((node) => node.instance(bind));
  while (!source.done) for (const row of await source.next()) for (const instance of instances) instance.add(row.cells);
  const row = encodeRow(
    plan,
    instances.map((instance) => instance.output()),
  );
  return { rows: [row], next: null };
}

type Group = {
  readonly instances: readonly NodeInstance[];
  /** What ORDER BY sorts the group by: of its first row. */
  readonly order: readonly (Uint8Array | null)[];
  last: SourceRow;
};

/** One row a group. A page ends after a whole group; the state points at the group's last row. */
export async function groupRows(
  plan: SelectPlan,
  source: RowPages,
  bind: BindContext,
  state: PagingState | null,
  limits: Limits,
): Promise<ResultPage> {
  // What is sorted has no pages.
  const ordered = plan.ordering === null ? null : new PostOrdered<Uint8Array>(plan.ordering);
  const wanted = ordered === null ? Math.min(limits.remaining, limits.pageSize) : noLimit;
  const maker = new GroupMaker(plan.grouping!, bind);
  const rows: Uint8Array[] = [];
  let group: Group | null = null;
  let given = state?.givenInPartition ?? 0;
  let key = keyOfState(state);
  const close = (closed: Group) => {
    const row = encodeRow(
      plan,
      closed.instances.map((instance) => instance.output()),
    );
    if (ordered === null) rows.push(row);
    else ordered.add(closed.order, row);
    given++;
  };
  const pageUpTo = (last: SourceRow): ResultPage => {
    const isLast = rows.length === limits.remaining;
    return { rows, next: isLast ? null : stateAfterRow(plan, limits, rows.length, last, given) };
  };
  while (!source.done)
    for (const row of await source.next()) {
      // Nobody asks what is beyond the limit of a partition: its values may be none that a function of the grouping takes.
      if (group === null && given >= limits.perPartition && isSameKey(row.key, key)) continue;
      if (!maker.isNew(row.key, row.cells)) {
        if (group === null) continue;
        for (const instance of group.instances) instance.add(row.cells);
        group.last = row;
        continue;
      }
      if (group !== null) {
        close(group);
        if (rows.length === wanted) return pageUpTo(group.last);
      }
      if (!isSameKey(row.key, key)) {
        key = row.key;
        given = 0;
      }
      if (given >= limits.perPartition) {
        group = null;
        continue;
      }
      const instances = plan.nodes.map((node) => node.instance(bind));
      for (const instance of instances) instance.add(row.cells);
      group = { instances, order: ordered?.valuesOf(row.cells) ?? [], last: row };
    }
  if (group !== null) close(group);
  if (ordered !== null) return { rows: ordered.sorted(limits.remaining), next: null };
  return group !== null && rows.length === wanted ? pageUpTo(group.last) : { rows, next: null };
}

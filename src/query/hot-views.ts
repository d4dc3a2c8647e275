// Which materialized views the addon can keep by itself: those of whole rows that only ask for what their keys are made of, with simple columns.
import type { ColumnDefinition, TableDefinition } from '../schema/index.js';
import { isMulticell } from '../types/index.js';
import type { HotView, HotViewKey } from './hot-terms.js';
import { tableIdBytes } from './write/mutations.js';
import type { WritePlan } from './write/write-plan.js';

const sources = { partitionKey: 0, clustering: 1, value: 2 } as const;

/** As many as kHotViewsMax of native/core/limits.h. */
const viewsMax = 64;

/** The views that follow a write; null when one of them is JavaScript's, or what the write is. */
export function hotViews(plan: WritePlan): HotView[] | null {
  const { table, views, restrictions } = plan;
  if (views.length === 0) return [];
  const hasRow = restrictions.hasClustering || table.clustering.length === 0;
  const isPlain = hasRow && plan.durable && plan.conditions === null && plan.statics.length === 0;
  if (!isPlain || views.length > viewsMax || !views.every((view) => isHot(table, view))) return null;
  return views.map((view) => {
    const baseOf = ({ name }: ColumnDefinition) => table.columns.get(name)!;
    const key = (columns: readonly ColumnDefinition[]) => columns.map((column) => keyOf(baseOf(column)));
    return {
      tableId: tableIdBytes(view),
      partitionKey: key(view.partitionKey),
      clustering: key(view.clustering),
      values: view.regulars.map((column) => ({ column: column.id, base: baseOf(column).id })),
    };
  });
}

function isHot(base: TableDefinition, view: TableDefinition): boolean {
  const isSimple = ({ name }: ColumnDefinition) => {
    const { kind, type } = base.columns.get(name)!;
    return kind !== 'static' && !isMulticell(type) && type.kind !== 'counter' && type.kind !== 'empty';
  };
  const asksForValues = view.view!.relations.some((relation) => relation.kind !== 'column' || relation.op !== 'IS NOT');
  return !asksForValues && [...view.columns.values()].every(isSimple);
}

function keyOf({ kind, position, id }: ColumnDefinition): HotViewKey {
  if (kind === 'partition_key') return { source: sources.partitionKey, which: position };
  return kind === 'clustering' ? { source: sources.clustering, which: position } : { source: sources.value, which: id };
}

// Which reads by an index the addon can run: those of one value of one index on a regular column, with nothing else to look at.
import type { IndexTable } from '../index/index.js';
import { type ReadColumn, Selected } from '../storage/index.js';
import type { CqlType } from '../types/index.js';
import type { SelectPlan } from './select/select-plan.js';
import type { Term } from './terms/term.js';

/** Types of which equal values are equal bytes: the addon compares those. */
const comparableTypes: readonly CqlType['kind'][] = [
  ...(['tinyint', 'smallint', 'int', 'bigint', 'timestamp', 'date', 'time'] as const),
  ...(['ascii', 'text', 'blob', 'uuid', 'timeuuid', 'inet'] as const),
];

export type HotIndexRead = {
  readonly index: IndexTable;
  /** The value that is looked for. */
  readonly term: Term;
  /** What is shown. */
  readonly columns: readonly ReadColumn[];
};

/** The read by an index that a statement is; null when it is none, or when more has to be done than the addon does. */
export function hotIndexRead(plan: SelectPlan): HotIndexRead | null {
  const { restrictions, table } = plan;
  const [search] = plan.searches;
  if (search?.kind !== 'leaf' || plan.rankings.length > 0 || plan.ann !== null) return null;
  const computed = plan.isAggregate || plan.grouping !== null || plan.ordering !== null || plan.json !== null;
  if (computed || plan.distinct || table.virtual || plan.perPartitionLimit !== null || plan.masked !== null)
    return null;
  const { others, partitionKey, clustering, token, extras } = restrictions;
  if (others.size !== 1 || !partitionKey.isEmpty || !clustering.isEmpty || token !== null || extras.length > 0)
    return null;
  const { index } = search;
  const { column } = index.target;
  if (column.kind !== 'regular' || !comparableTypes.includes(column.type.kind)) return null;
  const plain = index.kind === 'legacy' || index.kind === 'sai' || index.kind === 'btree';
  if (!plain || index.needsRow || index.analyzer !== null || index.termCount !== 1) return null;
  const [restriction] = others.all;
  if (restriction?.kind !== 'eq' || restriction.multi || !('single' in restriction.term)) return null;
  const columns = plan.nodes.map((node) => node.direct);
  if (columns.some((one) => one === null || one.what === Selected.paths)) return null;
  return { index, term: restriction.term.single, columns: columns as ReadColumn[] };
}

// Which conditional writes the addon can decide by itself: those that ask about one row, by existence or by simple columns.
import { type ReadColumn, Selected } from '../storage/index.js';
import { isMulticell } from '../types/index.js';
import { appliedColumns, notAppliedColumns, shownColumns } from './cas/cas-result.js';
import { columnsOf } from './cas/execute.js';
import { type HotConditions, type HotTerms, hotTargets, isHotType } from './hot-terms.js';
import { ConstantTerm } from './terms/term.js';
import type { ConditionPlan } from './write/conditions.js';
import type { WritePlan } from './write/write-plan.js';

const modes = { exists: 1, notExists: 2, columns: 3 } as const;
const comparisons = new Map<ConditionPlan['op'], number>([
  ['=', 0],
  ['!=', 1],
  ['<', 2],
  ['<=', 3],
  ['>', 4],
  ['>=', 5],
]);

/** Adds the values of the conditions to `terms`. Null for conditions that are JavaScript's. */
export function addConditions(terms: HotTerms, plan: WritePlan): HotConditions | null {
  const { conditions, table, restrictions } = plan;
  const hasRow = restrictions.hasClustering || table.clustering.length === 0;
  if (conditions === null || !hasRow || plan.statics.length > 0 || plan.attributes.timestamp !== null) return null;
  // Static columns are shown when the statement writes them, which needs a second read.
  if (table.isCounter || (conditions.kind !== 'columns' && table.statics.length > 0)) return null;
  if (!conditions.columns.every((condition, i) => addCondition(terms, condition, i))) return null;
  const shown = shownColumns(table, columnsOf(plan));
  const written = shown.filter(({ kind }) => kind === 'regular');
  return {
    mode: modes[conditions.kind],
    comparisons: conditions.columns.map(({ op, column }) => ({ comparison: comparisons.get(op)!, column })),
    shown: shown.map((column): ReadColumn => {
      if (column.kind === 'partition_key') return { what: Selected.partitionKey, which: column.position };
      if (column.kind === 'clustering') return { what: Selected.clustering, which: column.position };
      return { what: Selected.value, which: column.id };
    }),
    times: written.map(({ id, type }) => ({
      what: isMulticell(type) ? Selected.maxWritetime : Selected.writetime,
      which: id,
    })),
    applied: appliedColumns(table),
    notApplied: notAppliedColumns(table, shown),
  };
}

function addCondition(terms: HotTerms, condition: ConditionPlan, which: number): boolean {
  const { column, op, values } = condition;
  const { type } = column;
  const [term] = values;
  if (condition.element !== null || condition.field >= 0 || condition.inMarker || !comparisons.has(op)) return false;
  const isSimple = isHotType(type) && type.kind !== 'list' && type.kind !== 'set' && type.kind !== 'map';
  if (column.kind !== 'regular' || !isSimple || term === undefined || values.length !== 1) return false;
  // What cannot be compared with nothing is an error, which JavaScript tells.
  if (term instanceof ConstantTerm && !(term.value instanceof Uint8Array) && op !== '=' && op !== '!=') return false;
  return terms.add(term, hotTargets.condition, which, type);
}

// Result rows from cells: in the wire's encoding, or as one JSON text each.
import { quoteJson, toJson } from '../../types/index.js';
import type { BindContext } from '../terms/term.js';
import { packCells } from '../values.js';
import type { SelectPlan } from './select-plan.js';

type Cells = readonly (Uint8Array | null)[];

/** Computes the result row of one row that was read. */
export function resultRow(plan: SelectPlan, cells: Cells, bind: BindContext): Uint8Array {
  return encodeRow(
    plan,
    plan.nodes.map((node) => node.evaluate(cells, bind)),
  );
}

/** Encodes the values of the selected items. */
export function encodeRow(plan: SelectPlan, values: Cells): Uint8Array {
  if (plan.json === null) return packCells(values);
  const names = memberNames(plan, plan.json);
  let text = '{';
  for (let i = 0; i < names.length; i++) text += `${names[i]!}${toJson(plan.nodes[i]!.type, values[i]!)}`;
  return packCells([Buffer.from(`${text}}`)]);
}

/** What stands before each value, made once a plan. */
const memberNamesOf = new WeakMap<SelectPlan, readonly string[]>();

function memberNames(plan: SelectPlan, names: readonly string[]): readonly string[] {
  let known = memberNamesOf.get(plan);
  if (known === undefined) {
    const quoted = names.map((name) => quoteJson(name === name.toLowerCase() ? name : `"${name}"`));
    known = quoted.map((name, i) => `${i === 0 ? '' : ', '}${name}: `);
    memberNamesOf.set(plan, known);
  }
  return known;
}

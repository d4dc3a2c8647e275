// Result rows from cells: in the wire's encoding, or as one JSON text each.
import { utf8Bytes } from '../../common/bytes.js';
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
  const members = plan.nodes.map((node, i) => {
    const name = plan.json![i]!;
    const quoted = quoteJson(name === name.toLowerCase() ? name : `"${name}"`);
    const value = values[i]!;
    return `${quoted}: ${value === null ? 'null' : toJson(node.type, value)}`;
  });
  return packCells([utf8Bytes(`{${members.join(', ')}}`)]);
}

// getguardrailsconfig as nodetool prints it.
import type { Guardrail } from '../http/index.js';
import { CtlError } from './ctl-client.js';
import { formatTable } from './ctl-format.js';

const categories: Readonly<Record<string, Guardrail['kind']>> = {
  thresholds: 'threshold',
  flags: 'flag',
  values: 'values',
};

/** @throws CtlError for a name or category that there is not */
export function selectGuardrails(
  all: readonly Guardrail[],
  name: string | null,
  category: string | null,
): readonly Guardrail[] {
  if (name !== null && category !== null)
    throw new CtlError('Do not specify additional arguments when --category/-c is set.');
  if (category !== null) {
    const kind = categories[category];
    if (kind === undefined) throw new CtlError(`'${category}' is none of ${Object.keys(categories).join(', ')}`);
    return all.filter((one) => one.kind === kind);
  }
  if (name === null) return all;
  const found = all.filter((one) => one.name === name || one.settings.includes(name));
  if (found.length === 0) throw new CtlError(`Guardrail ${name} not found.`);
  return found;
}

/** @param alone  one was asked for: only its value is printed */
export function formatGuardrails(guardrails: readonly Guardrail[], expand: boolean, alone: boolean): string {
  const rows = guardrails.flatMap(({ name, settings, values }) =>
    expand
      ? settings.map((setting, i) => [setting, values[i]!])
      : [[name, values.length === 1 ? values[0]! : `[${values.join(', ')}]`]],
  );
  return alone && rows.length === 1 ? rows[0]![1]! : formatTable(rows);
}

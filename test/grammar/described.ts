// A keyspace as a server tells it: the text of DESCRIBE, and the rows of system_schema.
import { show, type Target } from '../diff/outcome.js';

const line = (cql: string) => ({ number: 0, cql, mode: 'exact', pageSize: 0, binds: null }) as const;

/** The statements of DESCRIBE, one a row. */
export async function describe(target: Target, keyspace: string, internals: boolean): Promise<string[]> {
  const outcome = await target.run(line(`DESCRIBE KEYSPACE ${keyspace}${internals ? ' WITH INTERNALS' : ''}`));
  if ('code' in outcome) throw new Error(`${target.name}: ${show(outcome)}`);
  return outcome.rows.map((row) => Buffer.from(row.split(' ')[3]!, 'hex').toString());
}

/** The same without what no two servers have in common: table ids and the time of a drop. */
export const plain = (text: string): string =>
  text.replace(/ID = [0-9a-f-]{36}/g, 'ID').replace(/USING TIMESTAMP \d{10,}/g, 'USING TIMESTAMP');

/**
 * A description in which dropped columns have one order (WITH INTERNALS shows them): Cassandra's is that of a hash table, and hangs on which
 * was dropped first (reason 4 of docs/differences.md).
 */
export function ordered(text: string): string {
  if (!/^ALTER TABLE \S+ DROP /m.test(text)) return text;
  const lines = text.split('\n').map((line) => line.replace(/,$/, '')); // the last of the columns has none
  return lines.sort().join('\n');
}

const schemaTables = [
  'keyspaces',
  'types',
  'tables',
  'columns',
  'column_masks',
  'dropped_columns',
  'indexes',
  'views',
  'functions',
  'aggregates',
  'triggers',
];
/** Columns that say which table this is, and when something was dropped, rather than what it is. */
const identities = new Set(['id', 'base_table_id', 'dropped_time']);

/** Rows of system_schema; with their ids and times of drops, or without them and what was dropped. */
export async function schemaRows(target: Target, keyspace: string, exact: boolean): Promise<string[]> {
  const out: string[] = [];
  for (const table of exact ? schemaTables : schemaTables.filter((name) => name !== 'dropped_columns')) {
    const outcome = await target.run(line(`SELECT * FROM system_schema.${table} WHERE keyspace_name = '${keyspace}'`));
    if ('code' in outcome) throw new Error(`${target.name}: ${show(outcome)}`);
    const names = outcome.columns.map((column) => column.split(' ')[0]!);
    for (const row of outcome.rows) {
      const cells = row.split(' ').map((cell, i) => [names[i]!, cell] as const);
      const kept = cells.filter(([name]) => exact || !identities.has(name));
      out.push(`${table}\n${kept.map(([name, cell]) => `${name} ${readable(cell)}`).join('\n')}`);
    }
  }
  return out;
}

function readable(cell: string): string {
  const text = Buffer.from(cell, 'hex').toString('latin1');
  return /^[\x20-\x7e]+$/.test(text) ? `'${text}'` : cell;
}

/** The first lines in which two lists of texts differ, or null. */
export function firstDifference(a: readonly string[], b: readonly string[]): string | null {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [left, right] = [(a[i] ?? '').split('\n'), (b[i] ?? '').split('\n')];
    for (let n = 0; n < Math.max(left.length, right.length); n++)
      if (left[n] !== right[n]) return `    ${left[0]}\n    ${left[n]}\n    ${right[n]}`;
  }
  return null;
}

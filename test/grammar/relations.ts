// WHERE clauses: of reads by key, by range, by token and by filter, and of writes.
import { list, type Node } from './node.js';
import type { Random } from './random.js';
import { type GenColumn, type GenTable, type GenType, native, ofKind } from './schema.js';
import { partitionNames } from './selectors.js';
import { term, value } from './values.js';

const comparisons = ['<', '<=', '>', '>='] as const;

function inList(r: Random, type: GenType, few: boolean): string {
  return `(${r.times(r.chance(95) ? 1 : 0, 3, () => term(r, type, few)).join(', ')})`;
}

export function equality(r: Random, column: GenColumn): string {
  return `${column.name} = ${term(r, column.type, true)}`;
}

/** Relations on the whole partition key. */
function partition(r: Random, table: GenTable, percentIn: number): Node[] {
  return ofKind(table, 'partition').map((column) =>
    r.chance(percentIn) ? `${column.name} IN ${inList(r, column.type, true)}` : equality(r, column),
  );
}

function tokenRange(r: Random, table: GenTable): Node[] {
  const keys = partitionNames(table);
  const values = ofKind(table, 'partition').map(({ type }) => value(r, type, true).cql);
  const right = (): string =>
    r.chance(60) ? `token(${values.join(', ')})` : r.pick(['0', '-9223372036854775808', '4611686018427387904']);
  const out: Node[] = [`token(${keys}) ${r.pick([...comparisons, '='])} ${right()}`];
  if (r.chance(30)) out.push(`token(${keys}) ${r.pick(comparisons)} ${right()}`);
  return out;
}

function tupleOf(r: Random, columns: readonly GenColumn[]): string {
  return `(${columns.map(({ type }) => term(r, type, true)).join(', ')})`;
}

function multiColumn(r: Random, columns: readonly GenColumn[]): Node[] {
  const names = `(${columns.map(({ name }) => name).join(', ')})`;
  if (r.chance(25)) return [`${names} IN (${r.times(1, 3, () => tupleOf(r, columns)).join(', ')})`];
  if (r.chance(20)) return [`${names} = ${tupleOf(r, columns)}`];
  const upTo = columns.slice(0, r.between(1, columns.length));
  const out: Node[] = [`${names} ${r.pick(['>', '>='])} ${tupleOf(r, columns)}`];
  if (r.chance(40)) out.push(`(${upTo.map(({ name }) => name).join(', ')}) ${r.pick(['<', '<='])} ${tupleOf(r, upTo)}`);
  return out;
}

/** Relations on a prefix of the clustering columns. `upTo` of them at most. */
function clustering(r: Random, table: GenTable, ranges: boolean): Node[] {
  const columns = ofKind(table, 'clustering');
  const out: Node[] = [];
  if (columns.length === 0) return out;
  const fixed = r.between(0, columns.length);
  for (const column of columns.slice(0, fixed))
    out.push(ranges && r.chance(12) ? `${column.name} IN ${inList(r, column.type, true)}` : equality(r, column));
  const rest = columns.slice(fixed);
  if (!ranges || rest.length === 0) return out;
  if (rest.length > 1 && r.chance(35)) return [...out, ...multiColumn(r, rest)];
  if (fixed === 0 && columns.length > 1 && r.chance(20)) return multiColumn(r, columns);
  const next = rest[0]!;
  if (r.chance(70)) {
    out.push(`${next.name} ${r.pick(comparisons)} ${term(r, next.type, true)}`);
    if (r.chance(35)) out.push(`${next.name} ${r.pick(comparisons)} ${term(r, next.type, true)}`);
  }
  return out;
}

/** A relation that needs filtering, on any column. */
function filter(r: Random, table: GenTable): string {
  const column = r.pick(table.columns);
  const { name, type } = column;
  if (type.kind === 'map' && r.chance(80)) {
    if (r.chance(35)) return `${name} CONTAINS ${term(r, type.value)}`;
    if (r.chance(50)) return `${name} CONTAINS KEY ${term(r, type.key)}`;
    return `${name}[${term(r, type.key)}] = ${term(r, type.value)}`;
  }
  if ((type.kind === 'list' || type.kind === 'set') && r.chance(80)) return `${name} CONTAINS ${term(r, type.element)}`;
  if (type.kind === 'udt' && r.chance(30)) return `${name}.${r.pick(type.type.fields).name} = 1`;
  if (r.chance(12)) return `${name} IN ${inList(r, type, false)}`;
  if (r.chance(3)) return `${name} != ${term(r, type)}`;
  if (r.chance(2)) return `${name} IS NOT NULL`;
  if (r.chance(2)) return `${name} LIKE 'a%'`;
  return `${name} ${r.pick([...comparisons, '=', '=', '='])} ${term(r, type)}`;
}

export type Where = { readonly relations: Node[]; readonly filtering: boolean };

/** The restrictions of a SELECT. */
export function selectWhere(r: Random, table: GenTable): Where {
  const kind = r.below(100);
  const filters = (): Node[] => r.times(1, 2, () => filter(r, table));
  if (kind < 12) return { relations: [], filtering: false };
  if (kind < 50) return { relations: [...partition(r, table, 12), ...clustering(r, table, true)], filtering: false };
  if (kind < 60)
    return { relations: [...partition(r, table, 5), ...clustering(r, table, true), ...filters()], filtering: true };
  if (kind < 70) return { relations: tokenRange(r, table), filtering: false };
  if (kind < 75) return { relations: [...tokenRange(r, table), ...filters()], filtering: true };
  if (kind < 90) return { relations: filters(), filtering: true };
  if (kind < 95) return { relations: clustering(r, table, true), filtering: true };
  return {
    relations: r.shuffled([...partition(r, table, 20), ...clustering(r, table, true), ...filters()]).slice(0, 3),
    filtering: true,
  };
}

/** The key of a row, or of its partition alone. */
export function rowKey(r: Random, table: GenTable, partitionOnly: boolean, percentIn: number): Node[] {
  const out = partition(r, table, percentIn);
  if (partitionOnly) return out;
  for (const column of ofKind(table, 'clustering'))
    out.push(r.chance(percentIn) ? `${column.name} IN ${inList(r, column.type, true)}` : equality(r, column));
  return out;
}

/** What DELETE takes: a partition, a range of rows, a row. */
export function deleteWhere(r: Random, table: GenTable): Node[] {
  return [...partition(r, table, 8), ...clustering(r, table, true)];
}

export const where = (relations: readonly Node[], min = 0): Node => list(relations, ' AND ', min, ' WHERE ');
export const limitTerm = (r: Random): string => (r.chance(94) ? String(r.between(1, 6)) : term(r, native('int')));

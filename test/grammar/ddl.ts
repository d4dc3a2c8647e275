// Changes of a table and of the types it uses, valid and broken, each with the table as it is afterwards.
import { list, maybe, type Node, seq } from './node.js';
import { brokenOption, quietOptions } from './options.js';
import type { Random } from './random.js';
import { type GenColumn, type GenTable, innerType, native, ofKind, typeText } from './schema.js';

export type Change = { readonly node: Node; readonly table: GenTable };

const spareNames = ['a1', 'b2', '"C 3"', 'd4', 'ttl', 'key'];

function addColumn(r: Random, table: GenTable): Change {
  const name = r.pick(spareNames);
  const isStatic = r.chance(15);
  const type = table.counter && r.chance(80) ? native('counter') : innerType(r, table.types, 2, false);
  const taken = table.columns.some((column) => column.name === name);
  const fits = table.counter === (type.kind === 'native' && type.name === 'counter');
  const allowed = !isStatic || ofKind(table, 'clustering').length > 0;
  const column: GenColumn = { name, type, kind: isStatic ? 'static' : 'regular', descending: false };
  const node = seq(
    `ALTER TABLE ${table.name} ADD `,
    r.chance(10) ? maybe('IF NOT EXISTS ') : '',
    `${name} ${typeText(type)}${isStatic ? ' static' : ''}`,
  );
  return { node, table: taken || !fits || !allowed ? table : { ...table, columns: [...table.columns, column] } };
}

function dropColumn(r: Random, table: GenTable): Change {
  const others = table.columns.filter(({ kind }) => kind === 'regular' || kind === 'static');
  const column = others.length === 0 || r.chance(10) ? r.pick(table.columns) : r.pick(others);
  const node = seq(`ALTER TABLE ${table.name} DROP `, r.chance(10) ? maybe('IF EXISTS ') : '', column.name);
  const stays =
    column.kind === 'partition' || column.kind === 'clustering' || (column.type.kind === 'udt' && !column.type.frozen);
  return { node, table: stays ? table : { ...table, columns: table.columns.filter((one) => one !== column) } };
}

function rename(r: Random, table: GenTable): Change {
  const from = r.chance(85) ? r.pick(table.columns.filter(({ kind }) => kind !== 'regular')) : r.pick(table.columns);
  const to = r.chance(80) ? `r${r.below(1000)}` : r.pick(table.columns).name;
  const isKey = from.kind === 'partition' || from.kind === 'clustering';
  const free = !table.columns.some(({ name }) => name === to);
  const columns = table.columns.map((column) => (column === from ? { ...column, name: to } : column));
  const node = `ALTER TABLE ${table.name} RENAME ${from.name} TO ${to}`;
  return { node, table: isKey && free ? { ...table, columns } : table };
}

function options(r: Random, table: GenTable): Change {
  const chosen = quietOptions(r).filter((option) => !/min_index|max_index/.test(option));
  if (chosen.length === 0 || r.chance(15)) chosen.push(brokenOption(r));
  return { node: seq(`ALTER TABLE ${table.name}`, list(chosen, ' AND ', 1, ' WITH ')), table };
}

/** Statements that fail, or change nothing that rows show. */
function other(r: Random, table: GenTable): Change {
  const { name } = table;
  const type = table.types[0]?.name ?? `${name}_none`;
  const node = r.pick([
    `ALTER TABLE ${name} ALTER ${r.pick(table.columns).name} TYPE ${r.pick(['int', 'blob'])}`,
    `ALTER TABLE ${name} DROP COMPACT STORAGE`,
    `CREATE TABLE ${name} (k int PRIMARY KEY)`,
    `CREATE TABLE IF NOT EXISTS ${name} (k int PRIMARY KEY)`,
    `DROP TABLE ${name}_none`,
    `DROP TABLE IF EXISTS ${name}_none`,
    `DROP TYPE ${type}`,
    `ALTER TYPE ${type} RENAME nope TO x`,
    `ALTER TYPE ${type} ADD f0 int`,
    `CREATE TYPE ${type} (a int)`,
    `CREATE TYPE IF NOT EXISTS ${type} (a int)`,
    `CREATE TABLE ${name}_b (k ${r.pick(['list<int>', 'counter', 'duration', 'nope', 'frozen<int>', 'vector<int, 0>'])} PRIMARY KEY)`,
    `CREATE TABLE ${name}_b (k int, c int, PRIMARY KEY (k, c)) WITH ${brokenOption(r)}`,
    `CREATE TABLE ${name}_b (k int, c int static, PRIMARY KEY (k))`,
    `CREATE TABLE ${name}_b (k int PRIMARY KEY, v counter, w int)`,
    `DESCRIBE TABLE ${name}_none`,
  ]);
  return { node, table };
}

/** One change and the table after it. */
export function change(r: Random, table: GenTable): Change {
  return r.pick([addColumn, addColumn, dropColumn, rename, options, options, other, other])(r, table);
}

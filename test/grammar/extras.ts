// What a schema has beside tables and types: options of its keyspace, masks of columns, indexes, views.
import type { Random } from './random.js';
import { type GenColumn, type GenTable, isMulticell, ofKind, typeText } from './schema.js';

/** Options of a keyspace, behind WITH. */
export function keyspaceOptions(r: Random): string {
  const replication = r.pick([
    "{'class': 'SimpleStrategy', 'replication_factor': 1}",
    "{'class': 'SimpleStrategy', 'replication_factor': '3'}",
    "{'class': 'NetworkTopologyStrategy', 'datacenter1': 1}",
    "{'class': 'NetworkTopologyStrategy', 'replication_factor': 2}",
    "{'class': 'org.apache.cassandra.locator.NetworkTopologyStrategy', 'datacenter1': '2'}",
  ]);
  return `replication = ${replication}${r.chance(30) ? ` AND durable_writes = ${r.pick(['true', 'false'])}` : ''}`;
}

const textMasks = [
  'mask_inner(1, 2)',
  "mask_inner(null, 1, '#')",
  'mask_outer(2, null)',
  "mask_outer(0, 1, 'x')",
  // Not with a quote in it: Cassandra takes the value without its quotes for the statement, and fails.
  "mask_replace('its')",
];

/** `ALTER TABLE ... MASKED WITH` for some columns. */
export function masks(r: Random, table: GenTable): string[] {
  return r.some(table.columns, 0).map(({ name, type }) => {
    const isText = type.kind === 'native' && (type.name === 'text' || type.name === 'ascii');
    const mask = r.pick([
      'DEFAULT',
      'mask_default()',
      'mask_null()',
      "mask_hash('SHA-512')",
      ...(isText ? textMasks : []),
    ]);
    return `ALTER TABLE ${table.name} ALTER ${name} MASKED WITH ${mask}`;
  });
}

/** What an index is on: the column, or a part of its collections. */
function indexTarget(r: Random, { name, type }: GenColumn): string {
  if (type.kind === 'map' && isMulticell(type)) return r.pick([`keys(${name})`, `values(${name})`, `entries(${name})`]);
  if ('frozen' in type && type.frozen && type.kind !== 'udt') return r.pick([`full(${name})`, `full(${name})`, name]);
  return r.chance(5) ? `values(${name})` : name;
}

function saiOptions(r: Random, { type }: GenColumn): string {
  if (type.kind === 'vector' && r.chance(70))
    return ` WITH OPTIONS = {'similarity_function': '${r.pick(['cosine', 'dot_product', 'EUCLIDEAN'])}'}`;
  const isText = type.kind === 'native' && (type.name === 'text' || type.name === 'ascii');
  if (!isText || r.chance(40)) return '';
  const options = r.some(["'case_sensitive': 'false'", "'normalize': 'true'", "'ascii': 'true'"], 1);
  return ` WITH OPTIONS = {${options.join(', ')}}`;
}

/** Ferrosa refuses `sai` on them (reason 12 of docs/differences.md). */
function hasVectors({ type }: GenColumn): boolean {
  if (type.kind === 'list' || type.kind === 'set') return type.element.kind === 'vector';
  return type.kind === 'map' && [type.key, type.value].some(({ kind }) => kind === 'vector');
}

/** An index that may be valid. */
export function index(r: Random, table: GenTable, number: number): string {
  const column = r.pick(table.columns);
  const name = r.pick(['', `${table.name}_i${number} `, `"${table.name} I${number}" `]);
  const on = `ON ${table.name} (${indexTarget(r, column)})`;
  if (r.chance(45) || hasVectors(column))
    return `CREATE INDEX ${name}${on}${r.chance(30) ? " USING 'legacy_local_table'" : ''}`;
  if (r.chance(75)) return `CREATE INDEX ${name}${on} USING 'sai'${saiOptions(r, column)}`;
  const className = r.pick(['StorageAttachedIndex', 'org.apache.cassandra.index.sai.StorageAttachedIndex']);
  return `CREATE CUSTOM INDEX ${name}${on} USING '${className}'${saiOptions(r, column)}`;
}

/** A view of the table with all or some of its columns, and another key. */
export function view(r: Random, table: GenTable, name: string, options: string): string {
  const keys = [...ofKind(table, 'partition'), ...ofKind(table, 'clustering')];
  const others = ofKind(table, 'regular');
  const added = others.length > 0 && r.chance(60) ? [r.pick(others)] : [];
  const viewKeys = r.shuffled([...keys, ...added]);
  const partition = viewKeys.slice(0, r.chance(25) ? 2 : 1).map((column) => column.name);
  const clustering = viewKeys.slice(partition.length).map((column) => column.name);
  const selected = r.chance(40)
    ? '*'
    : [...viewKeys, ...r.some(others, 0).filter((column) => !viewKeys.includes(column))]
        .map((column) => column.name)
        .join(', ');
  const notNull = viewKeys.map((column) => `${column.name} IS NOT NULL`).join(' AND ');
  const order = clustering.map((column) => `${column} ${r.pick(['ASC', 'DESC'])}`).join(', ');
  const parts = [order === '' || r.chance(50) ? '' : `CLUSTERING ORDER BY (${order})`, options].filter(Boolean);
  return (
    `CREATE MATERIALIZED VIEW ${name} AS SELECT ${selected} FROM ${table.name} WHERE ${notNull} ` +
    `PRIMARY KEY (${[`(${partition.join(', ')})`, ...clustering].join(', ')})` +
    (parts.length > 0 ? ` WITH ${parts.join(' AND ')}` : '')
  );
}

/** Changes of a table that leave something behind: dropped and re-added columns, other names. */
export function alterations(r: Random, table: GenTable): string[] {
  const out: string[] = [];
  const others = [...ofKind(table, 'regular'), ...ofKind(table, 'static')].filter(
    ({ type }) => type.kind !== 'udt' || type.frozen,
  );
  // A table without a counter is none of counters, when it is made again.
  const chosen = r.some(others, 0).slice(0, table.counter ? Math.min(3, others.length - 1) : 3);
  for (const { name, type, kind } of chosen) {
    out.push(`ALTER TABLE ${table.name} DROP ${name}${r.chance(50) ? ` USING TIMESTAMP ${r.between(1, 99)}` : ''}`);
    if (r.chance(40) && !table.counter)
      out.push(`ALTER TABLE ${table.name} ADD ${name} ${typeText(type)}${kind === 'static' ? ' static' : ''}`);
  }
  if (!table.counter && r.chance(40)) out.push(`ALTER TABLE ${table.name} ADD (n1 int, "N 2" frozen<list<text>>)`);
  if (r.chance(30)) out.push(`ALTER TABLE ${table.name} RENAME k0 TO ${r.pick(['kk', '"K 0"', 'select_'])}`);
  return out;
}

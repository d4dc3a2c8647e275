// Random writes to base tables of materialized views, and what their views must then show.
import assert from 'node:assert/strict';
import type { CqlClient } from './cql-client.js';

const keys = 6;
const clusterings = 5;

/** `base` has what JavaScript keeps views of; views of `flat` and `one`, which is without clustering, are the addon's. */
type Base = 'base' | 'flat' | 'one';

/** With the column of their key that is not of the base's. */
const views: readonly {
  readonly base: Base;
  readonly name: string;
  readonly key: string | null;
  readonly columns: readonly string[];
}[] = [
  { base: 'base', name: 'by_v', key: 'v', columns: ['v', 'k', 'c', 'w', 'l', 'm', 'u'] },
  { base: 'base', name: 'by_c', key: 'c', columns: ['c', 'k', 'v', 'w', 'l', 'm', 'u'] },
  { base: 'base', name: 'by_w', key: 'w', columns: ['w', 'k', 'c'] },
  { base: 'flat', name: 'flat_by_v', key: 'v', columns: ['v', 'k', 'c', 'w', 'x'] },
  { base: 'flat', name: 'flat_by_c', key: null, columns: ['c', 'k', 'v', 'w'] },
  { base: 'flat', name: 'flat_by_w', key: 'w', columns: ['w', 'k', 'c'] },
  { base: 'flat', name: 'flat_by_key', key: null, columns: ['c', 'k', 'v', 'x'] },
  { base: 'one', name: 'one_by_v', key: 'v', columns: ['v', 'k', 'w', 'x'] },
];

export async function createViews(client: CqlClient, keyspace: string): Promise<void> {
  const base = `${keyspace}.base`;
  const flat = `${keyspace}.flat`;
  const one = `${keyspace}.one`;
  const flatKeys = 'k IS NOT NULL AND c IS NOT NULL';
  for (const statement of [
    `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    `CREATE TYPE IF NOT EXISTS ${keyspace}.pair (a int, b text)`,
    `CREATE TABLE IF NOT EXISTS ${base} (k int, c int, s int static, v int, w text, x int, l list<int>, m map<text, int>, ` +
      'u pair, PRIMARY KEY (k, c))',
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${keyspace}.by_v AS SELECT v, k, c, w, l, m, u FROM ${base} ` +
      'WHERE v IS NOT NULL AND k IS NOT NULL AND c IS NOT NULL PRIMARY KEY (v, k, c)',
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${keyspace}.by_c AS SELECT c, k, v, w, l, m, u FROM ${base} ` +
      'WHERE c > 0 AND k IS NOT NULL PRIMARY KEY (c, k) WITH CLUSTERING ORDER BY (k DESC)',
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${keyspace}.by_w AS SELECT w, k, c FROM ${base} ` +
      'WHERE w IS NOT NULL AND k IS NOT NULL AND c IS NOT NULL PRIMARY KEY ((w, k), c)',
    `CREATE TABLE IF NOT EXISTS ${flat} (k int, c int, s int static, v int, w text, x int, PRIMARY KEY (k, c))`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${keyspace}.flat_by_v AS SELECT v, k, c, w, x FROM ${flat} ` +
      `WHERE v IS NOT NULL AND ${flatKeys} PRIMARY KEY (v, k, c)`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${keyspace}.flat_by_c AS SELECT c, k, v, w FROM ${flat} ` +
      `WHERE ${flatKeys} PRIMARY KEY (c, k) WITH CLUSTERING ORDER BY (k DESC)`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${keyspace}.flat_by_w AS SELECT w, k, c FROM ${flat} ` +
      `WHERE w IS NOT NULL AND ${flatKeys} PRIMARY KEY ((w, k), c)`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${keyspace}.flat_by_key AS SELECT c, k, v, x FROM ${flat} ` +
      `WHERE ${flatKeys} PRIMARY KEY ((c, k))`,
    `CREATE TABLE IF NOT EXISTS ${one} (k int PRIMARY KEY, v int, w text, x int)`,
    `CREATE MATERIALIZED VIEW IF NOT EXISTS ${keyspace}.one_by_v AS SELECT v, k, w, x FROM ${one} ` +
      'WHERE v IS NOT NULL AND k IS NOT NULL PRIMARY KEY ((v, k))',
  ])
    await client.query(statement);
}

/** One random write to one of the bases; its timestamp may lie before or after those of others. */
export function randomWrite(random: () => number, keyspace: string): string {
  const part = random();
  if (part < 0.2) return randomWriteOfOne(random, keyspace);
  return randomWriteOf(part < 0.5 ? 'base' : 'flat', random, keyspace);
}

/** The same to the bases whose views are the addon's. @param others  also writes that are JavaScript's all the same */
export function randomFlatWrite(random: () => number, keyspace: string, others: boolean): string {
  if (random() < 0.25) return randomWriteOfOne(random, keyspace);
  return randomWriteOf('flat', random, keyspace, others ? 10 : 8);
}

function randomWriteOfOne(random: () => number, keyspace: string): string {
  const below = (n: number) => Math.floor(random() * n);
  const k = below(keys * 3);
  const stamp = `TIMESTAMP ${1_000 + below(200)}`;
  const using = random() < 0.2 ? `${stamp} AND TTL ${5_000 + below(2) * 4_000}` : stamp;
  const v = random() < 0.15 ? 'null' : below(4);
  const table = `${keyspace}.one`;
  switch (below(5)) {
    case 0:
      return `DELETE FROM ${table} USING ${stamp} WHERE k = ${k}`;
    case 1:
      return `DELETE v FROM ${table} USING ${stamp} WHERE k = ${k}`;
    case 2:
      return `UPDATE ${table} USING ${using} SET v = ${v}, x = ${below(9)} WHERE k = ${k}`;
    default:
      return `INSERT INTO ${table} (k, v, w) VALUES (${k}, ${v}, 'w${below(3)}') USING ${using}`;
  }
}

function randomWriteOf(base: 'base' | 'flat', random: () => number, keyspace: string, kinds = 10): string {
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!;
  const isFlat = base === 'flat';
  const table = `${keyspace}.${base}`;
  const where = `k = ${below(keys)} AND c = ${below(clusterings)}`;
  const stamp = `TIMESTAMP ${1_000 + below(200)}`;
  const using = random() < 0.2 ? `${stamp} AND TTL ${pick([5_000, 9_000])}` : stamp;
  const int = () => (random() < 0.15 ? 'null' : String(below(4)));
  const text = () => (random() < 0.15 ? 'null' : `'w${below(3)}'`);
  const assignments = () => {
    const simple = [`v = ${int()}`, `w = ${text()}`, `x = ${int()}`];
    if (isFlat) return simple.filter(() => random() < 0.4);
    const all = [
      ...simple,
      pick([`l = [${below(9)}, ${below(9)}]`, `l = l + [${below(9)}]`, 'l = null']),
      pick([`m = {'a': ${below(9)}}`, `m['b'] = ${below(9)}`, `m = m - {'a'}`]),
      pick([`u = {a: ${below(9)}, b: 'x'}`, `u.b = 'y${below(3)}'`, 'u = null']),
    ];
    return all.filter(() => random() < 0.4);
  };
  switch (below(kinds)) {
    case 0:
    case 1:
    case 2: {
      const row = `${below(keys)}, ${below(clusterings)}, ${int()}, ${text()}, ${int()}`;
      return `INSERT INTO ${table} (k, c, v, w, x) VALUES (${row}) USING ${using}`;
    }
    case 3:
    case 4:
    case 5: {
      const some = assignments();
      return `UPDATE ${table} USING ${using} SET ${(some.length > 0 ? some : [`v = ${int()}`]).join(', ')} WHERE ${where}`;
    }
    case 6:
      return `DELETE FROM ${table} USING ${stamp} WHERE ${where}`;
    case 7:
      return `DELETE ${pick(isFlat ? ['v', 'w', 'x', 'v, w'] : ['v', 'w', 'l', "m['a']", 'u', 'v, w'])} FROM ${table} USING ${stamp} WHERE ${where}`;
    case 8:
      return random() < 0.5
        ? `DELETE FROM ${table} USING ${stamp} WHERE k = ${below(keys)} AND c > ${below(clusterings)}`
        : `UPDATE ${table} USING ${using} SET s = ${int()} WHERE k = ${below(keys)}`;
    default:
      if (random() < 0.3) return `DELETE FROM ${table} USING ${stamp} WHERE k = ${below(keys)}`;
      return (
        `BEGIN BATCH USING ${stamp} INSERT INTO ${table} (k, c, v) VALUES (${below(keys)}, 1, ${int()}); ` +
        `UPDATE ${table} SET w = ${text()} WHERE ${where}; APPLY BATCH`
      );
  }
}

type Row = Record<string, unknown>;
const shown = (rows: readonly Row[]): string[] =>
  rows.map((row) => JSON.stringify(row, (_key, one: unknown) => (typeof one === 'bigint' ? String(one) : one))).sort();

/**
 * Every view shows what the base shows.
 * @param nowInSeconds  seconds since the epoch at which to look
 */
export async function checkViews(client: CqlClient, keyspace: string, nowInSeconds?: number): Promise<number> {
  const options = nowInSeconds === undefined ? {} : { nowInSeconds };
  const bases = new Map<Base, Row[]>();
  for (const base of ['base', 'flat', 'one'] as const) {
    const all = (await client.query(`SELECT * FROM ${keyspace}.${base}`, [], options)).objects();
    // A partition of nothing but statics gives a row without clustering.
    const rows = all.filter(({ c }) => c !== null);
    bases.set(base, rows);
  }
  for (const { base, name, key, columns } of views) {
    // Of by_c: c > 0.
    const isIn = (row: Row) => key === null || (key === 'c' ? (row['c'] as number) > 0 : row[key] !== null);
    const inView = bases.get(base)!.filter(isIn);
    const expected = inView.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
    const select = `SELECT ${columns.join(', ')} FROM ${keyspace}.${name}`;
    const rows = (await client.query(select, [], options)).objects();
    assert.deepEqual(shown(rows), shown(expected), `${name} differs from its base`);
  }
  return [...bases.values()].flat().length;
}

// Random writes to a base table of materialized views, and what its views must then show.
import assert from 'node:assert/strict';
import type { CqlClient } from './cql-client.js';

const keys = 6;
const clusterings = 5;

/** Views of `base`, with the column of their key that is not of the base's. */
const views = [
  { name: 'by_v', key: 'v', columns: ['v', 'k', 'c', 'w', 'l', 'm', 'u'] },
  { name: 'by_c', key: null, columns: ['c', 'k', 'v', 'w', 'l', 'm', 'u'] },
  { name: 'by_w', key: 'w', columns: ['w', 'k', 'c'] },
] as const;

export async function createViews(client: CqlClient, keyspace: string): Promise<void> {
  const base = `${keyspace}.base`;
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
  ])
    await client.query(statement);
}

/** One random write; its timestamp may lie before or after those of others. */
export function randomWrite(random: () => number, keyspace: string): string {
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!;
  const table = `${keyspace}.base`;
  const where = `k = ${below(keys)} AND c = ${below(clusterings)}`;
  const stamp = `TIMESTAMP ${1_000 + below(200)}`;
  const using = random() < 0.2 ? `${stamp} AND TTL ${pick([5_000, 9_000])}` : stamp;
  const int = () => (random() < 0.15 ? 'null' : String(below(4)));
  const text = () => (random() < 0.15 ? 'null' : `'w${below(3)}'`);
  const assignments = () => {
    const all = [
      `v = ${int()}`,
      `w = ${text()}`,
      `x = ${int()}`,
      pick([`l = [${below(9)}, ${below(9)}]`, `l = l + [${below(9)}]`, 'l = null']),
      pick([`m = {'a': ${below(9)}}`, `m['b'] = ${below(9)}`, `m = m - {'a'}`]),
      pick([`u = {a: ${below(9)}, b: 'x'}`, `u.b = 'y${below(3)}'`, 'u = null']),
    ];
    return all.filter(() => random() < 0.4);
  };
  switch (below(10)) {
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
      return `DELETE ${pick(['v', 'w', 'l', "m['a']", 'u', 'v, w'])} FROM ${table} USING ${stamp} WHERE ${where}`;
    case 8:
      return random() < 0.5
        ? `DELETE FROM ${table} USING ${stamp} WHERE k = ${below(keys)} AND c > ${below(clusterings)}`
        : `UPDATE ${table} USING ${using} SET s = ${int()} WHERE k = ${below(keys)}`;
    default:
      if (random() < 0.3) return `DELETE FROM ${table} USING ${stamp} WHERE k = ${below(keys)}`;
      return (
        `BEGIN BATCH INSERT INTO ${table} (k, c, v) VALUES (${below(keys)}, 1, ${int()}); ` +
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
  const all = (await client.query(`SELECT * FROM ${keyspace}.base`, [], options)).objects();
  // A partition of nothing but statics gives a row without clustering.
  const base = all.filter(({ c }) => c !== null);
  for (const { name, key, columns } of views) {
    const inView = base.filter((row) => (key === null ? (row['c'] as number) > 0 : row[key] !== null));
    const expected = inView.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])));
    const select = `SELECT ${columns.join(', ')} FROM ${keyspace}.${name}`;
    const rows = (await client.query(select, [], options)).objects();
    assert.deepEqual(shown(rows), shown(expected), `${name} differs from its base`);
  }
  return base.length;
}

// A table with an index of every kind, random writes to it, and what its indexes must then find: what a look at every row finds.
import assert from 'node:assert/strict';
import { type CqlClient, CqlError } from './cql-client.js';

export type KindRow = {
  k: number;
  c: number | null;
  st: number | null;
  v: number | null;
  w: string | null;
  a: number | null;
  b: number | null;
  status: string | null;
  name: string | null;
  s: number[] | null;
  body: string | null;
};

const names = ['Smith', 'Smyth', 'Schmidt', 'Jones', 'Johns', 'Robert Fox', 'Rupert Fox', 'Catherine', 'Kathryn'];
/** Names of one sound in Soundex, each with the others. */
const sounds: Readonly<Record<string, readonly string[]>> = {
  Smith: ['Smith', 'Smyth', 'Schmidt'],
  Jones: ['Jones', 'Johns'],
  'Robert Fox': ['Robert Fox', 'Rupert Fox'],
};

/** Name, target and the rest of CREATE INDEX. */
export const kindIndexes: readonly (readonly [string, string, string])[] = [
  ['i_legacy', 'v', ''],
  ['i_sai', 'w', "USING 'sai'"],
  ['i_btree', 'w', "USING 'btree'"],
  ['i_static', 'st', "USING 'btree'"],
  ['i_hash', 'name', "USING 'hash'"],
  ['i_set', 's', "USING 'hash'"],
  ['i_composite', 'a, b', "USING 'composite'"],
  ['i_key', 'c, v', "USING 'composite'"],
  ['i_sound', 'name', "USING 'phonetic' WITH OPTIONS = {'algorithm': 'soundex'}"],
  ['i_text', 'body', "USING 'fulltext' WITH OPTIONS = {'analyzer': 'simple'}"],
  ['i_part', 'v', "WHERE status = 'on'"],
  ['i_part2', 'b, w', "USING 'composite' WHERE a > 1"],
];

export async function createKinds(client: CqlClient, table: string, indexes = kindIndexes): Promise<void> {
  const [keyspace] = table.split('.');
  for (const statement of [
    `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    `CREATE TABLE IF NOT EXISTS ${table} (k int, c int, st int static, v int, w text, a int, b int, status text, name text, ` +
      's set<int>, body text, PRIMARY KEY (k, c))',
  ])
    await client.query(statement);
  await createKindIndexes(client, table, indexes);
}

export async function createKindIndexes(client: CqlClient, table: string, indexes = kindIndexes): Promise<void> {
  for (const [name, target, rest] of indexes)
    await client.query(`CREATE INDEX IF NOT EXISTS ${name} ON ${table} (${target}) ${rest}`);
}

/** A random write; half of them at times of their own, before or after those of others. */
export function randomKindWrite(random: () => number, table: string): string {
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]!;
  const int = (): string => (random() < 0.15 ? 'null' : String(below(4)));
  const text = (): string => (random() < 0.15 ? 'null' : `'w${below(4)}'`);
  const status = (): string => pick(["'on'", "'off'", 'null']);
  const name = (): string => (random() < 0.1 ? 'null' : `'${pick(names)}'`);
  const body = (): string => (random() < 0.15 ? 'null' : `'x${below(4)} x${below(4)} x${below(4)}'`);
  const where = `k = ${below(8)} AND c = ${below(5)}`;
  const stamp = random() < 0.4 ? `TIMESTAMP ${1_000 + below(100)}` : null;
  const ttl = random() < 0.1 ? `TTL ${pick([2, 5_000])}` : null;
  const parts = [stamp, ttl].filter((part) => part !== null);
  const using = parts.length === 0 ? '' : ` USING ${parts.join(' AND ')}`;
  const deleteUsing = stamp === null ? '' : ` USING ${stamp}`;
  const sets = [
    () => `v = ${int()}`,
    () => `w = ${text()}`,
    () => `a = ${int()}`,
    () => `b = ${int()}`,
    () => `status = ${status()}`,
    () => `name = ${name()}`,
    () => `body = ${body()}`,
    () => pick([`s = {${below(4)}, ${below(4)}}`, `s = s + {${below(4)}}`, `s = s - {${below(4)}}`]),
  ];
  const assignments = sets.filter(() => random() < 0.35).map((one) => one());
  switch (below(12)) {
    case 0:
      return `DELETE FROM ${table}${deleteUsing} WHERE ${where}`;
    case 1:
      return `DELETE ${pick(['v', 'a', 'b, w', 'status', 'name', 's'])} FROM ${table}${deleteUsing} WHERE ${where}`;
    case 2:
      return random() < 0.5
        ? `DELETE FROM ${table}${deleteUsing} WHERE k = ${below(8)} AND c > ${below(5)}`
        : `DELETE FROM ${table}${deleteUsing} WHERE k = ${below(8)}`;
    case 3:
      return `UPDATE ${table}${using} SET st = ${int()} WHERE k = ${below(8)}`;
    case 4:
    case 5:
    case 6: {
      const row = [below(8), below(5), int(), text(), int(), int(), status(), name()].join(', ');
      return `INSERT INTO ${table} (k, c, v, w, a, b, status, name) VALUES (${row})${using}`;
    }
    case 7:
      if (stamp !== null || ttl !== null) break;
      return (
        `BEGIN BATCH INSERT INTO ${table} (k, c, a, b) VALUES (${below(8)}, 1, ${int()}, ${int()}); ` +
        `UPDATE ${table} SET v = ${int()}, status = ${status()} WHERE ${where}; APPLY BATCH`
      );
    case 8:
      if (stamp !== null) break;
      return `UPDATE ${table} SET v = ${int()}, status = 'on' WHERE ${where} IF a = ${below(4)}`;
  }
  return `UPDATE ${table}${using} SET ${(assignments.length > 0 ? assignments : [`v = ${int()}`]).join(', ')} WHERE ${where}`;
}

type Question = { readonly index: string; readonly where: string; readonly holds: (row: KindRow) => boolean };

const within = (value: number | null, from: number, to: number): boolean =>
  value !== null && value >= from && value <= to;

/** What is asked, and of which index. */
export function kindQuestions(n: number): Question[] {
  const m = (n + 1) % 4;
  return [
    { index: 'i_legacy', where: `v = ${n}`, holds: ({ v }) => v === n },
    { index: 'i_legacy', where: `v != ${n}`, holds: ({ v }) => v !== null && v !== n },
    { index: 'i_btree', where: `w > 'w${n}'`, holds: ({ w }) => w !== null && w > `w${n}` },
    { index: 'i_btree', where: `w IN ('w${n}', 'w${m}')`, holds: ({ w }) => w === `w${n}` || w === `w${m}` },
    { index: 'i_btree', where: `w >= 'w${n}' AND w < 'w3'`, holds: ({ w }) => w !== null && w >= `w${n}` && w < 'w3' },
    { index: 'i_(sai|btree)', where: `w LIKE 'w${n}%'`, holds: ({ w }) => w === `w${n}` },
    { index: 'i_static', where: `st >= ${n}`, holds: ({ st }) => within(st, n, 9) },
    { index: 'i_hash', where: `name = '${names[n]}'`, holds: ({ name }) => name === names[n] },
    {
      index: 'i_hash',
      where: `name IN ('${names[n]}', '${names[n + 4]}')`,
      holds: ({ name }) => name === names[n] || name === names[n + 4],
    },
    { index: 'i_set', where: `s CONTAINS ${n}`, holds: ({ s }) => !!s?.includes(n) },
    { index: 'i_composite', where: `a = ${n}`, holds: ({ a }) => a === n },
    { index: 'i_composite', where: `a = ${n} AND b = ${m}`, holds: ({ a, b }) => a === n && b === m },
    { index: 'i_composite', where: `a = ${n} AND b < ${m}`, holds: ({ a, b }) => a === n && b !== null && b < m },
    { index: 'i_composite', where: `a >= ${n}`, holds: ({ a }) => within(a, n, 9) },
    { index: 'i_key', where: `c = ${n}`, holds: ({ c }) => c === n },
    { index: 'i_key', where: `c = ${n} AND v > 1`, holds: ({ c, v }) => c === n && v !== null && v > 1 },
    ...Object.entries(sounds).map(([name, alike]) => ({
      index: 'i_sound',
      where: `name SOUNDS LIKE '${name}'`,
      holds: (row: KindRow) => row.name !== null && alike.includes(row.name),
    })),
    {
      index: 'i_part',
      where: `v > ${n} AND status = 'on'`,
      holds: ({ v, status }) => v !== null && v > n && status === 'on',
    },
    {
      index: 'i_part2',
      where: `a > 1 AND b = ${n} AND w > 'w0'`,
      holds: ({ a, b, w }) => a !== null && a > 1 && b === n && w !== null && w > 'w0',
    },
    {
      index: 'i_hash',
      where: `name = '${names[n]}' OR a = ${m} ALLOW FILTERING`,
      holds: ({ name, a }) => name === names[n] || a === m,
    },
  ];
}

const readFailure = 0x1300;

/** Asks again while an index is being built. */
export async function whenBuilt(
  client: CqlClient,
  query: string,
  nowInSeconds: number,
): Promise<Record<string, unknown>[]> {
  for (;;)
    try {
      return (await client.query(query, [], { nowInSeconds })).objects();
    } catch (error) {
      if (!(error instanceof CqlError) || error.code !== readFailure) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

const columns = 'k, c, st, v, w, a, b, status, name, s, body';

/** Full-text searches find what holds the words, in whatever order, and count the texts that there are. */
async function checkTexts(client: CqlClient, table: string, rows: readonly KindRow[], now: number): Promise<void> {
  const idOf = ({ k, c }: Record<string, unknown>): string => `${String(k)}/${String(c)}`;
  for (let n = 0; n < 4; n++) {
    const query = `SELECT k, c FROM ${table} WHERE body = fts_match('x${n}')`;
    const found = (await whenBuilt(client, query, now)).map(idOf).sort();
    const wanted = rows.filter(({ body }) => !!body?.split(' ').includes(`x${n}`)).map(idOf);
    assert.deepEqual(found, wanted.sort(), query);
  }
}

/** Every index finds the rows that a look at all finds, and no others; in their order: now, and when some have expired. */
export async function checkKinds(client: CqlClient, table: string): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  for (const later of [0, 10]) await checkAt(client, table, now + later);
}

/** One moment for both: what expires meanwhile is in both or in neither. @param now  seconds since the epoch */
async function checkAt(client: CqlClient, table: string, now: number): Promise<void> {
  const all = (await client.query(`SELECT ${columns} FROM ${table}`, [], { nowInSeconds: now })).objects() as KindRow[];
  for (let n = 0; n < 3; n++)
    for (const { index, where, holds } of kindQuestions(n)) {
      const wanted = all.filter((row) => (row.c !== null || index === 'i_static') && holds(row));
      assert.deepEqual(await whenBuilt(client, `SELECT ${columns} FROM ${table} WHERE ${where}`, now), wanted, where);
    }
  await checkTexts(client, table, all, now);
}

// AND, OR, LIKE and negations that indexes serve: what they find is what a look at every row finds, whatever was written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CqlClient } from '../support/cql-client.js';
import type { Ferrosa } from '../support/ferrosa.js';
import { connectTo, patient, startNode } from '../support/for-a-test.js';
import { indexedColumns, randomWrite } from '../support/index-workload.js';
import { Prng } from '../support/prng.js';

const seed = Number(process.env['INDEX_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
async function start(): Promise<{ ferrosa: Ferrosa; client: CqlClient }> {
  const ferrosa = await startNode(patient);
  return { ferrosa, client: await connect(ferrosa) };
}

async function connect(ferrosa: Ferrosa): Promise<CqlClient> {
  const client = await connectTo(ferrosa);
  await client.query(
    "CREATE KEYSPACE IF NOT EXISTS ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
  );
  await client.query('USE ks');
  return client;
}

type Row = {
  k: number;
  c: number | null;
  v: number | null;
  w: string | null;
  st: number | null;
  l: number[] | null;
  s: number[] | null;
};
type Question = { readonly where: string; readonly holds: (row: Row) => boolean };

const isNot = (value: unknown, other: unknown): boolean => value !== null && value !== other;

function questions(n: number): Question[] {
  const m = (n + 2) % 5;
  return [
    { where: `v != ${n}`, holds: ({ v }) => isNot(v, n) },
    { where: `v NOT IN (${n}, ${m})`, holds: ({ v }) => isNot(v, n) && v !== m },
    { where: `w != 'w${n}'`, holds: ({ w }) => isNot(w, `w${n}`) },
    { where: `l NOT CONTAINS ${n}`, holds: ({ l }) => l !== null && !l.includes(n) },
    { where: `s NOT CONTAINS ${n}`, holds: ({ s }) => s !== null && !s.includes(n) },
    { where: `st != ${n}`, holds: ({ st }) => isNot(st, n) },
    { where: `w LIKE 'w${n}'`, holds: ({ w }) => w === `w${n}` },
    { where: `w LIKE 'w%'`, holds: ({ w }) => w !== null },
    { where: `w LIKE '%${n}'`, holds: ({ w }) => w === `w${n}` },
    { where: `w LIKE '%w%' AND v = ${n}`, holds: ({ v, w }) => v === n && w !== null },
    { where: `v = ${n} OR v = ${m}`, holds: ({ v }) => v === n || v === m },
    { where: `v = ${n} OR w = 'w${m}'`, holds: ({ v, w }) => v === n || w === `w${m}` },
    { where: `l CONTAINS ${n} OR s CONTAINS ${m}`, holds: ({ l, s }) => !!l?.includes(n) || !!s?.includes(m) },
    { where: `st = ${n} OR v = ${m}`, holds: ({ st, v }) => st === n || v === m },
    {
      where: `(v = ${n} OR w = 'w${m}') AND s CONTAINS ${n}`,
      holds: ({ v, w, s }) => (v === n || w === `w${m}`) && !!s?.includes(n),
    },
    {
      where: `v = ${n} AND w = 'w${n}' OR l CONTAINS ${m} AND v != ${n}`,
      holds: ({ v, w, l }) => (v === n && w === `w${n}`) || (!!l?.includes(m) && isNot(v, n)),
    },
    {
      where: `k = ${n} AND (v = ${n} OR w LIKE 'w${m}%')`,
      holds: ({ k, v, w }) => k === n && (v === n || !!w?.startsWith(`w${m}`)),
    },
  ];
}

async function pages(client: CqlClient, query: string): Promise<unknown[]> {
  const all: unknown[] = [];
  let pagingState: Uint8Array | null = null;
  do {
    const page = await client.query(query, [], { pageSize: 3, pagingState });
    all.push(...page.objects());
    pagingState = page.pagingState;
  } while (pagingState !== null);
  return all;
}

async function compare(client: CqlClient, n: number): Promise<void> {
  const all = (await client.query('SELECT k, c, v, w, st, l, s FROM t')).objects() as Row[];
  for (const { where, holds } of questions(n)) {
    // A partition of nothing but statics is a row only where nothing asks for others.
    const wanted = all.filter(holds);
    const query = `SELECT k, c, v, w, st, l, s FROM t WHERE ${where}`;
    assert.deepEqual((await client.query(query)).objects(), wanted, where);
    assert.deepEqual(await pages(client, query), wanted, `${where} in pages`);
  }
}

for (const using of ['', " USING 'sai'"])
  test(`alternatives, patterns and negations find what is there${using}`, async (t) => {
    t.diagnostic(`replay with INDEX_SEED=${seed}`);
    const random = new Prng(seed);
    const { ferrosa, client: first } = await start();
    let client = first;
    await client.query(`CREATE TABLE t ${indexedColumns}`);
    for (let round = 0; round < 4; round++) {
      if (round === 1)
        for (const target of ['v', 'w', 'l', 's', 'st']) await client.query(`CREATE INDEX ON t (${target})${using}`);
      for (let i = 0; i < 60; i++) await client.query(randomWrite(random)('t'));
      if (round >= 1) for (let n = 0; n < 3; n++) await compare(client, n);
      if (round === 1) await ferrosa.action('flush', { keyspace: 'ks' });
      if (round === 2) {
        await ferrosa.down('SIGKILL');
        await ferrosa.up();
        client = await connect(ferrosa);
        await compare(client, 1);
      }
    }
  });

test('two indexes with many entries are intersected', async () => {
  const { client } = await start();
  await client.query('CREATE TABLE t (k int, c int, a int, b int, PRIMARY KEY (k, c))');
  await client.query("CREATE INDEX by_a ON t (a) USING 'sai'");
  await client.query("CREATE INDEX by_b ON t (b) USING 'sai'");
  for (let c = 0; c < 1_500; c += 100) {
    const rows = Array.from({ length: 100 }, (_, i) => c + i);
    await Promise.all(
      rows.map((n) => client.query(`INSERT INTO t (k, c, a, b) VALUES (${n % 7}, ${n}, ${n % 2}, ${n % 3})`)),
    );
  }
  const found = (await client.query('SELECT c FROM t WHERE a = 1 AND b = 2')).objects() as { c: number }[];
  const wanted = Array.from({ length: 1_500 }, (_, n) => n).filter((n) => n % 2 === 1 && n % 3 === 2);
  assert.deepEqual(
    found.map(({ c }) => c).sort((x, y) => x - y),
    wanted,
  );
  const [step] = (await client.query('EXPLAIN SELECT c FROM t WHERE a = 1 AND b = 2')).objects();
  assert.equal(step!['operation'], 'Index search');
  assert.match(String(step!['detail']), /index by_a \(a by value\), also by_b \(b by value\)/);
});

test('what an index cannot find needs ALLOW FILTERING, or is refused as in Cassandra', async () => {
  const { client } = await start();
  await client.query('CREATE TABLE t (k int PRIMARY KEY, a int, b text, plain text)');
  await client.query('CREATE INDEX ON t (a)');
  await client.query('CREATE INDEX ON t (b)');
  await client.query("INSERT INTO t (k, a, b, plain) VALUES (1, 2, 'x', 'y')");
  const refused = (where: string, message: RegExp) =>
    assert.rejects(client.query(`SELECT k FROM t WHERE ${where}`), message, where);
  await refused("a = 2 OR plain = 'y'", /use ALLOW FILTERING/);
  await refused("plain != 'y' ALLOW FILTERING", /Unsupported "!=" relation: plain != 'y'/);
  await refused("plain LIKE 'y%' ALLOW FILTERING", /LIKE restriction is only supported on properly indexed columns/);
  await refused("a LIKE 'y%'", /Invalid STRING constant/);
  await refused("b LIKE '%'", /LIKE value can't be empty/);
  await refused("b SOUNDS LIKE 'x'", /only supported on columns with a phonetic index/);
  await assert.rejects(
    client.query('DELETE FROM t WHERE k = 1 OR k = 2'),
    /mismatched input 'OR'|no viable alternative/,
  );
  const rows = async (where: string) => (await client.query(`SELECT k FROM t WHERE ${where}`)).objects();
  assert.deepEqual(await rows("a = 7 OR plain = 'y' ALLOW FILTERING"), [{ k: 1 }]);
  assert.deepEqual(await rows("b LIKE 'x'"), [{ k: 1 }]);
});

// Full-text indexes of a running node: what they find and in which order is what a look at every text gives.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CqlClient } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import type { Ferrosa } from '../support/ferrosa.js';
import { connectTo, patient, startNode } from '../support/for-a-test.js';
import { whenBuilt } from '../support/index-kinds-workload.js';
import { Prng } from '../support/prng.js';

const seed = Number(process.env['INDEX_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
async function start(): Promise<{ ferrosa: Ferrosa; client: CqlClient }> {
  const ferrosa = await startNode(patient);
  const client = await connectTo(ferrosa);
  await client.query("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  return { ferrosa, client };
}

type Row = { k: number; c: number | null; body: string | null; n: number | null };
const words = ['alpha', 'beta', 'gamma', 'delta', 'alps'];

/** BM25 of one word over all texts, by the book. */
function scores(rows: readonly Row[], word: string): Map<Row, number> {
  const texts = rows.filter(({ body }) => body !== null).map((row) => ({ row, words: row.body!.split(' ') }));
  const mean = texts.reduce((sum, { words: all }) => sum + all.length, 0) / texts.length;
  const having = texts.filter(({ words: all }) => all.includes(word));
  const weight = Math.log(1 + (texts.length - having.length + 0.5) / (having.length + 0.5));
  return new Map(
    having.map(({ row, words: all }) => {
      const count = all.filter((one) => one === word).length;
      return [row, (weight * count * 2.2) / (count + 1.2 * (0.25 + (0.75 * all.length) / mean))];
    }),
  );
}

/** The order may be any among rows of one score. */
async function compare(client: CqlClient): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  await whenBuilt(client, "SELECT k FROM ks.t WHERE body = fts_match('x')", now);
  const rows = (await client.query('SELECT k, c, body, n FROM ks.t')).objects() as Row[];
  const idOf = ({ k, c }: Row): string => `${k}/${c}`;
  const ask = async (query: string, rest = ''): Promise<string[]> => {
    const found = await client.query(`SELECT k, c, body, n FROM ks.t WHERE body = fts_match('${query}') ${rest}`);
    return (found.objects() as Row[]).map(idOf);
  };
  for (const word of words) {
    const wanted = [...scores(rows, word)].sort((a, b) => b[1] - a[1]);
    const found = await ask(word);
    assert.deepEqual([...found].sort(), wanted.map(([row]) => idOf(row)).sort(), word);
    const scoreOf = new Map(wanted.map(([row, score]) => [idOf(row), score]));
    found.forEach((id, i) => {
      assert.ok(Math.abs(scoreOf.get(id)! - wanted[i]![1]) < 1e-9, `${word}: rank ${i} of ${found.length}`);
    });
  }
  const holding = (holds: (text: string) => boolean): string[] =>
    rows
      .filter(({ body }) => body !== null && holds(` ${body} `))
      .map(idOf)
      .sort();
  const found = async (query: string, rest = '') => (await ask(query, rest)).sort();
  assert.deepEqual(
    await found('alpha AND beta'),
    holding((t) => t.includes(' alpha ') && t.includes(' beta ')),
  );
  assert.deepEqual(
    await found('alpha OR beta'),
    holding((t) => t.includes(' alpha ') || t.includes(' beta ')),
  );
  assert.deepEqual(
    await found('"alpha beta"'),
    holding((t) => t.includes(' alpha beta ')),
  );
  assert.deepEqual(
    await found('al*'),
    holding((t) => t.includes(' al')),
  );
  assert.deepEqual(
    await found('alpha NOT beta'),
    holding((t) => t.includes(' alpha ') && !t.includes(' beta ')),
  );
  assert.deepEqual(
    await found('NOT alpha'),
    holding((t) => !t.includes(' alpha ')),
  );
  assert.deepEqual(
    await found('alpha', 'AND n = 1 ALLOW FILTERING'),
    rows
      .filter(({ body, n }) => ` ${body} `.includes(' alpha ') && n === 1)
      .map(idOf)
      .sort(),
  );
}

function randomWrite(random: Prng): string {
  const text = () => Array.from({ length: random.below(6) + 1 }, () => random.pick(words)).join(' ');
  const where = `k = ${random.below(6)} AND c = ${random.below(4)}`;
  const body = () => (random.below(8) === 0 ? 'null' : `'${text()}'`);
  const ttl = random.below(10) === 0 ? ' USING TTL 5000' : '';
  switch (random.below(10)) {
    case 0:
      return `DELETE FROM ks.t WHERE ${where}`;
    case 1:
      return `DELETE body FROM ks.t WHERE ${where}`;
    case 2:
      return random.below(2) === 0
        ? `DELETE FROM ks.t WHERE k = ${random.below(6)} AND c >= ${random.below(4)}`
        : `DELETE FROM ks.t WHERE k = ${random.below(6)}`;
    case 3:
      return `UPDATE ks.t SET n = ${random.below(2)} WHERE ${where}`;
    case 4:
    case 5:
      return `UPDATE ks.t${ttl} SET body = ${body()} WHERE ${where}`;
    default:
      return `INSERT INTO ks.t (k, c, body, n) VALUES (${random.below(6)}, ${random.below(4)}, ${body()}, ${random.below(2)})${ttl}`;
  }
}

test('texts are found and ranked as by the book, whatever was written and deleted, also after a crash', async (t) => {
  t.diagnostic(`replay with INDEX_SEED=${seed}`);
  const random = new Prng(seed);
  const { ferrosa, client: first } = await start();
  let client = first;
  await client.query('CREATE TABLE ks.t (k int, c int, body text, n int, PRIMARY KEY (k, c))');
  for (let round = 0; round < 5; round++) {
    if (round === 1) {
      const options = "WITH OPTIONS = {'analyzer': 'simple'}";
      await client.query(`CREATE INDEX by_body ON ks.t (body) USING 'fulltext' ${options}`);
    }
    for (let i = 0; i < 60; i++) await client.query(randomWrite(random));
    if (round > 0) await compare(client);
    if (round === 2) await ferrosa.action('flush', { keyspace: 'ks' });
    if (round === 3) {
      await ferrosa.down('SIGKILL');
      await ferrosa.up();
      client = await connectTo(ferrosa);
      await compare(client);
    }
  }
});

test('ranked rows come in pages, up to LIMIT, and are counted', async () => {
  const { client } = await start();
  await client.query('CREATE TABLE ks.t (id int PRIMARY KEY, body text)');
  await client.query("CREATE CUSTOM INDEX by_body ON ks.t (body) USING 'fulltext'");
  for (let id = 0; id < 40; id++)
    await client.query(`INSERT INTO ks.t (id, body) VALUES (${id}, 'databases ${'filler '.repeat(id)}')`);
  const wanted = Array.from({ length: 40 }, (_, id) => id);
  const select = "SELECT id FROM ks.t WHERE fts_match(body, 'database')";
  const ids = (rows: readonly Record<string, unknown>[]) => rows.map((row) => row['id']);
  assert.deepEqual(ids((await client.query(select)).objects()), wanted);
  assert.deepEqual(ids((await client.query(`${select} LIMIT 7`)).objects()), wanted.slice(0, 7));
  const paged: unknown[] = [];
  let pagingState: Uint8Array | null = null;
  do {
    const page = await client.query(`${select} LIMIT 23`, [], { pageSize: 5, pagingState });
    paged.push(...ids(page.objects()));
    pagingState = page.pagingState;
  } while (pagingState !== null);
  assert.deepEqual(paged, wanted.slice(0, 23));
  const counted = await client.query("SELECT count(*) FROM ks.t WHERE body = fts_match('database')");
  assert.equal(Number(counted.objects()[0]!['count']), 40);
  const prepared = await client.prepare('SELECT id FROM ks.t WHERE body = fts_match(?) LIMIT 1');
  assert.deepEqual(ids((await client.execute(prepared, [value.text('databases filler')])).objects()).length, 1);
  const [step] = (await client.query(`EXPLAIN ${select}`)).objects();
  assert.match(String(step!['detail']), /index by_body \(body by words, the best first\)/);
});

test('words of one row are found together whatever bytes its key was written with', async () => {
  const { client } = await start();
  await client.query('CREATE TABLE ks.n (k int, c decimal, body text, title text, PRIMARY KEY (k, c))');
  for (const column of ['body', 'title'])
    await client.query(`CREATE CUSTOM INDEX by_${column} ON ks.n (${column}) USING 'fulltext'`);
  await client.query("INSERT INTO ks.n (k, c, body) VALUES (1, 1.0, 'alpha')");
  await client.query("UPDATE ks.n SET title = 'beta' WHERE k = 1 AND c = 1");
  await client.query("UPDATE ks.n SET body = 'alpha gamma' WHERE k = 1 AND c = 1.00");
  for (const where of [
    "fts_match(body, 'alpha AND gamma')",
    "fts_match(title, 'beta')",
    "fts_match(body, 'gamma') AND fts_match(title, 'beta')",
  ])
    assert.deepEqual((await client.query(`SELECT k FROM ks.n WHERE ${where}`)).objects(), [{ k: 1 }], where);
  await client.query('DELETE FROM ks.n WHERE k = 1 AND c = 1.000');
  assert.deepEqual((await client.query("SELECT k FROM ks.n WHERE fts_match(body, 'alpha')")).objects(), []);
});

test('what a full-text index cannot do is refused', async () => {
  const { client } = await start();
  await client.query('CREATE TABLE ks.t (k int, c text, body text, n int, st text static, PRIMARY KEY (k, c))');
  const refused = (query: string, message: RegExp) => assert.rejects(client.query(query), message, query);
  await refused("CREATE INDEX ON ks.t (n) USING 'fulltext'", /is on text, not on int/);
  await refused("CREATE INDEX ON ks.t (c) USING 'fulltext'", /is on a regular column/);
  await refused("CREATE INDEX ON ks.t (st) USING 'fulltext'", /is on a regular column/);
  const options = (text: string) => `CREATE INDEX ON ks.t (body) USING 'fulltext' WITH OPTIONS = {${text}}`;
  await refused(options("'analyzer': 'greek'"), /Unknown analyzer 'greek'/);
  await refused(options("'k1': 'x'"), /'k1' must be a number/);
  await refused(options("'analyzer': 'keyword', 'stemming': 'true'"), /has no meaning/);
  await refused("SELECT k FROM ks.t WHERE body = fts_match('a')", /only supported on columns with a fulltext index/);
  await client.query("CREATE INDEX ON ks.t (body) USING 'fulltext'");
  await refused("SELECT k FROM ks.t WHERE body = fts_match('(a')", /parenthesis is not closed/);
  await refused("SELECT k FROM ks.t WHERE body = fts_match('a') OR n = 1", /cannot be joined by OR/);
  await refused("SELECT k FROM ks.t WHERE body = fts_match('a') GROUP BY k", /GROUP BY cannot be used/);
  await refused("SELECT k FROM ks.t WHERE body = fts_match('a') AND n = 1", /use ALLOW FILTERING/);
  await refused("SELECT k FROM ks.t WHERE body = 'a'", /use ALLOW FILTERING/);
});

// Aggregates of a partition and reads by an index as prepared statements, which the addon runs: what they give is what JavaScript gives of
// the same rows.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { CqlClient, Prepared } from '../support/cql-client.js';
import { encode } from '../support/cql-frames.js';
import type { Ferrosa } from '../support/ferrosa.js';
import { connectTo, patient, startNode } from '../support/for-a-test.js';
import { Prng } from '../support/prng.js';

const { int } = encode;
const seed = Number(process.env['HOT_READS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** A node and a client in its keyspace `ks`. */
async function nodeWithKeyspace(): Promise<{ node: Ferrosa; client: CqlClient }> {
  const node = await startNode(patient);
  const client = await connectTo(node);
  await client.query("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('USE ks');
  return { node, client };
}

/** Whole numbers below one; the test says how to have the same again. */
function randomOf(t: TestContext): (n: number) => number {
  t.diagnostic(`replay with HOT_READS_SEED=${seed}`);
  const random = new Prng(seed);
  return (n) => random.next() % n;
}

/** Requests that shards ran by themselves. */
async function hotRequests(webPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${webPort}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name}(?:{[^}]*})? (\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return value('ferrosa_hot_path_requests_total') - value('ferrosa_hot_path_declined_total');
}

test('prepared aggregates of a partition give what its rows give, whatever was written, deleted and flushed', async (t) => {
  const below = randomOf(t);
  const { node, client } = await nodeWithKeyspace();
  await client.query(
    'CREATE TABLE t (k int, c int, s int STATIC, always int, n int, b bigint, x text, PRIMARY KEY (k, c))',
  );
  const items = 'count(*), count(n), sum(n), avg(n), min(n), max(c), sum(b), avg(b), min(x), max(x)';
  const ask = async (where: string): Promise<[Prepared, string]> => [
    await client.prepare(`SELECT ${items} FROM t WHERE ${where}`),
    `SELECT ${items} FROM t WHERE ${where} AND always = 1 ALLOW FILTERING`,
  ];
  const whole = await ask('k = ?');
  const slice = await ask('k = ? AND c >= ? AND c < ?');
  const write = async (): Promise<void> => {
    const [k, c] = [below(3), below(40)];
    const kind = below(12);
    const using = below(6) === 0 ? ' USING TTL 1' : '';
    if (kind === 0) await client.query(`DELETE FROM t WHERE k = ${k} AND c = ${c}`);
    else if (kind === 1) await client.query(`DELETE n, x FROM t WHERE k = ${k} AND c = ${c}`);
    else if (kind === 2 && k === 2) await client.query(`DELETE FROM t WHERE k = 2 AND c > ${c} AND c < ${c + 3}`);
    else {
      const n = below(3) === 0 ? '2147483647' : String(below(100) - 50);
      const values = `${k}, ${c}, 1, ${n}, ${below(5) === 0 ? 'null' : '9223372036854775807'}, 'x${below(9)}'`;
      await client.query(`INSERT INTO t (k, c, always, n, b, x) VALUES (${values})${using}`);
    }
  };
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 60; i++) await write();
    if (round === 2 || round === 4) await node.action('flush', { keyspace: 'ks' });
    // What expires within a second has gone, or it would be there for one of two questions.
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    for (let k = 0; k < 4; k++) {
      const from = below(30);
      for (const [[prepared, filtered], values] of [
        [whole, [int(k)]],
        [slice, [int(k), int(from), int(from + below(20))]],
      ] as const) {
        const wanted = (await client.query(filtered, values)).rows;
        assert.deepEqual((await client.execute(prepared, values)).rows, wanted, `${filtered} of ${k}`);
        assert.deepEqual((await client.execute(prepared, values, { pageSize: 1 })).rows, wanted, 'a page has one row');
      }
    }
  }
  assert.ok((await hotRequests(node.webPort)) > 60, 'the addon has run them');
});

test('prepared reads of a partition with filters, functions and JSON give what their texts give, page by page', async (t) => {
  const below = randomOf(t);
  const { node, client } = await nodeWithKeyspace();
  await client.query('CREATE TABLE t (k int, c int, s int STATIC, n int, x text, l list<int>, PRIMARY KEY (k, c))');
  for (let i = 0; i < 120; i++) {
    const x = below(4) === 0 ? 'null' : `'x${below(5)}'`;
    const values = `${below(3)}, ${below(40)}, ${below(9)}, ${below(20)}, ${x}, [${below(5)}, ${below(5)}]`;
    await client.query(`INSERT INTO t (k, c, s, n, x, l) VALUES (${values})`);
    if (i === 60) await node.action('flush', { keyspace: 'ks' });
  }
  await client.query('UPDATE t SET s = 1 WHERE k = 5');
  const text = (value: string) => Buffer.from(value);
  const statements: readonly [string, readonly Uint8Array[], string][] = [
    ['SELECT c, n FROM t WHERE k = ? AND n > ? ALLOW FILTERING', [int(7)], '7'],
    ['SELECT c, x FROM t WHERE k = ? AND x = ? ALLOW FILTERING', [text('x3')], "'x3'"],
    ['SELECT c FROM t WHERE k = ? AND n >= 3 LIMIT ? ALLOW FILTERING', [int(4)], '4'],
    ['SELECT JSON * FROM t WHERE k = ? AND c < ? ORDER BY c DESC', [int(30)], '30'],
    ['SELECT s, n + c, toJson(l), blobAsInt(intAsBlob(n)) FROM t WHERE k = ? AND c >= ?', [int(2)], '2'],
    ['SELECT c + n AS more FROM t WHERE k = ? LIMIT ?', [int(5)], '5'],
  ];
  const pagesOf = async (ask: (pagingState: Uint8Array | null) => ReturnType<CqlClient['query']>) => {
    const pages: unknown[] = [];
    let pagingState: Uint8Array | null = null;
    do {
      const page = await ask(pagingState);
      pages.push(page.objects());
      pagingState = page.pagingState;
    } while (pagingState !== null && pages.length < 100);
    return pages;
  };
  for (const [cql, values, literal] of statements) {
    const prepared = await client.prepare(cql);
    // What takes several pages is JavaScript's, and after a few of those so is the statement for a while.
    for (const pageSize of [0, 1000, 3, 1])
      for (const k of [0, 1, 2, 5, 9]) {
        const bound = [int(k), ...values];
        const literals = [String(k), literal];
        const asText = cql.replaceAll('?', () => literals.shift()!);
        const options = (pagingState: Uint8Array | null) => (pageSize === 0 ? {} : { pageSize, pagingState });
        assert.deepEqual(
          await pagesOf((state) => client.execute(prepared, bound, options(state))),
          await pagesOf((state) => client.query(asText, [], options(state))),
          `${asText} with pages of ${pageSize}`,
        );
      }
  }
  const filtered = await client.prepare('SELECT c FROM t WHERE k = ? AND n > ? ALLOW FILTERING');
  await assert.rejects(client.execute(filtered, [int(1), null]), /Unsupported null value for column n/);
  await assert.rejects(client.execute(filtered, [int(1), new Uint8Array(3)]), /Expected 4 or 0 byte int/);
  assert.ok((await hotRequests(node.webPort)) > 40, 'the addon has read the rows');
});

test('computed reads mean the columns of the table as it is, while it is altered under load', async () => {
  const { node, client } = await nodeWithKeyspace();
  await client.query('CREATE TABLE t (k int PRIMARY KEY, b int, n int)');
  for (let k = 0; k < 50; k++) await client.query(`INSERT INTO t (k, b, n) VALUES (${k}, ${k}, 7)`);
  const reader = await connectTo(node);
  await reader.query('USE ks');
  let prepared = await reader.prepare('SELECT JSON * FROM t WHERE k = ?');
  let isDone = false;
  let reads = 0;
  const read = async (): Promise<void> => {
    while (!isDone) {
      const k = reads++ % 50;
      try {
        const [row] = (await reader.execute(prepared, [int(k)])).objects();
        const { a: _, ...others } = JSON.parse(String(row!['[json]'])) as Record<string, unknown>;
        assert.deepEqual(others, { k, b: k, n: 7 });
      } catch (error) {
        if (!/Prepared query/.test(String(error))) throw error;
        prepared = await reader.prepare('SELECT JSON * FROM t WHERE k = ?');
      }
    }
  };
  const readers = Array.from({ length: 16 }, read);
  for (let i = 0; i < 8; i++) {
    await client.query('ALTER TABLE t ADD a text');
    await client.query("UPDATE t SET a = 'x' WHERE k = 3");
    await client.query('ALTER TABLE t DROP a');
  }
  isDone = true;
  await Promise.all(readers);
  assert.ok(reads > 100);
});

test('prepared reads by an index give what JavaScript finds, page by page, with limits, and are counted', async () => {
  const { node, client } = await nodeWithKeyspace();
  await client.query('CREATE TABLE t (k int, c int, v int, w text, s int STATIC, PRIMARY KEY (k, c))');
  await client.query('CREATE INDEX by_v ON t (v)');
  await client.query("CREATE INDEX by_w ON t (w) USING 'sai'");
  const insert = await client.prepare('INSERT INTO t (k, c, v, w, s) VALUES (?, ?, ?, ?, ?)');
  const put = (k: number, c: number, v: number) =>
    client.execute(insert, [int(k), int(c), int(v), Buffer.from(`w${v}`), int(k)]);
  for (let k = 0; k < 60; k++) await Promise.all([0, 1, 2].map((c) => put(k, c, (k + c) % 5)));
  const byV = await client.prepare('SELECT k, c, w, s, writetime(w) FROM t WHERE v = ?');
  const byW = await client.prepare('SELECT * FROM t WHERE w = ?');
  const limited = await client.prepare('SELECT k, c FROM t WHERE v = ? LIMIT ?');
  const check = async (v: number): Promise<void> => {
    // With another condition it is JavaScript's.
    const filtered = async (columns: string, where: string) =>
      (await client.query(`SELECT ${columns} FROM t WHERE ${where} AND c >= 0 ALLOW FILTERING`)).objects();
    const wanted = await filtered('k, c, w, s, writetime(w)', `v = ${v}`);
    for (let i = 0; i < 2; i++) assert.deepEqual((await client.execute(byV, [int(v)])).objects(), wanted);
    assert.deepEqual((await client.execute(byW, [Buffer.from(`w${v}`)])).objects(), await filtered('*', `w = 'w${v}'`));
    for (const limit of [1, 7, 1000])
      assert.deepEqual(
        (await client.execute(limited, [int(v), int(limit)])).objects(),
        wanted.slice(0, limit).map(({ k, c }) => ({ k, c })),
      );
    const paged: Record<string, unknown>[] = [];
    let pagingState: Uint8Array | null = null;
    do {
      const page = await client.execute(byV, [int(v)], { pageSize: 10, pagingState });
      paged.push(...page.objects());
      pagingState = page.pagingState;
    } while (pagingState !== null);
    assert.deepEqual(paged, wanted);
    // A full page may have more behind it for all that the client knows, as in Cassandra; a page with room left has not.
    for (const room of [0, 1]) {
      if (wanted.length + room === 0) continue;
      const page = await client.execute(byV, [int(v)], { pageSize: wanted.length + room });
      assert.deepEqual(page.objects(), wanted);
      assert.equal(page.pagingState === null, room === 1, 'only a full page has a paging state');
    }
  };
  await check(1);
  await node.action('flush', { keyspace: 'ks' });
  // Entries of the old values are stale now, in SSTables and in memory.
  for (let k = 0; k < 60; k += 7) await put(k, 1, 4);
  await client.query('DELETE FROM t WHERE k = 3');
  await client.query('DELETE v FROM t WHERE k = 5 AND c = 0');
  await client.query('UPDATE t USING TTL 4 SET v = 1 WHERE k = 6 AND c = 2');
  for (const v of [1, 0, 4, 9]) await check(v);
  await new Promise((resolve) => setTimeout(resolve, 4_500));
  await node.action('compact', { keyspace: 'ks' });
  for (const v of [0, 1, 4]) await check(v);
  const uses = (await client.query('SELECT index_name, count FROM system_observability.index_usage')).objects();
  const [first] = uses.filter((row) => row['index_name'] === 'by_v');
  assert.ok(Number(first?.['count']) >= 8 * 6, 'every read by the index is counted');
  assert.ok((await hotRequests(node.webPort)) > 20, 'the addon has run them');
  await client.query('DROP INDEX by_v');
  await assert.rejects(client.execute(byV, [int(1)]), /ALLOW FILTERING|Prepared query/);
});

test('a blob as the bound of a tinyint takes the same rows of a memtable and of an SSTable', async () => {
  const { node, client } = await nodeWithKeyspace();
  await client.query('CREATE TABLE t (k int, c tinyint, PRIMARY KEY (k, c))');
  for (const c of [-126, 0, 1, 2]) await client.query(`INSERT INTO t (k, c) VALUES (1, ${c})`);
  const wanted: readonly [string, readonly number[]][] = [
    ['>', [2]],
    ['>=', [1, 2]],
    ['<', [-126, 0]],
    ['<=', [-126, 0, 1]],
    ['=', [1]],
  ];
  for (const where of ['memtable', 'SSTable']) {
    for (const [operator, rows] of wanted) {
      const found = await client.query(`SELECT c FROM t WHERE k = 1 AND c ${operator} 0x0102`);
      assert.deepEqual(
        found.rows.map(([c]) => c!.readInt8()),
        rows,
        `c ${operator} 0x0102 in a ${where}`,
      );
    }
    await node.action('flush', { keyspace: 'ks' });
  }
});

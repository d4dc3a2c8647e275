// Secondary indexes of a running node: what they find is what a scan with ALLOW FILTERING finds on a twin table without them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CqlClient, CqlError } from '../support/cql-client.js';
import { atEnd, connectTo, startNode } from '../support/for-a-test.js';
import { indexedColumns as columns, randomWrite } from '../support/index-workload.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';
import { Prng } from '../support/prng.js';

const seed = Number(process.env['INDEX_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
async function createKeyspace(client: CqlClient): Promise<void> {
  await client.query("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('USE ks');
}

type Kind = 'legacy' | 'sai';
const targets = ['v', 'w', 'st', 'l', 's', 'm', 'keys(m)', 'entries(m)', 'full(f)', 'c'];

async function createIndexes(client: CqlClient, table: string, kind: Kind): Promise<void> {
  const using = kind === 'sai' ? " USING 'sai'" : '';
  for (const target of targets) await client.query(`CREATE INDEX ON ${table} (${target})${using}`);
}

const questions = (n: number, kind: Kind): string[] => [
  `v = ${n}`,
  `w = 'w${n}'`,
  `st = ${n}`,
  `l CONTAINS ${n}`,
  `s CONTAINS ${n}`,
  `m CONTAINS ${n}`,
  `m CONTAINS KEY ${n}`,
  `m[${n}] = ${(n + 1) % 5}`,
  `f = {${n}, ${(n + 1) % 5}}`,
  `c = ${n}`,
  `v = ${n} AND k = ${n}`,
  ...(kind === 'sai' ? [`v > ${n}`, `v >= ${n - 1} AND v < ${n + 1}`, `v = ${n} AND w = 'w${n}'`, `st <= ${n}`] : []),
];

/** Answers of the indexes are those of a scan of the twin, also page by page. */
async function compare(client: CqlClient, kind: Kind, n: number): Promise<void> {
  for (const where of questions(n, kind)) {
    const twin = (await client.query(`SELECT k, c, v, w, st FROM twin WHERE ${where} ALLOW FILTERING`)).objects();
    const ask = `SELECT k, c, v, w, st FROM t WHERE ${where}`;
    assert.deepEqual((await client.query(ask)).objects(), twin, where);
    const paged: Record<string, unknown>[] = [];
    let pagingState: Uint8Array | null = null;
    do {
      const page = await client.query(ask, [], { pageSize: 2, pagingState });
      paged.push(...page.objects());
      pagingState = page.pagingState;
    } while (pagingState !== null);
    assert.deepEqual(paged, twin, `${where} in pages`);
  }
}

for (const kind of ['legacy', 'sai'] as const)
  test(`${kind} indexes find what a scan finds, whatever was written, deleted, flushed and compacted`, async (t) => {
    t.diagnostic(`replay with INDEX_SEED=${seed}`);
    const random = new Prng(seed);
    const ferrosa = await startNode();
    let client = await connectTo(ferrosa);
    await createKeyspace(client);
    await client.query(`CREATE TABLE t ${columns}`);
    await client.query(`CREATE TABLE twin ${columns}`);
    // Half of the content is there before the indexes.
    for (let round = 0; round < 5; round++) {
      if (round === 2) await createIndexes(client, 't', kind);
      for (let i = 0; i < 50; i++) {
        const write = randomWrite(random);
        // One timestamp for both: the order of their writes must not differ.
        const timestamp = BigInt(2_000_000 + round * 1_000 + i);
        const statements = ['t', 'twin'].map((table) => write(table));
        for (const statement of statements) await client.query(statement, [], { timestamp });
      }
      if (round >= 2) await compare(client, kind, round - 1);
      if (round === 2) await ferrosa.action('flush', { keyspace: 'ks' });
      if (round === 3) await ferrosa.action('compact', { keyspace: 'ks' });
      if (round === 3) {
        await ferrosa.down('SIGKILL');
        await ferrosa.up();
        client = await connectTo(ferrosa);
        await client.query('USE ks');
        await compare(client, kind, 1);
      }
    }
    await client.query('TRUNCATE t');
    assert.deepEqual((await client.query('SELECT k FROM t WHERE v = 1')).objects(), []);
  });

/** Asks again while the index is being built. */
async function whenBuilt(client: CqlClient, query: string): Promise<Record<string, unknown>[]> {
  for (;;)
    try {
      return (await client.query(query)).objects();
    } catch (error) {
      if (!(error instanceof CqlError) || !error.message.includes('INDEX_NOT_AVAILABLE')) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

test('an index is built over what is there, also when the number of shards changes', async () => {
  const folder = temporaryDataDir();
  atEnd(() => folder.remove());
  const before = await NodeProcess.start(folder.path, { shards: '2' });
  atEnd(() => before.kill());
  const client = await CqlClient.connect({ port: before.port });
  await createKeyspace(client);
  await client.query('CREATE TABLE t (k int PRIMARY KEY, v int)');
  for (let k = 0; k < 500; k += 50) {
    const rows = Array.from({ length: 50 }, (_, i) => `INSERT INTO t (k, v) VALUES (${k + i}, ${(k + i) % 7})`);
    await Promise.all(rows.map((row) => client.query(row)));
  }
  const wanted = (await client.query('SELECT k FROM t WHERE v = 3 ALLOW FILTERING')).objects();
  await client.query('CREATE INDEX by_v ON t (v)');
  assert.deepEqual(await whenBuilt(client, 'SELECT k FROM t WHERE v = 3'), wanted);
  const info = (await client.query('SELECT table_name, index_name FROM system."IndexInfo"')).objects();
  assert.deepEqual(info, [{ table_name: 'ks', index_name: 'by_v' }]);
  await client.close();
  await before.kill();
  const again = await NodeProcess.start(folder.path, { shards: '3' });
  atEnd(() => again.kill());
  const other = await CqlClient.connect({ port: again.port });
  atEnd(() => other.close());
  await other.query('USE ks');
  assert.deepEqual(await whenBuilt(other, 'SELECT k FROM t WHERE v = 3'), wanted);
  await other.query('UPDATE t SET v = 3 WHERE k = 10000');
  assert.equal((await other.query('SELECT k FROM t WHERE v = 3')).rows.length, wanted.length + 1);
});

test('entries that the table does not bear out are forgotten when they are found', async () => {
  const ferrosa = await startNode({ shards: '1' });
  const client = await connectTo(ferrosa);
  await createKeyspace(client);
  await client.query('CREATE TABLE t (k int PRIMARY KEY, v int)');
  await client.query('CREATE INDEX ON t (v)');
  await client.query('INSERT INTO t (k, v) VALUES (1, 5)');
  await client.query('UPDATE t SET v = 6 WHERE k = 1');
  assert.deepEqual((await client.query('SELECT k FROM t WHERE v = 5')).objects(), []);
  // What was forgotten comes back with the value, at whatever timestamp the value is written.
  await client.query('DELETE FROM t WHERE k = 1');
  await client.query(`INSERT INTO t (k, v) VALUES (2, 5) USING TIMESTAMP 7`);
  await client.query(`UPDATE t USING TIMESTAMP 8 SET v = 6 WHERE k = 2`);
  assert.deepEqual((await client.query('SELECT k FROM t WHERE v = 5')).objects(), []);
  await client.query(`UPDATE t USING TIMESTAMP 9 SET v = 5 WHERE k = 2`);
  assert.deepEqual((await client.query('SELECT k FROM t WHERE v = 5')).objects(), [{ k: 2 }]);
});

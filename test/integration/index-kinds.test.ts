// The kinds of index that Cassandra has not: btree, hash, composite, phonetic and partial ones of a running node.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CqlClient } from '../support/cql-client.js';
import type { Ferrosa } from '../support/ferrosa.js';
import { connectTo, patient, startNode } from '../support/for-a-test.js';
import {
  checkKinds,
  createKindIndexes,
  createKinds,
  kindIndexes,
  kindQuestions,
  randomKindWrite,
} from '../support/index-kinds-workload.js';
import { Prng } from '../support/prng.js';

const seed = Number(process.env['INDEX_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
async function start(): Promise<{ ferrosa: Ferrosa; client: CqlClient }> {
  const ferrosa = await startNode(patient);
  return { ferrosa, client: await connectTo(ferrosa) };
}

test('every kind of index finds what a look at all rows finds, whatever was written', async (t) => {
  t.diagnostic(`replay with INDEX_SEED=${seed}`);
  const numbers = new Prng(seed);
  const random = () => numbers.next() / 2 ** 32;
  const { ferrosa, client: first } = await start();
  let client = first;
  await createKinds(client, 'ks.t', []);
  for (let round = 0; round < 5; round++) {
    if (round === 1) await createKindIndexes(client, 'ks.t');
    // Several at a time: those of one partition take turns.
    for (let i = 0; i < 20; i++)
      await Promise.all(Array.from({ length: 4 }, () => client.query(randomKindWrite(random, 'ks.t'))));
    if (round === 0) continue;
    await checkKinds(client, 'ks.t');
    if (round === 2) await ferrosa.action('flush', { keyspace: 'ks' });
    if (round === 3) {
      await ferrosa.down('SIGKILL');
      await ferrosa.up();
      client = await connectTo(ferrosa);
      await checkKinds(client, 'ks.t');
    }
  }
  for (const { index, where } of kindQuestions(1)) {
    const [step] = (await client.query(`EXPLAIN SELECT k FROM ks.t WHERE ${where}`)).objects();
    if (!where.includes('ALLOW')) assert.match(String(step!['detail']), new RegExp(`index ${index} `), where);
  }
  await client.query('TRUNCATE ks.t');
  await checkKinds(client, 'ks.t');
});

test('a composite index finds a row by what stays when a later column has expired', async () => {
  const { client } = await start();
  await createKinds(client, 'ks.t', [['i', 'a, b', "USING 'composite'"]]);
  await client.query('INSERT INTO ks.t (k, c, a, b) VALUES (1, 1, 1, 2)');
  await client.query('UPDATE ks.t USING TTL 100 SET b = 3 WHERE k = 1 AND c = 1');
  const rows = async (where: string, seconds: number) => {
    const options = { nowInSeconds: Math.floor(Date.now() / 1000) + seconds };
    return (await client.query(`SELECT a, b FROM ks.t WHERE ${where}`, [], options)).objects();
  };
  assert.deepEqual(await rows('a = 1 AND b = 3', 0), [{ a: 1, b: 3 }]);
  assert.deepEqual(await rows('a = 1', 1_000), [{ a: 1, b: null }]);
  assert.deepEqual(await rows('a = 1 AND b = 3', 1_000), []);
});

test('a composite index that a key column leads finds rows of which nothing else that it is on was ever written', async () => {
  const { client } = await start();
  await createKinds(client, 'ks.t', [['i', 'c, v, w', "USING 'composite'"]]);
  await client.query('INSERT INTO ks.t (k, c) VALUES (1, 7)');
  await client.query("UPDATE ks.t SET name = 'n' WHERE k = 2 AND c = 7");
  await client.query('INSERT INTO ks.t (k, c, v) VALUES (3, 7, 1)');
  const found = async () =>
    (await client.query('SELECT k, v FROM ks.t WHERE c = 7')).objects().sort((a, b) => Number(a['k']) - Number(b['k']));
  assert.deepEqual(await found(), [
    { k: 1, v: null },
    { k: 2, v: null },
    { k: 3, v: 1 },
  ]);
  await client.query('DELETE FROM ks.t WHERE k = 3');
  await client.query('INSERT INTO ks.t (k, c, a) VALUES (3, 7, 5)');
  assert.deepEqual((await found())[2], { k: 3, v: null });
});

test('a composite index finds a row whose value was written again with other bytes', async () => {
  const { client } = await start();
  await client.query("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE ks.n (k int, c decimal, d decimal, v int, PRIMARY KEY (k, c))');
  await client.query("CREATE INDEX n_d ON ks.n (d, v) USING 'composite'");
  await client.query('INSERT INTO ks.n (k, c, d, v) VALUES (1, 1.0, 1.0, 5)');
  const found = async () => (await client.query('SELECT v FROM ks.n WHERE d = 1')).objects();
  for (const d of ['1', '1.00', '1.0']) {
    await client.query(`UPDATE ks.n SET d = ${d} WHERE k = 1 AND c = 1.00`);
    assert.deepEqual(await found(), [{ v: 5 }], d);
  }
  await client.query('UPDATE ks.n SET d = 2 WHERE k = 1 AND c = 1');
  assert.deepEqual(await found(), []);
});

test('a hash index finds equal values whatever their bytes: decimals with zeros, tuples without nulls at their end', async () => {
  const { client } = await start();
  await client.query("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  const columns = 'd decimal, t frozen<tuple<int, decimal>>, m map<decimal, decimal>';
  await client.query(`CREATE TABLE ks.t (k int PRIMARY KEY, ${columns})`);
  for (const target of ['d', 't', 'entries(m)']) await client.query(`CREATE INDEX ON ks.t (${target}) USING 'hash'`);
  for (const [k, one] of ['1', '1.0', '1.00', '1e0'].entries())
    for (const statement of [
      `INSERT INTO ks.t (k, d, t, m) VALUES (${k}, ${one}, (1, ${one}), {${one}: ${one}})`,
      `INSERT INTO ks.t (k, t) VALUES (${10 + k}, ${k % 2 === 0 ? '(1)' : '(1, null)'})`,
    ]) {
      const prepared = await client.prepare(statement);
      await client.execute(prepared, []);
    }
  const found = async (where: string) =>
    (await client.query(`SELECT k FROM ks.t WHERE ${where}`))
      .objects()
      .map(({ k }) => Number(k))
      .sort((a, b) => a - b);
  for (const where of ['d = 1.000', 'd IN (1)', 't = (1, 1.0)', 'm[1] = 1.0', 'm[1.00] = 1'])
    assert.deepEqual(await found(where), [0, 1, 2, 3], where);
  for (const where of ['t = (1)', 't = (1, null)']) assert.deepEqual(await found(where), [10, 11, 12, 13], where);
});

test('a table may have views and indexes of every kind: both follow every write', async (t) => {
  t.diagnostic(`replay with INDEX_SEED=${seed}`);
  const numbers = new Prng(seed);
  const random = () => numbers.next() / 2 ** 32;
  const { ferrosa, client: first } = await start();
  let client = first;
  await createKinds(client, 'ks.t');
  const keys = 'v IS NOT NULL AND k IS NOT NULL AND c IS NOT NULL PRIMARY KEY (v, k, c)';
  await client.query(`CREATE MATERIALIZED VIEW ks.by_v AS SELECT v, k, c, w FROM ks.t WHERE ${keys}`);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 20; i++)
      await Promise.all(Array.from({ length: 4 }, () => client.query(randomKindWrite(random, 'ks.t'))));
    if (round === 1) {
      await ferrosa.down('SIGKILL');
      await ferrosa.up();
      client = await connectTo(ferrosa);
    }
    await checkKinds(client, 'ks.t');
    const select = async (table: string, where: string) =>
      (await client.query(`SELECT v, k, c, w FROM ${table} ${where}`)).objects().map((row) => JSON.stringify(row));
    const base = await Promise.all([0, 1, 2, 3].map((v) => select('ks.t', `WHERE v = ${v}`)));
    assert.deepEqual((await select('ks.by_v', '')).sort(), base.flat().sort());
  }
});

test('DESCRIBE of an index makes the same index again', async () => {
  const { client } = await start();
  await createKinds(client, 'ks.t');
  const described = async (name: string) =>
    String((await client.query(`DESCRIBE INDEX ks.${name}`)).objects()[0]!['create_statement']);
  for (const [name] of kindIndexes) {
    const text = await described(name);
    await client.query(`DROP INDEX ks.${name}`);
    await client.query(text);
    assert.equal(await described(name), text);
  }
  assert.equal(await described('i_part'), "CREATE CUSTOM INDEX i_part ON ks.t (v) USING 'btree' WHERE status = 'on';");
  const message = /has dependent secondary indexes \(i_composite, i_part2\)/;
  await assert.rejects(client.query('ALTER TABLE ks.t DROP a'), message);
  await assert.rejects(client.query('ALTER TABLE ks.t DROP status'), /dependent secondary indexes \(i_part\)/);
});

test('an index that cannot be is refused, with what is wrong', async () => {
  const { client } = await start();
  await createKinds(client, 'ks.t', []);
  const refused = (on: string, message: RegExp) =>
    assert.rejects(client.query(`CREATE INDEX ON ks.t ${on}`), message, on);
  await refused("(a) USING 'composite'", /needs at least two columns/);
  await refused("(a, s) USING 'composite'", /cannot have collections: s/);
  await refused("(a, st) USING 'composite'", /cannot have static columns: st/);
  await refused("(a, b) USING 'btree'", /cannot be created over multiple columns: a, b/);
  await refused("(v) USING 'phonetic'", /is on text, not on int: v/);
  await refused("(name) USING 'phonetic' WITH OPTIONS = {'algorithm': 'ear'}", /Unknown algorithm 'ear'/);
  await refused(
    "(v) USING 'btree' WITH OPTIONS = {'algorithm': 'soundex'}",
    /\[algorithm\] are not understood by btree/,
  );
  await refused("(v) USING 'filtered'", /needs a WHERE/);
  await refused("(v) USING 'sai' WHERE status = 'on'", /USING 'sai' cannot have a WHERE/);
  await refused('(v) WHERE nope = 1', /Undefined column name nope/);
  await refused('(v) WHERE s = {1}', /cannot ask about s/);
  await refused("(v) WHERE a = 'x'", /Invalid STRING constant/);
  await refused("(v) USING 'nope'", /Unable to find custom indexer class 'nope'/);
  await client.query("CREATE INDEX ON ks.t (v) USING 'btree'");
  await refused("(v) USING 'btree'", /duplicate of existing index t_v_idx/);
});

test('a partial index serves only what implies its WHERE', async () => {
  const { client } = await start();
  await createKinds(client, 'ks.t', [['part', 'v', "WHERE a >= 2 AND status IN ('on', 'new')"]]);
  await client.query("INSERT INTO ks.t (k, c, v, a, status) VALUES (1, 1, 5, 3, 'on')");
  const rows = async (where: string) => (await client.query(`SELECT k FROM ks.t WHERE ${where}`)).objects();
  const needsFiltering = (where: string) => assert.rejects(rows(where), /use ALLOW FILTERING/, where);
  assert.deepEqual(await rows("v = 5 AND a >= 2 AND status IN ('new', 'on')"), [{ k: 1 }]);
  await needsFiltering('v = 5');
  await needsFiltering("v = 5 AND a >= 1 AND status IN ('on', 'new')");
  await needsFiltering("v = 5 AND a > 2 AND status = 'on'");
  const stricter = "v = 5 AND a > 2 AND status = 'on' ALLOW FILTERING";
  assert.deepEqual(await rows(stricter), [{ k: 1 }]);
  const operation = async (where: string) =>
    (await client.query(`EXPLAIN SELECT k FROM ks.t WHERE ${where}`)).objects()[0]!['operation'];
  assert.equal(await operation(stricter), 'Index search');
  assert.equal(await operation("v = 5 AND a > 1 AND status = 'on' ALLOW FILTERING"), 'Full table scan');
});

test('the tables of the system tell which indexes there are, which are built and which are asked', async () => {
  const { client } = await start();
  await createKinds(client, 'ks.t');
  await checkKinds(client, 'ks.t');
  const rows = async (table: string) => (await client.query(`SELECT * FROM ${table}`)).objects();
  const all = await rows('system_observability.secondary_indexes');
  assert.deepEqual(
    all.map((row) => row['index_name']),
    kindIndexes.map(([name]) => name).sort(),
  );
  assert.deepEqual(
    all.find((row) => row['index_name'] === 'i_part2'),
    {
      keyspace_name: 'ks',
      table_name: 't',
      index_name: 'i_part2',
      built: true,
      kind: 'composite',
      rows_read: null,
      target: 'b, w',
      vector_bytes: null,
      vectors: null,
      vectors_waiting: null,
    },
  );
  const used = await rows('system_observability.index_usage');
  assert.ok(used.some((row) => row['index_name'] === 'i_hash' && Number(row['count']) > 3));
  assert.deepEqual(await rows('system_views.sai_column_indexes'), [
    {
      keyspace_name: 'ks',
      index_name: 'i_sai',
      analyzer: 'NoOpAnalyzer',
      column_name: 'w',
      is_building: false,
      is_queryable: true,
      is_string: true,
      table_name: 't',
    },
  ]);
  await client.query('DROP TABLE ks.t');
  assert.deepEqual(await rows('system_observability.index_usage'), []);
});

// CREATE TABLE ... LIKE of a running node: the copy is what DESCRIBE of the source says, without its rows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CqlClient } from '../support/cql-client.js';
import type { Ferrosa } from '../support/ferrosa.js';
import { atEnd, connectTo, startNode } from '../support/for-a-test.js';

async function start(): Promise<{ ferrosa: Ferrosa; client: CqlClient }> {
  const ferrosa = await startNode();
  const client = await connectTo(ferrosa);
  for (const keyspace of ['a', 'b'])
    await client.query(
      `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    );
  await client.query('CREATE TYPE a.pair (x int, y text)');
  await client.query(
    'CREATE TABLE a.source (k int, c1 int, c2 text, s int static, dropped int, v int, p frozen<pair>, l list<frozen<pair>>, ' +
      "PRIMARY KEY (k, c1, c2)) WITH CLUSTERING ORDER BY (c1 DESC, c2 ASC) AND comment = 'the source' AND gc_grace_seconds = 77",
  );
  await client.query('ALTER TABLE a.source DROP dropped');
  return { ferrosa, client };
}

const createText = async (client: CqlClient, table: string): Promise<string> =>
  String((await client.query(`DESCRIBE TABLE ${table}`)).objects()[0]!['create_statement']);

test('a copy has the columns and options of its source, those that the statement gives, and no rows', async () => {
  const { client } = await start();
  await client.query("INSERT INTO a.source (k, c1, c2, v) VALUES (1, 1, 'x', 1)");
  await client.query("CREATE TABLE a.copy LIKE a.source WITH comment = 'the copy'");
  const wanted = (await createText(client, 'a.source')).replace('a.source', 'a.copy').replace('the source', 'the copy');
  assert.equal(await createText(client, 'a.copy'), wanted);
  assert.deepEqual((await client.query('SELECT * FROM a.copy')).objects(), []);
  await client.query(
    "INSERT INTO a.copy (k, c1, c2, s, v, p, l) VALUES (1, 2, 'x', 3, 4, {x: 1, y: 'y'}, [{x: 2, y: 'z'}])",
  );
  assert.equal((await client.query('SELECT v FROM a.copy WHERE k = 1')).objects()[0]!['v'], 4);
  assert.equal((await client.query('SELECT v FROM a.source WHERE k = 1')).objects()[0]!['v'], 1);
  await client.query('CREATE TABLE IF NOT EXISTS a.copy LIKE a.source');
  await assert.rejects(client.query('CREATE TABLE a.copy LIKE a.source'), /Cannot add already existing table "copy"/);
});

test('indexes are copied when they are asked for: names that the server gave follow the table', async () => {
  const { client } = await start();
  await client.query('CREATE INDEX ON a.source (v)');
  await client.query("CREATE INDEX mine ON a.source (c1) USING 'sai'");
  await client.query('CREATE TABLE a.plain LIKE a.source');
  await client.query('CREATE TABLE a.copy LIKE a.source WITH INDEXES AND gc_grace_seconds = 5');
  const indexes = async (table: string) =>
    (
      await client.query(
        `SELECT index_name FROM system_schema.indexes WHERE keyspace_name = 'a' AND table_name = '${table}'`,
      )
    )
      .objects()
      .map((row) => row['index_name']);
  assert.deepEqual(await indexes('plain'), []);
  assert.deepEqual(await indexes('copy'), ['copy_v_idx', 'mine_1']);
  await client.query("INSERT INTO a.copy (k, c1, c2, v) VALUES (1, 1, 'x', 9)");
  assert.deepEqual((await client.query('SELECT k FROM a.copy WHERE v = 9')).objects(), [{ k: 1 }]);
  assert.deepEqual((await client.query('SELECT k FROM a.source WHERE v = 9')).objects(), []);
});

test('a copy in another keyspace has the user types of that keyspace; what cannot be copied is refused', async () => {
  const { ferrosa, client } = await start();
  const refused = (statement: string, message: RegExp) => assert.rejects(client.query(statement), message, statement);
  await refused('CREATE TABLE b.copy LIKE a.source', /UDTs pair do not exist in target keyspace 'b'/);
  await client.query('CREATE TYPE b.pair (x int)');
  await refused(
    'CREATE TABLE b.copy LIKE a.source',
    /has same UDT name 'pair' as source keyspace 'a' but with different/,
  );
  await client.query('DROP TYPE b.pair');
  await client.query('CREATE TYPE b.pair (x int, y text)');
  await client.query('CREATE TABLE b.copy LIKE a.source');
  await client.query("INSERT INTO b.copy (k, c1, c2, p) VALUES (1, 1, 'x', {x: 7, y: 'y'})");
  await refused('DROP TYPE b.pair', /still used by tables copy/);
  await refused('CREATE TABLE b.other LIKE nope.source', /Source Keyspace 'nope' doesn't exist/);
  await refused('CREATE TABLE b.other LIKE a.nope', /Table 'a.nope' doesn't exist/);
  await refused('CREATE TABLE nope.other LIKE a.source', /Target Keyspace 'nope' doesn't exist/);
  await refused('CREATE TABLE b.other LIKE a.source WITH nope = 1', /Unknown property 'nope'/);
  await client.query(
    'CREATE MATERIALIZED VIEW a.shown AS SELECT k, c1, c2, v FROM a.source WHERE k IS NOT NULL AND c1 IS NOT NULL AND c2 IS NOT NULL ' +
      'PRIMARY KEY (c1, k, c2)',
  );
  await refused('CREATE TABLE b.other LIKE a.shown', /Cannot use CREATE TABLE LIKE on a materialized view 'a.shown'/);
  await ferrosa.down('SIGKILL');
  await ferrosa.up();
  const again = await CqlClient.connect({ port: ferrosa.port });
  atEnd(() => again.close());
  assert.equal((await again.query('SELECT k FROM b.copy')).rows.length, 1);
});

// USING TIMEOUT, ScyllaDB's extension that its drivers and tools send.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CqlClient, type CqlError } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';

let ferrosa: Ferrosa;
let client: CqlClient;
before(async () => {
  ferrosa = await Ferrosa.start({ shards: '2' });
  client = await CqlClient.connect({ port: ferrosa.port });
  await client.query("CREATE KEYSPACE ut WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE ut.t (k int PRIMARY KEY, v int)');
});
after(async () => {
  await client.close();
  await ferrosa.remove();
});

test('every kind of statement takes a timeout that is long enough, prepared or not', async () => {
  for (const statement of [
    'INSERT INTO ut.t (k, v) VALUES (1, 2) USING TIMEOUT 20s',
    'UPDATE ut.t USING TIMEOUT 20s AND TTL 100 SET v = 3 WHERE k = 1',
    'BEGIN BATCH USING TIMEOUT 20s INSERT INTO ut.t (k, v) VALUES (2, 4); APPLY BATCH',
    'DELETE FROM ut.t USING TIMEOUT 20s WHERE k = 9',
    'SELECT * FROM system.local USING TIMEOUT 20s',
  ])
    await client.query(statement);
  const rows = (await client.query('SELECT k, v FROM ut.t USING TIMEOUT 20s')).objects();
  assert.deepEqual(
    rows.map(({ k, v }) => [k, v]).sort((a, b) => Number(a[0]) - Number(b[0])),
    [
      [1, 3],
      [2, 4],
    ],
  );
  const insert = await client.prepare('INSERT INTO ut.t (k, v) VALUES (:k, :v) USING TIMEOUT 20s');
  assert.deepEqual(
    insert.bindColumns.map(({ name }) => name),
    ['k', 'v'],
  );
  await client.execute(insert, [value.int(5), value.int(6)]);
  const select = await client.prepare('SELECT v FROM ut.t WHERE k = ? USING TIMEOUT 20s');
  assert.deepEqual((await client.execute(select, [value.int(5)])).objects(), [{ v: 6 }]);
});

test('a read that has no time left is a read timeout', async () => {
  const read = client.query('SELECT * FROM ut.t USING TIMEOUT 1ns');
  await assert.rejects(read, (error: CqlError) => error.code === 0x1200);
});

test('what is no duration of a request is a syntax error', async () => {
  for (const duration of ['5', '1d', '1mo', '-5ms'])
    await assert.rejects(
      client.query(`SELECT * FROM ut.t USING TIMEOUT ${duration}`),
      (error: CqlError) => error.code === 0x2000,
      duration,
    );
});

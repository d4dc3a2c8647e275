// COMPACT STORAGE with several clustering columns: rows that have only the first of them, in memory, on disk and after a restart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectTo, startNode } from '../support/for-a-test.js';

test('a row with the first clustering columns is another than those that have all', async () => {
  const ferrosa = await startNode();
  let client = await connectTo(ferrosa);
  await client.query("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query(
    'CREATE TABLE ks.t (k int, c1 int, c2 text, c3 int, v text, PRIMARY KEY (k, c1, c2, c3)) WITH COMPACT STORAGE ' +
      'AND CLUSTERING ORDER BY (c1 DESC, c2 ASC, c3 DESC)',
  );
  for (let k = 0; k < 20; k++) {
    await client.query(`INSERT INTO ks.t (k, c1, v) VALUES (${k}, 1, 'a')`);
    await client.query(`INSERT INTO ks.t (k, c1, c2, v) VALUES (${k}, 1, 'x', 'b')`);
    await client.query(`INSERT INTO ks.t (k, c1, c2, c3, v) VALUES (${k}, 1, 'x', 7, 'c')`);
    await client.query(`INSERT INTO ks.t (k, c1, c2, c3, v) VALUES (${k}, 2, 'x', 7, 'd')`);
  }
  const rows = async (where: string) => (await client.query(`SELECT c1, c2, c3, v FROM ks.t WHERE ${where}`)).objects();
  const check = async (b: string) => {
    assert.deepEqual(await rows('k = 7'), [
      { c1: 2, c2: 'x', c3: 7, v: 'd' },
      { c1: 1, c2: null, c3: null, v: 'a' },
      { c1: 1, c2: 'x', c3: null, v: b },
      { c1: 1, c2: 'x', c3: 7, v: 'c' },
    ]);
    assert.deepEqual(await rows("k = 7 AND c1 = 1 AND c2 >= 'a'"), [
      { c1: 1, c2: 'x', c3: null, v: b },
      { c1: 1, c2: 'x', c3: 7, v: 'c' },
    ]);
    assert.equal(Number((await client.query('SELECT count(*) FROM ks.t')).objects()[0]!['count']), 80);
  };
  await check('b');
  await ferrosa.action('flush', { keyspace: 'ks' });
  await check('b');
  await client.query("UPDATE ks.t SET v = 'changed' WHERE k = 7 AND c1 = 1 AND c2 = 'x'");
  await check('changed');
  await ferrosa.action('flush', { keyspace: 'ks' });
  await ferrosa.action('compact', { keyspace: 'ks' });
  await check('changed');
  await ferrosa.down('SIGKILL');
  await ferrosa.up();
  client = await connectTo(ferrosa);
  await check('changed');
  await client.query('DELETE FROM ks.t WHERE k = 7 AND c1 = 1');
  assert.deepEqual(await rows('k = 7'), [{ c1: 2, c2: 'x', c3: 7, v: 'd' }]);
});

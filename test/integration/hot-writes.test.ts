// Writes that the addon runs by itself, against a real process: beside JavaScript on the same partitions, from every kind of connection, and
// after kill -9.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CqlClient } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';

let ferrosa: Ferrosa;
let client: CqlClient;
before(async () => {
  ferrosa = await Ferrosa.start({ shards: '2' });
  client = await CqlClient.connect({ port: ferrosa.port });
  await client.query("CREATE KEYSPACE hw WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE hw.t (k int PRIMARY KEY, v int, m map<int, text>)');
  await client.query('CREATE TABLE hw.n (k int PRIMARY KEY, c counter)');
  await client.query('CREATE TABLE hw.i (k int PRIMARY KEY, v int)');
  await client.query("CREATE CUSTOM INDEX ON hw.i (v) USING 'StorageAttachedIndex'");
});
after(async () => {
  await client.close();
  await ferrosa.remove();
});

/** Increments by compare-and-set until `times` have been applied. Returns the values that it has set. */
async function increment(on: CqlClient, condition: string, key: number, times: number): Promise<number[]> {
  const update = await on.prepare(`UPDATE hw.t SET v = ? WHERE k = ? IF ${condition}`);
  const set: number[] = [];
  let seen = 0;
  while (set.length < times) {
    const [row] = (await on.execute(update, [value.int(seen + 1), value.int(key), value.int(seen)])).objects();
    if (row!['[applied]'] === true) set.push(++seen);
    else seen = row!['v'] as number;
  }
  return set;
}

// The conditions with `=` are the addon's, those with IN are JavaScript's, which reads and writes in two steps.
test('conditional updates of the addon and of JavaScript never decide on what the other is changing', async () => {
  await client.query('INSERT INTO hw.t (k, v) VALUES (1, 0)');
  const connections = await Promise.all(
    Array.from({ length: 6 }, (_, i) =>
      CqlClient.connect({
        port: i < 4 ? ferrosa.port : ferrosa.shardAwarePort,
        startup: { DRIVER_NAME: i < 4 ? 'test' : 'Scylla test' },
      }),
    ),
  );
  const each = 60;
  const values = await Promise.all(
    connections.map((one, i) => increment(one, i % 2 === 0 ? 'v = ?' : 'v IN (?)', 1, each)),
  );
  assert.deepEqual(
    values.flat().sort((a, b) => a - b),
    Array.from({ length: connections.length * each }, (_, i) => i + 1),
  );
  for (const one of connections) await one.close();
});

test('counters, elements, entries of indexes and batches are there after kill -9', async () => {
  const keys = Array.from({ length: 16 }, (_, k) => k + 10);
  const add = await client.prepare('UPDATE hw.n SET c = c + ? WHERE k = ?');
  const put = await client.prepare('UPDATE hw.t SET m[?] = ? WHERE k = ?');
  const index = await client.prepare('INSERT INTO hw.i (k, v) VALUES (?, ?)');
  const insert = await client.prepare('INSERT INTO hw.t (k, v) VALUES (?, ?)');
  for (let round = 1; round <= 5; round++)
    await Promise.all(
      keys.flatMap((k) => [
        client.execute(add, [value.bigint(BigInt(round)), value.int(k)]),
        client.execute(put, [value.int(round % 2), value.text(`${round}`), value.int(k)]),
        client.execute(index, [value.int(k), value.int(round * 100)]),
      ]),
    );
  await client.batch(
    0,
    keys.map((k) => ({ query: insert, values: [value.int(k), value.int(k * 2)] })),
  );
  await ferrosa.down('SIGKILL');
  await client.close();
  await ferrosa.up();
  client = await CqlClient.connect({ port: ferrosa.port });
  for (const k of keys) {
    const [count] = (await client.query(`SELECT c FROM hw.n WHERE k = ${k}`)).objects();
    assert.equal(count!['c'], 15n);
    const [row] = (await client.query(`SELECT v, m[0], m[1] FROM hw.t WHERE k = ${k}`)).objects();
    assert.deepEqual(row, { v: k * 2, 'm[0]': '4', 'm[1]': '5' });
  }
  const found = async (v: number) => (await client.query(`SELECT k FROM hw.i WHERE v = ${v}`)).objects().length;
  assert.deepEqual([await found(500), await found(400)], [keys.length, 0]);
  assert.deepEqual((await client.query('SELECT id FROM system.batches')).objects(), []);
});

test('TRUNCATE waits for the batches that have begun: nothing of them comes back after kill -9', async () => {
  const insert = await client.prepare('INSERT INTO hw.t (k, v) VALUES (?, ?)');
  const entries = Array.from({ length: 12 }, (_, k) => ({ query: insert, values: [value.int(k), value.int(1)] }));
  await Promise.all(Array.from({ length: 50 }, () => client.batch(0, entries)));
  await client.query('TRUNCATE hw.t');
  await ferrosa.down('SIGKILL');
  await client.close();
  await ferrosa.up();
  client = await CqlClient.connect({ port: ferrosa.port });
  assert.deepEqual((await client.query('SELECT k FROM hw.t')).objects(), []);
});

// Conditional updates against a real process: concurrency, consistency levels, timestamps, and what tools send. What a statement answers is
// compared with Cassandra in test/diff/corpus/lwt.cql.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CqlClient, type CqlError, type Value } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';

const clients = 8;
let ferrosa: Ferrosa;
let client: CqlClient;
before(async () => {
  ferrosa = await Ferrosa.start({ shards: '2' });
  client = await CqlClient.connect({ port: ferrosa.port });
  for (const [name, factor] of [
    ['lwt', 1],
    ['far', 3],
  ])
    await client.query(
      `CREATE KEYSPACE ${name} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': ${factor}}`,
    );
  await client.query('CREATE TABLE lwt.t (k int PRIMARY KEY, v int, w text)');
  await client.query('CREATE TABLE far.t (k int PRIMARY KEY, v int)');
});
after(async () => {
  await client.close();
  await ferrosa.remove();
});

const isApplied = (row: Record<string, unknown> | undefined) => row?.['[applied]'] === true;

/** Increments by compare-and-set until `times` have been applied. Returns the values that it has set. */
async function increment(on: CqlClient, key: number, times: number): Promise<number[]> {
  const update = await on.prepare('UPDATE lwt.t SET v = ? WHERE k = ? IF v = ?');
  const set: number[] = [];
  let seen = 0;
  while (set.length < times) {
    const [row] = (await on.execute(update, [value.int(seen + 1), value.int(key), value.int(seen)])).objects();
    if (isApplied(row)) {
      set.push(seen + 1);
      seen++;
    } else seen = row!['v'] as number;
  }
  return set;
}

test('of concurrent updates with the same condition one is applied, on every kind of connection', async () => {
  await client.query('INSERT INTO lwt.t (k, v) VALUES (1, 0)');
  const connections = await Promise.all(
    Array.from({ length: clients }, (_, i) =>
      CqlClient.connect({
        port: i % 2 === 0 ? ferrosa.port : ferrosa.shardAwarePort,
        startup: { DRIVER_NAME: i % 4 < 2 ? 'Scylla test' : 'test' },
      }),
    ),
  );
  const each = 60;
  const values = (await Promise.all(connections.map((one) => increment(one, 1, each)))).flat();
  assert.deepEqual(
    values.sort((a, b) => a - b),
    Array.from({ length: clients * each }, (_, i) => i + 1),
  );
  const [row] = (await client.query('SELECT v FROM lwt.t WHERE k = 1', [], { consistency: 8 })).objects();
  assert.equal(row!['v'], clients * each);
  for (const one of connections) await one.close();
});

test('of concurrent inserts of a row one is applied, and the others are told its values', async () => {
  const insert = await client.prepare('INSERT INTO lwt.t (k, v) VALUES (?, ?) IF NOT EXISTS');
  for (let key = 100; key < 110; key++) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => client.execute(insert, [value.int(key), value.int(i)])),
    );
    const rows = answers.map((answer) => answer.objects()[0]!);
    const winners = rows.filter(isApplied);
    assert.equal(winners.length, 1);
    const [stored] = (await client.query(`SELECT v FROM lwt.t WHERE k = ${key}`)).objects();
    for (const row of rows.filter((one) => !isApplied(one))) assert.equal(row['v'], stored!['v']);
  }
});

test('a conditional update is seen although a cell with a later timestamp was there', async () => {
  const future = BigInt(Date.now() + 86_400_000) * 1000n;
  await client.query(`INSERT INTO lwt.t (k, v) VALUES (2, 1) USING TIMESTAMP ${future}`);
  for (let i = 1; i < 4; i++) {
    const answer = await client.query(`UPDATE lwt.t SET v = ${i + 1} WHERE k = 2 IF v = ${i}`);
    assert.deepEqual(answer.objects(), [{ '[applied]': true }]);
  }
  assert.deepEqual((await client.query('SELECT v FROM lwt.t WHERE k = 2')).objects(), [{ v: 4 }]);
});

test('the timestamp of the client is not that of a conditional update', async () => {
  await client.query('INSERT INTO lwt.t (k, v) VALUES (3, 1) IF NOT EXISTS', [], { timestamp: 5n });
  const [row] = (await client.query('SELECT writetime(v) AS w FROM lwt.t WHERE k = 3')).objects();
  assert.ok((row!['w'] as bigint) > 1_700_000_000_000_000n);
});

const failure = async (cql: string, options: object): Promise<string> => {
  try {
    await client.query(cql, [], options);
    return 'none';
  } catch (error) {
    return `${(error as CqlError).code.toString(16)} ${(error as CqlError).message}`;
  }
};

test('consistency levels of conditional updates and serial reads, with the texts of Cassandra', async () => {
  const insert = 'INSERT INTO lwt.t (k, v) VALUES (4, 1) IF NOT EXISTS';
  for (const [level, name] of [
    [8, 'SERIAL'],
    [9, 'LOCAL_SERIAL'],
  ])
    assert.equal(
      await failure(insert, { consistency: level }),
      `2200 ${name} is not supported as conditional update commit consistency. Use ANY if you mean ` +
        '"make sure it is accepted but I don\'t care how many replicas commit it for non-SERIAL reads"',
    );
  for (const level of [0, 1, 4])
    assert.equal(
      await failure(insert, { serialConsistency: level }),
      '2200 Invalid consistency for conditional update. Must be one of SERIAL or LOCAL_SERIAL',
    );
  assert.equal(
    await failure(insert, { consistency: 7 }),
    '2200 consistency level EACH_QUORUM not compatible with replication strategy (org.apache.cassandra.locator.SimpleStrategy)',
  );
  assert.equal(await failure(insert, { consistency: 0 }), 'none');
  assert.equal(
    await failure('INSERT INTO lwt.t (k, v) VALUES (5, 1)', { consistency: 8 }),
    '2200 You must use conditional updates for serializable writes',
  );
  const far = 'INSERT INTO far.t (k, v) VALUES (4, 1) IF NOT EXISTS';
  assert.equal(await failure(far, {}), '1000 Cannot achieve consistency level QUORUM');
  assert.equal(await failure(far, { serialConsistency: 9 }), '1000 Cannot achieve consistency level LOCAL_QUORUM');
  assert.equal(await failure('SELECT * FROM lwt.t WHERE k IN (1)', { consistency: 8 }), 'none');
  assert.equal(await failure('SELECT * FROM lwt.t', { consistency: 9 }), 'none');
  assert.equal(
    await failure('SELECT * FROM lwt.t WHERE k IN (1, 2)', { consistency: 9 }),
    '2200 SERIAL/LOCAL_SERIAL consistency may only be requested for one partition at a time',
  );
  assert.equal(
    await failure('SELECT * FROM far.t WHERE k = 1', { consistency: 8 }),
    '1000 Cannot achieve consistency level QUORUM',
  );
});

test('PREPARE tells no result columns of a conditional statement; every answer brings its own', async () => {
  const insert = await client.prepare('INSERT INTO lwt.t (k, v) VALUES (?, ?) IF NOT EXISTS');
  assert.deepEqual(insert.resultColumns, []);
  assert.deepEqual(insert.partitionKeyIndexes, [0]);
  const run = (v: number) => client.execute(insert, [value.int(6), value.int(v)], { skipMetadata: true });
  assert.deepEqual((await run(1)).objects(), [{ '[applied]': true }]);
  assert.deepEqual((await run(2)).objects(), [{ '[applied]': false, k: 6, v: 1, w: null }]);
});

test('a batch of the protocol with conditions is applied as a whole or not at all', async () => {
  const insert = await client.prepare('INSERT INTO lwt.t (k, v) VALUES (?, ?) IF NOT EXISTS');
  const update = await client.prepare('UPDATE lwt.t SET w = ? WHERE k = ?');
  const entries = (key: number, v: number, w: string) => [
    { query: insert, values: [value.int(key), value.int(v)] as Value[] },
    { query: update, values: [value.text(w), value.int(key)] as Value[] },
  ];
  assert.deepEqual((await client.batch(0, entries(7, 1, 'first'))).objects(), [{ '[applied]': true }]);
  const [second] = (await client.batch(0, entries(7, 2, 'second'))).objects();
  assert.deepEqual(second, { '[applied]': false, k: 7, v: 1, w: 'first' });
});

test('the statements of tlp-stress and cassandra-stress for conditional updates', async () => {
  for (const ddl of [
    'CREATE TABLE IF NOT EXISTS lwt.lwt (id text primary key, value int) ',
    'CREATE TABLE IF NOT EXISTS lwt.blogposts (domain text, published_date timeuuid, url text, author text, title text, ' +
      'body text, PRIMARY KEY(domain, published_date))',
  ])
    await client.query(ddl);
  const insert = await client.prepare('INSERT INTO lwt.lwt (id, value) VALUES (?, ?) IF NOT EXISTS');
  const update = await client.prepare('UPDATE lwt.lwt SET value = ? WHERE id = ? IF value = ?');
  const remove = await client.prepare('DELETE from lwt.lwt WHERE id = ? IF value = ?');
  const rows = async (plan: typeof insert, values: Value[]) => (await client.execute(plan, values)).objects();
  assert.deepEqual(await rows(insert, [value.text('a'), value.int(0)]), [{ '[applied]': true }]);
  assert.deepEqual(await rows(update, [value.int(1), value.text('a'), value.int(0)]), [{ '[applied]': true }]);
  assert.deepEqual(await rows(update, [value.int(1), value.text('a'), value.int(0)]), [
    { '[applied]': false, value: 1 },
  ]);
  assert.deepEqual(await rows(remove, [value.text('a'), value.int(1)]), [{ '[applied]': true }]);
  // The update of cassandra-stress's tools/cqlstress-lwt-example.yaml.
  const author =
    "UPDATE lwt.blogposts SET author = 'x' WHERE domain = 'd' AND published_date = 11111111-1111-1111-8111-111111111111";
  assert.deepEqual((await client.query(`${author} IF body = 'b' AND url = 'u'`)).objects(), [{ '[applied]': false }]);
  assert.deepEqual((await client.query(`${author} IF body = null AND url = null`)).objects(), [{ '[applied]': true }]);
});

// The Node.js cassandra-driver, unmodified, against a server at CQL_HOST:CQL_PORT: prints a line a check and "N passed, N failed".
// DRIVER_MODULES is the node_modules folder that has the driver.
const assert = require('node:assert/strict');
const { execSync } = require('node:child_process');
const { join } = require('node:path');

const cassandra = require(join(process.env.DRIVER_MODULES, 'cassandra-driver'));
const { types } = cassandra;
const keyspace = 'drivers_node';
let passed = 0;
let failed = 0;

async function check(name, run) {
  try {
    await run();
    passed++;
    console.log(`ok - ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok - ${name}: ${error.stack}`);
  }
}

function client(maxVersion) {
  return new cassandra.Client({
    contactPoints: [process.env.CQL_HOST],
    localDataCenter: 'datacenter1',
    protocolOptions: { port: Number(process.env.CQL_PORT), ...(maxVersion === null ? {} : { maxVersion }) },
    socketOptions: { readTimeout: 30_000 },
    policies: { reconnection: new cassandra.policies.reconnection.ConstantReconnectionPolicy(200) },
    queryOptions: { prepare: true, consistency: types.consistencies.one },
  });
}

async function roundTrip(version) {
  const session = client(version);
  await session.connect();
  await session.execute(
    `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
  );
  await session.execute(`CREATE TABLE IF NOT EXISTS ${keyspace}.kv (k text PRIMARY KEY, v text)`);
  for (const [key, value] of Object.entries({ small: 'value', large: 'ferrosa '.repeat(40_000), empty: '' })) {
    await session.execute(`INSERT INTO ${keyspace}.kv (k, v) VALUES (?, ?)`, [key, value]);
    const result = await session.execute(`SELECT v FROM ${keyspace}.kv WHERE k = ?`, [key]);
    assert.equal(result.rows[0].v, value);
  }
  await session.shutdown();
}

async function everyType(session) {
  const values = [
    ['ascii', 'plain'],
    ['bigint', types.Long.fromString('-4611686018427387904')],
    ['blob', Buffer.from([0, 1, 255])],
    ['boolean', true],
    ['date', types.LocalDate.fromString('2026-03-18')],
    ['decimal', types.BigDecimal.fromString('-12345.6789')],
    ['double', 1.5e300],
    ['float', -0.25],
    ['inet', types.InetAddress.fromString('2001:db8::1')],
    ['int', -7],
    ['smallint', -300],
    ['text', 'zażółć ✓'],
    ['time', types.LocalTime.fromString('12:34:56.000000789')],
    ['timestamp', new Date(1_700_000_000_123)],
    ['timeuuid', types.TimeUuid.now()],
    ['tinyint', -5],
    ['uuid', types.Uuid.random()],
    ['varint', types.Integer.fromString('-170141183460469231731687303715884105729')],
    ['duration', new types.Duration(1, 2, 3)],
    ['list<int>', [3, 1, 2]],
    ['set<text>', ['a', 'b']],
    ['map<text, int>', { x: 1, y: 2 }],
    ['frozen<list<frozen<list<int>>>>', [[1, 2], [3]]],
    ['tuple<int, text>', new types.Tuple(1, 't')],
    [`${keyspace}.address`, { street: 'High', number: 6 }],
    [`frozen<${keyspace}.address>`, { street: 'Main', number: 5 }],
    ['vector<float, 3>', new cassandra.types.Vector([1, 2.5, -3], 'float')],
  ];
  await session.execute(`CREATE TYPE IF NOT EXISTS ${keyspace}.address (street text, number int)`);
  for (const [i, [cql, value]] of values.entries()) {
    const table = `${keyspace}.type_${i}`;
    await session.execute(`DROP TABLE IF EXISTS ${table}`);
    await session.execute(`CREATE TABLE ${table} (k int PRIMARY KEY, v ${cql})`);
    await session.execute(`INSERT INTO ${table} (k, v) VALUES (?, ?)`, [1, value]);
    const got = (await session.execute(`SELECT v FROM ${table} WHERE k = ?`, [1])).rows[0].v;
    assert.equal(JSON.stringify(got), JSON.stringify(value), cql);
  }
}

async function unset(session) {
  await session.execute(`DROP TABLE IF EXISTS ${keyspace}.unset`);
  await session.execute(`CREATE TABLE ${keyspace}.unset (k int PRIMARY KEY, a int, b int)`);
  const insert = `INSERT INTO ${keyspace}.unset (k, a, b) VALUES (?, ?, ?)`;
  await session.execute(insert, [1, 10, 20]);
  await session.execute(insert, [1, types.unset, null]);
  const { a, b } = (await session.execute(`SELECT a, b FROM ${keyspace}.unset WHERE k = 1`)).rows[0];
  assert.deepEqual([a, b], [10, null]);
}

async function paging(session) {
  await session.execute(`DROP TABLE IF EXISTS ${keyspace}.pages`);
  await session.execute(`CREATE TABLE ${keyspace}.pages (p int, c int, v text, PRIMARY KEY (p, c))`);
  const query = `INSERT INTO ${keyspace}.pages (p, c, v) VALUES (?, ?, ?)`;
  for (let p = 0; p < 100; p++) {
    await Promise.all(
      Array.from({ length: 10 }, (_, b) =>
        session.batch(
          Array.from({ length: 100 }, (__, i) => ({ query, params: [p, b * 100 + i, 'row'] })),
          { prepare: true, logged: false },
        ),
      ),
    );
  }
  for (const fetchSize of [5000, 777]) {
    const seen = new Set();
    let count = 0;
    for await (const row of session.stream(`SELECT p, c FROM ${keyspace}.pages`, [], { fetchSize, autoPage: true, prepare: true })) {
      seen.add(row.p * 1_000_000 + row.c);
      count++;
    }
    assert.deepEqual([count, seen.size], [100_000, 100_000]);
  }
}

async function batches(session) {
  for (const name of ['batched', 'counted']) await session.execute(`DROP TABLE IF EXISTS ${keyspace}.${name}`);
  await session.execute(`CREATE TABLE ${keyspace}.batched (p int, c int, PRIMARY KEY (p, c))`);
  await session.execute(`CREATE TABLE ${keyspace}.counted (k int PRIMARY KEY, n counter)`);
  for (const [n, logged] of [true, false].entries()) {
    const query = `INSERT INTO ${keyspace}.batched (p, c) VALUES (?, ?)`;
    await session.batch(
      Array.from({ length: 20 }, (_, i) => ({ query, params: [i % 4, i + 100 * n] })),
      { prepare: true, logged },
    );
  }
  const update = { query: `UPDATE ${keyspace}.counted SET n = n + ? WHERE k = ?`, params: [types.Long.fromNumber(3), 1] };
  await session.batch(Array(5).fill(update), { prepare: true, counter: true });
  assert.equal((await session.execute(`SELECT count(*) FROM ${keyspace}.batched`)).rows[0].count.toNumber(), 40);
  assert.equal((await session.execute(`SELECT n FROM ${keyspace}.counted WHERE k = 1`)).rows[0].n.toNumber(), 15);
}

async function concurrent(session) {
  await session.execute(`DROP TABLE IF EXISTS ${keyspace}.concurrent`);
  await session.execute(`CREATE TABLE ${keyspace}.concurrent (k int PRIMARY KEY, v int)`);
  const parameters = Array.from({ length: 10_000 }, (_, i) => [i, i * 2]);
  const { executeConcurrent } = cassandra.concurrent;
  await executeConcurrent(session, `INSERT INTO ${keyspace}.concurrent (k, v) VALUES (?, ?)`, parameters, { concurrencyLevel: 1000 });
  const read = await executeConcurrent(
    session,
    `SELECT v FROM ${keyspace}.concurrent WHERE k = ?`,
    parameters.map(([k]) => [k]),
    { concurrencyLevel: 1000, collectResults: true },
  );
  assert.deepEqual(
    read.resultItems.map((result) => result.rows[0].v),
    parameters.map(([, v]) => v),
  );
}

async function schema(session) {
  await session.execute(`DROP TABLE IF EXISTS ${keyspace}.described`);
  await session.execute(
    `CREATE TABLE ${keyspace}.described (a int, b int, c text, s int static, PRIMARY KEY ((a), b)) WITH CLUSTERING ORDER BY (b DESC)`,
  );
  await session.execute(`ALTER TABLE ${keyspace}.described ADD d list<int>`);
  const table = await session.metadata.getTable(keyspace, 'described');
  assert.deepEqual(table.columns.map((c) => c.name).sort(), ['a', 'b', 'c', 'd', 's']);
  assert.deepEqual(table.clusteringOrder, ['DESC']);
}

async function errors(session) {
  const cases = [
    [`SELECT * FROM ${keyspace}.nowhere`, types.responseErrorCodes.invalid],
    ['SELEC 1', types.responseErrorCodes.syntaxError],
    [`CREATE TABLE ${keyspace}.kv (k text PRIMARY KEY)`, types.responseErrorCodes.alreadyExists],
  ];
  for (const [statement, code] of cases) {
    await assert.rejects(session.execute(statement, [], { prepare: false }), (error) => error.code === code);
  }
}

async function restart(session, command) {
  const insert = `INSERT INTO ${keyspace}.kv (k, v) VALUES (?, ?)`;
  await session.execute(insert, ['before', 'restart']);
  execSync(command);
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      const result = await session.execute(`SELECT v FROM ${keyspace}.kv WHERE k = 'before'`);
      assert.equal(result.rows[0].v, 'restart');
      await session.execute(insert, ['after', 'restart']);
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function main() {
  await check('the default protocol: a session writes and reads', () => roundTrip(null));
  for (const version of [3, 4]) await check(`v${version}: a session writes and reads`, () => roundTrip(version));
  const session = client(null);
  await session.connect();
  await check('every type goes through prepared statements', () => everyType(session));
  await check('null and unset differ', () => unset(session));
  await check('100,000 rows come in pages', () => paging(session));
  await check('batches: logged, unlogged, counter', () => batches(session));
  await check('10,000 concurrent requests are answered', () => concurrent(session));
  await check('schema metadata follows DDL', () => schema(session));
  await check('an error has its code', () => errors(session));
  const command = process.env.RESTART_COMMAND;
  if (command) await check('the session survives a restart of the server', () => restart(session, command));
  await session.shutdown();
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}

main();

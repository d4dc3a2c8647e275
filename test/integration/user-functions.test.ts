// User-defined functions on a real node: what they may do to it, and what is left of them after a crash.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CqlClient, CqlError } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';

const functionFailure = 0x1400;
const unpreparedCode = 0x2500;
const invalidCode = 0x2200;

let ferrosa: Ferrosa;
let client: CqlClient;
before(async () => {
  ferrosa = await Ferrosa.start({
    shards: '2',
    user_defined_functions_enabled: 'true',
    user_defined_functions_fail_timeout: '3s',
    user_defined_functions_memory_limit: '16MiB',
    dynamic_data_masking_enabled: 'true',
  });
  client = await CqlClient.connect({ port: ferrosa.port });
  await client.query("CREATE KEYSPACE uf WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE uf.t (k int PRIMARY KEY, v int)');
  await client.query('INSERT INTO uf.t (k, v) VALUES (1, 10)');
});
after(async () => {
  await client.close();
  await ferrosa.remove();
});

const make = (name: string, args: string, returns: string, body: string, head = 'CREATE OR REPLACE FUNCTION') =>
  client.query(
    `${head} uf.${name} (${args}) CALLED ON NULL INPUT RETURNS ${returns} LANGUAGE javascript AS $$${body}$$`,
  );

const values = async (cql: string) => (await client.query(cql)).objects().map((row) => Object.values(row)[0]);

test('a function that loops fails its statement with FunctionFailure while others go on', async () => {
  await make('spin', 'x int', 'int', 'for (;;) {}');
  const looping = client.query('SELECT uf.spin(v) FROM uf.t').catch((error: unknown) => error);
  const other = values('SELECT v FROM uf.t WHERE k = 1');
  assert.deepEqual(await Promise.race([looping, other]), [10]);
  await make('ok', 'x int', 'int', 'return x + 1');
  assert.deepEqual(await values('SELECT uf.ok(v) FROM uf.t'), [11]);
  const pool =
    "SELECT active_tasks, active_tasks_limit, completed_tasks FROM system_views.thread_pools WHERE name = 'UserDefinedFunctions'";
  const busy = (await client.query(pool)).objects()[0]!;
  assert.deepEqual([busy['active_tasks'], busy['active_tasks_limit']], [1, 2]);
  const error = await looping;
  assert.ok(error instanceof CqlError);
  assert.equal(error.code, functionFailure);
  const idle = (await client.query(pool)).objects()[0]!;
  assert.equal(idle['active_tasks'], 0);
  assert.equal(idle['completed_tasks'], (busy['completed_tasks'] as bigint) + 1n);
  assert.equal(error.message, 'User defined function uf.spin : (int) -> int ran longer than 3000ms');
  const text = (bytes: string) => [0, bytes.length, ...Buffer.from(bytes)];
  assert.deepEqual([...error.body], [...text('uf'), ...text('spin'), 0, 1, ...text('int')]);
});

test('many functions that misbehave at once leave the node as it was', async () => {
  const bodies: [name: string, body: string][] = [
    ['grow', 'const a = []; for (;;) a.push(new Uint8Array(65536))'],
    ['deep', 'const f = () => f() + 1; return f()'],
    ['escape', 'return ({}).constructor.constructor("return process")().exit(1)'],
    ['thrown', 'throw new Error("no")'],
    ['wrong', 'return "text"'],
    ['nested', 'return JSON.parse("[".repeat(1e6))'],
  ];
  for (const [name, body] of bodies) await make(name, 'x int', 'int', body);
  const calls = [...bodies, ...bodies].map(([name]) => client.query(`SELECT uf.${name}(v) FROM uf.t`));
  for (const outcome of await Promise.allSettled(calls)) {
    assert.equal(outcome.status, 'rejected');
    assert.equal((outcome.reason as CqlError).code, functionFailure, String(outcome.reason));
  }
  assert.deepEqual(await values('SELECT uf.ok(v) FROM uf.t'), [11]);
});

test('a slow call warns its client', async () => {
  await make('slow', 'x int', 'int', 'const end = Date.now() + 700; while (Date.now() < end); return x');
  const { warnings } = await client.query('SELECT uf.slow(v) FROM uf.t');
  assert.deepEqual(warnings, ['User defined function uf.slow : (int) -> int ran longer than 500ms']);
});

test('clients are told of functions with their signatures, and statements that call them are prepared again', async () => {
  const listener = await CqlClient.connect({ port: ferrosa.port });
  await listener.register('SCHEMA_CHANGE');
  await make('told', 'x int, y list<text>', 'int', 'return 1', 'CREATE FUNCTION');
  const prepared = await client.prepare('SELECT uf.told(v, ?) FROM uf.t');
  const list = Buffer.from([0, 0, 0, 0]);
  assert.deepEqual(
    (await client.execute(prepared, [list])).objects().map((row) => Object.values(row)[0]),
    [1],
  );
  await make('told', 'x int, y list<text>', 'int', 'return 2');
  await assert.rejects(client.execute(prepared, [list]), (error: CqlError) => error.code === unpreparedCode);
  await client.query('CREATE AGGREGATE uf.last_of (int) SFUNC pick STYPE int').catch(() => {});
  await client.query('DROP FUNCTION uf.told (int, list<text>)');
  await client.query('SELECT v FROM uf.t');
  await listener.query('SELECT v FROM uf.t');
  const words = listener.events.map((body) =>
    body
      .toString('latin1')
      .replace(/[^ -~]+/g, ' ')
      .trim(),
  );
  assert.deepEqual(words, [
    'SCHEMA_CHANGE CREATED FUNCTION uf told int list<text>',
    'SCHEMA_CHANGE UPDATED FUNCTION uf told int list<text>',
    'SCHEMA_CHANGE DROPPED FUNCTION uf told int list<text>',
  ]);
  await listener.close();
});

type Row = Record<string, unknown>;
const running = async (text: string): Promise<Row[]> =>
  (await client.query('LIST QUERIES')).objects().filter((row) => String(row['query_text']).includes(text));
async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 20));
}

// 100 rows of a second each: nobody would wait for the end of this.
test('KILL QUERY and a client that goes away end a statement in the middle of its calls', async () => {
  await make('second', 'x int', 'int', 'const end = Date.now() + 1000; while (Date.now() < end); return x');
  await client.query('CREATE TABLE uf.many (k int PRIMARY KEY)');
  for (let k = 0; k < 100; k++) await client.query(`INSERT INTO uf.many (k) VALUES (${k})`);
  const other = await CqlClient.connect({ port: ferrosa.port });
  const select = other.query('SELECT uf.second(k) FROM uf.many');
  const ended = assert.rejects(select, /was ended by KILL QUERY/);
  await until(async () => (await running('uf.second(k)')).length === 1);
  const [query] = await running('uf.second(k)');
  await client.query(`KILL QUERY ${query!['query_id']}`);
  await ended;
  void other.query('SELECT uf.second(k) FROM uf.many').catch(() => {});
  await until(async () => (await running('uf.second(k)')).length === 1);
  await other.close();
  await until(async () => (await running('uf.second(k)')).length === 0);
});

test('a batch is among the running queries while its functions are called', async () => {
  await make('second', 'x int', 'int', 'const end = Date.now() + 1000; while (Date.now() < end); return x');
  const other = await CqlClient.connect({ port: ferrosa.port });
  const insert = 'INSERT INTO uf.t (k, v) VALUES (77, uf.second(1))';
  const batch = other.batch(
    0,
    Array.from({ length: 30 }, () => ({ query: insert })),
  );
  const ended = assert.rejects(batch, /was ended by KILL QUERY/);
  await until(async () => (await running('uf.second(1)')).length === 1);
  const [query] = await running('uf.second(1)');
  await client.query(`KILL QUERY ${query!['query_id']}`);
  await ended;
  assert.deepEqual(await values('SELECT v FROM uf.t WHERE k = 77'), []);
  await other.close();
});

test('functions and aggregates are there after a crash', async () => {
  await make('plus', 's int, x int', 'int', 'return (s ?? 0) + (x ?? 0)');
  await client.query('CREATE AGGREGATE uf.total (int) SFUNC plus STYPE int INITCOND 5');
  await client.query(
    'CREATE TABLE uf.masked (k int PRIMARY KEY, v int MASKED WITH plus(1), w text MASKED WITH DEFAULT)',
  );
  await client.query("INSERT INTO uf.masked (k, v, w) VALUES (1, 2, 'x')");
  const schema = (cql: string) => client.query(cql).then((result) => result.objects());
  const rows = await schema("SELECT * FROM system_schema.functions WHERE keyspace_name = 'uf'");
  const aggregates = await schema("SELECT * FROM system_schema.aggregates WHERE keyspace_name = 'uf'");
  assert.equal(aggregates.length, 1);
  await client.close();
  await ferrosa.down('SIGKILL');
  await ferrosa.up();
  client = await CqlClient.connect({ port: ferrosa.port });
  assert.deepEqual(await schema("SELECT * FROM system_schema.functions WHERE keyspace_name = 'uf'"), rows);
  assert.deepEqual(await schema("SELECT * FROM system_schema.aggregates WHERE keyspace_name = 'uf'"), aggregates);
  assert.deepEqual(await values('SELECT uf.total(v) FROM uf.t'), [15]);
  await client.query('INSERT INTO uf.t (k, v) VALUES (?, uf.plus(?, 2))', [value.int(2), value.int(3)]);
  assert.deepEqual(await values('SELECT v FROM uf.t WHERE k = uf.plus(1, 1)'), [5]);
  const table = String((await schema('DESCRIBE TABLE uf.masked'))[0]!['create_statement']);
  assert.match(table, /v int MASKED WITH uf\.plus\(1\),\n {4}w text MASKED WITH system\.mask_default\(\)\n/);
  // Without an authorizer everybody has UNMASK.
  assert.deepEqual(await schema('SELECT * FROM uf.masked'), [{ k: 1, v: 2, w: 'x' }]);
  await assert.rejects(client.query('DROP FUNCTION uf.plus (int, int)'), /still referenced by aggregates uf\.total/);
  const described = await schema('DESCRIBE AGGREGATE uf.total');
  assert.equal(
    described[0]!['create_statement'],
    'CREATE AGGREGATE uf.total(int)\n    SFUNC plus\n    STYPE int\n    INITCOND 5;',
  );
});

test('a node that does not allow functions and masks says so', async () => {
  const plain = await Ferrosa.start({ shards: '1' });
  const other = await CqlClient.connect({ port: plain.port });
  try {
    await other.query("CREATE KEYSPACE uf WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
    const create = other.query(
      "CREATE FUNCTION uf.f (x int) CALLED ON NULL INPUT RETURNS int LANGUAGE javascript AS 'x'",
    );
    await assert.rejects(create, (error: CqlError) => {
      assert.equal(error.code, invalidCode);
      return /^User-defined functions are disabled in cassandra\.yaml/.test(error.message);
    });
    const masked = other.query('CREATE TABLE uf.t (k int PRIMARY KEY, v int MASKED WITH DEFAULT)');
    await assert.rejects(masked, /^Error: Cannot mask columns because dynamic data masking is not enabled/);
  } finally {
    await other.close();
    await plain.remove();
  }
});

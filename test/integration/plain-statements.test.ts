// Statements that come as text with their values in it: those that the addon runs by itself do what JavaScript does with them, and those
// that it hands on as prepared statements do what their texts say.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { CqlClient, CqlError } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';

const keyspace = "CREATE KEYSPACE ps WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
const columns: Record<string, string[]> = {
  // Types, and texts of values: right ones, and some that are wrong for the type.
  tinyint: ['1', '-128', '127', '128', "'1'"],
  smallint: ['0', '-32768', '32767', '40000'],
  int: ['7', '-2147483648', '2147483647', '2147483648', '0x01', '1.5', 'true'],
  bigint: ['-9223372036854775808', '9223372036854775807', '9223372036854775808', '007', '-0'],
  float: ['1', '-0', '1.5', '1e10', '3.4028236e38', '1e39', '0.1', '16777217', '-1.e-3', 'NaN'],
  double: ['1', '-0.0', '0.1', '1e308', '1e309', '2.2250738585072012e-308', '5e-324', '-Infinity', '9007199254740993'],
  boolean: ['true', 'FALSE', 'TrUe', '1', "'true'"],
  text: ["''", "'x'", "'it''s'", "''''", "'ü€😀'", "'a -- b'", "'\n'", '1', '0xab'],
  ascii: ["'abc'", "'ü'", '1'],
  blob: ['0x', '0xabCD', '0xabc', "'ab'", '12'],
  uuid: ['550e8400-e29b-41d4-a716-446655440000', '00000000-0000-0000-0000-000000000000', "'550e8400'", '1'],
  timeuuid: ['50554d6e-29bb-11e5-b345-feff819cdc9f', '550e8400-e29b-41d4-a716-446655440000'],
  timestamp: ['0', '-1', '1700000000000', "'2024-02-29 12:00:00+0000'", '1.5'],
  date: ['1', "'2024-02-29'"],
  time: ["'08:12:54.123'", '5'],
  inet: ["'127.0.0.1'", "'::1'", '1'],
  varint: ['1', '-123456789012345678901234567890'],
  decimal: ['1', '1.50', '-1e10'],
  duration: ['1h30m', 'P1Y'],
};
const types = Object.keys(columns);

let hot: Ferrosa;
let plain: Ferrosa;
let clients: [CqlClient, CqlClient];
before(async () => {
  [hot, plain] = await Promise.all([Ferrosa.start({ shards: '2' }), Ferrosa.start({ shards: '2', hot_path: 'false' })]);
  clients = [await CqlClient.connect({ port: hot.port }), await CqlClient.connect({ port: plain.port })];
  for (const client of clients) {
    await client.query(keyspace);
    const all = types.map((type) => `c_${type} ${type}`).join(', ');
    await client.query(`CREATE TABLE ps.t (p int, "Q" text, c int, ${all}, PRIMARY KEY ((p, "Q"), c))`);
    await client.query('USE ps');
  }
});
after(async () => {
  for (const client of clients) await client.close();
  await Promise.all([hot.remove(), plain.remove()]);
});

async function textsRun(): Promise<number> {
  const rows = (await clients[0].query('SELECT name, value FROM system_views.cql_metrics')).objects();
  return Number(rows.find(({ name }) => name === 'regular_statements_executed')!['value']);
}

/** What a client sees of a statement: rows and columns, or the error. */
async function outcome(client: CqlClient, cql: string, values: (Buffer | null)[] = []): Promise<unknown> {
  try {
    const { kind, rows, columns: got, warnings, newMetadataId } = await client.query(cql, values, { timestamp: 5n });
    return { kind, rows, columns: got, warnings, newMetadataId };
  } catch (error) {
    if (!(error instanceof CqlError)) throw error;
    return { code: error.code, message: error.message };
  }
}

const literal = fc
  .constantFrom(...types)
  .chain((type) => fc.tuple(fc.constant(type), fc.constantFrom(...columns[type]!, 'null')));
const key = fc.record({
  p: fc.constantFrom('1', '-2', '1', '-2', '2147483648', 'null'),
  q: fc.constantFrom("'a'", "'it''s'", "'a'", "''", '5'),
  c: fc.constantFrom('0', '1', '-1', '1', '0x00'),
});
const tail = fc.constantFrom(
  '',
  '',
  ' USING TTL 1000',
  ' USING TTL -1',
  ' USING TTL 0',
  ' USING TIMESTAMP 7 AND TTL 5000',
);
const statement = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(key, literal, tail).map(([k, [type, v], using]) => insert(k, type, v, using)) },
  fc
    .tuple(key, literal)
    .map(([k, [type, v]]) => `UPDATE t SET c_${type} = ${v} WHERE p = ${k.p} AND "Q" = ${k.q} AND c = ${k.c}`),
  key.map((k) => `DELETE FROM ps.t WHERE p = ${k.p} AND "Q" = ${k.q} AND c = ${k.c}`),
  fc
    .tuple(key, fc.constantFrom('', ' LIMIT 1', ' LIMIT 0', ' ORDER BY c DESC LIMIT 2'))
    .map(([k, limit]) => `SELECT * FROM t WHERE p = ${k.p} AND "Q" = ${k.q}${limit}`),
  key.map((k) => `SELECT c, c_text FROM ps.t WHERE p=${k.p} AND "Q"=${k.q} AND c>=${k.c};`),
  {
    weight: 3,
    arbitrary: fc.tuple(key, literal, fc.nat(7)).map(([k, [type, v], i]) => coldStatements(k, type, v)[i]!),
  },
);
/** What the addon does not run by itself. */
function coldStatements(k: { p: string; q: string; c: string }, type: string, v: string): readonly string[] {
  const where = `WHERE p = ${k.p} AND "Q" = ${k.q}`;
  return [
    `SELECT JSON c, c_text, c_int FROM t ${where} AND c = ${k.c}`,
    `SELECT count(*), max(c_${type}) FROM t ${where}`,
    `SELECT c, writetime(c_${type}), 1 FROM t WHERE p IN (${k.p}, 1) AND "Q" IN (${k.q}, 'a')`,
    `SELECT p, c, c_${type} FROM t WHERE c_${type} = ${v} ALLOW FILTERING`,
    `SELECT c FROM t WHERE token(p, "Q") = token(${k.p}, ${k.q}) LIMIT 2`,
    `SELECT c, c_${type} FROM t ${where} GROUP BY c LIMIT ${k.c}`,
    `UPDATE t SET c_${type} = ${v} ${where} AND c = ${k.c} IF c_int = 7`,
    `INSERT INTO t (p, "Q", c, c_${type}) VALUES (${k.p}, ${k.q}, ${k.c}, ${v}) IF NOT EXISTS`,
  ];
}
function insert(k: { p: string; q: string; c: string }, type: string, v: string, using: string): string {
  return `INSERT INTO t (p, "Q", c, c_${type}) VALUES (${k.p}, ${k.q}, ${k.c}, ${v})${using}`;
}

test('whatever the values are, the answer and the rows are those of JavaScript', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(statement, { minLength: 20, maxLength: 60 }), async (statements) => {
      // Deletions and writes of one timestamp leave what order of statements cannot change.
      for (const cql of statements) {
        const [with_, without] = await Promise.all(clients.map((client) => outcome(client, cql)));
        assert.deepEqual(with_, without, cql);
      }
      const [with_, without] = await Promise.all(clients.map((client) => outcome(client, 'SELECT * FROM ps.t')));
      assert.deepEqual(with_, without, 'the whole table');
    }),
    { numRuns: 40 },
  );
});

test('a value that is wrong for its type is refused in the words of a text also when its shape is known', async () => {
  const key = { p: '1', q: "'a'", c: '1' };
  for (const type of types)
    for (const i of [3, 6, 7]) {
      const right = coldStatements(key, type, columns[type]![0]!)[i]!;
      for (let n = 0; n < 3; n++) for (const client of clients) await outcome(client, right);
      for (const v of columns[type]!) {
        const cql = coldStatements(key, type, v)[i]!;
        const [with_, without] = await Promise.all(clients.map((client) => outcome(client, cql)));
        assert.deepEqual(with_, without, cql);
      }
    }
});

test('markers in a text that has values too take the values of the request', async () => {
  for (let i = 0; i < 4; i++) {
    const cql = `INSERT INTO t (p, "Q", c, c_text) VALUES (?, 'm', ${i}, ?)`;
    const results = await Promise.all(
      clients.map((client) => outcome(client, cql, [value.int(9), Buffer.from(`v${i}`)])),
    );
    assert.deepEqual(results[0], results[1]);
    const wrong = await Promise.all(clients.map((client) => outcome(client, cql, [value.int(9)])));
    assert.deepEqual(wrong[0], wrong[1]);
    const read = `SELECT c_text FROM t WHERE p = ? AND "Q" = 'm' AND c = ${i}`;
    const rows = await Promise.all(clients.map((client) => client.query(read, [value.int(9)])));
    for (const row of rows) assert.deepEqual(row.objects(), [{ c_text: `v${i}` }]);
  }
});

test('the addon runs the third statement of a shape, and counts it as a regular statement', async () => {
  const before = await textsRun();
  const scrape = async () => {
    const text = await (await fetch(`http://127.0.0.1:${hot.webPort}/metrics`)).text();
    return Number(/^ferrosa_hot_path_requests_total (\d+)/m.exec(text)![1]);
  };
  const taken = await scrape();
  for (let i = 0; i < 10; i++)
    await clients[0].query(`SELECT c_int FROM ps.t WHERE p = ${i} AND "Q" = 'z' AND c = ${i}`);
  assert.equal((await scrape()) - taken, 8);
  assert.equal((await textsRun()) - before, 11, 'with the statement that counted before');
});

// On the other port the connection is on the thread of a shard, which hears of USE and of plans from main.
for (const port of ['port', 'shardAwarePort'] as const)
  test(`one text means another table in another keyspace, and after a change of the schema (${port})`, async () => {
    const client = await CqlClient.connect({ port: hot[port] });
    try {
      for (const name of ['one', 'two']) {
        await client.query(
          `CREATE KEYSPACE IF NOT EXISTS ${name} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
        );
        await client.query(`DROP TABLE IF EXISTS ${name}.same`);
        await client.query(`CREATE TABLE ${name}.same (k int PRIMARY KEY, v text)`);
        await client.query(`INSERT INTO ${name}.same (k, v) VALUES (1, '${name}')`);
      }
      for (const name of ['one', 'two', 'one', 'two']) {
        await client.query(`USE ${name}`);
        for (let i = 0; i < 4; i++)
          assert.deepEqual((await client.query('SELECT v FROM same WHERE k = 1')).objects(), [{ v: name }]);
      }
      await client.query('DROP TABLE two.same');
      await assert.rejects(client.query('SELECT v FROM same WHERE k = 1'), { code: 0x2200 });
      await client.query('CREATE TABLE two.same (k text PRIMARY KEY, v int)');
      await assert.rejects(client.query('SELECT v FROM same WHERE k = 1'), { code: 0x2200 });
      for (let i = 0; i < 4; i++) {
        await client.query(`INSERT INTO same (k, v) VALUES ('1', ${i})`);
        assert.deepEqual((await client.query("SELECT v FROM same WHERE k = '1'")).objects(), [{ v: i }]);
      }
      await client.query('ALTER TABLE same ADD w int');
      assert.deepEqual((await client.query("SELECT * FROM same WHERE k = '1'")).objects(), [{ k: '1', v: 3, w: null }]);
    } finally {
      await client.close();
    }
  });

test('a shape that the addon does not run costs no reading of the text from the third statement on, and counts as regular', async () => {
  const before = await textsRun();
  const slow = async () => (await clients[0].query('LIST QUERIES')).objects();
  for (let i = 0; i < 6; i++) {
    const { rows } = await clients[0].query(`SELECT count(*) FROM ps.t WHERE p IN (${i}, 99) AND "Q" = 'none'`);
    assert.equal(rows.length, 1);
  }
  assert.equal((await slow()).length, 1, 'nothing is left running');
  assert.equal((await textsRun()) - before, 8);
});

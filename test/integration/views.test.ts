// Materialized views against a real process: after any writes they show what their base shows; built over what is there; resumed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { CqlClient, type CqlError } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';
import { Prng } from '../support/prng.js';
import { checkViews, createViews, randomWrite } from '../support/view-workload.js';

let ferrosa: Ferrosa;
let client: CqlClient;
before(async () => {
  // Writes of one partition wait for each other, on a machine that may be busy.
  ferrosa = await Ferrosa.start({ shards: '2', write_request_timeout: '60s', commitlog_segment_size: '1MiB' });
  client = await CqlClient.connect({ port: ferrosa.port });
  await client.query("CREATE KEYSPACE mv WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
});
after(async () => {
  await client.close();
  await ferrosa.remove();
});

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const built = (keyspace: string, view: string) => async () => {
  const select = `SELECT view_name FROM system.built_views WHERE keyspace_name = '${keyspace}' AND view_name = '${view}'`;
  return (await client.query(select)).rows.length > 0;
};

const failure = async (cql: string): Promise<string> => {
  try {
    await client.query(cql);
    return 'none';
  } catch (error) {
    return `${(error as CqlError).code.toString(16)} ${(error as CqlError).message}`;
  }
};

test('after thousands of random writes with random timestamps every view shows what its base shows', async (t) => {
  const seed = Number(process.env['VIEWS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`replay with VIEWS_SEED=${seed}`);
  const numbers = new Prng(seed);
  const random = () => numbers.next() / 2 ** 32;
  await createViews(client, 'mvr');
  const rounds = 25;
  for (let round = 0; round < rounds; round++) {
    const writes = Array.from({ length: 100 }, () => randomWrite(random, 'mvr'));
    await Promise.all(writes.map((cql) => client.query(cql)));
    await checkViews(client, 'mvr');
  }
  const now = Math.floor(Date.now() / 1000);
  await checkViews(client, 'mvr', now + 6_000);
  await checkViews(client, 'mvr', now + 10_000);
});

test('prepared writes that were hot before the view was created reach it, also conditional ones', async () => {
  await client.query('CREATE TABLE mv.hot (k int PRIMARY KEY, v int)');
  const insert = await client.prepare('INSERT INTO mv.hot (k, v) VALUES (?, ?)');
  for (let k = 0; k < 300; k++) await client.execute(insert, [value.int(k), value.int(k % 7)]);
  await client.query(
    'CREATE MATERIALIZED VIEW mv.hot_by_v AS SELECT * FROM mv.hot WHERE v IS NOT NULL AND k IS NOT NULL PRIMARY KEY (v, k)',
  );
  const again = await client.prepare('INSERT INTO mv.hot (k, v) VALUES (?, ?)');
  for (let k = 250; k < 350; k++) await client.execute(again, [value.int(k), value.int(100)]);
  await client.query('UPDATE mv.hot SET v = 101 WHERE k = 0 IF v = 0');
  await until(built('mv', 'hot_by_v'));
  const view = (await client.query('SELECT v, k FROM mv.hot_by_v')).objects();
  const base = (await client.query('SELECT v, k FROM mv.hot')).objects();
  const sorted = (rows: Record<string, unknown>[]) => rows.map(({ k, v }) => `${k} ${v}`).sort();
  assert.deepEqual(sorted(view), sorted(base));
  assert.deepEqual((await client.query('SELECT k FROM mv.hot_by_v WHERE v = 101')).objects(), [{ k: 0 }]);
});

test('truncating the base empties its views; columns that it gets, a view of all columns gets too', async () => {
  await client.query('CREATE TABLE mv.t (k int PRIMARY KEY, v int)');
  await client.query(
    'CREATE MATERIALIZED VIEW mv.t_by_v AS SELECT * FROM mv.t WHERE v IS NOT NULL AND k IS NOT NULL PRIMARY KEY (v, k)',
  );
  await client.query('INSERT INTO mv.t (k, v) VALUES (1, 2)');
  await client.query('ALTER TABLE mv.t ADD w text');
  await client.query("UPDATE mv.t SET w = 'new' WHERE k = 1");
  assert.deepEqual((await client.query('SELECT * FROM mv.t_by_v')).objects(), [{ v: 2, k: 1, w: 'new' }]);
  await client.query('TRUNCATE mv.t');
  assert.deepEqual((await client.query('SELECT * FROM mv.t_by_v')).objects(), []);
});

test('TRUNCATEs beside writes leave no row in the base that its views do not have, nor the other way round', async () => {
  await client.query('CREATE TABLE mv.b (k int PRIMARY KEY, v int)');
  for (const name of ['b_by_v', 'b_by_v2'])
    await client.query(
      `CREATE MATERIALIZED VIEW mv.${name} AS SELECT * FROM mv.b WHERE v IS NOT NULL AND k IS NOT NULL PRIMARY KEY (v, k)`,
    );
  const pairs = async (table: string) =>
    (await client.query(`SELECT k, v FROM mv.${table}`)).objects().map(({ k, v }) => `${k} ${v}`);
  for (let round = 0; round < 10; round++) {
    const writes = Array.from({ length: 200 }, (_, k) =>
      client.query(`INSERT INTO mv.b (k, v) VALUES (${k}, ${round})`),
    );
    await Promise.race(writes);
    await client.query('TRUNCATE mv.b');
    await Promise.all(writes);
    const base = (await pairs('b')).sort();
    assert.deepEqual((await pairs('b_by_v')).sort(), base);
    assert.deepEqual((await pairs('b_by_v2')).sort(), base);
  }
});

test('what views forbid, with the texts of Cassandra', async () => {
  await client.query('CREATE TABLE mv.f (k int, c int, s int static, v int, w int, PRIMARY KEY (k, c))');
  const where = 'WHERE v IS NOT NULL AND k IS NOT NULL AND c IS NOT NULL';
  await client.query(`CREATE MATERIALIZED VIEW mv.f_by_v AS SELECT k, c, v FROM mv.f ${where} PRIMARY KEY (v, k, c)`);
  for (const [cql, expected] of [
    ['INSERT INTO mv.f_by_v (k, c, v) VALUES (1, 2, 3)', '2200 Cannot directly modify a materialized view'],
    ['TRUNCATE mv.f_by_v', '2200 Cannot TRUNCATE materialized view directly; must truncate base table instead'],
    ['DROP TABLE mv.f', '2200 Cannot drop a table when materialized views still depend on it (mv)'],
    ['ALTER TABLE mv.f DROP w', '2200 Cannot drop column w on base table f with materialized views'],
    [
      `CREATE MATERIALIZED VIEW mv.bad AS SELECT * FROM mv.f ${where} PRIMARY KEY (v, k, c)`,
      "2200 Cannot include static column 's' in materialized view 'bad'",
    ],
    [
      `CREATE MATERIALIZED VIEW mv.bad AS SELECT k, c, v FROM mv.f ${where} PRIMARY KEY (v, k)`,
      "2200 Cannot create materialized view 'bad' without primary key columns c from base table 'f'",
    ],
    [
      'CREATE MATERIALIZED VIEW mv.bad AS SELECT k, c, v FROM mv.f WHERE k IS NOT NULL PRIMARY KEY (v, k, c)',
      "2200 Primary key columns v, c must be restricted with 'IS NOT NULL' or otherwise",
    ],
    [
      "CREATE MATERIALIZED VIEW mv.bad AS SELECT k, c, v FROM mv.f WHERE k = 'x' AND c IS NOT NULL PRIMARY KEY (c, k)",
      '2200 Invalid STRING constant (x) for "k" of type int',
    ],
    [
      'CREATE MATERIALIZED VIEW mv.bad AS SELECT k, c, v FROM mv.f WHERE k = null AND c IS NOT NULL PRIMARY KEY (c, k)',
      '2200 Invalid null value in condition for column k',
    ],
    [
      'CREATE MATERIALIZED VIEW mv.bad AS SELECT k, c, v FROM mv.f WHERE k != 1 AND c IS NOT NULL PRIMARY KEY (c, k)',
      '2200 Unsupported "!=" relation: k != 1',
    ],
    [
      'CREATE MATERIALIZED VIEW mv.bad AS SELECT k, c FROM mv.f WHERE k IS NOT NULL AND c IS NOT NULL AND v = 1 PRIMARY KEY (c, k)',
      "2200 Non-primary key columns can only be restricted with 'IS NOT NULL' (got: v restricted illegally)",
    ],
  ] as const)
    assert.equal(await failure(cql), expected);
  await client.query('DROP MATERIALIZED VIEW mv.f_by_v');
  await client.query('DROP TABLE mv.f');
});

test('the WHERE of a view may compare several columns together, and ask what frozen collections contain', async () => {
  await client.query(
    'CREATE TABLE mv.w (k int, a int, b int, fs frozen<set<int>>, fm frozen<map<int, int>>, PRIMARY KEY (k, a, b, fs, fm)) ' +
      'WITH CLUSTERING ORDER BY (a DESC, b ASC, fs ASC, fm ASC)',
  );
  const forms: readonly [where: string, shown: readonly string[]][] = [
    ['(a, b) > (1, 1) AND fs IS NOT NULL AND fm IS NOT NULL', ['1 2', '2 0', '2 1']],
    ['(a, b) >= (1, 1) AND (a, b) < (2, 1) AND fs IS NOT NULL AND fm IS NOT NULL', ['1 1', '1 2', '2 0']],
    ['(a, b) IN ((1, 1), (2, 1), (3, 3)) AND fs IS NOT NULL AND fm IS NOT NULL', ['1 1', '2 1']],
    ['(a) = (2) AND b BETWEEN 1 AND 0 AND fs IS NOT NULL AND fm IS NOT NULL', ['2 0', '2 1']],
    ['a IS NOT NULL AND b IS NOT NULL AND fs CONTAINS 1 AND fm IS NOT NULL', ['1 1', '2 1']],
    ['a IS NOT NULL AND b IS NOT NULL AND fs IS NOT NULL AND fm CONTAINS KEY 2 AND fm CONTAINS 0', ['2 0']],
  ];
  for (const [i, [where]] of forms.entries())
    await client.query(
      `CREATE MATERIALIZED VIEW mv.w${i} AS SELECT * FROM mv.w WHERE k IS NOT NULL AND ${where} PRIMARY KEY (b, k, a, fs, fm)`,
    );
  for (const [a, b] of [
    [1, 1],
    [1, 2],
    [2, 0],
    [2, 1],
  ])
    await client.query(`INSERT INTO mv.w (k, a, b, fs, fm) VALUES (1, ${a}, ${b}, {${b}}, {${a}: ${b}})`);
  const shownBy = async (view: string) =>
    (await client.query(`SELECT a, b FROM mv.${view}`))
      .objects()
      .map(({ a, b }) => `${a} ${b}`)
      .sort();
  for (const [i, [where, shown]] of forms.entries()) assert.deepEqual(await shownBy(`w${i}`), shown, where);
  await client.query('ALTER TABLE mv.w RENAME a TO aa');
  const [text] = (
    await client.query("SELECT where_clause FROM system_schema.views WHERE keyspace_name = 'mv' AND view_name = 'w0'")
  ).objects();
  assert.equal(text!['where_clause'], 'k IS NOT NULL AND (aa, b) > (1, 1) AND fs IS NOT NULL AND fm IS NOT NULL');
  await client.query('DELETE FROM mv.w WHERE k = 1 AND aa = 2');
  assert.equal((await client.query('SELECT aa, b FROM mv.w0')).objects().length, 1);
});

// A mutation is at most half a segment: 512 KiB here. The views' part of a write is the whole of each row.
test('a small write of many large rows reaches the views, though it is more there than one mutation may be', async () => {
  await client.query('CREATE TABLE mv.large (k int, c int, v int, b blob, PRIMARY KEY (k, c))');
  await client.query(
    'CREATE MATERIALIZED VIEW mv.large_by_v AS SELECT * FROM mv.large ' +
      'WHERE v IS NOT NULL AND k IS NOT NULL AND c IS NOT NULL PRIMARY KEY (v, k, c)',
  );
  const rows = Array.from({ length: 60 }, (_, c) => c);
  const blob = Buffer.alloc(20_000, 1).toString('hex');
  for (const c of rows) await client.query(`INSERT INTO mv.large (k, c, v, b) VALUES (1, ${c}, 1, 0x${blob})`);
  const updates = rows.map((c) => `UPDATE mv.large SET v = 2 WHERE k = 1 AND c = ${c};`);
  await client.query(`BEGIN BATCH ${updates.join(' ')} APPLY BATCH`);
  assert.equal((await client.query('SELECT c FROM mv.large_by_v WHERE v = 2')).rows.length, rows.length);
  assert.equal((await client.query('SELECT c FROM mv.large_by_v WHERE v = 1')).rows.length, 0);
});

// What is kept until views have followed names the rows and not what is in them.
test('a mutation of a table with views may be as large as any other', async () => {
  await client.query('CREATE TABLE mv.l (k int PRIMARY KEY, v int, b blob)');
  await client.query(
    'CREATE MATERIALIZED VIEW mv.l_by_v AS SELECT * FROM mv.l WHERE v IS NOT NULL AND k IS NOT NULL PRIMARY KEY (v, k)',
  );
  const blob = Buffer.alloc(500_000, 1).toString('hex');
  await client.query(`INSERT INTO mv.l (k, v, b) VALUES (1, 2, 0x${blob})`);
  const [row] = (await client.query('SELECT k, b FROM mv.l_by_v WHERE v = 2')).objects();
  assert.equal((row!['b'] as Uint8Array).length, 500_000);
});

test('a build that was interrupted goes on after the restart; ferrosa-ctl tells how far it is', async () => {
  await client.query('CREATE TABLE mv.big (k int PRIMARY KEY, v int)');
  const insert = await client.prepare('INSERT INTO mv.big (k, v) VALUES (?, ?)');
  const count = 3_000;
  for (let at = 0; at < count; at += 500)
    await Promise.all(
      Array.from({ length: 500 }, (_, i) => client.execute(insert, [value.int(at + i), value.int((at + i) % 50)])),
    );
  await client.query(
    'CREATE MATERIALIZED VIEW mv.big_by_v AS SELECT * FROM mv.big WHERE v IS NOT NULL AND k IS NOT NULL PRIMARY KEY (v, k)',
  );
  await client.close();
  await ferrosa.down('SIGKILL');
  await ferrosa.up();
  client = await CqlClient.connect({ port: ferrosa.port });
  await until(built('mv', 'big_by_v'));
  assert.equal((await client.query('SELECT k FROM mv.big_by_v')).rows.length, count);
  const ctl = await promisify(execFile)(process.execPath, [
    ...['bin/ferrosa-ctl.js', '-p', String(ferrosa.webPort), 'viewbuildstatus', 'mv', 'big_by_v'],
  ]);
  assert.match(ctl.stdout, /mv\.big_by_v has finished building/);
  await checkViews(client, 'mvr');
});

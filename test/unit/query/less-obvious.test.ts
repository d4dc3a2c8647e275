// What one would not guess of Cassandra 5.0, and random statements found: nulls as bounds, decimals that are equal, which error is told.
// The statements are in test/diff/corpus/grammar.cql too, where the real Cassandra is asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Session } from '../../support/in-process-node.js';

async function sessionWith(...statements: string[]): Promise<Session> {
  const session = new Session();
  await session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'USE k',
    ...statements,
  );
  return session;
}

test('CONTAINS on a frozen list tells equal decimals of other scales apart, on another collection it does not', async () => {
  const session = await sessionWith(
    'CREATE TABLE t (k int PRIMARY KEY, f frozen<list<decimal>>, l list<decimal>, m frozen<map<decimal, int>>)',
    'INSERT INTO t (k, f, l, m) VALUES (1, [1.5], [1.5], {1.5: 0})',
    'INSERT INTO t (k, f, l, m) VALUES (2, [1.50], [1.50], {1.50: 0})',
  );
  const keys = (where: string) => session.rows(`SELECT k FROM t WHERE ${where} ALLOW FILTERING`);
  assert.deepEqual(await keys('f CONTAINS 1.5'), [['1']]);
  assert.deepEqual(await keys('l CONTAINS 1.5'), [['1'], ['2']]);
  assert.deepEqual(await keys('m CONTAINS KEY 1.50'), [['1'], ['2']]);
});

test('null as a bound is where the order begins: below all values in an ascending one, above them in a descending one', async () => {
  const rows = async (order: string, where: string) => {
    const session = await sessionWith(
      `CREATE TABLE t (k int, c int, PRIMARY KEY (k, c)) WITH CLUSTERING ORDER BY (c ${order})`,
      'INSERT INTO t (k, c) VALUES (1, 1)',
      'INSERT INTO t (k, c) VALUES (1, 2)',
    );
    return session.rows(`SELECT c FROM t WHERE k = 1 AND ${where}`);
  };
  assert.deepEqual(await rows('ASC', 'c < null AND c >= 1'), []);
  assert.deepEqual(await rows('DESC', 'c < null AND c >= 1'), [['2'], ['1']]);
  assert.deepEqual(await rows('DESC', 'c <= null AND c > 1'), [['2']]);
  assert.deepEqual(await rows('DESC', 'c > null AND c <= 2'), []);
});

test('a column that is not there is told in the order of the statement, and before the function it is given to', async () => {
  const session = await sessionWith('CREATE TABLE t (k int, c int, v int, s int static, PRIMARY KEY (k, c))');
  const error = (list: string) => session.error(`SELECT ${list} FROM t`);
  assert.match(await error('nope(v), w'), /Unknown function/);
  assert.match(await error('w, nope(v)'), /Undefined column name w/);
  assert.match(await error('nope(w), x'), /Undefined column name w/);
  assert.match(await error('abs(nope(w)), x'), /Undefined column name w/);
  // What a static column and another one tell is enough: the third is not looked at before WHERE is.
  assert.match(await session.error("SELECT v, s, w FROM t WHERE v = 'a'"), /Invalid STRING constant/);
});

test('groups of several partitions are in the order of their first rows', async () => {
  const rows = [
    [1, 5, 0],
    [1, 3, 7],
    [2, 1, 9],
    [2, 4, 1],
  ];
  const session = await sessionWith(
    'CREATE TABLE t (k int, c int, v int, PRIMARY KEY (k, c))',
    ...rows.map((row) => `INSERT INTO t (k, c, v) VALUES (${row.join(', ')})`),
  );
  const groups = (tail: string) => session.rows(`SELECT c, max(v) FROM t WHERE k IN (1, 2) GROUP BY ${tail}`);
  assert.deepEqual(await groups('k, c ORDER BY c'), [
    ['1', '9'],
    ['3', '7'],
    ['4', '1'],
    ['5', '0'],
  ]);
  assert.deepEqual(await groups('k, c ORDER BY c DESC LIMIT 2'), [
    ['5', '0'],
    ['4', '1'],
  ]);
  assert.deepEqual(await groups('k ORDER BY c'), [
    ['1', '9'],
    ['3', '7'],
  ]);
  assert.deepEqual(await groups('k, c ORDER BY c PER PARTITION LIMIT 1'), [
    ['1', '9'],
    ['3', '7'],
  ]);
});

test('a value twice in IN is as once, before bounds on several columns too', async () => {
  for (const order of ['ASC', 'DESC']) {
    const session = await sessionWith(
      `CREATE TABLE t (k int, a int, b int, c int, PRIMARY KEY (k, a, b, c)) WITH CLUSTERING ORDER BY (a ${order}, b ${order}, c ${order})`,
      'INSERT INTO t (k, a, b, c) VALUES (1, 1, 1, 1)',
      'INSERT INTO t (k, a, b, c) VALUES (1, 1, 4, 1)',
    );
    const rows = await session.rows('SELECT b FROM t WHERE k = 1 AND a IN (1, 1, 1) AND (b, c) > (0, 1) AND (b) < (3)');
    assert.deepEqual(rows, [['1']], order);
  }
});

test('a partition of one row, and one of several, give the rows of every slice that is asked for', async () => {
  for (const rows of [[2], [0, 2, 4, 6]]) {
    const session = await sessionWith(
      'CREATE TABLE t (k int, c int, v int, PRIMARY KEY (k, c))',
      ...rows.map((c) => `INSERT INTO t (k, c, v) VALUES (1, ${c}, ${c})`),
    );
    const wanted = [2, 4].filter((c) => rows.includes(c)).map((c) => [String(c)]);
    const where = 'FROM t WHERE k = 1 AND c IN (1, 2, 3, 4, 5)';
    assert.deepEqual(await session.rows(`SELECT v ${where}`), wanted);
    assert.deepEqual(await session.rows(`SELECT v ${where} ORDER BY c DESC`), [...wanted].reverse());
    assert.deepEqual(await session.rows(`SELECT v ${where} LIMIT 1`), wanted.slice(0, 1));
    assert.deepEqual(await session.rows(`SELECT v + 0 ${where} ORDER BY c DESC`), [...wanted].reverse());
    assert.deepEqual(await session.rows(`SELECT count(*), max(v) ${where}`), [
      [String(wanted.length), wanted[wanted.length - 1]![0]!],
    ]);
  }
});

test('a time to live is looked at where there is a row to write', async () => {
  const session = await sessionWith('CREATE TABLE t (k int, c int, v int, PRIMARY KEY (k, c))');
  await session.query('UPDATE t USING TTL 2147483647 SET v = 1 WHERE k = 1 AND c IN ()');
  assert.match(
    await session.error('UPDATE t USING TTL 2147483647 SET v = 1 WHERE k = 1 AND c IN (1)'),
    /ttl is too large/,
  );
});

test('writetime of a field of a user type is that of the field, whatever fields there are before it', async () => {
  const session = await sessionWith(
    'CREATE TYPE u (a int, b int, c int)',
    'CREATE TABLE t (k int PRIMARY KEY, u u)',
    'INSERT INTO t (k, u) VALUES (1, {a: 1, c: 3}) USING TIMESTAMP 7',
    'UPDATE t USING TIMESTAMP 9 SET u.c = 4 WHERE k = 1',
  );
  const list = 'writetime(u.a), writetime(u.b), writetime(u.c), maxwritetime(u.c)';
  assert.deepEqual(await session.rows(`SELECT ${list} FROM t`), [['7', 'null', '9', '9']]);
});

test('a blob of two bytes that is given for a tinyint has its place among the values of IN', async () => {
  const session = await sessionWith(
    'CREATE TABLE t (k int, c tinyint, PRIMARY KEY (k, c))',
    'INSERT INTO t (k, c) VALUES (1, 0)',
  );
  assert.deepEqual(await session.rows('SELECT c FROM t WHERE k = 1 AND c IN (0, 0xCAFE, 1)'), [['0']]);
  await session.all(
    'CREATE TABLE p (k tinyint, j int, v int, PRIMARY KEY ((k, j)))',
    'INSERT INTO p (k, j, v) VALUES (1, 1, 1)',
  );
  assert.deepEqual(await session.rows('SELECT v FROM p WHERE k IN (0xCAFE, 1) AND j = 1'), [['1']]);
  for (const write of [
    'INSERT INTO p (k, j, v) VALUES (0xCAFE, 1, 1)',
    'DELETE FROM p WHERE k = 0xCAFE AND j IN (1, 2)',
  ])
    assert.match(await session.error(write), /Expected 1 byte for a tinyint \(2\)/);
});

test('exp and log give the double nearest to the result', async () => {
  const session = await sessionWith(
    'CREATE TABLE t (k int PRIMARY KEY, a double, b double)',
    'INSERT INTO t (k, a, b) VALUES (1, 3, -10)',
  );
  // Of the numbers between which the result lies, JavaScript's own functions give the other one.
  assert.deepEqual(await session.rows('SELECT log(a), exp(b) FROM t'), [
    ['1.0986122886681098', '4.5399929762484854E-5'],
  ]);
  await session.query('UPDATE t SET a = 1e-300, b = 1e-300 WHERE k = 1');
  assert.deepEqual(await session.rows('SELECT log(a), exp(b) FROM t'), [['-690.7755278982137', '1.0']]);
});

test('a logged batch that writes nothing is warned of short gc_grace_seconds too', async () => {
  const session = await sessionWith('CREATE TABLE t (k int, c int, PRIMARY KEY (k, c)) WITH gc_grace_seconds = 0');
  const result = await session.query('BEGIN BATCH DELETE FROM t WHERE k = 0 AND c > 5 AND c < 1 APPLY BATCH');
  assert.match(JSON.stringify(result), /configured with a gc_grace_seconds of 0/);
});

test('what cannot be read behind JSON is told at the word that makes it a column', async () => {
  const session = await sessionWith('CREATE TABLE t (k int PRIMARY KEY, m map<int, int>)');
  const error = (list: string) => session.error(`SELECT ${list} FROM t`);
  assert.match(
    await error('JSON ttl(m[..])'),
    /1:12 no viable alternative at input 'ttl' \(SELECT \[JSON\] ttl\.\.\.\)/,
  );
  assert.match(await error('DISTINCT k,'), /1:16 no viable alternative at input 'k' \(SELECT \[DISTINCT\] k\.\.\.\)/);
  assert.match(await error('ttl(m[..])'), /1:15 no viable alternative at input '\]'/);
});

test('an index on a frozen collection in a descending order is refused without the kind of its target', async () => {
  const table = 'CREATE TABLE t (k int, c frozen<list<int>>, PRIMARY KEY (k, c)) WITH CLUSTERING ORDER BY';
  const refused = async (order: string) => (await sessionWith(`${table} (c ${order})`)).error('CREATE INDEX ON t (c)');
  assert.match(await refused('ASC'), /Cannot create values\(\) index on frozen column c/);
  assert.match(await refused('DESC'), /Cannot create \(\) index on frozen column c/);
});

test('IN among filters is not looked at behind a null', async () => {
  const session = await sessionWith(
    'CREATE TABLE t (k int PRIMARY KEY, v text)',
    "INSERT INTO t (k, v) VALUES (1, 'a')",
    "INSERT INTO t (k, v) VALUES (2, 'b')",
  );
  const keys = (list: string) => session.rows(`SELECT k FROM t WHERE v IN (${list}) ALLOW FILTERING`);
  assert.deepEqual(await keys("'b', 'a'"), [['1'], ['2']]);
  assert.deepEqual(await keys("'b', null, 'a'"), [['2']]);
  assert.deepEqual(await keys("null, 'a'"), []);
});

test('a call that needs no row fails also where there is none', async () => {
  const session = await sessionWith('CREATE TABLE t (k int PRIMARY KEY, v int)');
  assert.match(
    await session.error('SELECT v, abs(blobasint(0xCAFE)) FROM t WHERE k = 1'),
    /value 0xcafe is not a valid/,
  );
  assert.deepEqual(await session.rows('SELECT abs(blobasint(0x00000001)) FROM t WHERE k = 1'), []);
});

test('bytes that are no tuple are no partition key', async () => {
  const session = await sessionWith('CREATE TABLE t (k frozen<tuple<ascii>>, v int, PRIMARY KEY (k))');
  const write = (key: string) => session.error(`INSERT INTO t (k, v) VALUES (${key}, 1)`);
  assert.match(await write('0xff'), /Not enough bytes to read size of 0th component/);
  assert.match(await write('0x0000000161ff'), /Invalid remaining data after end of tuple value/);
  assert.deepEqual(await session.rows('SELECT v FROM t WHERE k = 0xff'), []);
});

test('a partition without rows stands first in the order of the table, last against it', async () => {
  const partitions = async (order: string, by: string) => {
    const session = await sessionWith(
      `CREATE TABLE t (k int, c int, s int static, PRIMARY KEY (k, c)) WITH CLUSTERING ORDER BY (c ${order})`,
      'INSERT INTO t (k, s) VALUES (2, 1)',
      'INSERT INTO t (k, c) VALUES (1, 1)',
    );
    return session.rows(`SELECT k FROM t WHERE k IN (1, 2) ORDER BY c ${by}`);
  };
  assert.deepEqual(await partitions('ASC', 'ASC'), [['2'], ['1']]);
  assert.deepEqual(await partitions('ASC', 'DESC'), [['1'], ['2']]);
  assert.deepEqual(await partitions('DESC', 'ASC'), [['1'], ['2']]);
  assert.deepEqual(await partitions('DESC', 'DESC'), [['2'], ['1']]);
});

test('a partition is not deleted as of a time that SSTables have no place for', async () => {
  const session = await sessionWith('CREATE TABLE t (k int, c int, PRIMARY KEY (k, c))');
  assert.match(await session.error('DELETE FROM t USING TIMESTAMP -5 WHERE k = 1'), /negative timestamp \(-5\)/);
  assert.equal(await session.error('DELETE FROM t USING TIMESTAMP -5 WHERE k = 1 AND c > 0'), 'no error');
});

test('JSON of a list literal shows the null of a decimal as an empty text', async () => {
  const session = await sessionWith('CREATE TABLE t (k int PRIMARY KEY, d decimal)', 'INSERT INTO t (k) VALUES (1)');
  assert.deepEqual(await session.rows('SELECT JSON [d] FROM t'), [['\'{"[d]": [""]}\'']]);
});

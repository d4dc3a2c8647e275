// What Cassandra's trunk has and 5.0 has not: BETWEEN, NOT IN, NOT CONTAINS [KEY], length, octet_length, format_bytes, format_time.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { Session } from '../../support/in-process-node.js';

const session = new Session();
before(async () => {
  await session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'USE k',
    'CREATE TABLE t (p int, c int, d int, v int, l list<int>, m map<text, int>, PRIMARY KEY (p, c, d)) ' +
      'WITH CLUSTERING ORDER BY (c DESC, d ASC)',
  );
  for (let c = 1; c <= 5; c++)
    await session.query(`INSERT INTO t (p, c, d, v, l, m) VALUES (1, ${c}, 0, ${c * 10}, [${c}], {'k${c}': ${c}})`);
  await session.query('INSERT INTO t (p, c, d) VALUES (1, 6, 0)');
});

const columnC = async (where: string, values: readonly (Uint8Array | null)[] = []) =>
  (await session.rows(`SELECT c FROM t WHERE ${where}`, values)).map(([c]) => Number(c));
const int = (value: number) => Buffer.from([0, 0, 0, value]);

test('BETWEEN takes both bounds in, in either order, on keys, tokens, tuples and filtered columns', async () => {
  assert.deepEqual(await columnC('p = 1 AND c BETWEEN 2 AND 4'), [4, 3, 2]);
  assert.deepEqual(await columnC('p = 1 AND c BETWEEN 4 AND 2'), [4, 3, 2]);
  assert.deepEqual(await columnC('p = 1 AND c BETWEEN ? AND ?', [int(4), int(3)]), [4, 3]);
  assert.deepEqual(await columnC('p = 1 AND (c, d) BETWEEN (4, 0) AND (3, 0)'), [4, 3]);
  assert.deepEqual(await columnC('p = 1 AND v BETWEEN 40 AND 20 ALLOW FILTERING'), [4, 3, 2]);
  assert.deepEqual(await columnC('p BETWEEN 0 AND 1 AND c = 3 ALLOW FILTERING'), [3]);
  const all = '-9223372036854775807 AND 9223372036854775807';
  assert.equal((await columnC(`token(p) BETWEEN ${all}`)).length, 6);
  assert.equal(
    await session.error('SELECT c FROM t WHERE v BETWEEN 1 AND 2 AND p = 1'),
    await session.error('SELECT c FROM t WHERE v > 1 AND p = 1'),
  );
  const ofNull = (relation: string) => session.error(`SELECT c FROM t WHERE p = 1 AND ${relation} ALLOW FILTERING`);
  assert.equal(await ofNull('v BETWEEN null AND 2'), await ofNull('v >= null'));
  assert.equal(await ofNull('v BETWEEN 2 AND null'), await ofNull('v >= null'));
  assert.match(
    await session.error('SELECT c FROM t WHERE p = 1 AND m BETWEEN {} AND {} ALLOW FILTERING'),
    /cannot be restricted by a 'BETWEEN' relation/,
  );
  assert.match(await session.error('SELECT c FROM t WHERE p = 1 AND c BETWEEN 1'), /^SYNTAX_ERROR/);
  await session.query('INSERT INTO t (p, c, d) VALUES (9, 1, 0)');
  await session.query('INSERT INTO t (p, c, d) VALUES (9, 2, 0)');
  await session.query('DELETE FROM t WHERE p = 9 AND c BETWEEN 3 AND 2');
  assert.deepEqual(await columnC('p = 9'), [1]);
});

test('SELECT DISTINCT refuses negations and alternatives on columns of rows, as it refuses other relations on them', async () => {
  const wanted = await session.error('SELECT DISTINCT p FROM t WHERE v = 1 ALLOW FILTERING');
  assert.match(wanted, /SELECT DISTINCT with WHERE clause only supports restriction by partition key/);
  for (const where of ['l NOT CONTAINS 1', 'v NOT IN (1)', 'c NOT IN (1)', 'p = 1 OR v = 2'])
    assert.equal(await session.error(`SELECT DISTINCT p FROM t WHERE ${where} ALLOW FILTERING`), wanted, where);
});

test('NOT IN and NOT CONTAINS leave out what they name, and rows without a value', async () => {
  assert.deepEqual(await columnC('p = 1 AND c NOT IN (2, 3, 6)'), [5, 4, 1]);
  assert.deepEqual(await columnC('p = 1 AND c > 2 AND c NOT IN (4) AND v NOT IN (50) ALLOW FILTERING'), [3]);
  assert.deepEqual(await columnC('p = 1 AND v NOT IN (10, 20) ALLOW FILTERING'), [5, 4, 3]);
  assert.deepEqual(await columnC('p = 1 AND l NOT CONTAINS 5 AND l NOT CONTAINS 1 ALLOW FILTERING'), [4, 3, 2]);
  assert.deepEqual(await columnC("p = 1 AND m NOT CONTAINS 5 AND m NOT CONTAINS KEY 'k1' ALLOW FILTERING"), [4, 3, 2]);
  const list = Buffer.concat([int(2), int(4), int(10), int(4), int(50)]);
  assert.deepEqual(await columnC('p = 1 AND v NOT IN ? ALLOW FILTERING', [list]), [4, 3, 2]);
  assert.deepEqual(await session.rows('SELECT count(*), max(c) FROM t WHERE p = 1 AND c NOT IN (6)'), [['5', '5']]);
  assert.equal(
    await session.error('SELECT c FROM t WHERE p = 1 AND v NOT IN (1)'),
    await session.error('SELECT c FROM t WHERE p = 1 AND v = 1'),
  );
  assert.equal(
    await session.error('DELETE FROM t WHERE p = 1 AND c NOT IN (1)'),
    'INVALID: Cannot use DELETE with NOT IN',
  );
  assert.match(
    await session.error('SELECT c FROM t WHERE p = 1 AND v NOT CONTAINS 1 ALLOW FILTERING'),
    /Cannot use CONTAINS on non-collection column v/,
  );
  assert.match(
    await session.error('SELECT c FROM t WHERE p = 1 AND v NOT IN (null) ALLOW FILTERING'),
    /^INVALID: Unsupported null value/,
  );
});

test('length, octet_length, format_bytes and format_time are those of trunk', async () => {
  const one = async (selectors: string) => (await session.rows(`SELECT ${selectors} FROM t LIMIT 1`))[0];
  assert.deepEqual(
    await one("length('a\u00e4\u{1f600}'), octet_length('a\u00e4\u{1f600}'), octet_length(1), length((text)null)"),
    ['4', '7', '4', 'null'],
  );
  assert.deepEqual(
    await one("format_bytes(1024), format_bytes(1025), format_bytes(5000000), format_bytes('3000000000')"),
    ["'1024 B'", "'1 KiB'", "'4 MiB'", "'2 GiB'"],
  );
  assert.deepEqual(await one("format_bytes(2048, 'KiB'), format_bytes(2, 'GiB', 'MiB')"), ["'2 KiB'", "'2048 MiB'"]);
  assert.deepEqual(await one('format_time(999), format_time(1000), format_time(3600000), format_time(90000000)'), [
    "'999 ms'",
    "'1 s'",
    "'1 h'",
    "'1 d'",
  ]);
  assert.deepEqual(
    await one("format_time(120, 's', 'm'), format_time(1, 'd', 'ns'), format_time(9223372036854775807, 'd', 'ns')"),
    ["'2 m'", "'86400000000000 ns'", "'9223372036854775807 ns'"],
  );
  assert.equal(await session.error('SELECT format_bytes(-1) FROM t'), 'INVALID: value must be non-negative');
  assert.equal(
    await session.error("SELECT format_bytes('x') FROM t"),
    "INVALID: unable to convert string 'x' to a value of type long",
  );
  assert.match(await session.error("SELECT format_time(1, 'y') FROM t"), /^INVALID: Unsupported time unit: y/);
});

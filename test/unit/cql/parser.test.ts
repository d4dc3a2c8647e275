import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FerrosaError } from '../../../src/common/errors.js';
import { fingerprintOf, parseStatement, quoteName } from '../../../src/cql/index.js';

function errorOf(text: string): string {
  try {
    parseStatement(text);
  } catch (error) {
    assert.ok(error instanceof FerrosaError, String(error));
    assert.equal(error.code, 'SYNTAX_ERROR');
    return error.message;
  }
  return 'no error';
}

// Expected texts: Apache Cassandra 5.0.9.
const errors: readonly (readonly [string, string])[] = [
  ['foo', "line 1:0 no viable alternative at input 'foo' ([foo])"],
  ['SELEC * FROM ks.t', "line 1:0 no viable alternative at input 'SELEC' ([SELEC]...)"],
  ['SELECT * FORM ks.t', "line 1:9 mismatched input 'FORM' expecting K_FROM (SELECT * [FORM]...)"],
  ['SELECT * FROM', "line 0:-1 no viable alternative at input '<EOF>'"],
  [
    'SELECT * FROM parser.t WHER k = 1',
    "line 1:23 mismatched input 'WHER' expecting EOF (SELECT * FROM parser.t [WHER]...)",
  ],
  [
    'INSERT INTO parser.t (k, v VALUES (1,2)',
    "line 1:27 mismatched input 'VALUES' expecting ')' (...parser.t (k, v [VALUES]...)",
  ],
  ['UPDATE parser.t SET v = k + 2 WHERE k = 1', 'Only expressions of the form X = X +<value> are supported.'],
  ['DELETE v m FROM parser.t WHERE k=1', "line 1:9 no viable alternative at input 'm' (DELETE [v] m...)"],
  ["SELECT * FROM parser.t WHERE k = 'abc", "line 1:37 mismatched character '<EOF>' expecting '''"],
  ['SELECT @ FROM parser.t', "line 1:7 no viable alternative at character '@'"],
  ['SELECT * FROM parser.t WHERE k=1 -- c', "line 1:37 mismatched character '<EOF>' expecting set null"],
  ['CREATE KEYSPACE x', "line 0:-1 mismatched input '<EOF>' expecting K_WITH"],
  ['GRANT foo ON parser.t TO x', "line 1:10 mismatched input 'ON' expecting K_TO (GRANT foo [ON]...)"],
  [
    'SELECT * FROM parser.t\nWHERE k = 1 AND AND v = 2',
    "line 2:16 no viable alternative at input 'AND' (...WHERE k = 1 AND [AND]...)",
  ],
  ['CREATE TABLE t (k byte PRIMARY KEY)', 'Invalid (reserved) user type name byte'],
  ['UPDATE t SET a = 1, a = 2 WHERE k = 1', 'Multiple incompatible setting of column a'],
  [
    "CREATE TABLE t (k int PRIMARY KEY) WITH comment = 'a' AND comment = 'b'",
    "Multiple definitions for property 'comment'",
  ],
  [
    'ALTER KEYSPACE k WITH durable_writes = true AND durable_writes = false',
    "Multiple definitions for property 'durable_writes'",
  ],
  ["CREATE ROLE r WITH PASSWORD = 'a' AND PASSWORD = 'b'", "Multiple definition for property 'PASSWORD'"],
  ['SELECT * FROM ""', `line 1:14 no viable alternative at input '""' (SELECT * FROM [""])`],
  ['USE ""', `line 1:4 no viable alternative at input '""' (USE [""])`],
  ['CREATE INDEX "" ON t2 (b)', `line 1:13 mismatched input '""' expecting K_ON (CREATE INDEX [""]...)`],
  ['SELECT a FROM t2 LIMIT "x"', `line 1:23 no viable alternative at input 'x' (SELECT a FROM t2 LIMIT ["]...)`],
  ["'quoted'", "line 1:0 no viable alternative at input 'quoted' (['quote]...)"],
  ['SELECT a FROM t2 x', "line 1:17 no viable alternative at input 'x' (SELECT a FROM [t2] x)"],
  ['SELECT a b FROM t2', "line 1:9 no viable alternative at input 'b' (SELECT [a] b...)"],
  ['SELECT a AS x b FROM t2', "line 1:14 mismatched input 'b' expecting K_FROM (SELECT a AS x [b]...)"],
  ['DROP TABLE t2 x', "line 1:14 no viable alternative at input 'x' (DROP TABLE [t2] x)"],
  ['DELETE FROM t2', "line 0:-1 mismatched input '<EOF>' expecting K_WHERE"],
  ['ALTER TABLE t2 DROP 1', "line 1:20 no viable alternative at input '1' (ALTER TABLE t2 [DROP] 1)"],
  [
    'CREATE TABLE t1 (a int PRIMARY KEY, 1 int)',
    "line 1:36 mismatched input '1' expecting ')' (...(a int PRIMARY KEY, [1]...)",
  ],
];
for (const [text, message] of errors) {
  test(`the error of «${text.replaceAll('\n', ' ')}» is Cassandra's`, () => assert.equal(errorOf(text), message));
}

const accepted = [
  'SELECT json FROM t',
  'SELECT JSON json, distinct FROM t',
  'SELECT DISTINCT k, s FROM ks."T" WHERE token(k) > ? AND token(k) <= :end LIMIT ? ALLOW FILTERING',
  'SELECT count(*), CAST(a AS text), writetime(v), ttl(m[1]), u.f, m[..3], (int)3, [a, b], {a: 1}, -a FROM t',
  'SELECT a + b * 2 AS total FROM t GROUP BY a, floor(b, 2h) ORDER BY c DESC, d PER PARTITION LIMIT 3 LIMIT 10',
  'SELECT * FROM t WHERE (a, b) IN ((1, 2), (?, ?)) AND (c, d) > (1, 2) AND m CONTAINS KEY 1 AND m[2] = 3',
  'SELECT * FROM t ORDER BY v ANN OF [1.0, 2] LIMIT 3',
  'SELECT * FROM t WHERE k IN ? AND c > 1 AND c < 2 USING TIMEOUT 50ms;',
  "INSERT INTO t (key, values) VALUES (0xFF, {1: 'a''b', 2: $$x$$}) IF NOT EXISTS USING TTL ? AND TIMESTAMP 3",
  "INSERT INTO t JSON '{}' DEFAULT UNSET",
  'UPDATE t USING TTL 3 SET c = c + 1, l = [1] + l, m[1] = 2, u.f = 3, d -= {4}, e = e -1 WHERE KEY=? IF EXISTS',
  'UPDATE t SET v = 1 WHERE k = 1 IF a = 1 AND b[1] IN (1, 2) AND c.d != ? AND e IN :x',
  'DELETE a, m[1], u.f FROM t USING TIMESTAMP 1 WHERE k = 1 AND c > 1',
  'BEGIN UNLOGGED BATCH USING TIMESTAMP 1 INSERT INTO t (k) VALUES (1); DELETE FROM t WHERE k = 1 APPLY BATCH;',
  'CREATE TABLE counter1 (key blob PRIMARY KEY, , "C0" counter) WITH compression = {} // old habits\n AND gc_grace_seconds = 0',
  'CREATE TABLE t (a int, b frozen<map<text, tuple<int, ks.u>>>, v vector<float, 3>, s text STATIC, PRIMARY KEY ((a), b)) WITH CLUSTERING ORDER BY (b DESC) AND COMPACT STORAGE',
  'ALTER TABLE t ADD (a int, b text static)',
  'ALTER TABLE t DROP IF EXISTS (a, b) USING TIMESTAMP 12',
  'ALTER TABLE t RENAME a TO b AND c TO d',
  'ALTER TYPE u ADD IF NOT EXISTS f int',
  "CREATE CUSTOM INDEX ON t (entries(m)) USING 'StorageAttachedIndex' WITH OPTIONS = {'case_sensitive': 'false'}",
  'CREATE MATERIALIZED VIEW v AS SELECT a, b FROM t WHERE a IS NOT NULL AND b IS NOT NULL PRIMARY KEY ((b), a)',
  "CREATE OR REPLACE FUNCTION f(a int, b text) RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE java AS 'return a;'",
  'CREATE AGGREGATE a(int) SFUNC s STYPE tuple<int, bigint> FINALFUNC f INITCOND (0, 0)',
  "CREATE ROLE r WITH PASSWORD = 'x' AND LOGIN = true AND ACCESS TO DATACENTERS {'dc1'}",
  'GRANT SELECT PERMISSION ON ALL TABLES IN KEYSPACE k TO r',
  'LIST ALL PERMISSIONS OF r NORECURSIVE',
  'DESC FULL SCHEMA WITH INTERNALS',
  'DESCRIBE ks.t',
  'DESCRIBE ONLY KEYSPACE k',
];
for (const text of accepted) {
  test(`«${text.slice(0, 90)}» parses`, () => assert.equal(errorOf(text), 'no error'));
}

test('bind markers are numbered in order and keep their names', () => {
  const { markers } = parseStatement('SELECT * FROM t WHERE a = ? AND b = :Name AND c = :"Name" LIMIT ?');
  assert.deepEqual(markers, [null, 'name', 'Name', null]);
});

test('a speculative read of a cast leaves no bind marker behind', () => {
  const { markers } = parseStatement('INSERT INTO t (a) VALUES ((?, ?))');
  assert.deepEqual(markers, [null, null]);
});

test('a text alone in parentheses is a tuple before a colon, unless what follows is a marker that it is a cast of', () => {
  const kindOf = (braces: string): string => {
    const { statement } = parseStatement(`INSERT INTO t (k, m) VALUES (1, ${braces})`);
    return statement.kind === 'insert' ? statement.values[1]!.kind : '';
  };
  for (const value of ['1', '-1', '{1: 2}', '[1]', 'null', '?', ':x', 'abs(1)', 'ks.f(1)', "('x')", 'true'])
    assert.equal(kindOf(`{('b'): ${value}}`), 'map', value);
  assert.equal(kindOf("{('b') :x}"), 'set');
  assert.equal(kindOf("{('b') :x : 1}"), 'map');
});

test('names are in lower case unless quoted', () => {
  const { statement } = parseStatement('SELECT "A", B FROM Ks."T"');
  assert.ok(statement.kind === 'select');
  assert.deepEqual(statement.table, { keyspace: 'ks', name: 'T' });
  assert.deepEqual(
    statement.selectors?.map((s) => s.of),
    [
      { kind: 'column', name: 'A' },
      { kind: 'column', name: 'b' },
    ],
  );
});

test('ten thousand parentheses are an error and not a crash', () => {
  for (const [open, close] of [
    ['(', ')'],
    ['[', ']'],
    ['{', '}'],
    ['f(', ')'],
  ] as const) {
    const text = `SELECT * FROM t WHERE a = ${open.repeat(10_000)}1${close.repeat(10_000)}`;
    assert.match(errorOf(text), /nested deeper than|no viable/);
  }
  assert.match(errorOf(`CREATE TABLE t (a ${'frozen<'.repeat(10_000)}`), /nested deeper/);
});

test('any text is a statement or a syntax error', () => {
  const words = accepted.flatMap((text) => text.split(/(\s+|[(),;=])/)).filter((word) => word !== '');
  const statement = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 4 })), { maxLength: 40 });
  fc.assert(
    fc.property(statement, (parts) => {
      errorOf(parts.join(' '));
    }),
    { numRuns: 3000 },
  );
});

test('a quoted name reads back as itself', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (name) => {
      const { statement } = parseStatement(`USE ${quoteName(name)}`);
      assert.deepEqual(statement, { kind: 'use', keyspace: name });
    }),
  );
});

test('statements of Ferrosa alone are read, and their words stay names', () => {
  assert.deepEqual(parseStatement('LIST QUERIES;').statement, { kind: 'listQueries' });
  assert.deepEqual(parseStatement('kill query 7').statement, { kind: 'killQuery', id: '7' });
  const explained = parseStatement('EXPLAIN ANALYZE SELECT explain, kill FROM queries WHERE list = ?');
  assert.equal(explained.statement.kind, 'explain');
  assert.equal(explained.markers.length, 1);
  assert.throws(() => parseStatement('EXPLAIN TRUNCATE t'));
  assert.throws(() => parseStatement('EXPLAIN'));
  assert.throws(() => parseStatement('LIST QUERIES OF ann'));
});

test('a fingerprint has no values, and one mark for a list of them', () => {
  for (const [text, shape] of [
    [
      "SELECT  a, B FROM ks.T WHERE k = 'x' AND c IN (1, 2,3) -- why\n;",
      'SELECT a, B FROM ks.T WHERE k = ? AND c IN(?)',
    ],
    ['insert into t (k, v) values (?, {1: 0xff})', 'insert into t(k, v) values(?, {? : ?})'],
    [
      'SELECT "Ab" FROM t WHERE d = 1h30m AND u = 123e4567-e89b-12d3-a456-426614174000',
      'SELECT "Ab" FROM t WHERE d = ? AND u = ?',
    ],
  ] as const)
    assert.equal(fingerprintOf(text), shape);
});

test('statements that differ in values only have one shape, others have their own', () => {
  const shapes = (...texts: string[]) => new Set(texts.map((text) => parseStatement(text).shape));
  assert.equal(
    shapes('SELECT a FROM t WHERE k = 1', "select a  FROM t WHERE k = 'x'", 'SELECT a FROM t WHERE k = ?').size,
    1,
  );
  const others = ['SELECT b FROM t WHERE k = 1', 'SELECT a FROM u WHERE k = 1', 'SELECT "A" FROM t WHERE k = 1'];
  assert.equal(
    shapes('SELECT a FROM t WHERE k = 1', 'SELECT a FROM t WHERE k > 1', 'SELECT a FROM t', ...others).size,
    6,
  );
});

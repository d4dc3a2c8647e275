// User functions in JavaScript: values both ways, aggregates, and what a function may not do.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FerrosaError } from '../../../src/common/errors.js';
import { Session } from '../../support/in-process-node.js';

const session = new Session();
before(async () => {
  await session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'USE k',
    'CREATE TYPE u (a int, b text)',
    'CREATE TABLE t (p int, c int, v int, PRIMARY KEY (p, c))',
  );
  for (let c = 1; c <= 5; c++) await session.query(`INSERT INTO t (p, c, v) VALUES (1, ${c}, ${c * 10})`);
});
after(() => session.node.userFunctions.stop());

async function javascript(name: string, args: string, returns: string, body: string, onNull = 'RETURNS NULL') {
  const quoted = body.replaceAll("'", "''");
  await session.query(
    `CREATE OR REPLACE FUNCTION ${name} (${args}) ${onNull} ON NULL INPUT RETURNS ${returns} LANGUAGE javascript AS '${quoted}'`,
  );
}

const one = async (selectors: string, where = 'p = 1 AND c = 1'): Promise<readonly string[]> =>
  (await session.rows(`SELECT ${selectors} FROM t WHERE ${where}`))[0]!;

/** What comes out of a function that gives back what it got, after `body` did something with it. */
async function through(type: string, literal: string, body: string): Promise<string> {
  const name = `f${type.replace(/\W/g, '')}`;
  await javascript(name, `x ${type}`, type, body);
  return (await one(`${name}(${literal})`))[0]!;
}

test('a value of every type comes in as JavaScript has it and goes out as CQL has it', async () => {
  const cases: [type: string, literal: string, body: string, result: string][] = [
    ['tinyint', '(tinyint)-128', 'return x + 1', '-127'],
    ['smallint', '(smallint)7', 'return -x', '-7'],
    ['int', '2147483647', 'return x - 1', '2147483646'],
    ['bigint', '9007199254740993', 'return x + 1n', '9007199254740994'],
    ['varint', '(varint)123456789012345678901234567890', 'return x * 10n', '1234567890123456789012345678900'],
    ['float', '(float)1.5', 'return x / 2', '0.75'],
    ['double', '(double)-0.1', 'return 1 / (x * 0)', '-Infinity'],
    ['decimal', '(decimal)1.10', 'return x + "1"', '1.101'],
    ['boolean', 'true', 'return !x', 'false'],
    ['text', "'a\u00e4\u{1f600}'", 'return x + x.length', "'a\u00e4\u{1f600}4'"],
    ['text', "'a\u{1f600}'", 'return x.slice(0, 2) + "b\\ufffd"', "'a\ufffdb\ufffd'"],
    ['text', "'a\u{1f600}'", 'return x[2]', "'\ufffd'"],
    ['ascii', "'abc'", 'return x.toUpperCase()', "'ABC'"],
    ['blob', '0x00ff', 'return new Uint8Array([...x, x.length])', '0x00ff02'],
    ['uuid', '6b1e0a5c-0000-4000-8000-000000000001', 'return x', '6b1e0a5c-0000-4000-8000-000000000001'],
    ['inet', "(inet)'127.0.0.1'", 'return x.replace("127", "10")', "'10.0.0.1'"],
    ['date', "(date)'2024-02-28'", 'return x.replace("28", "29")', "'2024-02-29'"],
    ['time', "(time)'13:30:54.234'", 'return x.replace("13", "01")', "'01:30:54.234000000'"],
    ['timestamp', '(timestamp)1000', 'return new Date(x.getTime() + 1)', "'1970-01-01T00:00:01.001Z'"],
    ['duration', '1mo2d3h', 'return { ...x, nanoseconds: x.nanoseconds + 1n }', '1mo2d3h1ns'],
    ['list<int>', '[3, 1, 2]', 'return x.sort()', '[1, 2, 3]'],
    ['set<text>', "{'a'}", 'return x.add("b")', "{'a', 'b'}"],
    ['map<text, int>', "{'a': 1}", 'return x.set("b", x.get("a") + 1)', "{'a': 1, 'b': 2}"],
    ['tuple<int, text>', "(1, 'x')", 'return [x[0] + 1, null]', '(2, null)'],
    ['u', "{a: 1, b: 'x'}", 'return { a: x.a + 1, b: x.b + "y" }', "{a: 2, b: 'xy'}"],
    ['map<text, frozen<list<bigint>>>', "{'a': [1]}", 'x.get("a").push(2n); return x', "{'a': [1, 2]}"],
  ];
  for (const [type, literal, body, result] of cases) assert.equal(await through(type, literal, body), result, type);
});

test('a body that is one expression is its own result', async () => {
  await javascript('twice', 'x int', 'int', 'x * 2;');
  assert.deepEqual(await one('twice(v), twice(twice(v)) + 1'), ['20', '41']);
});

test('nulls reach only functions that are called on null', async () => {
  await javascript('skips', 'x int', 'int', 'return 1');
  await javascript('counts', 'x int', 'int', 'return x === null ? -1 : x', 'CALLED');
  assert.deepEqual(await one('skips(null), counts(null), counts(v)'), ['null', '-1', '10']);
});

test('functions stand in WHERE, in values, in prepared statements and in batches', async () => {
  await javascript('inc', 'x int', 'int', 'return x + 1');
  await session.query('INSERT INTO t (p, c, v) VALUES (inc(1), inc(inc(0)), 7)');
  assert.deepEqual(await session.rows('SELECT v FROM t WHERE p = inc(1) AND c IN (inc(1), 9)'), [['7']]);
  const int = (value: number) => Buffer.from([0, 0, 0, value]);
  await session.execute('UPDATE t SET v = inc(?) WHERE p = inc(?) AND c = 2', [int(41), int(1)]);
  await session.query('BEGIN BATCH INSERT INTO t (p, c, v) VALUES (2, 3, inc(99)); APPLY BATCH');
  assert.deepEqual(await session.rows('SELECT v FROM t WHERE p = 2'), [['42'], ['100']]);
});

test('an aggregate goes through all rows of its groups', async () => {
  await javascript('step', 's tuple<int, bigint>, x int', 'tuple<int, bigint>', 's[0]++; s[1] += BigInt(x); return s');
  await javascript('mean', 's tuple<int, bigint>', 'double', 'return s[0] === 0 ? null : Number(s[1]) / s[0]');
  await session.query(
    'CREATE AGGREGATE mean_of (int) SFUNC step STYPE tuple<int, bigint> FINALFUNC mean INITCOND (0, 0)',
  );
  assert.deepEqual(await one('mean_of(v), max(v), inc(max(v)), sum(inc(v)), mean_of(inc(v))', 'p = 1'), [
    '30.0',
    '50',
    '51',
    '155',
    '31.0',
  ]);
  assert.deepEqual(await session.rows('SELECT c, mean_of(v) FROM t WHERE p = 1 GROUP BY c LIMIT 2'), [
    ['1', '10.0'],
    ['2', '20.0'],
  ]);
  assert.deepEqual(await one('mean_of(v)', 'p = 99'), ['null']);
});

test('a prepared aggregate is another one when a function of its own was replaced', async () => {
  const cql = 'SELECT mean_of(v) FROM t WHERE p = 1';
  const { processor } = session.node;
  const prepared = await processor.prepare(cql, session.client, null);
  await javascript('mean', 's tuple<int, bigint>', 'double', 'return 7');
  assert.equal(processor.lookup(prepared.id), null);
  assert.deepEqual(await session.rows(cql), [['7.0']]);
  await javascript('mean', 's tuple<int, bigint>', 'double', 'return s[0] === 0 ? null : Number(s[1]) / s[0]');
});

test('conditions may call functions', async () => {
  const update = (expected: string) => session.rows(`UPDATE t SET v = 10 WHERE p = 1 AND c = 1 IF v = ${expected}`);
  assert.deepEqual((await update('inc(9)'))[0], ['true']);
  assert.deepEqual((await update('inc(10)'))[0], ['false', '10']);
});

test('a monotonic function groups rows, another one does not', async () => {
  const head = 'CREATE FUNCTION bucket (x int) RETURNS NULL ON NULL INPUT RETURNS int';
  await session.query(`${head} DETERMINISTIC MONOTONIC LANGUAGE javascript AS 'return x >> 1'`);
  assert.deepEqual(await session.rows('SELECT bucket(c), sum(v) FROM t WHERE p = 1 GROUP BY bucket(c)'), [
    ['0', '10'],
    ['1', '50'],
    ['2', '90'],
  ]);
  const message = await session.error('SELECT c FROM t WHERE p = 1 GROUP BY inc(c)');
  assert.equal(
    message,
    'INVALID: Only monotonic functions are supported in the GROUP BY clause. Got: k.inc : (int) -> int ',
  );
});

test('more rows than one message holds come to the same result', async () => {
  await session.query('CREATE TABLE many (p int, c int, v int, PRIMARY KEY (p, c))');
  const int = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  for (let c = 0; c < 3_000; c++)
    await session.execute('INSERT INTO many (p, c, v) VALUES (1, ?, ?)', [int(c), int(c)]);
  assert.deepEqual(await session.rows('SELECT mean_of(v), sum(inc(v)), count(*) FROM many WHERE p = 1'), [
    ['1499.5', String(2999 * 1500 + 3000), '3000'],
  ]);
  const rows = await session.rows('SELECT inc(v) FROM many WHERE p = 1');
  assert.equal(rows.length, 3_000);
  assert.deepEqual(rows.at(-1), ['3000']);
  const groups = await session.rows('SELECT c, mean_of(v) FROM many WHERE p = 1 GROUP BY c');
  assert.equal(groups.length, 3_000);
  assert.deepEqual(groups[2_500], ['2500', '2500.0']);
});

/** The error of a call of a function with that body. */
async function failure(body: string, returns = 'int'): Promise<FerrosaError> {
  await javascript('wrong', 'x int', returns, body);
  try {
    await one('wrong(v)');
  } catch (error) {
    assert.ok(error instanceof FerrosaError, String(error));
    assert.equal(error.code, 'FUNCTION_FAILURE', error.message);
    assert.deepEqual(error.fields, { keyspace: 'k', functionName: 'wrong', argumentTypes: ['int'] });
    await session.query('DROP FUNCTION wrong');
    return error;
  }
  return assert.fail(`no error: ${body}`);
}

test('an error that a function throws is the failure, with its text', async () => {
  assert.equal((await failure('throw new Error("boo")')).message, 'Error: boo');
  assert.equal((await failure('throw "plain"')).message, 'plain');
  assert.equal((await failure('throw null')).message, 'null');
  assert.match((await failure('return nosuch')).message, /^ReferenceError: /);
});

test('a value of another type is a failure', async () => {
  const cases: [body: string, returns: string, message: RegExp][] = [
    ['return "1"', 'int', /"1" is not a value of type int/],
    ['return 1.5', 'int', /1\.5 is not a value of type int/],
    ['return 2 ** 31', 'int', /is not a value of type int/],
    ['return NaN', 'bigint', /is not a value of type bigint/],
    ['return 5', 'text', /5 is not a value of type text/],
    ['return [1, null]', 'list<int>', /null is not a value of type int/],
    ['return [1, 2, 3]', 'tuple<int, int>', /is not a value of type tuple<int, int>/],
    ['return { c: 1 }', 'u', /is not a value of type u/],
    ['return "no"', 'uuid', /is not a value of type uuid/],
    ['return "x"', 'blob', /a blob is a Uint8Array/],
    ['return () => 1', 'int', /a function is no CQL value/],
    ['return new Date(NaN)', 'timestamp', /an invalid Date is no CQL value/],
    ['const a = []; a.push(a); return a', 'list<int>', /nests deeper/],
    ['Object.prototype.toJSON = () => ({ n: "x" }); return [1]', 'list<int>', /./],
  ];
  for (const [body, returns, message] of cases) assert.match((await failure(body, returns)).message, message, body);
});

test('a body that does not compile is refused when it is made', async () => {
  const make = (body: string) =>
    session.error(
      `CREATE FUNCTION bad (x int) RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE javascript AS '${body}'`,
    );
  assert.match(await make('retrn 1'), /^INVALID: JavaScript compilation failed: SyntaxError: /);
  assert.match(await make('return 1; })('), /^INVALID: JavaScript compilation failed: SyntaxError: /);
  for (const body of [
    'return 1}); (function () { return 2',
    '}, function () {',
    '1)}); (function () { (2',
    'return 1}); Function.prototype.toString = () => "x"; (function () { return 2',
  ])
    assert.match(await make(body), /^INVALID: JavaScript compilation failed: the body closes a brace/, body);
});

test('nothing of the process is in reach', async () => {
  const probe = [
    'const found = [];',
    'const global = ({}).constructor.constructor("return this")();',
    'for (const name of ["process", "require", "module", "fetch", "Buffer", "setTimeout", "WebAssembly", "std", "os", "Worker"])',
    '  if (name in global) found.push(name);',
    'try { throw new Error() } catch (e) { if (/node:|\\.js:/.test(e.stack)) found.push("stack") }',
    'for (const o of [x, found, found.constructor, (function () {}).constructor, (async () => {})().constructor])',
    '  if (o.constructor.constructor("return typeof process")() !== "undefined") found.push(String(o));',
    'return found.join(",") + "."',
  ].join('\n');
  await javascript('probe', 'x int', 'text', probe);
  assert.deepEqual(await one('probe(v)'), ["'.'"]);
  // import() gives a promise that never comes to anything, and is no text.
  assert.match((await failure('return import("node:fs")', 'text')).message, /a promise is no CQL value/);
});

test('what a function keeps in globals is gone with its statement', async () => {
  await javascript('keep', 'x int', 'int', 'globalThis.n = (globalThis.n ?? 0) + 1; return globalThis.n');
  assert.deepEqual(await session.rows('SELECT keep(v) FROM t WHERE p = 1 AND c <= 3'), [['1'], ['2'], ['3']]);
  assert.deepEqual(await one('keep(v)'), ['1']);
});

// Goal: the limit holds for all that a function has together, not for each allocation. The limit of the session is 64 MiB.
test('a function that holds many small buffers runs out of memory at the limit', async () => {
  const body =
    'const a = []; try { for (;;) a.push(new Uint8Array(1e6)); } catch { const n = a.length; a.length = 0; return n; }';
  await javascript('hold', 'x int', 'int', body);
  for (let i = 0; i < 3; i++) {
    const [held] = await one('hold(v)');
    assert.ok(Number(held) > 40 && Number(held) < 85, `held ${held} MB`);
  }
  assert.match((await failure('const a = []; for (;;) a.push(new Uint8Array(1e6))')).message, /out of memory/);
});

test('functions that loop, recurse, allocate or never let go fail, and the next call works', async () => {
  const timeout = /^User defined function k\.wrong : \(int\) -> int ran longer than 1500ms$/;
  assert.match((await failure('while (true) {}')).message, timeout);
  assert.match((await failure('try { while (true) {} } catch { return 1 } finally { return 2 }')).message, timeout);
  assert.match((await failure('throw { get message() { while (true) {} } }')).message, /cannot be told|ran longer/);
  assert.match((await failure('const f = () => f() + 1; return f()')).message, /stack overflow|out of stack/);
  assert.match((await failure('JSON.parse("[".repeat(1e6)); return 1')).message, /stack/);
  const memory = /out of memory|out of stack or memory|ran longer/;
  assert.match((await failure('const a = []; for (;;) a.push(new Uint8Array(1e6))')).message, memory);
  assert.match((await failure('return [..."x".repeat(5e7)].length')).message, memory);
  assert.match((await failure('let s = "x"; for (;;) s += s')).message, /./);
  await javascript('inc', 'x int', 'int', 'return x + 1');
  assert.deepEqual(await one('inc(v)'), ['11']);
});

// Dynamic data masking. Texts and answers are those of a real 5.0.9 with CassandraAuthorizer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { InProcessNode, Session } from '../../support/in-process-node.js';

const session = new Session(new InProcessNode({ dynamicDataMasking: true }));
/** Permissions of the client; null stands for everything. */
let permissions: readonly string[] | null = null;
before(async () => {
  session.client.user = 'bob';
  session.node.processor.maskAccess = {
    has: async (_client, permission) => permissions === null || permissions.includes(permission),
  };
  await session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'USE k',
    "CREATE FUNCTION cube (a int, b int) RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE javascript AS 'a * b'",
    'CREATE TABLE m (p int, c int MASKED WITH DEFAULT, a text MASKED WITH mask_inner(1, null), b int MASKED WITH DEFAULT, ' +
      'v int, PRIMARY KEY (p, c))',
    "INSERT INTO m (p, c, a, b, v) VALUES (1, 2, 'hello', 5, 6)",
    'CREATE TABLE mp (p text MASKED WITH mask_default() PRIMARY KEY, v int MASKED WITH cube(3))',
    "INSERT INTO mp (p, v) VALUES ('key', 7)",
  );
});
after(() => session.node.userFunctions.stop());

async function as<T>(given: readonly string[] | null, run: () => Promise<T>): Promise<T> {
  permissions = given;
  try {
    return await run();
  } finally {
    permissions = null;
  }
}
const masked = (cql: string) => as([], () => session.rows(cql));
const refusal = (cql: string) => as([], () => session.error(cql));

test('who has UNMASK sees the values, who has not sees masks, wherever the column stands in the SELECT list', async () => {
  assert.deepEqual(await session.rows('SELECT * FROM m'), [['1', '2', "'hello'", '5', '6']]);
  assert.deepEqual(await masked('SELECT * FROM m'), [['1', '0', "'h****'", '0', '6']]);
  assert.deepEqual(await masked('SELECT JSON * FROM m'), [[`'{"p": 1, "c": 0, "a": "h****", "b": 0, "v": 6}'`]]);
  assert.deepEqual(await masked('SELECT a, b + 1, sum(b), to_json(a) FROM m'), [["'h****'", '1', '0', `'"h****"'`]]);
  assert.deepEqual(await masked('SELECT count(b), max(b), min(c) FROM m'), [['1', '0', '0']]);
  assert.deepEqual(await masked('SELECT c, count(*) FROM m GROUP BY p, c'), [['0', '1']]);
  assert.deepEqual(await masked('SELECT DISTINCT p FROM mp'), [["'****'"]]);
  assert.deepEqual(await masked('SELECT p, token(p) FROM mp'), [["'****'", '-5944643311285088003']]);
  const unmask = await as(['UNMASK'], () => session.rows('SELECT max(b), c FROM m'));
  assert.deepEqual(unmask, [['5', '2']]);
});

test('a user function masks', async () => {
  assert.deepEqual(await masked('SELECT v, p FROM mp'), [['21', "'****'"]]);
  assert.deepEqual(await session.rows('SELECT v, p FROM mp'), [['7', "'key'"]]);
});

test('a prepared statement shows each client what it may see', async () => {
  const cql = 'SELECT b FROM m WHERE p = 1';
  const values = async () => {
    const result = await session.execute(cql, []);
    return result.kind === 'rows' ? result.rows.map((row) => Buffer.from(row).toString('hex')) : [];
  };
  assert.deepEqual(await values(), ['0000000400000005']);
  assert.deepEqual(await as([], values), ['0000000400000000']);
});

test('of half a character outside the basic plane a question mark is left', async () => {
  const rows = await session.rows(
    "SELECT mask_inner((text)'😀b', 1, null), mask_outer((text)'a😀b', 2, 0) FROM m WHERE p = 1",
  );
  assert.deepEqual(rows, [["'?**'", "'**?b'"]]);
});

test('WHERE may not ask about masked columns without UNMASK or SELECT_MASKED', async () => {
  const expected = (table: string, columns: string) =>
    `UNAUTHORIZED: User bob has no UNMASK nor SELECT_MASKED permission on table k.${table}, cannot query masked columns [${columns}]`;
  assert.equal(await refusal('SELECT * FROM m WHERE p = 1 AND c = 2'), expected('m', 'c'));
  assert.equal(await refusal('SELECT * FROM m WHERE p = 1 AND b = 5 ALLOW FILTERING'), expected('m', 'b'));
  const all = "SELECT * FROM m WHERE p = 1 AND b = 5 AND c = 2 AND a = 'x' ALLOW FILTERING";
  assert.equal(await refusal(all), expected('m', 'a, b, c'));
  assert.equal(await refusal('SELECT * FROM m WHERE p = 1 AND (c) > (1)'), expected('m', 'c'));
  assert.equal(await refusal("SELECT * FROM mp WHERE p = 'key'"), expected('mp', 'p'));
  assert.equal(await refusal('SELECT * FROM mp WHERE token(p) > 0'), expected('mp', 'p'));
  const allowed = await as(['SELECT_MASKED'], () => session.rows('SELECT b, c FROM m WHERE p = 1 AND c = 2'));
  assert.deepEqual(allowed, [['0', '0']]);
});

test('only functions that mask, of the column type and the same keyspace, are masks', async () => {
  const create = (type: string, mask: string) =>
    session.error(`CREATE TABLE x (p int PRIMARY KEY, a ${type} MASKED WITH ${mask})`);
  const cases: [type: string, mask: string, message: string][] = [
    [
      'text',
      'nosuch(1)',
      'Unable to find masking function for a, no declared function matches the signature nosuch(1)',
    ],
    ['text', 'count()', 'Aggregate function count() cannot be used for masking table columns'],
    ['text', 'to_json()', 'Not-masking function to_json() cannot be used for masking table columns'],
    [
      'text',
      'mask_hash()',
      'Masking function mask_hash() return type is blob. This is different to the type of the masked column a of type text. ' +
        'Masking functions can only be attached to table columns if they return the same data type as the masked column.',
    ],
    [
      'int',
      'mask_inner(1, 2)',
      'Function system.mask_inner requires an argument of type [text|varchar|ascii], but found argument ' +
        'org.apache.cassandra.db.marshal.Int32Type of type int',
    ],
    [
      'text',
      "mask_inner('a', 2)",
      "Function system.mask_inner requires an argument of type int, but found argument 'a' of type ascii",
    ],
    [
      'text',
      'mask_inner(1)',
      'Invalid number of arguments for function system.mask_inner([text|varchar|ascii], int, int, [text])',
    ],
    [
      'int',
      "mask_replace('x')",
      "Type error: 'x' cannot be passed as argument 1 of function system.mask_replace of type int",
    ],
  ];
  for (const [type, mask, message] of cases) assert.equal(await create(type, mask), `INVALID: ${message}`, mask);
  await session.query("CREATE KEYSPACE k2 WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  assert.equal(
    await session.error('CREATE TABLE k2.x (p int PRIMARY KEY, a int MASKED WITH k.cube(1))'),
    "INVALID: Masking function k.cube(1) doesn't belong to the same keyspace as the table k2.x",
  );
});

test('masks come and go with ALTER TABLE, and keep their functions from being dropped', async () => {
  await session.query('CREATE TABLE t (p int PRIMARY KEY, v int)');
  await session.query('INSERT INTO t (p, v) VALUES (1, 7)');
  assert.equal(
    await session.error('ALTER TABLE t ALTER nope MASKED WITH DEFAULT'),
    "INVALID: Column with name 'nope' doesn't exist on table 't'",
  );
  assert.equal((await session.query('ALTER TABLE t ALTER IF EXISTS nope MASKED WITH DEFAULT')).kind, 'void');
  assert.equal((await session.query('ALTER TABLE t ALTER v MASKED WITH cube(2)')).kind, 'schemaChange');
  assert.deepEqual(await masked('SELECT v FROM t'), [['14']]);
  assert.equal(
    await session.error('DROP FUNCTION cube'),
    "INVALID: Function 'k.cube' is still referenced by column masks in tables mp, t",
  );
  await session.query("ALTER TABLE t ADD w text MASKED WITH mask_replace('x')");
  assert.deepEqual(
    await session.rows(
      "SELECT column_name, function_keyspace, function_name, function_argument_types, function_argument_values, function_argument_nulls FROM system_schema.column_masks WHERE keyspace_name = 'k' AND table_name = 't'",
    ),
    [
      ["'v'", "'k'", "'cube'", "['int']", "['2']", '[false]'],
      ["'w'", "'system'", "'mask_replace'", "['text']", "['x']", '[false]'],
    ],
  );
  assert.equal((await session.query('ALTER TABLE t ALTER v DROP MASKED')).kind, 'schemaChange');
  assert.equal((await session.query('ALTER TABLE t ALTER v DROP MASKED')).kind, 'void');
  assert.deepEqual(await masked('SELECT v FROM t'), [['7']]);
});

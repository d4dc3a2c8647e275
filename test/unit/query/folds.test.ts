// Goal: aggregates that storage folds give what they give over rows. Method: the same statement with a condition that is always true and
// must be looked at row by row.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InProcessNode, Session } from '../../support/in-process-node.js';

const types: Readonly<Record<string, readonly string[]>> = {
  tinyint: ['-128', '127', '0', '3'],
  smallint: ['-32768', '32767', '12'],
  int: ['-2147483648', '2147483647', '2147483647', '7'],
  bigint: ['9223372036854775807', '9223372036854775807', '-3'],
  varint: ['123456789012345678901234567890', '-5'],
  decimal: ['1.0', '1.00', '-2.5'],
  float: ['1.5', '-0.25', 'NaN'],
  double: ['0.1', '0.2', '0.3'],
  text: ["'b'", "''", "'ä'"],
  blob: ['0xff', '0x', '0x00'],
  boolean: ['true', 'false'],
  timestamp: ['0', '-86400000'],
  date: ["'2026-01-01'", "'1969-01-01'"],
  time: ["'10:00:00'", "'00:00:00'"],
  timeuuid: ['50554d6e-29bb-11e5-b345-feff819cdc9f', '60554d6e-29bb-11e5-b345-feff819cdc9f'],
  inet: ["'127.0.0.1'", "'::1'"],
};
const numeric = new Set(['tinyint', 'smallint', 'int', 'bigint', 'varint', 'decimal', 'float', 'double']);

test('aggregates of every type are the same folded by storage and computed over rows', async () => {
  const session = new Session(new InProcessNode());
  await session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'USE k',
    `CREATE TABLE t (p int, c int, s int STATIC, always int, ${Object.keys(types)
      .map((type) => `v_${type} ${type}`)
      .join(', ')}, PRIMARY KEY (p, c))`,
  );
  for (let row = 0; row < 60; row++) {
    const given = Object.entries(types).filter((_, i) => (row + i) % 5 !== 0);
    const names = given.map(([type]) => `v_${type}`).join(', ');
    const values = given.map(([, literals]) => literals[row % literals.length]).join(', ');
    await session.all(
      `INSERT INTO t (p, c, always, ${names}) VALUES (${row % 7}, ${row}, 1, ${values})`,
      `INSERT INTO t (p, s) VALUES (${row % 7}, ${row})`,
    );
  }
  for (const type of Object.keys(types)) {
    const column = `v_${type}`;
    const functions = ['count', 'min', 'max', ...(numeric.has(type) ? ['sum', 'avg'] : [])];
    const items = ['count(*)', 'max(s)', 'min(p)', ...functions.map((name) => `${name}(${column})`)].join(', ');
    for (const where of ['', 'p = 3', 'p IN (1, 2, 5)', 'p = 2 AND c > 10 AND c < 40']) {
      const folded = await session.rows(`SELECT ${items} FROM t ${where && `WHERE ${where}`}`);
      const filter = `WHERE ${where && `${where} AND `}always = 1 ALLOW FILTERING`;
      assert.deepEqual(folded, await session.rows(`SELECT ${items} FROM t ${filter}`), `${type} ${where}`);
    }
  }
  const computed = 'SELECT JSON count(*) AS n, cast(sum(v_int) AS text), avg(v_bigint) + 1, (int) 5 AS five FROM t';
  assert.deepEqual(await session.rows(computed), await session.rows(`${computed} WHERE always = 1 ALLOW FILTERING`));
});

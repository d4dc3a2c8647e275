import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FerrosaError } from '../../../src/common/errors.js';
import { PagingStateCodec } from '../../../src/query/select/paging-state.js';
import { InProcessNode, literalsOf, Session } from '../../support/in-process-node.js';

const codec = new PagingStateCodec(new Uint8Array(32).fill(3));
const state = { remaining: 5, givenInPartition: 2, shape: 77, position: Uint8Array.of(1, 2, 3) };
const isBad = (error: unknown) =>
  error instanceof FerrosaError &&
  error.code === 'PROTOCOL_ERROR' &&
  error.message === 'Invalid value for the paging state';

test('a paging state reads back as it was written', () => {
  assert.deepEqual(codec.decode(codec.encode(state), 77), state);
});

test('a paging state with any bit changed, or of another statement, or of another secret, is refused', () => {
  const bytes = codec.encode(state);
  fc.assert(
    fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
      const damaged = bytes.slice();
      damaged[bit >> 3] = damaged[bit >> 3]! ^ (1 << (bit & 7));
      assert.throws(() => codec.decode(damaged, 77), isBad);
    }),
  );
  assert.throws(() => codec.decode(bytes, 78), isBad);
  assert.throws(() => new PagingStateCodec(new Uint8Array(32)).decode(bytes, 77), isBad);
  fc.assert(fc.property(fc.uint8Array(), (garbage) => assert.throws(() => codec.decode(garbage, 77), isBad)));
});

test('pages of every size give the rows of one unpaged read, in order', async () => {
  const session = new Session();
  await session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'USE k',
    'CREATE TABLE t (p int, c int, s int static, v int, PRIMARY KEY (p, c))',
  );
  for (let p = 0; p < 9; p++) {
    await session.query(`INSERT INTO t (p, s) VALUES (${p}, ${p})`);
    for (let c = 0; c < p; c++) await session.query(`INSERT INTO t (p, c, v) VALUES (${p}, ${c}, ${p * c})`);
  }
  const statements = [
    'SELECT * FROM t',
    'SELECT p, c FROM t PER PARTITION LIMIT 2',
    'SELECT p, c FROM t LIMIT 17',
    'SELECT p, v FROM t WHERE v > 6 ALLOW FILTERING',
    'SELECT p, v FROM t WHERE v > 6 PER PARTITION LIMIT 2 ALLOW FILTERING',
    'SELECT p, v FROM t WHERE v > 6 LIMIT 5 ALLOW FILTERING',
    'SELECT p, c + 1 FROM t WHERE p IN (8, 2, 5)',
    'SELECT p, c FROM t WHERE p IN (8, 2, 5) AND c > 0',
    'SELECT p, c FROM t WHERE p = 8 ORDER BY c DESC',
    'SELECT p, c FROM t WHERE p = 8 AND c IN (1, 3, 5, 7)',
    'SELECT DISTINCT p, s FROM t',
    'SELECT p, count(c) FROM t GROUP BY p',
    'SELECT p, c, count(*) FROM t GROUP BY p, c LIMIT 11',
    'SELECT p, c, count(*) FROM t GROUP BY p, c PER PARTITION LIMIT 2',
    'SELECT p, c FROM t WHERE token(p) > 0',
  ];
  for (const statement of statements) {
    const whole = await session.rows(statement);
    for (const pageSize of [1, 2, 3, 5, 50]) {
      const paged: string[][] = [];
      let pagingState: Uint8Array | null = null;
      do {
        const page = await session.query(statement, [], { pageSize, pagingState });
        assert.ok(page.kind === 'rows' && page.rowCount <= pageSize, `${statement}: at most ${pageSize} rows a page`);
        paged.push(...literalsOf(page));
        pagingState = page.pagingState;
      } while (pagingState !== null);
      assert.deepEqual(paged, whole, `${statement} in pages of ${pageSize}`);
    }
  }
});

test('a paging state goes on after a restart with the same secret', async () => {
  const make = async () => {
    const session = new Session(new InProcessNode());
    await session.all(
      "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
      'CREATE TABLE k.t (p int PRIMARY KEY) WITH ID = 0f0e0d0c-0b0a-4908-8706-050403020100',
      ...[1, 2, 3].map((p) => `INSERT INTO k.t (p) VALUES (${p})`),
    );
    return session;
  };
  const first = await (await make()).query('SELECT p FROM k.t', [], { pageSize: 2 });
  assert.ok(first.kind === 'rows' && first.pagingState !== null);
  const rest = await (await make()).query('SELECT p FROM k.t', [], { pageSize: 2, pagingState: first.pagingState });
  const all = await (await make()).rows('SELECT p FROM k.t');
  assert.deepEqual([...literalsOf(first), ...literalsOf(rest)], all);
});

/** Rows of each page until there is no paging state. */
async function pageSizes(session: Session, statement: string, pageSize: number): Promise<number[]> {
  const sizes: number[] = [];
  let pagingState: Uint8Array | null = null;
  do {
    const page = await session.query(statement, [], { pageSize, pagingState });
    assert.ok(page.kind === 'rows');
    sizes.push(page.rowCount);
    pagingState = page.pagingState;
  } while (pagingState !== null);
  return sizes;
}

// The sizes are those of Cassandra 5.0.9; applications read a last page that is full as one that may have more behind it.
test('a full page has a paging state also where nothing follows, unless LIMIT says so', async () => {
  const session = new Session();
  await session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'USE k',
    'CREATE TABLE t (p int, t int, c int, v int, PRIMARY KEY (p, t, c))',
    'CREATE TABLE u (p int PRIMARY KEY, v int)',
    'CREATE INDEX ON u (v)',
  );
  for (let p = 0; p < 3; p++)
    for (let c = 0; c < 6; c++)
      await session.query(`INSERT INTO t (p, t, c, v) VALUES (${p}, ${Math.floor(c / 3)}, ${c}, ${c})`);
  for (let p = 0; p < 6; p++) await session.query(`INSERT INTO u (p, v) VALUES (${p}, ${p % 2})`);
  const expected: [string, number, number[]][] = [
    ['SELECT * FROM t WHERE p = 0', 6, [6, 0]],
    ['SELECT * FROM t WHERE p = 0 LIMIT 6', 3, [3, 3]],
    ['SELECT * FROM u', 6, [6, 0]],
    ['SELECT * FROM u', 4, [4, 2]],
    ['SELECT * FROM u LIMIT 6', 3, [3, 3]],
    ['SELECT * FROM t', 9, [9, 9, 0]],
    ['SELECT * FROM t PER PARTITION LIMIT 2', 6, [6, 0]],
    ['SELECT DISTINCT p FROM t', 3, [3, 0]],
    ['SELECT * FROM u WHERE v = 0', 1, [1, 1, 1, 0]],
    ['SELECT * FROM u WHERE v = 0 LIMIT 3', 3, [3]],
    ['SELECT * FROM t WHERE v = 0 ALLOW FILTERING', 3, [3, 0]],
    ['SELECT * FROM t WHERE p = 0 AND v < 3 ALLOW FILTERING', 3, [3, 0]],
    ['SELECT JSON * FROM u', 3, [3, 3, 0]],
    ['SELECT p, count(*) FROM t GROUP BY p', 3, [3, 0]],
    ['SELECT p, t, count(*) FROM t WHERE p = 0 GROUP BY p, t', 1, [1, 1, 0]],
    ['SELECT count(*) FROM t', 1, [1]],
    ['SELECT * FROM u WHERE p = 0', 1, [1]],
    ['SELECT JSON * FROM u WHERE p = 0', 1, [1]],
    ['SELECT * FROM u WHERE p IN (0, 1, 2)', 1, [1, 1, 1]],
    ['SELECT * FROM t WHERE p = 9', 1, [0]],
  ];
  for (const [statement, pageSize, sizes] of expected)
    assert.deepEqual(await pageSizes(session, statement, pageSize), sizes, `${statement} in pages of ${pageSize}`);
});

// As Temporal does, whose first page has a row of another kind before the rows that its other pages are of.
test('another statement on the table goes on from a paging state, within what it reads', async () => {
  const session = new Session();
  await session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'USE k',
    'CREATE TABLE t (p int, t int, c int, v int, PRIMARY KEY (p, t, c))',
    'CREATE TABLE u (p int PRIMARY KEY, v int)',
  );
  for (let c = 0; c < 6; c++)
    await session.query(`INSERT INTO t (p, t, c, v) VALUES (0, ${Math.floor(c / 3)}, ${c}, ${c})`);
  for (let p = 0; p < 50; p++) await session.query(`INSERT INTO u (p, v) VALUES (${p}, 0)`);
  const after = async (first: string, second: string): Promise<string> => {
    const page = await session.query(first, [], { pageSize: 2 });
    assert.ok(page.kind === 'rows' && page.pagingState !== null);
    const next = await session.query(second, [], { pageSize: 2, pagingState: page.pagingState });
    return literalsOf(next)
      .map((row) => row.join(' '))
      .join(', ');
  };
  const all = 'SELECT c FROM t WHERE p = 0';
  assert.equal(await after(`${all} ORDER BY t ASC`, `${all} AND t = 0`), '2');
  assert.equal(await after(`${all} ORDER BY t ASC`, `${all} AND t = 1`), '3, 4');
  assert.equal(await after(all, `${all} ORDER BY t DESC`), '0');
  assert.equal(await after(all, 'SELECT v, c FROM t WHERE p = 0'), '2 2, 3 3');
  assert.equal(await after(all, `${all} AND v > 3 ALLOW FILTERING`), '4, 5');
  assert.equal(await after(`${all} LIMIT 3`, all), '2');
  assert.equal(await after(`${all} AND t = 1`, `${all} AND t = 0`), '');
  assert.equal(await after(all, 'SELECT c FROM t'), '2, 3');
  const upper = await session.rows('SELECT p FROM u WHERE token(p) > 0 LIMIT 2');
  assert.equal(await after('SELECT p FROM u', 'SELECT p FROM u WHERE token(p) > 0'), upper.join(', '));
  await assert.rejects(after('SELECT p FROM u', all), isBad);
  await assert.rejects(after(all, 'SELECT c FROM t WHERE p = 1'), isBad);
  await assert.rejects(after(all, 'SELECT p, count(*) FROM t GROUP BY p'), isBad);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeHotPlan, type Prepared } from '../../../src/query/index.js';
import { Session } from '../../support/in-process-node.js';

const allLevels = 0xffff;

async function session(): Promise<Session> {
  const made = new Session();
  await made.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'USE k',
    'CREATE TABLE t (p int, q text, c int, d int, v text, s int static, l list<int>, PRIMARY KEY ((p, q), c, d)) WITH CLUSTERING ORDER BY (c DESC, d ASC)',
    'CREATE TABLE n (p int PRIMARY KEY, c counter)',
  );
  return made;
}

const buckets = [{ key: new Uint8Array([0, 0, 0, 1]) }, { key: new Uint8Array([0, 0, 0, 2]) }];

async function planOf(made: Session, cql: string): Promise<Uint8Array | null> {
  return encodeHotPlan((await made.node.processor.prepare(cql, made.client, null)) as Prepared, allLevels, '', buckets);
}

test('point writes and reads of one partition are hot', async () => {
  const made = await session();
  for (const cql of [
    'INSERT INTO t (p, q, c, d, v) VALUES (?, ?, ?, ?, ?)',
    "INSERT INTO t (p, q, c, d, v) VALUES (1, ?, 2, ?, 'x') USING TTL ? AND TIMESTAMP ?",
    'UPDATE t SET v = ? WHERE p = ? AND q = ? AND c = ? AND d = ?',
    'DELETE FROM t WHERE p = ? AND q = ? AND c = ? AND d = ?',
    'DELETE v FROM t WHERE p = ? AND q = ? AND c = ? AND d = ?',
    'DELETE FROM t WHERE p = ? AND q = ?',
    'INSERT INTO t (p, q, c, d, l) VALUES (?, ?, ?, ?, ?)',
    'INSERT INTO t (p, q, s) VALUES (?, ?, ?)',
    'UPDATE t SET l = l + ? WHERE p = ? AND q = ? AND c = ? AND d = ?',
    'DELETE l FROM t WHERE p = ? AND q = ? AND c = ? AND d = ?',
    'UPDATE n SET c = c + ? WHERE p = ?',
    'UPDATE n SET c = c - 1 WHERE p = ?',
    'UPDATE t SET v = ? WHERE p = ? AND q = ? AND c = ? AND d = ? IF v > ?',
    'SELECT * FROM t WHERE p = ? AND q = ?',
    'SELECT v, writetime(v) FROM t WHERE p = ? AND q = ? AND c = ? AND d = ?',
    'SELECT v FROM t WHERE p = ? AND q = ? AND c = ? AND d > ? AND d <= 9 LIMIT ?',
    'SELECT v FROM t WHERE p = ? AND q = ? AND c >= ? ORDER BY c ASC LIMIT 5',
    'SELECT count(*), sum(d), avg(d) AS mean, min(v), max(c), count(v) FROM t WHERE p = ? AND q = ? AND c > ? LIMIT 1',
  ])
    assert.notEqual(await planOf(made, cql), null, cql);
});

test('reads of one partition whose answer is computed are read by the addon', async () => {
  const made = await session();
  for (const cql of [
    'SELECT v FROM t WHERE p = ? AND q = ? AND v = ? ALLOW FILTERING',
    'SELECT JSON v FROM t WHERE p = ? AND q = ?',
    'SELECT d + (int) ?, now() FROM t WHERE p = ? AND q = ? AND c > ? LIMIT ?',
    'SELECT toJson(l) FROM t WHERE p = ? AND q = ? AND c = 1 ORDER BY c ASC, d DESC',
    "SELECT c FROM t WHERE p = 1 AND q = 'x' AND v > ? LIMIT ? ALLOW FILTERING",
  ]) {
    const plan = await planOf(made, cql);
    assert.equal(plan?.[1], 5, cql);
    const prepared = (await made.node.processor.prepare(cql, made.client, null)) as Prepared;
    assert.equal(encodeHotPlan(prepared, allLevels, 'a text', buckets), null, 'texts go on as an EXECUTE');
  }
  for (const cql of [
    'SELECT v FROM t WHERE p = ? AND v = ? ALLOW FILTERING',
    'SELECT JSON v FROM t WHERE p = ? AND q = ? PER PARTITION LIMIT 1',
    'SELECT JSON count(*) FROM t WHERE p = ? AND q = ?',
    'SELECT v FROM t WHERE p = ? AND q = ? AND v = ? ALLOW FILTERING USING TIMEOUT 5s',
  ])
    assert.equal(await planOf(made, cql).catch(() => null), null, cql);
});

test('everything else is left to JavaScript', async () => {
  const made = await session();
  for (const cql of [
    'UPDATE t SET v = ? WHERE p = ? AND q = ? AND c = ? AND d = ? IF l = ?',
    'UPDATE t SET v = ? WHERE p = ? AND q = ? AND c = ? AND d = ? IF v IN (?, ?)',
    'UPDATE t SET v = ? WHERE p = ? AND q = ? AND c = ? AND d = ? IF s = ?',
    'INSERT INTO t (p, q, c, d) VALUES (?, ?, ?, ?) IF NOT EXISTS',
    'DELETE c FROM n WHERE p = ?',
    'DELETE FROM n WHERE p = ?',
    'UPDATE t SET l = ? + l WHERE p = ? AND q = ? AND c = ? AND d = ?',
    'UPDATE t SET l = l - ? WHERE p = ? AND q = ? AND c = ? AND d = ?',
    'UPDATE t SET l[?] = ? WHERE p = ? AND q = ? AND c = ? AND d = ?',
    'DELETE l[?] FROM t WHERE p = ? AND q = ? AND c = ? AND d = ?',
    'UPDATE t SET v = ? WHERE p = ? AND q = ? AND c IN (?, ?) AND d = ?',
    'DELETE FROM t WHERE p = ? AND q = ? AND c = ?',
    'SELECT * FROM t',
    'SELECT count(*) FROM t',
    'SELECT count(*) FROM t WHERE p = 1 AND q IN (?, ?)',
    'SELECT JSON count(*) FROM t WHERE p = ? AND q = ?',
    'SELECT count(*) + 1 FROM t WHERE p = ? AND q = ?',
    'SELECT count(*), v FROM t WHERE p = ? AND q = ?',
    'SELECT c, count(*) FROM t WHERE p = ? AND q = ? GROUP BY p, q, c',
    'SELECT v FROM t WHERE p IN (?, ?) AND q = ?',
    'SELECT v FROM t WHERE p = ? AND q = ? AND (c, d) > (?, ?)',
    'SELECT DISTINCT s FROM t WHERE p = ? AND q = ?',
    'SELECT release_version FROM system.local WHERE key = ?',
  ])
    assert.equal(await planOf(made, cql), null, cql);
});

test('bounds of a descending column change places, as the clustering order has them', async () => {
  const made = await session();
  const bytes = (await planOf(made, 'SELECT v FROM t WHERE p = ? AND q = ? AND c > ? AND c <= 7'))!;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  // format, kind, flags, ids, version, number of operations, conditions, number of indexes, of views, of binds; then target and column of each, with a type in between
  assert.deepEqual([...bytes.subarray(0, 3)], [5, 2, 0]);
  assert.equal(view.getUint16(39, true), 0);
  assert.equal(view.getUint16(46, true), 3);
  let at = 48;
  const targets: number[] = [];
  for (let i = 0; i < 3; i++) {
    targets.push(bytes[at]!, view.getUint16(at + 1, true));
    at += 3 + 1 + 2 + view.getUint16(at + 4, true);
  }
  assert.deepEqual(targets, [0, 0, 0, 1, 7, 0], 'c > ? ends the slice');
  assert.equal(view.getUint16(at, true), 1);
  assert.deepEqual([bytes[at + 2], view.getUint16(at + 3, true)], [6, 0], 'c <= 7 begins it');
  assert.equal(bytes[at + 2 + 3 + 4 + 4], 1, 'the start is included, the end is not');
});

test('reads by one value of an index on a regular column are hot, and no others by an index', async () => {
  const made = await session();
  await made.all(
    'CREATE TABLE i (p int, c int, v int, w text, d double, s int static, l list<int>, PRIMARY KEY (p, c))',
    'CREATE INDEX ON i (v)',
    "CREATE INDEX ON i (w) USING 'sai'",
    'CREATE INDEX ON i (d)',
    'CREATE INDEX ON i (s)',
    'CREATE INDEX ON i (c)',
    'CREATE INDEX ON i (l)',
  );
  for (const cql of [
    'SELECT * FROM i WHERE v = ?',
    "SELECT p, c, writetime(w) FROM i WHERE w = 'x' LIMIT ?",
    'SELECT s FROM i WHERE v = 3 LIMIT 5',
  ])
    assert.notEqual(await planOf(made, cql), null, cql);
  for (const cql of [
    'SELECT * FROM i WHERE d = ?',
    'SELECT * FROM i WHERE s = ?',
    'SELECT * FROM i WHERE c = ?',
    'SELECT * FROM i WHERE l CONTAINS ?',
    'SELECT * FROM i WHERE v = ? AND p = ?',
    'SELECT * FROM i WHERE v = ? AND token(p) > ?',
    'SELECT * FROM i WHERE v = ? AND w = ? ALLOW FILTERING',
    'SELECT * FROM i WHERE w > ? ALLOW FILTERING',
    'SELECT count(*) FROM i WHERE v = ?',
    'SELECT * FROM i WHERE v = ? PER PARTITION LIMIT 1',
    'SELECT JSON p FROM i WHERE v = ?',
    'SELECT v + 1 FROM i WHERE v = ?',
  ])
    assert.equal(await planOf(made, cql), null, cql);
  const prepared = (await made.node.processor.prepare('SELECT * FROM i WHERE v = ?', made.client, null)) as Prepared;
  assert.equal(encodeHotPlan(prepared, allLevels), null, 'without the places of the entries');
});

test('writes of one row are hot also when views of simple columns follow; nothing else of such a table is', async () => {
  const made = await session();
  const keys = 'p IS NOT NULL AND q IS NOT NULL AND c IS NOT NULL AND d IS NOT NULL';
  await made.all(
    'CREATE TABLE b (p int, q text, c int, d int, v text, s int static, l list<int>, PRIMARY KEY ((p, q), c, d))',
    `CREATE MATERIALIZED VIEW by_v AS SELECT v, p, q, c, d FROM b WHERE v IS NOT NULL AND ${keys} PRIMARY KEY ((v, d), p, q, c)`,
  );
  const row = 'p = ? AND q = ? AND c = ? AND d = ?';
  const insert = 'INSERT INTO b (p, q, c, d, v) VALUES (?, ?, ?, ?, ?)';
  for (const cql of [
    insert,
    `UPDATE b USING TTL ? AND TIMESTAMP 7 SET v = ? WHERE ${row}`,
    `DELETE FROM b WHERE ${row}`,
    `DELETE v FROM b WHERE ${row}`,
  ])
    assert.notEqual(await planOf(made, cql), null, cql);
  for (const cql of [
    `UPDATE b SET l = l + ? WHERE ${row}`,
    `UPDATE b SET v = ? WHERE ${row} IF EXISTS`,
    'INSERT INTO b (p, q, s) VALUES (?, ?, ?)',
    'DELETE FROM b WHERE p = ? AND q = ?',
    'DELETE FROM b WHERE p = ? AND q = ? AND c = ?',
  ])
    assert.equal(await planOf(made, cql), null, cql);
  // u16 n, the view: its id, u8 n, n x (u8 source, u16 which) of partition key and clustering, u16 n.
  const hex = Buffer.from((await planOf(made, insert))!).toString('hex');
  assert.match(hex, /02(02..00)(010100)03(000000)(000100)(010000)0000/);
  for (const view of [
    `CREATE MATERIALIZED VIEW with_l AS SELECT v, p, q, c, d, l FROM b WHERE v IS NOT NULL AND ${keys} PRIMARY KEY (v, p, q, c, d)`,
    `CREATE MATERIALIZED VIEW some AS SELECT c, p, q, d FROM b WHERE c > 3 AND p IS NOT NULL AND q IS NOT NULL AND d IS NOT NULL PRIMARY KEY (c, p, q, d)`,
  ]) {
    await made.all(view);
    assert.equal(await planOf(made, insert), null, view);
    await made.all(`DROP MATERIALIZED VIEW ${view.split(' ')[3]}`);
  }
  assert.notEqual(await planOf(made, insert), null);
});

// Writes to collections, user types, static columns and counters: the addon does what JavaScript does.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { packCollection } from '../../../src/types/index.js';
import { HotTwin, type TestValue } from './hot-twin.js';
import { bigint, int, text } from './plan-bytes.js';

const twins: HotTwin[] = [];
after(() => {
  for (const twin of twins) twin.close();
});
async function twin(...statements: string[]): Promise<HotTwin> {
  const made = new HotTwin();
  twins.push(made);
  await made.create(...statements);
  return made;
}

/** Of a serialized collection with damage now and then: too many bytes, too few, a null in it, a count that is not its own. */
const damaged = (value: Buffer): fc.Arbitrary<TestValue> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant<TestValue>(value) },
    { weight: 1, arbitrary: fc.constant<TestValue>(null) },
    { weight: 1, arbitrary: fc.constant<TestValue>('unset') },
    {
      weight: 1,
      arbitrary: fc.constantFrom<TestValue>(
        Buffer.concat([value, Buffer.from([0])]),
        value.subarray(0, value.length - 1),
        Buffer.concat([int(1), int(-1)]),
        Buffer.concat([int(9), value.subarray(4)]),
        Buffer.alloc(0),
      ),
    },
  );

const smallInt = fc.oneof(
  { weight: 15, arbitrary: fc.nat(4).map(int) },
  { weight: 1, arbitrary: fc.constant(Buffer.alloc(0)) },
  { weight: 1, arbitrary: fc.constant(Buffer.from([1, 2, 3])) },
);
const smallText = fc.oneof(
  { weight: 15, arbitrary: fc.string({ maxLength: 3 }).map(text) },
  { weight: 1, arbitrary: fc.constant(Buffer.from([0xff])) },
);
const packed = (elements: Buffer[], count = elements.length) => Buffer.from(packCollection(elements, count));
const intSet = fc.array(smallInt, { maxLength: 4 }).chain((elements) => damaged(packed(elements)));
const textList = fc.array(smallText, { maxLength: 3 }).chain((elements) => damaged(packed(elements)));
const intTextMap = fc
  .array(fc.tuple(smallInt, smallText), { maxLength: 4 })
  .chain((entries) => damaged(packed(entries.flat(), entries.length)));
const one = (value: fc.Arbitrary<Buffer>): fc.Arbitrary<TestValue> =>
  fc.oneof(
    { weight: 10, arbitrary: value as fc.Arbitrary<TestValue> },
    { weight: 1, arbitrary: fc.constantFrom<TestValue>(null, 'unset') },
  );

/** Most of the time something that is stored as it comes, so that a statement with many of them is taken now and then. */
const mostly = (good: Buffer, other: fc.Arbitrary<TestValue>): fc.Arbitrary<TestValue> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant<TestValue>(good) }, { weight: 1, arbitrary: other });
const goodMap = packed([int(1), text('a'), int(3), text('b')], 2);
const goodSet = packed([int(0), int(2)]);

const k = fc.nat(1).map(int);
const c = fc.nat(2).map(int);
const ttl = fc.constantFrom(int(0), int(100_000));
const statements: Record<string, fc.Arbitrary<TestValue>[]> = {
  'UPDATE t SET m[?] = ? WHERE k = ? AND c = ?': [one(smallInt), one(smallText), k, c],
  'UPDATE t USING TTL ? SET m[1] = ?, m[?] = ? WHERE k = ? AND c = ?': [
    ttl,
    one(smallText),
    one(smallInt),
    one(smallText),
    k,
    c,
  ],
  "UPDATE t SET m[?] = 'x', v = ? WHERE k = ? AND c = ?": [one(smallInt), one(smallInt), k, c],
  'UPDATE t SET m = m + ? WHERE k = ? AND c = ?': [intTextMap, k, c],
  'UPDATE t SET m = m - ? WHERE k = ? AND c = ?': [intSet, k, c],
  'UPDATE t SET m = m - {1, 3} WHERE k = ? AND c = ?': [k, c],
  'UPDATE t USING TTL ? SET m = ? WHERE k = ? AND c = ?': [ttl, intTextMap, k, c],
  'DELETE m[?] FROM t WHERE k = ? AND c = ?': [one(smallInt), k, c],
  'DELETE m, v FROM t WHERE k = ? AND c = ?': [k, c],
  'UPDATE t SET e = e + ? WHERE k = ? AND c = ?': [intSet, k, c],
  'UPDATE t SET e = e + {0, 4} WHERE k = ? AND c = ?': [k, c],
  'UPDATE t SET e = e - ? WHERE k = ? AND c = ?': [intSet, k, c],
  'DELETE e[?] FROM t WHERE k = ? AND c = ?': [one(smallInt), k, c],
  'UPDATE t SET l = l + ? WHERE k = ? AND c = ?': [textList, k, c],
  'UPDATE t SET l = ? WHERE k = ? AND c = ?': [textList, k, c],
  'INSERT INTO t (k, c, e, m, l, f, s) VALUES (?, ?, ?, ?, ?, ?, ?)': [
    k,
    c,
    mostly(goodSet, intSet),
    mostly(goodMap, intTextMap),
    mostly(packed([text('x'), text('x')]), textList),
    mostly(goodMap, intTextMap),
    mostly(goodSet, intSet),
  ],
  'INSERT INTO t (k, s, w) VALUES (?, ?, ?)': [k, intSet, one(smallInt)],
  'UPDATE t SET s = s + ?, w = ? WHERE k = ?': [intSet, one(smallInt), k],
  'DELETE s, w FROM t WHERE k = ?': [k],
  'UPDATE t SET f = ? WHERE k = ? AND c = ?': [intTextMap, k, c],
  'UPDATE t SET u.a = ?, u.b = ? WHERE k = ? AND c = ?': [one(smallInt), one(smallText), k, c],
  'DELETE u.a FROM t WHERE k = ? AND c = ?': [k, c],
  'DELETE u FROM t WHERE k = ? AND c = ?': [k, c],
  'DELETE FROM t WHERE k = ? AND c = ?': [k, c],
  'DELETE FROM t WHERE k = ?': [k],
};

// Goal: a hot write of any kind leaves what the same statement leaves in JavaScript, and values that JavaScript refuses are never taken.
// Method: random statements with few keys and times that collide, many values damaged, each on both; every partition compared.
test('hot writes to collections, user types and static columns leave what JavaScript leaves', async () => {
  const hot = new Map<string, number>();
  const step = fc
    .constantFrom(...Object.keys(statements))
    .chain((cql) => fc.tuple(fc.constant(cql), fc.tuple(...statements[cql]!), fc.bigInt(1n, 9n)));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const both = await twin(
        'CREATE TYPE two (a int, b text)',
        'CREATE TABLE t (k int, c int, v int, w int static, s set<int> static, m map<int, text>, e set<int>, l list<text>, f frozen<map<int, text>>, u two, PRIMARY KEY (k, c))',
      );
      for (const [cql, values, timestamp] of steps) await both.run(cql, values, timestamp);
      for (const key of [0, 1]) await both.compare('t', int(key));
      for (const [cql, count] of both.hot) hot.set(cql, (hot.get(cql) ?? 0) + count);
      for (const made of twins.splice(0)) made.close();
    }),
    { numRuns: 100 },
  );
  for (const cql of Object.keys(statements)) assert.ok((hot.get(cql) ?? 0) > 0, `the addon has run ${cql}`);
});

const delta = fc.oneof(
  { weight: 10, arbitrary: fc.bigInt(-5n, 5n).map<TestValue>(bigint) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<TestValue>(
      null,
      'unset',
      Buffer.alloc(0),
      int(1),
      bigint(-(2n ** 63n)),
      bigint(2n ** 63n - 1n),
    ),
  },
);
const counts: Record<string, fc.Arbitrary<TestValue>[]> = {
  'UPDATE n SET a = a + ? WHERE k = ? AND c = ?': [delta, k, c],
  'UPDATE n SET a = a - ?, b = b + 2 WHERE k = ? AND c = ?': [delta, k, c],
  'UPDATE n SET a = a + ?, s = s - 1 WHERE k = ? AND c = ?': [delta, k, c],
  'UPDATE n SET s = s - ? WHERE k = ?': [delta, k],
};

test('hot updates of counters count as JavaScript does', async () => {
  const hot = new Map<string, number>();
  const step = fc
    .constantFrom(...Object.keys(counts))
    .chain((cql) => fc.tuple(fc.constant(cql), fc.tuple(...counts[cql]!), fc.bigInt(1n, 9n)));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      const both = await twin(
        'CREATE TABLE n (k int, c int, a counter, b counter, s counter static, PRIMARY KEY (k, c))',
      );
      for (const [cql, values, timestamp] of steps) await both.run(cql, values, timestamp);
      for (const key of [0, 1]) await both.compare('n', int(key));
      for (const [cql, count] of both.hot) hot.set(cql, (hot.get(cql) ?? 0) + count);
      for (const made of twins.splice(0)) made.close();
    }),
    { numRuns: 60 },
  );
  assert.ok([...hot.values()].reduce((a, b) => a + b, 0) > 100);
});

const later = BigInt(Date.now() + 86_400_000) * 1000n;
const conditional: Record<string, fc.Arbitrary<TestValue>[]> = {
  'INSERT INTO t (k, c, v, m) VALUES (?, ?, ?, ?) IF NOT EXISTS': [k, c, one(smallInt), intTextMap],
  'INSERT INTO t (k, c, x) VALUES (?, ?, ?) IF NOT EXISTS USING TTL 1000': [k, c, one(smallText)],
  'UPDATE t SET v = ? WHERE k = ? AND c = ? IF EXISTS': [one(smallInt), k, c],
  'UPDATE t SET m[?] = ? WHERE k = ? AND c = ? IF v = ?': [one(smallInt), one(smallText), k, c, one(smallInt)],
  'UPDATE t SET v = ? WHERE k = ? AND c = ? IF v > ? AND x != ?': [one(smallInt), k, c, one(smallInt), one(smallText)],
  'UPDATE t SET x = ? WHERE k = ? AND c = ? IF v <= ? AND v >= 1': [one(smallText), k, c, one(smallInt)],
  'UPDATE t SET v = 3 WHERE k = ? AND c = ? IF x = null': [k, c],
  "UPDATE t SET v = 1, x = 'b' WHERE k = ? AND c = ? IF d < ?": [
    k,
    c,
    one(fc.constantFrom(Buffer.from([0, 0, 0, 1, 15]))),
  ],
  'DELETE FROM t WHERE k = ? AND c = ? IF EXISTS': [k, c],
  'DELETE v FROM t WHERE k = ? AND c = ? IF v != ?': [k, c, one(smallInt)],
  // Beside them writes without conditions, some of them later than the clock.
  'INSERT INTO t (k, c, v, x, d) VALUES (?, ?, ?, ?, 1.0)': [k, c, one(smallInt), one(smallText)],
  'DELETE FROM t WHERE k = ? AND c = ?': [k, c],
};

// Goal: the addon decides as JavaScript does, answers with the same bytes, and leaves the same rows.
test('hot conditional writes decide and answer as JavaScript does', async () => {
  const hot = new Map<string, number>();
  const step = fc
    .constantFrom(...Object.keys(conditional))
    .chain((cql) => fc.tuple(fc.constant(cql), fc.tuple(...conditional[cql]!), fc.constantFrom(5n, later)));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const both = await twin(
        'CREATE TABLE t (k int, c int, v int, x text, d decimal, m map<int, text>, PRIMARY KEY (k, c)) WITH CLUSTERING ORDER BY (c DESC)',
      );
      for (const [cql, values, timestamp] of steps) await both.run(cql, values, timestamp);
      for (const key of [0, 1]) await both.compare('t', int(key), 'own');
      for (const [cql, count] of both.hot) hot.set(cql, (hot.get(cql) ?? 0) + count);
      for (const made of twins.splice(0)) made.close();
    }),
    { numRuns: 100 },
  );
  for (const cql of Object.keys(conditional)) assert.ok((hot.get(cql) ?? 0) > 0, `the addon has run ${cql}`);
});

test('a partition that JavaScript reads to write it is left to it until it has written', async () => {
  const both = await twin('CREATE TABLE t (k int PRIMARY KEY, v int)');
  const insert = 'INSERT INTO t (k, v) VALUES (?, ?) IF NOT EXISTS';
  const table = Buffer.from(both.session.node.catalogue.getTable('k', 't').id.replaceAll('-', ''), 'hex');
  const counts = async (key: number) => {
    const before = both.hot.get(insert) ?? 0;
    await both.run(insert, [int(key), int(0)], 1n);
    return (both.hot.get(insert) ?? 0) - before;
  };
  assert.equal(await counts(1), 1);
  both.rig.router.hold(0, table, int(2), 'begins');
  both.rig.router.hold(0, table, int(2), 'begins');
  assert.equal(await counts(2), 0);
  assert.equal(await counts(3), 1, 'another partition is not held up');
  both.rig.router.hold(0, table, int(2), 'ends');
  assert.equal(await counts(2), 0, 'another statement reads it still');
  both.rig.router.hold(0, table, int(2), 'ends');
  assert.equal(await counts(2), 1);
});

const indexed: Record<string, fc.Arbitrary<TestValue>[]> = {
  'INSERT INTO t (k, j, c, v, x, s, m, e) VALUES (?, 1, ?, ?, ?, ?, ?, ?)': [
    k,
    c,
    one(smallInt),
    one(smallText),
    one(smallInt),
    mostly(goodMap, intTextMap),
    mostly(goodSet, intSet),
  ],
  'INSERT INTO t (k, j, c, v) VALUES (?, 1, ?, ?) USING TTL ?': [k, c, one(smallInt), ttl],
  'UPDATE t USING TTL ? SET m[?] = ?, v = ? WHERE k = ? AND j = 1 AND c = ?': [
    ttl,
    one(smallInt),
    one(smallText),
    one(smallInt),
    k,
    c,
  ],
  'UPDATE t SET s = ? WHERE k = ? AND j = 1': [one(smallInt), k],
  'UPDATE t SET e = e + ? WHERE k = ? AND j = 1 AND c = ?': [intSet, k, c],
  'DELETE v FROM t WHERE k = ? AND j = 1 AND c = ?': [k, c],
  'DELETE FROM t WHERE k = ? AND j = 1 AND c = ?': [k, c],
  'UPDATE t SET v = ? WHERE k = ? AND j = 1 AND c = ? IF v != ?': [one(smallInt), k, c, one(smallInt)],
};

test('hot writes bring the entries of indexes that JavaScript brings', async () => {
  const hot = new Map<string, number>();
  const step = fc
    .constantFrom(...Object.keys(indexed))
    .chain((cql) => fc.tuple(fc.constant(cql), fc.tuple(...indexed[cql]!), fc.bigInt(1n, 9n)));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      const both = await twin(
        'CREATE TABLE t (k int, j int, c int, v int, x text, s int static, m map<int, text>, e set<int>, PRIMARY KEY ((k, j), c))',
        "CREATE CUSTOM INDEX ON t (v) USING 'StorageAttachedIndex'",
        'CREATE INDEX ON t (x)',
        "CREATE INDEX ON t (x) USING 'hash'",
        "CREATE INDEX ON t (v) USING 'btree'",
        'CREATE INDEX ON t (s)',
        'CREATE INDEX ON t (c)',
        'CREATE INDEX ON t (j)',
        'CREATE INDEX ON t (KEYS(m))',
        'CREATE INDEX ON t (VALUES(m))',
        'CREATE INDEX ON t (ENTRIES(m))',
        'CREATE INDEX ON t (e)',
      );
      for (const [cql, values, timestamp] of steps) await both.run(cql, values, timestamp);
      await both.compareIndexes('t');
      for (const [cql, count] of both.hot) hot.set(cql, (hot.get(cql) ?? 0) + count);
      for (const made of twins.splice(0)) made.close();
    }),
    { numRuns: 60 },
  );
  for (const cql of Object.keys(indexed)) assert.ok((hot.get(cql) ?? 0) > 0, `the addon has run ${cql}`);
});

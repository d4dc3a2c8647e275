// Bound values, batches, prepared statements and consistency levels; texts are Cassandra 5.0's. What needs no bound values is in
// test/diff/corpus, where the real Cassandra is asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Consistency, internalOptions, type QueryOptions } from '../../../src/query/index.js';
import { type BindValue, encodeInt, encodeLong, packList, packSet, UNSET } from '../../../src/types/index.js';
import { InProcessNode, Session } from '../../support/in-process-node.js';

const text = (value: string) => new Uint8Array(Buffer.from(value));
const int = (value: number) => encodeInt(value);

async function sessionWith(...tables: string[]): Promise<Session> {
  const session = new Session(new InProcessNode({ batchSizeWarnBytes: 500, batchSizeFailBytes: 2_000 }));
  await session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'USE k',
    ...tables,
  );
  return session;
}

const kv = 'CREATE TABLE kv (k int PRIMARY KEY, v text, l list<int>, s set<int>)';

async function failure(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  }
  return 'no error';
}

test('a bound null deletes, an unset value leaves the column alone', async () => {
  const session = await sessionWith(kv);
  const insert = 'INSERT INTO kv (k, v, l) VALUES (?, ?, ?)';
  await session.execute(insert, [int(1), text('a'), packList([int(7)])]);
  await session.execute(insert, [int(1), UNSET, UNSET]);
  assert.deepEqual(await session.rows('SELECT v, l FROM kv'), [["'a'", '[7]']]);
  await session.execute(insert, [int(1), null, null]);
  assert.deepEqual(await session.rows('SELECT v, l FROM kv'), [['null', 'null']]);
});

test('bound values that cannot be are refused with their texts', async () => {
  const session = await sessionWith(kv, 'CREATE TABLE b (k blob PRIMARY KEY, t tuple<int, text>)');
  const cases: [string, BindValue[], string][] = [
    ['INSERT INTO kv (k) VALUES (?)', [null], 'INVALID: Invalid null value in condition for column k'],
    ['INSERT INTO kv (k) VALUES (?)', [UNSET], 'INVALID: Invalid unset value for column k'],
    ['INSERT INTO kv (k) VALUES (?)', [text('abc')], 'INVALID: Expected 4 or 0 byte int (3)'],
    ['INSERT INTO kv (k) VALUES (?)', [new Uint8Array(0)], 'INVALID: Key may not be empty'],
    [
      'INSERT INTO b (k) VALUES (?)',
      [new Uint8Array(70_000)],
      'INVALID: Key length of 70000 is longer than maximum of 65535',
    ],
    ['SELECT * FROM kv WHERE k = ?', [], 'INVALID: there were 1 markers(?) in CQL but 0 bound variables'],
    ['SELECT * FROM kv WHERE k IN ?', [null], 'INVALID: Invalid null value for column k'],
    ['SELECT * FROM kv WHERE k IN ?', [UNSET], 'INVALID: Invalid unset value for column k'],
    ['SELECT * FROM kv LIMIT ?', [int(0)], 'INVALID: LIMIT must be strictly positive'],
    ['SELECT * FROM kv LIMIT ?', [null], 'INVALID: Invalid null value of limit'],
    [
      'INSERT INTO kv (k) VALUES (1) USING TTL ?',
      [int(-1)],
      'INVALID: A TTL must be greater or equal to 0, but was -1',
    ],
    ['INSERT INTO kv (k) VALUES (1) USING TIMESTAMP ?', [null], 'INVALID: Invalid null value of timestamp'],
    ['UPDATE kv SET l[?] = 1 WHERE k = 1', [null], 'INVALID: Invalid null value for list index'],
    ['UPDATE kv SET l[?] = 1 WHERE k = 1', [UNSET], 'INVALID: Invalid unset value for list index'],
    [
      'INSERT INTO b (k, t) VALUES (0x01, (?, ?))',
      [UNSET, text('a')],
      'INVALID: Invalid unset value for tuple field number 0',
    ],
    ['SELECT * FROM kv WHERE v = ? ALLOW FILTERING', [null], 'INVALID: Unsupported null value for column v'],
    ['SELECT * FROM kv WHERE v = ? ALLOW FILTERING', [UNSET], 'INVALID: Unsupported unset value for column v'],
    ['INSERT INTO kv JSON ?', [null], 'INVALID: Got null for INSERT JSON values'],
  ];
  for (const [cql, values, expected] of cases) assert.equal(await failure(session.execute(cql, values)), expected, cql);
});

test('QUERY with too few values says so in other words than EXECUTE', async () => {
  const session = await sessionWith(kv);
  assert.equal(await session.error('SELECT * FROM kv WHERE k = ?'), 'INVALID: Invalid amount of bind variables');
});

test('values bound by name go to the markers of that name, in QUERY too', async () => {
  const session = await sessionWith(kv);
  const named = (names: string[], values: BindValue[]): Partial<QueryOptions> => ({ names, values });
  await session.query('INSERT INTO kv (k, v) VALUES (:key, :word)', [], named(['word', 'key'], [text('w'), int(4)]));
  assert.deepEqual(await session.rows('SELECT k, v FROM kv'), [['4', "'w'"]]);
  const missing = session.query('INSERT INTO kv (k, v) VALUES (:key, :word)', [], named(['key'], [int(4)]));
  assert.equal(await failure(missing), 'INVALID: Invalid amount of bind variables');
});

test('bound sets are sorted and lose their doubles, lists keep theirs', async () => {
  const session = await sessionWith(kv);
  const unsorted = packList([int(3), int(1), int(3)]);
  await session.execute('INSERT INTO kv (k, l, s) VALUES (1, ?, ?)', [unsorted, unsorted]);
  assert.deepEqual(await session.rows('SELECT l, s FROM kv'), [['[3, 1, 3]', '{1, 3}']]);
  await session.execute('UPDATE kv SET l = ? + l, s = s - ? WHERE k = 1', [
    packList([int(8), int(9)]),
    packSet({ kind: 'int' }, [int(1)]),
  ]);
  assert.deepEqual(await session.rows('SELECT l, s FROM kv'), [['[8, 9, 3, 1, 3]', '{3}']]);
  assert.deepEqual(await session.rows('SELECT k FROM kv WHERE k IN ?', [unsorted]), [['1']]);
});

test("the client's timestamp holds where the statement has none", async () => {
  const session = await sessionWith(kv);
  await session.query("INSERT INTO kv (k, v) VALUES (1, 'new')", [], { timestamp: 2_000n });
  await session.query("INSERT INTO kv (k, v) VALUES (1, 'old')", [], { timestamp: 1_000n });
  assert.deepEqual(await session.rows('SELECT v, writetime(v) FROM kv'), [["'new'", '2000']]);
  await session.execute('INSERT INTO kv (k, v) VALUES (1, ?) USING TIMESTAMP ?', [text('newer'), encodeLong(3_000n)], {
    timestamp: 1n,
  });
  assert.deepEqual(await session.rows('SELECT v, writetime(v) FROM kv'), [["'newer'", '3000']]);
});

test('what has a time to live is gone when the time of the request says so', async () => {
  const session = await sessionWith(kv);
  await session.query("INSERT INTO kv (k, v) VALUES (1, 'a') USING TTL 100", [], { nowInSeconds: 1_000_000 });
  assert.deepEqual(await session.rows('SELECT v, ttl(v) FROM kv', [], { nowInSeconds: 1_000_040 }), [["'a'", '60']]);
  assert.deepEqual(await session.rows('SELECT v FROM kv', [], { nowInSeconds: 1_000_100 }), []);
});

test('a statement is prepared once, and again after its table has changed', async () => {
  const session = await sessionWith(kv);
  const { processor } = session.node;
  const first = await processor.prepare('SELECT * FROM kv', session.client, null);
  assert.equal(await processor.prepare('SELECT * FROM kv', session.client, null), first);
  assert.equal(processor.lookup(first.id), first);
  await session.query('ALTER TABLE kv ADD extra int');
  assert.equal(processor.lookup(first.id), null);
  const second = await processor.prepare('SELECT * FROM kv', session.client, null);
  assert.deepEqual(second.id, first.id);
  assert.notDeepEqual(second.resultMetadataId, first.resultMetadataId);
  assert.equal(second.resultColumns!.length, first.resultColumns!.length + 1);
});

test('a batch of the protocol takes text and prepared ids, and is checked like a BATCH', async () => {
  const session = await sessionWith(kv, 'CREATE TABLE n (k int PRIMARY KEY, c counter)');
  const { processor } = session.node;
  const prepared = await processor.prepare('INSERT INTO kv (k, v) VALUES (?, ?)', session.client, null);
  const options = internalOptions([]);
  const run = (type: 'logged' | 'unlogged' | 'counter', ...entries: [string | Uint8Array, BindValue[]][]) =>
    processor.batch({ type, entries: entries.map(([query, values]) => ({ query, values })) }, session.client, options);
  await run('logged', [prepared.id, [int(1), text('a')]], ["INSERT INTO kv (k, v) VALUES (2, 'b')", []]);
  assert.equal((await session.rows('SELECT k, v FROM kv')).length, 2);
  const add = 'UPDATE n SET c = c + 1 WHERE k = 1';
  assert.equal(
    await failure(run('logged', [add, []])),
    'INVALID: Cannot include a counter statement in a logged batch',
  );
  assert.equal(
    await failure(run('counter', [prepared.id, [int(1), text('a')]])),
    'INVALID: Cannot include non-counter statement in a counter batch',
  );
  assert.equal(
    await failure(run('unlogged', [add, []], [prepared.id, [int(1), text('a')]])),
    'INVALID: Counter and non-counter mutations cannot exist in the same batch',
  );
  assert.match(
    await failure(run('logged', [new Uint8Array(16), []])),
    /^UNPREPARED: Prepared query with ID 0{32} not found/,
  );
  assert.equal(
    await failure(run('logged', [prepared.id, [int(1)]])),
    'INVALID: There were 2 markers(?) in CQL but 1 bound variables',
  );
  await run('counter', [add, []], [add, []]);
  assert.deepEqual(await session.rows('SELECT c FROM n'), [['2']]);
});

test('large batches are warned of, larger ones refused', async () => {
  const session = await sessionWith(kv);
  const batch = (length: number) =>
    session.query(
      `BEGIN BATCH INSERT INTO kv (k, v) VALUES (1, '${'x'.repeat(length)}'); INSERT INTO kv (k, v) VALUES (2, 'y'); APPLY BATCH`,
    );
  assert.equal((await batch(10)).warnings, undefined);
  assert.match(
    (await batch(600)).warnings![0]!,
    /^Batch for \[k\.kv\] is of size \d+, exceeding specified threshold of 500 by \d+\.$/,
  );
  assert.equal(await failure(batch(3_000)), 'INVALID: Batch too large');
});

test('a read over many tombstones is warned of, over too many refused', async () => {
  const session = new Session(new InProcessNode({ tombstoneWarn: 5, tombstoneFail: 50 }));
  await session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'CREATE TABLE k.t (p int, c int, v int, PRIMARY KEY (p, c))',
  );
  const deleteRows = async (from: number, to: number) => {
    for (let c = from; c < to; c++) await session.query(`DELETE v FROM k.t WHERE p = 1 AND c = ${c}`);
  };
  await deleteRows(0, 5);
  assert.equal((await session.query('SELECT * FROM k.t WHERE p = 1')).warnings, undefined);
  await deleteRows(5, 10);
  assert.match(
    (await session.query('SELECT * FROM k.t WHERE p = 1')).warnings![0]!,
    /^Read 0 live rows and 10 tombstone cells for query on k\.t/,
  );
  await deleteRows(10, 60);
  assert.match(await session.error('SELECT * FROM k.t'), /^READ_FAILURE: Operation failed/);
});

test('what lies under newer cells is no tombstone; a row of which only a deletion is left is one', async () => {
  const session = new Session(new InProcessNode({ tombstoneWarn: 0 }));
  await session.all(
    "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
    'CREATE TABLE k.t (p int, c int, v int, m map<int, int>, PRIMARY KEY (p, c))',
  );
  const counted = async (p: number): Promise<string> => {
    const { warnings } = await session.query(`SELECT * FROM k.t WHERE p = ${p}`);
    return (
      /^Read (\d+) live rows and (\d+) tombstone/
        .exec(warnings?.[0] ?? '')
        ?.slice(1)
        .join(' live, ') ?? 'none'
    );
  };
  for (const [p, expected, ...statements] of [
    // A whole collection is written over a deletion of what was there.
    [1, 'none', 'INSERT INTO k.t (p, c, m) VALUES (1, 1, {1: 1})'],
    [2, 'none', 'DELETE FROM k.t USING TIMESTAMP 10 WHERE p = 2 AND c = 1', 'INSERT INTO k.t (p, c) VALUES (2, 1)'],
    [3, '0 live, 1', 'DELETE FROM k.t WHERE p = 3 AND c = 1'],
    [4, '0 live, 1', 'UPDATE k.t SET m = null WHERE p = 4 AND c = 1'],
    [5, '1 live, 1', 'INSERT INTO k.t (p, c, v) VALUES (5, 1, null)'],
    [
      6,
      '0 live, 1',
      'DELETE FROM k.t USING TIMESTAMP 10 WHERE p = 6 AND c = 1',
      'DELETE v FROM k.t USING TIMESTAMP 20 WHERE p = 6 AND c = 1',
    ],
  ] as const) {
    for (const statement of statements) await session.query(statement);
    assert.equal(await counted(p), expected, statements.join('; '));
  }
});

test('levels that cannot be reached, or are not for that statement, are refused', async () => {
  const session = await sessionWith(kv);
  await session.all(
    "CREATE KEYSPACE three WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}",
    'CREATE TABLE three.kv (k int PRIMARY KEY, v text)',
  );
  const at = (consistency: number) => ({ consistency });
  const read = 'SELECT * FROM three.kv WHERE k = 1';
  const write = 'INSERT INTO three.kv (k) VALUES (1)';
  assert.equal(
    await session.error(read, [], at(Consistency.QUORUM)),
    'UNAVAILABLE: Cannot achieve consistency level QUORUM',
  );
  assert.equal(
    await session.error(write, [], at(Consistency.ALL)),
    'UNAVAILABLE: Cannot achieve consistency level ALL',
  );
  assert.equal(await session.error(read, [], at(Consistency.ONE)), 'no error');
  assert.equal(await session.error(write, [], at(Consistency.ANY)), 'no error');
  assert.equal(
    await session.error(read, [], at(Consistency.ANY)),
    'INVALID: ANY ConsistencyLevel is only supported for writes',
  );
  assert.equal(
    await session.error(write, [], at(Consistency.SERIAL)),
    'INVALID: You must use conditional updates for serializable writes',
  );
  assert.equal(await session.error('SELECT * FROM kv', [], at(Consistency.QUORUM)), 'no error');
  assert.equal(
    await session.error('SELECT * FROM kv', [], at(Consistency.TWO)),
    'UNAVAILABLE: Cannot achieve consistency level TWO',
  );
});

test('a node without roles says so', async () => {
  const session = await sessionWith(kv);
  assert.equal(await session.error('CREATE ROLE r'), 'INVALID: CREATE ROLE needs an authenticator');
});

// Goal: the choice among overloads is made once for each operation. Method: chains so long that choosing again for every overload of the
// operation around it would not end.
test('long chains of operators are planned, in a SELECT list and in values', { timeout: 60_000 }, async () => {
  const session = await sessionWith(kv);
  const chain = (first: string) => `${first}${' + (int) 1 - (int) 1'.repeat(40)}`;
  await session.all(`INSERT INTO kv (k, v) VALUES (${chain('(int) 7')}, 'a')`);
  assert.deepEqual(await session.rows(`SELECT ${chain('k')}, -(${chain('k')}) FROM kv`), [['7', '-7']]);
  assert.deepEqual(await session.rows(`SELECT v FROM kv WHERE k = ${chain('(int) 7')}`), [["'a'"]]);
});

test('a decimal with more zeros than memory holds is cast to the low bits of its whole part', async () => {
  const session = await sessionWith('CREATE TABLE d (k int PRIMARY KEY, a decimal, b decimal, c decimal)');
  await session.all('INSERT INTO d (k, b, c) VALUES (1, -7e64, 7e19)');
  // 10^2147483647: its scale and one digit.
  await session.execute('INSERT INTO d (k, a) VALUES (1, ?)', [new Uint8Array([0x80, 0, 0, 1, 1])]);
  const low = String(BigInt.asIntN(32, 7n * 10n ** 19n));
  const casts = 'SELECT cast(a AS varint), cast(b AS bigint), cast(c AS int) FROM d';
  assert.deepEqual(await session.rows(casts), [['0', '0', low]]);
});

test('of two times to live the last one counts, and a marker for the first stands for nothing', async () => {
  const session = await sessionWith(kv);
  const insert = 'INSERT INTO kv (k, v) VALUES (1, ?) USING TTL ? AND TTL ?';
  await session.execute(insert, [text('a'), int(5), int(1_000_000)]);
  const [[ttl]] = (await session.rows('SELECT ttl(v) FROM kv')) as [[string]];
  assert.ok(Number(ttl) > 5);
});

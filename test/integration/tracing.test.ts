// Traces of a real node: the events of Cassandra 5.0.9 for the same statements, where there is such an event here.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { CqlClient, type CqlResult } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';

let node: Ferrosa;
let client: CqlClient;
before(async () => {
  node = await Ferrosa.start();
  client = await CqlClient.connect({ port: node.port });
  await client.query("CREATE KEYSPACE tk WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE tk.t (k int, c int, v int, w text, PRIMARY KEY (k, c))');
  await client.query('CREATE TABLE tk.s (k int PRIMARY KEY, v int)');
  await client.query('CREATE TABLE tk.ix (k int PRIMARY KEY, v int)');
  await client.query('CREATE INDEX ixv ON tk.ix (v)');
});
after(async () => {
  await client.close();
  await node.remove();
});

type Session = { readonly parameters: ReadonlyMap<string, string>; readonly events: readonly string[] };

async function sessionOf({ tracingId }: CqlResult): Promise<Session> {
  assert.ok(tracingId !== null);
  // Drivers wait for the duration too.
  for (let i = 0; i < 500; i++) {
    const [row] = (
      await client.query('SELECT duration, parameters FROM system_traces.sessions WHERE session_id = ?', [tracingId])
    ).objects();
    if (row?.['duration'] != null) {
      const events = await client.query('SELECT activity FROM system_traces.events WHERE session_id = ?', [tracingId]);
      return {
        parameters: new Map(row['parameters'] as [string, string][]),
        events: events.objects().map(({ activity }) => String(activity)),
      };
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail('the session was not written');
}

const traced = async (text: string): Promise<readonly string[]> =>
  (await sessionOf(await client.query(text, [], { tracing: true }))).events;

/** What follows the parsing, in order. */
async function expectEvents(text: string, expected: readonly string[]): Promise<void> {
  assert.deepEqual(await traced(text), [`Parsing ${text}`, 'Preparing statement', ...expected], text);
}

test('writes tell of replicas, commit log and memtable', async () => {
  const written = (...tables: string[]) =>
    tables.flatMap((one) => ['Appending to commitlog', `Adding to ${one} memtable`]);
  await expectEvents('INSERT INTO tk.t (k, c, v) VALUES (1, 1, 1)', [
    'Determining replicas for mutation',
    ...written('t'),
  ]);
  await expectEvents('DELETE FROM tk.t WHERE k = 1 AND c = 7', ['Determining replicas for mutation', ...written('t')]);
  await expectEvents(
    'BEGIN BATCH INSERT INTO tk.s (k, v) VALUES (1, 2); INSERT INTO tk.s (k, v) VALUES (2, 2); APPLY BATCH',
    ['Determining replicas for atomic batch', ...written('s', 's')],
  );
  await expectEvents(
    'BEGIN UNLOGGED BATCH INSERT INTO tk.s (k, v) VALUES (1, 2); INSERT INTO tk.s (k, v) VALUES (1, 3); APPLY BATCH',
    ['Determining replicas for mutation', ...written('s')],
  );
  await expectEvents(
    'BEGIN UNLOGGED BATCH INSERT INTO tk.s (k, v) VALUES (1, 2); INSERT INTO tk.s (k, v) VALUES (2, 3); APPLY BATCH',
    ['Determining replicas for mutation', ...written('s', 's')],
  );
});

test('reads tell what they went through, from memory and from SSTables', async () => {
  const one = ['Executing single-partition query on t', 'Acquiring sstable references'];
  const all = '(min(-9223372036854775808), min(-9223372036854775808)]';
  await expectEvents('SELECT * FROM tk.t WHERE k = 1', [
    ...one,
    'Merged data from memtables and 0 sstables',
    'Read 1 live rows and 1 tombstone cells',
  ]);
  // Two shards read at the same time: whichever is first tells of it first.
  const both = (await traced('SELECT * FROM tk.t WHERE k IN (1, 2)')).slice(2);
  const read = (counts: string) => [...one, 'Merged data from memtables and 0 sstables', `Read ${counts}`].join('\n');
  assert.deepEqual([both.slice(0, 4).join('\n'), both.slice(4).join('\n')].sort(), [
    read('0 live rows and 0 tombstone cells'),
    read('1 live rows and 1 tombstone cells'),
  ]);
  await node.action('flush', { keyspace: 'tk' });
  await expectEvents('SELECT * FROM tk.t WHERE k = 1', [
    ...one,
    'Merged data from memtables and 1 sstables',
    'Read 1 live rows and 1 tombstone cells',
  ]);
  assert.deepEqual((await traced('SELECT * FROM tk.t')).slice(2, 5), [
    'Computing ranges to query',
    'Submitted 1 concurrent range requests',
    `Executing seq scan across 1 sstables for ${all}`,
  ]);
  assert.match(
    (await traced('SELECT * FROM tk.t WHERE token(k) > 5 AND token(k) <= 9')).join('\n'),
    /^Executing seq scan across \d sstables for \(max\(5\), max\(9\)\]$/m,
  );
  await client.query('INSERT INTO tk.ix (k, v) VALUES (1, 1)');
  const indexed = await traced('SELECT * FROM tk.ix WHERE v = 1');
  assert.equal(indexed[2], 'Executing read on tk.ix using index ixv');
  assert.ok(indexed.includes('Executing single-partition query on ix'), indexed.join('\n'));
});

test('conditional updates tell what came of them', async () => {
  const applied = await traced('INSERT INTO tk.s (k, v) VALUES (9, 1) IF NOT EXISTS');
  assert.deepEqual(applied.slice(2), [
    'Reading existing values for CAS precondition',
    'Executing single-partition query on s',
    'Acquiring sstable references',
    'Merged data from memtables and 0 sstables',
    'Read 0 live rows and 0 tombstone cells',
    'Appending to commitlog',
    'Adding to s memtable',
    'CAS applied successfully',
  ]);
  assert.deepEqual((await traced('UPDATE tk.s SET v = 2 WHERE k = 9 IF v = 5')).slice(-2), [
    'CAS precondition does not match current values [tk.s] key=9',
    'CAS did not apply',
  ]);
});

test('a prepared statement has its values as CQL has them', async () => {
  const insert = await client.prepare('INSERT INTO tk.t (k, c, w) VALUES (?, ?, ?)');
  const long = 'x'.repeat(2_000);
  const result = await client.execute(insert, [value.int(1), value.int(-2), value.text(long)], { tracing: true });
  const { parameters, events } = await sessionOf(result);
  assert.equal(parameters.get('bound_var_0_k'), '1');
  assert.equal(parameters.get('bound_var_1_c'), '-2');
  assert.equal(parameters.get('bound_var_2_w'), `'${'x'.repeat(999)}...'`);
  assert.deepEqual(events, ['Determining replicas for mutation', 'Appending to commitlog', 'Adding to t memtable']);
  await client.query('TRUNCATE tk.s');
  assert.ok((await traced('TRUNCATE tk.s')).includes('Applying truncation of tk.s'));
});

test('a compaction shows how far it is while it runs', async () => {
  await client.query(
    "CREATE TABLE tk.big (k int PRIMARY KEY, v blob) WITH compaction = {'class': 'SizeTieredCompactionStrategy', 'min_threshold': '30'}",
  );
  const insert = await client.prepare('INSERT INTO tk.big (k, v) VALUES (?, ?)');
  for (let part = 0; part < 3; part++) {
    for (let from = 0; from < 6_000; from += 500)
      await Promise.all(
        Array.from({ length: 500 }, (_, i) =>
          client.execute(insert, [value.int(part * 6_000 + from + i), randomBytes(2_000)]),
        ),
      );
    await node.action('flush', { keyspace: 'tk', tables: ['big'] });
  }
  let running = true;
  const compacted = node.action('compact', { keyspace: 'tk', tables: ['big'] }).finally(() => {
    running = false;
  });
  const seen = new Map<string, number[]>();
  while (running) {
    const rows = (await client.query("SELECT * FROM system_views.sstable_tasks WHERE keyspace_name = 'tk'")).objects();
    for (const row of rows) {
      const ratio = Number(row['completion_ratio']);
      assert.equal(row['kind'], 'compaction');
      assert.ok(ratio >= 0 && ratio <= 1, String(ratio));
      assert.equal(Number(row['progress']), Math.floor(ratio * Number(row['total'])));
      const task = String(row['task_id']);
      seen.set(task, [...(seen.get(task) ?? []), ratio]);
    }
  }
  await compacted;
  const ratios = [...seen.values()];
  for (const one of ratios)
    assert.deepEqual(
      one,
      one.toSorted((a, b) => a - b),
      'it goes forward',
    );
  assert.ok(
    ratios.flat().some((ratio) => ratio > 0 && ratio < 1),
    JSON.stringify(ratios),
  );
});

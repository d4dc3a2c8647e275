// What runs, what was slow, what statements cost, and how one would be run: asked of a real node.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CqlClient, type CqlError } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { Ferrosa } from '../support/ferrosa.js';

let ferrosa: Ferrosa;
let client: CqlClient;
const connect = () => CqlClient.connect({ port: ferrosa.port });

before(async () => {
  ferrosa = await Ferrosa.start({ shards: '2', slow_query_log_timeout: '1ms', query_fingerprints_max: '50' });
  client = await connect();
  await client.query("CREATE KEYSPACE o WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE o.t (k int, c int, v text, PRIMARY KEY (k, c))');
});
after(async () => {
  await client.close();
  await ferrosa.remove();
});

type Row = Record<string, unknown>;
const rowsOf = async (statement: string): Promise<Row[]> => (await client.query(statement)).objects();

/** Begins a read of so many partitions that it is still running when others are asked of it. */
const keyCount = 60_000;
async function beginLongRead(on: CqlClient): Promise<{ readonly answer: Promise<unknown> }> {
  const keys = Buffer.alloc(4 + keyCount * 8);
  keys.writeInt32BE(keyCount, 0);
  for (let i = 0; i < keyCount; i++) {
    keys.writeInt32BE(4, 4 + i * 8);
    keys.writeInt32BE(i, 8 + i * 8);
  }
  const select = await on.prepare('SELECT v FROM o.t WHERE k IN ?');
  const answer = on.execute(select, [keys]);
  answer.catch(() => {});
  return { answer };
}
const longReads = async (): Promise<Row[]> =>
  (await rowsOf('LIST QUERIES')).filter((row) => row['query_text'] === 'SELECT v FROM o.t WHERE k IN ?');
async function until(reached: () => Promise<boolean>): Promise<void> {
  while (!(await reached())) await new Promise((resolve) => setTimeout(resolve, 5));
}
const readCount = async (): Promise<number> => {
  const where = "WHERE keyspace_name = 'o' AND table_name = 't'";
  return Number((await rowsOf(`SELECT count FROM system_views.local_read_latency ${where}`))[0]!['count']);
};

test('LIST QUERIES names what runs, and KILL QUERY ends it with an error for who asked it', async () => {
  const other = await connect();
  const { answer } = await beginLongRead(other);
  await until(async () => (await longReads()).length === 1);
  const [query] = await longReads();
  assert.deepEqual([...(query!['client_address'] as Uint8Array)], [127, 0, 0, 1]);
  assert.ok((query!['elapsed_micros'] as bigint) >= 0n);
  const views = await rowsOf('SELECT * FROM system_views.queries');
  const tasks = views.map((row) => row['task'] as string);
  assert.ok(
    tasks.includes('QUERY SELECT * FROM system_views.queries [pageSize = -1] at consistency ONE'),
    tasks.join(),
  );
  assert.ok(
    tasks.some((task) => /^EXECUTE [0-9a-f]{32} with 1 values at consistency ONE$/.test(task)),
    tasks.join(),
  );
  await client.query(`KILL QUERY ${query!['query_id']}`);
  await assert.rejects(answer, (error: CqlError) => {
    assert.equal(error.code, 0x2200);
    assert.match(error.message, new RegExp(`^Query ${query!['query_id']} was ended by KILL QUERY`));
    return true;
  });
  await assert.rejects(client.query(`KILL QUERY ${query!['query_id']}`), /There is no running query/);
  assert.equal((await other.query('SELECT v FROM o.t WHERE k = 1')).rows.length, 0);
  await other.close();
});

test('a query whose client went away stops reading', async () => {
  const before = await readCount();
  const other = await connect();
  await beginLongRead(other);
  await until(async () => (await longReads()).length === 1);
  await other.close();
  await until(async () => (await longReads()).length === 0);
  assert.ok((await readCount()) - before < keyCount, 'all of it was read for nobody');
});

test('slow statements are logged in the words of Cassandra and kept in a table', async () => {
  const list = Array.from({ length: 2_000 }, (_, k) => k).join(', ');
  await client.query(`SELECT v FROM o.t WHERE k IN (${list})`);
  const slow = (await rowsOf('SELECT * FROM system_observability.slow_queries')).at(-1)!;
  assert.match(slow['query_text'] as string, /^SELECT v FROM o\.t WHERE k IN \(0, 1/);
  assert.ok((slow['duration_ms'] as number) >= 1);
  await until(async () => /operations were slow in the last 5000 msecs:\\n</.test(ferrosa.output));
  assert.match(ferrosa.output, /time \d+ msec - slow timeout 1 msec/);
});

test('fingerprints sum up the calls of statements that differ by their values only, those of the hot path too', async () => {
  const insert = await client.prepare('INSERT INTO o.t (k, c, v) VALUES (?, ?, ?)');
  for (let c = 0; c < 30; c++) await client.execute(insert, [value.int(1), value.int(c), value.text('v')]);
  await client.query("INSERT INTO o.t (k, c, v) VALUES (1, 30, 'w')");
  for (const c of [1, 2, 3]) await client.query(`SELECT v FROM o.t WHERE k = 1 AND c IN (${c}, 5)`);
  const select = await client.prepare('SELECT c FROM o.t WHERE k = ?');
  for (let i = 0; i < 4; i++) await client.execute(select, [value.int(1)]);
  // This one is served by the thread of a shard.
  const moved = await CqlClient.connect({ port: ferrosa.shardAwarePort });
  for (let i = 0; i < 2; i++) await moved.execute(select, [value.int(1)]);
  await moved.close();
  await assert.rejects(client.query('SELECT v FROM o.t WHERE k = 1 LIMIT 0'));
  const all = await rowsOf('SELECT * FROM system_observability.query_fingerprints');
  const of = (text: string): Row => {
    const found = all.filter((row) => row['query_text'] === text);
    assert.equal(found.length, 1, `${text} in ${all.map((row) => row['query_text']).join('; ')}`);
    return found[0]!;
  };
  const writes = of('INSERT INTO o.t(k, c, v) VALUES(?)');
  assert.equal(writes['calls'], 31n);
  assert.ok((writes['p99th_ms'] as number) > 0 && (writes['p99th_ms'] as number) <= (writes['max_ms'] as number));
  const reads = of('SELECT v FROM o.t WHERE k = ? AND c IN(?)');
  assert.equal(reads['calls'], 3n);
  assert.equal(reads['rows'], 6n);
  const slices = of('SELECT c FROM o.t WHERE k = ?');
  assert.deepEqual([slices['calls'], slices['rows'], slices['errors']], [6n, 186n, 0n]);
  assert.equal(of('SELECT v FROM o.t WHERE k = ? LIMIT ?')['errors'], 1n);
  for (let i = 0; i < 80; i++) await client.query(`SELECT v AS a${i} FROM o.t WHERE k = 1`);
  assert.equal((await rowsOf('SELECT * FROM system_observability.query_fingerprints')).length, 50);
});

test('EXPLAIN tells the steps of a statement without running it; ANALYZE runs it and tells what each met', async () => {
  const steps = async (statement: string) => rowsOf(statement);
  const names = async (statement: string) => (await steps(statement)).map((row) => row['operation']);
  assert.deepEqual(await names('EXPLAIN SELECT v FROM o.t WHERE k = 1 AND c = 2'), ['Row by key', 'Return', 'Total']);
  assert.deepEqual(await names('EXPLAIN SELECT c FROM o.t WHERE k = 1 AND c > 2'), [
    'Slice of a partition',
    'Return',
    'Total',
  ]);
  assert.deepEqual(await names("EXPLAIN SELECT c FROM o.t WHERE v = 'v' ALLOW FILTERING"), [
    'Full table scan',
    'Filter',
    'Compute',
    'Return',
    'Total',
  ]);
  assert.deepEqual(await names("EXPLAIN INSERT INTO o.t (k, c, v) VALUES (9, 9, 'x')"), ['Write', 'Total']);
  assert.equal((await client.query('SELECT v FROM o.t WHERE k = 9')).rows.length, 0);
  const prepared = await client.prepare('EXPLAIN SELECT v FROM o.t WHERE k = ? AND c = ?');
  const hot = (await client.execute(prepared, [value.int(1), value.int(2)])).objects().at(-1)!;
  assert.equal(hot['detail'], 'prepared, it is run by the addon alone');

  await ferrosa.action('flush', { keyspace: 'o', tables: ['t'] });
  await client.query('DELETE FROM o.t WHERE k = 1 AND c = 3');
  const [read, , , returned] = await steps("EXPLAIN ANALYZE SELECT c FROM o.t WHERE k = 1 AND v = 'w' ALLOW FILTERING");
  assert.equal(read!['operation'], 'Whole partition');
  assert.deepEqual([read!['rows'], read!['tombstones'], read!['sstables']], [30n, 1n, 1]);
  assert.ok((read!['micros'] as bigint) > 0n);
  assert.equal(returned!['operation'], 'Return');
  assert.equal(returned!['rows'], 1n);
  await steps("EXPLAIN ANALYZE INSERT INTO o.t (k, c, v) VALUES (9, 9, 'x')");
  assert.equal((await client.query('SELECT v FROM o.t WHERE k = 9')).rows.length, 1);
});

// Writes of tables with materialized views that the addon runs, beside those of JavaScript: whatever comes in which order, after kills too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CqlClient, type CqlError } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import type { Ferrosa } from '../support/ferrosa.js';
import { atEnd, connectTo, patient, startNode } from '../support/for-a-test.js';
import { Prng } from '../support/prng.js';
import { checkViews, createViews, randomFlatWrite } from '../support/view-workload.js';

const seed = Number(process.env['VIEWS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const settings = {
  ...patient,
  shards: '3',
  cas_contention_timeout: '60s',
  commitlog_segment_size: '1MiB',
  memtable_offheap_space: '8MiB',
};

function randomOf(start: number): () => number {
  const numbers = new Prng(start);
  return () => numbers.next() / 2 ** 32;
}

/** Requests that shards ran by themselves. */
async function hotRequests({ webPort }: Ferrosa): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${webPort}/metrics`)).text();
  const count = (name: string) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return count('ferrosa_hot_path_requests_total') - count('ferrosa_hot_path_declined_total');
}

test('after the same random writes views show the same on the hot path, off it, and after kills', async (t) => {
  t.diagnostic(`replay with VIEWS_SEED=${seed}`);
  const random = randomOf(seed);
  const hot = await startNode({ ...settings, commitlog_sync: random() < 0.5 ? 'batch' : 'periodic' });
  const plainClient = await connectTo(await startNode({ ...settings, hot_path: 'false' }));
  let ran = 0;
  for (let round = 0; round < 8; round++) {
    const client = await CqlClient.connect({ port: hot.port });
    for (const one of [client, plainClient]) await createViews(one, 'mvh');
    // Where JavaScript writes too, shards leave most to it.
    const writes = Array.from({ length: 300 }, () => randomFlatWrite(random, 'mvh', round % 2 === 1));
    for (const one of [client, plainClient]) await Promise.all(writes.map((cql) => one.query(cql)));
    await checkViews(plainClient, 'mvh');
    ran += await hotRequests(hot);
    if (round % 3 === 2) await hot.action('flush', { keyspace: 'mvh' });
    const now = Math.floor(Date.now() / 1000);
    const shown = await Promise.all([client, plainClient].map((one) => allRows(one)));
    assert.deepEqual(shown[0], shown[1]);
    for (const later of [0, 6_000, 10_000]) await checkViews(client, 'mvh', now + later);
    await client.close();
    if (round % 2 === 1) {
      await hot.down('SIGKILL');
      await hot.up();
    }
  }
  assert.ok(ran > 200, `${ran} requests were hot`);
});

async function allRows(client: CqlClient): Promise<string[]> {
  const tables = ['flat', 'one', 'flat_by_v', 'flat_by_c', 'flat_by_w', 'flat_by_key', 'one_by_v'];
  const rows: string[] = [];
  for (const table of tables)
    for (const row of (await client.query(`SELECT * FROM mvh.${table}`)).objects())
      rows.push(`${table} ${JSON.stringify(row)}`);
  return rows.sort();
}

test('writes of one partition by the addon and by JavaScript, TRUNCATEs and the build of a view beside each other', async (t) => {
  t.diagnostic(`replay with VIEWS_SEED=${seed}`);
  const random = randomOf(seed);
  const below = (n: number) => Math.floor(random() * n);
  const node = await startNode({ ...settings, auto_snapshot: 'false' });
  const client = await connectTo(node);
  const shardAware = await CqlClient.connect({ port: node.shardAwarePort });
  atEnd(() => shardAware.close());
  await createViews(client, 'mvb');
  await client.query('USE mvb');
  const prepare = () =>
    Promise.all([
      client.prepare('INSERT INTO flat (k, c, v, w, x) VALUES (?, ?, ?, ?, ?)'),
      client.prepare('UPDATE flat SET v = ?, w = ? WHERE k = ? AND c = ?'),
      client.prepare('DELETE FROM flat WHERE k = ? AND c = ?'),
      client.prepare('DELETE v FROM flat WHERE k = ? AND c = ?'),
    ]);
  let [insert, update, remove, removeValue] = await prepare();
  const int = () => value.int(below(4));
  const row = (): [Buffer, Buffer] => [value.int(below(16)), value.int(below(3))];
  const orNull = (bytes: Buffer): Buffer | null => (random() < 0.2 ? null : bytes);
  const write = (): Promise<unknown> => {
    const text = value.text(`w${below(3)}`);
    switch (below(30)) {
      case 0:
        return client.execute(remove, row());
      case 1:
        return client.execute(removeValue, row());
      case 2:
        return client.query(`DELETE FROM flat WHERE k = ${below(16)} AND c > ${below(3)}`);
      case 3:
        return client.query(`UPDATE flat SET v = ${below(4)} WHERE k = 0 AND c = 1 IF EXISTS`);
      case 4:
        return client.query(
          `BEGIN BATCH UPDATE flat SET v = ${below(4)} WHERE k = 0 AND c = 0; DELETE w FROM flat WHERE k = 1 AND c = 1; APPLY BATCH`,
        );
      case 5:
        return shardAware.query(`INSERT INTO mvb.flat (k, c, v) VALUES (${below(16)}, ${below(3)}, ${below(4)})`);
      case 6:
      case 7:
      case 8:
      case 9:
      case 10:
      case 11:
      case 12:
        return client.execute(update, [orNull(int()), orNull(text), ...row()]);
      default:
        return client.execute(insert, [...row(), orNull(int()), orNull(text), int()]);
    }
  };
  let ran = 0;
  for (let round = 0; round < 20; round++) {
    const writes = Array.from({ length: 120 }, write);
    if (round % 4 === 1) writes.push(client.query('TRUNCATE flat'));
    if (round % 4 === 3) {
      writes.push(
        client.query(
          `CREATE MATERIALIZED VIEW more${round} AS SELECT x, k, c, v, w FROM flat WHERE x IS NOT NULL AND k IS NOT NULL AND c IS NOT NULL PRIMARY KEY (x, k, c)`,
        ),
        ...Array.from({ length: 60 }, write),
      );
    }
    // A statement that was prepared before its table was altered has to be prepared again.
    for (const one of await Promise.allSettled(writes))
      if (one.status === 'rejected' && (one.reason as CqlError).code !== 0x2500) throw one.reason;
    await checkViews(client, 'mvb');
    if (round % 4 === 3) {
      await viewIsBuilt(client, `more${round}`);
      await checkMore(client, `more${round}`);
      [insert, update, remove, removeValue] = await prepare();
    }
    ran = await hotRequests(node);
  }
  assert.ok(ran > 300, `${ran} requests were hot`);
});

async function viewIsBuilt(client: CqlClient, view: string): Promise<void> {
  const select = `SELECT view_name FROM system.built_views WHERE keyspace_name = 'mvb' AND view_name = '${view}'`;
  while ((await client.query(select)).rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function checkMore(client: CqlClient, view: string): Promise<void> {
  const rows = async (table: string) =>
    (await client.query(`SELECT x, k, c, v, w FROM ${table}`))
      .objects()
      .map((row) => JSON.stringify(row))
      .sort();
  const base = (await rows('flat')).filter((row) => !row.includes('"x":null'));
  assert.deepEqual(await rows(view), base);
}

test('a row leaves its view with the cell that gives it its key, and with what makes it be in the base', async () => {
  const node = await startNode(settings);
  const client = await connectTo(node);
  await createViews(client, 'mvt');
  await client.query('USE mvt');
  const insert = await client.prepare('INSERT INTO flat (k, c, w, x) VALUES (?, ?, ?, ?)');
  const update = await client.prepare('UPDATE flat USING TTL ? SET v = ? WHERE k = ? AND c = ?');
  const lasting = await client.prepare('UPDATE flat SET w = ? WHERE k = ? AND c = ?');
  const [one, text] = [value.int(1), value.text('w')];
  const before = await hotRequests(node);
  await client.execute(insert, [one, one, text, one]);
  await client.execute(update, [value.int(100), value.int(7), one, one]);
  // Only what has a TTL makes this one be.
  await client.execute(update, [value.int(200), value.int(8), value.int(2), value.int(2)]);
  await client.execute(update, [value.int(300), value.int(9), value.int(3), value.int(3)]);
  await client.execute(lasting, [text, value.int(3), value.int(3)]);
  assert.equal((await hotRequests(node)) - before, 5);
  const now = Math.floor(Date.now() / 1000);
  const keys = async (view: string, after: number) =>
    (await client.query(`SELECT k FROM ${view}`, [], { nowInSeconds: now + after }))
      .objects()
      .map(({ k }) => k)
      .sort();
  assert.deepEqual(await keys('flat_by_v', 0), [1, 2, 3]);
  assert.deepEqual(await keys('flat_by_v', 150), [2, 3]);
  assert.deepEqual(await keys('flat_by_v', 250), [3]);
  assert.deepEqual(await keys('flat_by_c', 250), [1, 3]);
  for (const after of [0, 150, 250, 350]) await checkViews(client, 'mvt', now + after);
  // The TTL of a column of the view is at most that of its key.
  const { rows } = await client.query('SELECT ttl(x), ttl(w) FROM flat_by_v WHERE v = 7');
  assert.ok(rows[0]!.every((ttl) => ttl !== null));
});

// As in Cassandra, where no table can have such a key of its own.
test('a row whose view key is one empty text is in the view: in memtables, in SSTables, in pages, after a kill', async () => {
  for (const hot of ['true', 'false']) {
    const node = await startNode({ ...settings, hot_path: hot });
    let client = await connectTo(node);
    await client.query("CREATE KEYSPACE e WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
    await client.query('CREATE TABLE e.base (k int PRIMARY KEY, w text, v int)');
    await client.query("INSERT INTO e.base (k, w, v) VALUES (0, '', 0)"); // before the view
    await client.query(
      'CREATE MATERIALIZED VIEW e.by_w AS SELECT * FROM e.base WHERE w IS NOT NULL AND k IS NOT NULL PRIMARY KEY (w, k)',
    );
    const insert = await client.prepare('INSERT INTO e.base (k, w, v) VALUES (?, ?, ?)');
    for (const [k, w] of [
      [1, ''],
      [2, 'x'],
      [3, ''],
      [4, 'y'],
    ] as const)
      await client.execute(insert, [value.int(k), value.text(w), value.int(k)]);
    await client.execute(insert, [value.int(3), value.text('z'), value.int(5)]); // leaves
    const shown = async (): Promise<string[]> => {
      const rows: string[] = [];
      let pagingState: Uint8Array | null = null;
      do {
        const page = await client.query('SELECT w, k, v FROM e.by_w', [], { pageSize: 1, pagingState });
        rows.push(...page.objects().map(({ w, k, v }) => `${w}/${k}/${v}`));
        pagingState = page.pagingState;
      } while (pagingState !== null);
      return rows.sort();
    };
    const expected = ['/0/0', '/1/1', 'x/2/2', 'y/4/4', 'z/3/5'];
    while ((await shown()).length < expected.length) await new Promise((resolve) => setTimeout(resolve, 20)); // built
    assert.deepEqual(await shown(), expected);
    await node.action('flush', { keyspace: 'e' });
    assert.deepEqual(await shown(), expected);
    await client.execute(insert, [value.int(0), value.text(''), value.int(7)]);
    await node.action('flush', { keyspace: 'e' });
    await node.action('compact', { keyspace: 'e' });
    await client.execute(insert, [value.int(5), value.text(''), value.int(5)]);
    await client.close();
    await node.down('SIGKILL');
    await node.up();
    client = await connectTo(node);
    assert.deepEqual(await shown(), ['/0/7', '/1/1', '/5/5', 'x/2/2', 'y/4/4', 'z/3/5']);
  }
});

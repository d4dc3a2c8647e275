// Requests that main runs in the place of a shard's thread that sleeps (native/core/lender.h): they mean what they mean there, beside requests
// that the thread runs itself, flushes and restarts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CqlClient, Prepared } from '../support/cql-client.js';
import { encode } from '../support/cql-frames.js';
import type { Ferrosa } from '../support/ferrosa.js';
import { connectTo, patient, startNode } from '../support/for-a-test.js';

const { int } = encode;
const text = (value: string) => Buffer.from(value);

type Table = { readonly node: Ferrosa; readonly client: CqlClient; readonly write: Prepared; readonly read: Prepared };

async function table(settings: Readonly<Record<string, string>> = {}): Promise<Table> {
  const node = await startNode({ ...patient, shards: '2', ...settings });
  const client = await connectTo(node);
  await client.query("CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await client.query('CREATE TABLE ks.t (k int PRIMARY KEY, v text)');
  return { node, client, ...(await prepareOn(client)) };
}

const prepareOn = async (client: CqlClient): Promise<Pick<Table, 'write' | 'read'>> => ({
  write: await client.prepare('INSERT INTO ks.t (k, v) VALUES (?, ?)'),
  read: await client.prepare('SELECT v FROM ks.t WHERE k = ?'),
});

async function lent({ webPort }: Ferrosa): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${webPort}/metrics`)).text();
  return Number(/^ferrosa_hot_path_lent_total (\d+)/m.exec(metrics)![1]);
}

const shown = async (client: CqlClient, read: Prepared, key: number): Promise<unknown> =>
  (await client.execute(read, [int(key)])).objects()[0]?.['v'];

test('one request after the other is run by main, and a crash right after loses none that the log was synced for', async () => {
  const { node, client, write, read } = await table({ commitlog_sync_period: '50ms' });
  for (let k = 0; k < 200; k++) {
    await client.execute(write, [int(k), text(`v${k}`)]);
    assert.equal(await shown(client, read, k), `v${k}`);
  }
  assert.ok((await lent(node)) > 200, String(await lent(node)));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await node.down('SIGKILL');
  await node.up();
  const again = await connectTo(node);
  const { read: readAgain } = await prepareOn(again);
  for (let k = 0; k < 200; k++) assert.equal(await shown(again, readAgain, k), `v${k}`);
});

test('a write that is acknowledged after its sync is not lent; reads are', async () => {
  const { node, client, write, read } = await table({ commitlog_sync: 'batch' });
  const before = await lent(node);
  for (let k = 0; k < 50; k++) await client.execute(write, [int(k), text('x')]);
  assert.equal(await lent(node), before);
  for (let k = 0; k < 50; k++) assert.equal(await shown(client, read, k), 'x');
  assert.ok((await lent(node)) > before);
  await node.down('SIGKILL');
  await node.up();
  const again = await connectTo(node);
  assert.equal((await again.query('SELECT k FROM ks.t')).objects().length, 50);
});

test('single requests, bursts, statements of JavaScript and flushes at once: every client reads what it wrote', async () => {
  const { node, client } = await table();
  const before = await lent(node);
  const clients = await Promise.all(Array.from({ length: 6 }, () => connectTo(node)));
  const keys = 50;
  let isOver = false;
  const flushes = (async () => {
    while (!isOver) await node.action('flush', { keyspace: 'ks' });
  })();
  await Promise.all(
    clients.map(async (one, c) => {
      const { write, read } = await prepareOn(one);
      const last = new Map<number, string>();
      for (let round = 0; round < 150; round++) {
        // One at a time goes to main, many at once through the rings.
        const burst = round % 3 === 0 ? 20 : 1;
        const written = Array.from({ length: burst }, (_, i) => [c * keys + ((round + i) % keys), `${round}`] as const);
        await Promise.all(written.map(([k, v]) => one.execute(write, [int(k), text(v)])));
        for (const [k, v] of written) last.set(k, v);
        await Promise.all(
          written.map(async ([k]) => assert.equal(await shown(one, read, k), last.get(k), `client ${c}, key ${k}`)),
        );
        if (round % 10 === 0) {
          const [k] = written[0]!;
          const rows = (await one.query(`SELECT v FROM ks.t WHERE k = ${k} ALLOW FILTERING`)).objects();
          assert.deepEqual(rows, [{ v: last.get(k) }]);
        }
      }
    }),
  );
  isOver = true;
  await flushes;
  assert.ok((await lent(node)) > before);
  assert.equal((await client.query('SELECT k FROM ks.t')).objects().length, clients.length * keys);
});

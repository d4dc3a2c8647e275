// kill -9 at random moments under load: every acknowledged write is there afterwards, in each mode of the commit log. kill -9 ends the
// process and not the machine, so that periodic mode must keep what it acknowledged too.
//
// CRASH_ROUNDS is the number of kills in each mode (default 3, for CI; `CRASH_ROUNDS=200 npm run test:crash` for a long look), CRASH_SEED
// replays the moments.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CqlClient } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';

const rounds = Number(process.env['CRASH_ROUNDS'] ?? 3);
const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const writersMax = 32;
/** Milliseconds under load before the kill. */
const loadMsMax = 1_200;

/** A small generator of numbers from a seed (mulberry32). */
function prng(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What clients were told, and what they were not: a write in flight at the kill may be there or not. */
class Ledger {
  /** Key to the newest acknowledged version. */
  readonly acknowledged = new Map<number, number>();
  /** Key to the newest version that was asked for. */
  readonly asked = new Map<number, number>();
  readonly batches = new Set<number>();
  readonly batchesAsked = new Set<number>();
}

const keys = 2_000;

async function createTables(client: CqlClient): Promise<void> {
  await client.query(
    "CREATE KEYSPACE IF NOT EXISTS crash WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
  );
  await client.query('CREATE TABLE IF NOT EXISTS crash.t (k int PRIMARY KEY, version int, pad text)');
  await client.query('CREATE TABLE IF NOT EXISTS crash.pairs (side text, n int, v int, PRIMARY KEY (side, n))');
}

/** Writes until the connection breaks. */
async function load(client: CqlClient, ledger: Ledger, random: () => number): Promise<void> {
  const insert = await client.prepare('INSERT INTO crash.t (k, version, pad) VALUES (?, ?, ?)');
  const pair = 'INSERT INTO crash.pairs (side, n, v) VALUES (?, ?, ?)';
  const writer = async (): Promise<void> => {
    for (;;) {
      if (random() < 0.05) {
        const n = ledger.batchesAsked.size;
        ledger.batchesAsked.add(n);
        const entry = (side: string) => ({ query: pair, values: [value.text(side), value.int(n), value.int(n)] });
        await client.batch(0, [entry('left'), entry('right')]);
        ledger.batches.add(n);
        continue;
      }
      const key = Math.floor(random() * keys);
      const version = (ledger.asked.get(key) ?? 0) + 1;
      ledger.asked.set(key, version);
      // The version is the timestamp: writes to one key may overtake each other on the way.
      const pad = 'x'.repeat(Math.floor(random() * 400));
      const options = { timestamp: BigInt(version) };
      await client.execute(insert, [value.int(key), value.int(version), value.text(pad)], options);
      if (version > (ledger.acknowledged.get(key) ?? 0)) ledger.acknowledged.set(key, version);
    }
  };
  await Promise.allSettled(Array.from({ length: writersMax }, writer));
}

async function check(client: CqlClient, ledger: Ledger): Promise<void> {
  const found = new Map<number, number>();
  for (const row of (await client.query('SELECT k, version FROM crash.t')).objects() as {
    k: number;
    version: number;
  }[])
    found.set(row.k, row.version);
  for (const [key, version] of ledger.acknowledged) {
    const there = found.get(key) ?? 0;
    assert.ok(there >= version, `key ${key}: version ${version} was acknowledged, ${there} is there`);
  }
  for (const [key, version] of found)
    assert.ok(version <= (ledger.asked.get(key) ?? 0), `key ${key} has version ${version}, which nobody wrote`);
  const sides = (await client.query('SELECT side, n FROM crash.pairs')).objects() as { side: string; n: number }[];
  const of = (side: string) => new Set(sides.filter((row) => row.side === side).map(({ n }) => n));
  const [left, right] = [of('left'), of('right')];
  for (const n of ledger.batches)
    assert.ok(left.has(n) && right.has(n), `batch ${n} was acknowledged and is not whole`);
  assert.deepEqual([...left].sort(), [...right].sort(), 'a logged batch was applied in part');
  // What was in flight and arrived counts from now on.
  for (const [key, version] of found) ledger.acknowledged.set(key, version);
}

async function oneRound(path: string, settings: Record<string, string>, ledger: Ledger, random: () => number) {
  const node = await NodeProcess.start(path, settings);
  try {
    const client = await CqlClient.connect({ port: node.port });
    await createTables(client);
    await check(client, ledger);
    const loading = load(client, ledger, random);
    const flushing = random() < 0.5 ? node.action('flush').catch(() => {}) : null;
    await new Promise((resolve) => setTimeout(resolve, random() * loadMsMax));
    await node.kill();
    await loading;
    await flushing;
    await client.close();
  } finally {
    await node.kill();
  }
}

for (const mode of ['periodic', 'batch', 'group'])
  test(`${mode} mode: every acknowledged write is there after kill -9 (${rounds} kills)`, async (t) => {
    t.diagnostic(`replay with CRASH_SEED=${seed}`);
    const random = prng(seed);
    const folder = temporaryDataDir();
    const ledger = new Ledger();
    const shardCounts = ['2', '1', '3'];
    try {
      for (let round = 0; round < rounds; round++)
        await oneRound(
          folder.path,
          {
            commitlog_sync: mode,
            commitlog_sync_group_window: '15ms',
            commitlog_segment_size: '1MiB',
            memtable_offheap_space: '8MiB',
            // Now and then the process comes back with another number of shards.
            shards: shardCounts[Math.floor(random() * 1.5 + (round % 4 === 3 ? 1 : 0))]!,
          },
          ledger,
          random,
        );
      const last = await NodeProcess.start(folder.path, { shards: '2' });
      const client = await CqlClient.connect({ port: last.port });
      await check(client, ledger);
      t.diagnostic(`${ledger.acknowledged.size} keys, ${ledger.batches.size} batches acknowledged`);
      assert.ok(ledger.acknowledged.size > 0);
      await client.close();
      await last.stop();
    } finally {
      folder.remove();
    }
  });

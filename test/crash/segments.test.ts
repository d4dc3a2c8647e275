// kill -9 while segments of the commit log are filled faster than spare ones are made, between flushes: what was acknowledged after a flush
// is there, and what was deleted is not. One thread for all that waits for disks makes every spare segment late.
//
// CRASH_ROUNDS is the number of kills in each mode (default 3), CRASH_SEED replays the moments.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CqlClient, CqlError } from '../support/cql-client.js';
import { value } from '../support/cql-values.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';
import { randomNumbers, rounds, seed } from './rounds.js';

const connections = 4;
const smallWriters = 40;
const largeWriters = 30;
const overloaded = 0x1001;

/** Keys of each table: what the client was told. */
class Ledger {
  next = 0;
  readonly inserted = new Set<number>();
  readonly deleted = new Set<number>();
  /** May be there or not. */
  readonly deleting = new Set<number>();
  readonly large = new Set<number>();
}

async function createTables(client: CqlClient): Promise<void> {
  await client.query(
    "CREATE KEYSPACE IF NOT EXISTS crash WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
  );
  await client.query('CREATE TABLE IF NOT EXISTS crash.small (k int PRIMARY KEY, v int)');
  await client.query('CREATE TABLE IF NOT EXISTS crash.large (k int PRIMARY KEY, v blob)');
}

/** Until the connection breaks. @throws CqlError that is not Overloaded */
async function forever(step: () => Promise<void>): Promise<void> {
  for (;;)
    try {
      await step();
    } catch (error) {
      if (!(error instanceof CqlError)) return;
      if (error.code !== overloaded) throw error;
    }
}

async function load(client: CqlClient, ledger: Ledger): Promise<void> {
  const insert = await client.prepare('INSERT INTO crash.small (k, v) VALUES (?, ?)');
  const remove = await client.prepare('DELETE FROM crash.small WHERE k = ?');
  const insertLarge = await client.prepare('INSERT INTO crash.large (k, v) VALUES (?, ?)');
  const small = async (): Promise<void> => {
    const key = ledger.next++;
    await client.execute(insert, [value.int(key), value.int(key)]);
    if (key % 2 === 0) {
      ledger.inserted.add(key);
      return;
    }
    ledger.deleting.add(key);
    await client.execute(remove, [value.int(key)]);
    ledger.deleted.add(key);
  };
  const large = async (): Promise<void> => {
    const key = ledger.next++;
    await client.execute(insertLarge, [value.int(key), new Uint8Array(key % 4 === 0 ? 60_000 : 2_000)]);
    ledger.large.add(key);
  };
  await Promise.all([
    ...Array.from({ length: smallWriters }, () => forever(small)),
    ...Array.from({ length: largeWriters }, () => forever(large)),
  ]);
}

async function flushAgain(node: NodeProcess, random: () => number): Promise<void> {
  try {
    for (;;) {
      await node.action('flush', { keyspace: 'crash' });
      await new Promise((resolve) => setTimeout(resolve, random() * 300));
    }
  } catch {
    // killed
  }
}

async function keysOf(client: CqlClient, table: string): Promise<Set<number>> {
  const keys = new Set<number>();
  let pagingState: Uint8Array | null = null;
  do {
    const page = await client.query(`SELECT k FROM crash.${table}`, [], { pageSize: 5_000, pagingState });
    for (const [key] of page.rows) keys.add(Buffer.from(key!).readInt32BE());
    pagingState = page.pagingState;
  } while (pagingState !== null);
  return keys;
}

async function check(client: CqlClient, ledger: Ledger): Promise<void> {
  const small = await keysOf(client, 'small');
  const large = await keysOf(client, 'large');
  const lost = [...ledger.inserted].filter((key) => !small.has(key));
  const undone = [...ledger.deleted].filter((key) => small.has(key));
  const lostLarge = [...ledger.large].filter((key) => !large.has(key));
  assert.deepEqual({ lost, undone, lostLarge }, { lost: [], undone: [], lostLarge: [] });
}

for (const mode of ['batch', 'group'])
  test(`${mode} mode: nothing is lost when spare segments come too late (${rounds} kills)`, async (t) => {
    t.diagnostic(`replay with CRASH_SEED=${seed}`);
    const random = randomNumbers();
    const folder = temporaryDataDir();
    const ledger = new Ledger();
    const settings = {
      read_request_timeout: '60s',
      range_request_timeout: '60s',
      commitlog_sync: mode,
      commitlog_sync_group_window: '20ms',
      commitlog_segment_size: '1MiB',
    };
    try {
      for (let round = 0; round <= rounds; round++) {
        const node = NodeProcess.spawn(folder.path, settings, { env: { UV_THREADPOOL_SIZE: '1' } });
        try {
          await node.ready();
          const client = await CqlClient.connect({ port: node.port });
          await createTables(client);
          await check(client, ledger);
          if (round < rounds) {
            const clients = await Promise.all(
              Array.from({ length: connections }, () => CqlClient.connect({ port: node.port })),
            );
            const work = [...clients.map((one) => load(one, ledger)), flushAgain(node, random)];
            await new Promise((resolve) => setTimeout(resolve, 700 + random() * 2_000));
            await node.kill();
            await Promise.all(work);
            for (const one of clients) await one.close();
          }
          await client.close();
        } finally {
          await node.kill();
        }
      }
      t.diagnostic(`${ledger.inserted.size + ledger.deleted.size + ledger.large.size} writes acknowledged`);
    } finally {
      folder.remove();
    }
  });

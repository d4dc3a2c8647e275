// kill -9 at random moments under random writes of a table with every kind of index, and of one with materialized views: after the restart
// every index and every view shows what its table shows, no row less and no row more.
//
// CRASH_ROUNDS is the number of kills (default 3; `npm run test:crash -- --indexes`: 1,000), CRASH_SEED replays the moments.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CqlClient, CqlError } from '../support/cql-client.js';
import { checkKinds, createKinds, kindIndexes, randomKindWrite } from '../support/index-kinds-workload.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';
import { checkViews, createViews, randomWrite } from '../support/view-workload.js';
import { randomNumbers, rounds, seed } from './rounds.js';

const writers = 16;
/** Writes that are acknowledged before the kill. */
const writesMax = 250;
const modes = ['periodic', 'batch', 'group'];
const table = 'crash_ix.t';

/** SERVER_ERROR, timeouts and overload are what a node that ends may answer; the rest is a bug. */
const expectedErrors = new Set([0x0000, 0x1001, 0x1100]);

const settingsOf = (round: number): Record<string, string> => ({
  write_request_timeout: '60s',
  read_request_timeout: '60s',
  range_request_timeout: '60s',
  commitlog_sync: modes[round % modes.length]!,
  commitlog_sync_group_window: '10ms',
  commitlog_segment_size: '1MiB',
  memtable_offheap_space: '8MiB',
  // An index of another number of shards is built again: under load too.
  shards: round % 10 === 9 ? '3' : '2',
});

/** One index is dropped and made again, now and then: the kill may meet its build. */
async function remakeIndex(client: CqlClient, random: () => number): Promise<void> {
  const [name, target, rest] = kindIndexes[Math.floor(random() * kindIndexes.length)]!;
  await client.query(`DROP INDEX IF EXISTS crash_ix.${name}`);
  await client.query(`CREATE INDEX IF NOT EXISTS ${name} ON ${table} (${target}) ${rest}`);
}

async function load(node: NodeProcess, client: CqlClient, random: () => number): Promise<number> {
  let written = 0;
  const wanted = 1 + Math.floor(random() * writesMax);
  const working = Array.from({ length: writers }, async (_, i) => {
    while (written < wanted) {
      await client.query(i % 3 === 2 ? randomWrite(random, 'crash_mv') : randomKindWrite(random, table));
      written++;
    }
  });
  if (random() < 0.3) working.push(remakeIndex(client, random));
  if (random() < 0.3) working.push(node.action('flush', { keyspace: 'crash_ix' }).then(() => {}));
  await Promise.race(working.map((one) => one.catch(() => {})));
  await node.kill();
  for (const one of await Promise.allSettled(working))
    if (one.status === 'rejected' && one.reason instanceof CqlError && !expectedErrors.has(one.reason.code))
      throw one.reason;
  return written;
}

test(`indexes and views show what their tables show after each of ${rounds} kills`, async (t) => {
  t.diagnostic(`replay with CRASH_SEED=${seed}`);
  const random = randomNumbers();
  const folder = temporaryDataDir();
  let written = 0;
  try {
    for (let round = 0; round <= rounds; round++) {
      const node = await NodeProcess.start(folder.path, settingsOf(round));
      try {
        const client = await CqlClient.connect({ port: node.port });
        await createKinds(client, table);
        await createViews(client, 'crash_mv');
        await checkKinds(client, table);
        await checkViews(client, 'crash_mv');
        if (round === rounds) await node.stop();
        else written += await load(node, client, random);
        await client.close();
      } catch (error) {
        console.error(node.output.split('\n').slice(-40).join('\n'));
        (error as Error).message = `round ${round}: ${(error as Error).message}`;
        throw error;
      } finally {
        await node.kill();
      }
      if (round > 0 && round % 100 === 0) t.diagnostic(`${round} kills, ${written} writes acknowledged`);
    }
    assert.ok(written > rounds);
    t.diagnostic(`${written} writes acknowledged`);
  } finally {
    folder.remove();
  }
});

// kill -9 at random moments under load: every acknowledged write is there afterwards, in each mode of the commit log. kill -9 ends the
// process and not the machine, so that periodic mode must keep what it acknowledged too.
//
// CRASH_ROUNDS is the number of kills in each mode (default 3, for CI; `CRASH_ROUNDS=200 npm run test:crash` for a long look), CRASH_SEED
// replays the moments, CRASH_MODES chooses modes ("batch,group").
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CqlClient } from '../support/cql-client.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';
import { randomNumbers, rounds, seed } from './rounds.js';
import { check, createTables, Ledger, load } from './workload.js';

const modes = (process.env['CRASH_MODES'] ?? 'periodic,batch,group').split(',');
/** Milliseconds under load before the kill. */
const loadMsMax = 1_200;

/** Flushes and compactions until the node is gone. */
async function disturb(node: NodeProcess, random: () => number): Promise<void> {
  try {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, random() * 500));
      await node.action(random() < 0.6 ? 'flush' : 'compact', { keyspace: 'crash' });
    }
  } catch {
    // killed
  }
}

async function oneRound(path: string, settings: Record<string, string>, ledger: Ledger, random: () => number) {
  const node = await NodeProcess.start(path, settings);
  try {
    const client = await CqlClient.connect({ port: node.port });
    await createTables(client);
    await check(client, ledger);
    const loading = load(client, ledger, random);
    const disturbing = random() < 0.7 ? disturb(node, random) : null;
    await new Promise((resolve) => setTimeout(resolve, random() * loadMsMax));
    await node.kill();
    await loading;
    await disturbing;
    await client.close();
  } catch (error) {
    console.error(node.output.split('\n').slice(-40).join('\n'));
    throw error;
  } finally {
    await node.kill();
  }
}

/** Settings of a round: small segments and memtables, and now and then another number of shards. */
function settingsOf(mode: string, round: number, random: () => number): Record<string, string> {
  const shardCounts = ['2', '1', '3'];
  return {
    // What is asked here is whether it is there, not how soon a busy machine says so.
    read_request_timeout: '60s',
    range_request_timeout: '60s',
    commitlog_sync: mode,
    commitlog_sync_group_window: '15ms',
    commitlog_segment_size: '1MiB',
    memtable_offheap_space: '8MiB',
    auto_snapshot: round % 5 === 0 ? 'true' : 'false',
    shards: shardCounts[Math.floor(random() * 1.5 + (round % 4 === 3 ? 1 : 0))]!,
  };
}

for (const mode of modes)
  test(`${mode} mode: every acknowledged write is there after kill -9 (${rounds} kills)`, async (t) => {
    t.diagnostic(`replay with CRASH_SEED=${seed}`);
    const random = randomNumbers();
    const folder = temporaryDataDir();
    const ledger = new Ledger();
    try {
      for (let round = 0; round < rounds; round++)
        await oneRound(folder.path, settingsOf(mode, round, random), ledger, random).catch((error: Error) => {
          error.message = `round ${round}: ${error.message}`;
          throw error;
        });
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

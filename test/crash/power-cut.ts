// The part of scripts/power-cut.sh that is no shell: `node power-cut.js WORK CUTS MODE`, where WORK/live is the mount of WORK/live.img.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CqlClient } from '../support/cql-client.js';
import { NodeProcess } from '../support/node-process.js';
import { Prng } from '../support/prng.js';
import { check, createTables, Ledger, load } from './workload.js';

const [work = '', cuts = '5', mode = 'batch'] = process.argv.slice(2);
const live = join(work, 'live', 'ferrosa');
const cut = join(work, 'cut');

const settings = {
  shards: '2',
  commitlog_sync: mode,
  commitlog_sync_group_window: '15ms',
  commitlog_segment_size: '1MiB',
  memtable_offheap_space: '8MiB',
  auto_snapshot: 'false',
  max_mutation_size: '256KiB',
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Flushes and compactions until it is done. */
async function disturb(node: NodeProcess, random: () => number, until: { done: boolean }): Promise<void> {
  while (!until.done) {
    await pause(random() * 500);
    if (!until.done) await node.action(random() < 0.6 ? 'flush' : 'compact', { keyspace: 'crash' });
  }
}

/** The image as the disk has it at one moment: the node and its load stand still while it is copied. */
function copyImage(node: NodeProcess): void {
  process.kill(node.pid, 'SIGSTOP');
  try {
    execFileSync('cp', ['--sparse=always', join(work, 'live.img'), join(work, 'cut.img')]);
  } finally {
    process.kill(node.pid, 'SIGCONT');
  }
}

async function checkCopy(ledger: Ledger): Promise<void> {
  execFileSync('mount', ['-o', 'loop', join(work, 'cut.img'), cut]);
  try {
    const node = await NodeProcess.start(join(cut, 'ferrosa'), settings);
    const client = await CqlClient.connect({ port: node.port });
    try {
      await check(client, ledger);
    } finally {
      await client.close();
      await node.kill();
    }
  } finally {
    execFileSync('umount', [cut]);
    rmSync(join(work, 'cut.img'));
  }
}

async function main(): Promise<void> {
  const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 2 ** 31);
  console.log(`replay with CRASH_SEED=${seed}`);
  const numbers = new Prng(seed);
  const random = () => numbers.next() / 2 ** 32;
  const ledger = new Ledger();
  const node = await NodeProcess.start(live, settings);
  const client = await CqlClient.connect({ port: node.port });
  await createTables(client);
  const loading = load(client, ledger, random);
  const until = { done: false };
  const disturbing = disturb(node, random, until).catch((error: Error) => console.log(error.message));
  let failed = 0;
  for (let i = 1; i <= Number(cuts); i++) {
    await pause(500 + random() * 2_500);
    // In one turn of the event loop: no client asks or learns anything between this and the end of the copy.
    const then = ledger.clone();
    copyImage(node);
    try {
      await checkCopy(then);
      console.log(`cut ${i}: ${then.acknowledged.size} keys and ${then.batches.size} batches are all there`);
    } catch (error) {
      failed++;
      console.log(`cut ${i}: ${(error as Error).stack}`);
    }
  }
  until.done = true;
  await node.kill();
  await disturbing;
  await loading;
  await client.close();
  console.log(`${Number(cuts) - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();

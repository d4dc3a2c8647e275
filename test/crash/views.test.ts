// kill -9 at random moments under random writes and TRUNCATEs of a table with materialized views: after the restart every view shows what its base shows.
//
// CRASH_ROUNDS is the number of kills in each mode (default 3), CRASH_SEED replays the moments.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CqlClient, CqlError } from '../support/cql-client.js';
import { NodeProcess, temporaryDataDir } from '../support/node-process.js';
import { checkViews, createViews, randomWrite } from '../support/view-workload.js';
import { randomNumbers, rounds, seed } from './rounds.js';

const writers = 24;
/** Writes that are acknowledged before the kill. */
const writesMax = 400;

for (const mode of ['periodic', 'batch'])
  test(`${mode} mode: after kill -9 views show what their base shows (${rounds} kills)`, async (t) => {
    t.diagnostic(`replay with CRASH_SEED=${seed}`);
    const random = randomNumbers();
    const folder = temporaryDataDir();
    const settings = {
      // Snapshots of every TRUNCATE would be most of the test's time.
      auto_snapshot: 'false',
      write_request_timeout: '60s',
      read_request_timeout: '60s',
      range_request_timeout: '60s',
      commitlog_sync: mode,
      commitlog_segment_size: '1MiB',
      memtable_offheap_space: '8MiB',
    };
    let written = 0;
    try {
      for (let round = 0; round <= rounds; round++) {
        const node = await NodeProcess.start(folder.path, { ...settings, shards: round % 2 === 0 ? '2' : '3' });
        try {
          const client = await CqlClient.connect({ port: node.port });
          await createViews(client, 'crash_mv');
          await checkViews(client, 'crash_mv');
          const wanted = written + 1 + Math.floor(random() * writesMax);
          const working = Array.from({ length: writers }, async () => {
            while (written < wanted) {
              const truncates = random() < 1 / 150;
              await client.query(truncates ? 'TRUNCATE crash_mv.base' : randomWrite(random, 'crash_mv'));
              written++;
            }
          });
          await Promise.race(working.map((one) => one.catch(() => {})));
          await node.kill();
          for (const one of await Promise.allSettled(working))
            if (one.status === 'rejected' && one.reason instanceof CqlError && one.reason.code !== 0) throw one.reason;
          await client.close();
        } finally {
          await node.kill();
        }
      }
      assert.ok(written > rounds);
      t.diagnostic(`${written} writes acknowledged`);
    } finally {
      folder.remove();
    }
  });

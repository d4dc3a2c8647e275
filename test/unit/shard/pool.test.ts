import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { CompactJob } from '../../../src/shard/background.js';
import { createBackgroundPool } from '../../../src/shard/pool.js';
import { loadFixture } from '../sstable/fixture.js';

const GiB = 1 << 30;

// SSTables of a node that lives for seconds only, or of one whose large compactions take hours, would become ever more.
test('a small compaction does not wait for large ones', async (t) => {
  const table = loadFixture('many_partitions');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ferrosa-pool-'));
  const pool = createBackgroundPool(1);
  t.after(async () => {
    await pool.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const job = (id: number, bytesIn: number, times: number): CompactJob => {
    const target = path.join(folder, String(id));
    fs.mkdirSync(target);
    return {
      kind: 'compact',
      descriptor: table.descriptor,
      target,
      name: `da-${id}-bti`,
      compression: {},
      bloomFilterFpChance: 0.01,
      hostId: '00000000-0000-4000-8000-000000000000',
      partitionLimits: { bytes: 0, tombstones: 0 },
      folder: table.folder,
      inputs: Array<string>(times).fill(`da-${table.names[0]!.id}-bti`),
      overlapping: [],
      bytesIn,
      nowSeconds: table.now,
      gcBefore: 0,
      purgeBelow: 0n,
      progress: new SharedArrayBuffer(8),
    };
  };
  // The threads are there before the one is measured against the other.
  await Promise.all([pool.run(job(1, GiB, 1)), pool.run(job(2, 100_000, 1))]);
  const ended: string[] = [];
  const note = (what: string) => () => ended.push(what);
  await Promise.all([pool.run(job(3, GiB, 60)).then(note('large')), pool.run(job(4, 100_000, 1)).then(note('small'))]);
  assert.deepEqual(ended, ['small', 'large']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChunkStore } from '../../../src/storage/index.js';

// A read lists what it misses, then a compaction replaces the SSTable and closes its files: the read starts again on the new one.
test('chunks of an SSTable that was closed meanwhile are skipped without an error', async () => {
  const store = new ChunkStore(1 << 20);
  await assert.doesNotReject(store.load(Uint32Array.of(70, 0, 70, 3)));
});

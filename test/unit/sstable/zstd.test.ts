// zstd on every Node.js that is supported: its own, or WebAssembly where it has none.
import assert from 'node:assert/strict';
import test from 'node:test';
import { compressorOf } from '../../../src/storage/sstable/compression.js';

const text = Buffer.from('a chunk of a table, '.repeat(500));

test('a chunk survives zstd, and one that is damaged is refused', async () => {
  const zstd = compressorOf('org.apache.cassandra.io.compress.ZstdCompressor');
  await zstd.load?.();
  const packed = zstd.compress(text);
  assert.ok(packed.length < text.length / 10);
  // The magic number of a zstd frame, RFC 8878 section 3.1.1.
  assert.equal(Buffer.from(packed).readUInt32LE(0), 0xfd2fb528);
  assert.deepEqual(Buffer.from(zstd.decompress(packed, text.length)), text);
  const damaged = Buffer.from(packed);
  damaged[4] = 0xff;
  damaged[6] = 0xff;
  assert.throws(() => zstd.decompress(damaged, text.length));
});

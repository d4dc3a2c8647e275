import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, murmurToken } from '../../../src/native/index.js';

test('tokens are those of the Murmur3Partitioner', () => {
  // Reference values: SELECT token(k) on Cassandra 5.0.
  assert.equal(murmurToken(Buffer.from([0, 0, 0, 1])), -4069959284402364209n);
  assert.equal(murmurToken(new Uint8Array()), -(2n ** 63n));
});

test('the CRC-32 of the check string is the published one', () => {
  assert.equal(crc32(Buffer.from('123456789')), 0xcbf43926);
});

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

/** Bit by bit, as the polynomial says it. */
function slowCrc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

test('the CRC-32 of every length and alignment is that of the polynomial', () => {
  // Lengths around every step of the folding: 16, 64 and what is left.
  const bytes = Uint8Array.from({ length: 700 }, (_, i) => (i * 2654435761) >>> 13);
  for (let length = 0; length <= 690; length++)
    for (const from of [0, 1, 7]) {
      const part = bytes.subarray(from, from + length);
      assert.equal(crc32(part), slowCrc32(part), `${length} bytes from ${from}`);
    }
});

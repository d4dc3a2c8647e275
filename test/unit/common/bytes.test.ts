import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BufferReader, BufferWriter, compareBytes, fromHex, toHex } from '../../../src/common/bytes.js';
import { decodeUnsignedVint, decodeVint, encodeUnsignedVint, encodeVint } from '../../../src/types/index.js';

test('what is written comes back in the same order, however far the buffer had to grow', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.uint8Array())), (items) => {
      const writer = new BufferWriter(1);
      for (const item of items) {
        if (typeof item === 'bigint') writer.i64(item);
        else writer.value(item);
      }
      const reader = new BufferReader(writer.finish());
      for (const item of items) assert.deepEqual(typeof item === 'bigint' ? reader.i64() : reader.value(), item);
      assert.equal(reader.remaining, 0);
    }),
  );
});

test('reading past the end is a protocol error, and so is text that is no UTF-8', () => {
  assert.throws(() => new BufferReader(fromHex('0001')!).i32(), { code: 'PROTOCOL_ERROR' });
  assert.throws(() => new BufferReader(fromHex('000361')!).string(), { code: 'PROTOCOL_ERROR' });
  assert.throws(() => new BufferReader(fromHex('0001ff')!).string(), { code: 'PROTOCOL_ERROR' });
});

test('bytes are ordered as unsigned numbers, a prefix first', () => {
  assert.ok(compareBytes(fromHex('7f')!, fromHex('80')!) < 0);
  assert.ok(compareBytes(fromHex('7f')!, fromHex('7f00')!) < 0);
  assert.equal(fromHex('0g'), null);
});

test('variable-length integers have the bytes of Cassandra and come back', () => {
  assert.equal(toHex(encodeUnsignedVint(127n)), '7f');
  assert.equal(toHex(encodeUnsignedVint(128n)), '8080');
  assert.equal(toHex(encodeVint(-1n)), '01');
  assert.equal(toHex(encodeUnsignedVint(2n ** 64n - 1n)), 'ffffffffffffffffff');
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const bytes = encodeVint(value);
      assert.deepEqual(decodeVint(bytes, 0), { value, next: bytes.length });
      assert.equal(decodeUnsignedVint(bytes.subarray(0, bytes.length - 1), 0), null);
    }),
  );
});

// Version 1 UUIDs: their time can be read back, and they name no network card.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatUuid, timeUuid } from '../../../src/types/index.js';

test('a known time has the known text', () => {
  // 1970 began 0x01b21dd213814000 steps after the Gregorian calendar.
  assert.equal(formatUuid(timeUuid(0n, new Uint8Array(8))), '13814000-1dd2-11b2-8000-010000000000');
});

test('time, version, variant and multicast bit stand where RFC 9562 says, whatever is random', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 1n << 59n }),
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      (steps, random) => {
        const text = formatUuid(timeUuid(steps, random));
        const [low, mid, high, clock, node] = text.split('-') as [string, string, string, string, string];
        assert.equal(BigInt(`0x${high.slice(1)}${mid}${low}`), steps + 0x01b21dd213814000n);
        assert.equal(high[0], '1');
        assert.match(clock, /^[89ab]/);
        assert.equal(Number.parseInt(node.slice(0, 2), 16) & 1, 1);
      },
    ),
  );
});

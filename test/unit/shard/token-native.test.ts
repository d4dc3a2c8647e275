import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nativeShardOfToken, nextOwnToken } from '../../../src/native/index.js';
import { shardOfToken } from '../../../src/shard/token.js';

const token = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const shards = fc.integer({ min: 1, max: 64 });

test('the addon and JavaScript agree on who owns a token', () => {
  fc.assert(fc.property(token, shards, (t, n) => assert.equal(nativeShardOfToken(t, n), shardOfToken(t, n))));
});

test('the next own token is owned, and nothing between is', () => {
  fc.assert(
    fc.property(token, shards, fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 53n }), (t, n, s, step) => {
      const shard = s % n;
      const next = nextOwnToken(t, shard, n);
      if (next === null) {
        assert.notEqual(shardOfToken(2n ** 63n - 1n, n), shard);
        return;
      }
      assert.ok(next >= t);
      assert.equal(shardOfToken(next, n), shard);
      if (next > t) {
        assert.notEqual(shardOfToken(next - 1n, n), shard);
        const between = t + (step % (next - t));
        assert.notEqual(shardOfToken(between, n), shard);
      }
    }),
  );
});

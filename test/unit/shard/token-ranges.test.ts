import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shardOfToken, tokenRangesOf } from '../../../src/shard/token.js';

test('the ranges of the shards cover every token once, and agree with the rule for one token', () => {
  for (const count of [2, 3, 5, 16]) {
    let next = -(2n ** 63n);
    const all = Array.from({ length: count }, (_, shard) =>
      tokenRangesOf(shard, count).map((range) => ({ shard, range })),
    )
      .flat()
      .sort((a, b) => (a.range[0] < b.range[0] ? -1 : 1));
    for (const { shard, range } of all) {
      assert.equal(range[0], next, 'no gap and no overlap');
      assert.equal(shardOfToken(range[0] + 1n, count), shard);
      assert.equal(shardOfToken(range[1], count), shard);
      next = range[1];
    }
    assert.equal(next, 2n ** 63n - 1n);
  }
});

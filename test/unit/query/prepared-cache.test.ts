import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TinyLfuCache } from '../../../src/query/prepared/tiny-lfu-cache.js';

test('the cache never holds more than its weight and tells of what it throws out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ key: fc.integer({ min: 0, max: 60 }), weight: fc.integer({ min: 1, max: 30 }) })),
      (steps) => {
        const gone: string[] = [];
        const cache = new TinyLfuCache<number>(100, (key) => gone.push(key));
        for (const { key, weight } of steps) {
          if (weight % 3 === 0) cache.get(String(key));
          else cache.set(String(key), weight, weight);
          assert.ok(cache.weight <= 100);
          assert.equal(
            [...cache.entries()].reduce((sum, [, value]) => sum + value, 0),
            cache.weight,
          );
        }
        assert.equal(cache.evictions, gone.length);
      },
    ),
  );
});

test('entries that are asked for often stay when many others come once', () => {
  const cache = new TinyLfuCache<number>(100, () => {});
  for (let i = 0; i < 20; i++) cache.set(`often${i}`, i, 1);
  for (let round = 0; round < 5; round++) for (let i = 0; i < 20; i++) cache.get(`often${i}`);
  for (let i = 0; i < 5_000; i++) cache.set(`once${i}`, i, 1);
  const kept = Array.from({ length: 20 }, (_, i) => cache.peek(`often${i}`)).filter((value) => value !== undefined);
  assert.ok(kept.length >= 18, `${kept.length} of 20 were kept`);
});

test('the newest entry is there right after it was put in', () => {
  const cache = new TinyLfuCache<number>(1_000, () => {});
  for (let i = 0; i < 500; i++) {
    cache.set(`k${i}`, i, 100);
    assert.equal(cache.peek(`k${i}`), i);
  }
});

// The histograms of src and of the addon: what they tell of values is near to the truth.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from '../../../src/common/histogram.js';
import { Prng } from '../../support/prng.js';

const seed = Number(process.env['FERROSA_TEST_SEED'] ?? 7);

test('quantiles are the values of a sorted list, at most an eighth above them', () => {
  const prng = new Prng(seed);
  const values = Array.from({ length: 5_000 }, () => Math.floor(2 ** (prng.below(3_200) / 100)));
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  values.sort((a, b) => a - b);
  for (const q of [0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1]) {
    const exact = values[Math.max(0, Math.ceil(q * values.length) - 1)]!;
    const told = histogram.quantile(q);
    assert.ok(told >= exact && told <= exact * 1.125 + 1, `${q}: ${told} for ${exact}`);
  }
  assert.equal(histogram.count, values.length);
  assert.equal(histogram.max, values.at(-1));
  assert.equal(
    histogram.sum,
    values.reduce((sum, value) => sum + value, 0),
  );
  assert.ok(histogram.min <= values[0]! && histogram.min >= values[0]! / 1.125 - 1);
});

test('small values and ends of buckets are exact', () => {
  for (let value = 0; value < 16; value++) {
    const histogram = new Histogram();
    histogram.add(value, 3);
    assert.equal(histogram.quantile(0.5), value);
    assert.equal(histogram.count, 3);
  }
  const histogram = new Histogram();
  for (let value = 0; value < 4_096; value++) histogram.add(value);
  for (const bound of [8, 64, 1024, 4096]) assert.equal(histogram.countUpTo(bound - 1), bound);
});

test('parts that are merged are as one', () => {
  const [one, other, both] = [new Histogram(), new Histogram(), new Histogram()];
  for (let i = 0; i < 1_000; i++) {
    (i % 3 === 0 ? one : other).add(i * i);
    both.add(i * i);
  }
  const merged = Histogram.of(one.data(), other.data());
  assert.deepEqual({ ...merged.data(), buckets: [...(merged.data().buckets as number[])] }, both.data());
});

test('nothing has no values', () => {
  const histogram = new Histogram();
  assert.deepEqual(
    [histogram.count, histogram.max, histogram.min, histogram.quantile(0.99), histogram.mean],
    [0, 0, 0, 0, 0],
  );
});

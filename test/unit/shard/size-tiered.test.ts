import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bucketsOf,
  type CompactionCandidate,
  nextSizeTiered,
  sizeTieredOptions,
} from '../../../src/shard/compaction/size-tiered.js';

const MiB = 2 ** 20;
let number = 0;
const sstable = (mib: number, more: Partial<CompactionCandidate> = {}): CompactionCandidate => ({
  name: `da-${number++}-bti`,
  bytes: mib * MiB,
  reads: 0,
  droppableTombstoneRatio: 0,
  createdAt: 0,
  ...more,
});
const sizes = (chosen: readonly CompactionCandidate[] | null) =>
  chosen?.map(({ bytes }) => bytes / MiB).sort((a, b) => a - b);
const defaults = sizeTieredOptions({});

test('four SSTables of similar size are compacted, three are not', () => {
  const three = [sstable(100), sstable(110), sstable(90)];
  assert.equal(nextSizeTiered(three, defaults, 0), null);
  assert.deepEqual(sizes(nextSizeTiered([...three, sstable(105), sstable(1000)], defaults, 0)), [90, 100, 105, 110]);
});

test('SSTables below min_sstable_size share a bucket whatever their size', () => {
  assert.deepEqual(
    sizes(nextSizeTiered([sstable(1), sstable(5), sstable(20), sstable(49)], defaults, 0)),
    [1, 5, 20, 49],
  );
  assert.equal(
    nextSizeTiered([sstable(1), sstable(5), sstable(20), sstable(49)], sizeTieredOptions({ min_sstable_size: '0' }), 0),
    null,
  );
});

test('no more than max_threshold are taken, the hottest first', () => {
  const all = Array.from({ length: 10 }, (_, i) => sstable(10, { reads: i }));
  const chosen = nextSizeTiered(all, sizeTieredOptions({ min_threshold: '2', max_threshold: '3' }), 0)!;
  assert.deepEqual(
    chosen.map(({ reads }) => reads),
    [9, 8, 7],
  );
});

test('the bucket that is read most goes first, of cold ones that with the smaller SSTables', () => {
  const small = Array.from({ length: 4 }, () => sstable(100));
  const large = Array.from({ length: 4 }, () => sstable(1000));
  assert.deepEqual(sizes(nextSizeTiered([...large, ...small], defaults, 0)), [100, 100, 100, 100]);
  const hot = large.map((s) => ({ ...s, reads: 5 }));
  assert.deepEqual(sizes(nextSizeTiered([...small, ...hot], defaults, 0)), [1000, 1000, 1000, 1000]);
});

test('compaction that is switched off chooses nothing', () => {
  const all = Array.from({ length: 10 }, () => sstable(10));
  assert.equal(nextSizeTiered(all, sizeTieredOptions({ enabled: 'false' }), 0), null);
});

test('an old SSTable full of tombstones is compacted alone when no other can hold what they cover', () => {
  const day = 86_400_000;
  const old = sstable(100, { droppableTombstoneRatio: 0.5, createdAt: 0 });
  assert.deepEqual(nextSizeTiered([old], defaults, day), [old]);
  assert.equal(nextSizeTiered([old], defaults, day - 1), null);
  assert.equal(nextSizeTiered([old, sstable(500)], defaults, day), null);
  const unchecked = sizeTieredOptions({ unchecked_tombstone_compaction: 'true' });
  assert.deepEqual(nextSizeTiered([old, sstable(500)], unchecked, day), [old]);
  assert.equal(nextSizeTiered([{ ...old, droppableTombstoneRatio: 0.2 }], defaults, day), null);
});

test('options that cannot be are refused', () => {
  for (const bad of [
    { min_threshold: '1' },
    { min_threshold: '10', max_threshold: '5' },
    { bucket_low: '2' },
    { min_sstable_size: 'big' },
  ] as Record<string, string>[])
    assert.throws(() => sizeTieredOptions(bad), { code: 'CONFIG_ERROR' }, JSON.stringify(bad));
});

test('buckets partition the SSTables, and neighbours in a bucket are of similar size', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 60 }), (mib) => {
      const all = mib.map((m) => sstable(m));
      const buckets = bucketsOf(all, defaults);
      assert.deepEqual(
        buckets
          .flat()
          .map(({ name }) => name)
          .sort(),
        all.map(({ name }) => name).sort(),
      );
      for (const bucket of buckets)
        for (let i = 1; i < bucket.length; i++) {
          const average = bucket.slice(0, i).reduce((sum, { bytes }) => sum + bytes, 0) / i;
          const small = bucket[i]!.bytes < defaults.minSSTableSize;
          assert.ok(small || bucket[i]!.bytes <= average * 1.5 + 1);
        }
    }),
  );
});

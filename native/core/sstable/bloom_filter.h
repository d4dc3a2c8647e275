// native/core/sstable/bloom_filter.h: the partition filter of Filter.db: u32 BE hash count, u32 BE number of 8-byte words, the bits (bit i is bit
// i & 7 of byte i >> 3). Bit numbers are |h2 + i * h1| modulo the number of bits. Source: BloomFilter, BloomFilterSerializer, OffHeapBitSet.
#pragma once
#include <cstdint>
#include <vector>

#include "../bytes.h"

namespace ferrosa {

class BloomFilter {
 public:
  // No bits: everything may be present.
  BloomFilter() = default;
  // For `keys` keys at a false-positive chance between 0 and 1, in at most 20 bits a key.
  BloomFilter(uint64_t keys, double fp_chance);
  // False when the bytes are not a filter.
  static bool Parse(Slice bytes, BloomFilter* out);

  void Add(const uint64_t hash[2]);
  bool MayContain(const uint64_t hash[2]) const;
  std::vector<uint8_t> Serialize() const;
  bool always() const { return bits_.empty(); }

 private:
  uint32_t hash_count_ = 0;
  std::vector<uint8_t> bits_;
};

}  // namespace ferrosa

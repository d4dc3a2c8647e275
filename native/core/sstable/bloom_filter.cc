#include "bloom_filter.h"

#include <algorithm>
#include <cmath>

namespace ferrosa {
namespace {

constexpr int kBitsPerKeyMax = 20;
constexpr uint32_t kHashCountMax = 64;
constexpr uint64_t kExcessBits = 20;

// The chance of a false positive with `bits` a key and `hashes` functions, the textbook formula.
double Chance(int bits, int hashes) { return std::pow(1 - std::exp(-static_cast<double>(hashes) / bits), hashes); }

struct Spec {
  int hashes;
  int bits;
};

// The fewest bits a key, then the fewest functions, that reach the chance.
Spec SpecFor(double chance) {
  for (int bits = 2; bits <= kBitsPerKeyMax; bits++)
    for (int hashes = 1; hashes <= bits; hashes++)
      if (Chance(bits, hashes) <= chance) return {hashes, bits};
  return {14, kBitsPerKeyMax};
}

uint64_t BitOf(const uint64_t hash[2], uint32_t i, uint64_t capacity) {
  const int64_t h = static_cast<int64_t>(hash[1] + i * hash[0]) % static_cast<int64_t>(capacity);
  return static_cast<uint64_t>(h < 0 ? -h : h);
}

}  // namespace

BloomFilter::BloomFilter(uint64_t keys, double fp_chance) {
  if (fp_chance >= 1) return;
  const Spec spec = SpecFor(fp_chance);
  hash_count_ = static_cast<uint32_t>(spec.hashes);
  const uint64_t bits = keys * static_cast<uint64_t>(spec.bits) + kExcessBits;
  bits_.resize((bits + 63) / 64 * 8);
}

bool BloomFilter::Parse(Slice s, BloomFilter* out) {
  if (s.size < 8) return false;
  const uint32_t hashes = LoadBE<uint32_t>(s.data);
  const uint64_t bytes = static_cast<uint64_t>(LoadBE<uint32_t>(s.data + 4)) * 8;
  if (hashes == 0 || hashes > kHashCountMax || bytes == 0 || bytes != s.size - 8) return false;
  out->hash_count_ = hashes;
  out->bits_.assign(s.data + 8, s.data + s.size);
  return true;
}

void BloomFilter::Add(const uint64_t hash[2]) {
  for (uint32_t i = 0; i < hash_count_; i++) {
    const uint64_t bit = BitOf(hash, i, bits_.size() * 8);
    bits_[bit >> 3] |= static_cast<uint8_t>(1 << (bit & 7));
  }
}

bool BloomFilter::MayContain(const uint64_t hash[2]) const {
  for (uint32_t i = 0; i < hash_count_; i++) {
    const uint64_t bit = BitOf(hash, i, bits_.size() * 8);
    if (!(bits_[bit >> 3] & (1 << (bit & 7)))) return false;
  }
  return true;
}

std::vector<uint8_t> BloomFilter::Serialize() const {
  std::vector<uint8_t> out(8);
  StoreBE(out.data(), hash_count_);
  StoreBE(out.data() + 4, static_cast<uint32_t>(bits_.size() / 8));
  out.insert(out.end(), bits_.begin(), bits_.end());
  return out;
}

}  // namespace ferrosa

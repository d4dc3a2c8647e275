// native/test/vector_random.h: vectors with the structure of embeddings: clusters of different sizes around random centres.
#pragma once
#include <bit>
#include <cmath>
#include <vector>

#include "core/ann/vector_index.h"
#include "test.h"

namespace ferrosa::test {

inline float Gauss(Prng& prng) {
  float sum = 0;
  for (int i = 0; i < 4; i++) sum += static_cast<float>(prng.Below(1 << 20)) / (1 << 20);
  return (sum - 2) * 1.7320508f;
}

class RandomVectors {
 public:
  RandomVectors(uint64_t seed, size_t dimensions, size_t clusters) : prng_(seed), centres_(clusters) {
    for (auto& centre : centres_)
      for (size_t i = 0; i < dimensions; i++) centre.push_back(Gauss(prng_));
  }
  std::vector<float> Next() {
    std::vector<float> v = centres_[prng_.Below(1 + prng_.Below(centres_.size()))];
    for (float& x : v) x += 0.7f * Gauss(prng_);
    return v;
  }
  Prng& prng() { return prng_; }

 private:
  Prng prng_;
  std::vector<std::vector<float>> centres_;
};

inline std::vector<uint8_t> Serialized(const std::vector<float>& v) {
  Writer out;
  for (const float x : v) out.BE<uint32_t>(std::bit_cast<uint32_t>(x));
  return out.bytes;
}

// The id of the row `n` of the partition `key`, as positions have it.
inline std::string RowId(uint32_t key, int n = -1) {
  Writer out;
  out.LE<uint16_t>(4);
  out.LE<uint32_t>(key);
  out.U8(n >= 0);
  if (n >= 0) {
    out.Var(1);
    out.Var(5);
    out.LE<uint32_t>(static_cast<uint32_t>(n));
  }
  return std::string(out.bytes.begin(), out.bytes.end());
}

}  // namespace ferrosa::test

// native/core/histogram.h: counts of values in buckets that grow with the value, eight an octave: no value is told more than an eighth
// too high. src/common/histogram.ts has the same buckets; quantiles are its business.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace ferrosa {

inline constexpr uint32_t kHistogramSubBits = 3;
// Up to 2^40: eighteen minutes in nanoseconds. What is larger is in the last bucket; max() is exact all the same.
inline constexpr uint32_t kHistogramBuckets = (40 - kHistogramSubBits + 1) << kHistogramSubBits;

class Histogram {
 public:
  // Adds `times` occurrences of a value.
  void Add(uint64_t value, uint64_t times = 1) {
    counts_[BucketOf(value)] += times;
    count_ += times;
    sum_ += value * times;
    if (value > max_) max_ = value;
  }
  uint64_t count() const { return count_; }
  uint64_t sum() const { return sum_; }
  uint64_t max() const { return max_; }
  uint64_t bucket(uint32_t i) const { return counts_[i]; }

  // Called every kRateSeconds: a mean of the last five minutes, older ones weighing less, as in Cassandra's meters.
  void Tick() {
    const double now = static_cast<double>(count_ - ticked_) / kRateSeconds;
    rate_ = ticked_once_ ? rate_ + kRateWeight * (now - rate_) : now;
    ticked_once_ = true;
    ticked_ = count_;
  }
  // A second.
  double rate() const { return rate_; }
  static constexpr double kRateSeconds = 5;

 private:
  static constexpr double kRateWeight = 0.016528546178382;  // 1 - exp(-5 / 300)
  static uint32_t BucketOf(uint64_t value) {
    if (value < (1u << kHistogramSubBits)) return static_cast<uint32_t>(value);
    const uint32_t exponent = 63 - static_cast<uint32_t>(__builtin_clzll(value));
    const uint32_t sub = static_cast<uint32_t>(value >> (exponent - kHistogramSubBits)) & ((1u << kHistogramSubBits) - 1);
    const uint32_t bucket = ((exponent - kHistogramSubBits + 1) << kHistogramSubBits) + sub;
    return bucket < kHistogramBuckets ? bucket : kHistogramBuckets - 1;
  }

  uint64_t count_ = 0;
  uint64_t sum_ = 0;
  uint64_t max_ = 0;
  uint64_t ticked_ = 0;
  double rate_ = 0;
  bool ticked_once_ = false;
  std::array<uint64_t, kHistogramBuckets> counts_{};
};

}  // namespace ferrosa

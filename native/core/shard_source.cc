#include "shard_source.h"

namespace ferrosa {
namespace {

constexpr int kCycleBits = 64 - kIgnoredTokenBits;
constexpr uint64_t kCycle = uint64_t{1} << kCycleBits;

uint64_t Biased(int64_t token) { return static_cast<uint64_t>(token) + (uint64_t{1} << 63); }

// Where in each cycle the shard's tokens begin.
uint64_t CycleStart(uint32_t shard, uint32_t shard_count) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(shard) * kCycle + shard_count - 1) / shard_count);
}

}  // namespace

uint32_t ShardOfToken(int64_t token, uint32_t shard_count) {
  const uint64_t biased = Biased(token) << kIgnoredTokenBits;
  return static_cast<uint32_t>(static_cast<unsigned __int128>(biased) * shard_count >> 64);
}

bool NextOwnToken(int64_t token, uint32_t shard, uint32_t shard_count, int64_t* out) {
  if (ShardOfToken(token, shard_count) == shard) {
    *out = token;
    return true;
  }
  const uint64_t biased = Biased(token);
  uint64_t cycle = biased & ~(kCycle - 1);
  const uint64_t start = CycleStart(shard, shard_count);
  if ((biased & (kCycle - 1)) >= start) {
    if (cycle > UINT64_MAX - kCycle) return false;
    cycle += kCycle;
  }
  *out = static_cast<int64_t>(cycle + start - (uint64_t{1} << 63));
  return true;
}

Step ShardSource::Open(const DecoratedKey& key, bool reversed, MissList* misses, std::unique_ptr<PartitionCursor>* out) {
  if (ShardOfToken(key.token, shard_count_) != shard_) return Step::kEnd;
  return inner_->Open(key, reversed, misses, out);
}

Step ShardSource::NextPartition(const DecoratedKey& from, bool strictly_after, MissList* misses,
                                std::vector<uint8_t>* key_bytes, DecoratedKey* out) {
  DecoratedKey at = from;
  for (;;) {
    const Step step = inner_->NextPartition(at, strictly_after, misses, key_bytes, out);
    if (step != Step::kItem || ShardOfToken(out->token, shard_count_) == shard_) return step;
    int64_t token;
    if (!NextOwnToken(out->token, shard_, shard_count_, &token)) return Step::kEnd;
    at = DecoratedKey{token, Slice()};
    strictly_after = false;
  }
}

}  // namespace ferrosa

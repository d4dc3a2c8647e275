// native/core/shard_source.h: an SSTable with tokens of several shards, as one of them sees it. Token to shard is the rule of
// src/shard/token.ts: biased token round robin with 12 ignored bits.
#pragma once
#include <memory>

#include "unfiltered.h"

namespace ferrosa {

inline constexpr int kIgnoredTokenBits = 12;

// 0-based. REQUIRES: shard_count > 0.
uint32_t ShardOfToken(int64_t token, uint32_t shard_count);
// The first token at or after `token` that the shard owns; false when there is none.
bool NextOwnToken(int64_t token, uint32_t shard, uint32_t shard_count, int64_t* out);

class ShardSource : public Source {
 public:
  ShardSource(std::shared_ptr<Source> inner, uint32_t shard, uint32_t shard_count)
      : inner_(std::move(inner)), shard_(shard), shard_count_(shard_count) {}
  Step Open(const DecoratedKey& key, bool reversed, MissList* misses, std::unique_ptr<PartitionCursor>* out) override;
  Step NextPartition(const DecoratedKey& from, bool strictly_after, MissList* misses, std::vector<uint8_t>* key_bytes,
                     DecoratedKey* out) override;
  int64_t max_timestamp() const override { return inner_->max_timestamp(); }
  Status error() const override { return inner_->error(); }
  void SetDescriptor(const DescriptorPtr& reading) override { inner_->SetDescriptor(reading); }

 private:
  const std::shared_ptr<Source> inner_;
  const uint32_t shard_;
  const uint32_t shard_count_;
};

}  // namespace ferrosa

// native/core/ann/vector_search.h: one search of a vector index, in steps: VectorIndex::Begin and Continue. Between the steps rows are written
// and vectors linked; what was there from the begin to the end of the search is found as if they were not, nearly.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vector_finder.h"

namespace ferrosa {

class VectorIndex;

struct VectorHit {
  float distance = 0;
  uint32_t slot = 0;
  uint64_t stamp = 0;  // of the last write of this very vector: Forget takes it back only while it is that
  int64_t fingerprint = 0;  // Murmur token of the vector as it was written
};

// Which rows a search wants.
struct VectorScope {
  bool all = true;
  int64_t start = INT64_MIN;  // tokens, both inclusive
  int64_t end = INT64_MAX;
  Slice key;  // null: any
};

class VectorSearch {
 public:
  VectorSearch() = default;
  VectorSearch(const VectorSearch&) = delete;
  VectorSearch& operator=(const VectorSearch&) = delete;
  ~VectorSearch();

  // Of a search that has ended: the nearest, nearest first, and whether there are no others.
  const std::vector<VectorHit>& hits() const { return hits_; }
  bool all() const { return all_; }
  // Null when the index was dropped, or replaced, before the search has ended: it must begin again.
  const VectorIndex* index() const { return index_; }

 private:
  friend class VectorIndex;
  enum class Phase : uint8_t { kScope, kChoose, kExact, kGraph, kGather, kRank };
  struct Ranked {
    SlotHit hit;
    uint64_t stamp;
    bool operator<(const Ranked& o) const { return hit < o.hit; }
  };

  VectorIndex* index_ = nullptr;
  Phase phase_ = Phase::kScope;
  size_t count_ = 0;
  size_t beam_ = 0;
  VectorScope scope_;
  std::string key_;  // what scope_.key points at
  std::vector<float> query_;
  std::vector<int8_t> code_;
  std::vector<uint8_t> allowed_;  // by slot, when the scope is not everything
  size_t admitted_ = 0;
  size_t at_ = 0;  // of the phase: the next slot or candidate
  VectorWalk walk_;
  std::vector<SlotHit> found_;  // by nearly exact distances
  std::vector<Ranked> ranked_;   // by exact ones
  bool listed_ = false;          // the index notes what changes while the search waits
  std::vector<uint32_t> since_;  // slots that were written or linked meanwhile
  std::vector<VectorHit> hits_;
  bool all_ = false;
};

}  // namespace ferrosa

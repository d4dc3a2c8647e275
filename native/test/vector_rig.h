// native/test/vector_rig.h: vector indexes of every method, and whole searches in them.
#pragma once
#include <set>
#include <vector>

#include "core/store.h"
#include "vector_random.h"

namespace ferrosa::test {

inline constexpr uint32_t kDimensions = 24;

inline constexpr VectorMethod kMethods[] = {VectorMethod::kGraph, VectorMethod::kLists, VectorMethod::kCodedGraph};

// Few lists: there are enough vectors for them soon.
inline VectorShape Shape(Similarity similarity, VectorMethod method = VectorMethod::kGraph) {
  return {kDimensions, similarity, 16, 100, method, 12};
}

// Everything through graph or lists: nothing is small enough to be compared one by one.
inline constexpr VectorLimits kAlwaysGraph{64, 0};

// A whole search, in one step or in as many as `budget` makes of it.
inline bool Search(VectorIndex& index, Slice query, size_t count, size_t beam, const VectorScope& scope, std::vector<VectorHit>* hits,
            bool* all, size_t budget = SIZE_MAX) {
  VectorSearch search;
  if (!index.Begin(query, count, beam, scope, &search)) return false;
  while (!index.Continue(&search, budget)) {
  }
  *hits = search.hits();
  *all = search.all();
  return true;
}

inline std::vector<uint32_t> Nearest(VectorIndex& index, const std::vector<uint8_t>& query, size_t count, size_t beam,
                              const VectorScope& scope = {}) {
  std::vector<VectorHit> hits;
  bool all = false;
  CHECK(Search(index, Slice(query), count, beam, scope, &hits, &all));
  std::vector<uint32_t> keys;
  for (size_t i = 0; i < hits.size(); i++) {
    CHECK(i == 0 || hits[i - 1].distance <= hits[i].distance);
    keys.push_back(LoadLE<uint32_t>(reinterpret_cast<const uint8_t*>(index.row(hits[i].slot).id.data()) + 2));
  }
  return keys;
}

// Part of the true nearest that a search finds.
inline double Recall(VectorIndex& index, RandomVectors& random, size_t count, size_t beam) {
  size_t found = 0;
  const size_t queries = 50;
  for (size_t q = 0; q < queries; q++) {
    const auto query = Serialized(random.Next());
    const auto all = Nearest(index, query, index.live(), index.live());
    CHECK(all.size() == index.live());
    const std::set<uint32_t> truth(all.begin(), all.begin() + static_cast<long>(count));
    for (const uint32_t key : Nearest(index, query, count, beam)) found += truth.count(key);
  }
  return static_cast<double>(found) / static_cast<double>(queries * count);
}

inline void Finish(VectorIndex& index) {
  while (index.has_work()) index.Work();
}

}  // namespace ferrosa::test

// Searches of the graph.
#include <algorithm>
#include <cmath>
#include <limits>

#include "graph.h"

namespace ferrosa {
namespace {

// Smallest on top.
constexpr auto kFurther = [](const GraphHit& a, const GraphHit& b) { return b < a; };

inline void Prefetch(const float* vector, size_t floats) {
  const char* at = reinterpret_cast<const char*>(vector);
  const size_t bytes = std::min<size_t>(floats * sizeof(float), 1024);  // the processor goes on by itself
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(at + i);
}

}  // namespace

float Graph::Distance(const float* query, uint32_t slot) const {
  const float distance = shape_.similarity == Similarity::kEuclidean ? SquaredDistance(query, vector(slot), padded_)
                                                                     : -DotProduct(query, vector(slot), padded_);
  // Products of finite elements may overflow both ways. What has no distance is far: everything here counts on an order.
  return std::isnan(distance) ? std::numeric_limits<float>::infinity() : distance;
}

// To the nearest that single steps reach, layer by layer, above `down_to`.
uint32_t Graph::Descend(const float* query, uint32_t from, int down_to) const {
  float distance = Distance(query, from);
  for (int layer = levels_[from]; layer > down_to; layer--) {
    bool moved = true;
    while (moved) {
      moved = false;
      const uint32_t* list = Neighbours(from, layer);
      for (uint32_t i = 1; i <= list[0]; i++) {
        const float other = Distance(query, list[i]);
        if (other >= distance) continue;
        distance = other;
        from = list[i];
        moved = true;
        // The list of the one we were at: the rest of it is still worth a look, the new one comes after it.
      }
    }
  }
  return from;
}

// What is deleted leads on and is no result. `out` is sorted, nearest first.
void Graph::SearchLayer(const float* query, uint32_t from, size_t beam, int layer, const uint8_t* allowed,
                        std::vector<GraphHit>* out) {
  if (++seen_mark_ == 0) std::fill(seen_.begin(), seen_.end(), seen_mark_ = 1);
  open_.clear();
  best_.clear();
  const auto meet = [&](uint32_t slot) {
    const GraphHit hit{Distance(query, slot), slot};
    if (best_.size() >= beam && hit.distance >= best_.front().distance) return;
    open_.push_back(hit);
    std::push_heap(open_.begin(), open_.end(), kFurther);
    if (!IsLive(slot) || (allowed != nullptr && !allowed[slot])) return;
    best_.push_back(hit);
    std::push_heap(best_.begin(), best_.end());
    if (best_.size() <= beam) return;
    std::pop_heap(best_.begin(), best_.end());
    best_.pop_back();
  };
  seen_[from] = seen_mark_;
  meet(from);
  while (!open_.empty()) {
    const GraphHit next = open_.front();
    if (best_.size() >= beam && next.distance > best_.front().distance) break;
    std::pop_heap(open_.begin(), open_.end(), kFurther);
    open_.pop_back();
    const uint32_t* list = Neighbours(next.slot, layer);
    const uint32_t count = list[0];
    for (uint32_t i = 1; i <= count; i++) {
      if (i < count && seen_[list[i + 1]] != seen_mark_) Prefetch(vector(list[i + 1]), padded_);
      const uint32_t slot = list[i];
      if (seen_[slot] == seen_mark_) continue;
      seen_[slot] = seen_mark_;
      meet(slot);
    }
  }
  std::sort(best_.begin(), best_.end());
  out->assign(best_.begin(), best_.end());
}

void Graph::Search(const float* query, size_t beam, const uint8_t* allowed, std::vector<GraphHit>* out) {
  out->clear();
  if (entry_ == kNone) return;
  SearchLayer(query, Descend(query, entry_, 0), beam, 0, allowed, out);
}

}  // namespace ferrosa

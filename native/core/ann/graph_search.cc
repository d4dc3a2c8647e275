// Walks through the graph.
#include <algorithm>
#include <cmath>
#include <limits>

#include "graph.h"

namespace ferrosa {
namespace {

constexpr size_t kPrefetchBytesMax = 1024;  // the processor goes on by itself
constexpr size_t kPrefetchAhead = 4;

// Smallest on top.
constexpr auto kFurther = [](const GraphHit& a, const GraphHit& b) { return b < a; };

// Products of finite elements may overflow both ways. What has no distance is far: everything here counts on an order.
float Ordered(float distance) { return std::isnan(distance) ? std::numeric_limits<float>::infinity() : distance; }

inline void PrefetchBytes(const void* from, size_t bytes) {
  const char* at = static_cast<const char*>(from);
  for (size_t i = 0; i < std::min(bytes, kPrefetchBytesMax); i += 64) __builtin_prefetch(at + i);
}

}  // namespace

float Graph::Distance(const float* query, uint32_t slot) const {
  return Ordered(shape_.similarity == Similarity::kEuclidean ? SquaredDistance(query, vector(slot), padded_)
                                                             : -DotProduct(query, vector(slot), padded_));
}

float Graph::Near(const GraphProbe& probe, uint32_t slot) const {
  if (!by_codes_) return Distance(probe.floats, slot);
  return Ordered(shape_.similarity == Similarity::kEuclidean ? code_math_.Squared(probe.code, code(slot))
                                                             : -code_math_.Dot(probe.code, code(slot)));
}

void Graph::Prefetch(uint32_t slot) const {
  if (by_codes_) PrefetchBytes(code(slot), code_bytes_);
  else PrefetchVector(slot);
}

void Graph::PrefetchVector(uint32_t slot) const { PrefetchBytes(vector(slot), padded_ * sizeof(float)); }

// To the nearest that single steps reach, layer by layer, above `down_to`.
uint32_t Graph::Descend(const GraphProbe& probe, uint32_t from, int down_to) const {
  float distance = Near(probe, from);
  for (int layer = levels_[from]; layer > down_to; layer--) {
    bool moved = true;
    while (moved) {
      moved = false;
      const uint32_t* list = Neighbours(from, layer);
      for (uint32_t i = 1; i <= list[0]; i++) Prefetch(list[i]);
      for (uint32_t i = 1; i <= list[0]; i++) {
        const float other = Near(probe, list[i]);
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

void Graph::StartWalk(GraphWalk* walk) const {
  walk->seen.resize(states_.size(), 0);
  if (++walk->number == 0) std::fill(walk->seen.begin(), walk->seen.end(), walk->number = 1);
}

void Graph::Enter(const GraphProbe& probe, uint32_t from, size_t beam, GraphWalk* walk) const {
  StartWalk(walk);
  walk->beam = beam;
  walk->open.assign(1, {Near(probe, from), from});
  walk->best.clear();
}

// What is deleted leads on and is no result.
void Graph::Meet(const GraphProbe& probe, uint32_t slot, const std::vector<uint8_t>* allowed, GraphWalk* walk) const {
  const GraphHit hit{Near(probe, slot), slot};
  std::vector<GraphHit>& best = walk->best;
  if (best.size() >= walk->beam && hit.distance >= best.front().distance) return;
  walk->open.push_back(hit);
  std::push_heap(walk->open.begin(), walk->open.end(), kFurther);
  if (!IsLive(slot) || (allowed != nullptr && (slot >= allowed->size() || !(*allowed)[slot]))) return;
  best.push_back(hit);
  std::push_heap(best.begin(), best.end());
  if (best.size() <= walk->beam) return;
  std::pop_heap(best.begin(), best.end());
  best.pop_back();
}

bool Graph::Follow(const GraphProbe& probe, int layer, const std::vector<uint8_t>* allowed, GraphWalk* walk,
                   size_t* budget) const {
  uint32_t fresh[kRoomMax];
  std::vector<GraphHit>& open = walk->open;
  walk->seen.resize(states_.size(), 0);
  if (open.size() == 1 && walk->best.empty() && walk->seen[open[0].slot] != walk->number) {
    // The first: nothing has led to it.
    const uint32_t first = open[0].slot;
    open.clear();
    walk->seen[first] = walk->number;
    Meet(probe, first, allowed, walk);
  }
  while (!open.empty()) {
    if (*budget == 0) return false;
    const GraphHit next = open.front();
    if (walk->best.size() >= walk->beam && next.distance > walk->best.front().distance) break;
    std::pop_heap(open.begin(), open.end(), kFurther);
    open.pop_back();
    const uint32_t* list = Neighbours(next.slot, layer);
    uint32_t count = 0;
    for (uint32_t i = 1; i <= list[0]; i++) {
      if (walk->seen[list[i]] == walk->number) continue;
      walk->seen[list[i]] = walk->number;
      fresh[count++] = list[i];
      if (count <= kPrefetchAhead) Prefetch(list[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
      if (i + kPrefetchAhead < count) Prefetch(fresh[i + kPrefetchAhead]);
      Meet(probe, fresh[i], allowed, walk);
    }
    *budget -= std::min(*budget, count * cost_ + 1);
  }
  return true;
}

void Graph::Begin(const GraphProbe& probe, size_t beam, GraphWalk* walk) const {
  if (entry_ == kNone) {
    walk->open.clear();
    walk->best.clear();
    return;
  }
  Enter(probe, Descend(probe, entry_, 0), beam, walk);
}

bool Graph::Continue(const GraphProbe& probe, const std::vector<uint8_t>* allowed, GraphWalk* walk, size_t* budget) const {
  return Follow(probe, 0, allowed, walk, budget);
}

}  // namespace ferrosa

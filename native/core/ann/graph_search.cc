// Walks through the graph.
#include <algorithm>

#include "graph.h"

namespace ferrosa {
namespace {

constexpr size_t kPrefetchAhead = 4;

// Smallest on top.
constexpr auto kFurther = [](const SlotHit& a, const SlotHit& b) { return b < a; };

}  // namespace

// To the nearest that single steps reach, layer by layer, above `down_to`.
uint32_t Graph::Descend(const VectorProbe& probe, uint32_t from, int down_to) const {
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

void Graph::StartWalk(VectorWalk* walk) const {
  walk->seen.resize(states_.size(), 0);
  if (++walk->number == 0) std::fill(walk->seen.begin(), walk->seen.end(), walk->number = 1);
}

void Graph::Enter(const VectorProbe& probe, uint32_t from, size_t beam, VectorWalk* walk) const {
  StartWalk(walk);
  walk->beam = beam;
  walk->open.assign(1, {Near(probe, from), from});
  walk->best.clear();
}

// What is deleted leads on.
void Graph::Meet(const VectorProbe& probe, uint32_t slot, const std::vector<uint8_t>* allowed, VectorWalk* walk) const {
  const SlotHit hit{Near(probe, slot), slot};
  if (walk->best.size() >= walk->beam && hit.distance >= walk->best.front().distance) return;
  walk->open.push_back(hit);
  std::push_heap(walk->open.begin(), walk->open.end(), kFurther);
  Offer(hit, allowed, walk);
}

bool Graph::Follow(const VectorProbe& probe, int layer, const std::vector<uint8_t>* allowed, VectorWalk* walk,
                   size_t* budget) const {
  uint32_t fresh[kRoomMax];
  std::vector<SlotHit>& open = walk->open;
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
    const SlotHit next = open.front();
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

void Graph::Begin(const VectorProbe& probe, size_t beam, VectorWalk* walk) const {
  if (entry_ == kNone) {
    walk->open.clear();
    walk->best.clear();
    return;
  }
  Enter(probe, Descend(probe, entry_, 0), beam, walk);
}

bool Graph::Continue(const VectorProbe& probe, const std::vector<uint8_t>* allowed, VectorWalk* walk, size_t* budget) const {
  return Follow(probe, 0, allowed, walk, budget);
}

}  // namespace ferrosa

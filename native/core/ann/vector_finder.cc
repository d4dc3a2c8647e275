#include "vector_finder.h"

#include <algorithm>

#include "graph.h"
#include "lists.h"

namespace ferrosa {

std::unique_ptr<VectorFinder> VectorFinder::Of(const VectorShape& shape, uint64_t seed) {
  if (shape.method == VectorMethod::kLists) return std::make_unique<Lists>(shape, seed);
  return std::make_unique<Graph>(shape, seed);
}

bool VectorFinder::Remove(uint32_t slot) {
  if (states_[slot] == State::kWaiting) {
    Free(slot);
    return true;
  }
  if (states_[slot] == State::kLinked) {
    states_[slot] = State::kDeleted;
    linked_--;
    deleted_++;
  }
  return false;
}

void VectorFinder::Offer(const SlotHit& hit, const std::vector<uint8_t>* allowed, VectorWalk* walk) const {
  if (!IsLive(hit.slot) || (allowed != nullptr && (hit.slot >= allowed->size() || !(*allowed)[hit.slot]))) return;
  std::vector<SlotHit>& best = walk->best;
  best.push_back(hit);
  std::push_heap(best.begin(), best.end());
  if (best.size() <= walk->beam) return;
  std::pop_heap(best.begin(), best.end());
  best.pop_back();
}

}  // namespace ferrosa

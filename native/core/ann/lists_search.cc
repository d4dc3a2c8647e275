// Searches of lists, and what files have of them.
#include <algorithm>
#include <cmath>

#include "lists.h"

namespace ferrosa {
namespace {

constexpr size_t kPrefetchAhead = 2;
constexpr double kUsualBeam = 64;

}  // namespace

size_t Lists::Probes(size_t beam) const {
  const double wide = std::max(1.0, static_cast<double>(beam) / kUsualBeam);
  return static_cast<size_t>(std::ceil(std::sqrt(static_cast<double>(lists_.size())) * wide));
}

void Lists::Begin(const VectorProbe& probe, size_t beam, VectorWalk* walk) const {
  walk->beam = beam;
  walk->best.clear();
  walk->open.clear();
  walk->generation = generation_;
  walk->probed = 0;
  walk->at = 0;
  for (uint32_t i = 0; i < lists_.size(); i++)
    walk->open.push_back({centres_.empty() ? 0 : DistanceOf(probe.floats, centres_.data() + i * padded_), i});
  std::sort(walk->open.begin(), walk->open.end());
}

bool Lists::Continue(const VectorProbe& probe, const std::vector<uint8_t>* allowed, VectorWalk* walk, size_t* budget) const {
  // Lists were made anew, or entries taken out of them: where it was says nothing any more.
  if (walk->generation != generation_) Begin(probe, walk->beam, walk);
  const size_t probes = Probes(walk->beam);
  const std::vector<SlotHit>& best = walk->best;
  for (; walk->probed < walk->open.size(); walk->probed++, walk->at = 0) {
    if (walk->probed >= probes && best.size() >= walk->beam) return true;
    const std::vector<uint32_t>& list = lists_[walk->open[walk->probed].slot];
    for (; walk->at < list.size(); walk->at++) {
      if (*budget == 0) return false;
      *budget -= std::min(*budget, cost());
      if (walk->at + kPrefetchAhead < list.size()) PrefetchVector(list[walk->at + kPrefetchAhead]);
      const SlotHit hit{Distance(probe.floats, list[walk->at]), list[walk->at]};
      if (best.size() < walk->beam || hit.distance < best.front().distance) Offer(hit, allowed, walk);
    }
  }
  return true;
}

void Lists::SaveHead(Writer* out) const {
  const size_t count = CountOf(centres_);
  out->LE<uint32_t>(static_cast<uint32_t>(count));
  for (size_t i = 0; i < count; i++)
    out->Bytes(Slice(reinterpret_cast<const uint8_t*>(centres_.data() + i * padded_), shape_.dimensions * sizeof(float)));
}

bool Lists::LoadHead(Reader* reader) {
  uint32_t count;
  if (!reader->U32(&count) || count > kVectorListsMax || slots() > 0 || !centres_.empty()) return false;
  if (reader->left() < count * shape_.dimensions * sizeof(float)) return false;
  centres_.assign(count * padded_, 0);
  for (size_t i = 0; i < count; i++) {
    Slice floats;
    if (!reader->Bytes(shape_.dimensions * sizeof(float), &floats)) return false;
    std::memcpy(centres_.data() + i * padded_, floats.data, floats.size);
  }
  lists_.resize(std::max<size_t>(1, count));
  return true;
}

void Lists::SaveSlot(uint32_t slot, Writer* out) const {
  out->U8(0);
  out->LE<uint32_t>(list_of_[slot]);
}

bool Lists::LoadSlot(uint32_t slot, const float* prepared, uint8_t first, Reader* reader) {
  uint32_t list;
  if (first != 0 || !reader->U32(&list) || list >= lists_.size()) return false;
  GrowSlots(static_cast<size_t>(slot) + 1);
  if (states_[slot] != State::kFree) return false;
  Put(slot, prepared);
  list_of_.resize(slots(), kNone);
  list_of_[slot] = list;
  lists_[list].push_back(slot);
  states_[slot] = State::kLinked;
  linked_++;
  return true;
}

void Lists::FinishLoad() {
  for (uint32_t slot = 0; slot < slots(); slot++)
    if (states_[slot] == State::kFree) free_.push_back(slot);
  if (!centres_.empty()) trained_at_ = linked_;
}

}  // namespace ferrosa

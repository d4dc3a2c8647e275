#include "vector_slots.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ferrosa {
namespace {

constexpr size_t kPrefetchBytesMax = 1024;  // the processor goes on by itself

// Products of finite elements may overflow both ways. What has no distance is far: everything here counts on an order.
float Ordered(float distance) { return std::isnan(distance) ? std::numeric_limits<float>::infinity() : distance; }

inline void PrefetchBytes(const void* from, size_t bytes) {
  const char* at = static_cast<const char*>(from);
  for (size_t i = 0; i < std::min(bytes, kPrefetchBytesMax); i += 64) __builtin_prefetch(at + i);
}

}  // namespace

VectorSlots::VectorSlots(const VectorShape& shape)
    : shape_(shape),
      padded_(PaddedDimensions(shape.dimensions)),
      code_bytes_(shape.method == VectorMethod::kLists ? 0 : CodeRecordBytes(shape.dimensions)),
      cost_(1 + shape.dimensions / 512),
      code_math_(shape.dimensions),
      by_codes_(code_bytes_ > 0) {}

bool VectorSlots::Prepare(Slice value, float* out) const {
  if (!UnpackVector(value, shape_.dimensions, out)) return false;
  return shape_.similarity != Similarity::kCosine || Normalize(out, padded_);
}

void VectorSlots::GrowSlots(size_t slots) {
  while (vectors_.size() * kBlock < slots) {
    vectors_.push_back(std::make_unique<float[]>(kBlock * padded_));
    if (code_bytes_ > 0) codes_.emplace_back(static_cast<int8_t*>(::operator new[](kBlock * code_bytes_, std::align_val_t{64})));
  }
  if (states_.size() < slots) states_.resize(slots, State::kFree);
}

uint32_t VectorSlots::Add(const float* prepared) {
  uint32_t slot;
  if (free_.empty()) {
    slot = static_cast<uint32_t>(states_.size());
    GrowSlots(states_.size() + 1);
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Put(slot, prepared);
  states_[slot] = State::kWaiting;
  return slot;
}

void VectorSlots::Put(uint32_t slot, const float* prepared) {
  std::copy_n(prepared, padded_, vectors_[slot / kBlock].get() + (slot % kBlock) * padded_);
  if (code_bytes_ > 0) Encode(prepared, codes_[slot / kBlock].get() + (slot % kBlock) * code_bytes_);
}

float VectorSlots::DistanceOf(const float* a, const float* b) const {
  return Ordered(shape_.similarity == Similarity::kEuclidean ? SquaredDistance(a, b, padded_) : -DotProduct(a, b, padded_));
}

float VectorSlots::Distance(const float* query, uint32_t slot) const { return DistanceOf(query, vector(slot)); }

float VectorSlots::Near(const VectorProbe& probe, uint32_t slot) const {
  if (!by_codes_) return Distance(probe.floats, slot);
  return Ordered(shape_.similarity == Similarity::kEuclidean ? code_math_.Squared(probe.code, code(slot))
                                                             : -code_math_.Dot(probe.code, code(slot)));
}

void VectorSlots::Prefetch(uint32_t slot) const {
  if (by_codes_) PrefetchBytes(code(slot), code_bytes_);
  else PrefetchVector(slot);
}

void VectorSlots::PrefetchVector(uint32_t slot) const { PrefetchBytes(vector(slot), padded_ * sizeof(float)); }

size_t VectorSlots::slot_bytes() const {
  return vectors_.size() * kBlock * (padded_ * sizeof(float) + code_bytes_) + states_.size() * (sizeof(State) + sizeof(uint32_t));
}

}  // namespace ferrosa

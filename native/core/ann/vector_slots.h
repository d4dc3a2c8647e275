// native/core/ann/vector_slots.h: the vectors of an index in slots, each with its code (vector_code.h), and how far they are from others. A
// slot is used again when its vector is gone.
#pragma once
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "vector_code.h"
#include "vector_limits.h"

namespace ferrosa {

enum class Similarity : uint8_t { kCosine = 0, kDotProduct = 1, kEuclidean = 2 };

// How an index finds the nearest without looking at all.
enum class VectorMethod : uint8_t {
  kGraph = 0,       // HNSW; codes are compared as long as those part neighbours
  kLists = 1,       // IVFFlat: vectors by their nearest centre; the vectors themselves are compared
  kCodedGraph = 2,  // HNSW; codes are compared always
};

struct VectorShape {
  uint32_t dimensions = 0;
  Similarity similarity = Similarity::kCosine;
  uint32_t connections = 16;  // of a graph: neighbours a layer; twice as many in the lowest
  uint32_t beam = 100;        // of a graph: candidates that are looked at when a vector is linked
  VectorMethod method = VectorMethod::kGraph;
  uint32_t lists = 100;
};

struct SlotHit {
  float distance = 0;  // smaller is nearer: minus the product, or the square of the distance
  uint32_t slot = 0;
  bool operator<(const SlotHit& o) const { return distance < o.distance || (distance == o.distance && slot < o.slot); }
};

// What others are compared with: a vector, and its code.
struct VectorProbe {
  const float* floats = nullptr;
  const int8_t* code = nullptr;
};

class VectorSlots {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  enum class State : uint8_t {
    kFree,
    kWaiting,  // has a vector that is not linked yet
    kLinked,
    kDeleted,  // is no result, and still where it was linked
    kLeaving,  // deleted, and about to be taken out
  };

  explicit VectorSlots(const VectorShape& shape);
  VectorSlots(const VectorSlots&) = delete;
  VectorSlots& operator=(const VectorSlots&) = delete;

  // Makes a vector as it is compared of a serialized one: `out` has padded() floats. False when it cannot be compared: of another size, not
  // finite, or without a direction where that counts.
  bool Prepare(Slice value, float* out) const;
  // A slot for a prepared vector. It waits.
  uint32_t Add(const float* prepared);

  // Bytes of the code that a probe wants beside its vector.
  size_t code_bytes() const { return code_bytes_; }
  void Encode(const float* prepared, int8_t* code) const {
    if (code_bytes_ > 0) EncodeVector(prepared, shape_.dimensions, code);
  }
  float Distance(const float* query, uint32_t slot) const;
  void PrefetchVector(uint32_t slot) const;
  // Of one comparison, in the units of budgets: about 30 ns.
  size_t cost() const { return cost_; }

  const VectorShape& shape() const { return shape_; }
  size_t padded() const { return padded_; }
  size_t slots() const { return states_.size(); }
  size_t linked() const { return linked_; }
  State state(uint32_t slot) const { return states_[slot]; }
  const float* vector(uint32_t slot) const { return vectors_[slot / kBlock].get() + (slot % kBlock) * padded_; }
  // Codes are what is compared. Otherwise vectors are.
  bool by_codes() const { return by_codes_; }

 protected:
  static constexpr size_t kBlock = 256;  // vectors that are allocated together
  ~VectorSlots() = default;
  // REQUIRES: code_bytes() > 0.
  const int8_t* code(uint32_t slot) const { return codes_[slot / kBlock].get() + (slot % kBlock) * code_bytes_; }
  VectorProbe ProbeOf(uint32_t slot) const { return {vector(slot), code(slot)}; }
  bool IsLive(uint32_t slot) const { return states_[slot] == State::kLinked; }
  // By codes or by vectors.
  float Near(const VectorProbe& probe, uint32_t slot) const;
  float DistanceOf(const float* a, const float* b) const;
  void Prefetch(uint32_t slot) const;
  void Put(uint32_t slot, const float* prepared);
  void GrowSlots(size_t slots);
  void Free(uint32_t slot) {
    states_[slot] = State::kFree;
    free_.push_back(slot);
  }
  size_t slot_bytes() const;

  const VectorShape shape_;
  const size_t padded_;
  const size_t code_bytes_;  // 0: there are no codes
  const size_t cost_;
  const CodeMath code_math_;
  std::vector<State> states_;
  std::vector<uint32_t> free_;
  size_t linked_ = 0;
  size_t deleted_ = 0;
  bool by_codes_;

 private:
  struct FreeAligned {
    void operator()(int8_t* codes) const { ::operator delete[](codes, std::align_val_t{64}); }
  };
  std::vector<std::unique_ptr<float[]>> vectors_;              // by block
  std::vector<std::unique_ptr<int8_t[], FreeAligned>> codes_;  // by block
};

}  // namespace ferrosa

// native/core/ann/graph.h: a graph of vectors that are near each other, in layers (HNSW): finds the nearest of a vector without looking at
// all. Vectors have slots; a slot is used again when its vector is gone from every list of neighbours.
// Walks and links compare codes of the vectors (vector_code.h), as long as those part neighbours; results are compared by the vectors.
// Source: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small World graphs",
// algorithms 1 to 5. Deletion as in Singh et al., "FreshDiskANN", algorithm 4: neighbours of what is gone take over its neighbours.
#pragma once
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "vector_limits.h"
#include "vector_code.h"

namespace ferrosa {

enum class Similarity : uint8_t { kCosine = 0, kDotProduct = 1, kEuclidean = 2 };

struct GraphShape {
  uint32_t dimensions = 0;
  Similarity similarity = Similarity::kCosine;
  uint32_t connections = 16;  // neighbours a layer; twice as many in the lowest
  uint32_t beam = 100;        // candidates that are looked at when a vector is linked
};

struct GraphHit {
  float distance = 0;  // smaller is nearer: minus the product, or the square of the distance
  uint32_t slot = 0;
  bool operator<(const GraphHit& o) const { return distance < o.distance || (distance == o.distance && slot < o.slot); }
};

// What others are compared with: a vector, and its code.
struct GraphProbe {
  const float* floats = nullptr;
  const int8_t* code = nullptr;
};

// A walk through the lowest layer towards a vector, in steps.
struct GraphWalk {
  size_t beam = 0;
  std::vector<GraphHit> open;  // to be followed, nearest on top
  std::vector<GraphHit> best;  // found so far, furthest on top
  std::vector<uint32_t> seen;  // by slot: the number of the last walk that met it
  uint32_t number = 0;
};

class Graph {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr int kLevelMax = 15;
  enum class State : uint8_t {
    kFree,
    kWaiting,  // has a vector that is not linked yet
    kLinked,
    kDeleted,  // leads on, and is no result
    kLeaving,  // deleted, and what it leads to is being handed on
  };

  // REQUIRES: shape.connections <= kVectorConnectionsMax.
  Graph(const GraphShape& shape, uint64_t seed);

  // Makes a vector as the graph compares it of a serialized one: `out` has padded() floats. False when it cannot be compared: of another
  // size, not finite, or without a direction where that counts.
  bool Prepare(Slice value, float* out) const;
  // A slot for a prepared vector. It waits: Link makes it part of the graph.
  uint32_t Add(const float* prepared);
  void Link(uint32_t slot);
  // The vector is no result any more. True when the slot is free at once.
  bool Remove(uint32_t slot);

  // Bytes of the code that a probe wants beside its vector.
  size_t code_bytes() const { return code_bytes_; }
  void Encode(const float* prepared, int8_t* code) const { EncodeVector(prepared, shape_.dimensions, code); }

  // A search: Begin, then Continue until it returns true; then walk->best are the `beam` nearest linked vectors by their nearly exact
  // distances, in no order. *budget falls by the cost of what is compared. The graph may change between the calls, the probe may not.
  // allowed: by slot, null for all.
  void Begin(const GraphProbe& probe, size_t beam, GraphWalk* walk) const;
  bool Continue(const GraphProbe& probe, const std::vector<uint8_t>* allowed, GraphWalk* walk, size_t* budget) const;
  float Distance(const float* query, uint32_t slot) const;
  void PrefetchVector(uint32_t slot) const;
  // Of one comparison, in the units of budgets: about 30 ns.
  size_t cost() const { return cost_; }

  // Hands on what deleted vectors lead to: looks at some `nodes` and returns true while there is more to do. `freed` gets the slots that
  // are free now, when all have been looked at.
  bool Tidy(size_t nodes, std::vector<uint32_t>* freed);
  // Deleted vectors slow searches down: so many that a round of Tidy is worth it, or one is under way.
  bool untidy() const { return tidying_ || deleted_ > kUntidyMin + (linked_ + deleted_) / 8; }

  const GraphShape& shape() const { return shape_; }
  size_t padded() const { return padded_; }
  size_t slots() const { return states_.size(); }
  size_t linked() const { return linked_; }
  State state(uint32_t slot) const { return states_[slot]; }
  const float* vector(uint32_t slot) const { return vectors_[slot / kBlock].get() + (slot % kBlock) * padded_; }
  size_t bytes() const;
  // Codes are what is compared. Otherwise they were found to blur neighbours, and vectors are.
  bool by_codes() const { return by_codes_; }

  // The layers of a linked slot, for files. Neighbours(slot, 0)[0] is their number.
  int level(uint32_t slot) const { return levels_[slot]; }
  const uint32_t* Neighbours(uint32_t slot, int layer) const;
  // Puts a slot back as a file has it. False when it is taken or makes no sense. FinishRestore checks what leads where.
  bool Restore(uint32_t slot, const float* prepared, int level, const std::vector<std::vector<uint32_t>>& neighbours);
  void FinishRestore();

 private:
  static constexpr size_t kBlock = 256;       // vectors that are allocated together
  static constexpr size_t kUntidyMin = 64;
  static constexpr size_t kRoomMax = 2 * kVectorConnectionsMax;
  // Links at which codes are judged: all of the first, then some. Of neighbours enough to say what they differ by.
  static constexpr size_t kJudgeAll = 256;
  static constexpr size_t kJudgeEvery = 64;
  static constexpr uint32_t kJudgeNeighbours = 8;
  static constexpr size_t kJudgeMin = 16;
  // A blur that costs a walk no way, and what one vector counts at most.
  static constexpr double kBlurMax = 0.25;
  static constexpr double kBlurMost = 4;
  struct FreeAligned {
    void operator()(int8_t* codes) const { ::operator delete[](codes, std::align_val_t{64}); }
  };
  const int8_t* code(uint32_t slot) const { return codes_[slot / kBlock].get() + (slot % kBlock) * code_bytes_; }
  GraphProbe ProbeOf(uint32_t slot) const { return {vector(slot), code(slot)}; }
  float Near(const GraphProbe& probe, uint32_t slot) const;
  void Put(uint32_t slot, const float* prepared);
  void Judge(uint32_t slot);
  void Prefetch(uint32_t slot) const;
  void StartWalk(GraphWalk* walk) const;
  uint32_t* List(uint32_t slot, int layer) { return const_cast<uint32_t*>(Neighbours(slot, layer)); }
  uint32_t Room(int layer) const { return layer == 0 ? shape_.connections * 2 : shape_.connections; }
  void Grow(size_t slots);
  bool IsLive(uint32_t slot) const { return states_[slot] == State::kLinked; }
  int RandomLevel();
  uint32_t Descend(const GraphProbe& probe, uint32_t from, int down_to) const;
  void Enter(const GraphProbe& probe, uint32_t from, size_t beam, GraphWalk* walk) const;
  void Meet(const GraphProbe& probe, uint32_t slot, const std::vector<uint8_t>* allowed, GraphWalk* walk) const;
  bool Follow(const GraphProbe& probe, int layer, const std::vector<uint8_t>* allowed, GraphWalk* walk, size_t* budget) const;
  void Choose(std::vector<GraphHit>* candidates, size_t room, std::vector<uint32_t>* out);
  void LinkBack(uint32_t to, uint32_t from, int layer);
  void HandOn(uint32_t slot, int layer);
  void FindEntry();

  const GraphShape shape_;
  const size_t padded_;
  const size_t code_bytes_;
  const size_t cost_;
  const CodeMath code_math_;
  uint64_t random_;
  std::vector<std::unique_ptr<float[]>> vectors_;     // by block
  std::vector<std::unique_ptr<int8_t[], FreeAligned>> codes_;  // by block
  std::vector<std::unique_ptr<uint32_t[]>> lowest_;   // by block: count and neighbours in layer 0
  std::vector<std::vector<uint32_t>> upper_;          // by slot: count and neighbours of each layer above
  std::vector<State> states_;
  std::vector<uint8_t> levels_;
  std::vector<uint32_t> free_;
  uint32_t entry_ = kNone;
  size_t linked_ = 0;
  size_t deleted_ = 0;
  size_t upper_bytes_ = 0;
  bool tidying_ = false;
  uint32_t tidied_ = 0;  // the next slot that Tidy looks at
  bool by_codes_ = true;
  double judged_ = 0;  // sum of what the codes blurred at vectors that were looked at
  size_t judged_count_ = 0;
  // Of one link; kept so that none allocates.
  GraphWalk walk_;
  std::vector<GraphHit> near_;
  std::vector<GraphHit> all_;
  std::vector<uint32_t> chosen_;
};

}  // namespace ferrosa

// native/core/ann/graph.h: a graph of vectors that are near each other, in layers (HNSW): finds the nearest of a vector without looking at
// all. Vectors have slots; a slot is used again when its vector is gone from every list of neighbours.
// Walks and links compare codes of the vectors (vector_code.h), as long as those part neighbours; results are compared by the vectors.
// Source: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small World graphs",
// algorithms 1 to 5. Deletion as in Singh et al., "FreshDiskANN", algorithm 4: neighbours of what is gone take over its neighbours.
#pragma once
#include <cstdint>
#include <vector>

#include "vector_finder.h"

namespace ferrosa {

class Graph final : public VectorFinder {
 public:
  static constexpr int kLevelMax = 15;

  // REQUIRES: shape.connections <= kVectorConnectionsMax.
  Graph(const VectorShape& shape, uint64_t seed) : VectorFinder(shape), random_(seed | 1) {}

  void Link(uint32_t slot) override;
  void Begin(const VectorProbe& probe, size_t beam, VectorWalk* walk) const override;
  bool Continue(const VectorProbe& probe, const std::vector<uint8_t>* allowed, VectorWalk* walk, size_t* budget) const override;
  // Hands on what deleted vectors lead to.
  bool Tidy() override;
  // Deleted vectors slow searches down: so many that a round of Tidy is worth it, or one is under way.
  bool untidy() const override { return tidying_ || TooManyDeleted(); }
  size_t bytes() const override;
  bool has_head() const override { return false; }
  void SaveHead(Writer*) const override {}
  bool LoadHead(Reader*) override { return false; }
  void SaveSlot(uint32_t slot, Writer* out) const override;
  bool LoadSlot(uint32_t slot, const float* prepared, uint8_t level, Reader* reader) override;
  void FinishLoad() override;

 private:
  static constexpr size_t kTidyNodes = 32;  // a piece of work
  static constexpr size_t kRoomMax = 2 * kVectorConnectionsMax;
  // Links at which codes are judged: all of the first, then some. Of neighbours enough to say what they differ by.
  static constexpr size_t kJudgeAll = 256;
  static constexpr size_t kJudgeEvery = 64;
  static constexpr uint32_t kJudgeNeighbours = 8;
  static constexpr size_t kJudgeMin = 16;
  // A blur that costs a walk no way, and what one vector counts at most.
  static constexpr double kBlurMax = 0.25;
  static constexpr double kBlurMost = 4;
  // The neighbours of a linked slot in a layer; [0] is their number.
  const uint32_t* Neighbours(uint32_t slot, int layer) const;
  void Judge(uint32_t slot);
  void StartWalk(VectorWalk* walk) const;
  uint32_t* List(uint32_t slot, int layer) { return const_cast<uint32_t*>(Neighbours(slot, layer)); }
  uint32_t Room(int layer) const { return layer == 0 ? shape_.connections * 2 : shape_.connections; }
  void Grow();
  int RandomLevel();
  uint32_t Descend(const VectorProbe& probe, uint32_t from, int down_to) const;
  void Enter(const VectorProbe& probe, uint32_t from, size_t beam, VectorWalk* walk) const;
  void Meet(const VectorProbe& probe, uint32_t slot, const std::vector<uint8_t>* allowed, VectorWalk* walk) const;
  bool Follow(const VectorProbe& probe, int layer, const std::vector<uint8_t>* allowed, VectorWalk* walk, size_t* budget) const;
  void Choose(std::vector<SlotHit>* candidates, size_t room, std::vector<uint32_t>* out);
  void LinkBack(uint32_t to, uint32_t from, int layer);
  void HandOn(uint32_t slot, int layer);
  void FindEntry();

  uint64_t random_;
  std::vector<std::unique_ptr<uint32_t[]>> lowest_;   // by block: count and neighbours in layer 0
  std::vector<std::vector<uint32_t>> upper_;          // by slot: count and neighbours of each layer above
  std::vector<uint8_t> levels_;
  uint32_t entry_ = kNone;
  size_t upper_bytes_ = 0;
  bool tidying_ = false;
  uint32_t tidied_ = 0;  // the next slot that Tidy looks at
  double judged_ = 0;  // sum of what the codes blurred at vectors that were looked at
  size_t judged_count_ = 0;
  // Of one link; kept so that none allocates.
  VectorWalk walk_;
  std::vector<SlotHit> near_;
  std::vector<SlotHit> all_;
  std::vector<uint32_t> chosen_;
};

}  // namespace ferrosa

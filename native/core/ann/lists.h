// native/core/ann/lists.h: vectors by the nearest of some centres (IVFFlat): a search looks through the lists whose centres are nearest to what
// it asks for, and compares their vectors one by one. The centres come of k-means over a sample, when there are enough vectors for it and again
// when there are four times as many; before that everything is in one list.
// Source: Jégou, Douze, Schmid, "Product quantization for nearest neighbor search", section IV (the inverted file); Lloyd, "Least squares
// quantization in PCM".
#pragma once
#include <memory>
#include <vector>

#include "vector_finder.h"

namespace ferrosa {

class Lists final : public VectorFinder {
 public:
  // REQUIRES: 1 <= shape.lists <= kVectorListsMax.
  Lists(const VectorShape& shape, uint64_t seed) : VectorFinder(shape), random_(seed | 1), lists_(1) {}

  void Link(uint32_t slot) override;
  // Lists are looked through from the nearest centre on: about the root of their number, more for a wider beam, and until there are as many
  // hits as the beam is wide.
  void Begin(const VectorProbe& probe, size_t beam, VectorWalk* walk) const override;
  bool Continue(const VectorProbe& probe, const std::vector<uint8_t>* allowed, VectorWalk* walk, size_t* budget) const override;
  // Finds new centres, or takes deleted vectors out.
  bool Tidy() override;
  bool untidy() const override { return training_ != nullptr || tidying_ || WantsCentres() || TooManyDeleted(); }
  size_t bytes() const override;
  bool has_head() const override { return true; }
  void SaveHead(Writer* out) const override;
  bool LoadHead(Reader* reader) override;
  void SaveSlot(uint32_t slot, Writer* out) const override;
  bool LoadSlot(uint32_t slot, const float* prepared, uint8_t first, Reader* reader) override;
  void FinishLoad() override;

 private:
  static constexpr size_t kVectorsAList = 32;   // as many are enough to look for centres
  static constexpr size_t kSampleAList = 64;
  static constexpr size_t kGrowth = 4;          // times as many vectors: new centres
  static constexpr int kRounds = 8;             // of k-means
  static constexpr size_t kPiece = 4096;        // comparisons of a piece of work
  static constexpr size_t kTidyPiece = 16'384;  // entries of lists that a piece of work looks at

  // Centres in the making. First a sample is parted, round by round; then every vector gets its new list.
  struct Training {
    std::vector<uint32_t> sample;  // slots
    std::vector<float> centres;
    std::vector<float> sums;
    std::vector<uint32_t> counts;
    int round = 0;
    size_t at = 0;  // of the sample, or the next slot to be moved
    bool moving = false;
    std::vector<std::vector<uint32_t>> lists;
    std::vector<uint32_t> list_of;
  };

  bool WantsCentres() const { return linked_ >= shape_.lists * kVectorsAList && linked_ >= trained_at_ * kGrowth; }
  size_t CountOf(const std::vector<float>& centres) const { return centres.size() / padded_; }
  uint32_t NearestOf(const std::vector<float>& centres, const float* vector) const;
  size_t Probes(size_t beam) const;
  uint64_t Random();
  void StartTraining();
  void Part();
  void MoveCentres();
  void MoveVectors();
  void TakeOver();
  void TakeOut();

  uint64_t random_;
  std::vector<float> centres_;                 // padded, one after the other; empty: there is one list
  std::vector<std::vector<uint32_t>> lists_;   // slots
  std::vector<uint32_t> list_of_;              // by slot
  uint64_t generation_ = 1;                    // of what searches under way know of the lists
  size_t trained_at_ = 0;                      // vectors when the centres were found
  std::unique_ptr<Training> training_;
  bool tidying_ = false;
  size_t tidied_ = 0;  // the next list that TakeOut looks at
};

}  // namespace ferrosa

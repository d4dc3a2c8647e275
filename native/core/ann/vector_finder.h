// native/core/ann/vector_finder.h: finds the nearest of linked vectors without looking at all. Each VectorMethod has one.
#pragma once
#include <memory>
#include <vector>

#include "../bytes.h"
#include "vector_slots.h"

namespace ferrosa {

// A search towards a vector, in steps.
struct VectorWalk {
  size_t beam = 0;
  std::vector<SlotHit> open;  // to be followed, nearest on top: slots of a graph, numbers of lists
  std::vector<SlotHit> best;  // found so far, furthest on top
  // Of a graph.
  std::vector<uint32_t> seen;  // by slot: the number of the last walk that met it
  uint32_t number = 0;
  // Of lists.
  uint64_t generation = 0;  // of the lists that `open` speaks of
  size_t probed = 0;        // lists that have been looked through
  size_t at = 0;            // in the next one
};

class VectorFinder : public VectorSlots {
 public:
  // REQUIRES: shape.connections <= kVectorConnectionsMax, shape.lists <= kVectorListsMax.
  static std::unique_ptr<VectorFinder> Of(const VectorShape& shape, uint64_t seed);
  using VectorSlots::VectorSlots;
  virtual ~VectorFinder() = default;

  // Makes a slot that waits part of what is searched.
  virtual void Link(uint32_t slot) = 0;
  // The vector is no result any more. True when the slot is free at once.
  bool Remove(uint32_t slot);

  // A search: Begin, then Continue until it returns true; then walk->best are the `beam` nearest linked vectors by their nearly exact
  // distances, in no order. *budget falls by the cost of what is compared. Others may be linked and removed between the calls, the probe
  // may not change. allowed: by slot, null for all.
  virtual void Begin(const VectorProbe& probe, size_t beam, VectorWalk* walk) const = 0;
  virtual bool Continue(const VectorProbe& probe, const std::vector<uint8_t>* allowed, VectorWalk* walk, size_t* budget) const = 0;

  // Upkeep, a piece of some hundred microseconds: true while there is more to do.
  virtual bool Tidy() = 0;
  virtual bool untidy() const = 0;
  virtual size_t bytes() const = 0;

  // What a file has beside the vectors (docs/format/vector-graph.md): of all, and of one linked slot, which begins with a byte that is not
  // kNotLinked. Load... return false for what makes no sense; LoadSlot is given that byte, and puts the vector back. FinishLoad checks what
  // leads where.
  static constexpr uint8_t kNotLinked = 0xff;
  virtual bool has_head() const = 0;
  virtual void SaveHead(Writer* out) const = 0;
  virtual bool LoadHead(Reader* reader) = 0;
  virtual void SaveSlot(uint32_t slot, Writer* out) const = 0;
  virtual bool LoadSlot(uint32_t slot, const float* prepared, uint8_t first, Reader* reader) = 0;
  virtual void FinishLoad() = 0;

 protected:
  // Puts a hit among the best of a walk. What is deleted, or not allowed, is no result.
  void Offer(const SlotHit& hit, const std::vector<uint8_t>* allowed, VectorWalk* walk) const;
  bool TooManyDeleted() const { return deleted_ > kUntidyMin + (linked_ + deleted_) / 8; }

 private:
  static constexpr size_t kUntidyMin = 64;
};

}  // namespace ferrosa

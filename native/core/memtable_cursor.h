// native/core/memtable_cursor.h: iterates one partition of a memtable in either direction.
#pragma once
#include <vector>

#include "memtable.h"

namespace ferrosa {

// Rows come cleaned of what the partition's own deletions cover. May be opened again, keeping its buffers.
class MemtableCursor : public PartitionCursor {
 public:
  void Open(const MemtableSource* source, const MemPartition* partition, bool reversed);
  DeletionTime partition_deletion() const override;
  Step StaticRow(Row* out) override;
  Step Next(Unfiltered* out) override;
  Step Seek(const Bound& bound) override;
  // The row of a full clustering, not cleaned, and the range deletion over it; false when there is no such row. Does not move.
  bool RowAt(const Slice* clustering, Row* out, DeletionTime* covering);
  // Whether the rows may be taken where they lie (memtable_walk.cc): no deletion of the partition covers any, and all columns are as they
  // are read.
  bool InPlace() const;
  // Takes rows from where the cursor stands up to `end` (null: all), which is the slice's start for a reversed cursor.
  // REQUIRES: InPlace(), run->fold->plain() or run->encoder->BeginMemRows(), bounds above 0
  void TakeUpTo(const Bound* end, RowRun* run);

 private:
  bool HasRow() const { return single_ != nullptr || place_.valid(); }
  const MemRow* CurrentRow() const { return single_ != nullptr ? single_ : static_cast<const MemRow*>(place_.entry().item); }
  bool TakeRow(const MemRow& row, RowRun* run);
  void AdvanceRow();
  bool HasStep() const { return step_ >= 0 && step_ < step_count_; }
  void EmitStep(Unfiltered* out);
  bool EmitRow(Unfiltered* out);
  // The first row of the tree that is not before the bound.
  BTreePlace FirstFrom(const Bound& bound);
  void SeekRows(const Bound& bound);
  void SeekSteps(const Bound& bound);
  // Columns are the memtable's own; MapColumns makes them those of the table as it is read.
  void ReadRow(const MemRow& row, bool is_static, Row* out) const;
  void MapColumns(Row* row) const;
  DeletionTime AfterStep(int64_t i) const { return i < 0 ? DeletionTime{} : extra_->steps[i].after; }

  const MemtableSource* source_ = nullptr;
  const DescriptorPlan* plan_ = nullptr;
  const MemPartition* partition_ = nullptr;
  const PartitionExtra* extra_ = nullptr;
  bool reversed_ = false;
  const MemRow* single_ = nullptr;
  BTreePlace place_;
  int64_t step_ = 0;
  int64_t step_count_ = 0;
  DeletionTime open_;        // range deletion in force where the cursor stands
  bool pending_ = false;     // a marker at the bound of Seek
  Marker pending_marker_;
  std::vector<uint8_t> pending_bytes_;
  std::vector<Slice> values_;
  ClusteringValues prefix_;
  Row taken_;
};

}  // namespace ferrosa

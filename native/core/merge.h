// native/core/merge.h: several cursors over one partition as one: rows with equal clustering merged cell by cell, range tombstones
// merged, and what a deletion covers removed. Used by reads, flush and compaction. Rules: Cassandra's Row.Merger, Cells.reconcile and
// RangeTombstoneMarker.Merger.
#pragma once
#include <deque>
#include <memory>
#include <vector>

#include "descriptor_plan.h"
#include "unfiltered.h"

namespace ferrosa {

// Which of two cells of the same column and path wins: true for `b`. Not for counters.
bool SecondWins(const Cell& a, const Cell& b);
// LivenessInfo.supersedes: whether `a` replaces `b`.
bool LivenessSupersedes(const Liveness& a, const Liveness& b);

// Removes from the row what `active` (a partition or range deletion) or its own deletions cover, and cells of dropped columns.
// Returns false when nothing is left.
bool CleanRow(const DescriptorPlan& plan, const DeletionTime& active, Row* row);

// Merges rows of one clustering. Keeps its buffers between uses; merged counter contexts live until the next Merge.
class RowMerger {
 public:
  // Merges `rows` (at least one; they are used up) into *out; applies `active` like CleanRow. Returns false when nothing is left.
  bool Merge(const DescriptorPlan& plan, Row* const* rows, size_t count, const DeletionTime& active, Row* out);

 private:
  void MergeTwo(const DescriptorPlan& plan, const Row& a, const Row& b, Row* out);
  void AddReconciled(const DescriptorPlan& plan, const Cell& a, const Cell& b, Row* out);
  Row spare_;
  std::deque<std::vector<uint8_t>> contexts_;
  size_t contexts_used_ = 0;
};

// Merging cursor. Slices of an item live until the next call. May be reset and used again, keeping its buffers.
class MergingCursor : public PartitionCursor {
 public:
  // Starts a new merge over no cursors. `plan` is of the reading descriptor, to which all cursors' columns are mapped.
  void Reset(std::shared_ptr<const DescriptorPlan> plan, bool reversed);
  // Adds a cursor; all must be added before the first call below. The borrowed one must outlive the use.
  void Add(PartitionCursor* cursor);
  void Add(std::unique_ptr<PartitionCursor> cursor);
  size_t size() const { return count_; }

  DeletionTime partition_deletion() const override { return partition_deletion_; }
  // Merged and cleaned; kEnd when nothing is left of it.
  Step StaticRow(Row* out) override;
  // The next row that is not empty after deletions, or marker that is not covered by the partition deletion. *out's row is swapped
  // with a buffer of the cursor, so give the same object each time.
  Step Next(Unfiltered* out) override;
  Step Seek(const Bound& bound) override;

 private:
  struct Input {
    PartitionCursor* cursor = nullptr;
    std::unique_ptr<PartitionCursor> owned;
    Unfiltered head;
    bool has_head = false;
    bool ended = false;
    DeletionTime open;  // range tombstone open in this input
  };
  Step Fill();
  Step NextOfOne(Unfiltered* out);
  int CompareHeads(const Unfiltered& a, const Unfiltered& b) const;
  bool MergeMarkers(Unfiltered* out);
  DeletionTime OpenInMerged() const;
  size_t FindLowest();

  std::shared_ptr<const DescriptorPlan> plan_;
  bool reversed_ = false;
  DeletionTime partition_deletion_;
  std::vector<std::unique_ptr<Input>> inputs_;
  size_t count_ = 0;
  std::vector<size_t> lowest_;
  std::vector<Row*> rows_;
  RowMerger merger_;
  RowMerger static_merger_;  // of its own: the static row is used beside every row, and a Merge ends the life of merged contexts
  std::vector<Row> static_rows_;
};

}  // namespace ferrosa

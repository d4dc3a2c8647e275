// native/core/memtable.h: the writes of one table that no SSTable has yet: an arena, a B+tree of partitions by (token, key),
// in each a B+tree of rows by clustering. Cells are flat records in the arena.
//
// Thread safety: one thread writes and reads it; once nobody writes to it any more, any number of threads may read.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "arena.h"
#include "btree.h"
#include "descriptor_plan.h"
#include "memtable_layout.h"
#include "mutation.h"
#include "unfiltered.h"

namespace ferrosa {

// What flush and SSTable statistics want; covers everything ever written, also what was overwritten since.
struct MemtableStats {
  uint64_t partitions = 0;
  uint64_t rows = 0;        // with static rows
  uint64_t cells = 0;       // operations applied
  uint64_t data_bytes = 0;  // keys, clusterings, paths and values now in it
  int64_t min_timestamp = INT64_MAX;
  int64_t max_timestamp = INT64_MIN;
  uint32_t min_local_deletion_time = kNoDeletionTime;
  uint32_t max_local_deletion_time = 0;
  uint32_t min_ttl = UINT32_MAX;
  uint32_t max_ttl = 0;
  bool has_partition_deletions = false;
};

class MemtableSource;

class Memtable {
 public:
  explicit Memtable(std::shared_ptr<const DescriptorPlan> plan);
  ~Memtable();
  Memtable(const Memtable&) = delete;
  Memtable& operator=(const Memtable&) = delete;

  const DescriptorPtr& descriptor() const { return plan_->descriptor; }
  const DescriptorPlan& plan() const { return *plan_; }
  const MemtableStats& stats() const { return stats_; }
  uint64_t arena_bytes() const { return arena_.bytes(); }
  bool empty() const { return stats_.partitions == 0; }

  // The partition of a key, created when it is not there.
  MemPartition* Upsert(const DecoratedKey& key);
  // null when it is not there.
  const MemPartition* Find(const DecoratedKey& key) const;

  // Each merges one piece of a write into the partition; column indexes are those of descriptor().
  void ApplyPartitionDeletion(MemPartition* partition, DeletionTime deletion);
  void ApplyRangeTombstone(MemPartition* partition, const Bound& start, const Bound& end, DeletionTime deletion);
  MemRow* UpsertRow(MemPartition* partition, const Slice* clustering, size_t count);
  // Makes room beside a row that has no cells yet, so that what is read together lies together.
  void Expect(MemRow* row, size_t cells);
  MemRow* UpsertStaticRow(MemPartition* partition);
  void ApplyLiveness(MemRow* row, const Liveness& liveness);
  void ApplyRowDeletion(MemRow* row, DeletionTime deletion);
  void ApplyComplexDeletion(MemRow* row, uint16_t column, DeletionTime deletion);
  void ApplyCell(MemRow* row, const Cell& cell);

  // Applies a decoded mutation. REQUIRES: it was checked (MutationReader::Check) and names this table.
  void Apply(const MutationReader& mutation);

 private:
  friend class MemtableSource;
  friend class MemtableCursor;
  void TrackTimestamp(int64_t timestamp);
  void TrackDeletionTime(uint32_t seconds);
  MemCell* NewCell(const Cell& cell);
  void ReplaceCell(MemRow* row, size_t index, const Cell& cell);
  bool MergeCounter(MemRow* row, size_t index, const Cell& cell);
  MemRow* NewRow(const Slice* clustering, size_t count);
  RowExtra* ExtraOf(MemRow* row);
  PartitionExtra* ExtraOf(MemPartition* partition);

  const std::shared_ptr<const DescriptorPlan> plan_;
  Arena arena_;
  BTree partitions_;
  MemtableStats stats_;
  uint64_t version_ = 0;  // grows with every new partition: what a source remembers of its place is void then
  std::vector<uint8_t> scratch_;
};

class RowEncoder;
class RowFold;

// Rows that are taken where they lie, in one go: added to folds, or given.
struct RowRun {
  RowFold* fold = nullptr;        // null: rows are given
  RowEncoder* encoder = nullptr;  // of rows that are given, and where to
  Writer* out = nullptr;
  size_t bytes_max = SIZE_MAX;    // soft limit of out->size()
  uint32_t now_seconds = 0;
  uint32_t rows_max = 0;  // live rows to take at most
  uint32_t scan_max = 0;  // rows to look at, at most
  uint32_t rows = 0;      // live ones
  uint32_t scanned = 0;
  uint32_t tombstones = 0;
  const MemRow* last = nullptr;  // a bound was reached with this row; null: there are no more
};

// Reads a memtable as a Source, its columns mapped to those of the reading descriptor.
class MemtableSource : public Source {
 public:
  MemtableSource(std::shared_ptr<const Memtable> memtable, const DescriptorPtr& reading);
  Step Open(const DecoratedKey& key, bool reversed, MissList* misses, std::unique_ptr<PartitionCursor>* out) override;
  Step NextPartition(const DecoratedKey& from, bool strictly_after, MissList* misses, std::vector<uint8_t>* key_bytes,
                     DecoratedKey* out) override;
  int64_t max_timestamp() const override { return memtable_->stats().max_timestamp; }
  Status error() const override { return Status::Ok(); }
  void SetDescriptor(const DescriptorPtr& reading) override;

  const Memtable& memtable() const { return *memtable_; }
  // Open without an allocation: `cursor` is used again.
  bool OpenInto(const DecoratedKey& key, bool reversed, class MemtableCursor* cursor);
  // The partition's record, or null.
  const MemPartition* Find(const DecoratedKey& key);
  // Folds partitions from `from` on (memtable_walk.cc), as long as each is one row that no deletion of its partition covers: stops before the
  // first that is not, behind the end, and at the bounds of `run`. *last becomes the last that was folded; its key lives as long as the
  // memtable. Returns whether there is nothing more before the end.
  // REQUIRES: run->fold->plain(), bounds of `run` above 0, mapping() is empty, the plan has no dropped columns
  bool FoldSingles(const DecoratedKey& from, bool strictly_after, int64_t end_token, bool end_inclusive, RowRun* run,
                   DecoratedKey* last);
  // For each column of the memtable its index in the reading descriptor; -1: not there any more. Empty: they are the same.
  const std::vector<int32_t>& mapping() const { return mapping_; }

 private:
  // The first partition from `from` on, or behind it. Remembers it.
  BTreePlace PlaceFrom(const DecoratedKey& from, bool strictly_after);

  std::shared_ptr<const Memtable> memtable_;
  std::vector<int32_t> mapping_;
  // Where the last partition was found, so that a scan does not search from the root each time.
  BTreePlace place_;
  uint64_t place_version_ = 0;
};

}  // namespace ferrosa

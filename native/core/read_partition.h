// native/core/read_partition.h: reads the rows of one partition out of a table's memtables and SSTables.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "memtable_cursor.h"
#include "merge.h"
#include "fold.h"
#include "read_command.h"
#include "row_encoder.h"

namespace ferrosa {

struct StoreTable;

// Rows that are folded where they lie, for the price of one that is given.
inline constexpr uint32_t kFoldedRowsPerUnit = 16;

struct PartitionQuery {
  DecoratedKey key;
  std::span<const SliceBounds> slices;  // none: everything
  bool reversed = false;
  bool distinct = false;
  bool positions = false;
  bool unrestricted = false;
  uint32_t now_seconds = 0;
  std::span<const SelectedColumn> columns;
  uint32_t rows_max = 0;       // that this call may still give
  uint32_t partition_max = 0;  // rows of this partition, all calls together
  size_t bytes_max = 0;        // soft limit of out->size()
  RowFold* fold = nullptr;     // rows are added to it and not given
};

enum class PartitionState : uint8_t {
  kDone,     // the partition is read to its end
  kLimit,    // rows_max or bytes_max is reached; progress says where
  kYield,    // the budget is spent; progress says where
  kMiss,     // chunks are missing; progress says where
  kCorrupt,  // a source is damaged
};

// Keeps its buffers between reads; one a store.
class PartitionReader {
 public:
  // Appends rows to *out and counts them in *rows. *budget falls with what is scanned. Continues at *progress when that has a place.
  PartitionState Read(StoreTable* table, const PartitionQuery& query, PartitionProgress* progress, uint32_t* budget,
                      uint32_t* rows, Writer* out, MissList* misses);
  // The merged row of a full clustering (or the static row), before expiry is looked at; false in *found when nothing is left of it.
  // `covering`, if not null: what of the partition and of ranges deletes a regular row.
  PartitionState ReadRow(StoreTable* table, const DecoratedKey& key, bool is_static, std::span<const Slice> clustering,
                         Row* out, bool* found, DeletionTime* covering, MissList* misses);
  const Status& error() const { return error_; }

 private:
  // What a single row's sources gave so far.
  struct Point {
    size_t rows = 0;        // of spare_rows_ that are filled
    DeletionTime deletion;  // of partition and ranges
    uint32_t sources = 0;
  };
  PartitionState Fail(Step step, StoreTable* table);
  PartitionState ReadSlices(const PartitionQuery& query, PartitionProgress* progress, uint32_t* budget, uint32_t* rows, Writer* out,
                            StoreTable* table);
  PartitionState OpenAll(StoreTable* table, const PartitionQuery& query, PartitionProgress* progress, MissList* misses);
  PartitionState ReadSlice(const PartitionQuery& query, const SliceBounds* slice, PartitionProgress* progress, uint32_t* budget,
                           uint32_t* rows, Writer* out, StoreTable* table);
  PartitionState TakeSlice(const PartitionQuery& query, const SliceBounds* slice, PartitionProgress* progress, uint32_t* budget,
                           uint32_t* rows, Writer* out);
  bool SeekSlice(const PartitionQuery& query, const SliceBounds* slice, const PartitionProgress& progress, Step* step);
  PartitionState ReadPoint(StoreTable* table, const PartitionQuery& query, const Slice* clustering, PartitionProgress* progress,
                           uint32_t* rows, Writer* out, MissList* misses);
  // `query` null: no source is left out.
  PartitionState CollectPoint(StoreTable* table, const DecoratedKey& key, const PartitionQuery* query, const Slice* clustering,
                              Point* point, MissList* misses);
  Step PointFrom(PartitionCursor* cursor, const Slice* clustering, Point* point);
  void PointFromMemtable(MemtableSource* source, const DecoratedKey& key, const Slice* clustering, Point* point);
  Row* NextRow(const Point& point);
  bool PointIsComplete(const PartitionQuery& query, const Point& point, int64_t source_max) const;
  void Emit(const PartitionQuery& query, const Row* row, PartitionProgress* progress, uint32_t* rows, Writer* out);
  MemtableCursor* CursorAt(size_t i);
  bool PastEnd(const PartitionQuery& query, const SliceBounds* slice, const Unfiltered& item) const;

  std::shared_ptr<const DescriptorPlan> plan_;
  MergingCursor merger_;
  RowMerger rows_;
  RowEncoder encoder_;
  std::vector<std::unique_ptr<MemtableCursor>> cursors_;
  std::vector<std::unique_ptr<PartitionCursor>> opened_;
  std::vector<Row> spare_rows_;
  Unfiltered item_;
  bool has_item_ = false;
  Row static_row_;
  bool static_live_ = false;
  bool in_place_ = false;  // the partition's rows are all in cursors_[0], and are taken where they lie
  Row point_row_;
  std::vector<Row*> row_pointers_;
  Bound seek_;
  Writer folded_row_;
  Status error_;
};

}  // namespace ferrosa

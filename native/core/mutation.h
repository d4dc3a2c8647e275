// native/core/mutation.h: reads the mutation bytes of docs/format/mutation.md, bounds-checked, without copying.
#pragma once
#include <vector>

#include "descriptor_plan.h"
#include "unfiltered.h"

namespace ferrosa {

inline constexpr uint8_t kMutationFormat = 1;
inline constexpr uint8_t kMutationHasPartitionDeletion = 1;
enum MutationItem : uint8_t { kItemRow = 1, kItemStaticRow = 2, kItemRangeTombstone = 3 };
enum MutationRowFlag : uint8_t { kRowLiveness = 1, kRowLivenessTtl = 2, kRowDeletion = 4 };
enum MutationOperationFlag : uint8_t {
  kOperationTombstone = 1,
  kOperationTtl = 2,
  kOperationPath = 4,
  kOperationComplexDeletion = 8,
  kOperationCounterDelta = 16,
};

struct MutationHeader {
  Slice table_id;  // 16 bytes
  DecoratedKey key;
  DeletionTime partition_deletion;
  Slice items;
};

// Reads the header. Corrupt when the bytes are not a mutation.
Status ReadMutationHeader(Slice mutation, MutationHeader* out);

struct MutationRow {
  bool is_static = false;
  Liveness liveness;
  DeletionTime deletion;
  uint64_t operations = 0;
};

// One operation: a cell, the deletion of a multicell column, or a counter increment. `cell.column` is an index into the plan's columns,
// or kUnknownColumn for an id that the plan does not have: such operations are skipped (the column was dropped and forgotten).
inline constexpr uint16_t kUnknownColumn = 0xffff;
struct MutationOperation {
  enum Kind : uint8_t { kCell, kComplexDeletion, kCounterDelta } kind = kCell;
  Cell cell;  // of kComplexDeletion: column, timestamp, local_deletion_time
};

// Walks the items of a mutation. Use: while (NextItem) { if row: NextOperation exactly row().operations times }.
class MutationReader {
 public:
  // `header` as read before; both the plan and the bytes must outlive the reader.
  MutationReader(const DescriptorPlan& plan, const MutationHeader& header)
      : plan_(plan), header_(header), reader_(header.items) {}
  const MutationHeader& header() const { return header_; }
  // Decodes all of it. Corrupt when anything is out of bounds or does not fit the table (number of clustering values, a path in a simple
  // column, a column of the other kind of row). *has_deltas tells of counter increments.
  Status Check(bool* has_deltas) const;

  enum class Item { kRow, kRangeTombstone, kEnd, kBad };
  Item NextItem();
  bool NextOperation(MutationOperation* out);
  const MutationRow& row() const { return row_; }
  const ClusteringValues& clustering() const { return clustering_; }
  const Bound& start() const { return start_; }
  const Bound& end() const { return end_; }
  DeletionTime deletion() const { return deletion_; }

 private:
  bool ReadRow();
  bool ReadRange();
  bool Fits(const MutationOperation& operation) const;
  const DescriptorPlan& plan_;
  const MutationHeader header_;
  Reader reader_;
  MutationRow row_;
  ClusteringValues clustering_;
  Bound start_;
  Bound end_;
  DeletionTime deletion_;
};

// var n and the values; false past the end or when there are more than `max` values.
bool ReadClustering(Reader* reader, size_t max, ClusteringValues* out);
void WriteClustering(Writer* out, const Slice* values, size_t count);

}  // namespace ferrosa

// native/core/read_command.h: a parsed read command (docs/format/read-command.md) and the state of its execution.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "descriptor_plan.h"
#include "unfiltered.h"

namespace ferrosa {

enum class SelectedKind : uint8_t {
  kPartitionKey = 0,
  kClustering = 1,
  kValue = 2,
  kWritetime = 3,
  kTtl = 4,
  kMaxWritetime = 5,
  kToken = 6,
  kPaths = 7,
  kExpiry = 8,
};

// `which` is a key component's index, or an index into the descriptor's columns (kUnknownColumn shows null).
struct SelectedColumn {
  SelectedKind what = SelectedKind::kValue;
  uint16_t which = 0;
};

// An aggregate over the rows of a read.
enum class FoldKind : uint8_t {
  kRows = 0,    // how many rows
  kValues = 1,  // how many values that are not null
  kMin = 2,
  kMax = 3,
  kSum = 4,      // of whole numbers
  kNumbers = 5,  // how many values that are neither null nor empty
};
struct Fold {
  FoldKind kind = FoldKind::kRows;
  uint16_t column = 0;  // index of a selected column
};

struct SliceBounds {
  Bound start;
  Bound end;
};

// How far the read of one partition is.
struct PartitionProgress {
  uint32_t rows_given = 0;     // of this partition, by all calls
  bool has_resume = false;     // continue at `resume`
  Bound resume;
  std::vector<uint8_t> resume_bytes;  // what its prefix points into
  uint32_t tombstones = 0;
  uint32_t live_rows = 0;
  uint32_t sources = 0;        // SSTables that had the partition

  void Clear();
  void SetResume(BoundKind kind, const ClusteringValues& prefix);
};

// All slices point into the command's bytes.
struct ReadCommand {
  bool reversed = false;
  bool distinct = false;
  bool positions = false;
  bool unrestricted = false;
  Slice table_id;
  uint32_t now_seconds = 0;
  uint32_t row_limit = 0;
  uint32_t per_partition_limit = 0;
  uint32_t bytes_limit = 0;
  bool is_range = false;
  std::vector<DecoratedKey> keys;  // token computed here
  int64_t start_token = 0;
  int64_t end_token = 0;
  bool start_inclusive = true;
  bool end_inclusive = true;
  std::vector<SliceBounds> slices;  // in clustering order
  bool has_start_after = false;
  DecoratedKey after_key;
  bool after_has_clustering = false;
  ClusteringValues after_clustering;
  uint32_t after_rows = 0;  // given of that partition
  std::vector<SelectedColumn> columns;
  std::vector<Fold> folds;  // none: the rows themselves are wanted
};

// The table id of a command, null when the bytes are too short.
Slice ReadCommandTableId(Slice bytes);
// Invalid when the bytes are not a command for this table.
Status ParseReadCommand(const DescriptorPlan& plan, Slice bytes, ReadCommand* out);

// How much a call that reads did.
enum class ReadState : uint8_t {
  kDone,   // the output is complete
  kMiss,   // chunks are missing (listed); fetch them and call again
  kYield,  // the budget is spent; call again
};

// A read in progress: command, output so far, and where to go on. No iterator is kept between calls, so anything may happen to the table
// in between. Reusable by Start.
class RowFold;

class ReadOperation {
 public:
  ReadOperation();
  ~ReadOperation();
  // Takes a copy of the command.
  void Start(Slice command);
  Slice command_bytes() const { return Slice(bytes_); }
  // The row stream, after kDone.
  Slice output() const { return Slice(out_.bytes); }
  // After kDone.
  bool is_range() const { return command_.is_range; }
  uint32_t live_rows() const { return live_rows_; }
  uint32_t tombstones() const { return tombstones_; }
  uint32_t sources() const { return sources_; }

 private:
  friend class ReadExecutor;
  std::vector<uint8_t> bytes_;
  ReadCommand command_;
  DescriptorPtr parsed_for_;
  Writer out_;
  std::unique_ptr<RowFold> fold_;  // made for the first command that has folds
  uint32_t rows_ = 0;
  uint32_t partitions_ = 0;
  bool finished_ = false;
  bool more_ = false;  // a limit stopped it
  size_t key_index_ = 0;          // of a list of keys: the next or current one
  bool has_key_ = false;          // key_ is the current or the last partition
  bool in_partition_ = false;     // stopped inside it
  std::vector<uint8_t> key_;
  int64_t token_ = 0;
  PartitionProgress progress_;    // inside the partition
  uint32_t tombstones_ = 0;
  uint32_t live_rows_ = 0;
  uint32_t sources_ = 0;
  size_t run_at_ = 0;             // offset of the open run of rows in out_, 0 for none
};

}  // namespace ferrosa

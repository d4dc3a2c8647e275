// native/core/read_command.h: a parsed read command (docs/format/read-command.md) and the state of its execution.
#pragma once
#include <cstdint>
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
};

// `which` is a key component's index, or an index into the descriptor's columns (kUnknownColumn shows null).
struct SelectedColumn {
  SelectedKind what = SelectedKind::kValue;
  uint16_t which = 0;
};

struct SliceBounds {
  Bound start;
  Bound end;
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
};

// The table id of a command, null when the bytes are too short.
Slice ReadCommandTableId(Slice bytes);
// Invalid when the bytes are not a command for this table.
Status ParseReadCommand(const DescriptorPlan& plan, Slice bytes, ReadCommand* out);

// A read in progress: command, output so far, and where to go on. No iterator is kept between calls, so anything may happen to the table
// in between. Reusable by Start.
class ReadOperation {
 public:
  // Takes a copy of the command.
  void Start(Slice command);
  // The row stream, after kDone.
  Slice output() const { return Slice(out.bytes); }

  // Used by the executor only.
  std::vector<uint8_t> bytes;
  bool parsed = false;
  ReadCommand command;
  uint32_t version = 0;  // of the descriptor it was parsed for
  Writer out;
  uint32_t rows = 0;
  uint32_t partitions = 0;
  uint32_t tombstones = 0;
  uint32_t live_rows = 0;
  uint32_t sources = 0;
  size_t key_index = 0;               // kind 0: the next key
  bool in_partition = false;          // stopped inside the partition of `key`
  std::vector<uint8_t> key;           // current or last partition
  int64_t token = 0;
  bool has_key = false;
  uint32_t rows_in_partition = 0;
  bool resume_has_bound = false;      // inside the partition: continue at this bound
  Bound resume;
  std::vector<uint8_t> resume_bytes;  // what the bound's prefix points into
  bool finished = false;
  bool more = false;                  // a limit stopped it
  std::vector<uint8_t> position;      // encoded, for the header
};

}  // namespace ferrosa

// native/core/fold.h: aggregates over the rows of a read, so that a count of a million rows is one answer and not a million rows.
// Which they are and what their results look like: docs/format/read-command.md.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "descriptor_plan.h"
#include "read_command.h"

namespace ferrosa {

// The state of the folds of one read.
class RowFold {
 public:
  void Start(size_t folds) { states_.assign(folds, State{}); }
  // Adds one row: the command's columns in the cell encoding of the native protocol, as RowEncoder has written them.
  void Add(const DescriptorPlan& plan, const ReadCommand& command, Slice row);
  // Appends one cell a fold.
  void Finish(std::span<const Fold> folds, Writer* out) const;

 private:
  struct State {
    uint64_t count = 0;
    __int128 sum = 0;
    bool has_best = false;
    std::vector<uint8_t> best;
  };
  void AddValue(const DescriptorPlan& plan, const ReadCommand& command, const Fold& fold, Slice value, State* state);

  std::vector<State> states_;
  std::vector<Slice> cells_;  // of one row
};

}  // namespace ferrosa

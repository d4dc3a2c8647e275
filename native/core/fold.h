// native/core/fold.h: aggregates over the rows of a read, so that a count of a million rows is one answer and not a million rows.
// Which they are and what their results look like: docs/format/read-command.md.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "descriptor_plan.h"
#include "memtable_layout.h"
#include "read_command.h"

namespace ferrosa {

// The state of the folds of one read.
class RowFold {
 public:
  // What is folded. The spans must outlive the folding. May be called again when the columns have other indexes: the state stays.
  void Bind(const DescriptorPlan& plan, std::span<const SelectedColumn> columns, std::span<const Fold> folds);
  // Forgets what was added.
  void Reset() { states_.assign(inputs_.size(), State{}); }

  // Whether rows can be added as they are: all that is folded are values of simple regular columns and of clustering columns. Otherwise
  // AddEncoded is for them.
  bool plain() const { return plain_; }
  // Adds a live row. REQUIRES: plain()
  void AddRow(const Row& row, uint32_t now_seconds);
  // Adds a row of a memtable that no deletion covers, if it is live, and counts in *tombstones what of it is not. Returns whether it is.
  // REQUIRES: plain(), the memtable's columns are those of the plan, none of them was ever dropped, and the row has no deletion of its own
  bool AddMemRow(const MemRow& row, uint32_t now_seconds, uint32_t* tombstones);
  // Adds a live row: the columns in the cell encoding of the native protocol, as RowEncoder has written them.
  void AddEncoded(Slice row);

  // Appends one cell a fold.
  void Finish(Writer* out) const;
  // The results by themselves (hot_execute.cc): of a count, of a sum, of a smallest or largest value (false when there is none).
  uint64_t CountOf(size_t fold) const { return states_[fold].count; }
  __int128 SumOf(size_t fold) const { return states_[fold].sum; }
  bool BestOf(size_t fold, Writer* out) const;

 private:
  enum class From : uint8_t { kRow, kCell, kClustering, kEncoded };
  struct Input {
    FoldKind kind = FoldKind::kRows;
    From from = From::kRow;
    uint16_t which = 0;          // column or clustering column
    uint16_t place = 0;          // in an encoded row
    uint8_t width = 0;           // bytes of a signed whole number that orders as such; 0: `type` orders
    const Type* type = nullptr;  // null: whole numbers of any width
    int32_t next = -1;           // of a cell: another input of the same column
  };
  struct State {
    uint64_t count = 0;
    __int128 sum = 0;
    bool has_best = false;
    bool is_whole = false;  // the best is `whole`, not `best`
    int64_t whole = 0;
    std::vector<uint8_t> best;
  };
  void AddKeys(const MemRow& row);
  void AddValue(const Input& input, Slice value, State* state);
  void AddBest(const Input& input, Slice value, State* state);
  void AddCells(uint16_t column, Slice value) {
    for (int32_t i = by_column_[column]; i >= 0; i = inputs_[static_cast<size_t>(i)].next)
      AddValue(inputs_[static_cast<size_t>(i)], value, &states_[static_cast<size_t>(i)]);
  }

  bool plain_ = false;
  std::vector<Input> inputs_;
  std::vector<State> states_;
  std::vector<int32_t> by_column_;    // the first input of each column's cells, -1 for none
  std::vector<CellPlace> wanted_;
  std::vector<size_t> of_rows_;       // inputs that are of whole rows
  std::vector<size_t> of_clustering_;
  size_t clustering_used_ = 0;        // leading clustering columns that are looked at
  std::vector<Slice> keys_;           // leading clustering values of one row
  std::vector<Slice> cells_;          // of an encoded row
};

}  // namespace ferrosa

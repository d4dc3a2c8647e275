// native/core/row_encoder.h: writes a row's selected columns in the cell encoding of the native protocol.
#pragma once
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "descriptor_plan.h"
#include "memtable_layout.h"
#include "read_command.h"
#include "unfiltered.h"

namespace ferrosa {

class RowEncoder {
 public:
  // Prepares for the rows of one partition. The spans and slices must outlive the encoding.
  void Begin(const DescriptorPlan& plan, std::span<const SelectedColumn> columns, const DecoratedKey& key, uint32_t now_seconds);
  // Appends one row. `row` null: a row of static content only; `statics` null: no static content.
  void Encode(const Row* row, const Row* statics, Writer* out);

  // Prepares for rows as a memtable has them, after Begin. False when they have to be read first: something else is selected than keys, the
  // token and values of simple regular columns.
  bool BeginMemRows();
  // Appends a row of a memtable that no deletion covers, if it is live, and counts in *tombstones what of it is not. Returns whether it is.
  // REQUIRES: BeginMemRows(), the memtable's columns are those of the plan, none of them was ever dropped, and the row has no deletion of its own
  bool EncodeMemRow(const MemRow& row, uint32_t* tombstones, Writer* out);

 private:
  void Index(const Row& row);
  void Value(uint16_t column, Writer* out);
  void Multicell(const Column& column, const Cell* first, const Cell* end, Writer* out);
  void UserType(const Column& column, const Cell* first, const Cell* end, Writer* out);
  void Times(SelectedKind what, uint16_t column, Writer* out);
  void Paths(uint16_t column, Writer* out);
  void Expiry(const Row* row, Writer* out);
  const Cell* EndOf(uint16_t column) const;

  const DescriptorPlan* plan_ = nullptr;
  std::span<const SelectedColumn> columns_;
  DecoratedKey key_;
  uint32_t now_ = 0;
  std::vector<Slice> components_;     // of the partition key
  std::vector<const Cell*> first_;    // by column: its first cell in this row
  std::vector<uint16_t> touched_;
  // Of memtable rows: what is given for each selected column, and which of that changes from row to row.
  struct PartOfCell {
    size_t part;
    CellPlace place;
  };
  std::vector<Slice> parts_;
  std::vector<PartOfCell> cell_parts_;
  std::vector<std::pair<size_t, uint16_t>> clustering_parts_;  // part, clustering column
  std::vector<Slice> clustering_;  // the leading clustering values that are selected
  std::array<uint8_t, 8> token_;
  const Cell* row_end_ = nullptr;
  const Cell* static_end_ = nullptr;
};

// When the last of what makes the row be there expires; kNoDeletionTime when something of it never does. 0: nothing of it is live.
uint32_t RowExpiry(const DescriptorPlan& plan, const Row& row, uint32_t now_seconds);

// Whether the row is there for a reader: its liveness or a cell is live. Adds to *tombstones the cells that are not, or one for a row of which
// nothing but a deletion is left, as Cassandra counts them: not deletions under newer cells, such as every whole collection is written with.
bool RowIsLive(const DescriptorPlan& plan, const Row& row, uint32_t now_seconds, uint32_t* tombstones);

}  // namespace ferrosa

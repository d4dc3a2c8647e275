// native/core/row_encoder.h: writes a row's selected columns in the cell encoding of the native protocol.
#pragma once
#include <span>
#include <vector>

#include "descriptor_plan.h"
#include "read_command.h"
#include "unfiltered.h"

namespace ferrosa {

class RowEncoder {
 public:
  // Prepares for the rows of one partition. The spans and slices must outlive the encoding.
  void Begin(const DescriptorPlan& plan, std::span<const SelectedColumn> columns, const DecoratedKey& key, uint32_t now_seconds);
  // Appends one row. `row` null: a row of static content only; `statics` null: no static content.
  void Encode(const Row* row, const Row* statics, Writer* out);

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
  const Cell* row_end_ = nullptr;
  const Cell* static_end_ = nullptr;
};

// Whether the row is there for a reader: its liveness or a cell is live. Adds to *tombstones what is not.
bool RowIsLive(const DescriptorPlan& plan, const Row& row, uint32_t now_seconds, uint32_t* tombstones);

}  // namespace ferrosa

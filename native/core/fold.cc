#include "fold.h"

#include <algorithm>

#include "mutation.h"
#include "type_compare.h"

namespace ferrosa {
namespace {

// A big-endian whole number of 1, 2, 4 or 8 bytes; false for any other size (an empty value counts for nothing).
inline bool ReadWhole(Slice value, int64_t* out) {
  switch (value.size) {
    case 1:
      *out = static_cast<int8_t>(value.data[0]);
      return true;
    case 2:
      *out = static_cast<int16_t>(LoadBE<uint16_t>(value.data));
      return true;
    case 4:
      *out = static_cast<int32_t>(LoadBE<uint32_t>(value.data));
      return true;
    case 8:
      *out = static_cast<int64_t>(LoadBE<uint64_t>(value.data));
      return true;
    default:
      return false;
  }
}

uint8_t WholeWidth(TypeKind kind) {
  switch (kind) {
    case TypeKind::kTinyint:
      return 1;
    case TypeKind::kSmallint:
      return 2;
    case TypeKind::kInt:
      return 4;
    case TypeKind::kBigint:
    case TypeKind::kTimestamp:
      return 8;
    default:
      return 0;
  }
}

}  // namespace

void RowFold::Bind(const DescriptorPlan& plan, std::span<const SelectedColumn> columns, std::span<const Fold> folds) {
  const TableDescriptor& table = *plan.descriptor;
  inputs_.assign(folds.size(), Input{});
  if (states_.size() != folds.size()) states_.assign(folds.size(), State{});
  by_column_.assign(table.columns.size(), -1);
  of_rows_.clear();
  of_clustering_.clear();
  wanted_.clear();
  clustering_used_ = 0;
  plain_ = true;
  for (size_t i = 0; i < folds.size(); i++) {
    Input& input = inputs_[i];
    input.kind = folds[i].kind;
    const bool rows = input.kind == FoldKind::kRows;
    const SelectedColumn column = rows ? SelectedColumn{} : columns[folds[i].column];
    // A component of the key is never null.
    if (rows || (input.kind == FoldKind::kValues && column.what == SelectedKind::kPartitionKey)) {
      input.place = folds[i].column;
      of_rows_.push_back(i);
      continue;
    }
    input.from = From::kEncoded;
    input.place = folds[i].column;
    if (column.what == SelectedKind::kClustering) {
      input.from = From::kClustering;
      input.which = column.which;
      input.type = &table.clustering[column.which].type;
      of_clustering_.push_back(i);
      clustering_used_ = std::max(clustering_used_, size_t{column.which} + 1);
    } else if (column.what == SelectedKind::kPartitionKey) {
      input.type = &table.partition_key[column.which];
    } else if (column.what == SelectedKind::kValue && column.which != kUnknownColumn) {
      const Column& value = table.columns[column.which];
      input.type = &value.type;
      if (!value.multicell && !value.counter && !value.is_static) {
        input.from = From::kCell;
        input.which = column.which;
        input.next = by_column_[column.which];
        if (input.next < 0) wanted_.push_back({column.which, 0});
        by_column_[column.which] = static_cast<int32_t>(i);
      }
    }
    if (input.type != nullptr) input.width = WholeWidth(input.type->kind);
    if (input.from == From::kEncoded) plain_ = false;
  }
  keys_.resize(clustering_used_);
}

// `is_whole` while all values so far had the width of their type, which nearly all have.
void RowFold::AddBest(const Input& input, Slice value, State* state) {
  int64_t number;
  if (input.width != 0 && value.size == input.width && (state->is_whole || !state->has_best) && ReadWhole(value, &number)) {
    if (!state->has_best || (input.kind == FoldKind::kMin ? number < state->whole : number > state->whole)) state->whole = number;
    state->has_best = state->is_whole = true;
    return;
  }
  if (state->is_whole) {
    Writer bytes;
    for (int shift = 8 * (input.width - 1); shift >= 0; shift -= 8) bytes.U8(static_cast<uint8_t>(state->whole >> shift));
    state->best = std::move(bytes.bytes);
    state->is_whole = false;
  }
  if (state->has_best) {
    int order;
    int64_t x = 0, y = 0;
    const Slice best(state->best);
    if (input.type != nullptr) order = CompareValues(*input.type, value, best);
    else if (ReadWhole(value, &x) && ReadWhole(best, &y)) order = x < y ? -1 : x > y;
    else order = Compare(value, best);
    if (input.kind == FoldKind::kMin ? order >= 0 : order <= 0) return;
  }
  state->has_best = true;
  state->best.assign(value.data, value.data + value.size);
}

inline void RowFold::AddValue(const Input& input, Slice value, State* state) {
  switch (input.kind) {
    case FoldKind::kRows:
    case FoldKind::kValues:
      state->count++;
      return;
    case FoldKind::kNumbers:
      if (value.size > 0) state->count++;
      return;
    case FoldKind::kSum: {
      int64_t number;
      if (ReadWhole(value, &number)) state->sum += number;
      return;
    }
    case FoldKind::kMin:
    case FoldKind::kMax:
      AddBest(input, value, state);
      return;
  }
}

void RowFold::AddRow(const Row& row, uint32_t now_seconds) {
  for (const size_t i : of_rows_) states_[i].count++;
  for (const size_t i : of_clustering_) {
    const Slice value = row.clustering[inputs_[i].which];
    if (!value.is_null()) AddValue(inputs_[i], value, &states_[i]);
  }
  for (const Cell& cell : row.cells)
    if (by_column_[cell.column] >= 0 && cell.LiveAt(now_seconds)) AddCells(cell.column, cell.value);
}

bool RowFold::AddMemRow(const MemRow& row, uint32_t now_seconds, uint32_t* tombstones) {
  MemCell* const* cells = row.cells();
  // Most rows: nothing but live cells, of which only those are looked at that are wanted.
  const bool whole = row.extra == nullptr && !row.torn;
  if (whole && row.liveness_timestamp == kNoTimestamp && row.count == 0) return false;
  if (whole) {
    for (CellPlace& wanted : wanted_)
      if (const MemCell* cell = wanted.Find(cells, row.count); cell != nullptr) AddCells(wanted.column, cell->value());
    AddKeys(row);
    return true;
  }
  bool live = row.extra == nullptr ? row.liveness_timestamp != kNoTimestamp : row.liveness().LiveAt(now_seconds);
  uint32_t dead = 0;
  for (uint32_t i = 0; i < row.count; i++) {
    const MemCell& cell = *cells[i];
    if (!cell.LiveAt(now_seconds)) {
      dead++;
      continue;
    }
    live = true;
    if (by_column_[cell.column] >= 0) AddCells(cell.column, cell.value());
  }
  *tombstones += Tombstones(row, live, dead);
  if (live) AddKeys(row);
  return live;
}

void RowFold::AddKeys(const MemRow& row) {
  for (const size_t i : of_rows_) states_[i].count++;
  if (clustering_used_ == 0) return;
  row.ReadClustering(clustering_used_, keys_.data());
  for (const size_t i : of_clustering_) {
    const Slice value = keys_[inputs_[i].which];
    if (!value.is_null()) AddValue(inputs_[i], value, &states_[i]);
  }
}

void RowFold::AddEncoded(Slice row) {
  cells_.clear();
  for (size_t at = 0; at < row.size;) {
    const int32_t size = static_cast<int32_t>(LoadBE<uint32_t>(row.data + at));
    at += 4;
    cells_.push_back(size < 0 ? Slice() : Slice(row.data + at, static_cast<size_t>(size)));
    if (size > 0) at += static_cast<size_t>(size);
  }
  for (size_t i = 0; i < inputs_.size(); i++) {
    const Input& input = inputs_[i];
    if (input.kind == FoldKind::kRows) states_[i].count++;
    else if (!cells_[input.place].is_null()) AddValue(input, cells_[input.place], &states_[i]);
  }
}

bool RowFold::BestOf(size_t fold, Writer* out) const {
  const State& state = states_[fold];
  if (!state.has_best) return false;
  if (!state.is_whole) {
    out->Bytes(Slice(state.best));
    return true;
  }
  for (int shift = 8 * (inputs_[fold].width - 1); shift >= 0; shift -= 8) out->U8(static_cast<uint8_t>(state.whole >> shift));
  return true;
}

void RowFold::Finish(Writer* out) const {
  for (size_t i = 0; i < inputs_.size(); i++) {
    switch (inputs_[i].kind) {
      case FoldKind::kRows:
      case FoldKind::kValues:
      case FoldKind::kNumbers:
        out->BE<uint32_t>(8);
        out->BE<uint64_t>(states_[i].count);
        break;
      case FoldKind::kSum:
        out->BE<uint32_t>(16);
        out->BE<uint64_t>(static_cast<uint64_t>(states_[i].sum >> 64));
        out->BE<uint64_t>(static_cast<uint64_t>(states_[i].sum));
        break;
      case FoldKind::kMin:
      case FoldKind::kMax: {
        const size_t at = out->size();
        out->BE<uint32_t>(0xffffffffu);
        if (BestOf(i, out)) StoreBE(out->bytes.data() + at, static_cast<uint32_t>(out->size() - at - 4));
        break;
      }
    }
  }
}

}  // namespace ferrosa

#include "fold.h"

#include "mutation.h"
#include "type_compare.h"

namespace ferrosa {
namespace {

// A big-endian whole number of 1, 2, 4 or 8 bytes; false for any other size (an empty value counts for nothing).
bool ReadWhole(Slice value, int64_t* out) {
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

int CompareCells(const DescriptorPlan& plan, const SelectedColumn& column, Slice a, Slice b) {
  const TableDescriptor& table = *plan.descriptor;
  switch (column.what) {
    case SelectedKind::kPartitionKey:
      return CompareValues(table.partition_key[column.which], a, b);
    case SelectedKind::kClustering:
      return CompareValues(table.clustering[column.which].type, a, b);
    case SelectedKind::kValue:
      return column.which == kUnknownColumn ? 0 : CompareValues(table.columns[column.which].type, a, b);
    default: {
      // Tokens, write times and times to live are whole numbers.
      int64_t x = 0, y = 0;
      if (!ReadWhole(a, &x) || !ReadWhole(b, &y)) return Compare(a, b);
      return x < y ? -1 : x > y;
    }
  }
}

}  // namespace

void RowFold::AddValue(const DescriptorPlan& plan, const ReadCommand& command, const Fold& fold, Slice value, State* state) {
  switch (fold.kind) {
    case FoldKind::kRows:
    case FoldKind::kValues:
      state->count++;
      return;
    case FoldKind::kSum: {
      int64_t number;
      if (ReadWhole(value, &number)) state->sum += number;
      return;
    }
    case FoldKind::kMin:
    case FoldKind::kMax: {
      if (state->has_best) {
        const int order = CompareCells(plan, command.columns[fold.column], value, Slice(state->best));
        if (fold.kind == FoldKind::kMin ? order >= 0 : order <= 0) return;
      }
      state->has_best = true;
      state->best.assign(value.data, value.data + value.size);
      return;
    }
  }
}

void RowFold::Add(const DescriptorPlan& plan, const ReadCommand& command, Slice row) {
  cells_.clear();
  for (size_t at = 0; at < row.size;) {
    const int32_t size = static_cast<int32_t>(LoadBE<uint32_t>(row.data + at));
    at += 4;
    cells_.push_back(size < 0 ? Slice() : Slice(row.data + at, static_cast<size_t>(size)));
    if (size > 0) at += static_cast<size_t>(size);
  }
  for (size_t i = 0; i < command.folds.size(); i++) {
    const Fold& fold = command.folds[i];
    if (fold.kind == FoldKind::kRows) {
      states_[i].count++;
    } else if (!cells_[fold.column].is_null()) {
      AddValue(plan, command, fold, cells_[fold.column], &states_[i]);
    }
  }
}

void RowFold::Finish(std::span<const Fold> folds, Writer* out) const {
  for (size_t i = 0; i < folds.size(); i++) {
    const State& state = states_[i];
    switch (folds[i].kind) {
      case FoldKind::kRows:
      case FoldKind::kValues:
        out->BE<uint32_t>(8);
        out->BE<uint64_t>(state.count);
        break;
      case FoldKind::kSum:
        out->BE<uint32_t>(16);
        out->BE<uint64_t>(static_cast<uint64_t>(state.sum >> 64));
        out->BE<uint64_t>(static_cast<uint64_t>(state.sum));
        break;
      case FoldKind::kMin:
      case FoldKind::kMax:
        out->BE<uint32_t>(state.has_best ? static_cast<uint32_t>(state.best.size()) : 0xffffffffu);
        if (state.has_best) out->Bytes(Slice(state.best));
        break;
    }
  }
}

}  // namespace ferrosa

// Conditional writes of one row: the row is read, judged and written in one step of its shard (src/query/cas does the same in three).
#include "hot_execute.h"
#include "limits.h"
#include "type_compare.h"

namespace ferrosa {
namespace {

bool Compares(HotComparison comparison, int order) {
  switch (comparison) {
    case HotComparison::kEqual:
      return order == 0;
    case HotComparison::kNotEqual:
      return order != 0;
    case HotComparison::kLess:
      return order < 0;
    case HotComparison::kLessOrEqual:
      return order <= 0;
    case HotComparison::kGreater:
      return order > 0;
    case HotComparison::kGreaterOrEqual:
      return order >= 0;
  }
  return false;
}

// The cells of one row in the protocol's encoding.
bool SplitCells(Slice row, size_t count, std::vector<Slice>* out) {
  out->clear();
  Reader reader(row);
  for (size_t i = 0; i < count; i++) {
    uint32_t raw;
    Slice cell;
    if (!reader.U32(&raw)) return false;
    const int32_t n = static_cast<int32_t>(Swap(raw));
    if (n >= 0 && !reader.Bytes(static_cast<size_t>(n), &cell)) return false;
    out->push_back(cell);
  }
  return reader.left() == 0;
}

}  // namespace

bool HotExecutor::ResolveConditions(const TableDescriptor& table, const HotPlan& plan, Resolved* out) {
  for (const HotPlan::Condition& condition : plan.column_conditions) {
    const int column = table.IndexOf(condition.column_id);
    if (column < 0) return false;
    const Column& of = table.columns[static_cast<size_t>(column)];
    uint16_t shown = 0;
    while (shown < plan.shown && (plan.columns[shown].what != static_cast<uint8_t>(SelectedKind::kValue) ||
                                  plan.columns[shown].which != condition.column_id)) {
      shown++;
    }
    if (shown == plan.shown || of.multicell || of.counter || of.is_static) return false;
    out->conditions.push_back({condition.comparison, &of.type, shown, condition.slot});
  }
  return plan.conditions == HotConditions::kNone || plan.clustering.size() == table.clustering.size();
}

bool HotExecutor::Holds(const Resolved& r) const {
  for (const Resolved::Condition& condition : r.conditions) {
    const Slice current = current_cells_.empty() ? Slice() : current_cells_[condition.shown];
    const Slice wanted = Value(condition.slot).bytes;
    if (wanted.is_null()) {
      if (current.is_null() != (condition.comparison == HotComparison::kEqual)) return false;
    } else if (current.is_null()) {
      if (condition.comparison != HotComparison::kNotEqual) return false;
    } else if (!Compares(condition.comparison, CompareValues(*condition.type, current, wanted))) {
      return false;
    }
  }
  return true;
}

// One row: whether it was applied, and if not what is there.
void HotExecutor::PutAnswer(const HotHead& head, bool applied, Writer* out) const {
  const size_t at = out->size();
  const bool v5 = head.version >= 5;
  const bool shows = !applied && !current_cells_.empty();
  const std::vector<uint8_t>& metadata = shows ? (v5 ? plan_->metadata_v5 : plan_->metadata_v4)
                                               : (v5 ? plan_->applied_v5 : plan_->applied_v4);
  out->LE<uint32_t>(head.connection);
  out->bytes.resize(out->size() + kEnvelopeHeaderBytes);
  out->BE<uint32_t>(kResultRows);
  out->Bytes(Slice(metadata));
  out->BE<uint32_t>(1);
  out->BE<uint32_t>(1);
  out->U8(applied ? 1 : 0);
  for (size_t i = 0; shows && i < plan_->shown; i++) {
    const Slice cell = current_cells_[i];
    out->BE<uint32_t>(cell.is_null() ? UINT32_MAX : static_cast<uint32_t>(cell.size));
    if (cell.size > 0) out->Bytes(cell);
  }
  StoreResponseHeader(out->bytes.data() + at + 4, head.version, head.stream, kOpcodeResult,
                      static_cast<uint32_t>(out->size() - at - 4 - kEnvelopeHeaderBytes));
}

HotOutcome HotExecutor::Decide(const HotHead& head, HotTime* time, bool* applies, Writer* frame, MissList* misses) {
  const Resolved* r = Resolve();
  if (r == nullptr || !MakeRead(head, time->now_seconds(), &read_)) return HotOutcome::kDecline;
  read_.columns = r->columns;
  current_.bytes.clear();
  current_cells_.clear();
  HotReadResult result;
  ReadState state = ReadState::kDone;
  const Status status = store_->ReadPartition(r->table, read_, &current_, &result, &state, misses);
  if (!status.ok() || state == ReadState::kYield || result.rows > 1 || result.tombstones > kHotTombstonesMax) return HotOutcome::kDecline;
  if (state == ReadState::kMiss) return HotOutcome::kMiss;
  if (result.rows == 1 && !SplitCells(Slice(current_.bytes), r->columns.size(), &current_cells_)) return HotOutcome::kDecline;
  figures_ = {r->table, result.rows, result.tombstones, result.sources};
  const bool exists = result.rows == 1;
  *applies = plan_->conditions == HotConditions::kExists      ? exists
             : plan_->conditions == HotConditions::kNotExists ? !exists
                                                              : Holds(*r);
  if (!*applies) {
    PutAnswer(head, false, frame);
    return HotOutcome::kDone;
  }
  // A conditional update is to be seen, also where cells are there that are newer than the clock.
  for (size_t i = plan_->shown; i < current_cells_.size(); i++) {
    if (current_cells_[i].size != 8) continue;
    const int64_t newest = LoadBE<int64_t>(current_cells_[i].data);
    if (newest >= time->timestamp && newest < INT64_MAX) time->timestamp = newest + 1;
  }
  return HotOutcome::kDone;
}

}  // namespace ferrosa

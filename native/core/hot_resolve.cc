// The columns of a hot plan in the tables as they are now.
#include <algorithm>

#include "hot_execute.h"

namespace ferrosa {

bool HotExecutor::ResolveWrite(const TableDescriptor& table, const HotPlan& plan, Resolved* out) {
  const bool counters = (plan.flags & kHotCounter) != 0;
  for (const HotPlan::Value& value : plan.values) {
    const int index = table.IndexOf(value.column_id);
    if (index < 0) return false;
    const Column& column = table.columns[static_cast<size_t>(index)];
    if (column.multicell || column.counter || column.dropped) return false;
    (column.is_static ? out->statics : out->regulars).values.push_back({static_cast<uint16_t>(index), value.slot});
  }
  for (const HotPlan::Operation& operation : plan.operations) {
    const int index = table.IndexOf(operation.column_id);
    if (index < 0) return false;
    const Column& column = table.columns[static_cast<size_t>(index)];
    const bool counts = operation.kind == HotOperation::kIncrement || operation.kind == HotOperation::kDecrement;
    if (column.dropped || column.counter != counts || column.multicell == counts || counters != counts) return false;
    const bool by_path = operation.kind == HotOperation::kElement || operation.kind == HotOperation::kDiscard;
    if (column.type.kind == TypeKind::kList && by_path) return false;
    if (column.type.kind == TypeKind::kUdt && operation.kind != HotOperation::kElement && operation.kind != HotOperation::kClear) return false;
    (column.is_static ? out->statics : out->regulars)
        .operations.push_back({operation.kind, column.type.kind, static_cast<uint16_t>(index), operation.key_slot, operation.value_slot});
  }
  if (counters && !(out->statics.values.empty() && out->regulars.values.empty())) return false;
  const auto by_column = [](const auto& a, const auto& b) { return a.column < b.column; };
  for (Resolved::Part* part : {&out->statics, &out->regulars}) {
    std::sort(part->values.begin(), part->values.end(), by_column);
    std::stable_sort(part->operations.begin(), part->operations.end(), by_column);
  }
  return true;
}

bool HotExecutor::ResolveColumns(const TableDescriptor& table, const HotPlan& plan, Resolved* out) {
  out->statics.Clear();
  out->regulars.Clear();
  out->columns.clear();
  out->indexes.clear();
  out->views.clear();
  out->conditions.clear();
  if (!ResolveWrite(table, plan, out) || !ResolveIndexes(plan, out) || !ResolveViews(plan, out)) return false;
  for (const HotPlan::Selected& selected : plan.columns) {
    SelectedColumn column;
    column.what = static_cast<SelectedKind>(selected.what);
    column.which = selected.which;
    switch (column.what) {
      case SelectedKind::kPartitionKey:
        if (selected.which >= table.partition_key.size()) return false;
        break;
      case SelectedKind::kClustering:
        if (selected.which >= table.clustering.size()) return false;
        break;
      case SelectedKind::kToken:
        break;
      case SelectedKind::kValue:
      case SelectedKind::kWritetime:
      case SelectedKind::kTtl:
      case SelectedKind::kMaxWritetime: {
        const int index = table.IndexOf(selected.which);
        if (index < 0) return false;
        column.which = static_cast<uint16_t>(index);
        break;
      }
      default:
        return false;
    }
    out->columns.push_back(column);
  }
  if (plan.kind == HotKind::kIndexRead) {
    // Behind what is shown: the value that an entry must still be true of.
    const int index = table.IndexOf(plan.index.column_id);
    if (index < 0) return false;
    const Column& column = table.columns[static_cast<size_t>(index)];
    out->columns.push_back({SelectedKind::kValue, static_cast<uint16_t>(index)});
    return !column.multicell && !column.counter && !column.is_static && !column.dropped;
  }
  if (plan.partition_key.size() != table.partition_key.size() || plan.clustering.size() > table.clustering.size()) return false;
  return ResolveConditions(table, plan, out);
}

// Also true when the table of an index or a view is another than it was.
bool HotExecutor::IsStale(const Resolved& r) const {
  const auto differs = [&](const std::array<uint8_t, 16>& id, const auto& was) {
    StoreTable* table = store_->Find(id.data());
    return table != was.table || (table != nullptr && table->descriptor.get() != was.descriptor);
  };
  for (size_t i = 0; i < r.indexes.size(); i++)
    if (differs(plan_->indexes[i].table_id, r.indexes[i])) return true;
  for (size_t i = 0; i < r.views.size(); i++)
    if (differs(plan_->views[i].table_id, r.views[i])) return true;
  return false;
}

const HotExecutor::Resolved* HotExecutor::Resolve() {
  StoreTable* table = store_->Find(plan_->table_id.data());
  if (table == nullptr || table->descriptor->version != plan_->table_version) return nullptr;
  if (resolved_.size() <= plan_->number) resolved_.resize(plan_->number + 1);
  Resolved& r = resolved_[plan_->number];
  if (r.plan != plan_->serial || r.table != table || r.descriptor != table->descriptor.get() || IsStale(r)) {
    r.plan = plan_->serial;
    r.table = table;
    r.descriptor = table->descriptor.get();
    r.valid = ResolveColumns(*table->descriptor, *plan_, &r);
  }
  return r.valid ? &r : nullptr;
}

}  // namespace ferrosa

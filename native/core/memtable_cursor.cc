#include "memtable_cursor.h"

#include <algorithm>

#include "merge.h"

namespace ferrosa {

void MemtableCursor::Open(const MemtableSource* source, const MemPartition* partition, bool reversed) {
  source_ = source;
  plan_ = &source->memtable().plan();
  partition_ = partition;
  extra_ = partition->extra;
  reversed_ = reversed;
  single_ = nullptr;
  place_ = {};
  if (!partition->has_tree) single_ = partition->single;
  else place_ = reversed ? partition->tree->Last() : partition->tree->First();
  step_count_ = extra_ == nullptr ? 0 : extra_->step_count;
  step_ = reversed ? step_count_ - 1 : 0;
  open_ = {};
  pending_ = false;
  values_.resize(plan_->clustering_count);
}

DeletionTime MemtableCursor::partition_deletion() const { return extra_ == nullptr ? DeletionTime{} : extra_->deletion; }

void MemtableCursor::ReadRow(const MemRow& row, bool is_static, Row* out) const {
  out->Clear();
  out->is_static = is_static;
  if (!is_static && plan_->clustering_count > 0) {
    out->clustering.resize(plan_->clustering_count);
    row.ReadClustering(plan_->clustering_count, out->clustering.data());
  }
  out->liveness = row.liveness();
  out->deletion = row.deletion();
  if (row.extra != nullptr)
    out->complex_deletions.assign(row.extra->complex, row.extra->complex + row.extra->complex_count);
  MemCell* const* cells = row.cells();
  for (uint32_t i = 0; i < row.count; i++) cells[i]->Read(&out->cells.emplace_back());
}

void MemtableCursor::MapColumns(Row* row) const {
  const std::vector<int32_t>& mapping = source_->mapping();
  if (mapping.empty()) return;
  const auto unknown = [&](const auto& item) { return mapping[item.column] < 0; };
  std::erase_if(row->cells, unknown);
  std::erase_if(row->complex_deletions, unknown);
  for (Cell& cell : row->cells) cell.column = static_cast<uint16_t>(mapping[cell.column]);
  for (ComplexDeletion& d : row->complex_deletions) d.column = static_cast<uint16_t>(mapping[d.column]);
  // An ALTER does not change the order of the columns that stay, except when a name is used again.
  const auto by_column = [](const auto& a, const auto& b) { return a.column < b.column; };
  if (!std::is_sorted(row->cells.begin(), row->cells.end(), by_column))
    std::stable_sort(row->cells.begin(), row->cells.end(), by_column);
  if (!std::is_sorted(row->complex_deletions.begin(), row->complex_deletions.end(), by_column))
    std::stable_sort(row->complex_deletions.begin(), row->complex_deletions.end(), by_column);
}

Step MemtableCursor::StaticRow(Row* out) {
  if (extra_ == nullptr || extra_->static_row == nullptr) return Step::kEnd;
  ReadRow(*extra_->static_row, true, out);
  MapColumns(out);
  return Step::kItem;
}

void MemtableCursor::AdvanceRow() {
  if (single_ != nullptr) single_ = nullptr;
  else if (reversed_) place_.Previous();
  else place_.Next();
}

void MemtableCursor::EmitStep(Unfiltered* out) {
  const RangeStep& step = extra_->steps[step_];
  Marker& m = out->marker;
  out->is_row = false;
  step.ReadPrefix(&m.bound.prefix);
  m.close = AfterStep(step_ - 1);
  m.open = step.after;
  const bool before = step.side < 0;
  if (m.close.live()) m.bound.kind = before ? BoundKind::kInclStart : BoundKind::kExclStart;
  else if (m.open.live()) m.bound.kind = before ? BoundKind::kExclEnd : BoundKind::kInclEnd;
  else m.bound.kind = before ? BoundKind::kExclEndInclStart : BoundKind::kInclEndExclStart;
  open_ = reversed_ ? m.close : m.open;
  step_ += reversed_ ? -1 : 1;
}

bool MemtableCursor::EmitRow(Unfiltered* out) {
  const MemRow& row = *CurrentRow();
  out->is_row = true;
  ReadRow(row, false, &out->row);
  AdvanceRow();
  if (extra_ != nullptr) {
    const DeletionTime& partition = extra_->deletion;
    // The plan is the memtable's own, and knows its columns only.
    if (!CleanRow(*plan_, open_.Supersedes(partition) ? open_ : partition, &out->row)) return false;
  }
  MapColumns(&out->row);
  const Row& r = out->row;
  return !r.liveness.empty() || !r.deletion.live() || !r.cells.empty() || !r.complex_deletions.empty();
}

Step MemtableCursor::Next(Unfiltered* out) {
  if (pending_) {
    pending_ = false;
    out->is_row = false;
    out->marker = pending_marker_;
    return Step::kItem;
  }
  for (;;) {
    if (!HasStep()) {
      if (!HasRow()) return Step::kEnd;
      if (EmitRow(out)) return Step::kItem;
      continue;
    }
    if (HasRow()) {
      const RangeStep& step = extra_->steps[step_];
      step.ReadPrefix(&prefix_);
      CurrentRow()->ReadClustering(values_.size(), values_.data());
      const int c = plan_->CompareBounds(step.side < 0 ? BoundKind::kInclStart : BoundKind::kExclStart, prefix_.data(),
                                         prefix_.size(), BoundKind::kClustering, values_.data(), values_.size());
      if (reversed_ ? c < 0 : c > 0) {
        if (EmitRow(out)) return Step::kItem;
        continue;
      }
    }
    EmitStep(out);
    return Step::kItem;
  }
}

BTreePlace MemtableCursor::FirstFrom(const Bound& bound) {
  const bool has_prefix = !bound.prefix.empty();
  const uint64_t prefix = has_prefix ? plan_->ClusteringPrefix(bound.prefix[0]) : 0;
  return partition_->tree->LowerBound([&](const BTreeEntry& e) {
    if (has_prefix && e.prefix != prefix) return e.prefix < prefix ? -1 : 1;
    static_cast<const MemRow*>(e.item)->ReadClustering(values_.size(), values_.data());
    return -plan_->CompareBoundToClustering(bound, values_.data(), values_.size());
  });
}

void MemtableCursor::SeekRows(const Bound& bound) {
  if (!HasRow()) return;
  if (single_ != nullptr) {
    single_->ReadClustering(values_.size(), values_.data());
    const int c = plan_->CompareBoundToClustering(bound, values_.data(), values_.size());
    if (reversed_ ? c < 0 : c > 0) single_ = nullptr;
    return;
  }
  const BTreePlace found = FirstFrom(bound);
  if (!reversed_) {
    place_ = found;
    return;
  }
  if (!found.valid()) {
    place_ = partition_->tree->Last();
    return;
  }
  place_ = found;
  // A bound equals no clustering, except a full clustering itself: that one is at it.
  static_cast<const MemRow*>(found.entry().item)->ReadClustering(values_.size(), values_.data());
  if (plan_->CompareBoundToClustering(bound, values_.data(), values_.size()) != 0) place_.Previous();
}

void MemtableCursor::SeekSteps(const Bound& bound) {
  if (step_count_ == 0) return;
  int64_t low = 0, high = step_count_;  // first step after the bound (forward), at or after it (reversed)
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    const RangeStep& step = extra_->steps[middle];
    step.ReadPrefix(&prefix_);
    const int c = plan_->CompareBounds(step.side < 0 ? BoundKind::kInclStart : BoundKind::kExclStart, prefix_.data(),
                                       prefix_.size(), bound.kind, bound.prefix.data(), bound.prefix.size());
    if (reversed_ ? c < 0 : c <= 0) low = middle + 1;
    else high = middle;
  }
  step_ = reversed_ ? low - 1 : low;
  open_ = AfterStep(low - 1);
  if (open_.live()) return;
  pending_ = true;
  Marker& m = pending_marker_;
  m = {};
  m.bound.prefix = bound.prefix;
  const bool before = SideOf(bound.kind) < 0;
  if (reversed_) {
    m.close = open_;
    m.bound.kind = before ? BoundKind::kExclEnd : BoundKind::kInclEnd;
  } else {
    m.open = open_;
    m.bound.kind = before ? BoundKind::kInclStart : BoundKind::kExclStart;
  }
  // The bound may be gone when the marker is used.
  size_t bytes = 0;
  for (const Slice& v : bound.prefix) bytes += v.size;
  pending_bytes_.clear();
  pending_bytes_.reserve(bytes + 1);
  for (Slice& v : m.bound.prefix) {
    if (v.is_null()) continue;
    const size_t at = pending_bytes_.size();
    pending_bytes_.insert(pending_bytes_.end(), v.data, v.data + v.size);
    v.data = pending_bytes_.data() + at;
  }
}

bool MemtableCursor::RowAt(const Slice* clustering, Row* out, DeletionTime* covering) {
  *covering = {};
  const size_t n = plan_->clustering_count;
  if (step_count_ > 0) {
    int64_t low = 0, high = step_count_;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      const RangeStep& step = extra_->steps[middle];
      step.ReadPrefix(&prefix_);
      const int c = plan_->CompareBounds(step.side < 0 ? BoundKind::kInclStart : BoundKind::kExclStart, prefix_.data(),
                                         prefix_.size(), BoundKind::kClustering, clustering, n);
      if (c < 0) low = middle + 1;
      else high = middle;
    }
    *covering = AfterStep(low - 1);
  }
  const MemRow* row = nullptr;
  if (!partition_->has_tree) {
    row = partition_->single;
    if (row == nullptr) return false;
    row->ReadClustering(n, values_.data());
    if (plan_->CompareClusterings(values_.data(), clustering) != 0) return false;
  } else {
    const uint64_t prefix = plan_->ClusteringPrefix(clustering[0]);
    const auto compare = [&](const BTreeEntry& e) {
      if (e.prefix != prefix) return e.prefix < prefix ? -1 : 1;
      static_cast<const MemRow*>(e.item)->ReadClustering(n, values_.data());
      return plan_->CompareClusterings(values_.data(), clustering);
    };
    const BTreePlace place = partition_->tree->LowerBound(compare);
    if (!place.valid() || compare(place.entry()) != 0) return false;
    row = static_cast<const MemRow*>(place.entry().item);
  }
  ReadRow(*row, false, out);
  MapColumns(out);
  return true;
}

Step MemtableCursor::Seek(const Bound& bound) {
  pending_ = false;
  SeekRows(bound);
  SeekSteps(bound);
  return Step::kItem;
}

}  // namespace ferrosa

// Merging rows of one clustering, and what deletions do to a row.
#include <algorithm>

#include "counter.h"
#include "merge.h"

namespace ferrosa {

bool SecondWins(const Cell& a, const Cell& b) {
  if (a.timestamp != b.timestamp) return b.timestamp > a.timestamp;
  // On a tie what is or will be a tombstone wins, so that the result does not depend on when it is computed (CASSANDRA-14592).
  const bool timed_a = a.local_deletion_time != kNoDeletionTime;
  const bool timed_b = b.local_deletion_time != kNoDeletionTime;
  if (timed_a != timed_b) return timed_b;
  if (timed_a) {
    const bool expiring_a = a.ttl != kNoTtl;
    const bool expiring_b = b.ttl != kNoTtl;
    if (expiring_a != expiring_b) return expiring_a;
    if (a.local_deletion_time != b.local_deletion_time) return b.local_deletion_time > a.local_deletion_time;
  }
  return Compare(b.value, a.value) > 0;
}

bool LivenessSupersedes(const Liveness& a, const Liveness& b) {
  if (a.timestamp != b.timestamp) return a.timestamp > b.timestamp;
  const bool expiring_a = a.ttl != kNoTtl;
  const bool expiring_b = b.ttl != kNoTtl;
  if (expiring_a != expiring_b) return expiring_a;
  return expiring_a && a.expires_at > b.expires_at;
}

bool CleanRow(const DescriptorPlan& plan, const DeletionTime& partition_or_range, Row* row) {
  DeletionTime active = partition_or_range;
  if (row->deletion.Supersedes(active)) active = row->deletion;
  else row->deletion = {};
  if (active.live() && row->complex_deletions.empty() && !plan.any_dropped)
    return !row->liveness.empty() || !row->cells.empty();
  if (!active.live() && active.Deletes(row->liveness.timestamp)) row->liveness = {};
  auto& complex = row->complex_deletions;
  std::erase_if(complex, [&](const ComplexDeletion& d) {
    return !d.deletion.Supersedes(active) || d.deletion.marked_for_delete_at <= plan.dropped_at[d.column];
  });
  size_t next = 0;
  std::erase_if(row->cells, [&](const Cell& cell) {
    if (active.Deletes(cell.timestamp) || cell.timestamp <= plan.dropped_at[cell.column]) return true;
    while (next < complex.size() && complex[next].column < cell.column) next++;
    return next < complex.size() && complex[next].column == cell.column && complex[next].deletion.Deletes(cell.timestamp);
  });
  return !row->liveness.empty() || !row->deletion.live() || !row->cells.empty() || !complex.empty();
}

void RowMerger::AddReconciled(const DescriptorPlan& plan, const Cell& a, const Cell& b, Row* out) {
  if (!plan.descriptor->columns[a.column].counter) {
    out->cells.push_back(SecondWins(a, b) ? b : a);
    return;
  }
  if (a.tombstone || b.tombstone) {
    const bool second = a.tombstone != b.tombstone ? b.tombstone : b.timestamp > a.timestamp;
    out->cells.push_back(second ? b : a);
    return;
  }
  if (contexts_used_ == contexts_.size()) contexts_.emplace_back();
  std::vector<uint8_t>& merged = contexts_[contexts_used_++];
  MergeCounterContexts(a.value, b.value, &merged);
  Cell cell = a;
  cell.timestamp = std::max(a.timestamp, b.timestamp);
  cell.value = Slice(merged);
  out->cells.push_back(cell);
}

void RowMerger::MergeTwo(const DescriptorPlan& plan, const Row& a, const Row& b, Row* out) {
  out->Clear();
  out->clustering = a.clustering;
  out->is_static = a.is_static;
  out->liveness = LivenessSupersedes(b.liveness, a.liveness) ? b.liveness : a.liveness;
  out->deletion = b.deletion.Supersedes(a.deletion) ? b.deletion : a.deletion;
  size_t i = 0, j = 0;
  const auto& ca = a.complex_deletions;
  const auto& cb = b.complex_deletions;
  while (i < ca.size() || j < cb.size()) {
    if (j == cb.size() || (i < ca.size() && ca[i].column < cb[j].column)) out->complex_deletions.push_back(ca[i++]);
    else if (i == ca.size() || cb[j].column < ca[i].column) out->complex_deletions.push_back(cb[j++]);
    else {
      out->complex_deletions.push_back(cb[j].deletion.Supersedes(ca[i].deletion) ? cb[j] : ca[i]);
      i++, j++;
    }
  }
  // What a deletion covers must go before cells are compared: a counter's contexts would merge with what was deleted.
  const auto deleted = [&](const Cell& cell) {
    if (out->deletion.Deletes(cell.timestamp)) return true;
    for (const ComplexDeletion& d : out->complex_deletions)
      if (d.column == cell.column) return d.deletion.Deletes(cell.timestamp);
    return false;
  };
  const bool clean = !out->deletion.live() || !out->complex_deletions.empty();
  i = j = 0;
  while (i < a.cells.size() || j < b.cells.size()) {
    if (clean && i < a.cells.size() && deleted(a.cells[i])) {
      i++;
      continue;
    }
    if (clean && j < b.cells.size() && deleted(b.cells[j])) {
      j++;
      continue;
    }
    int c;
    if (i == a.cells.size()) c = 1;
    else if (j == b.cells.size()) c = -1;
    else {
      c = static_cast<int>(a.cells[i].column) - static_cast<int>(b.cells[j].column);
      if (c == 0) c = plan.ComparePaths(a.cells[i].column, a.cells[i].path, b.cells[j].path);
    }
    if (c < 0) out->cells.push_back(a.cells[i++]);
    else if (c > 0) out->cells.push_back(b.cells[j++]);
    else AddReconciled(plan, a.cells[i++], b.cells[j++], out);
  }
}

bool RowMerger::Merge(const DescriptorPlan& plan, Row* const* rows, size_t count, const DeletionTime& active, Row* out) {
  contexts_used_ = 0;
  // Covered cells go first, for the reason given in MergeTwo.
  if (count > 1)
    for (size_t i = 0; i < count; i++) CleanRow(plan, active, rows[i]);
  std::swap(*out, *rows[0]);
  for (size_t i = 1; i < count; i++) {
    MergeTwo(plan, *out, *rows[i], &spare_);
    std::swap(*out, spare_);
  }
  return CleanRow(plan, active, out);
}

}  // namespace ferrosa

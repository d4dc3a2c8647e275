#include "merge.h"

#include <algorithm>

namespace ferrosa {

void MergingCursor::Reset(std::shared_ptr<const DescriptorPlan> plan, bool reversed) {
  plan_ = std::move(plan);
  reversed_ = reversed;
  partition_deletion_ = {};
  for (size_t i = 0; i < count_; i++) inputs_[i]->owned.reset();
  count_ = 0;
}

void MergingCursor::Add(PartitionCursor* cursor) {
  if (count_ == inputs_.size()) inputs_.push_back(std::make_unique<Input>());
  Input& input = *inputs_[count_++];
  input.cursor = cursor;
  input.has_head = input.ended = false;
  input.open = {};
  const DeletionTime deletion = cursor->partition_deletion();
  if (deletion.Supersedes(partition_deletion_)) partition_deletion_ = deletion;
}

void MergingCursor::Add(std::unique_ptr<PartitionCursor> cursor) {
  Add(cursor.get());
  inputs_[count_ - 1]->owned = std::move(cursor);
}

Step MergingCursor::StaticRow(Row* out) {
  if (static_rows_.size() < count_) static_rows_.resize(count_);
  rows_.clear();
  for (size_t i = 0; i < count_; i++) {
    const Step step = inputs_[i]->cursor->StaticRow(&static_rows_[i]);
    if (step == Step::kEnd) continue;
    if (step != Step::kItem) return step;
    rows_.push_back(&static_rows_[i]);
  }
  if (rows_.empty()) return Step::kEnd;
  return static_merger_.Merge(*plan_, rows_.data(), rows_.size(), partition_deletion_, out) ? Step::kItem : Step::kEnd;
}

Step MergingCursor::Fill() {
  for (size_t i = 0; i < count_; i++) {
    Input& input = *inputs_[i];
    if (input.has_head || input.ended) continue;
    const Step step = input.cursor->Next(&input.head);
    if (step == Step::kEnd) input.ended = true;
    else if (step != Step::kItem) return step;
    else input.has_head = true;
  }
  return Step::kItem;
}

int MergingCursor::CompareHeads(const Unfiltered& a, const Unfiltered& b) const {
  const BoundKind kind_a = a.is_row ? BoundKind::kClustering : a.marker.bound.kind;
  const BoundKind kind_b = b.is_row ? BoundKind::kClustering : b.marker.bound.kind;
  const ClusteringValues& values_a = a.is_row ? a.row.clustering : a.marker.bound.prefix;
  const ClusteringValues& values_b = b.is_row ? b.row.clustering : b.marker.bound.prefix;
  const int c = plan_->CompareBounds(kind_a, values_a.data(), values_a.size(), kind_b, values_b.data(), values_b.size());
  return reversed_ ? -c : c;
}

size_t MergingCursor::FindLowest() {
  lowest_.clear();
  for (size_t i = 0; i < count_; i++) {
    if (!inputs_[i]->has_head) continue;
    const int c = lowest_.empty() ? 0 : CompareHeads(inputs_[i]->head, inputs_[lowest_[0]]->head);
    if (c < 0) lowest_.clear();
    if (c <= 0) lowest_.push_back(i);
  }
  return lowest_.size();
}

DeletionTime MergingCursor::OpenInMerged() const {
  DeletionTime open;
  for (size_t i = 0; i < count_; i++)
    if (inputs_[i]->open.Supersedes(open)) open = inputs_[i]->open;
  // One that the partition deletion covers is not open.
  return open.Supersedes(partition_deletion_) ? open : DeletionTime{};
}

bool MergingCursor::MergeMarkers(Unfiltered* out) {
  const DeletionTime before = OpenInMerged();
  const Bound& bound = inputs_[lowest_[0]]->head.marker.bound;
  for (const size_t i : lowest_) {
    const Marker& m = inputs_[i]->head.marker;
    inputs_[i]->open = reversed_ ? m.close : m.open;
  }
  const DeletionTime after = OpenInMerged();
  if (before == after) return false;
  out->is_row = false;
  Marker& m = out->marker;
  m.close = reversed_ ? after : before;
  m.open = reversed_ ? before : after;
  m.bound.prefix = bound.prefix;
  const bool is_before = SideOf(bound.kind) < 0;
  if (m.close.live()) m.bound.kind = is_before ? BoundKind::kInclStart : BoundKind::kExclStart;
  else if (m.open.live()) m.bound.kind = is_before ? BoundKind::kExclEnd : BoundKind::kInclEnd;
  else m.bound.kind = is_before ? BoundKind::kExclEndInclStart : BoundKind::kInclEndExclStart;
  return true;
}

// What there is nothing to merge with goes straight through.
Step MergingCursor::NextOfOne(Unfiltered* out) {
  Input& input = *inputs_[0];
  while (!input.ended) {
    const Step step = input.cursor->Next(out);
    if (step == Step::kEnd) input.ended = true;
    if (step != Step::kItem) return step;
    if (out->is_row) {
      if (CleanRow(*plan_, input.open.Supersedes(partition_deletion_) ? input.open : partition_deletion_, &out->row)) return Step::kItem;
      continue;
    }
    std::swap(input.head, *out);
    lowest_.assign(1, 0);
    if (MergeMarkers(out)) return Step::kItem;
  }
  return Step::kEnd;
}

Step MergingCursor::Next(Unfiltered* out) {
  if (count_ == 1) return NextOfOne(out);
  for (;;) {
    const Step step = Fill();
    if (step != Step::kItem) return step;
    if (FindLowest() == 0) return Step::kEnd;
    bool give;
    if (inputs_[lowest_[0]]->head.is_row) {
      rows_.clear();
      for (const size_t i : lowest_) rows_.push_back(&inputs_[i]->head.row);
      const DeletionTime open = OpenInMerged();
      out->is_row = true;
      give = merger_.Merge(*plan_, rows_.data(), rows_.size(), open.live() ? partition_deletion_ : open, &out->row);
    } else {
      give = MergeMarkers(out);
    }
    for (const size_t i : lowest_) inputs_[i]->has_head = false;
    if (give) return Step::kItem;
  }
}

Step MergingCursor::Seek(const Bound& bound) {
  for (size_t i = 0; i < count_; i++) {
    Input& input = *inputs_[i];
    if (input.has_head) {
      const BoundKind kind = input.head.is_row ? BoundKind::kClustering : input.head.marker.bound.kind;
      const ClusteringValues& values = input.head.is_row ? input.head.row.clustering : input.head.marker.bound.prefix;
      const int c = plan_->CompareBounds(kind, values.data(), values.size(), bound.kind, bound.prefix.data(), bound.prefix.size());
      // What was read ahead and is not behind the bound stays; its input stands where it should.
      if (reversed_ ? c < 0 : c > 0) continue;
      input.has_head = false;
    }
    if (input.ended) continue;
    input.open = {};
    const Step step = input.cursor->Seek(bound);
    if (step == Step::kEnd) input.ended = true;
    else if (step != Step::kItem) return step;
  }
  return Step::kItem;
}

}  // namespace ferrosa

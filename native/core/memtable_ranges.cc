// Range tombstones of a memtable's partition: a step function over the places between clusterings.
#include <algorithm>

#include "memtable.h"

namespace ferrosa {
namespace {

BoundKind KindOfSide(int8_t side) { return side < 0 ? BoundKind::kInclStart : BoundKind::kExclStart; }

// Index of the first step at or after the bound.
uint32_t LowerStep(const DescriptorPlan& plan, const PartitionExtra& extra, const Bound& bound, bool* equal) {
  ClusteringValues prefix;
  uint32_t low = 0, high = extra.step_count;
  *equal = false;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    const RangeStep& step = extra.steps[middle];
    step.ReadPrefix(&prefix);
    const int c = plan.CompareBounds(KindOfSide(step.side), prefix.data(), prefix.size(), bound.kind, bound.prefix.data(),
                                     bound.prefix.size());
    if (c == 0) *equal = true;
    if (c < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

uint8_t* PutLength(uint8_t* p, uint64_t v) {
  while (v >= 0x80) {
    *p++ = static_cast<uint8_t>(v) | 0x80;
    v >>= 7;
  }
  *p++ = static_cast<uint8_t>(v);
  return p;
}

RangeStep MakeStep(Arena* arena, const Bound& bound, DeletionTime after, uint64_t* data_bytes) {
  size_t bytes = 0;
  for (const Slice& value : bound.prefix) bytes += 10 + value.size;
  auto* start = static_cast<uint8_t*>(arena->Allocate(bytes));
  uint8_t* p = start;
  for (const Slice& value : bound.prefix) {
    p = PutLength(p, value.is_null() ? 0 : value.size + 1);
    if (value.size > 0) std::memcpy(p, value.data, value.size);
    p += value.size;
    *data_bytes += value.size;
  }
  return {start, static_cast<uint16_t>(bound.prefix.size()), static_cast<int8_t>(SideOf(bound.kind) < 0 ? -1 : 1), after};
}

void InsertStep(Arena* arena, PartitionExtra* extra, uint32_t at, const RangeStep& step) {
  if (extra->step_count == extra->step_capacity) {
    const uint32_t capacity = extra->step_capacity == 0 ? 2 : extra->step_capacity * 2;
    auto* larger = static_cast<RangeStep*>(arena->Allocate(sizeof(RangeStep) * capacity));
    if (extra->step_count > 0) std::memcpy(static_cast<void*>(larger), extra->steps, sizeof(RangeStep) * extra->step_count);
    extra->steps = larger;
    extra->step_capacity = capacity;
  }
  std::memmove(static_cast<void*>(extra->steps + at + 1), extra->steps + at, sizeof(RangeStep) * (extra->step_count - at));
  extra->steps[at] = step;
  extra->step_count++;
}

}  // namespace

void Memtable::ApplyRangeTombstone(MemPartition* partition, const Bound& start, const Bound& end, DeletionTime deletion) {
  TrackTimestamp(deletion.marked_for_delete_at);
  TrackDeletionTime(deletion.local_deletion_time);
  if (deletion.live() || plan_->CompareBounds(start, end) >= 0) return;
  PartitionExtra* extra = ExtraOf(partition);
  bool equal;
  const uint32_t first = LowerStep(*plan_, *extra, start, &equal);
  const auto before = [&](uint32_t i) { return i == 0 ? DeletionTime{} : extra->steps[i - 1].after; };
  if (!equal) InsertStep(&arena_, extra, first, MakeStep(&arena_, start, before(first), &stats_.data_bytes));
  const uint32_t last = LowerStep(*plan_, *extra, end, &equal);
  if (!equal) InsertStep(&arena_, extra, last, MakeStep(&arena_, end, before(last), &stats_.data_bytes));
  for (uint32_t i = first; i < last; i++)
    if (deletion.Supersedes(extra->steps[i].after)) extra->steps[i].after = deletion;
  // Steps that change nothing any more go.
  uint32_t kept = first;
  for (uint32_t i = first; i < extra->step_count; i++)
    if (!(extra->steps[i].after == before(kept))) extra->steps[kept++] = extra->steps[i];
  extra->step_count = kept;
}

}  // namespace ferrosa

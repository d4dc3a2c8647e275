// Hot writes of tables with materialized views. What belongs to this shard, the base's row and rows of views, is one record of the log; rows of
// views of other shards are kept in the same record, as an entry of system.batches, and go there as the parts of a batch do (shard_batch.cc).
#include "limits.h"
#include "shard_loop.h"

namespace ferrosa {

// False when JavaScript has to do it.
bool ShardLoop::PutViews() {
  ClearParts();
  write_.ForEachMutation([&](const Writer& mutation) { PutPart(mutation, executor_.shard()); });
  for (size_t i = 0; i < write_.view_count; i++) PutPart(write_.views[i].mutation, write_.views[i].shard);
  if (spread_.empty()) return true;
  if (!entry_.Begin(store_, executor_.shard(), executor_.shards(), real_)) return false;
  for (size_t i = 0; i < write_.view_count; i++)
    if (write_.views[i].shard != executor_.shard()) entry_.Add(Slice(write_.views[i].mutation.bytes));
  PutEntry();
  return true;
}

void ShardLoop::HotViewRequest(const Origin& origin, const HotHead& head, Slice payload) {
  misses_.clear();
  const HotTime time = TimeOfHot();
  HotOutcome outcome = HotOutcome::kDecline;
  if (!IsHeld() && executor_.BuildWrite(head.token, time, &write_)) outcome = executor_.AddViews(time, &write_, &misses_);
  if (outcome == HotOutcome::kMiss) return ParkHot(origin, payload);
  uint64_t lsn = 0;
  if (outcome == HotOutcome::kDecline || !PutViews() || !LogParts(0, &lsn).ok()) return Decline(origin, payload);
  if (!spread_.empty()) ApplyEntry();
  executor_.Apply(write_);
  stats_.hot_writes++;
  NoteViewWrites();
  AcknowledgeParts(origin, head, lsn);
}

// A part of the time for each row that was written here.
void ShardLoop::NoteViewWrites() {
  const auto is_own = [&](const HotViewWrite& view) { return view.shard == executor_.shard(); };
  uint64_t own = 1;
  for (size_t i = 0; i < write_.view_count; i++) own += is_own(write_.views[i]);
  const uint64_t nanos = TakeElapsed() / own;
  NoteWrites(write_.table, nanos, 1);
  for (size_t i = 0; i < write_.view_count; i++)
    if (is_own(write_.views[i])) NoteWrites(write_.views[i].table, nanos, 1);
}

}  // namespace ferrosa

// Requests that a hot plan runs on its shard: docs/format/hot-plan.md.
#include "limits.h"
#include "server_clock.h"
#include "shard_loop.h"

namespace ferrosa {

void ShardLoop::OnHot(const Origin& origin, Slice payload) {
  HotHead head;
  Slice body;
  const bool loaded = LoadHotHead(payload, &head, &body);
  const bool batch = loaded && head.plan == kHotBatchPlan;
  if (!loaded || !(batch ? executor_.OpenBatch(head, body) : executor_.Open(head, body))) {
    return Decline(origin, payload);
  }
  if (batch) return HotBatchRequest(origin, head, payload);
  if (executor_.plan().kind == HotKind::kWrite) return HotWriteRequest(origin, head, payload);
  frame_.bytes.clear();
  misses_.clear();
  const uint32_t now_seconds = static_cast<uint32_t>(real_ / 1'000'000);
  const HotKind kind = executor_.plan().kind;
  const bool computed = kind == HotKind::kComputedRead;
  switch (computed                        ? executor_.ReadComputed(head, payload, now_seconds, &frame_, &misses_)
          : kind == HotKind::kIndexRead ? executor_.ReadIndexed(head, now_seconds, &frame_, &misses_)
                                        : executor_.Read(head, now_seconds, &frame_, &misses_)) {
    case HotOutcome::kDone:
      stats_.hot_reads++;
      NoteHotRead();
      return Send(origin, computed ? RecordKind::kComputed : RecordKind::kFrame, Slice(frame_.bytes));
    case HotOutcome::kDecline:
      return Decline(origin, payload);
    case HotOutcome::kMiss:
      return ParkHot(origin, payload);
  }
}

// It begins anew when the chunks of misses_ are there.
void ShardLoop::ParkHot(const Origin& origin, Slice payload) {
  auto pending = std::make_unique<Pending>();
  pending->origin = origin;
  pending->kind = RecordKind::kHot;
  pending->started = started_;
  pending->payload.assign(payload.data, payload.data + payload.size);
  Park(std::move(pending), misses_);
}

// Whether JavaScript reads the partition of the opened request to write it, or has its table for itself.
bool ShardLoop::IsHeld() {
  if (partitions_held_.empty()) return false;
  if (!executor_.PartitionName(&partition_name_) || partitions_held_.contains(partition_name_)) return true;
  partition_name_.resize(sizeof(TableId));
  return partitions_held_.contains(partition_name_);
}

void ShardLoop::NoteHotRead() {
  const HotExecutor::ReadFigures& met = executor_.read_figures();
  met.table->figures.Get()->Read(false, TakeElapsed(), met.rows, met.tombstones, met.sources);
}

void ShardLoop::Decline(const Origin& origin, Slice payload) {
  stats_.declined++;
  Send(origin, RecordKind::kDeclined, payload);
}

// The read before it may miss: then the request waits, and begins anew when the chunks are there.
void ShardLoop::HotCounterRequest(const Origin& origin, const HotHead& head, Slice payload) {
  const uint8_t flags = executor_.plan().flags & kHotNotDurable ? kNotDurable : 0;
  if (!executor_.BuildWrite(head.token, TimeOfHot(), &write_) || write_.row_count > 1) return Decline(origin, payload);
  Status status;
  if (!CounterMutation(origin, RecordKind::kHot, flags, payload, Slice(write_.mutation.bytes), 0, &status)) return;
  if (!status.ok()) return Decline(origin, payload);
  stats_.hot_writes++;
  AcknowledgeHot(origin, head, log_ == nullptr || flags != 0 ? 0 : log_->appended());
}

HotTime ShardLoop::TimeOfHot() const { return {NextServerMicros(real_), real_}; }

// What belongs together is one record.
Status ShardLoop::LogWrite(const HotWrite& write, uint8_t flags, uint64_t* lsn) {
  if (write.mutations() == 1) return Log(LogRecord::kMutation, Slice(write.mutation.bytes), flags, lsn);
  batch_.bytes.clear();
  batch_.LE<uint32_t>(static_cast<uint32_t>(write.mutations()));
  write.ForEachMutation([&](const Writer& part) {
    batch_.LE<uint32_t>(static_cast<uint32_t>(part.size()));
    batch_.Bytes(Slice(part.bytes));
  });
  return Log(LogRecord::kBatch, Slice(batch_.bytes), flags, lsn);
}

// True when the conditions of the opened request hold; else it is answered, or waits.
bool ShardLoop::DecideHot(const Origin& origin, const HotHead& head, Slice payload, HotTime* time) {
  frame_.bytes.clear();
  misses_.clear();
  bool applies = false;
  HotOutcome outcome = HotOutcome::kDecline;
  if (!IsHeld()) outcome = executor_.Decide(head, time, &applies, &frame_, &misses_);
  if (outcome == HotOutcome::kDecline) {
    Decline(origin, payload);
    return false;
  }
  if (outcome == HotOutcome::kMiss) {
    ParkHot(origin, payload);
    return false;
  }
  if (applies) return true;
  NoteHotRead();
  Send(origin, RecordKind::kFrame, Slice(frame_.bytes));
  return false;
}

void ShardLoop::HotWriteRequest(const Origin& origin, const HotHead& head, Slice payload) {
  const HotPlan& plan = executor_.plan();
  if (plan.flags & kHotCounter) return HotCounterRequest(origin, head, payload);
  if (!plan.views.empty()) return HotViewRequest(origin, head, payload);
  const uint8_t flags = plan.flags & kHotNotDurable ? kNotDurable : 0;
  const bool conditional = plan.conditions != HotConditions::kNone;
  HotTime time = TimeOfHot();
  if (conditional && !DecideHot(origin, head, payload, &time)) return;
  uint64_t lsn = 0;
  // Whatever keeps the log from taking it, JavaScript's way meets it too and says it to the client.
  if (!executor_.BuildWrite(head.token, time, &write_) || !LogWrite(write_, flags, &lsn).ok()) return Decline(origin, payload);
  stats_.hot_writes++;
  executor_.Apply(write_);
  NoteWrites(write_.table, TakeElapsed(), 1);
  if (!conditional) return AcknowledgeHot(origin, head, lsn);
  executor_.PutApplied(head, &frame_);
  AcknowledgeFrame(origin, lsn);
}

}  // namespace ferrosa

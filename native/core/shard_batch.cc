// Hot batches: all statements have one timestamp. What belongs to this shard is one record of the log; what belongs to others is kept in the same
// record, as an entry of system.batches, and goes to them by who has asked.
#include "limits.h"
#include "shard_loop.h"
#include "shard_source.h"

namespace ferrosa {

// Nothing is to be written yet, by any shard.
void ShardLoop::ClearParts() {
  parts_.resize(executor_.shards());
  part_mutations_.resize(executor_.shards());
  for (const uint32_t owner : spread_) parts_[owner].bytes.clear();
  spread_.clear();
  batch_.bytes.clear();
  batch_.LE<uint32_t>(0);
  batch_mutations_ = 0;
  batch_bytes_ = 0;
}

// Adds a mutation to what its shard is to write.
void ShardLoop::PutPart(const Writer& mutation, uint32_t owner) {
  const bool own = owner == executor_.shard();
  if (!own && parts_[owner].size() == 0) {
    spread_.push_back(owner);
    part_mutations_[owner] = 0;
    parts_[owner].LE<uint32_t>(0);
  }
  Writer& to = own ? batch_ : parts_[owner];
  to.LE<uint32_t>(static_cast<uint32_t>(mutation.size()));
  to.Bytes(Slice(mutation.bytes));
  (own ? batch_mutations_ : part_mutations_[owner])++;
  batch_bytes_ += mutation.size();
}

bool ShardLoop::BuildBatch() {
  const HotTime time = TimeOfHot();
  while (writes_.size() < executor_.batch_size()) writes_.push_back(std::make_unique<HotWrite>());
  ClearParts();
  owners_.clear();
  bool several = false;
  int64_t first = 0;
  for (size_t i = 0; i < executor_.batch_size(); i++) {
    executor_.Select(i);
    int64_t token;
    HotWrite* write = writes_[i].get();
    if (!executor_.TokenOf(&token) || !executor_.BuildWrite(token, time, write)) return false;
    // A warning of JavaScript's: entries of the batch log live as long as tombstones do.
    if (executor_.batch_logged() && write->table->descriptor->gc_grace_seconds == 0) return false;
    owners_.push_back(ShardOfToken(token, executor_.shards()));
    if (i == 0) first = token;
    several |= token != first || write->table != writes_[0]->table;
    // Entries of indexes are made by the shard of their row.
    if (owners_.back() != executor_.shard() && write->entry_count > 0) return false;
    write->ForEachMutation([&](const Writer& part) { PutPart(part, owners_.back()); });
  }
  // JavaScript may have to warn, or to fail (batch_size_warn_threshold).
  if (several && batch_bytes_ > kHotBatchBytesMax) return false;
  return spread_.empty() || KeepBatch();
}

bool ShardLoop::KeepBatch() {
  const bool durable = !(executor_.plan().flags & kHotNotDurable);
  if (!executor_.batch_logged() || !durable) return false;
  if (!entry_.Begin(store_, executor_.shard(), executor_.shards(), real_)) return false;
  for (size_t i = 0; i < executor_.batch_size(); i++) {
    entry_.Add(Slice(writes_[i]->mutation.bytes));
    if (writes_[i]->mutation2.size() > 0) entry_.Add(Slice(writes_[i]->mutation2.bytes));
  }
  PutEntry();
  return true;
}

// Puts the entry, which keeps what other shards are to write, beside what this one writes.
void ShardLoop::PutEntry() {
  entry_end_.bytes.clear();
  const size_t at = batch_.size();
  batch_.LE<uint32_t>(0);
  entry_.Finish(&batch_, &entry_end_);
  StoreLE<uint32_t>(batch_.bytes.data() + at, static_cast<uint32_t>(batch_.size() - at - 4));
  entry_at_ = at + 4;
  batch_mutations_++;
}

// It is the last of what the log has been given.
void ShardLoop::ApplyEntry() {
  entry_.Apply(store_, Slice(batch_.bytes.data() + entry_at_, batch_.size() - entry_at_));
}

// What there is for this shard goes into its log, as one record.
Status ShardLoop::LogParts(uint8_t flags, uint64_t* lsn) {
  StoreLE<uint32_t>(batch_.bytes.data(), batch_mutations_);
  return Log(LogRecord::kBatch, Slice(batch_.bytes), flags, lsn);
}

// What the others are to write: docs/format/ring.md, kind 133.
void ShardLoop::PutSpread() {
  frame_.bytes.clear();
  frame_.LE<uint16_t>(static_cast<uint16_t>(spread_.size()));
  for (const uint32_t owner : spread_) {
    StoreLE<uint32_t>(parts_[owner].bytes.data(), part_mutations_[owner]);
    frame_.LE<uint32_t>(owner);
    frame_.LE<uint32_t>(static_cast<uint32_t>(parts_[owner].size()));
    frame_.Bytes(Slice(parts_[owner].bytes));
  }
  frame_.LE<uint32_t>(static_cast<uint32_t>(entry_end_.size()));
  frame_.Bytes(Slice(entry_end_.bytes));
}

void ShardLoop::HotBatchRequest(const Origin& origin, const HotHead& head, Slice payload) {
  uint64_t lsn = 0;
  bool ok = BuildBatch();
  if (ok) ok = LogParts(executor_.plan().flags & kHotNotDurable ? kNotDurable : 0, &lsn).ok();
  if (!ok) return Decline(origin, payload);
  if (!spread_.empty()) ApplyEntry();
  uint64_t own = 0;
  for (size_t i = 0; i < executor_.batch_size(); i++) {
    if (owners_[i] != executor_.shard()) continue;
    own++;
    executor_.Apply(*writes_[i]);
  }
  stats_.hot_writes += own;
  // A part of the time for each of its statements.
  const uint64_t nanos = own == 0 ? 0 : TakeElapsed() / own;
  for (size_t i = 0; i < executor_.batch_size(); i++)
    if (owners_[i] == executor_.shard()) NoteWrites(writes_[i]->table, nanos, 1);
  AcknowledgeParts(origin, head, lsn);
}

// Once the record is where it has to be: the answer, or what the other shards are to write before that.
void ShardLoop::AcknowledgeParts(const Origin& origin, const HotHead& head, uint64_t lsn) {
  if (spread_.empty()) return AcknowledgeHot(origin, head, lsn);
  PutSpread();
  AcknowledgeFrame(origin, lsn, RecordKind::kSpread);
}

}  // namespace ferrosa

// Mutations, batches and read commands as JavaScript has planned them: docs/format/mutation.md, read-command.md.
#include "limits.h"
#include "shard_loop.h"

namespace ferrosa {

void ShardLoop::OnMutation(const Origin& origin, uint8_t flags, Slice mutation) {
  stats_.mutations++;
  bool counters = false;
  Status status = store_->Check(mutation, &counters);
  if (!status.ok()) return SendError(origin, status);
  if (counters) {
    if (!CounterMutation(origin, RecordKind::kMutation, flags, mutation, mutation, 0, &status)) return;
    if (!status.ok()) return SendError(origin, status);
    return Acknowledge(origin, log_ == nullptr || (flags & kNotDurable) ? 0 : log_->appended());
  }
  uint64_t lsn;
  status = Log(LogRecord::kMutation, mutation, flags, &lsn);
  if (status.ok()) status = store_->Apply(mutation);
  if (!status.ok()) return SendError(origin, status);
  NoteWrites(store_->last_table(), TakeElapsed(), 1);
  Acknowledge(origin, lsn);
}

bool ShardLoop::CounterMutation(const Origin& origin, RecordKind kind, uint8_t flags, Slice payload, Slice mutation,
                                uint32_t done, Status* status) {
  misses_.clear();
  ReadState state = ReadState::kDone;
  counter_.clear();
  *status = store_->PrepareCounter(mutation, &counter_, &misses_, &state);
  if (!status->ok()) return true;
  if (state == ReadState::kMiss) {
    auto pending = std::make_unique<Pending>();
    pending->origin = origin;
    pending->kind = kind;
    pending->flags = flags;
    pending->done = done;
    pending->started = started_;
    pending->payload.assign(payload.data, payload.data + payload.size);
    Park(std::move(pending), misses_);
    return false;
  }
  uint64_t lsn;
  *status = Log(LogRecord::kMutation, Slice(counter_), flags, &lsn);
  if (status->ok()) *status = store_->Apply(Slice(counter_));
  if (status->ok()) NoteWrites(store_->last_table(), TakeElapsed(), 1);
  return true;
}

// Counter updates are not atomic together: each goes through log and memtable before the next reads its counter.
void ShardLoop::CounterBatch(const Origin& origin, uint8_t flags, Slice payload, uint32_t done) {
  Reader reader(payload);
  uint32_t n = 0;
  reader.U32(&n);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t length;
    Slice mutation;
    if (!reader.U32(&length) || !reader.Bytes(length, &mutation)) {
      return SendError(origin, Status::Corrupt("batch: malformed"));
    }
    if (i < done) continue;
    Status status;
    if (!CounterMutation(origin, RecordKind::kBatch, flags, payload, mutation, i, &status)) return;
    if (!status.ok()) return SendError(origin, status);
  }
  Acknowledge(origin, log_ == nullptr || (flags & kNotDurable) ? 0 : log_->appended());
}

void ShardLoop::OnBatch(const Origin& origin, uint8_t flags, Slice payload) {
  Reader reader(payload);
  uint32_t n;
  if (!reader.U32(&n)) return SendError(origin, Status::Corrupt("batch: malformed"));
  stats_.mutations += n;
  bool any_counters = false;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t length;
    Slice mutation;
    if (!reader.U32(&length) || !reader.Bytes(length, &mutation)) {
      return SendError(origin, Status::Corrupt("batch: malformed"));
    }
    bool counters = false;
    const Status status = store_->Check(mutation, &counters);
    if (!status.ok()) return SendError(origin, status);
    any_counters = any_counters || counters;
  }
  if (any_counters) return CounterBatch(origin, flags, payload, 0);
  uint64_t lsn;
  Status status = Log(LogRecord::kBatch, payload, flags, &lsn);
  if (!status.ok()) return SendError(origin, status);
  reader = Reader(payload);
  reader.U32(&n);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t length = 0;
    Slice mutation;
    reader.U32(&length);
    reader.Bytes(length, &mutation);
    status = store_->Apply(mutation);
    if (!status.ok()) return SendError(origin, status);
    NoteWrites(store_->last_table(), TakeElapsed(), 1);
  }
  Acknowledge(origin, lsn);
}

void ShardLoop::OnRead(const Origin& origin, Slice command) {
  stats_.reads++;
  auto pending = std::make_unique<Pending>();
  pending->origin = origin;
  pending->kind = RecordKind::kRead;
  pending->started = started_;
  pending->read = TakeRead();
  pending->read->Start(command);
  StepRead(std::move(pending));
}

// One step of the read of a request. True: it has ended, and is to be answered and kept; else it waits, or is answered with its error.
bool ShardLoop::Advance(std::unique_ptr<Pending>* pending) {
  started_ = (*pending)->started;
  misses_.clear();
  ReadState state = ReadState::kDone;
  const Status status = store_->Read((*pending)->read.get(), kReadBudget, &state, &misses_);
  if (status.ok() && state == ReadState::kDone) return true;
  if (status.ok() && state == ReadState::kMiss) {
    Park(std::move(*pending), misses_);
    return false;
  }
  if (status.ok()) {
    stats_.yielded++;
    yielded_.push_back(std::move(*pending));
  } else {
    SendError((*pending)->origin, status);
    KeepRead(std::move((*pending)->read));
  }
  started_ = Ticks();
  return false;
}

void ShardLoop::StepRead(std::unique_ptr<Pending> pending) {
  if (!Advance(&pending)) return;
  if (pending->read->output().size > kRecordBytesMax) {
    SendError(pending->origin, Status::Overloaded("read: the result is too large for one answer"));
  } else {
    const ReadOperation& read = *pending->read;
    store_->last_table()->figures.Get()->Read(read.is_range(), TakeElapsed(), read.live_rows(), read.tombstones(), read.sources());
    Send(pending->origin, RecordKind::kRows, read.output());
  }
  started_ = Ticks();
  KeepRead(std::move(pending->read));
}

std::unique_ptr<ReadOperation> ShardLoop::TakeRead() {
  if (free_reads_.empty()) return std::make_unique<ReadOperation>();
  std::unique_ptr<ReadOperation> read = std::move(free_reads_.back());
  free_reads_.pop_back();
  return read;
}

void ShardLoop::KeepRead(std::unique_ptr<ReadOperation> read) {
  if (free_reads_.size() < kFreeReadsMax && read->output().size <= kHotReadBytesMax) free_reads_.push_back(std::move(read));
}

}  // namespace ferrosa

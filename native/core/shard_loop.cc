#include "shard_loop.h"

#include "limits.h"
#include "server_clock.h"

namespace ferrosa {
namespace {

constexpr uint8_t kOpcodeResult = 0x08;
constexpr uint32_t kResultVoid = 1;
constexpr uint8_t kNotDurable = 1;  // flag of mutations and batches
constexpr uint8_t kReleases = 1;    // flag of a hold

}  // namespace

uint32_t ShardLoop::AddAsker(RingConsumer* requests, RingProducer* answers) {
  askers_.push_back({requests, answers});
  return static_cast<uint32_t>(askers_.size() - 1);
}

void ShardLoop::ReadClocks() {
  monotonic_ = clocks_.monotonic_micros();
  real_ = clocks_.real_micros();
}

uint32_t ShardLoop::Run(uint64_t budget_micros) {
  ReadClocks();
  const uint64_t end = monotonic_ + budget_micros;
  bool more = false;
  do {
    bool idle;
    do {
      idle = true;
      for (uint32_t i = 0; i < askers_.size(); i++) {
        Asker& asker = askers_[i];
        asker.requests->Awake();
        // An asker that does not take its answers gets no further requests run: its ring fills, and that stops it.
        if (!asker.answers->Pump()) continue;
        Record record;
        uint32_t n = 0;
        started_ = Ticks();
        while (n < kShardRound && asker.answers->overflow_bytes() == 0 && asker.requests->Peek(&record)) {
          if (n % kShardClockRecords == 0) ReadClocks();
          weight_ = 1;
          Handle(record, i);
          asker.requests->Pop();
          n += weight_;
        }
        asker.requests->Release();
        if (n >= kShardRound) idle = false;
      }
      RunYielded();
      ReadClocks();
      if (!yielded_.empty()) idle = false;
      if (monotonic_ >= end && !idle) more = true;
    } while (!idle && !more);
    Flush();
  } while (!more && !AllAsleep());
  if (WorkOnVectors()) more = true;
  uint32_t outcome = 0;
  if (more) outcome |= kMore;
  if (!events_.empty()) outcome |= kEvents;
  if (!park_misses_.empty()) outcome |= kMisses;
  return outcome;
}

// Arms the wakers; false when a record has come meanwhile.
bool ShardLoop::AllAsleep() {
  bool asleep = true;
  for (Asker& asker : askers_)
    if (asker.answers->overflow_bytes() == 0 && !asker.requests->Sleep()) asleep = false;
  return asleep;
}

void ShardLoop::Flush() {
  for (Asker& asker : askers_) asker.answers->Flush();
}

void ShardLoop::Handle(const Record& record, uint32_t asker) {
  stats_.records++;
  const Origin origin{asker, record.request, record.deadline};
  if (record.deadline != 0 && record.deadline < monotonic_) {
    // Its asker has answered with a timeout, or is about to: work for nobody.
    stats_.expired++;
    return;
  }
  switch (record.kind) {
    case RecordKind::kHot:
      return OnHot(origin, record.payload);
    case RecordKind::kMutation:
      return OnMutation(origin, record.flags, record.payload);
    case RecordKind::kBatch:
      return OnBatch(origin, record.flags, record.payload);
    case RecordKind::kRead:
      return OnRead(origin, record.payload);
    case RecordKind::kTable:
      OnTable(origin, record.payload);
      break;
    case RecordKind::kDropTable:
      OnDropTable(origin, record.payload);
      break;
    case RecordKind::kPlan:
      OnPlan(origin, record.payload);
      break;
    case RecordKind::kVectorSearch:
      OnVectorSearch(origin, record.flags, record.payload);
      break;
    case RecordKind::kVectorRows:
      OnVectorRows(origin, record.payload);
      break;
    case RecordKind::kVectorForget: {
      const Status status = store_->ForgetVectors(record.payload);
      if (status.ok()) Send(origin, RecordKind::kAck, {});
      else SendError(origin, status);
      break;
    }
    case RecordKind::kHold:
      OnHold(origin, record.flags, record.payload);
      break;
    case RecordKind::kControl:
      events_.push_back({record.kind, asker, record.request, 0,
                         std::vector<uint8_t>(record.payload.data, record.payload.data + record.payload.size)});
      break;
    default:
      SendError(origin, Status::Server("shard: unknown kind of record"));
  }
  started_ = Ticks();
}

// Nanoseconds of the current request; the next one begins here.
uint64_t ShardLoop::TakeElapsed() {
  const uint64_t now = Ticks();
  const uint64_t elapsed = now - started_;
  started_ = now;
  return ticks_.Nanos(elapsed);
}

void ShardLoop::NoteWrites(StoreTable* table, uint64_t nanos, uint64_t writes) {
  if (table != nullptr) table->figures.Get()->write.Add(nanos, writes);
}

void ShardLoop::Send(const Origin& origin, RecordKind kind, Slice payload) {
  Record header;
  header.kind = kind;
  header.request = origin.request;
  askers_[origin.asker].answers->Send(header, payload);
}

void ShardLoop::SendError(const Origin& origin, const Status& status) {
  stats_.errors++;
  Writer out;
  const size_t n = status.message().size() < UINT16_MAX ? status.message().size() : UINT16_MAX;
  out.U8(static_cast<uint8_t>(status.code()));
  out.LE<uint16_t>(static_cast<uint16_t>(n));
  out.Bytes(Slice(reinterpret_cast<const uint8_t*>(status.message().data()), n));
  Send(origin, RecordKind::kError, Slice(out.bytes));
}

Status ShardLoop::Log(LogRecord kind, Slice payload, uint8_t flags, uint64_t* lsn) {
  *lsn = 0;
  if (!refusal_.ok()) return refusal_;
  if (log_ == nullptr || (flags & kNotDurable)) return Status::Ok();
  return log_->Append(kind, payload, lsn);
}

void ShardLoop::Acknowledge(const Origin& origin, uint64_t lsn) {
  if (!hold_ || lsn == 0) return Send(origin, RecordKind::kAck, {});
  held_.push_back({lsn, origin, false, {}, {}});
  stats_.held = static_cast<uint32_t>(held_.size());
}

void ShardLoop::AcknowledgeHot(const Origin& origin, const HotHead& head, uint64_t lsn) {
  if (!hold_ || lsn == 0) return SendVoid(origin, head);
  held_.push_back({lsn, origin, true, head, {}});
  stats_.held = static_cast<uint32_t>(held_.size());
}

// The same with an answer that is in frame_.
void ShardLoop::AcknowledgeFrame(const Origin& origin, uint64_t lsn, RecordKind kind) {
  if (!hold_ || lsn == 0) return Send(origin, kind, Slice(frame_.bytes));
  held_.push_back({lsn, origin, true, {}, frame_.bytes, kind});
  stats_.held = static_cast<uint32_t>(held_.size());
}

// RESULT of kind Void.
void ShardLoop::SendVoid(const Origin& origin, const HotHead& head) {
  uint8_t payload[4 + kEnvelopeHeaderBytes + 4];
  StoreLE<uint32_t>(payload, head.connection);
  StoreResponseHeader(payload + 4, head.version, head.stream, kOpcodeResult, 4);
  StoreBE<uint32_t>(payload + 4 + kEnvelopeHeaderBytes, kResultVoid);
  Send(origin, RecordKind::kFrame, Slice(payload, sizeof payload));
}

void ShardLoop::Synced(uint64_t lsn) {
  while (!held_.empty() && held_.front().lsn <= lsn) {
    const Held& held = held_.front();
    if (!held.frame.empty()) {
      Send(held.origin, held.kind, Slice(held.frame));
    } else if (held.hot) {
      SendVoid(held.origin, held.head);
    } else {
      Send(held.origin, RecordKind::kAck, {});
    }
    held_.pop_front();
  }
  stats_.held = static_cast<uint32_t>(held_.size());
  Flush();
}

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

void ShardLoop::StepRead(std::unique_ptr<Pending> pending) {
  started_ = pending->started;
  misses_.clear();
  ReadState state = ReadState::kDone;
  const Status status = store_->Read(pending->read.get(), kReadBudget, &state, &misses_);
  if (!status.ok()) {
    SendError(pending->origin, status);
  } else if (state == ReadState::kMiss) {
    return Park(std::move(pending), misses_);
  } else if (state == ReadState::kYield) {
    stats_.yielded++;
    yielded_.push_back(std::move(pending));
    started_ = Ticks();
    return;
  } else if (pending->read->output().size > kRecordBytesMax) {
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

// One step of each: what yields again goes behind the others and behind new requests.
void ShardLoop::RunYielded() {
  for (size_t n = yielded_.size(); n > 0; n--) {
    std::unique_ptr<Pending> pending = std::move(yielded_.front());
    yielded_.pop_front();
    if (pending->origin.deadline != 0 && pending->origin.deadline < monotonic_) {
      stats_.expired++;
      DropSearch(pending.get());
      continue;
    }
    if (pending->kind != RecordKind::kVectorSearch) StepRead(std::move(pending));
    else if (pending->read == nullptr) StepVectorSearch(std::move(pending));
    else StepVectorRead(std::move(pending));
  }
}

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
    case HotOutcome::kMiss: {
      auto pending = std::make_unique<Pending>();
      pending->origin = origin;
      pending->kind = RecordKind::kHot;
      pending->started = started_;
      pending->payload.assign(payload.data, payload.data + payload.size);
      return Park(std::move(pending), misses_);
    }
  }
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
  const bool held = !partitions_held_.empty() &&
                    (!executor_.PartitionName(&partition_name_) || partitions_held_.contains(partition_name_));
  if (!held) outcome = executor_.Decide(head, time, &applies, &frame_, &misses_);
  if (outcome == HotOutcome::kDecline) {
    Decline(origin, payload);
    return false;
  }
  if (outcome == HotOutcome::kMiss) {
    auto pending = std::make_unique<Pending>();
    pending->origin = origin;
    pending->kind = RecordKind::kHot;
    pending->started = started_;
    pending->payload.assign(payload.data, payload.data + payload.size);
    Park(std::move(pending), misses_);
    return false;
  }
  if (applies) return true;
  NoteHotRead();
  Send(origin, RecordKind::kFrame, Slice(frame_.bytes));
  return false;
}

// From here on, or no longer, JavaScript reads a partition to write it: docs/format/ring.md, kind 12.
void ShardLoop::OnHold(const Origin& origin, uint8_t flags, Slice payload) {
  if (payload.size < 16) return SendError(origin, Status::Invalid("hold: expected a table id and a key"));
  partition_name_.assign(reinterpret_cast<const char*>(payload.data), payload.size);
  if (!(flags & kReleases)) {
    partitions_held_[partition_name_]++;
  } else if (const auto held = partitions_held_.find(partition_name_); held != partitions_held_.end() && --held->second == 0) {
    partitions_held_.erase(held);
  }
  Send(origin, RecordKind::kAck, {});
}

void ShardLoop::HotWriteRequest(const Origin& origin, const HotHead& head, Slice payload) {
  const HotPlan& plan = executor_.plan();
  if (plan.flags & kHotCounter) return HotCounterRequest(origin, head, payload);
  const uint8_t flags = plan.flags & kHotNotDurable ? kNotDurable : 0;
  const bool conditional = plan.conditions != HotConditions::kNone;
  HotTime time = TimeOfHot();
  if (conditional && !DecideHot(origin, head, payload, &time)) return;
  uint64_t lsn = 0;
  // Whatever keeps the log from taking it, JavaScript's way meets it too and says it to the client.
  if (!executor_.BuildWrite(head.token, time, &write_) || !LogWrite(write_, flags, &lsn).ok()) return Decline(origin, payload);
  stats_.hot_writes++;
  const Status status = executor_.Apply(write_);
  if (!status.ok()) return SendError(origin, status);
  NoteWrites(write_.table, TakeElapsed(), 1);
  if (!conditional) return AcknowledgeHot(origin, head, lsn);
  executor_.PutApplied(head, &frame_);
  AcknowledgeFrame(origin, lsn);
}

void ShardLoop::OnTable(const Origin& origin, Slice payload) {
  DescriptorPtr descriptor;
  const Status status = ParseDescriptor(payload, &descriptor);
  if (!status.ok()) return SendError(origin, status);
  const uint32_t frozen = store_->SetTable(descriptor);
  events_.push_back({RecordKind::kTable, origin.asker, origin.request, frozen,
                     std::vector<uint8_t>(payload.data, payload.data + payload.size)});
  Send(origin, RecordKind::kAck, {});
}

void ShardLoop::OnDropTable(const Origin& origin, Slice payload) {
  if (payload.size != 16) return SendError(origin, Status::Invalid("drop table: expected a 16-byte id"));
  TableId id;
  std::memcpy(id.data(), payload.data, 16);
  store_->DropTable(id);
  events_.push_back({RecordKind::kDropTable, origin.asker, origin.request, 0,
                     std::vector<uint8_t>(payload.data, payload.data + payload.size)});
  Send(origin, RecordKind::kAck, {});
}

void ShardLoop::OnPlan(const Origin& origin, Slice payload) {
  if (payload.size < 4) return SendError(origin, Status::Invalid("plan: too short"));
  const Status status = plans_.Set(LoadLE<uint32_t>(payload.data), Slice(payload.data + 4, payload.size - 4));
  if (!status.ok()) return SendError(origin, status);
  Send(origin, RecordKind::kAck, {});
}

void ShardLoop::Park(std::unique_ptr<Pending> pending, const MissList& misses) {
  uint32_t number;
  if (free_parks_.empty()) {
    number = static_cast<uint32_t>(parked_.size());
    parked_.emplace_back();
  } else {
    number = free_parks_.back();
    free_parks_.pop_back();
  }
  parked_[number] = std::move(pending);
  for (const Miss& miss : misses) park_misses_.push_back({number, miss});
  stats_.parked++;
  stats_.waiting++;
  started_ = Ticks();
}

std::unique_ptr<ShardLoop::Pending> ShardLoop::TakeParked(uint32_t park) {
  if (park >= parked_.size() || parked_[park] == nullptr) return nullptr;
  free_parks_.push_back(park);
  stats_.waiting--;
  return std::move(parked_[park]);
}

void ShardLoop::Resume(uint32_t park) {
  std::unique_ptr<Pending> pending = TakeParked(park);
  if (pending == nullptr) return;
  ReadClocks();
  if (pending->origin.deadline != 0 && pending->origin.deadline < monotonic_) {
    stats_.expired++;
    return;
  }
  const Slice payload(pending->payload);
  started_ = pending->started;
  switch (pending->kind) {
    case RecordKind::kRead:
      StepRead(std::move(pending));
      break;
    case RecordKind::kVectorSearch:
      StepVectorRead(std::move(pending));
      break;
    case RecordKind::kHot:
      OnHot(pending->origin, payload);
      break;
    case RecordKind::kMutation:
      OnMutation(pending->origin, pending->flags, payload);
      break;
    default:
      CounterBatch(pending->origin, pending->flags, payload, pending->done);
      break;
  }
}

void ShardLoop::Fail(uint32_t park, const Status& status) {
  std::unique_ptr<Pending> pending = TakeParked(park);
  if (pending == nullptr) return;
  // A hot request is run again by JavaScript, which meets the same damage and reports it in full.
  if (pending->kind == RecordKind::kHot) return Send(pending->origin, RecordKind::kDeclined, Slice(pending->payload));
  SendError(pending->origin, status);
}

void ShardLoop::Answer(uint32_t asker, uint64_t request, RecordKind kind, Slice payload) {
  if (asker >= askers_.size()) return;
  Send({asker, request, 0}, kind, payload);
  Flush();
}

std::vector<ShardLoop::Event> ShardLoop::TakeEvents() { return std::exchange(events_, {}); }

std::vector<ShardLoop::ParkMiss> ShardLoop::TakeMisses() { return std::exchange(park_misses_, {}); }

}  // namespace ferrosa

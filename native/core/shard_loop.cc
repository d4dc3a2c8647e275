#include "shard_loop.h"

#include "limits.h"

namespace ferrosa {
namespace {

constexpr uint8_t kReleases = 1;  // flag of a hold

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

bool ShardLoop::RunShort(uint32_t number, uint32_t* ran) {
  *ran = 0;
  Asker& asker = askers_[number];
  if (!asker.answers->Pump()) return false;
  ReadClocks();
  started_ = Ticks();
  Record record;
  // There may be more than who has borrowed it has put in: the thread had not come to an end.
  for (; *ran < kLentRecordsMax; ++*ran) {
    if (asker.answers->overflow_bytes() > 0 || !asker.requests->Peek(&record) || !IsShort(record)) break;
    Handle(record, number);
    asker.requests->Pop();
  }
  asker.requests->Release();
  asker.answers->Flush();
  const bool idle = events_.empty() && park_misses_.empty() && yielded_.empty() && !store_->has_vector_work();
  return idle && !asker.requests->Peek(&record);
}

// Hot requests for one row: microseconds, also when they are answered with an error. Nothing that needs a sync or a new segment of the log.
bool ShardLoop::IsShort(const Record& record) const {
  HotHead head;
  Slice body;
  if (record.kind != RecordKind::kHot || record.payload.size > kLentRequestBytesMax) return false;
  if (!LoadHotHead(record.payload, &head, &body)) return false;
  const HotPlan* plan = plans_.Find(head.plan);
  if (plan == nullptr) return false;
  if (plan->kind == HotKind::kRead) return executor_.ReadsOneRow(*plan);
  if (plan->kind != HotKind::kWrite || hold_ || !lends_writes_) return false;
  return log_ == nullptr || log_->TakesAtOnce(kLentLogBytesMax);
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

// From here on, or no longer, JavaScript reads a partition to write it, or has a table for itself: docs/format/ring.md, kind 12.
void ShardLoop::OnHold(const Origin& origin, uint8_t flags, Slice payload) {
  if (payload.size < 16) return SendError(origin, Status::Invalid("hold: expected a table id and a key"));
  partition_name_.assign(reinterpret_cast<const char*>(payload.data), payload.size);
  if (!(flags & kReleases)) {
    partitions_held_[partition_name_]++;
  } else if (const auto held = partitions_held_.find(partition_name_); held != partitions_held_.end() && --held->second == 0) {
    partitions_held_.erase(held);
  }
  // Who has the whole table wants to know of all that was begun before: answers that wait for the log go first.
  const bool waits = payload.size == sizeof(TableId) && !held_.empty();
  Acknowledge(origin, waits ? held_.back().lsn : 0);
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

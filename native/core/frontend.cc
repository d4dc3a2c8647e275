#include "frontend.h"

#include <algorithm>

#include "lender.h"
#include "limits.h"
#include "shard_loop.h"

namespace ferrosa {
namespace {

constexpr uint32_t kConnectionIndexBits = 20;
constexpr uint32_t kConnectionIndexMask = (1u << kConnectionIndexBits) - 1;
static_assert(kConnectionsMax == 1u << kConnectionIndexBits);
constexpr uint32_t kErrorServer = 0x0000;

}  // namespace

class Frontend::FilterSink final : public ConnectionFilter::Sink {
 public:
  FilterSink(Frontend* frontend, Connection* connection) : frontend_(frontend), connection_(connection) {}
  Taken OnEnvelope(Slice envelope) override {
    const Taken taken = frontend_->TryHot(connection_, envelope);
    if (taken == Taken::kLeft) frontend_->stats_.left++;
    return taken;
  }

 private:
  Frontend* frontend_;
  Connection* connection_;
};

uint32_t Frontend::Open(uint8_t version, Compression compression, bool throw_on_overload) {
  uint32_t index;
  if (free_connections_.empty()) {
    index = static_cast<uint32_t>(connections_.size());
    DB_ASSERT(index < kConnectionsMax);
    connections_.emplace_back();
    connection_generations_.push_back(0);
  } else {
    index = free_connections_.back();
    free_connections_.pop_back();
  }
  // The generation tells answers to an earlier connection of this index.
  const uint32_t id = index | (++connection_generations_[index] << kConnectionIndexBits);
  connections_[index] = std::make_unique<Connection>(id, version, compression, options_.frame_bytes_max);
  connections_[index]->throw_on_overload = throw_on_overload;
  stats_.connections++;
  return id;
}

Frontend::Connection* Frontend::Find(uint32_t id) {
  const uint32_t index = id & kConnectionIndexMask;
  if (index >= connections_.size()) return nullptr;
  Connection* connection = connections_[index].get();
  return connection != nullptr && connection->id == id ? connection : nullptr;
}

void Frontend::Close(uint32_t id) {
  if (Find(id) == nullptr) return;
  const uint32_t index = id & kConnectionIndexMask;
  connections_[index].reset();
  free_connections_.push_back(index);
  stats_.connections--;
  std::erase(stopped_, id);
  std::erase(dirty_, id);
}

void Frontend::SetHot(uint32_t id, bool hot) {
  Connection* connection = Find(id);
  if (connection != nullptr) connection->hot = hot;
}

void Frontend::SetHeld(uint32_t id, bool held) {
  Connection* connection = Find(id);
  if (connection != nullptr) connection->held = held;
}

void Frontend::SetKeyspace(uint32_t id, Slice keyspace) {
  Connection* connection = Find(id);
  if (connection != nullptr) connection->keyspace.assign(keyspace.data, keyspace.data + keyspace.size);
}

void Frontend::SetGroup(uint32_t id, uint32_t group) {
  Connection* connection = Find(id);
  if (connection != nullptr) connection->group = group;
}

void Frontend::Allow(uint32_t group, uint32_t plan) {
  DB_ASSERT(group > 0 && group < kHotGroupsMax && plan < kHotPlansMax);
  if (group >= allowed_.size()) allowed_.resize(group + 1);
  std::vector<bool>& plans = allowed_[group];
  if (plan >= plans.size()) plans.resize(plan + 1);
  plans[plan] = true;
}

uint32_t Frontend::OpenOf(uint32_t id) {
  const Connection* connection = Find(id);
  return connection == nullptr ? 0 : connection->open;
}

uint64_t Frontend::TakenOf(uint32_t id) {
  const Connection* connection = Find(id);
  return connection == nullptr ? 0 : connection->taken;
}

Status Frontend::SetPlan(uint32_t number, Slice bytes) {
  for (std::vector<bool>& plans : allowed_) {
    if (number < plans.size()) plans[number] = false;
  }
  if (const HotPlan* old = plans_.Find(number); old != nullptr && old->figures != nullptr) {
    retired_figures_.push_back({old->prepared_id, old->table_id, old->kind == HotKind::kWrite,
                                old->conditions != HotConditions::kNone, old->figures});
  }
  return plans_.Set(number, bytes);
}

std::vector<Frontend::TakenFigures> Frontend::TakeFigures() {
  std::vector<TakenFigures> taken = std::exchange(retired_figures_, {});
  for (const auto& plan : plans_.all()) {
    if (plan == nullptr || plan->figures == nullptr) continue;
    taken.push_back({plan->prepared_id, plan->table_id, plan->kind == HotKind::kWrite, plan->conditions != HotConditions::kNone,
                     std::exchange(plan->figures, nullptr)});
  }
  return taken;
}

// A slot's deadline was made of the time at which its request came.
void Frontend::NoteLatency(const Slot& slot, uint32_t rows) {
  HotPlan* plan = plans_.Find(slot.measured_plan);
  if (plan == nullptr) return;
  if (plan->figures == nullptr) plan->figures = std::make_shared<PlanFigures>();
  const uint64_t came = slot.deadline - TimeoutOf(slot);
  plan->figures->micros.Add(now_ > came ? now_ - came : 0);
  plan->figures->rows += rows;
}

uint64_t Frontend::TimeoutOf(const Slot& slot) const {
  if (!slot.write) return options_.read_timeout_micros;
  return slot.type == WriteType::kCounter ? options_.counter_timeout_micros : options_.write_timeout_micros;
}

void Frontend::CountBatch(Slice body, size_t partitions, int64_t change) {
  auto& counts = body.data[0] == 0 ? stats_.logged_batches : stats_.unlogged_batches;
  counts[std::min(partitions, counts.size() - 1)] += static_cast<uint64_t>(change);
}

void Frontend::BeginCall() {
  items_.clear();
  bytes_.clear();
  answered_ = false;
}

void Frontend::AddItem(ItemKind kind, uint32_t connection, size_t start) {
  items_.push_back({kind, connection, start, bytes_.size()});
}

void Frontend::NoteStop(Connection* connection) {
  if (!connection->filter.stopped() || connection->stopped) return;
  connection->stopped = true;
  stopped_.push_back(connection->id);
  stats_.stops++;
  AddItem(ItemKind::kStopped, connection->id, bytes_.size());
}

void Frontend::Data(uint32_t id, Slice bytes, uint64_t now_micros) {
  BeginCall();
  now_ = now_micros;
  Connection* connection = Find(id);
  if (connection == nullptr) return;
  FilterSink sink(this, connection);
  connection->filter.Data(bytes, &sink, &bytes_);
  if (!bytes_.empty()) AddItem(ItemKind::kLeft, id, 0);
  TellApart();
  NoteStop(connection);
  RunHere();
}

// On main alone: a shard's thread has its own to do.
void Frontend::RunHere() {
  if (options_.own_shard >= 0) return;
  for (Lane& lane : lanes_) {
    if (lane.waiting == 0 || lane.waiting > kLentRecordsMax) continue;
    const RingHeader& ring = lane.requests->header();
    Lender* lender = ring.lender.load(std::memory_order_acquire);
    if (lender == nullptr || !lender->TryBorrow()) continue;
    bool done = false;
    if (ring.loop != nullptr) {
      lane.answers->Awake();
      answered_ = true;
      lane.requests->FlushQuietly();
      lane.waiting = 0;
      uint32_t ran;
      done = ring.loop->RunShort(ring.asker, &ran);
      stats_.lent += ran;
    }
    lender->GiveBack();
    if (!done) lane.requests->Wake();
  }
}

bool Frontend::has_requests() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.requests->has_unpublished(); });
}

bool Frontend::Envelope(uint32_t id, Slice envelope, uint64_t now_micros) {
  now_ = now_micros;
  Connection* connection = Find(id);
  if (connection == nullptr || envelope.size < kEnvelopeHeaderBytes) return false;
  // Without room JavaScript's way is taken, which has its own bounds and waits for space by itself.
  const bool throw_on_overload = std::exchange(connection->throw_on_overload, false);
  tells_items_ = false;
  const Taken taken = TryHot(connection, envelope);
  tells_items_ = true;
  connection->throw_on_overload = throw_on_overload;
  return taken == Taken::kTaken;
}

uint32_t Frontend::TakeSlot() {
  uint32_t number;
  if (free_slots_.empty()) {
    number = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    number = free_slots_.back();
    free_slots_.pop_back();
  }
  slots_[number].used = true;
  slots_[number].generation++;
  stats_.open++;
  return number;
}

Frontend::Slot* Frontend::SlotOf(uint64_t request) {
  const uint32_t number = static_cast<uint32_t>(request);
  if (number >= slots_.size()) return nullptr;
  Slot* slot = &slots_[number];
  const bool same = slot->used && (slot->generation & kGenerationMask) == (request >> 32 & kGenerationMask);
  return same ? slot : nullptr;
}

void Frontend::FreeSlot(Slot* slot, Connection* connection) {
  slot->used = false;
  free_slots_.push_back(static_cast<uint32_t>(slot - slots_.data()));
  stats_.open--;
  if (slot->gather >= 0) free_gathers_.push_back(std::exchange(slot->gather, -1));
  if (connection == nullptr) return;
  connection->open--;
  connection->answer_bytes -= slot->answer_bytes;
}

std::vector<uint8_t>* Frontend::OutOf(Connection* connection) {
  if (!connection->dirty) {
    connection->dirty = true;
    dirty_.push_back(connection->id);
  }
  return &connection->out;
}

void Frontend::Flush() {
  for (Lane& lane : lanes_) {
    lane.requests->Flush();
    lane.waiting = 0;
  }
}

void Frontend::ResumeStopped() {
  if (stopped_.empty()) return;
  const std::vector<uint32_t> stopped = std::move(stopped_);
  stopped_.clear();
  for (const uint32_t id : stopped) {
    Connection* connection = Find(id);
    if (connection == nullptr) continue;
    if (connection->held) {
      stopped_.push_back(id);
      continue;
    }
    const size_t start = bytes_.size();
    FilterSink sink(this, connection);
    connection->filter.Resume(&sink, &bytes_);
    if (bytes_.size() > start) AddItem(ItemKind::kLeft, id, start);
    if (connection->filter.stopped()) {
      stopped_.push_back(id);
    } else {
      connection->stopped = false;
      AddItem(ItemKind::kResumed, id, bytes_.size());
    }
  }
}

void Frontend::ShardEnded(uint32_t shard) {
  if (shard >= lanes_.size()) return;
  lanes_[shard].ended = true;
  for (Slot& slot : slots_) {
    if (!slot.used || (slot.shard != shard && slot.gather < 0)) continue;
    Connection* connection = Find(slot.connection);
    if (connection != nullptr) {
      AnswerError(connection, slot.version, slot.stream, kErrorServer, "The shard of this key has ended");
    }
    FreeSlot(&slot, connection);
  }
}

}  // namespace ferrosa

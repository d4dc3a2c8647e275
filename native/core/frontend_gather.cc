// Hot requests that every shard gets, each of them answering for its own rows: reads by an index. The parts come in the order of the table
// and are merged into it when the last is there.
#include <algorithm>

#include "frontend.h"

namespace ferrosa {
namespace {

constexpr size_t kRowHeadBytes = 12;  // i64 token, u32 length

// Whether the bytes are rows with their tokens, as HotExecutor::ReadIndexed writes them.
bool AreRows(Slice rows, uint32_t count) {
  for (; count > 0; count--) {
    if (rows.size < kRowHeadBytes) return false;
    const size_t bytes = kRowHeadBytes + LoadLE<uint32_t>(rows.data + 8);
    if (bytes > rows.size) return false;
    rows = Slice(rows.data + bytes, rows.size - bytes);
  }
  return rows.size == 0;
}

template <typename T>
void AppendBE(std::vector<uint8_t>* out, T v) {
  const size_t at = out->size();
  out->resize(at + sizeof v);
  StoreBE(out->data() + at, v);
}

}  // namespace

Frontend::Taken Frontend::PutToAll(Connection* connection, const Slot& wanted, HotHead* head, Slice body, const HotPlan& plan) {
  const size_t bytes = kHotHeadBytes + body.size;
  if (plan.index.buckets.size() != lanes_.size()) return Taken::kLeft;
  for (const Lane& lane : lanes_)
    if (lane.ended || !lane.requests->fits(bytes)) return Taken::kLeft;
  if (const auto refusal = Refusal(connection, wanted)) return *refusal;
  // All or none: what is reserved and not committed is as if it had not been.
  for (Lane& lane : lanes_)
    if (lane.requests->Reserve(bytes) == nullptr) return Full(connection, wanted.stream, wanted.version);
  head->version = wanted.version;
  head->stream = wanted.stream;
  head->connection = connection->id;
  const uint32_t number = OpenSlot(connection, wanted);
  const int32_t gather_number = TakeGather();
  slots_[number].gather = gather_number;
  Gather& gather = gathers_[static_cast<size_t>(gather_number)];
  gather.waiting = static_cast<uint32_t>(lanes_.size());
  gather.plan = plan.serial;
  gather.skip_metadata = request_.skip_metadata;
  gather.limit = LimitOf(request_, plan.row_limit_slot, plan.row_limit);
  gather.page = IsPaged(request_, gather.limit) ? static_cast<uint32_t>(request_.page_size) : UINT32_MAX;
  gather.request.resize(bytes);
  StoreHotHead(gather.request.data(), *head);
  std::memcpy(gather.request.data() + kHotHeadBytes, body.data, body.size);
  for (size_t i = 0; i < lanes_.size(); i++) {
    RingProducer* requests = lanes_[i].requests;
    uint8_t* to = requests->Reserve(bytes);
    DB_ASSERT(to != nullptr);
    head->part = static_cast<uint16_t>(i);
    StoreHotHead(to, *head);
    std::memcpy(to + kHotHeadBytes, body.data, body.size);
    requests->Commit(RequestOf(number), bytes);
  }
  return Taken::kTaken;
}

int32_t Frontend::TakeGather() {
  int32_t number;
  if (free_gathers_.empty()) {
    number = static_cast<int32_t>(gathers_.size());
    gathers_.emplace_back();
  } else {
    number = free_gathers_.back();
    free_gathers_.pop_back();
  }
  gathers_[static_cast<size_t>(number)].parts.clear();
  return number;
}

// A shard's part: u32 connection, u32 rows, the rows.
void Frontend::OnPart(const Record& record, Slot* slot) {
  Gather& gather = gathers_[static_cast<size_t>(slot->gather)];
  gather.parts.emplace_back(record.payload.data, record.payload.data + record.payload.size);
  if (--gather.waiting > 0) return;
  HotPlan* plan = plans_.Find(slot->plan);
  bool good = plan != nullptr && plan->serial == gather.plan;
  uint64_t rows = 0;
  parts_.clear();
  for (const std::vector<uint8_t>& part : gather.parts) {
    const uint32_t count = part.size() < 8 ? 0 : LoadLE<uint32_t>(part.data() + 4);
    const Slice bytes = part.size() < 8 ? Slice() : Slice(part.data() + 8, part.size() - 8);
    good = good && part.size() >= 8 && AreRows(bytes, count);
    rows += count;
    parts_.push_back(bytes);
  }
  // A full page is JavaScript's, which makes its paging state, as is an answer whose plan is gone.
  if (!good || rows >= gather.page) {
    HotHead head;
    Slice body;
    const bool loaded = LoadHotHead(Slice(gather.request), &head, &body);
    DB_ASSERT(loaded);
    return Decline(slot, head, body);
  }
  plan->declines = 0;
  Merge(slot, plan, &parts_, static_cast<uint32_t>(std::min<uint64_t>(rows, gather.limit)));
}

// Writes the result's envelope: the first `rows` by their tokens. No token is of two shards.
void Frontend::Merge(Slot* slot, HotPlan* plan, std::vector<Slice>* parts, uint32_t rows) {
  const Gather& gather = gathers_[static_cast<size_t>(slot->gather)];
  NoteLatency(*slot, rows);
  Connection* connection = Find(slot->connection);
  if (connection == nullptr) return FreeSlot(slot, connection);
  std::vector<uint8_t>* out = OutOf(connection);
  const size_t at = out->size();
  out->resize(at + kEnvelopeHeaderBytes);
  AppendBE<uint32_t>(out, kResultRows);
  const std::vector<uint8_t>& metadata = slot->version >= 5 ? plan->metadata_v5 : plan->metadata_v4;
  if (gather.skip_metadata) AppendBE<uint32_t>(out, kRowsNoMetadata);
  out->insert(out->end(), metadata.begin() + (gather.skip_metadata ? 4 : 0), gather.skip_metadata ? metadata.begin() + 8 : metadata.end());
  AppendBE<uint32_t>(out, rows);
  for (; rows > 0; rows--) {
    Slice* first = nullptr;
    for (Slice& part : *parts)
      if (part.size > 0 && (first == nullptr || LoadLE<int64_t>(part.data) < LoadLE<int64_t>(first->data))) first = &part;
    const size_t bytes = LoadLE<uint32_t>(first->data + 8);
    out->insert(out->end(), first->data + kRowHeadBytes, first->data + kRowHeadBytes + bytes);
    *first = Slice(first->data + kRowHeadBytes + bytes, first->size - kRowHeadBytes - bytes);
  }
  StoreResponseHeader(out->data() + at, slot->version, slot->stream, kOpcodeResult,
                      static_cast<uint32_t>(out->size() - at - kEnvelopeHeaderBytes));
  plan->answer_size.Note(out->size() - at);
  FreeSlot(slot, connection);
}

}  // namespace ferrosa

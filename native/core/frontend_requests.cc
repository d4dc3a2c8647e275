// How requests of connections get into the rings of the shards: which of them are hot, and what of them the shard is given.
#include "frontend.h"

#include <algorithm>

#include "hash.h"
#include "hot_record.h"
#include "limits.h"

namespace ferrosa {
namespace {

constexpr uint8_t kFlagCompressed = 0x01;
constexpr uint32_t kErrorOverloaded = 0x1001;
constexpr char kOverloadedText[] = "Server is in overloaded state. Cannot accept more requests at this point";

}  // namespace

Frontend::Taken Frontend::TryHot(Connection* connection, Slice envelope) {
  if (!connection->hot || plans_.size() == 0 || lanes_.empty()) return Taken::kLeft;
  const uint8_t opcode = envelope.data[4];
  // In v5 the flag "compressed" has no meaning and is ignored (spec section 2.2).
  const uint8_t flags = envelope.data[0] >= 5 ? envelope.data[1] & ~kFlagCompressed : envelope.data[1];
  if (flags != 0) return Taken::kLeft;
  if (opcode == kOpcodeExecute) return Execute(connection, envelope);
  if (opcode == kOpcodeQuery) return Query(connection, envelope);
  if (opcode == kOpcodeBatch) return Batch(connection, envelope);
  return Taken::kLeft;
}

Frontend::Taken Frontend::Full(Connection* connection, int16_t stream, uint8_t version) {
  if (!connection->throw_on_overload) return Taken::kStop;
  stats_.overloaded++;
  AnswerError(connection, version, stream, kErrorOverloaded, kOverloadedText);
  return Taken::kTaken;
}

std::optional<Frontend::Taken> Frontend::Refusal(Connection* connection, const Slot& wanted) {
  // A client that reads no answer is not overloaded: it waits, whatever it asked for.
  const uint64_t answer_bytes = connection->answer_bytes + wanted.answer_bytes;
  if (connection->held || (connection->answer_bytes > 0 && answer_bytes > options_.answer_bytes_max)) return Taken::kStop;
  if (stats_.open < options_.open_max && connection->open < options_.open_per_connection_max) return std::nullopt;
  return Full(connection, wanted.stream, wanted.version);
}

bool Frontend::IsReady(const Connection& connection, HotPlan* plan) const {
  if (plan == nullptr || !MayRun(connection, *plan)) return false;
  if (plan->skips == 0) return true;
  plan->skips--;
  return false;
}

Frontend::Taken Frontend::Execute(Connection* connection, Slice envelope) {
  const Slice body(envelope.data + kEnvelopeHeaderBytes, envelope.size - kEnvelopeHeaderBytes);
  const uint8_t version = envelope.data[0];
  if (body.size < 18 || LoadBE<uint16_t>(body.data) != 16) return Taken::kLeft;
  HotPlan* plan = plans_.FindById(body.data + 2);
  if (!IsReady(*connection, plan)) return Taken::kLeft;
  size_t options_at = 18;
  if (version >= 5) {
    if (body.size < 20) return Taken::kLeft;
    const size_t n = LoadBE<uint16_t>(body.data + 18);
    if (body.size < 20 + n) return Taken::kLeft;
    // Another result metadata id means that the client must be told the new metadata.
    const bool same = n == 16 && std::memcmp(body.data + 20, plan->metadata_id.data(), 16) == 0;
    if (plan->kind != HotKind::kWrite && !same) return Taken::kLeft;
    options_at = 20 + n;
  }
  return PutStatement(connection, envelope, plan, body, options_at);
}

// A statement that comes as text is hot when there is a plan of its shape: its literals become the values of an EXECUTE, whose options
// travel behind the body and the plan's id, so that a shard that declines gives the whole of it back.
Frontend::Taken Frontend::Query(Connection* connection, Slice envelope) {
  const Slice body(envelope.data + kEnvelopeHeaderBytes, envelope.size - kEnvelopeHeaderBytes);
  if (!plans_.has_texts() || body.size < 4 || body.size > UINT16_MAX) return Taken::kLeft;
  const size_t n = LoadBE<uint32_t>(body.data);
  if (n > body.size - 4 || !ScanPlainText(Slice(body.data + 4, n), &text_)) return Taken::kLeft;
  HotPlan* plan = plans_.FindByText(Slice(text_.skeleton), Slice(connection->keyspace));
  if (plan != nullptr && plan->kind == HotKind::kPrepared) return HandAsExecute(connection, envelope, *plan, 4 + n);
  if (!IsReady(*connection, plan)) return Taken::kLeft;
  rewritten_.assign(body.data, body.data + body.size);
  rewritten_.insert(rewritten_.end(), plan->prepared_id.begin(), plan->prepared_id.end());
  const size_t options_at = rewritten_.size();
  const Slice options(body.data + 4 + n, body.size - 4 - n);
  if (!AppendExecuteOptions(*plan, envelope.data[0], text_, options, &rewritten_)) return Taken::kLeft;
  const uint64_t hot = stats_.hot;
  const Taken taken = PutStatement(connection, envelope, plan, Slice(rewritten_), options_at);
  stats_.texts += stats_.hot - hot;
  return taken;
}

// A text with a plan that is JavaScript's: it gets the EXECUTE that says the same, and need not read the text. `options_at`: of the body.
Frontend::Taken Frontend::HandAsExecute(Connection* connection, Slice envelope, const HotPlan& plan, size_t options_at) {
  if (!tells_items_) return Taken::kLeft;
  const uint8_t version = envelope.data[0];
  const auto append_id = [&](const std::array<uint8_t, 16>& id) {
    rewritten_.push_back(0);
    rewritten_.push_back(static_cast<uint8_t>(id.size()));
    rewritten_.insert(rewritten_.end(), id.begin(), id.end());
  };
  rewritten_.clear();
  append_id(plan.prepared_id);
  if (version >= 5) append_id(plan.metadata_id);
  const size_t head = kEnvelopeHeaderBytes + options_at;
  const Slice options(envelope.data + head, envelope.size - head);
  if (!AppendExecuteOptions(plan, version, text_, options, &rewritten_)) return Taken::kLeft;
  stats_.handed++;
  connection->taken++;
  HandToJavaScript(*connection, version, static_cast<int16_t>(LoadBE<uint16_t>(envelope.data + 2)), kOpcodeExecute,
                   Slice(rewritten_));
  return Taken::kTaken;
}

// `body`: what the shard gets; the options of an EXECUTE of the plan begin at `options_at` of it.
Frontend::Taken Frontend::PutStatement(Connection* connection, Slice envelope, HotPlan* plan, Slice body, size_t options_at) {
  const uint8_t version = envelope.data[0];
  if (options_at > UINT16_MAX ||
      !ParseExecute(*plan, version, Slice(body.data + options_at, body.size - options_at), &request_) ||
      !ValidateRequest(*plan, request_)) {
    return Taken::kLeft;
  }
  // Rows of views may be other shards': see PlaceBatch.
  if (!plan->views.empty() && !MaySpread()) return Taken::kLeft;
  HotHead head;
  head.plan = plan->number;
  head.opcode = envelope.data[4];
  head.options_at = static_cast<uint16_t>(options_at);
  Slot slot;
  slot.plan = plan->number;
  slot.consistency = request_.consistency;
  slot.version = version;
  slot.stream = static_cast<int16_t>(LoadBE<uint16_t>(envelope.data + 2));
  slot.write = plan->kind == HotKind::kWrite;
  if (plan->flags & kHotCounter) slot.type = WriteType::kCounter;
  if (plan->conditions != HotConditions::kNone) {
    slot.type = WriteType::kCas;
    slot.consistency = request_.serial_consistency;
  }
  slot.measured_plan = plan->number;
  slot.answer_bytes = plan->answer_size.Of(slot.write ? 0 : options_.answer_bytes_max / kUnknownAnswers);
  if (plan->kind == HotKind::kIndexRead) return PutToAll(connection, slot, &head, body, *plan);
  Slice key;
  if (!PartitionKeyOf(*plan, request_, &key_, &key)) return Taken::kLeft;
  head.token = MurmurToken(key);
  return Put(connection, slot, &head, body);
}

// Where a batch's statements go. False: one of them is JavaScript's.
bool Frontend::PlaceBatch(const Connection& connection, BatchPlaces* out) {
  const uint32_t shards = static_cast<uint32_t>(lanes_.size());
  tokens_.clear();
  bool indexed = false;
  for (size_t i = 0; i < batch_.count; i++) {
    const HotBatch::Entry& entry = batch_.entries[i];
    if (entry.plan->skips > 0 || !MayRun(connection, *entry.plan)) return false;
    if (!ValidateRequest(*entry.plan, entry.request)) return false;
    Slice key;
    if (!PartitionKeyOf(*entry.plan, entry.request, &key_, &key)) return false;
    tokens_.push_back(MurmurToken(key));
    indexed |= !entry.plan->indexes.empty();
    out->spans |= ShardOfToken(tokens_[i], shards, options_.ignore_msb) != ShardOfToken(tokens_[0], shards, options_.ignore_msb);
  }
  out->token = tokens_[0];
  std::sort(tokens_.begin(), tokens_.end());
  out->partitions = static_cast<size_t>(std::unique(tokens_.begin(), tokens_.end()) - tokens_.begin());
  if (out->partitions > 1 && (!options_.several_partitions || (!batch_.logged && batch_.count > kHotUnloggedMax))) return false;
  if (!out->spans) return true;
  const bool durable = (batch_.entries[0].plan->flags & kHotNotDurable) == 0;
  return batch_.logged && durable && !indexed && MaySpread();
}

// A batch is hot when all its statements are hot writes; those to several shards go to the shard of the first, which keeps the batch.
Frontend::Taken Frontend::Batch(Connection* connection, Slice envelope) {
  const Slice body(envelope.data + kEnvelopeHeaderBytes, envelope.size - kEnvelopeHeaderBytes);
  const uint8_t version = envelope.data[0];
  BatchPlaces places;
  if (!ParseBatch(plans_, version, body, &batch_) || !PlaceBatch(*connection, &places)) return Taken::kLeft;
  HotHead head;
  head.plan = kHotBatchPlan;
  head.opcode = kOpcodeBatch;
  head.token = places.token;
  Slot slot;
  slot.plan = kHotBatchPlan;
  slot.consistency = batch_.entries[0].request.consistency;
  slot.version = version;
  slot.stream = static_cast<int16_t>(LoadBE<uint16_t>(envelope.data + 2));
  slot.write = true;
  if (places.partitions > 1) slot.type = batch_.logged ? WriteType::kBatch : WriteType::kUnloggedBatch;
  slot.partitions = static_cast<uint16_t>(places.partitions);
  slot.measured_plan = batch_.entries[0].plan->number;
  const uint64_t hot = stats_.hot;
  const Taken taken = Put(connection, slot, &head, body);
  if (stats_.hot > hot) CountBatch(body, places.partitions, 1);
  return taken;
}

// Puts a request into the ring of the shard that owns its token and opens a slot for the answer.
Frontend::Taken Frontend::Put(Connection* connection, const Slot& wanted, HotHead* head, Slice body) {
  const uint32_t shard = ShardOfToken(head->token, static_cast<uint32_t>(lanes_.size()), options_.ignore_msb);
  Lane& lane = lanes_[shard];
  if (lane.ended || !lane.requests->fits(kHotHeadBytes + body.size)) return Taken::kLeft;
  if (const auto refusal = Refusal(connection, wanted)) return *refusal;
  uint8_t* to = lane.requests->Reserve(kHotHeadBytes + body.size);
  if (to == nullptr) return Full(connection, wanted.stream, wanted.version);
  head->version = wanted.version;
  head->stream = wanted.stream;
  head->connection = connection->id;
  StoreHotHead(to, *head);
  std::memcpy(to + kHotHeadBytes, body.data, body.size);

  const uint32_t number = OpenSlot(connection, wanted);
  slots_[number].shard = shard;
  if (static_cast<int64_t>(shard) == options_.own_shard) stats_.local++;
  lane.requests->Commit(RequestOf(number), kHotHeadBytes + body.size);
  lane.waiting++;
  return Taken::kTaken;
}

uint32_t Frontend::OpenSlot(Connection* connection, const Slot& wanted) {
  const uint32_t number = TakeSlot();
  Slot& slot = slots_[number];
  const uint32_t generation = slot.generation;
  slot = wanted;
  slot.used = true;
  slot.generation = generation;
  slot.connection = connection->id;
  slot.deadline = now_ + TimeoutOf(slot);
  connection->open++;
  connection->answer_bytes += slot.answer_bytes;
  connection->taken++;
  stats_.hot++;
  return number;
}

// The head of a slot's record.
Record Frontend::RequestOf(uint32_t number) const {
  const Slot& slot = slots_[number];
  Record record;
  record.kind = RecordKind::kHot;
  record.request = kHotRequest | static_cast<uint64_t>(slot.generation & kGenerationMask) << 32 | number;
  record.deadline = slot.deadline;
  return record;
}

}  // namespace ferrosa

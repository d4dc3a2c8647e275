// What comes back from the shards, and what is not answered in time: envelopes for the sockets, requests for JavaScript.
#include "frontend.h"
#include "hot_record.h"
#include "limits.h"

namespace ferrosa {
namespace {

constexpr uint8_t kOpcodeError = 0x00;
constexpr uint32_t kErrorWriteTimeout = 0x1100;
constexpr uint32_t kErrorReadTimeout = 0x1200;
constexpr char kCasTimeoutText[] =
    "CAS operation timed out: received 0 of 1 required responses after 0 contention retries";
constexpr char kTimeoutText[] = "Operation timed out - received only 0 responses.";

void AppendBE16(std::vector<uint8_t>* out, uint16_t v) {
  const size_t at = out->size();
  out->resize(at + 2);
  StoreBE(out->data() + at, v);
}
void AppendBE32(std::vector<uint8_t>* out, uint32_t v) {
  const size_t at = out->size();
  out->resize(at + 4);
  StoreBE(out->data() + at, v);
}
void AppendString(std::vector<uint8_t>* out, const char* s) {
  const size_t n = std::strlen(s);
  AppendBE16(out, static_cast<uint16_t>(n));
  out->insert(out->end(), s, s + n);
}
// Begins an ERROR envelope; EndEnvelope writes its header.
size_t BeginError(std::vector<uint8_t>* out, uint32_t code, const char* message) {
  const size_t at = out->size();
  out->resize(at + kEnvelopeHeaderBytes);
  AppendBE32(out, code);
  AppendString(out, message);
  return at;
}
void EndError(std::vector<uint8_t>* out, size_t at, uint8_t version, int16_t stream) {
  StoreResponseHeader(out->data() + at, version, stream, kOpcodeError,
                      static_cast<uint32_t>(out->size() - at - kEnvelopeHeaderBytes));
}

// The rows in a result: behind the kind, the flags and the metadata or its column count. `frame` as in a record of kind kFrame.
uint32_t RowsIn(const HotPlan& plan, uint8_t version, Slice frame) {
  const size_t body = 4 + kEnvelopeHeaderBytes;
  if (plan.kind == HotKind::kWrite || frame.size < body + 8 || LoadBE<uint32_t>(frame.data + body) != kResultRows) return 0;
  const bool skipped = (LoadBE<uint32_t>(frame.data + body + 4) & kRowsNoMetadata) != 0;
  const size_t at = body + 4 + (skipped ? 8 : (version >= 5 ? plan.metadata_v5 : plan.metadata_v4).size());
  return frame.size < at + 4 ? 0 : LoadBE<uint32_t>(frame.data + at);
}

}  // namespace

void Frontend::AnswerError(Connection* connection, uint8_t version, int16_t stream, uint32_t code,
                           const char* message) {
  std::vector<uint8_t>* out = OutOf(connection);
  EndError(out, BeginError(out, code, message), version, stream);
}

// WriteTimeout: consistency, received, block for, write type. ReadTimeout: consistency, received, block for, data present (spec 9).
void Frontend::AnswerTimeout(Connection* connection, const Slot& slot) {
  std::vector<uint8_t>* out = OutOf(connection);
  const bool cas = slot.type == WriteType::kCas;
  const size_t at = BeginError(out, slot.write ? kErrorWriteTimeout : kErrorReadTimeout, cas ? kCasTimeoutText : kTimeoutText);
  AppendBE16(out, slot.consistency);
  AppendBE32(out, 0);
  AppendBE32(out, 1);
  if (slot.write) {
    static constexpr const char* kNames[] = {"SIMPLE", "COUNTER", "BATCH", "UNLOGGED_BATCH", "CAS"};
    AppendString(out, kNames[static_cast<size_t>(slot.type)]);
    if (cas && slot.version >= 5) AppendBE16(out, 0);  // contentions
  } else {
    out->push_back(0);
  }
  EndError(out, at, slot.version, slot.stream);
}

void Frontend::OnFrame(const Record& record) {
  Slot* slot = SlotOf(record.request);
  if (slot == nullptr) return;  // timed out before
  if (slot->gather >= 0) return OnPart(record, slot);
  if (record.payload.size < 4 + kEnvelopeHeaderBytes) return;
  Connection* connection = Find(slot->connection);
  if (HotPlan* plan = plans_.Find(slot->plan); plan != nullptr) {
    plan->declines = 0;
    plan->answer_size.Note(record.payload.size);
  }
  const HotPlan* measured = plans_.Find(slot->measured_plan);
  NoteLatency(*slot, measured == nullptr ? 0 : RowsIn(*measured, slot->version, record.payload));
  FreeSlot(slot, connection);
  if (connection == nullptr) return;
  std::vector<uint8_t>* out = OutOf(connection);
  out->insert(out->end(), record.payload.data + 4, record.payload.data + record.payload.size);
}

// The shard would not run it: the envelope is made again and goes to JavaScript.
void Frontend::OnDeclined(const Record& record) {
  Slot* slot = SlotOf(record.request);
  HotHead head;
  Slice body;
  if (slot == nullptr || !LoadHotHead(record.payload, &head, &body)) return;
  Decline(slot, head, body);
}

void Frontend::Decline(Slot* slot, const HotHead& head, Slice body) {
  Connection* connection = Find(slot->connection);
  if (HotPlan* plan = plans_.Find(slot->plan); plan != nullptr) NoteDecline(plan);
  if (head.opcode == kOpcodeBatch && body.size > 0) CountBatch(body, slot->partitions, -1);
  if (head.opcode == kOpcodeQuery) stats_.texts--;
  body = RequestBodyOf(head, body);
  FreeSlot(slot, connection);
  stats_.declined++;
  if (connection != nullptr) HandToJavaScript(*connection, head.version, head.stream, head.opcode, body);
}

// Few answers between them, or none: declines in a row.
void Frontend::NoteDecline(HotPlan* plan) {
  if (std::exchange(plan->computed, 0) > kHotDeclinesMax) plan->declines = 0;
  if (++plan->declines >= kHotDeclinesMax) plan->skips = kHotSkips;
}

// JavaScript makes the answer out of the request and its rows.
void Frontend::OnComputed(const Record& record) {
  Slot* slot = SlotOf(record.request);
  Reader reader(record.payload);
  uint32_t bytes;
  Slice request;
  HotHead head;
  Slice body;
  if (slot == nullptr || !reader.U32(&bytes) || !reader.Bytes(bytes, &request) || !LoadHotHead(request, &head, &body)) return;
  Connection* connection = Find(slot->connection);
  HotPlan* plan = plans_.Find(slot->plan);
  NoteLatency(*slot, 0);
  FreeSlot(slot, connection);
  if (connection == nullptr) return;
  // Forgotten meanwhile, as after a change of the schema: the statement may mean other columns than these now.
  if (plan == nullptr) return HandToJavaScript(*connection, head.version, head.stream, head.opcode, RequestBodyOf(head, body));
  plan->computed++;
  plan->answer_size.Note(record.payload.size);
  const size_t start = apart_bytes_.size();
  apart_bytes_.resize(start + 8);
  AppendEnvelope(head.version, head.stream, head.opcode, RequestBodyOf(head, body));
  StoreLE(apart_bytes_.data() + start, head.plan);
  StoreLE(apart_bytes_.data() + start + 4, static_cast<uint32_t>(apart_bytes_.size() - start - 8));
  const Slice rows(reader.position(), reader.left());
  apart_bytes_.insert(apart_bytes_.end(), rows.data, rows.data + rows.size);
  apart_.push_back({ItemKind::kComputed, connection->id, apart_bytes_.size() - start});
}

void Frontend::NoteComputed(uint32_t number, int64_t rows) {
  HotPlan* plan = plans_.Find(number);
  if (rows < 0) {
    stats_.declined++;
    stats_.left++;
  }
  if (plan == nullptr) return;
  if (rows < 0) NoteDecline(plan);
  else if (plan->figures != nullptr) plan->figures->rows += static_cast<uint64_t>(rows);
}

// A request that was taken and is JavaScript's all the same: a whole envelope, apart from the stream.
void Frontend::HandToJavaScript(const Connection& connection, uint8_t version, int16_t stream, uint8_t opcode, Slice body) {
  stats_.left++;
  const size_t start = apart_bytes_.size();
  AppendEnvelope(version, stream, opcode, body);
  apart_.push_back({ItemKind::kDeclined, connection.id, apart_bytes_.size() - start});
}

void Frontend::AppendEnvelope(uint8_t version, int16_t stream, uint8_t opcode, Slice body) {
  const size_t start = apart_bytes_.size();
  apart_bytes_.resize(start + kEnvelopeHeaderBytes);
  StoreResponseHeader(apart_bytes_.data() + start, version, stream, opcode, static_cast<uint32_t>(body.size));
  apart_bytes_[start] = version;  // a request: without the direction bit
  apart_bytes_.insert(apart_bytes_.end(), body.data, body.data + body.size);
}

void Frontend::TellApart() {
  size_t at = bytes_.size();
  bytes_.insert(bytes_.end(), apart_bytes_.begin(), apart_bytes_.end());
  for (const Apart& one : apart_) {
    items_.push_back({one.kind, one.connection, at, at + one.bytes});
    at += one.bytes;
  }
  apart_.clear();
  apart_bytes_.clear();
}

void Frontend::OnAnswer(const Record& record, uint32_t shard) {
  if (record.request & kHotRequest) {
    if (static_cast<uint32_t>(record.request) & kPartRequest) return OnSpreadPart(record);
    if (record.kind == RecordKind::kSpread) return OnSpread(record, shard);
    if (record.kind == RecordKind::kFrame) return OnFrame(record);
    if (record.kind == RecordKind::kDeclined) return OnDeclined(record);
    if (record.kind == RecordKind::kComputed) return OnComputed(record);
    return;
  }
  const size_t at = generic_.size();
  generic_.resize(at + ((kRecordHeaderBytes + record.payload.size + 7) & ~size_t{7}));
  StoreRecordHeader(generic_.data() + at, record, record.payload.size, false);
  std::memcpy(generic_.data() + at + kRecordHeaderBytes, record.payload.data, record.payload.size);
}

bool Frontend::Drain(uint64_t now_micros, size_t bytes_max) {
  BeginCall();
  now_ = now_micros;
  generic_.clear();
  size_t taken = 0;
  bool more = false;
  for (uint32_t shard = 0; shard < lanes_.size(); shard++) {
    Lane& lane = lanes_[shard];
    if (lane.ended) continue;
    lane.answers->Awake();
    Record record;
    do {
      while (taken < bytes_max && lane.answers->Peek(&record)) {
        OnAnswer(record, shard);
        taken += kRecordHeaderBytes + record.payload.size;
        lane.answers->Pop();
      }
      lane.answers->Release();
      if (taken >= bytes_max) more = true;
    } while (taken < bytes_max && !lane.answers->Sleep());
    lane.requests->Pump();
  }
  ResumeStopped();
  TellApart();
  Flush();
  SealOutgoing();
  return more;
}

void Frontend::SealOutgoing() {
  outgoing_.clear();
  sealed_.clear();
  for (const uint32_t id : dirty_) {
    Connection* connection = Find(id);
    if (connection == nullptr) continue;
    connection->dirty = false;
    const Slice out(connection->out);
    const size_t start = sealed_.size();
    const Compression compression = connection->filter.compression();
    const bool compress = compression != Compression::kNone && out.size >= kCompressBytesMin;
    if (connection->filter.segments() && !compress) {
      const bool lz4 = compression == Compression::kLz4;
      sealed_.resize(start + SealedBytes(out, lz4));
      Seal(out, lz4, sealed_.data() + start);
    } else {
      sealed_.insert(sealed_.end(), out.data, out.data + out.size);
    }
    connection->out.clear();
    if (connection->out.capacity() > kRecordBytesMax / 64) connection->out.shrink_to_fit();
    outgoing_.push_back({id, start, sealed_.size(), compress});
  }
  dirty_.clear();
}

void Frontend::Expire(uint64_t now_micros) {
  spreads_.Retry(now_micros);
  if (spreads_.size() > 0) Flush();
  if (stats_.open == 0) return;
  for (Slot& slot : slots_) {
    if (!slot.used || slot.deadline > now_micros) continue;
    Connection* connection = Find(slot.connection);
    stats_.timeouts++;
    now_ = now_micros;
    NoteLatency(slot, 0);
    if (connection != nullptr) AnswerTimeout(connection, slot);
    FreeSlot(&slot, connection);
  }
}

}  // namespace ferrosa

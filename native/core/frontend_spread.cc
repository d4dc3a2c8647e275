// Batches of several shards: their parts go from the shard that keeps the batch to the others by here.
#include "frontend.h"
#include "hot_record.h"

namespace ferrosa {

// Goes on also when the client has its timeout: what is kept is to be done.
void Frontend::OnSpread(const Record& record, uint32_t shard) {
  stats_.spread++;
  if (!spreads_.Begin(record.request, shard, record.payload)) SpreadEnded(record.request, true);
}

void Frontend::OnSpreadPart(const Record& record) {
  const uint32_t number = static_cast<uint32_t>(record.request) & ~kPartRequest;
  if (record.kind == RecordKind::kAck) return spreads_.Done(number);
  const Code code = record.payload.size > 0 ? static_cast<Code>(record.payload.data[0]) : Code::kServer;
  spreads_.Failed(number, code, now_);
}

// Without a deadline: it is done sooner or later.
void Frontend::SendPart(uint32_t shard, RecordKind kind, uint32_t number, Slice payload) {
  if (shard >= lanes_.size() || lanes_[shard].ended) return;
  Record record;
  record.kind = kind;
  record.request = kHotRequest | kPartRequest | number;
  lanes_[shard].requests->Send(record, payload);
}

void Frontend::SpreadEnded(uint64_t request, bool failed) {
  Slot* slot = SlotOf(request);
  if (slot == nullptr) return;  // timed out before
  Connection* connection = Find(slot->connection);
  NoteLatency(*slot, 0);
  const Slot ended = *slot;
  FreeSlot(slot, connection);
  if (connection == nullptr) return;
  // A part of it is there, and the rest follows.
  if (failed) return AnswerTimeout(connection, ended);
  std::vector<uint8_t>* out = OutOf(connection);
  const size_t at = out->size();
  out->resize(at + kEnvelopeHeaderBytes + 4);
  StoreResponseHeader(out->data() + at, ended.version, ended.stream, kOpcodeResult, 4);
  StoreBE<uint32_t>(out->data() + at + kEnvelopeHeaderBytes, kResultVoid);
}

}  // namespace ferrosa

#include "hot_record.h"

namespace ferrosa {

void StoreHotHead(uint8_t* to, const HotHead& head) {
  StoreLE<uint32_t>(to, head.plan);
  to[4] = head.version;
  to[5] = head.opcode;
  StoreLE<int16_t>(to + 6, head.stream);
  StoreLE<uint32_t>(to + 8, head.connection);
  StoreLE<uint16_t>(to + 12, head.options_at);
  StoreLE<uint16_t>(to + 14, head.part);
  StoreLE<int64_t>(to + 16, head.token);
}

bool LoadHotHead(Slice payload, HotHead* out, Slice* body) {
  if (payload.size < kHotHeadBytes) return false;
  const uint8_t* p = payload.data;
  out->plan = LoadLE<uint32_t>(p);
  out->version = p[4];
  out->opcode = p[5];
  out->stream = LoadLE<int16_t>(p + 6);
  out->connection = LoadLE<uint32_t>(p + 8);
  out->options_at = LoadLE<uint16_t>(p + 12);
  out->part = LoadLE<uint16_t>(p + 14);
  out->token = LoadLE<int64_t>(p + 16);
  *body = Slice(p + kHotHeadBytes, payload.size - kHotHeadBytes);
  return out->options_at <= body->size;
}

constexpr size_t kPlanIdBytes = 16;

Slice PlanIdOf(const HotHead& head, Slice body) {
  const size_t end = head.opcode == kOpcodeQuery ? head.options_at : 2 + kPlanIdBytes;
  return end < kPlanIdBytes || body.size < end ? Slice() : Slice(body.data + end - kPlanIdBytes, kPlanIdBytes);
}

Slice RequestBodyOf(const HotHead& head, Slice body) {
  if (head.opcode != kOpcodeQuery) return body;
  return Slice(body.data, head.options_at < kPlanIdBytes ? 0 : head.options_at - kPlanIdBytes);
}

void StoreResponseHeader(uint8_t* to, uint8_t version, int16_t stream, uint8_t opcode, uint32_t body_bytes) {
  to[0] = version | 0x80;
  to[1] = 0;
  StoreBE<uint16_t>(to + 2, static_cast<uint16_t>(stream));
  to[4] = opcode;
  StoreBE<uint32_t>(to + 5, body_bytes);
}

}  // namespace ferrosa

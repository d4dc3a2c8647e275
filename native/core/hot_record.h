// native/core/hot_record.h: what a hot request and its answer look like in the rings (docs/format/ring.md, kinds 3 and 131).
#pragma once
#include <cstdint>

#include "bytes.h"

namespace ferrosa {

// The head of a hot record's payload (docs/format/ring.md, kind 3); the body of the request follows it.
struct HotHead {
  uint32_t plan = 0;
  uint8_t version = 0;
  uint8_t opcode = 0;  // of the request
  int16_t stream = 0;
  uint32_t connection = 0;
  // Where the options of an EXECUTE begin in the body: after the ids; of a QUERY: after its own body, which they are made of, and the id of
  // its plan.
  uint16_t options_at = 0;
  uint16_t part = 0;  // of a request that every shard gets: the number of the shard that this is for
  int64_t token = 0;
};
inline constexpr size_t kHotHeadBytes = 24;
inline constexpr uint32_t kHotBatchPlan = UINT32_MAX;  // instead of a plan's number: the body is that of a BATCH
void StoreHotHead(uint8_t* to, const HotHead& head);
bool LoadHotHead(Slice payload, HotHead* out, Slice* body);

// The id of the plan that the body of a statement was made for; null when there is none.
Slice PlanIdOf(const HotHead& head, Slice body);
// The body as the client has sent it.
Slice RequestBodyOf(const HotHead& head, Slice body);

inline constexpr uint8_t kOpcodeQuery = 0x07;
inline constexpr uint8_t kOpcodeResult = 0x08;
inline constexpr uint8_t kOpcodeExecute = 0x0a;
inline constexpr uint8_t kOpcodeBatch = 0x0d;

// Of a RESULT: its kind, and the flag of rows whose metadata is left out (native protocol, section 4.2.5).
inline constexpr uint32_t kResultVoid = 1;
inline constexpr uint32_t kResultRows = 2;
inline constexpr uint32_t kRowsNoMetadata = 4;

inline constexpr size_t kEnvelopeHeaderBytes = 9;
// The header of a response envelope (native protocol v3 to v5, section 2).
void StoreResponseHeader(uint8_t* to, uint8_t version, int16_t stream, uint8_t opcode, uint32_t body_bytes);

}  // namespace ferrosa

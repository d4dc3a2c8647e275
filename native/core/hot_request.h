// native/core/hot_request.h: the EXECUTE and BATCH bodies that ask for hot plans (docs/format/hot-plan.md).
#pragma once
#include <cstdint>
#include <vector>

#include "hot_plan.h"

namespace ferrosa {

// The options of an EXECUTE (or an entry of a BATCH), as far as the hot path runs them. Slices point into the body.
struct HotRequest {
  uint16_t consistency = 0;
  uint16_t serial_consistency = 8;  // of an EXECUTE
  bool skip_metadata = false;
  bool has_timestamp = false;
  int64_t timestamp = 0;
  int32_t page_size = -1;
  std::vector<HotValue> values;  // by slot
};

// Reads the body of EXECUTE after the ids. False: leave it to JavaScript, which also finds what is wrong with it.
bool ParseExecute(const HotPlan& plan, uint8_t version, Slice options, HotRequest* out);
// Reads the values of one statement, u16 n, n x value, into out->values. For entries of a BATCH too.
bool ParseValues(const HotPlan& plan, uint8_t version, Reader* reader, HotRequest* out);
// The statements of a BATCH that is hot: not a counter batch, prepared writes only, no timestamps of their own.
struct HotBatch {
  struct Entry {
    HotPlan* plan = nullptr;
    HotRequest request;  // with the batch's consistency and timestamp
  };
  std::vector<Entry> entries;  // `count` of them are of this batch, the others keep their memory
  size_t count = 0;
  bool logged = false;
};
// Reads the body of BATCH. False: leave it to JavaScript.
bool ParseBatch(const HotPlans& plans, uint8_t version, Slice body, HotBatch* out);
// The limit in a slot of the request, or that of the plan.
inline uint32_t LimitOf(const HotRequest& request, int32_t slot, uint32_t of_plan) {
  if (slot == kNoSlot || request.values[static_cast<size_t>(slot)].bytes.size != 4) return of_plan;
  return LoadBE<uint32_t>(request.values[static_cast<size_t>(slot)].bytes.data);
}
// Whether the request's page ends before its limit: then JavaScript makes the paging state of what goes on.
inline bool IsPaged(const HotRequest& request, uint32_t limit) {
  return request.page_size > 0 && static_cast<uint32_t>(request.page_size) < limit;
}
// Whether every value is one that the plan's types and targets accept.
bool ValidateRequest(const HotPlan& plan, const HotRequest& request);
// Adds a component to a serialized key of several. False when it is too long.
bool AppendKeyComponent(Slice component, std::vector<uint8_t>* out);
// The serialized partition key. A single component is returned in place; several are put into *scratch. False when it is too long.
bool PartitionKeyOf(const HotPlan& plan, const HotRequest& request, std::vector<uint8_t>* scratch, Slice* out);

}  // namespace ferrosa

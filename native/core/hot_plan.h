// native/core/hot_plan.h: prepared statements that the addon runs without JavaScript, and the EXECUTE bodies that ask for them.
// Byte layout and the rules of what is left to JavaScript: docs/format/hot-plan.md.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "bytes.h"
#include "descriptor.h"
#include "plain_text.h"
#include "read_command.h"

namespace ferrosa {

struct PlanFigures;

// kPrepared: a text that JavaScript runs, as the prepared statement that it is the same as.
enum class HotKind : uint8_t { kWrite = 1, kRead = 2, kIndexRead = 3, kPrepared = 4 };
enum HotFlag : uint8_t {
  kHotInsert = 1,
  kHotNotDurable = 2,
  kHotReversed = 4,
  kHotUnrestricted = 8,
  kHotDeleteRow = 16,
  kHotDeletePartition = 32,
};
enum class BindTarget : uint8_t {
  kPartitionKey = 0,
  kClustering = 1,
  kValue = 2,
  kTtl = 3,
  kTimestamp = 4,
  kLimit = 5,
  kSliceStart = 6,
  kSliceEnd = 7,
  kTerm = 8,
};
inline constexpr size_t kHotTargets = 9;

// What makes the bytes of a value acceptable. Everything that needs more than a look leaves the request to JavaScript.
struct ValueRule {
  enum Kind : uint8_t { kAny, kFixed, kAscii, kUtf8, kTimeuuid, kTimeOfDay, kInet, kAtLeast, kNever } kind = kNever;
  uint32_t bytes = 0;
  static ValueRule Of(const Type& type);
  bool Accepts(Slice value) const;
};

// A value of a request: a slice, null, or left out.
struct HotValue {
  Slice bytes;
  bool unset = false;
};

struct HotBind {
  BindTarget target = BindTarget::kValue;
  uint16_t which = 0;
  TypeKind type = TypeKind::kBlob;
  ValueRule rule;
};

inline constexpr int32_t kNoSlot = -1;

// Slots number the values of a request: first the binds in their order, then the constants.
struct HotPlan {
  // Invalid when the bytes are not a plan of this version.
  static Status Parse(Slice bytes, std::unique_ptr<HotPlan>* out);

  HotKind kind = HotKind::kWrite;
  uint8_t flags = 0;
  std::array<uint8_t, 16> prepared_id{};
  std::array<uint8_t, 16> table_id{};
  uint32_t table_version = 0;
  std::vector<HotBind> binds;
  std::vector<HotValue> constants;  // pointing into bytes_
  uint8_t slice_flags = 0;          // 1 start inclusive, 2 end inclusive
  uint32_t default_ttl = 0;
  uint16_t consistency_levels = 0;  // bit n: level n is run
  uint32_t row_limit = UINT32_MAX;
  uint32_t per_partition_limit = UINT32_MAX;
  struct Selected {
    uint8_t what;
    uint16_t which;  // key component or column id
  };
  std::vector<Selected> columns;
  // Of a read of aggregates: what is folded over `columns`, and the cells of its one row.
  std::vector<Fold> folds;
  struct Output {
    enum Kind : uint8_t { kCount = 0, kSum = 1, kAverage = 2, kBest = 3 } kind;
    uint8_t width;   // bytes of a sum or an average
    uint16_t fold;
    uint16_t count;  // of an average: the fold that counts
  };
  std::vector<Output> outputs;
  // Of a read by an index (kIndexRead): the table of its entries, the column that has the value, and by shard the partition of entries.
  struct Index {
    std::array<uint8_t, 16> table_id{};
    uint16_t column_id = 0;
    struct Bucket {
      std::vector<uint8_t> key;
      int64_t token = 0;
    };
    std::vector<Bucket> buckets;
  };
  Index index;
  std::vector<uint8_t> metadata_v4;
  std::vector<uint8_t> metadata_v5;
  std::array<uint8_t, 16> metadata_id{};
  // Of a plan for statements that come as text: what they have in common, with a bind for each literal. Empty for a prepared statement.
  std::vector<uint8_t> skeleton;
  std::vector<uint8_t> keyspace;  // in which the text means this plan; empty: in every one

  // Derived from binds and constants.
  std::vector<int32_t> partition_key;  // slot of each component
  std::vector<int32_t> clustering;     // slot of each leading component that is given
  struct Value {
    uint16_t column_id;
    int32_t slot;
  };
  std::vector<Value> values;
  int32_t ttl_slot = kNoSlot;
  int32_t timestamp_slot = kNoSlot;
  int32_t row_limit_slot = kNoSlot;
  int32_t partition_limit_slot = kNoSlot;
  int32_t slice_start_slot = kNoSlot;
  int32_t slice_end_slot = kNoSlot;
  int32_t term_slot = kNoSlot;

  uint32_t number = 0;    // given at registration
  uint64_t serial = 0;    // differs for every plan that a thread ever registered
  uint32_t declines = 0;  // in a row, by the shard: main stops trying for a while (frontend.h)
  uint32_t skips = 0;
  std::shared_ptr<PlanFigures> figures;  // made with its first answer, where the plan is a frontend's

 private:
  std::vector<uint8_t> bytes_;  // what constants point into
  Status ReadBinds(Reader* reader);
  Status ReadRead(Reader* reader);
  Status ReadFolds(Reader* reader);
  Status ReadIndex(Reader* reader);
  Status ReadText(Reader* reader);
  Status Place(BindTarget target, uint16_t which, int32_t slot);
};

// The plans of a thread by number, and by prepared id or text.
class HotPlans {
 public:
  // Registers a plan, replacing one of the same number or prepared id. Empty bytes forget the number.
  Status Set(uint32_t number, Slice plan);
  HotPlan* Find(uint32_t number) const { return number < by_number_.size() ? by_number_[number].get() : nullptr; }
  // `id`: 16 bytes.
  HotPlan* FindById(const uint8_t* id) const;
  // The plan of a text cut by ScanPlainText, of a connection that uses `keyspace`.
  HotPlan* FindByText(Slice skeleton, Slice keyspace) const;
  size_t size() const { return by_id_.size() + by_text_.size(); }
  bool has_texts() const { return !by_text_.empty(); }
  const std::vector<std::unique_ptr<HotPlan>>& all() const { return by_number_; }

 private:
  struct IdHash {
    // Prepared ids are MD5 sums: any 8 bytes are a hash.
    size_t operator()(const std::array<uint8_t, 16>& id) const { return LoadLE<uint64_t>(id.data()); }
  };
  uint64_t serials_ = 0;
  std::vector<std::unique_ptr<HotPlan>> by_number_;
  void Forget(HotPlan* plan);
  std::unordered_map<std::array<uint8_t, 16>, HotPlan*, IdHash> by_id_;
  std::unordered_multimap<size_t, HotPlan*> by_text_;  // by the hash of the skeleton
};

// The options of an EXECUTE (or an entry of a BATCH), as far as the hot path runs them. Slices point into the body.
struct HotRequest {
  uint16_t consistency = 0;
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
// The statements of a BATCH that is hot: not a counter batch, prepared writes only, all of one partition, no timestamps of their own.
struct HotBatch {
  struct Entry {
    HotPlan* plan = nullptr;
    HotRequest request;  // with the batch's consistency and timestamp
  };
  std::vector<Entry> entries;  // `count` of them are of this batch, the others keep their memory
  size_t count = 0;
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
// The serialized partition key. A single component is returned in place; several are put into *scratch. False when it is too long.
bool PartitionKeyOf(const HotPlan& plan, const HotRequest& request, std::vector<uint8_t>* scratch, Slice* out);

}  // namespace ferrosa

// native/core/hot_plan.h: prepared statements that the addon runs without JavaScript. Their requests: hot_request.h.
// Byte layout and the rules of what is left to JavaScript: docs/format/hot-plan.md.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "bytes.h"
#include "descriptor.h"
#include "hot_value.h"
#include "plain_text.h"
#include "read_command.h"

namespace ferrosa {

struct PlanFigures;

// kPrepared: a text that JavaScript runs, as the prepared statement that it is the same as. kComputedRead: a read out of whose rows JavaScript
// makes the answer.
enum class HotKind : uint8_t { kWrite = 1, kRead = 2, kIndexRead = 3, kPrepared = 4, kComputedRead = 5 };
inline constexpr uint8_t kHotKinds = 5;
enum HotFlag : uint8_t {
  kHotInsert = 1,
  kHotNotDurable = 2,
  kHotReversed = 4,
  kHotUnrestricted = 8,
  kHotDeleteRow = 16,
  kHotDeletePartition = 32,
  kHotCounter = 64,
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
  kOperationKey = 9,
  kOperationValue = 10,
  kCondition = 11,
  kComputed = 12,  // only JavaScript looks at it
};
inline constexpr size_t kHotTargets = 13;

// What a write does to a column beside giving it a whole value.
enum class HotOperation : uint8_t {
  kElement = 1,   // the cell at a path: a map's entry, a set's element, a user type's field; null deletes it
  kAdd = 2,       // every element of a collection
  kDiscard = 3,   // the cells at the paths that a set has are deleted
  kReplace = 4,   // what was in the collection goes, the elements of another come
  kClear = 5,     // what was in the collection goes
  kIncrement = 6,
  kDecrement = 7,
};
inline constexpr uint8_t kHotOperations = 8;

// What has to hold of the row that is there, for a write to be made.
enum class HotConditions : uint8_t { kNone = 0, kExists = 1, kNotExists = 2, kColumns = 3 };
enum class HotComparison : uint8_t { kEqual = 0, kNotEqual = 1, kLess = 2, kLessOrEqual = 3, kGreater = 4, kGreaterOrEqual = 5 };
inline constexpr uint8_t kHotComparisons = 6;

// An index whose entries a write brings (docs/format/index-entries.md).
struct HotIndex {
  // What of a write is indexed.
  enum Source : uint8_t { kValue = 0, kPath = 1, kPathAndValue = 2, kClustering = 3, kPartitionKey = 4 };
  static constexpr uint8_t kSources = 5;
  enum Flag : uint8_t { kOfRows = 1, kHashed = 2 };
  std::array<uint8_t, 16> table_id{};
  uint16_t permanent = 0;  // column ids of the index's table
  uint16_t expiring = 0;
  Source source = kValue;
  uint16_t which = 0;  // column id, or position in the key
  uint8_t flags = 0;
};

// A materialized view of the table that a write is of: where its rows have their keys and values from.
struct HotView {
  struct KeyPart {
    enum Source : uint8_t { kPartitionKey = 0, kClustering = 1, kValue = 2 };
    static constexpr uint8_t kSources = 3;
    Source source = kPartitionKey;
    uint16_t which = 0;  // position in the base's key, or column id
  };
  struct Value {
    uint16_t column_id = 0;
    uint16_t base_column_id = 0;
  };
  std::array<uint8_t, 16> table_id{};
  std::vector<KeyPart> partition_key;
  std::vector<KeyPart> clustering;
  std::vector<Value> values;
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

// How long the next answer of a statement may be: about the largest of late.
class AnswerSize {
 public:
  void Note(uint64_t bytes) {
    const uint64_t before = bytes_.value_or(0);
    bytes_ = std::max(bytes, before - before / kForgets);
  }
  // `unknown`: before the first answer.
  uint64_t Of(uint64_t unknown) const { return bytes_.value_or(unknown); }

 private:
  static constexpr uint64_t kForgets = 32;  // of the largest, the part that each smaller answer takes away
  std::optional<uint64_t> bytes_;
};

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
  struct Operation {
    HotOperation kind;
    uint16_t column_id;
    int32_t key_slot = kNoSlot;
    int32_t value_slot = kNoSlot;
  };
  std::vector<Operation> operations;
  HotConditions conditions = HotConditions::kNone;
  struct Condition {
    HotComparison comparison;
    uint16_t column_id;
    int32_t slot = kNoSlot;
  };
  std::vector<Condition> column_conditions;
  // Of a conditional write: how many of `columns` the answer shows when the conditions do not hold; the others are times.
  uint16_t shown = 0;
  std::vector<uint8_t> applied_v4;  // rows metadata of the answer when they hold; metadata_v4 and v5 are for when not
  std::vector<uint8_t> applied_v5;
  std::vector<HotIndex> indexes;
  std::vector<HotView> views;
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
  uint32_t computed = 0;  // answers that JavaScript could make since the last that it could not
  AnswerSize answer_size;
  std::shared_ptr<PlanFigures> figures;  // made with its first answer, where the plan is a frontend's

 private:
  std::vector<uint8_t> bytes_;  // what constants point into
  Status ReadOperations(Reader* reader);
  Status ReadBinds(Reader* reader);
  Status ReadRead(Reader* reader);
  Status ReadFolds(Reader* reader);
  Status ReadIndex(Reader* reader);
  Status ReadText(Reader* reader);
  Status ReadConditions(Reader* reader);
  Status ReadIndexes(Reader* reader);
  Status ReadViews(Reader* reader);
  bool ViewsFit() const;
  bool PlaceKeyOrValue(BindTarget target, uint16_t which, int32_t slot);
  bool OperationsAreWhole() const;
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

}  // namespace ferrosa

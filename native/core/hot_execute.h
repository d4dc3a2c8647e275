// native/core/hot_execute.h: runs hot plans against a Store: an EXECUTE's values become a row write or a read of one partition,
// a result becomes a response envelope. One a shard thread.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "hot_record.h"
#include "hot_request.h"
#include "list_paths.h"
#include "merge.h"
#include "store.h"

namespace ferrosa {

// What a hot write does to the static row or to the regular one.
struct HotRowPart {
  std::vector<ColumnDeletion> deletions;
  std::vector<CellWrite> cells;
  bool empty() const { return deletions.empty() && cells.empty(); }
  void Clear() {
    deletions.clear();
    cells.clear();
  }
};

// An entry of an index, which is written with its row.
struct HotEntry {
  StoreTable* table = nullptr;
  RowWrite row;
  std::array<CellWrite, 1> cells;
  std::vector<Slice> clustering;
  std::array<uint8_t, 8> hash;
  Writer mutation;
};

// What a view is to become by a write of its base: a row of it is written, or goes.
struct HotViewWrite {
  StoreTable* table = nullptr;
  uint32_t shard = 0;  // that has the row
  RowWrite row;
  std::vector<uint8_t> key;  // of a key with several components
  std::vector<Slice> clustering;
  std::vector<CellWrite> cells;
  Writer mutation;
};

// A hot write ready for the log and the memtable. The slices point into the request and into what is kept here.
struct HotWrite {
  StoreTable* table = nullptr;
  RowWrite rows[2];  // static row, then regular row
  size_t row_count = 0;
  std::vector<uint8_t> key;  // of a key with several components
  std::array<uint8_t, 8> token;  // big-endian
  std::vector<Slice> clustering;
  std::deque<HotEntry> entries;  // `entry_count` of them are of this write
  size_t entry_count = 0;
  std::deque<HotViewWrite> views;  // the same with `view_count`
  size_t view_count = 0;
  HotRowPart statics;
  HotRowPart regulars;
  std::deque<ListPath> paths;                     // of the list elements
  std::deque<std::array<uint8_t, 8>> decrements;  // negated
  Writer mutation;   // of the first row
  Writer mutation2;  // of the second row, if any
  // Calls `use` with each part of the write that is a mutation, except of those of views.
  template <typename Use>
  void ForEachMutation(Use use) const {
    use(mutation);
    if (mutation2.size() > 0) use(mutation2);
    for (size_t i = 0; i < entry_count; i++) use(entries[i].mutation);
  }
  size_t mutations() const { return 1 + (mutation2.size() > 0 ? 1 : 0) + entry_count; }
};

// When a request is run.
struct HotTime {
  int64_t timestamp = 0;  // microseconds, of a write that brings none of its own
  int64_t real_micros = 0;
  uint32_t now_seconds() const { return static_cast<uint32_t>(real_micros / 1'000'000); }
};

enum class HotOutcome : uint8_t { kDone, kDecline, kMiss };

class HotExecutor {
 public:
  HotExecutor(Store* store, HotPlans* plans) : store_(store), plans_(plans) { SetShard(0, 1); }

  // Which shard of how many this is: where its entries of indexes are.
  void SetShard(uint32_t shard, uint32_t shards);
  // Finds the plan of a request and reads its values. False: decline.
  bool Open(const HotHead& head, Slice body);
  const HotPlan& plan() const { return *plan_; }
  // The same for a BATCH: reads its statements. Select says which of them the next BuildWrite is for.
  // Whether a read asks for one row, by its whole key.
  bool ReadsOneRow(const HotPlan& plan) const;
  bool OpenBatch(const HotHead& head, Slice body) { return ParseBatch(*plans_, head.version, body, &batch_); }
  size_t batch_size() const { return batch_.count; }
  bool batch_logged() const { return batch_.logged; }
  // The token of the opened or selected request's partition. False: decline.
  bool TokenOf(int64_t* out);
  uint32_t shard() const { return shard_; }
  uint32_t shards() const { return shards_; }
  void Select(size_t i) {
    plan_ = batch_.entries[i].plan;
    request_ = &batch_.entries[i].request;
  }

  // Builds the write of the opened request. False: decline.
  bool BuildWrite(int64_t token, const HotTime& time, HotWrite* out);
  // For a write of a table with views, behind BuildWrite: reads the row and adds what its views are to become (hot_views.cc).
  HotOutcome AddViews(const HotTime& time, HotWrite* write, MissList* misses);
  // Names the partition of the opened request: table id and key. False: decline.
  bool PartitionName(std::string* out);
  // For a conditional write, before BuildWrite: reads the row. kDone: *applies tells whether the conditions hold; if not, *frame has the
  // whole answer (as of Read), if so the timestamp is raised above what was read.
  HotOutcome Decide(const HotHead& head, HotTime* time, bool* applies, Writer* frame, MissList* misses);
  // The answer of a conditional write that was made.
  void PutApplied(const HotHead& head, Writer* frame) const { PutAnswer(head, true, frame); }
  // Applies what BuildWrite made, and AddViews for this shard, after it is in the log.
  void Apply(const HotWrite& write);
  // Appends u32 connection and the whole response envelope of the opened read to *out.
  HotOutcome Read(const HotHead& head, uint32_t now_seconds, Writer* out, MissList* misses);
  // Appends the rows of an opened read whose answer JavaScript makes: u32 length, `request`, u32 rows, their cells.
  HotOutcome ReadComputed(const HotHead& head, Slice request, uint32_t now_seconds, Writer* out, MissList* misses);
  // The same for an opened read by an index, of this shard's rows: u32 connection, u32 rows, for each i64 token, u32 length, cells. Declines
  // when an entry is stale, since JavaScript removes it (hot_index.cc).
  HotOutcome ReadIndexed(const HotHead& head, uint32_t now_seconds, Writer* out, MissList* misses);
  // What the last Read that was done has met.
  struct ReadFigures {
    StoreTable* table = nullptr;
    uint32_t rows = 0;
    uint32_t tombstones = 0;
    uint32_t sources = 0;
  };
  const ReadFigures& read_figures() const { return figures_; }

 private:
  // A plan's column ids as indexes of one version of the table.
  struct Resolved {
    bool valid = false;
    uint64_t plan = 0;  // its serial
    StoreTable* table = nullptr;
    const TableDescriptor* descriptor = nullptr;
    struct Value {
      uint16_t column;
      int32_t slot;
    };
    struct Operation {
      HotOperation kind;
      TypeKind type;  // of the column
      uint16_t column;
      int32_t key_slot;
      int32_t value_slot;
    };
    // What is written to one of the rows.
    struct Part {
      std::vector<Value> values;
      std::vector<Operation> operations;
      void Clear() {
        values.clear();
        operations.clear();
      }
      bool empty() const { return values.empty() && operations.empty(); }
    };
    Part statics;
    Part regulars;
    struct Index {
      StoreTable* table;
      const TableDescriptor* descriptor;
      HotIndex::Source source;
      uint16_t which;  // index of the column in the base's descriptor, or position in its key
      bool of_rows;
      bool hashed;
      uint16_t permanent;  // indexes of columns in the index's descriptor
      uint16_t expiring;
    };
    std::vector<Index> indexes;
    struct View {
      StoreTable* table;
      const TableDescriptor* descriptor;
      // Where components of its key and its values come from; a value's `which` is an index of the base's columns.
      std::vector<HotView::KeyPart> partition_key;
      std::vector<HotView::KeyPart> clustering;
      struct Value {
        uint16_t column;
        uint16_t base;
      };
      std::vector<Value> values;
      int32_t key_value;  // column of the base that is in the view's key and not in the base's; -1: there is none
    };
    std::vector<View> views;
    // Of a conditional write.
    struct Condition {
      HotComparison comparison;
      const Type* type;
      uint16_t shown;  // which of the columns that are read
      int32_t slot;
    };
    std::vector<Condition> conditions;
    std::vector<SelectedColumn> columns;
  };
  const Resolved* Resolve();
  bool ResolveColumns(const TableDescriptor& table, const HotPlan& plan, Resolved* out);
  // What all cells of a write have in common.
  struct Times {
    int64_t timestamp;
    uint32_t now_seconds;
    uint32_t ttl;
    uint32_t expires_at;
  };
  static bool ResolveWrite(const TableDescriptor& table, const HotPlan& plan, Resolved* out);
  static CellWrite CellOf(uint16_t column, Slice value, const Times& times);
  bool MakePart(const Resolved::Part& part, const Times& times, HotWrite* write, HotRowPart* out) const;
  bool MakeOperation(const Resolved::Operation& operation, const Times& times, HotWrite* write, HotRowPart* out) const;
  static bool AddElements(const Resolved::Operation& operation, Slice collection, const Times& times, HotWrite* write,
                          HotRowPart* out);
  static bool AddDelta(const Resolved::Operation& operation, Slice delta, HotWrite* write, HotRowPart* out);
  bool ResolveIndexes(const HotPlan& plan, Resolved* out);
  // hot_views.cc
  bool ResolveViews(const HotPlan& plan, Resolved* out);
  static bool ResolveView(const TableDescriptor& base, const HotView& view, Resolved::View* out);
  void ChangeRow(const RowWrite& write, bool found, const DeletionTime& covering);
  bool PlaceInView(const Resolved::View& view, const RowWrite& base, const std::vector<const Cell*>& cells, HotViewWrite* out) const;
  static void RemoveFromView(const Resolved::View& view, int64_t stamp, uint32_t now_seconds, HotViewWrite* out);
  void WriteToView(const Resolved::View& view, bool stays, int64_t stamp, uint32_t now_seconds, HotViewWrite* out) const;
  void AddView(const Resolved::View& view, int64_t stamp, uint32_t now_seconds, HotWrite* write);
  static bool ResolveConditions(const TableDescriptor& table, const HotPlan& plan, Resolved* out);
  bool IsStale(const Resolved& r) const;
  // hot_entries.cc
  bool AddEntries(const Resolved& r, const Times& times, int64_t real_micros, HotWrite* write);
  bool AddEntriesOf(const Resolved::Index& index, const RowWrite& row, const Times& times, int64_t stamp, HotWrite* write);
  bool AddEntry(const Resolved::Index& index, const RowWrite& row, std::span<const Slice> term, uint32_t ttl, uint32_t expires_at,
                int64_t stamp, HotWrite* write);
  // hot_condition.cc
  bool Holds(const Resolved& r) const;
  void PutAnswer(const HotHead& head, bool applied, Writer* out) const;
  bool TimestampOf(int64_t server_micros, int64_t* out) const;
  bool TtlOf(uint32_t now_seconds, uint32_t* ttl, uint32_t* expires_at) const;
  void PutOutputs(Writer* out) const;
  HotOutcome ReadRows(const Resolved& r, const HotHead& head, uint32_t now_seconds, uint32_t* rows, Writer* out, MissList* misses);
  bool OpenEntries(const HotHead& head, uint32_t now_seconds, const Resolved& r, uint32_t limit);
  HotOutcome ReadRow(const Resolved& r, Slice* entries, Writer* out, HotReadResult* result, MissList* misses);
  bool MakeRead(const HotHead& head, uint32_t now_seconds, HotRead* out);
  const HotValue& Value(int32_t slot) const { return request_->values[static_cast<size_t>(slot)]; }

  Store* store_;
  HotPlans* plans_;
  HotPlan* plan_ = nullptr;
  HotRequest execute_;
  const HotRequest* request_ = &execute_;
  HotBatch batch_;
  std::vector<uint8_t> key_;  // of a read
  std::vector<Resolved> resolved_;  // by plan number
  HotRead read_;
  RowFold fold_;
  Writer entries_;
  std::vector<SelectedColumn> entry_columns_;
  ReadFigures figures_;
  std::array<uint8_t, 4> bucket_{};  // of the entries of indexes
  int64_t bucket_token_ = 0;
  uint32_t shard_ = 0;
  uint32_t shards_ = 1;
  // Of a write of a table with views: the row as it was and as it becomes, and the live cells by column.
  struct BaseRow {
    Row row;
    bool live = false;
    std::vector<const Cell*> cells;
  };
  const DescriptorPlan* descriptor_plan_ = nullptr;  // of its table
  BaseRow before_;
  BaseRow after_;
  std::array<Row, 2> merged_;
  RowMerger row_merger_;
  Writer current_;                    // what a conditional write has read: cells of one row
  std::vector<Slice> current_cells_;
};

}  // namespace ferrosa

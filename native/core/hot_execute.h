// native/core/hot_execute.h: runs hot plans against a Store: an EXECUTE's values become a row write or a read of one partition,
// a result becomes a response envelope. One a shard thread.
#pragma once
#include <cstdint>
#include <vector>

#include "hot_plan.h"
#include "hot_record.h"
#include "store.h"

namespace ferrosa {

// A hot write ready for the log and the memtable. The slices point into the request.
struct HotWrite {
  StoreTable* table = nullptr;
  RowWrite rows[2];  // static row, then regular row
  size_t row_count = 0;
  bool partition_deletion = false;  // then `mutation` alone says it
  std::vector<Slice> clustering;
  std::vector<CellWrite> static_cells;
  std::vector<CellWrite> cells;
  Writer mutation;   // of the first row or the partition deletion
  Writer mutation2;  // of the second row, if any
};

enum class HotOutcome : uint8_t { kDone, kDecline, kMiss };

class HotExecutor {
 public:
  HotExecutor(Store* store, HotPlans* plans) : store_(store), plans_(plans) {}

  // Finds the plan of a request and reads its values. False: decline.
  bool Open(const HotHead& head, Slice body);
  const HotPlan& plan() const { return *plan_; }
  // The same for a BATCH: reads its statements. Select says which of them the next BuildWrite is for.
  bool OpenBatch(const HotHead& head, Slice body) { return ParseBatch(*plans_, head.version, body, &batch_); }
  size_t batch_size() const { return batch_.count; }
  void Select(size_t i) {
    plan_ = batch_.entries[i].plan;
    request_ = &batch_.entries[i].request;
  }

  // Builds the write of the opened request. `server_micros` is its timestamp unless the request has one. False: decline.
  bool BuildWrite(int64_t token, int64_t server_micros, uint32_t now_seconds, HotWrite* out);
  // Applies what BuildWrite made, after it is in the log.
  Status Apply(const HotWrite& write);
  // Appends u32 connection and the whole response envelope of the opened read to *out.
  HotOutcome Read(const HotHead& head, uint32_t now_seconds, Writer* out, MissList* misses);
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
    std::vector<Value> statics;
    std::vector<Value> regulars;
    std::vector<SelectedColumn> columns;
  };
  const Resolved* Resolve();
  static bool ResolveColumns(const TableDescriptor& table, const HotPlan& plan, Resolved* out);
  bool MakeCells(const std::vector<Resolved::Value>& values, uint32_t ttl, uint32_t expires_at, uint32_t now_seconds,
                 std::vector<CellWrite>* out) const;
  bool TtlOf(uint32_t now_seconds, uint32_t* ttl, uint32_t* expires_at) const;
  void PutOutputs(Writer* out) const;
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
  std::vector<uint8_t> key_;
  std::vector<Resolved> resolved_;  // by plan number
  HotRead read_;
  RowFold fold_;
  Writer entries_;
  std::vector<SelectedColumn> entry_columns_;
  ReadFigures figures_;
};

}  // namespace ferrosa

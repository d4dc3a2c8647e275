// native/core/batch_entry.h: an entry of system.batches, which keeps what a batch of several shards is to write until all of them have: the same as
// src/cluster/batch-log.ts writes and, after a crash, applies.
#pragma once
#include <cstdint>
#include <deque>
#include <vector>

#include "list_paths.h"
#include "store.h"

namespace ferrosa {

class BatchEntry {
 public:
  // Begins an entry that belongs to `shard` of `shards`. False when it cannot be made here: JavaScript's way can.
  bool Begin(Store* store, uint32_t shard, uint32_t shards, int64_t real_micros);
  // A mutation of the batch; borrowed until Finish.
  void Add(Slice mutation);
  // The mutation that keeps the entry, appended to *keep, and the one that ends it, appended to *end.
  void Finish(Writer* keep, Writer* end);
  // Applies what keeps it (as Finish has made it), after it is in the log.
  void Apply(Store* store, Slice keep);

 private:
  bool FindTable(Store* store);
  StoreTable* table_ = nullptr;
  TableId id_{};
  bool known_ = false;
  uint16_t version_ = 0;  // columns
  uint16_t mutations_ = 0;
  int64_t ends_at_ = 0;
  RowWrite row_;
  ListPath key_{};
  std::vector<CellWrite> cells_;
  std::deque<ListPath> paths_;
};

}  // namespace ferrosa

// native/core/read_exec.h: runs read operations: which partitions, in which order, limits, the row stream.
#pragma once
#include "read_partition.h"

namespace ferrosa {

class ReadExecutor {
 public:
  Status Run(StoreTable* table, ReadOperation* operation, uint32_t budget, ReadState* state, MissList* misses);
  PartitionReader& partitions() { return partitions_; }

 private:
  struct Next {
    DecoratedKey key;
    std::vector<uint8_t> bytes;
    bool known = false;
    bool ended = false;
  };
  Status Prepare(StoreTable* table, ReadOperation* op);
  // Sets the operation's key to the next partition. kEnd: there is none.
  Step Advance(StoreTable* table, ReadOperation* op, MissList* misses);
  // Folds what is plain from the operation's position on (memtable_walk.cc). True when the range is read to its end.
  bool FoldSingles(StoreTable* table, ReadOperation* op, uint32_t* budget);
  Step AdvanceInRange(StoreTable* table, ReadOperation* op, MissList* misses);
  void SetKey(ReadOperation* op, const DecoratedKey& key);
  PartitionState ReadCurrent(StoreTable* table, ReadOperation* op, uint32_t* budget, MissList* misses);
  void CloseRun(ReadOperation* op);
  static void NoteScanned(ReadOperation* op);
  void PutFolds(ReadOperation* op);
  void Finish(const DescriptorPlan& plan, ReadOperation* op);

  PartitionReader partitions_;
  std::vector<Next> next_;
};

}  // namespace ferrosa

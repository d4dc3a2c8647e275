// Partitions that are there for a moment (store_passing.cc) beside a plain model: what was kept and not ended is found, whatever was frozen, read or
// replayed from the log meanwhile.
#include <algorithm>
#include <map>

#include "hot_random.h"

namespace ferrosa {
namespace {

// A store with its log: what is before `flushed` of it is in frozen memtables, which outlive the store.
class Passing {
 public:
  Passing() { Start(); }

  void Keep(uint32_t id) {
    RowWrite write = WriteOf(id);
    write.has_liveness = true;
    write.timestamp = id;
    CellWrite cell;
    cell.value = key_of_[id];
    write.cells = std::span<const CellWrite>(&cell, 1);
    Writer mutation;
    Store::EncodeRow(*Table(), write, &mutation);
    log_.push_back(mutation.bytes);
    store_->ApplyPassing(Table(), write.key.key, Slice(log_.back()));
  }
  void End(uint32_t id) {
    RowWrite write = WriteOf(id);
    write.partition_deletion = {id + 1, 1};
    write.has_row = false;
    Writer mutation;
    Store::EncodeRow(*Table(), write, &mutation);
    log_.push_back(mutation.bytes);
    CHECK(store_->Apply(Slice(log_.back())).ok());
  }
  void Freeze() {
    const auto frozen = store_->Freeze(Id());
    // Without a flush nothing in the log may be needed.
    if (frozen == nullptr) CHECK(flushed_ == log_.size());
    flushed_ = log_.size();
    if (frozen != nullptr) frozen_.push_back(frozen);
  }
  void Crash() {
    Start();
    for (const auto& frozen : frozen_) CHECK(store_->AddSource(Id(), frozen->OpenSource(Table()->descriptor)).ok());
    for (size_t i = flushed_; i < log_.size(); i++) CHECK(store_->Apply(Slice(log_[i])).ok());
  }
  bool Has(uint32_t id) {
    HotRead read;
    read.key = WriteOf(id).key;
    const SelectedColumn column{SelectedKind::kValue, 0};
    read.columns = std::span<const SelectedColumn>(&column, 1);
    Writer out;
    HotReadResult result;
    ReadState state = ReadState::kDone;
    MissList misses;
    CHECK(store_->ReadPartition(Table(), read, &out, &result, &state, &misses).ok());
    return result.rows == 1;
  }
  uint64_t partitions() {
    TableStats stats;
    CHECK(store_->Stats(Id(), &stats).ok());
    return stats.memtable_partitions;
  }

 private:
  static TableId Id() {
    TableId id;
    id.fill(kBatches);
    return id;
  }
  StoreTable* Table() { return store_->Find(Id()); }
  void Start() {
    store_ = std::make_unique<Store>(std::array<uint8_t, 16>{});
    AddBatches(store_.get());
  }
  RowWrite WriteOf(uint32_t id) {
    std::vector<uint8_t>& bytes = keys_[id];
    bytes.resize(16);
    StoreBE(bytes.data(), id);
    key_of_[id] = Slice(bytes);
    RowWrite write;
    write.key = {MurmurToken(Slice(bytes)), Slice(bytes)};
    return write;
  }
  std::unique_ptr<Store> store_;
  std::map<uint32_t, std::vector<uint8_t>> keys_;
  std::map<uint32_t, Slice> key_of_;
  std::vector<std::vector<uint8_t>> log_;
  size_t flushed_ = 0;
  std::vector<std::shared_ptr<FrozenMemtable>> frozen_;
};

}  // namespace

TEST(PassingPartitionsAreFoundUntilTheyEndAlsoAfterACrash) {
  Prng prng(test::Seed());
  for (int round = 0; round < 60; round++) {
    Passing passing;
    std::vector<uint32_t> open;
    uint32_t next = 1;
    for (int step = 0; step < 120; step++) {
      const uint64_t what = prng.Below(16);
      if (what < 7) {
        passing.Keep(next);
        open.push_back(next++);
      } else if (what < 13 && !open.empty()) {
        const size_t which = prng.Below(open.size());
        passing.End(open[which]);
        open.erase(open.begin() + static_cast<long>(which));
      } else if (what == 13) {
        passing.Freeze();
      } else if (what == 14 && prng.Below(3) == 0) {
        passing.Crash();
      } else if (what == 15 && next > 1) {
        const uint32_t id = 1 + static_cast<uint32_t>(prng.Below(next - 1));
        CHECK(passing.Has(id) == (std::find(open.begin(), open.end(), id) != open.end()));
      }
    }
    if (prng.Below(2) == 0) passing.Crash();
    for (uint32_t id = 1; id < next; id++) CHECK(passing.Has(id) == (std::find(open.begin(), open.end(), id) != open.end()));
  }
}

TEST(PassingPartitionsThatHaveEndedTakeNoMemory) {
  Passing passing;
  for (uint32_t id = 1; id <= 1000; id++) {
    passing.Keep(id);
    passing.End(id);
  }
  CHECK(passing.partitions() == 1);
}

}  // namespace ferrosa

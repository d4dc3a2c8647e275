#include "batch_entry.h"

#include "hash.h"
#include "server_clock.h"
#include "shard_source.h"

namespace ferrosa {
namespace {

// Of entries that are a batch to apply (src/cluster/batch-log.ts).
constexpr uint8_t kVersion[4] = {0, 0, 0, 1};

int ColumnNamed(const TableDescriptor& table, const char* name) {
  for (size_t i = 0; i < table.columns.size(); i++)
    if (table.columns[i].name == name && !table.columns[i].dropped) return static_cast<int>(i);
  return -1;
}

}  // namespace

bool BatchEntry::FindTable(Store* store) {
  table_ = known_ ? store->Find(id_) : store->FindByName("system", "batches");
  if (table_ == nullptr) return false;
  const TableDescriptor& descriptor = *table_->descriptor;
  const int version = ColumnNamed(descriptor, "version");
  const int mutations = ColumnNamed(descriptor, "mutations");
  if (version < 0 || mutations < 0) return false;
  id_ = descriptor.id;
  known_ = true;
  version_ = static_cast<uint16_t>(version);
  mutations_ = static_cast<uint16_t>(mutations);
  return true;
}

bool BatchEntry::Begin(Store* store, uint32_t shard, uint32_t shards, int64_t real_micros) {
  if (!FindTable(store)) return false;
  row_ = RowWrite{};
  row_.timestamp = NextStampMicros(real_micros);
  ends_at_ = NextStampMicros(real_micros);
  if (row_.timestamp == 0 || ends_at_ == 0) return false;
  do {
    key_ = NextListPath();
    row_.key.token = MurmurToken(Slice(key_.data(), key_.size()));
  } while (ShardOfToken(row_.key.token, shards) != shard);
  row_.key.key = Slice(key_.data(), key_.size());
  row_.has_liveness = true;
  cells_.clear();
  paths_.clear();
  CellWrite version;
  version.column = version_;
  version.value = Slice(kVersion, sizeof kVersion);
  cells_.push_back(version);
  return true;
}

void BatchEntry::Add(Slice mutation) {
  CellWrite cell;
  cell.column = mutations_;
  const ListPath& path = paths_.emplace_back(NextListPath());
  cell.path = Slice(path.data(), path.size());
  cell.value = mutation;
  cells_.push_back(cell);
}

void BatchEntry::Finish(Writer* keep, Writer* end) {
  row_.cells = cells_;
  Store::EncodeRow(*table_, row_, keep);
  RowWrite removal;
  removal.key = row_.key;
  removal.partition_deletion = {ends_at_, static_cast<uint32_t>(ends_at_ / 1'000'000)};
  removal.has_row = false;
  Store::EncodeRow(*table_, removal, end);
}

void BatchEntry::Apply(Store* store, Slice keep) { store->ApplyPassing(table_, row_.key.key, keep); }

}  // namespace ferrosa

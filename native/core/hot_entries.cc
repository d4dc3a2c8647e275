// The entries of indexes that a hot write brings (docs/format/index-entries.md): as src/index/entries.ts makes them.
#include <algorithm>

#include "hash.h"
#include "hot_execute.h"
#include "limits.h"
#include "server_clock.h"
#include "shard_source.h"

namespace ferrosa {
namespace {

constexpr int64_t kMicrosASecond = 1'000'000;

// Component `which` of a serialized partition key.
bool KeyComponent(size_t components, Slice key, size_t which, Slice* out) {
  *out = key;
  if (components == 1) return true;
  size_t at = 0;
  for (size_t i = 0;; i++) {
    if (at + 2 > key.size) return false;
    const size_t n = LoadBE<uint16_t>(key.data + at);
    if (at + 2 + n > key.size) return false;
    *out = Slice(key.data + at + 2, n);
    if (i == which) return true;
    at += 3 + n;
  }
}

}  // namespace

void HotExecutor::SetShard(uint32_t shard, uint32_t shards) {
  shard_ = shard;
  shards_ = shards;
  for (uint32_t number = 0;; number++) {
    StoreBE(bucket_.data(), number);
    bucket_token_ = MurmurToken(Slice(bucket_.data(), bucket_.size()));
    if (ShardOfToken(bucket_token_, shards) == shard) return;
  }
}

bool HotExecutor::ResolveIndexes(const HotPlan& plan, Resolved* out) {
  const TableDescriptor& base = *out->descriptor;
  for (const HotIndex& index : plan.indexes) {
    Resolved::Index r{};
    r.table = store_->Find(index.table_id.data());
    if (r.table == nullptr) return false;
    r.descriptor = r.table->descriptor.get();
    r.source = index.source;
    r.of_rows = (index.flags & HotIndex::kOfRows) != 0;
    r.hashed = (index.flags & HotIndex::kHashed) != 0;
    const int permanent = r.descriptor->IndexOf(index.permanent);
    const int expiring = r.descriptor->IndexOf(index.expiring);
    const size_t terms = index.source == HotIndex::kPathAndValue ? 2 : 1;
    const size_t clustering = terms + 2 + (r.of_rows ? base.clustering.size() : 0);
    if (permanent < 0 || expiring < 0 || r.descriptor->clustering.size() != clustering) return false;
    r.permanent = static_cast<uint16_t>(permanent);
    r.expiring = static_cast<uint16_t>(expiring);
    const int column = base.IndexOf(index.which);
    if (index.source == HotIndex::kClustering) {
      if (index.which >= base.clustering.size()) return false;
      r.which = index.which;
    } else if (index.source == HotIndex::kPartitionKey) {
      if (index.which >= base.partition_key.size()) return false;
      r.which = index.which;
    } else {
      if (column < 0) return false;
      r.which = static_cast<uint16_t>(column);
    }
    out->indexes.push_back(r);
  }
  return true;
}

bool HotExecutor::AddEntry(const Resolved::Index& index, const RowWrite& row, std::span<const Slice> term, uint32_t ttl,
                           uint32_t expires_at, int64_t stamp, HotWrite* write) {
  if (write->entries.size() == write->entry_count) write->entries.emplace_back();
  HotEntry& entry = write->entries[write->entry_count++];
  entry.table = index.table;
  entry.clustering.clear();
  for (const Slice value : term) {
    if (value.size > kHotTermBytesMax) return false;
    entry.clustering.push_back(value);
  }
  if (index.hashed) {
    StoreBE(entry.hash.data(), MurmurToken(term[0]));
    entry.clustering[0] = Slice(entry.hash.data(), entry.hash.size());
  }
  entry.clustering.push_back(Slice(write->token.data(), write->token.size()));
  entry.clustering.push_back(row.key.key);
  if (index.of_rows)
    for (const Slice value : row.clustering) entry.clustering.push_back(value);
  CellWrite& cell = entry.cells[0];
  cell = CellWrite{};
  cell.value = Slice(bucket_.data(), 0);
  entry.row = RowWrite{};
  entry.row.key.token = bucket_token_;
  entry.row.key.key = Slice(bucket_.data(), bucket_.size());
  entry.row.clustering = entry.clustering;
  entry.row.cells = entry.cells;
  if (ttl == kNoTtl) {
    cell.column = index.permanent;
    entry.row.timestamp = stamp;
  } else {
    cell.column = index.expiring;
    cell.ttl = ttl;
    cell.local_deletion_time = expires_at;
    entry.row.timestamp = static_cast<int64_t>(expires_at) * kMicrosASecond;
  }
  entry.mutation.bytes.clear();
  Store::EncodeRow(*index.table, entry.row, &entry.mutation);
  return true;
}

bool HotExecutor::AddEntriesOf(const Resolved::Index& index, const RowWrite& row, const Times& times, int64_t stamp,
                               HotWrite* write) {
  if (index.source == HotIndex::kClustering || index.source == HotIndex::kPartitionKey) {
    if (index.source == HotIndex::kClustering && row.is_static) return true;
    const auto lives = [](const CellWrite& cell) { return !cell.tombstone; };
    if (!row.has_liveness && std::none_of(row.cells.begin(), row.cells.end(), lives)) return true;
    Slice term;
    if (index.source == HotIndex::kClustering) {
      if (index.which >= row.clustering.size()) return false;
      term = row.clustering[index.which];
    } else if (!KeyComponent(plan_->partition_key.size(), row.key.key, index.which, &term)) {
      return false;
    }
    return AddEntry(index, row, std::span<const Slice>(&term, 1), times.ttl, times.expires_at, stamp, write);
  }
  for (const CellWrite& cell : row.cells) {
    if (cell.column != index.which || cell.tombstone) continue;
    const Slice whole[2] = {cell.path, cell.value};
    const std::span<const Slice> term(index.source == HotIndex::kValue ? whole + 1 : whole, index.source == HotIndex::kPathAndValue ? 2 : 1);
    if (!AddEntry(index, row, term, cell.ttl, cell.local_deletion_time, stamp, write)) return false;
  }
  return true;
}

bool HotExecutor::AddEntries(const Resolved& r, const Times& times, int64_t real_micros, HotWrite* write) {
  for (const Resolved::Index& index : r.indexes) {
    const int64_t stamp = NextStampMicros(real_micros);
    if (stamp == 0) return false;
    for (size_t i = 0; i < write->row_count; i++)
      if (!AddEntriesOf(index, write->rows[i], times, stamp, write)) return false;
  }
  return true;
}

}  // namespace ferrosa

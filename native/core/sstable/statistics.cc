#include "statistics.h"

#include <algorithm>

namespace ferrosa {
namespace {

constexpr int kPrecision = 13;
constexpr int kSparsePrecision = 25;
constexpr uint32_t kRegisters = 1u << kPrecision;
constexpr size_t kSparseMax = kRegisters * 3 / 4;
constexpr uint32_t kRegistersPerWord = 6;
constexpr uint32_t kRegisterBits = 5;
constexpr uint32_t kTombstoneRoundSeconds = 60;
constexpr size_t kTombstoneBinsMax = 100;

// MurmurHash2 64-bit, variant A with signed tail bytes, seed 0. Source: MurmurHash.hash2_64.
uint64_t Murmur2(Slice key) {
  constexpr uint64_t m = 0xc6a4a7935bd1e995ULL;
  uint64_t h = key.size * m;
  size_t i = 0;
  for (; i + 8 <= key.size; i += 8) {
    uint64_t k = LoadLE<uint64_t>(key.data + i) * m;
    k ^= k >> 47;
    k *= m;
    h = (h ^ k) * m;
  }
  if (i < key.size) {
    for (int shift = 0; i < key.size; i++, shift += 8)
      h ^= static_cast<uint64_t>(static_cast<int64_t>(static_cast<int8_t>(key.data[i]))) << shift;
    h *= m;
  }
  h = (h ^ (h >> 47)) * m;
  return h ^ (h >> 47);
}

uint32_t SparseIndexOf(uint64_t hash) { return static_cast<uint32_t>(hash >> (64 - kSparsePrecision)); }

// The place of the first one behind the 13 bits that name the register.
uint8_t RunOf(uint64_t hash) { return static_cast<uint8_t>(__builtin_clzll(hash << kPrecision | 1ull << (kPrecision - 1)) + 1); }

// 25 bits of the hash; when those beyond the first 13 are zero, also the run, inverted.
uint32_t EncodeHash(uint32_t index, uint8_t run) {
  if ((index & ((1u << (kSparsePrecision - kPrecision)) - 1)) != 0) return index << 1;
  return index << 7 | static_cast<uint32_t>(run ^ 63) << 1 | 1;
}

void WriteVarint(uint32_t v, Writer* w) { w->Var(v); }

}  // namespace

EstimatedHistogram::EstimatedHistogram(int buckets) {
  uint64_t last = 1;
  offsets_.push_back(last);
  for (int i = 1; i < buckets; i++) {
    const uint64_t next = static_cast<uint64_t>(static_cast<double>(last) * 1.2 + 0.5);
    last = std::max(next, last + 1);
    offsets_.push_back(last);
  }
  counts_.resize(offsets_.size() + 1);
}

void EstimatedHistogram::Add(uint64_t value) {
  counts_[static_cast<size_t>(std::lower_bound(offsets_.begin(), offsets_.end(), value) - offsets_.begin())]++;
}

void EstimatedHistogram::Serialize(Writer* out) const {
  out->BE<uint32_t>(static_cast<uint32_t>(counts_.size()));
  for (size_t i = 0; i < counts_.size(); i++) {
    out->BE<uint64_t>(offsets_[i == 0 ? 0 : i - 1]);
    out->BE<uint64_t>(counts_[i]);
  }
}

void Cardinality::Add(Slice key) {
  const uint64_t hash = Murmur2(key);
  const uint32_t index = SparseIndexOf(hash);
  const uint8_t run = RunOf(hash);
  if (!registers_.empty()) {
    uint8_t& r = registers_[index >> (kSparsePrecision - kPrecision)];
    r = std::max(r, run);
    return;
  }
  uint8_t& r = sparse_[index];
  r = std::max(r, run);
  if (sparse_.size() > kSparseMax) ToRegisters();
}

void Cardinality::ToRegisters() {
  registers_.assign(kRegisters, 0);
  for (const auto& [index, run] : sparse_) {
    uint8_t& r = registers_[index >> (kSparsePrecision - kPrecision)];
    r = std::max(r, run);
  }
  sparse_.clear();
}

std::vector<uint8_t> Cardinality::Serialize() const {
  Writer w;
  w.BE<uint32_t>(static_cast<uint32_t>(-2));
  w.U8(kPrecision);
  w.U8(kSparsePrecision);
  if (registers_.empty()) {
    w.U8(1);
    WriteVarint(static_cast<uint32_t>(sparse_.size()), &w);
    uint32_t before = 0;
    for (const auto& [index, run] : sparse_) {
      const uint32_t encoded = EncodeHash(index, run);
      WriteVarint(encoded - before, &w);  // may wrap: the order is that of the index
      before = encoded;
    }
    return std::move(w.bytes);
  }
  constexpr uint32_t kWords = kRegisters / kRegistersPerWord + 1;
  w.U8(0);
  WriteVarint(kWords * 4, &w);
  std::vector<uint32_t> words(kWords);
  for (uint32_t i = 0; i < kRegisters; i++)
    words[i / kRegistersPerWord] |= static_cast<uint32_t>(registers_[i] & 0x1f) << (kRegisterBits * (i % kRegistersPerWord));
  for (const uint32_t word : words) w.BE<uint32_t>(word);
  return std::move(w.bytes);
}

void TombstoneHistogram::Add(uint32_t local_deletion_time) {
  const uint64_t over = local_deletion_time % kTombstoneRoundSeconds;
  const uint64_t point = local_deletion_time + (over == 0 ? 0 : kTombstoneRoundSeconds - over);
  bins_[point]++;
  if (bins_.size() <= kTombstoneBinsMax) return;
  // Too many: the two that lie closest together become their weighted mean.
  auto closest = bins_.begin();
  for (auto it = bins_.begin(); std::next(it) != bins_.end(); ++it)
    if (std::next(it)->first - it->first < std::next(closest)->first - closest->first) closest = it;
  const auto second = std::next(closest);
  const uint64_t count = closest->second + second->second;
  const uint64_t step = static_cast<uint64_t>(static_cast<double>(second->first - closest->first) * static_cast<double>(second->second) /
                                              static_cast<double>(count));
  const uint64_t mean = closest->first + step;
  bins_.erase(second);
  bins_.erase(closest);
  bins_[mean] += count;
}

void TombstoneHistogram::Serialize(Writer* out) const {
  out->BE<uint32_t>(static_cast<uint32_t>(bins_.size()));
  out->BE<uint32_t>(static_cast<uint32_t>(bins_.size()));
  for (const auto& [point, count] : bins_) {
    out->BE<uint64_t>(point);
    out->BE<uint32_t>(static_cast<uint32_t>(std::min<uint64_t>(count, INT32_MAX)));
  }
}

void StatisticsCollector::AddTimes(int64_t timestamp, uint32_t ttl, uint32_t local_deletion_time) {
  any = true;
  min_timestamp = std::min(min_timestamp, timestamp);
  max_timestamp = std::max(max_timestamp, timestamp);
  min_ttl = std::min(min_ttl, ttl);
  max_ttl = std::max(max_ttl, ttl);
  min_local_deletion_time = std::min(min_local_deletion_time, local_deletion_time);
  max_local_deletion_time = std::max(max_local_deletion_time, local_deletion_time);
  if (local_deletion_time != kNoDeletionTime) tombstones.Add(local_deletion_time);
}

void StatisticsCollector::AddDeletion(const DeletionTime& d) {
  if (d.live()) return;
  partition_tombstones++;
  any = true;
  min_timestamp = std::min(min_timestamp, d.marked_for_delete_at);
  max_timestamp = std::max(max_timestamp, d.marked_for_delete_at);
  min_local_deletion_time = std::min(min_local_deletion_time, d.local_deletion_time);
  max_local_deletion_time = std::max(max_local_deletion_time, d.local_deletion_time);
  tombstones.Add(d.local_deletion_time);
}

void StatisticsCollector::StartPartition(Slice key, const DeletionTime& deletion) {
  cardinality.Add(key);
  partition_cell_count_ = 0;
  partition_tombstones = 0;
  partitions++;
  AddDeletion(deletion);
  if (!deletion.live()) has_partition_deletions = true;
}

void StatisticsCollector::AddPosition(const ClusteringValues& values, BoundKind start, BoundKind end) {
  const auto take = [&values](std::vector<std::vector<uint8_t>>* to, std::vector<bool>* nulls) {
    to->clear();
    nulls->clear();
    for (const Slice& value : values) {
      to->emplace_back(value.data, value.data + value.size);
      nulls->push_back(value.is_null());
    }
  };
  scratch_.clear();
  AppendComparableClustering(*table_, values, start, &scratch_);
  if (!has_clustering || Compare(Slice(scratch_), Slice(min_comparable_)) < 0) {
    min_comparable_ = scratch_;
    min_kind = start;
    take(&min_clustering, &min_nulls);
  }
  scratch_.clear();
  AppendComparableClustering(*table_, values, end, &scratch_);
  if (!has_clustering || Compare(Slice(scratch_), Slice(max_comparable_)) > 0) {
    max_comparable_ = scratch_;
    max_kind = end;
    take(&max_clustering, &max_nulls);
  }
  has_clustering = true;
}

void StatisticsCollector::AddRow(const Row& row) {
  rows++;
  if (!row.is_static) AddPosition(row.clustering, BoundKind::kInclStart, BoundKind::kInclEnd);
  if (!row.liveness.empty()) AddTimes(row.liveness.timestamp, row.liveness.ttl, row.liveness.ttl == kNoTtl ? kNoDeletionTime : row.liveness.expires_at);
  AddDeletion(row.deletion);
  for (const ComplexDeletion& d : row.complex_deletions) AddDeletion(d.deletion);
  int last = -1;
  for (const Cell& cell : row.cells) {
    AddTimes(cell.timestamp, cell.ttl, cell.local_deletion_time);
    if (cell.tombstone) partition_tombstones++;
    if (cell.column != last) {
      cells++;
      last = cell.column;
    }
    partition_cell_count_++;
  }
}

void StatisticsCollector::AddMarker(const Marker& marker) {
  AddDeletion(marker.close);
  AddDeletion(marker.open);
  const BoundKind kind = marker.bound.kind;
  const bool after = kind == BoundKind::kExclStart || kind == BoundKind::kInclEnd || kind == BoundKind::kInclEndExclStart;
  AddPosition(marker.bound.prefix, after ? BoundKind::kExclStart : BoundKind::kInclStart, after ? BoundKind::kInclEnd : BoundKind::kExclEnd);
}

void StatisticsCollector::EndPartition(uint64_t bytes) {
  partition_bytes.Add(bytes);
  partition_cells.Add(partition_cell_count_);
}

}  // namespace ferrosa

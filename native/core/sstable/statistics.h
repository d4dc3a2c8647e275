// native/core/sstable/statistics.h: what is counted while an SSTable is written. Source: MetadataCollector, EstimatedHistogram,
// StreamingTombstoneHistogramBuilder, HyperLogLogPlus (stream-lib) as Cassandra 5.0 uses them.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "../byte_comparable.h"
#include "../unfiltered.h"

namespace ferrosa {

// Counts of values in buckets whose bounds grow by a fifth.
class EstimatedHistogram {
 public:
  explicit EstimatedHistogram(int buckets);
  void Add(uint64_t value);
  // i32 BE number of buckets, then i64 offset and i64 count of each; the first offset stands twice.
  void Serialize(Writer* out) const;

 private:
  std::vector<uint64_t> offsets_;
  std::vector<uint64_t> counts_;
};

// Distinct keys, estimated: p = 13, sparse precision 25; exact bytes of stream-lib's HyperLogLogPlus.
class Cardinality {
 public:
  void Add(Slice key);
  std::vector<uint8_t> Serialize() const;

 private:
  void ToRegisters();
  std::map<uint32_t, uint8_t> sparse_;  // runs by 25 bits of the hash, until there are too many
  std::vector<uint8_t> registers_;      // then these
};

// Number of tombstones by local deletion time, rounded up to minutes, in at most 100 bins.
class TombstoneHistogram {
 public:
  void Add(uint32_t local_deletion_time);
  // i32 BE bins at most, i32 BE bins, each i64 BE point and i32 BE count.
  void Serialize(Writer* out) const;

 private:
  std::map<uint64_t, uint64_t> bins_;
};

class StatisticsCollector {
 public:
  explicit StatisticsCollector(const TableDescriptor* table) : table_(table) {}

  void StartPartition(Slice key, const DeletionTime& deletion);
  void AddRow(const Row& row);  // also static rows
  void AddMarker(const Marker& marker);
  void EndPartition(uint64_t bytes);

  EstimatedHistogram partition_bytes{155};
  EstimatedHistogram partition_cells{118};
  Cardinality cardinality;
  TombstoneHistogram tombstones;
  int64_t min_timestamp = INT64_MAX;
  int64_t max_timestamp = INT64_MIN;
  uint32_t min_local_deletion_time = kNoDeletionTime;
  uint32_t max_local_deletion_time = 0;
  uint32_t min_ttl = UINT32_MAX;
  uint32_t max_ttl = 0;
  uint64_t cells = 0;
  uint64_t rows = 0;
  uint64_t partitions = 0;
  uint64_t partition_tombstones = 0;  // of the partition in hand: deletions of all kinds, deleted cells
  bool any = false;  // something with a timestamp was seen
  bool has_partition_deletions = false;
  bool has_legacy_counter_shards = false;
  // The clusterings that lie at the ends; empty values: none seen.
  bool has_clustering = false;
  BoundKind min_kind = BoundKind::kInclStart;
  BoundKind max_kind = BoundKind::kInclEnd;
  std::vector<std::vector<uint8_t>> min_clustering;
  std::vector<std::vector<uint8_t>> max_clustering;
  std::vector<bool> min_nulls;
  std::vector<bool> max_nulls;

 private:
  void AddTimes(int64_t timestamp, uint32_t ttl, uint32_t local_deletion_time);
  void AddDeletion(const DeletionTime& deletion);
  void AddPosition(const ClusteringValues& values, BoundKind start, BoundKind end);

  const TableDescriptor* table_;
  uint64_t partition_cell_count_ = 0;
  ByteString min_comparable_;
  ByteString max_comparable_;
  ByteString scratch_;
};

}  // namespace ferrosa

// native/core/sstable/sstable.h: one SSTable in the BTI format, version da, as a Source. Byte formats: BtiFormat.md of Apache Cassandra.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "../chunk_cache.h"
#include "../unfiltered.h"
#include "bloom_filter.h"
#include "file_view.h"
#include "serialization_header.h"
#include "trie.h"

namespace ferrosa {

// Everything about the files that JavaScript reads when it opens them.
struct SSTableOptions {
  DescriptorPtr table;
  ComponentFile data;
  ComponentFile partitions;
  ComponentFile rows;
  uint64_t partition_root = 0;  // position of the trie's root in Partitions.db
  uint64_t partition_count = 0;
  std::vector<uint8_t> first_key;
  std::vector<uint8_t> last_key;
  int64_t max_timestamp = INT64_MAX;
  std::vector<uint8_t> header;  // HEADER component of Statistics.db
  std::vector<uint8_t> filter;  // Filter.db; empty: none
};

// What the partition index knows of a partition.
struct PartitionEntry {
  uint64_t data_position = 0;
  bool indexed = false;  // has a row index
  uint64_t row_index_root = 0;
  DeletionTime deletion;  // when indexed
};

class SSTable : public Source {
 public:
  static Status Open(std::shared_ptr<ChunkCache> cache, SSTableOptions options, std::shared_ptr<SSTable>* out);
  ~SSTable() override;

  Step Open(const DecoratedKey& key, bool reversed, MissList* misses, std::unique_ptr<PartitionCursor>* out) override;
  Step NextPartition(const DecoratedKey& from, bool strictly_after, MissList* misses, std::vector<uint8_t>* key_bytes,
                     DecoratedKey* out) override;
  int64_t max_timestamp() const override { return options_.max_timestamp; }
  Status error() const override { return error_; }

  // The same files read with a newer version of the table's schema. One that cannot be theirs leaves the old one.
  void SetDescriptor(const DescriptorPtr& reading) override { (void)!SetTable(reading).ok(); }
  Status SetTable(DescriptorPtr table);
  const TableDescriptor& table() const { return *options_.table; }
  const SerializationHeader& header() const { return header_; }
  const ComponentFile& data_file() const { return options_.data; }
  const ComponentFile& rows_file() const { return options_.rows; }
  ChunkCache* cache() const { return cache_.get(); }
  uint64_t partition_count() const { return options_.partition_count; }
  DecoratedKey first_key() const { return first_; }
  DecoratedKey last_key() const { return last_; }
  // False when the key is surely not there: by key range and filter.
  bool MayContain(const DecoratedKey& key) const;
  // The filter was no filter, and is done without.
  bool filter_damaged() const { return filter_damaged_; }
  Step Corrupt(const ComponentFile& file, uint64_t position, const char* what);
  Step Corrupt(const Status& status);

 private:
  SSTable(std::shared_ptr<ChunkCache> cache, SSTableOptions options) : cache_(std::move(cache)), options_(std::move(options)) {}
  Step Find(const DecoratedKey& key, MissList* misses, PartitionEntry* entry);
  Step ReadEntry(const TrieCursor& cursor, MissList* misses, std::vector<uint8_t>* key, PartitionEntry* entry);
  Step ReadDataKey(uint64_t position, MissList* misses, std::vector<uint8_t>* key);
  Step ReadRowsEntry(uint64_t position, MissList* misses, std::vector<uint8_t>* key, PartitionEntry* entry);

  std::shared_ptr<ChunkCache> cache_;
  SSTableOptions options_;
  SerializationHeader header_;
  BloomFilter filter_;
  bool filter_damaged_ = false;
  DecoratedKey first_;
  DecoratedKey last_;
  Status error_;
  // What NextPartition found last: a scan opens it next.
  std::vector<uint8_t> found_key_;
  PartitionEntry found_;
};

// Opens the content of a partition of `sstable` that `entry` describes. Used by SSTable::Open.
Step OpenSSTableCursor(SSTable* sstable, const DecoratedKey& key, const PartitionEntry& entry, bool reversed, MissList* misses,
                       std::unique_ptr<PartitionCursor>* out);

}  // namespace ferrosa

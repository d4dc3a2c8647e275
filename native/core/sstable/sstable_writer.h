// native/core/sstable/sstable_writer.h: partitions in order become the bytes of Data.db (uncompressed), Rows.db, Partitions.db, and the content of
// Filter.db and Statistics.db. Nothing is written to a disk here: the bytes are taken between calls.
// Source: SortedTablePartitionWriter, BtiFormatPartitionWriter, PartitionIndexBuilder, RowIndexWriter.
#pragma once
#include <memory>
#include <vector>

#include "../byte_comparable.h"
#include "bloom_filter.h"
#include "row_writer.h"
#include "statistics.h"
#include "trie_writer.h"

namespace ferrosa {

// Partitions beyond either are reported.
struct PartitionLimits {
  uint64_t bytes = UINT64_MAX;
  uint64_t tombstones = UINT64_MAX;
};
struct LargePartition {
  std::vector<uint8_t> key;
  uint64_t bytes = 0;
  uint64_t tombstones = 0;
};
inline constexpr size_t kLargePartitionsMax = 1000;  // that are reported of one SSTable: the first

// Bounds the bytes of Data.db held in memory: what was written before the last Take.
class SSTableWriter {
 public:
  // `expected_keys` sizes the filter. `stats` are the least values of what will come; smaller ones only cost bytes.
  SSTableWriter(DescriptorPtr table, const EncodingStats& stats, uint64_t expected_keys, const PartitionLimits& limits = {});

  // A partition: Start, then the static row if there is one, then rows and markers in order, then End. One of which nothing was given but a live
  // deletion leaves no trace. REQUIRES: greater than the key before.
  void StartPartition(const DecoratedKey& key, const DeletionTime& deletion);
  void AddStatic(const Row& row);
  void Add(const Unfiltered& item);
  void EndPartition();

  // Ends the files. REQUIRES: a partition was written.
  void Finish();

  std::vector<uint8_t> TakeData();
  std::vector<uint8_t> TakeRows() { return rows_.Take(); }
  std::vector<uint8_t> TakePartitions() { return partitions_.Take(); }
  uint64_t data_bytes() const { return data_base_ + data_.size(); }  // all, with what was taken
  size_t pending_bytes() const { return data_.size() + rows_.writer.size() + partitions_.writer.size(); }
  // Items came out of order, as from a damaged SSTable: what was written is to be thrown away.
  bool disordered() const { return disordered_; }
  uint64_t partitions() const { return statistics_.partitions; }
  const std::vector<uint8_t>& first_key() const { return first_key_; }
  const std::vector<uint8_t>& last_key() const { return last_key_; }
  std::vector<uint8_t> Filter() const { return filter_.always() ? std::vector<uint8_t>() : filter_.Serialize(); }
  std::vector<uint8_t> Header() const { return row_writer_.Header(); }
  const StatisticsCollector& statistics() const { return statistics_; }
  const std::vector<LargePartition>& large_partitions() const { return large_partitions_; }
  // Beyond kLargePartitionsMax.
  uint64_t large_partitions_left_out() const { return large_partitions_left_out_; }
  const RowWriter& row_writer() const { return row_writer_; }

 private:
  void OpenPartition();
  void StartItems();
  uint64_t Position() const { return data_bytes() - partition_start_; }
  void AddIndexBlock();
  void NoteSize(uint64_t bytes);
  void AddToPartitionIndex(int64_t position);
  void FlushPartitionIndex(size_t length);

  DescriptorPtr table_;
  RowWriter row_writer_;
  StatisticsCollector statistics_;
  BloomFilter filter_;
  Writer data_;
  uint64_t data_base_ = 0;
  PagedOutput rows_;
  PagedOutput partitions_;
  TrieWriter row_trie_;
  TrieWriter partition_trie_;

  // The partition in hand.
  std::vector<uint8_t> key_;
  int64_t token_ = 0;
  DeletionTime deletion_;
  bool opened_ = false;  // its header is written
  bool static_written_ = false;
  uint64_t partition_start_ = 0;
  uint64_t previous_start_ = 0;  // of the item before, from the start of the partition
  uint64_t block_start_ = 0;
  uint64_t block_count_ = 0;
  bool in_block_ = false;
  bool disordered_ = false;
  DeletionTime open_;        // range tombstone that is open now
  DeletionTime block_open_;  // and where the block started
  ByteString block_first_;
  ByteString item_;  // comparable bytes of the last item, in partitions that have a block
  ByteString previous_max_;
  ByteString previous_separator_;

  // The partition index lags one key behind: how much of a key is needed depends on the next.
  ByteString index_key_;
  ByteString index_scratch_;
  TriePayload index_payload_;
  bool has_index_key_ = false;
  size_t index_difference_ = 0;
  std::vector<uint8_t> first_key_;
  std::vector<uint8_t> last_key_;
  const PartitionLimits limits_;
  std::vector<LargePartition> large_partitions_;
  uint64_t large_partitions_left_out_ = 0;
};

}  // namespace ferrosa

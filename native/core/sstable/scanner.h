// native/core/sstable/scanner.h: the content of one SSTable as it is, tombstones and all, in a flat encoding: for tools, tests and streaming.
// Byte layout: docs/format/sstable-scan.md.
#pragma once
#include <memory>
#include <vector>

#include "sstable.h"

namespace ferrosa {

// Appends one row, static row or marker.
void EncodeUnfiltered(const Unfiltered& item, Writer* out);
void EncodeStaticRow(const Row& row, Writer* out);
void EncodePartitionStart(const DecoratedKey& key, const DeletionTime& deletion, Writer* out);

class SSTableScanner {
 public:
  SSTableScanner(std::shared_ptr<SSTable> sstable, bool reversed) : sstable_(std::move(sstable)), reversed_(reversed) {}

  // Appends whole partitions until `out` has `bytes_min` bytes. kEnd: all given. kMiss: call again after the misses are in the cache.
  Step Next(size_t bytes_min, MissList* misses, Writer* out);
  // Appends one partition, from `seek` on when it is not null; kEnd when it is not there.
  Step Read(const DecoratedKey& key, const Bound* seek, MissList* misses, Writer* out);

 private:
  Step Copy(PartitionCursor* cursor, const DecoratedKey& key, const Bound* seek, Writer* out);

  std::shared_ptr<SSTable> sstable_;
  bool reversed_;
  bool started_ = false;
  std::vector<uint8_t> last_key_;
  int64_t last_token_ = INT64_MIN;
  ReadPins pins_;
};

}  // namespace ferrosa

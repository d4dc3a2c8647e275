// native/core/sstable/build.h: flush and compaction: the partitions of some sources, merged and purged, into SSTables, in bounded steps.
// For threads that may block: the sources' chunks come through a ChunkCache with a loader, so nothing is a miss.
#pragma once
#include <memory>
#include <vector>

#include "../merge.h"
#include "purge.h"
#include "sstable.h"
#include "sstable_writer.h"

namespace ferrosa {

// Tokens after `start` up to and with `end`.
struct TokenRange {
  int64_t start = INT64_MIN;
  int64_t end = INT64_MAX;
};

struct BuildOptions {
  DescriptorPtr table;
  EncodingStats stats;
  uint64_t expected_keys = 1;
  bool purge = false;
  PurgeRules rules;
  // SSTables that are not compacted: a tombstone of a key that one of them may have stays unless all of it is newer.
  std::vector<std::pair<std::shared_ptr<SSTable>, int64_t>> overlapping;  // with the least timestamp
  std::vector<TokenRange> ranges;  // only these tokens, ascending and apart; empty: all
  PartitionLimits limits;
  uint64_t file_bytes_max = 0;     // of Data.db before compression: the file ends with the partition that passes it; 0: no limit
};

enum class BuildState : uint8_t {
  kMore,      // call Run again
  kFileDone,  // the writer is finished: take its bytes and call NextFile
  kDone,      // as kFileDone, and there is nothing more; writer() is null when the last file would be empty
};

class SSTableBuild {
 public:
  SSTableBuild(BuildOptions options, std::vector<std::shared_ptr<Source>> sources);

  // Works until about `bytes` are ready to be taken. Corrupt names the damaged input.
  Status Run(size_t bytes, BuildState* state);
  void NextFile() { writer_.reset(); }
  // The file in hand; null before its first partition.
  SSTableWriter* writer() { return writer_.get(); }
  uint64_t partitions_read() const { return partitions_read_; }

 private:
  struct Input {
    std::shared_ptr<Source> source;
    std::vector<uint8_t> key_bytes;
    DecoratedKey key;
    bool ended = false;
    std::unique_ptr<PartitionCursor> cursor;
  };
  Status Advance(Input* input, bool strictly_after);
  Status StartPartition(bool* found);
  Status CopyItems(size_t bytes, bool* ended);
  Status Failed(const Source& source, Step step) const;
  int64_t MaxPurgeable(const DecoratedKey& key) const;
  bool InRanges(int64_t token) const;
  SSTableWriter* Writer();

  BuildOptions options_;
  std::vector<Input> inputs_;
  std::shared_ptr<const DescriptorPlan> plan_;
  std::unique_ptr<SSTableWriter> writer_;
  MergingCursor merged_;
  MissList misses_;
  PurgeRules rules_;  // for the partition in hand
  std::vector<size_t> current_;
  Unfiltered item_;
  Row static_row_;
  bool started_ = false;
  bool in_partition_ = false;
  uint64_t partitions_read_ = 0;
};

}  // namespace ferrosa

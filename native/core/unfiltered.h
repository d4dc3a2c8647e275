// native/core/unfiltered.h: the one shape in which partition content moves between memtables, SSTables, the merge,
// the SSTable writer and the result encoder. Terms and rules are Cassandra's (rows, range tombstone markers, cells).
//
// Ownership: every Slice points into memory of the cursor that produced the item and lives until the next call on that
// cursor, except that a chunk or arena that is pinned by the caller keeps it alive for longer.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "bytes.h"
#include "descriptor.h"

namespace ferrosa {

inline constexpr int64_t kNoTimestamp = INT64_MIN;
inline constexpr uint32_t kNoDeletionTime = UINT32_MAX;  // local deletion time of a live cell
inline constexpr uint32_t kNoTtl = 0;

// A deletion: everything in its scope with timestamp <= marked_for_delete_at is gone. Live when it marks nothing.
struct DeletionTime {
  int64_t marked_for_delete_at = kNoTimestamp;       // microseconds
  uint32_t local_deletion_time = kNoDeletionTime;    // seconds, decides when the tombstone may be purged
  bool live() const { return marked_for_delete_at == kNoTimestamp; }
  bool Deletes(int64_t timestamp) const { return timestamp <= marked_for_delete_at; }
  // The larger timestamp wins, then the larger local deletion time.
  bool Supersedes(const DeletionTime& o) const {
    return marked_for_delete_at != o.marked_for_delete_at ? marked_for_delete_at > o.marked_for_delete_at
                                                          : local_deletion_time > o.local_deletion_time && !live();
  }
  bool operator==(const DeletionTime&) const = default;
};

// Primary key liveness: what INSERT leaves beside the cells, so that a row without cells exists.
struct Liveness {
  int64_t timestamp = kNoTimestamp;
  uint32_t ttl = kNoTtl;
  uint32_t expires_at = kNoDeletionTime;  // seconds; only with a ttl
  bool empty() const { return timestamp == kNoTimestamp; }
  bool LiveAt(uint32_t now_seconds) const { return !empty() && (ttl == kNoTtl || now_seconds < expires_at); }
};

struct Cell {
  uint16_t column = 0;  // index into TableDescriptor::columns of the READING descriptor
  bool tombstone = false;
  int64_t timestamp = 0;
  uint32_t ttl = kNoTtl;
  uint32_t local_deletion_time = kNoDeletionTime;  // expiry for a ttl, time of deletion for a tombstone
  Slice path;   // null for a simple column; list: 16-byte timeuuid, set: element, map: key, udt: 2-byte field index
  Slice value;  // null for a tombstone; a counter's value is its context (docs/format/mutation.md)
  bool LiveAt(uint32_t now_seconds) const {
    return !tombstone && (ttl == kNoTtl || now_seconds < local_deletion_time);
  }
};

struct ComplexDeletion {
  uint16_t column = 0;
  DeletionTime deletion;
};

// Clustering values in serialized form, null Slice for a null value. A full clustering has as many values as the table
// has clustering columns; a prefix has fewer.
using ClusteringValues = std::vector<Slice>;

struct Row {
  ClusteringValues clustering;  // empty for a static row and for tables without clustering columns
  bool is_static = false;
  Liveness liveness;
  DeletionTime deletion;                          // row tombstone
  std::vector<ComplexDeletion> complex_deletions; // ascending by column
  std::vector<Cell> cells;                        // ascending by column, then path in the column's path order
  void Clear() {
    clustering.clear();
    is_static = false;
    liveness = {};
    deletion = {};
    complex_deletions.clear();
    cells.clear();
  }
};

// Cassandra's ClusteringPrefix.Kind; the numbers are those of its on-disk ordinals.
enum class BoundKind : uint8_t {
  kExclEnd = 0,
  kInclStart = 1,
  kExclEndInclStart = 2,  // boundary
  kStaticClustering = 3,
  kClustering = 4,
  kInclEndExclStart = 5,  // boundary
  kInclEnd = 6,
  kExclStart = 7,
};

// A bound on clusterings: a prefix and the side of it. An empty prefix with a start (end) kind is the bottom (top).
struct Bound {
  BoundKind kind = BoundKind::kInclStart;
  ClusteringValues prefix;
};

// A range tombstone's edge. A boundary closes `close` and opens `open`; a start has only open, an end only close,
// always in clustering order, also when the cursor runs in reverse.
struct Marker {
  Bound bound;
  DeletionTime close;
  DeletionTime open;
};

struct Unfiltered {
  bool is_row = true;
  Row row;        // when is_row
  Marker marker;  // when not
};

// Outcome of a step of a cursor.
enum class Step : uint8_t {
  kItem,     // *out is filled
  kEnd,      // nothing more
  kMiss,     // bytes are not in the chunk cache: the misses are listed in the MissList of the call; the cursor is dead,
             // fetch them and start again from the last position
  kCorrupt,  // the file is damaged; see Source::error()
};

struct DecoratedKey {
  int64_t token = 0;
  Slice key;  // serialized partition key (CompositeType encoding when it has several components)
};

// (token, key bytes unsigned): the order of partitions everywhere.
inline int CompareKeys(const DecoratedKey& a, const DecoratedKey& b) {
  if (a.token != b.token) return a.token < b.token ? -1 : 1;
  return Compare(a.key, b.key);
}

// A chunk that a read needed and the cache did not have.
struct Miss {
  uint32_t file = 0;   // ChunkCache file number
  uint32_t chunk = 0;  // index of the chunk in the file
};
using MissList = std::vector<Miss>;

// The content of one partition in one source, in clustering order (or its reverse).
class PartitionCursor {
 public:
  virtual ~PartitionCursor() = default;
  virtual DeletionTime partition_deletion() const = 0;
  // The static row, kEnd when there is none. Call before Next.
  virtual Step StaticRow(Row* out) = 0;
  // The next row or marker.
  virtual Step Next(Unfiltered* out) = 0;
  // Skips to the first item at or after `bound` in iteration order; only forward. When a range tombstone covers that
  // place, the next item is a marker at `bound` that opens it. Returns kItem on success.
  virtual Step Seek(const Bound& bound) = 0;
};

// A memtable or an SSTable of one table.
class Source {
 public:
  virtual ~Source() = default;
  // Opens one partition; kEnd when the source does not have it.
  virtual Step Open(const DecoratedKey& key, bool reversed, MissList* misses,
                    std::unique_ptr<PartitionCursor>* out) = 0;
  // The first partition at or after (token, key), or strictly after it; `key.key` null means the lowest key of the
  // token. The found key is copied into *key_bytes, out->key points there.
  virtual Step NextPartition(const DecoratedKey& from, bool strictly_after, MissList* misses,
                             std::vector<uint8_t>* key_bytes, DecoratedKey* out) = 0;
  // The largest cell or deletion timestamp in the source: a read stops early at sources older than what it has found.
  virtual int64_t max_timestamp() const = 0;
  // Valid after kCorrupt: names the file and the offset.
  virtual Status error() const = 0;
  // The table was altered: from the next Open on, cells carry indexes into `reading`'s columns. Called by the thread that
  // reads this source, between reads. A source matches columns by what it knows: a memtable by id, an SSTable by name.
  virtual void SetDescriptor(const DescriptorPtr& reading) = 0;
};

}  // namespace ferrosa

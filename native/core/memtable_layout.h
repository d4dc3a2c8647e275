// native/core/memtable_layout.h: the records that a memtable keeps in its arena. Small on purpose: a partition of one row with one cell is
// three records (32 + 32 + 16 bytes and the key, clustering and value).
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "btree.h"
#include "unfiltered.h"

namespace ferrosa {

// A cell: this head, [u32 ttl, u32 local deletion time], [u32 path size, path], value.
struct MemCell {
  static constexpr uint8_t kTombstone = 1;
  static constexpr uint8_t kTimes = 2;
  static constexpr uint8_t kPath = 4;

  int64_t timestamp;
  uint32_t value_size;
  uint16_t column;
  uint8_t flags;
  uint8_t slack;  // room behind the cell in its record, in units of 8 bytes, left by a longer one before it

  const uint8_t* after_head() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  bool tombstone() const { return flags & kTombstone; }
  uint32_t ttl() const { return flags & kTimes ? LoadLE<uint32_t>(after_head()) : kNoTtl; }
  uint32_t local_deletion_time() const {
    return flags & kTimes ? LoadLE<uint32_t>(after_head() + 4) : kNoDeletionTime;
  }
  bool LiveAt(uint32_t now) const {
    return flags == 0 || flags == kPath || (!tombstone() && (ttl() == kNoTtl || now < local_deletion_time()));
  }
  Slice path() const {
    if (!(flags & kPath)) return {};
    const uint8_t* p = after_head() + (flags & kTimes ? 8 : 0);
    return Slice(p + 4, LoadLE<uint32_t>(p));
  }
  Slice value() const {
    if (tombstone()) return {};
    const uint8_t* p = after_head() + (flags & kTimes ? 8 : 0);
    if (flags & kPath) p += 4 + LoadLE<uint32_t>(p);
    return Slice(p, value_size);
  }
  void Read(Cell* out) const {
    out->column = column;
    out->tombstone = tombstone();
    out->timestamp = timestamp;
    out->ttl = ttl();
    out->local_deletion_time = local_deletion_time();
    out->path = path();
    out->value = value();
  }
};
static_assert(sizeof(MemCell) == 16);

// What few rows have.
struct RowExtra {
  uint32_t ttl = kNoTtl;  // of the liveness
  uint32_t expires_at = kNoDeletionTime;
  DeletionTime deletion;
  uint32_t complex_count = 0;
  uint32_t complex_capacity = 0;
  ComplexDeletion* complex = nullptr;  // ascending by column
};

// A row: this head, then the clustering values (var length + 1, bytes; 0 for null), as many as the table has.
struct MemRow {
  int64_t liveness_timestamp;
  RowExtra* extra;
  union {
    MemCell* one;    // capacity <= 1
    MemCell** many;  // ascending by column, then path
  };
  uint32_t count;
  uint32_t capacity : 31;
  uint32_t torn : 1;  // there was a cell that is a tombstone or expires; without it every cell is live

  MemCell* const* cells() const { return capacity <= 1 ? &one : many; }
  MemCell** cells() { return capacity <= 1 ? &one : many; }
  const uint8_t* clustering_bytes() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  // REQUIRES: out has room for `n`, the table's number of clustering columns.
  void ReadClustering(size_t n, Slice* out) const {
    const uint8_t* p = clustering_bytes();
    for (size_t i = 0; i < n; i++) p = ReadValue(p, &out[i]);
  }
  static const uint8_t* ReadValue(const uint8_t* p, Slice* out) {
    uint64_t length = *p++;
    if (length >= 0x80) {
      length &= 0x7f;
      for (int shift = 7;; shift += 7) {
        const uint8_t b = *p++;
        length |= static_cast<uint64_t>(b & 0x7f) << shift;
        if (!(b & 0x80)) break;
      }
    }
    if (length == 0) {
      *out = Slice();
      return p;
    }
    *out = Slice(p, length - 1);
    return p + length - 1;
  }
  Liveness liveness() const {
    Liveness l;
    l.timestamp = liveness_timestamp;
    if (extra != nullptr) {
      l.ttl = extra->ttl;
      l.expires_at = extra->expires_at;
    }
    return l;
  }
  DeletionTime deletion() const { return extra == nullptr ? DeletionTime{} : extra->deletion; }
};
static_assert(sizeof(MemRow) == 32);

// What RowIsLive (row_encoder.h) counts as tombstones, of a row without deletions of which `dead` cells are not live.
inline uint32_t Tombstones(const MemRow& row, bool live, uint32_t dead) {
  return !live && dead == 0 && row.liveness_timestamp != kNoTimestamp ? 1 : dead;
}

// Where rows of one table have a column's cell: mostly all in the same place.
struct CellPlace {
  uint16_t column;
  uint32_t place;

  // The cell of a simple column; null when the row has none.
  const MemCell* Find(MemCell* const* cells, uint32_t count) {
    if (place < count && cells[place]->column == column) return cells[place];
    for (uint32_t i = 0; i < count && cells[i]->column <= column; i++) {
      if (cells[i]->column < column) continue;
      place = i;
      return cells[i];
    }
    return nullptr;
  }
};

// A place between clusterings where the range deletion changes: from here to the next step `after` is in force.
struct RangeStep {
  const uint8_t* prefix;  // values encoded as in MemRow
  uint16_t prefix_count;
  int8_t side;  // -1 before all clusterings with the prefix, 1 after them
  DeletionTime after;

  void ReadPrefix(ClusteringValues* out) const {
    out->resize(prefix_count);
    const uint8_t* p = prefix;
    for (Slice& value : *out) p = MemRow::ReadValue(p, &value);
  }
};

// What few partitions have.
struct PartitionExtra {
  DeletionTime deletion;
  MemRow* static_row = nullptr;
  RangeStep* steps = nullptr;  // ascending; the last one's `after` is live
  uint32_t step_count = 0;
  uint32_t step_capacity = 0;
};

// A partition: this head, then the key. One row is kept without a tree.
struct MemPartition {
  PartitionExtra* extra;
  union {
    MemRow* single;  // may be null
    BTree* tree;
  };
  uint16_t key_size;
  uint8_t has_tree;

  static constexpr size_t kHeadBytes = 19;
  const uint8_t* key_bytes() const { return reinterpret_cast<const uint8_t*>(this) + kHeadBytes; }
  Slice key() const { return Slice(key_bytes(), key_size); }
};
static_assert(offsetof(MemPartition, has_tree) + 1 == MemPartition::kHeadBytes);

inline uint64_t TokenPrefix(int64_t token) { return static_cast<uint64_t>(token) ^ 0x8000000000000000ULL; }
inline int64_t TokenOfPrefix(uint64_t prefix) { return static_cast<int64_t>(prefix ^ 0x8000000000000000ULL); }

}  // namespace ferrosa

// native/core/commit_log.h: one shard's commit log: records copied into preallocated, memory-mapped segments, and the reader for replay.
// Byte layout and rules: docs/format/commitlog.md. Not thread safe: one log belongs to one shard thread. An append is a memcpy; when
// bytes are on disk is decided by JavaScript, which has another thread SyncToDisk() what Unsynced() gives and then says Synced(). What takes
// milliseconds (making a segment, syncing, giving back a map) is never done by the shard's thread.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bytes.h"

namespace ferrosa {

inline constexpr uint32_t kLogMagic = 0x474f4c46;  // "FLOG"
inline constexpr uint16_t kLogVersion = 1;
inline constexpr uint32_t kLogHeaderBytes = 64;
inline constexpr uint32_t kLogRecordHeaderBytes = 13;  // u32 length, u32 CRC of length and kind, u32 CRC of the payload, u8 kind
inline constexpr uint64_t kLogLanes = 256;             // segment id % kLogLanes is the shard that wrote it

enum class LogRecord : uint8_t {
  kMutation = 1,    // one mutation (docs/format/mutation.md)
  kBatch = 2,       // u32 n, n x (u32 length, mutation): applied together or not at all
  kSyncMarker = 3,  // u64 segment id, u32 offset: everything before it was on disk when this was written
  kFiller = 4,      // nothing, in the place of bytes that replay has accepted as lost
};
inline constexpr uint8_t kLogRecordKinds = 4;

using TableId = std::array<uint8_t, 16>;
struct TableIdHash {
  size_t operator()(const TableId& id) const {
    uint64_t a;
    uint64_t b;
    std::memcpy(&a, id.data(), 8);
    std::memcpy(&b, id.data() + 8, 8);
    return static_cast<size_t>(a ^ (b * 0x9e3779b97f4a7c15ULL));
  }
};

// A place in a shard's log; order is (segment, offset). Offset points just after a record.
struct LogPosition {
  uint64_t segment = 0;
  uint32_t offset = 0;
  bool operator<(const LogPosition& o) const { return segment != o.segment ? segment < o.segment : offset < o.offset; }
};

// The address space of a segment that nobody writes any more.
struct LogMap {
  uint8_t* data = nullptr;
  uint32_t bytes = 0;
};
// Gives it back, in steps: by a background thread.
void Release(const LogMap& map);

// What a sync has to bring to disk: [from, to) of a file that stays open and mapped until Synced().
struct LogRange {
  int fd;
  uint8_t* map;
  uint64_t from;
  uint64_t to;
  std::string path;
};
struct LogSpan {
  std::vector<LogRange> ranges;
  uint64_t up_to = 0;  // log sequence number of its end: for Synced()
};
// For a background thread. In steps: it may take longer, and disturbs nobody while it writes. Server: the disk refuses.
Status SyncToDisk(const LogRange& range, bool in_steps);

// One mapped file. Created whole: its blocks are allocated, so that writing into the map cannot fail for lack of space.
class LogSegment {
 public:
  // Creates, allocates, maps and brings the header to disk. Blocks on the disk for as long as that takes. Until then the file is
  // `path`.new, which a start removes.
  static Status Create(const std::string& path, uint64_t id, uint32_t shard, uint32_t shard_count, uint32_t bytes,
                       bool populate, std::unique_ptr<LogSegment>* out);
  ~LogSegment();
  LogSegment(const LogSegment&) = delete;
  LogSegment& operator=(const LogSegment&) = delete;
  // Closes the descriptor and hands over the map; the file stays. Appends are over.
  LogMap Close();

  uint64_t id = 0;
  int fd = -1;
  uint8_t* data = nullptr;
  uint32_t bytes = 0;
  uint32_t used = 0;
  uint32_t salt = 0;
  uint64_t lsn_begin = 0;  // of the first byte after the header
  std::string path;
  std::unordered_map<TableId, uint32_t, TableIdHash> tables;  // unflushed table -> offset after its last record

 private:
  LogSegment() = default;
};

struct CommitLogOptions {
  std::string folder;
  uint32_t shard = 0;
  uint32_t shard_count = 1;
  uint32_t segment_bytes = 32u << 20;
  uint32_t record_bytes_max = 16u << 20;  // max_mutation_size
  uint64_t first_segment_id = 0;          // id % kLogLanes == shard; larger than that of any segment there is
};

class CommitLog {
 public:
  // Creates the first segment. Fails with Server when the folder cannot be written or the disk is full.
  static Status Open(const CommitLogOptions& options, std::unique_ptr<CommitLog>* out);

  // Copies one record. *lsn is the log sequence number after it: acknowledged in batch and group mode when synced() >= *lsn.
  // Invalid: the record is larger than record_bytes_max. Server: no segment can be allocated (disk full); nothing was written, and
  // every further append fails at once until Retry().
  Status Append(LogRecord kind, Slice payload, uint64_t* lsn);

  // Whether the next `bytes` surely need no segment that would have to be made first.
  bool TakesAtOnce(size_t bytes) const { return spare_ != nullptr || active_->bytes - active_->used >= bytes; }

  uint64_t appended() const { return lsn_; }
  uint64_t synced() const { return synced_; }
  // What is on disk now. Writes a sync marker when records were appended since the last one.
  void Synced(uint64_t up_to);
  // What is past synced(), oldest first; without the segment that is written, when `full_only`: its pages are still being touched.
  LogSpan Unsynced(bool full_only) const;
  // Maps of segments that are full and synced, each given once: to Release().
  std::vector<LogMap> TakeRetired() { return std::exchange(retired_, {}); }

  // Position after the last record: what a memtable frozen now contains.
  LogPosition position() const { return {active_->id, active_->used}; }
  // The table's records up to `upto` are in SSTables. Segments that then hold nothing unflushed are taken out of the log and their
  // paths put into *freed, for JavaScript to unlink.
  void MarkFlushed(const TableId& table, LogPosition upto, std::vector<std::string>* freed);
  // Tables that hold the oldest segment.
  std::vector<TableId> OldestTables() const;
  uint64_t total_bytes() const;
  size_t segment_count() const { return segments_.size() + 1; }
  uint64_t records() const { return records_; }
  uint64_t late_segments() const { return late_segments_; }

  // A spare segment, made beforehand off this thread, spares Append the allocation. One that comes too late is thrown away: an append that
  // could not wait has made a segment of a greater id meanwhile, and ids are the order in which segments are written.
  bool WantsSpare() const;
  uint64_t TakeSegmentId();
  std::string PathOf(uint64_t id) const;
  void AddSpare(std::unique_ptr<LogSegment> spare);
  const CommitLogOptions& options() const { return options_; }
  // After an allocation failed: the next append tries again.
  void Retry() { failed_ = Status::Ok(); }
  const Status& failed() const { return failed_; }
  // Unlinks an unused spare, closes every descriptor, retires every map.
  void Close();

 private:
  explicit CommitLog(const CommitLogOptions& options) : options_(options), next_id_(options.first_segment_id) {}
  Status Rotate();
  void Write(LogRecord kind, Slice payload);
  void Retire(LogSegment* segment);
  void NoteTables(LogRecord kind, Slice payload);
  void NoteTable(const uint8_t* mutation);

  CommitLogOptions options_;
  uint64_t next_id_;
  uint64_t lsn_ = 0;
  uint64_t synced_ = 0;
  uint64_t marked_ = 0;  // lsn after the last sync marker
  uint64_t records_ = 0;
  uint64_t late_segments_ = 0;
  std::vector<LogMap> retired_;
  Status failed_;
  std::unique_ptr<LogSegment> active_;
  std::unique_ptr<LogSegment> spare_;
  std::vector<std::unique_ptr<LogSegment>> segments_;  // sealed, oldest first
  TableId last_table_{};                               // the table of last_offset_
  uint32_t* last_offset_ = nullptr;                    // into active_->tables
};

struct LogSegmentHeader {
  uint64_t id = 0;
  uint32_t shard = 0;
  uint32_t shard_count = 0;
  uint32_t bytes = 0;
};

// A whole record of kind kFiller. REQUIRES: bytes >= kLogRecordHeaderBytes
std::vector<uint8_t> FillerRecord(uint64_t segment_id, uint32_t bytes);

// What stands in a segment, from bytes that may be damaged anywhere.
class LogReader {
 public:
  // `file` is borrowed and must outlive the reader.
  explicit LogReader(Slice file) : file_(file) {}
  // Corrupt: not a segment, a newer version, or a header whose CRC is wrong.
  Status Header(LogSegmentHeader* out);

  enum class Found : uint8_t {
    kRecord,  // a good record
    kDamage,  // bytes at `offset` of length `size` are not a record, and a good record follows
    kTorn,    // bytes at `offset` are not a record and none follows: `size` bytes up to the last byte that is not zero
    kEnd,     // a clean end
  };
  struct Item {
    Found found = Found::kEnd;
    LogRecord kind = LogRecord::kMutation;
    uint32_t offset = 0;  // of the record header
    uint32_t size = 0;
    Slice payload;
  };
  // REQUIRES: Header() was Ok.
  Item Next();

 private:
  enum class Check : uint8_t { kGood, kBadPayload, kBadHeader };
  Check At(uint32_t offset, Item* out) const;
  Slice file_;
  uint32_t at_ = 0;
  uint32_t salt_ = 0;
};

}  // namespace ferrosa

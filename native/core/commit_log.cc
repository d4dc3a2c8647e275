#include "commit_log.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hash.h"
#include "in_steps.h"
#include "writeback.h"

namespace ferrosa {
namespace {

// Each takes some 60 us.
constexpr uint64_t kBytesAStep = 128 << 10;
constexpr uint64_t kBytesAnUnmap = 1 << 20;

uint32_t SaltOf(uint64_t id) {
  uint8_t bytes[8];
  StoreLE(bytes, id);
  return Crc32(0, Slice(bytes, sizeof bytes));
}

uint32_t HeaderCrc(uint32_t salt, uint32_t length, uint8_t kind) {
  uint8_t bytes[5];
  StoreLE(bytes, length);
  bytes[4] = kind;
  return Crc32(salt, Slice(bytes, sizeof bytes));
}

// `salt`: of the segment. What follows the record's header is in place already.
void StoreLogRecordHeader(uint8_t* record, uint32_t salt, LogRecord kind, uint32_t length) {
  StoreLE(record, length);
  StoreLE(record + 4, HeaderCrc(salt, length, static_cast<uint8_t>(kind)));
  StoreLE(record + 8, Crc32(salt, Slice(record + kLogRecordHeaderBytes, length)));
  record[12] = static_cast<uint8_t>(kind);
}

Status DiskError(const char* what, const std::string& path, int error) {
  return Status::Server("commit log: cannot " + std::string(what) + " " + path + ": " + std::strerror(error));
}

int Allocate(int fd, uint32_t bytes) {
#ifdef __APPLE__
  fstore_t store = {F_ALLOCATEALL, F_PEOFPOSMODE, 0, static_cast<off_t>(bytes), 0};
  if (fcntl(fd, F_PREALLOCATE, &store) == -1) return errno;
  return ftruncate(fd, bytes) == 0 ? 0 : errno;
#else
  int error;
  do error = posix_fallocate(fd, 0, bytes);
  while (error == EINTR);
  return error;
#endif
}

// 0 or errno.
int SyncFile(int fd) {
  int rc;
#ifdef __APPLE__
  do rc = ::fcntl(fd, F_FULLFSYNC);
#else
  do rc = ::fdatasync(fd);
#endif
  while (rc != 0 && errno == EINTR);
  return rc == 0 ? 0 : errno;
}

// A file that was synced can still be missing after a power cut when its folder was not.
int SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

// Brings the pages of the segment into memory. What fails is left to the faults of its writer.
void Populate(const LogSegment& s) {
#ifdef MADV_POPULATE_WRITE
  static constexpr uint8_t kZeros[kBytesAStep] = {};
  InSteps(0, s.bytes, kBytesAStep, [&](uint64_t at, uint64_t n) {
    // Pages that are written come in large folios, which cost less than page by page from here to the disk.
    const uint64_t header = at == 0 ? kLogHeaderBytes : 0;
    if (::pwrite(s.fd, kZeros, n - header, static_cast<off_t>(at + header)) > 0)
      (void)::madvise(s.data + at, n, MADV_POPULATE_WRITE);
  });
#else
  (void)s;
#endif
}

void StoreSegmentHeader(const LogSegment& s, uint32_t shard, uint32_t shard_count) {
  uint8_t* h = s.data;
  StoreLE(h, kLogMagic);
  StoreLE(h + 4, kLogVersion);
  StoreLE(h + 8, s.id);
  StoreLE(h + 16, shard);
  StoreLE(h + 20, shard_count);
  StoreLE(h + 24, s.bytes);
  StoreLE(h + 60, Crc32(0, Slice(h, 60)));
}

}  // namespace

Status LogSegment::Create(const std::string& path, uint64_t id, uint32_t shard, uint32_t shard_count, uint32_t bytes,
                          bool populate, std::unique_ptr<LogSegment>* out) {
  std::unique_ptr<LogSegment> s(new LogSegment());
  s->path = path;
  s->id = id;
  s->bytes = bytes;
  s->salt = SaltOf(id);
  s->used = kLogHeaderBytes;
  // It gets its name when its header is on disk: one without a header is damage to replay, whenever a process or the machine has ended.
  const std::string unfinished = path + ".new";
  const auto failed = [&](const char* what, int error) {
    ::unlink(unfinished.c_str());
    return DiskError(what, path, error);
  };
  if (::access(path.c_str(), F_OK) == 0) return DiskError("create", path, EEXIST);
  s->fd = ::open(unfinished.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (s->fd < 0) return DiskError("create", path, errno);
  if (const int error = Allocate(s->fd, bytes); error != 0) return failed("allocate", error);
  void* map = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
  if (map == MAP_FAILED) return failed("map", errno);
  s->data = static_cast<uint8_t*>(map);
  // A fault on a mapped file reads ahead as far as the disk is set to: 8 MiB of zeros, all in one, 20 ms on some machines.
  (void)::madvise(map, bytes, MADV_RANDOM);
  StoreSegmentHeader(*s, shard, shard_count);
  if (const int error = SyncFile(s->fd); error != 0) return failed("sync", error);
  if (::rename(unfinished.c_str(), path.c_str()) != 0) return failed("name", errno);
  if (const int error = SyncFolderOf(path); error != 0) {
    ::unlink(path.c_str());
    return DiskError("sync the folder of", path, error);
  }
  if (populate) Populate(*s);
  *out = std::move(s);
  return Status::Ok();
}

LogMap LogSegment::Close() {
  if (fd >= 0) ::close(fd);
  fd = -1;
  return {std::exchange(data, nullptr), bytes};
}

LogSegment::~LogSegment() {
  const LogMap map = Close();
  if (map.data != nullptr) ::munmap(map.data, map.bytes);
}

void Release(const LogMap& map) {
  InSteps(0, map.bytes, kBytesAnUnmap, [&](uint64_t at, uint64_t n) { ::munmap(map.data + at, n); });
}

Status SyncToDisk(const LogRange& range, bool in_steps) {
  if (in_steps && kHasWriteback) {
    // A mapped page is made clean by itself, with an interrupt of the other cores for each, and a large folio as long as any of it is mapped.
    // What is written is not looked at again.
    const uint64_t from = range.from / PageBytes() * PageBytes();
    const uint64_t to = range.to / PageBytes() * PageBytes();
    InSteps(from, to, kBytesAnUnmap, [&](uint64_t at, uint64_t n) { (void)::madvise(range.map + at, n, MADV_DONTNEED); });
    InSteps(range.from, range.to, kBytesAStep, [&](uint64_t at, uint64_t n) { BeginWriteback(range.fd, at, n); });
  }
  const int error = SyncFile(range.fd);
  return error == 0 ? Status::Ok() : DiskError("sync", range.path, error);
}

Status CommitLog::Open(const CommitLogOptions& options, std::unique_ptr<CommitLog>* out) {
  if (options.segment_bytes < 1u << 16 || options.record_bytes_max > options.segment_bytes / 2)
    return Status::Invalid("commitlog_segment_size must be at least 64KiB and twice max_mutation_size");
  if (options.shard >= kLogLanes || options.first_segment_id % kLogLanes != options.shard)
    return Status::Invalid("commit log: the segment id is not one of this shard");
  std::unique_ptr<CommitLog> log(new CommitLog(options));
  RETURN_IF_ERROR(log->Rotate());
  log->late_segments_ = 0;
  *out = std::move(log);
  return Status::Ok();
}

uint64_t CommitLog::TakeSegmentId() {
  const uint64_t id = next_id_;
  next_id_ += kLogLanes;
  return id;
}

std::string CommitLog::PathOf(uint64_t id) const {
  return options_.folder + "/segment-" + std::to_string(id) + ".log";
}

bool CommitLog::WantsSpare() const { return spare_ == nullptr && active_->used > active_->bytes / 4; }

void CommitLog::AddSpare(std::unique_ptr<LogSegment> spare) {
  if (spare->id > active_->id) {
    spare_ = std::move(spare);
    return;
  }
  ::unlink(spare->path.c_str());
  Retire(spare.get());
}

Status CommitLog::Rotate() {
  std::unique_ptr<LogSegment> next = std::move(spare_);
  if (next == nullptr) {
    const uint64_t id = TakeSegmentId();
    const Status s =
        LogSegment::Create(PathOf(id), id, options_.shard, options_.shard_count, options_.segment_bytes, false, &next);
    if (!s.ok()) {
      failed_ = s;
      return s;
    }
    late_segments_++;
  }
  next->lsn_begin = lsn_;
  if (active_ != nullptr) segments_.push_back(std::move(active_));
  active_ = std::move(next);
  last_offset_ = nullptr;
  return Status::Ok();
}

void CommitLog::Write(LogRecord kind, Slice payload) {
  uint8_t* p = active_->data + active_->used;
  const uint32_t length = static_cast<uint32_t>(payload.size);
  std::memcpy(p + kLogRecordHeaderBytes, payload.data, payload.size);
  StoreLogRecordHeader(p, active_->salt, kind, length);
  active_->used += kLogRecordHeaderBytes + length;
  lsn_ += kLogRecordHeaderBytes + length;
}

Status CommitLog::Append(LogRecord kind, Slice payload, uint64_t* lsn) {
  if (payload.size > options_.record_bytes_max)
    return Status::Invalid("Rejected an oversized mutation (" + std::to_string(payload.size) + "/" +
                           std::to_string(options_.record_bytes_max) + ")");
  if (!failed_.ok()) return failed_;
  if (active_->bytes - active_->used < payload.size + kLogRecordHeaderBytes) RETURN_IF_ERROR(Rotate());
  Write(kind, payload);
  records_++;
  NoteTables(kind, payload);
  *lsn = lsn_;
  return Status::Ok();
}

void CommitLog::NoteTable(const uint8_t* mutation) {
  if (last_offset_ != nullptr && std::memcmp(mutation + 2, last_table_.data(), 16) == 0) {
    *last_offset_ = active_->used;
    return;
  }
  std::memcpy(last_table_.data(), mutation + 2, 16);
  last_offset_ = &active_->tables[last_table_];  // node based: the address outlives rehashing
  *last_offset_ = active_->used;
}

void CommitLog::NoteTables(LogRecord kind, Slice payload) {
  constexpr size_t kMutationHead = 18;  // format, flags, table id
  if (kind == LogRecord::kMutation) {
    if (payload.size >= kMutationHead) NoteTable(payload.data);
    return;
  }
  if (kind != LogRecord::kBatch) return;
  Reader reader(payload);
  uint32_t n = 0;
  if (!reader.U32(&n)) return;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t length = 0;
    Slice mutation;
    if (!reader.U32(&length) || !reader.Bytes(length, &mutation)) return;
    if (mutation.size >= kMutationHead) NoteTable(mutation.data);
  }
}

void CommitLog::Synced(uint64_t up_to) {
  if (up_to > lsn_) up_to = lsn_;
  if (up_to <= synced_) return;
  synced_ = up_to;
  for (auto& s : segments_)
    if (s->lsn_begin + (s->used - kLogHeaderBytes) <= synced_) Retire(s.get());
  // The marker tells replay that damage before it is damage, not a write that the machine's end cut off.
  if (up_to <= marked_ || up_to <= active_->lsn_begin) return;
  constexpr uint32_t kMarkerBytes = 12;
  if (active_->bytes - active_->used < kLogRecordHeaderBytes + kMarkerBytes) return;
  uint8_t marker[kMarkerBytes];
  StoreLE(marker, active_->id);
  StoreLE(marker + 8, static_cast<uint32_t>(kLogHeaderBytes + (up_to - active_->lsn_begin)));
  const bool all = synced_ == lsn_;
  Write(LogRecord::kSyncMarker, Slice(marker, kMarkerBytes));
  marked_ = lsn_;
  if (all) synced_ = lsn_;  // nobody waits for a marker
}

LogSpan CommitLog::Unsynced(bool full_only) const {
  LogSpan span;
  span.up_to = full_only ? active_->lsn_begin : lsn_;
  if (span.up_to <= synced_) return span;
  const auto add = [&](const LogSegment& s) {
    const uint64_t begun = synced_ > s.lsn_begin ? synced_ - s.lsn_begin + kLogHeaderBytes : 0;
    span.ranges.push_back({s.fd, s.data, begun, s.used, s.path});
  };
  for (const auto& s : segments_)
    if (s->fd >= 0 && s->lsn_begin + (s->used - kLogHeaderBytes) > synced_) add(*s);
  if (!full_only) add(*active_);
  return span;
}

void CommitLog::Retire(LogSegment* segment) {
  const LogMap map = segment->Close();
  if (map.data != nullptr) retired_.push_back(map);
}

void CommitLog::MarkFlushed(const TableId& table, LogPosition upto, std::vector<std::string>* freed) {
  const auto clean = [&](LogSegment* s) {
    const auto it = s->tables.find(table);
    if (it == s->tables.end() || upto < LogPosition{s->id, it->second}) return;
    if (last_offset_ == &it->second) last_offset_ = nullptr;
    s->tables.erase(it);
  };
  for (auto& s : segments_) clean(s.get());
  clean(active_.get());
  std::erase_if(segments_, [&](const std::unique_ptr<LogSegment>& s) {
    // A segment that is still to be synced has a descriptor in use.
    if (!s->tables.empty() || s->lsn_begin + (s->used - kLogHeaderBytes) > synced_) return false;
    Retire(s.get());
    freed->push_back(s->path);
    return true;
  });
}

std::vector<TableId> CommitLog::OldestTables() const {
  std::vector<TableId> out;
  const LogSegment* oldest = nullptr;
  for (const auto& s : segments_)
    if (!s->tables.empty()) {
      oldest = s.get();
      break;
    }
  if (oldest == nullptr) oldest = active_.get();
  for (const auto& [id, offset] : oldest->tables) out.push_back(id);
  return out;
}

uint64_t CommitLog::total_bytes() const {
  uint64_t total = active_->used;
  for (const auto& s : segments_) total += s->bytes;
  return total;
}

void CommitLog::Close() {
  if (spare_ != nullptr) ::unlink(spare_->path.c_str());
  spare_.reset();
  if (failed_.ok()) failed_ = Status::Server("commit log: closed");
  Retire(active_.get());
  for (auto& s : segments_) Retire(s.get());
}

Status LogReader::Header(LogSegmentHeader* out) {
  if (file_.size < kLogHeaderBytes || file_.size > UINT32_MAX || LoadLE<uint32_t>(file_.data) != kLogMagic)
    return Status::Corrupt("not a commit log segment");
  const uint16_t version = LoadLE<uint16_t>(file_.data + 4);
  if (version != kLogVersion) return Status::Corrupt("commit log segment of version " + std::to_string(version));
  if (LoadLE<uint32_t>(file_.data + 60) != Crc32(0, Slice(file_.data, 60)))
    return Status::Corrupt("the header's checksum is wrong");
  out->id = LoadLE<uint64_t>(file_.data + 8);
  out->shard = LoadLE<uint32_t>(file_.data + 16);
  out->shard_count = LoadLE<uint32_t>(file_.data + 20);
  out->bytes = LoadLE<uint32_t>(file_.data + 24);
  salt_ = SaltOf(out->id);
  at_ = kLogHeaderBytes;
  return Status::Ok();
}

LogReader::Check LogReader::At(uint32_t offset, Item* out) const {
  if (file_.size - offset < kLogRecordHeaderBytes) return Check::kBadHeader;
  const uint8_t* p = file_.data + offset;
  const uint32_t length = LoadLE<uint32_t>(p);
  const uint8_t kind = p[12];
  if (kind < 1 || kind > kLogRecordKinds || length > file_.size - offset - kLogRecordHeaderBytes) return Check::kBadHeader;
  if (LoadLE<uint32_t>(p + 4) != HeaderCrc(salt_, length, kind)) return Check::kBadHeader;
  out->kind = static_cast<LogRecord>(kind);
  out->offset = offset;
  out->size = kLogRecordHeaderBytes + length;
  out->payload = Slice(p + kLogRecordHeaderBytes, length);
  return LoadLE<uint32_t>(p + 8) == Crc32(salt_, out->payload) ? Check::kGood : Check::kBadPayload;
}

std::vector<uint8_t> FillerRecord(uint64_t segment_id, uint32_t bytes) {
  DB_ASSERT(bytes >= kLogRecordHeaderBytes);
  std::vector<uint8_t> record(bytes);
  StoreLogRecordHeader(record.data(), SaltOf(segment_id), LogRecord::kFiller, bytes - kLogRecordHeaderBytes);
  return record;
}

LogReader::Item LogReader::Next() {
  Item item;
  const uint32_t start = at_;
  item.offset = start;
  if (At(start, &item) == Check::kGood) {
    item.found = Found::kRecord;
    at_ = start + item.size;
    return item;
  }
  // The next good record, wherever it stands: a damaged length must not hide what follows it.
  const uint32_t size = static_cast<uint32_t>(file_.size);
  uint32_t end = size;
  while (end > start && file_.data[end - 1] == 0) end--;
  Item next;
  for (uint32_t at = start; at < end;) {
    const Check check = At(at, &next);
    if (check == Check::kGood) {
      Item damage;
      damage.found = Found::kDamage;
      damage.offset = start;
      damage.size = at - start;
      at_ = at;
      return damage;
    }
    at += check == Check::kBadPayload ? next.size : 1;
  }
  at_ = size;
  Item last;
  last.found = end == start ? Found::kEnd : Found::kTorn;
  last.offset = start;
  last.size = end - start;
  return last;
}

}  // namespace ferrosa

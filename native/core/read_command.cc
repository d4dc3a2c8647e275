#include "read_command.h"

#include "fold.h"
#include "hash.h"
#include "mutation.h"

namespace ferrosa {
namespace {

enum Flag : uint8_t { kReversed = 1, kDistinct = 2, kPositions = 4, kUnrestricted = 8, kFolds = 16 };
constexpr uint8_t kFormat = 1;

bool ReadBound(Reader* r, size_t clustering_count, bool start, Bound* out) {
  uint8_t kind;
  if (!r->U8(&kind) || !ReadClustering(r, clustering_count, &out->prefix)) return false;
  out->kind = static_cast<BoundKind>(kind);
  if (start) return out->kind == BoundKind::kInclStart || out->kind == BoundKind::kExclStart;
  return out->kind == BoundKind::kInclEnd || out->kind == BoundKind::kExclEnd;
}

bool ReadPartitions(Reader* r, ReadCommand* out) {
  uint8_t kind, start_inclusive, end_inclusive;
  uint16_t n;
  out->keys.clear();
  if (!r->U8(&kind) || kind > 1) return false;
  out->is_range = kind == 1;
  if (out->is_range) {
    if (!r->I64(&out->start_token) || !r->U8(&start_inclusive) || !r->I64(&out->end_token) || !r->U8(&end_inclusive))
      return false;
    out->start_inclusive = start_inclusive != 0;
    out->end_inclusive = end_inclusive != 0;
    return true;
  }
  if (!r->U16(&n)) return false;
  for (uint16_t i = 0; i < n; i++) {
    uint16_t size;
    DecoratedKey key;
    if (!r->U16(&size) || !r->Bytes(size, &key.key)) return false;
    key.token = MurmurToken(key.key);
    out->keys.push_back(key);
  }
  return true;
}

bool ReadSlices(Reader* r, const DescriptorPlan& plan, ReadCommand* out) {
  uint16_t n;
  if (!r->U16(&n)) return false;
  out->slices.resize(n);
  for (uint16_t i = 0; i < n; i++) {
    SliceBounds& s = out->slices[i];
    if (!ReadBound(r, plan.clustering_count, true, &s.start) || !ReadBound(r, plan.clustering_count, false, &s.end))
      return false;
    // Slices that are not ascending would make the cursor go back.
    if (i > 0 && plan.CompareBounds(out->slices[i - 1].end, s.start) > 0) return false;
  }
  return true;
}

bool ReadPosition(Reader* r, const DescriptorPlan& plan, ReadCommand* out) {
  uint8_t has, has_clustering;
  uint16_t size;
  if (!r->U8(&has) || has > 1) return false;
  out->has_start_after = has == 1;
  if (!out->has_start_after) return true;
  if (!r->U16(&size) || !r->Bytes(size, &out->after_key.key) || !r->I64(&out->after_key.token) || !r->U8(&has_clustering))
    return false;
  out->after_has_clustering = has_clustering != 0;
  out->after_clustering.clear();
  if (out->after_has_clustering && (!ReadClustering(r, plan.clustering_count, &out->after_clustering) ||
                                    out->after_clustering.size() != plan.clustering_count))
    return false;
  return r->U32(&out->after_rows);
}

bool ReadColumns(Reader* r, const DescriptorPlan& plan, ReadCommand* out) {
  uint16_t n;
  if (!r->U16(&n)) return false;
  out->columns.clear();
  for (uint16_t i = 0; i < n; i++) {
    uint8_t what;
    SelectedColumn c;
    if (!r->U8(&what) || what > static_cast<uint8_t>(SelectedKind::kExpiry) || !r->U16(&c.which)) return false;
    c.what = static_cast<SelectedKind>(what);
    if (c.what == SelectedKind::kPartitionKey && c.which >= plan.descriptor->partition_key.size()) return false;
    if (c.what == SelectedKind::kClustering && c.which >= plan.clustering_count) return false;
    if (c.what != SelectedKind::kPartitionKey && c.what != SelectedKind::kClustering && c.what != SelectedKind::kToken) {
      const int index = plan.IndexOf(c.which);
      c.which = index < 0 ? kUnknownColumn : static_cast<uint16_t>(index);
    }
    out->columns.push_back(c);
  }
  return true;
}

bool ReadFolds(Reader* r, ReadCommand* out) {
  uint16_t n;
  if (!r->U16(&n) || n == 0) return false;
  for (uint16_t i = 0; i < n; i++) {
    uint8_t kind;
    Fold fold;
    if (!r->U8(&kind) || kind > static_cast<uint8_t>(FoldKind::kNumbers) || !r->U16(&fold.column)) return false;
    fold.kind = static_cast<FoldKind>(kind);
    if (fold.kind != FoldKind::kRows && fold.column >= out->columns.size()) return false;
    out->folds.push_back(fold);
  }
  return true;
}

}  // namespace

void PartitionProgress::Clear() {
  rows_given = 0;
  has_resume = false;
  tombstones = live_rows = sources = 0;
}

void PartitionProgress::SetResume(BoundKind kind, const ClusteringValues& prefix) {
  has_resume = true;
  size_t bytes = 1;
  for (const Slice& v : prefix) bytes += v.size;
  resume_bytes.resize(bytes);
  resume.kind = kind;
  resume.prefix.assign(prefix.begin(), prefix.end());
  uint8_t* p = resume_bytes.data();
  for (Slice& v : resume.prefix) {
    if (v.is_null()) continue;
    if (v.size > 0) std::memcpy(p, v.data, v.size);
    v.data = p;
    p += v.size;
  }
}

Slice ReadCommandTableId(Slice bytes) { return bytes.size < 18 ? Slice() : Slice(bytes.data + 2, 16); }

Status ParseReadCommand(const DescriptorPlan& plan, Slice bytes, ReadCommand* out) {
  Reader r(bytes);
  uint8_t format, flags;
  if (!r.U8(&format) || format != kFormat) return Status::Invalid("read command: unknown format");
  if (!r.U8(&flags) || !r.Bytes(16, &out->table_id) || !r.U32(&out->now_seconds) || !r.U32(&out->row_limit) ||
      !r.U32(&out->per_partition_limit) || !r.U32(&out->bytes_limit))
    return Status::Invalid("read command: cut short");
  out->reversed = flags & kReversed;
  out->distinct = flags & kDistinct;
  out->positions = flags & kPositions;
  out->unrestricted = flags & kUnrestricted;
  if (!ReadPartitions(&r, out)) return Status::Invalid("read command: bad partitions");
  if (!ReadSlices(&r, plan, out)) return Status::Invalid("read command: bad slices");
  if (!ReadPosition(&r, plan, out)) return Status::Invalid("read command: bad position");
  if (!ReadColumns(&r, plan, out)) return Status::Invalid("read command: bad columns");
  out->folds.clear();
  if ((flags & kFolds) && (out->positions || !ReadFolds(&r, out))) return Status::Invalid("read command: bad folds");
  if (r.left() != 0) return Status::Invalid("read command: bytes after it");
  return Status::Ok();
}

ReadOperation::ReadOperation() = default;
ReadOperation::~ReadOperation() = default;

void ReadOperation::Start(Slice command) {
  bytes_.assign(command.data, command.data + command.size);
  parsed_for_ = nullptr;
  out_.bytes.clear();
  rows_ = partitions_ = 0;
  finished_ = more_ = has_key_ = in_partition_ = false;
  key_index_ = 0;
  progress_.Clear();
  tombstones_ = live_rows_ = sources_ = 0;
  run_at_ = 0;
}

}  // namespace ferrosa

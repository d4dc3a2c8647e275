// Hot reads by an index on a regular column: the entries of a value, then the row of each, in the order of the table.
// An entry's clustering: the value, i64 token and key of the base row, the row's clustering (docs/format/index-entries.md).
#include <algorithm>

#include "hot_execute.h"
#include "limits.h"

namespace ferrosa {
namespace {

constexpr uint16_t kEntryToken = 1;
constexpr uint16_t kEntryKey = 2;
constexpr uint16_t kEntryClustering = 3;

// The next cell of rows in the protocol's encoding. REQUIRES: there is one
Slice TakeCell(Slice* rows) {
  const uint32_t size = LoadBE<uint32_t>(rows->data);
  const Slice cell = size == UINT32_MAX ? Slice() : Slice(rows->data + 4, size);
  const size_t taken = 4 + cell.size;
  *rows = Slice(rows->data + taken, rows->size - taken);
  return cell;
}

// Where the last of a row's `n` cells begins.
size_t LastCellAt(Slice row, size_t n) {
  Slice rest = row;
  for (size_t i = 1; i < n; i++) TakeCell(&rest);
  return row.size - rest.size;
}

}  // namespace

// Makes read_ and entry_columns_ for the entries of the value.
bool HotExecutor::OpenEntries(const HotHead& head, uint32_t now_seconds, const Resolved& r, uint32_t limit) {
  const HotPlan::Index& index = plan_->index;
  if (head.part >= index.buckets.size()) return false;
  const size_t columns = kEntryClustering + r.descriptor->clustering.size();
  entry_columns_.clear();
  for (size_t i = kEntryToken; i < columns; i++) entry_columns_.push_back({SelectedKind::kClustering, static_cast<uint16_t>(i)});
  const HotPlan::Index::Bucket& bucket = index.buckets[head.part];
  read_ = HotRead{};
  read_.key = {bucket.token, Slice(bucket.key)};
  read_.columns = entry_columns_;
  read_.has_slice = true;
  read_.start.kind = BoundKind::kInclStart;
  read_.end.kind = BoundKind::kInclEnd;
  read_.start.prefix.assign(1, Value(plan_->term_slot).bytes);
  read_.end.prefix = read_.start.prefix;
  read_.now_seconds = now_seconds;
  read_.row_limit = limit;
  return true;
}

// Reads the row of the next entry. kDecline: there is none, or it has another value now.
HotOutcome HotExecutor::ReadRow(const Resolved& r, Slice* entries, Writer* out, HotReadResult* result, MissList* misses) {
  const Slice token = TakeCell(entries);
  const Slice key = TakeCell(entries);
  read_.start.prefix.clear();
  for (size_t i = 0; i < r.descriptor->clustering.size(); i++) read_.start.prefix.push_back(TakeCell(entries));
  if (token.size != 8 || key.is_null()) return HotOutcome::kDecline;
  read_.key = {LoadBE<int64_t>(token.data), key};
  read_.has_slice = !read_.start.prefix.empty();
  read_.end.prefix = read_.start.prefix;
  const size_t at = out->size();
  out->LE<int64_t>(read_.key.token);
  out->LE<uint32_t>(0);
  const size_t row_at = out->size();
  ReadState state = ReadState::kDone;
  const Status status = store_->ReadPartition(r.table, read_, out, result, &state, misses);
  if (status.ok() && state == ReadState::kMiss) {
    out->bytes.resize(at);
    return HotOutcome::kMiss;
  }
  if (!status.ok() || state != ReadState::kDone || result->rows != 1) return HotOutcome::kDecline;
  const Slice row(out->bytes.data() + row_at, out->size() - row_at);
  const size_t last = LastCellAt(row, r.columns.size());
  Slice rest(row.data + last, row.size - last);
  if (!(TakeCell(&rest) == Value(plan_->term_slot).bytes)) return HotOutcome::kDecline;
  out->bytes.resize(row_at + last);
  StoreLE(out->bytes.data() + at + 8, static_cast<uint32_t>(last));
  return HotOutcome::kDone;
}

HotOutcome HotExecutor::ReadIndexed(const HotHead& head, uint32_t now_seconds, Writer* out, MissList* misses) {
  const Resolved* r = Resolve();
  if (r == nullptr || plan_->kind != HotKind::kIndexRead) return HotOutcome::kDecline;
  StoreTable* entries = store_->Find(plan_->index.table_id.data());
  if (entries == nullptr || entries->descriptor->clustering.size() != kEntryClustering + r->descriptor->clustering.size())
    return HotOutcome::kDecline;
  const uint32_t limit = LimitOf(*request_, plan_->row_limit_slot, plan_->row_limit);
  const bool paged = IsPaged(*request_, limit);
  const uint32_t wanted = std::min(paged ? static_cast<uint32_t>(request_->page_size) : limit, kHotEntriesMax);
  if (!OpenEntries(head, now_seconds, *r, wanted)) return HotOutcome::kDecline;
  entries_.bytes.clear();
  HotReadResult found;
  ReadState state = ReadState::kDone;
  const Status status = store_->ReadPartition(entries, read_, &entries_, &found, &state, misses);
  if (status.ok() && state == ReadState::kMiss) return HotOutcome::kMiss;
  // Each entry is a row, or the request is declined: as many entries as the limit wants rows are enough.
  if (!status.ok() || state != ReadState::kDone || (found.more && wanted < limit)) return HotOutcome::kDecline;

  const size_t start = out->size();
  out->LE<uint32_t>(head.connection);
  out->LE<uint32_t>(found.rows);
  read_.columns = r->columns;
  read_.row_limit = 1;
  figures_ = {r->table, found.rows, found.tombstones, found.sources};
  Slice rest(entries_.bytes);
  HotOutcome outcome = HotOutcome::kDone;
  for (uint32_t i = 0; i < found.rows && outcome != HotOutcome::kDecline; i++) {
    HotReadResult row;
    const HotOutcome one = ReadRow(*r, &rest, out, &row, misses);
    // The chunks that any of the rows lacks are fetched together.
    if (one != HotOutcome::kDone) outcome = one;
    figures_.tombstones += row.tombstones;
    figures_.sources = std::max(figures_.sources, row.sources);
    if (out->size() - start > kHotReadBytesMax || figures_.tombstones > kHotTombstonesMax) outcome = HotOutcome::kDecline;
  }
  if (outcome != HotOutcome::kDone) out->bytes.resize(start);
  return outcome;
}

}  // namespace ferrosa

// What a hot write does to the materialized views of its table: as src/cluster/view-writer.ts and src/query/views do it, from the row as it
// was and as it becomes.
//
// Every write of a view has a timestamp of its own (server_clock.h), taken after the row was read: it grows with every change of a base row,
// whoever makes it. So the order in which parts reach other shards does not matter, nor that they come again after a crash: what is newest of
// each cell and row wins, and that is of the last change. Nothing of a partition waits for the parts of an earlier write.
#include <algorithm>

#include "hash.h"
#include "hot_execute.h"
#include "limits.h"
#include "row_encoder.h"
#include "server_clock.h"
#include "shard_source.h"

namespace ferrosa {
namespace {

// A column whose value a view may have.
bool IsPlain(const Column& column) { return !column.multicell && !column.counter && !column.is_static && !column.dropped; }

// The index of such a column; -1: it is none.
int32_t PlainIndexOf(const TableDescriptor& table, uint16_t column_id) {
  const int index = table.IndexOf(column_id);
  return index >= 0 && IsPlain(table.columns[static_cast<size_t>(index)]) ? index : -1;
}

// The live cells of a row's simple columns, by column.
void IndexCells(const TableDescriptor& table, const Row& row, uint32_t now_seconds, std::vector<const Cell*>* out) {
  out->assign(table.columns.size(), nullptr);
  for (const Cell& cell : row.cells)
    if (cell.path.is_null() && cell.LiveAt(now_seconds)) (*out)[cell.column] = &cell;
}

uint32_t TtlLeft(const Cell& cell, uint32_t now_seconds) {
  return cell.ttl == kNoTtl ? kNoTtl : cell.local_deletion_time - now_seconds;
}

// Equal values may have other bytes (1 and 1.0), and are one clustering.
bool SamePlace(const DescriptorPlan& plan, const HotViewWrite& a, const HotViewWrite& b) {
  return a.row.key.key == b.row.key.key && plan.CompareClusterings(a.clustering.data(), b.clustering.data()) == 0;
}

}  // namespace

bool HotExecutor::ResolveView(const TableDescriptor& base, const HotView& view, Resolved::View* out) {
  const TableDescriptor& table = *out->descriptor;
  // What waits to be written again has its timestamp: the removal of its row, which is newer, must not be forgotten before.
  if (table.gc_grace_seconds < kHotViewGraceSecondsMin) return false;
  if (view.partition_key.size() != table.partition_key.size() || view.clustering.size() != table.clustering.size()) return false;
  out->key_value = -1;
  const auto place = [&](const HotView::KeyPart& part, std::vector<HotView::KeyPart>* key) {
    key->push_back(part);
    if (part.source == HotView::KeyPart::kPartitionKey) return part.which < base.partition_key.size();
    if (part.source == HotView::KeyPart::kClustering) return part.which < base.clustering.size();
    const int32_t column = PlainIndexOf(base, part.which);
    if (column < 0 || out->key_value >= 0) return false;
    out->key_value = column;
    key->back().which = static_cast<uint16_t>(column);
    return true;
  };
  for (const HotView::KeyPart& part : view.partition_key)
    if (!place(part, &out->partition_key)) return false;
  for (const HotView::KeyPart& part : view.clustering)
    if (!place(part, &out->clustering)) return false;
  for (const HotView::Value& value : view.values) {
    const int32_t column = PlainIndexOf(table, value.column_id);
    const int32_t from = PlainIndexOf(base, value.base_column_id);
    if (column < 0 || from < 0) return false;
    out->values.push_back({static_cast<uint16_t>(column), static_cast<uint16_t>(from)});
  }
  std::sort(out->values.begin(), out->values.end(), [](const auto& a, const auto& b) { return a.column < b.column; });
  return true;
}

bool HotExecutor::ResolveViews(const HotPlan& plan, Resolved* out) {
  // All are looked up, so that IsStale sees when one that is missing comes.
  for (const HotView& view : plan.views) {
    Resolved::View& r = out->views.emplace_back();
    r.table = store_->Find(view.table_id.data());
    r.descriptor = r.table == nullptr ? nullptr : r.table->descriptor.get();
  }
  for (size_t i = 0; i < plan.views.size(); i++)
    if (out->views[i].table == nullptr || !ResolveView(*out->descriptor, plan.views[i], &out->views[i])) return false;
  return plan.views.empty() || out->statics.empty();
}

// Makes after_ of before_ and the write.
void HotExecutor::ChangeRow(const RowWrite& write, bool found, const DeletionTime& covering) {
  Row& change = merged_[0];
  change.Clear();
  change.clustering.assign(write.clustering.begin(), write.clustering.end());
  change.deletion = write.deletion;
  if (write.has_liveness) change.liveness = {write.timestamp, write.ttl, write.expires_at};
  for (const CellWrite& from : write.cells) {
    Cell& cell = change.cells.emplace_back();
    cell.column = from.column;
    cell.tombstone = from.tombstone;
    cell.timestamp = write.timestamp;
    cell.ttl = from.ttl;
    cell.local_deletion_time = from.local_deletion_time;
    cell.value = from.value;
  }
  Row* rows[2] = {&merged_[0], &merged_[1]};
  if (found) merged_[1] = before_.row;
  after_.live = row_merger_.Merge(*descriptor_plan_, rows, found ? 2 : 1, covering, &after_.row);
}

// The place of a row in a view, into *out. False: it is not in the view.
bool HotExecutor::PlaceInView(const Resolved::View& view, const RowWrite& base, const std::vector<const Cell*>& cells,
                              HotViewWrite* out) const {
  const auto value_of = [&](const HotView::KeyPart& part) {
    if (part.source == HotView::KeyPart::kPartitionKey) return Value(plan_->partition_key[part.which]).bytes;
    if (part.source == HotView::KeyPart::kClustering) return base.clustering[part.which];
    const Cell* cell = cells[part.which];
    return cell == nullptr ? Slice() : cell->value;
  };
  out->table = view.table;
  out->row = RowWrite{};
  out->key.clear();
  out->clustering.clear();
  out->cells.clear();
  for (const HotView::KeyPart& part : view.partition_key) {
    const Slice value = value_of(part);
    if (value.is_null()) return false;
    if (view.partition_key.size() == 1) out->row.key.key = value;
    else if (!AppendKeyComponent(value, &out->key)) return false;
  }
  if (view.partition_key.size() > 1) out->row.key.key = Slice(out->key);
  for (const HotView::KeyPart& part : view.clustering) {
    out->clustering.push_back(value_of(part));
    if (out->clustering.back().is_null()) return false;
  }
  const Slice key = out->row.key.key;
  if (key.size > UINT16_MAX) return false;
  out->row.key.token = MurmurToken(key);
  out->row.clustering = out->clustering;
  out->shard = ShardOfToken(out->row.key.token, shards_);
  return true;
}

void HotExecutor::RemoveFromView(const Resolved::View& view, int64_t stamp, uint32_t now_seconds, HotViewWrite* out) {
  RowWrite& row = out->row;
  row.has_row = !view.clustering.empty();
  (row.has_row ? row.deletion : row.partition_deletion) = {stamp, now_seconds};
}

// `stays`: the view shows before_ at the same place, and needs to know of the columns that went. Else whatever is there goes.
void HotExecutor::WriteToView(const Resolved::View& view, bool stays, int64_t stamp, uint32_t now_seconds, HotViewWrite* out) const {
  RowWrite& row = out->row;
  row.has_liveness = true;
  row.timestamp = stamp;
  if (!stays) (view.clustering.empty() ? row.partition_deletion : row.deletion) = {stamp - 1, now_seconds};
  // The row is in the view as long as it is in the base and has a key there, and no cell outlives the one that gives it the key.
  const Cell* key_cell = view.key_value < 0 ? nullptr : after_.cells[static_cast<size_t>(view.key_value)];
  const uint32_t key_ttl = key_cell == nullptr ? kNoTtl : TtlLeft(*key_cell, now_seconds);
  const uint32_t expires_at = key_ttl == kNoTtl ? RowExpiry(*descriptor_plan_, after_.row, now_seconds) : now_seconds + key_ttl;
  if (expires_at != kNoDeletionTime) {
    row.ttl = expires_at - now_seconds;
    row.expires_at = expires_at;
  }
  for (const Resolved::View::Value& value : view.values) {
    const Cell* from = after_.cells[value.base];
    if (from == nullptr && !(stays && before_.cells[value.base] != nullptr)) continue;
    CellWrite& cell = out->cells.emplace_back();
    cell.column = value.column;
    if (from == nullptr) {
      cell.tombstone = true;
      cell.local_deletion_time = now_seconds;
      continue;
    }
    cell.value = from->value;
    cell.ttl = TtlLeft(*from, now_seconds);
    if (cell.ttl == kNoTtl || (key_ttl != kNoTtl && key_ttl < cell.ttl)) cell.ttl = key_ttl;
    if (cell.ttl != kNoTtl) cell.local_deletion_time = now_seconds + cell.ttl;
  }
  row.cells = out->cells;
}

void HotExecutor::AddView(const Resolved::View& view, int64_t stamp, uint32_t now_seconds, HotWrite* write) {
  size_t& count = write->view_count;
  const auto next = [&](const BaseRow& row) {
    if (write->views.size() == count) write->views.emplace_back();
    return row.live && PlaceInView(view, write->rows[0], row.cells, &write->views[count]) ? &write->views[count++] : nullptr;
  };
  HotViewWrite* is = next(after_);
  HotViewWrite* was = next(before_);
  const bool stays = is != nullptr && was != nullptr && SamePlace(*view.table->plan, *is, *was);
  if (stays) count--;
  else if (was != nullptr) RemoveFromView(view, stamp, now_seconds, was);
  if (is != nullptr) WriteToView(view, stays, stamp, now_seconds, is);
}

HotOutcome HotExecutor::AddViews(const HotTime& time, HotWrite* write, MissList* misses) {
  const Resolved* r = Resolve();
  if (r == nullptr || write->row_count != 1 || write->rows[0].is_static) return HotOutcome::kDecline;
  const RowWrite& row = write->rows[0];
  // The deletion of a partition is that of a row where there is no clustering.
  if (row.clustering.size() != r->descriptor->clustering.size()) return HotOutcome::kDecline;
  bool found = false;
  DeletionTime covering;
  const PartitionState state = store_->ReadRow(r->table, row.key, row.clustering, &before_.row, &found, &covering, misses);
  if (state == PartitionState::kMiss) return HotOutcome::kMiss;
  if (state != PartitionState::kDone) return HotOutcome::kDecline;
  descriptor_plan_ = r->table->plan.get();
  const uint32_t now_seconds = time.now_seconds();
  if (row.partition_deletion.Supersedes(covering)) covering = row.partition_deletion;
  ChangeRow(row, found, covering);
  uint32_t tombstones = 0;
  before_.live = found && RowIsLive(*descriptor_plan_, before_.row, now_seconds, &tombstones);
  after_.live = after_.live && RowIsLive(*descriptor_plan_, after_.row, now_seconds, &tombstones);
  if (before_.live) IndexCells(*r->descriptor, before_.row, now_seconds, &before_.cells);
  if (after_.live) IndexCells(*r->descriptor, after_.row, now_seconds, &after_.cells);
  const int64_t stamp = NextStampMicros(time.real_micros);
  if (stamp == 0) return HotOutcome::kDecline;
  for (const Resolved::View& view : r->views) AddView(view, stamp, now_seconds, write);
  for (size_t i = 0; i < write->view_count; i++) {
    HotViewWrite& one = write->views[i];
    // JavaScript has the words for a key that is too long to be written.
    size_t clustering_bytes = 0;
    for (const Slice value : one.clustering) clustering_bytes += value.size;
    if (clustering_bytes > UINT16_MAX) return HotOutcome::kDecline;
    one.mutation.bytes.clear();
    Store::EncodeRow(*one.table, one.row, &one.mutation);
  }
  return HotOutcome::kDone;
}

}  // namespace ferrosa

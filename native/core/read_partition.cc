#include "read_partition.h"

#include <algorithm>

#include "mutation.h"
#include "store.h"

namespace ferrosa {
namespace {

// Work of one step, in budget units.
constexpr uint32_t kPartitionCost = 4;
uint32_t CostOf(const Unfiltered& item) {
  return item.is_row ? 1 + static_cast<uint32_t>(item.row.cells.size()) / 8 : 1;
}
void Spend(uint32_t* budget, uint32_t cost) { *budget -= std::min(*budget, cost); }

bool WantsStatics(const DescriptorPlan& plan, const PartitionQuery& query) {
  if (!plan.has_statics) return false;
  if (query.unrestricted || query.distinct) return true;
  for (const SelectedColumn& c : query.columns)
    if (c.what != SelectedKind::kPartitionKey && c.what != SelectedKind::kClustering && c.what != SelectedKind::kToken &&
        c.which != kUnknownColumn && plan.descriptor->columns[c.which].is_static)
      return true;
  return false;
}

// The clustering when the query asks for exactly one row.
bool IsPoint(const DescriptorPlan& plan, const PartitionQuery& query, const Slice** clustering) {
  *clustering = nullptr;
  if (plan.clustering_count == 0) return true;
  if (query.slices.size() != 1) return false;
  const SliceBounds& s = query.slices[0];
  if (s.start.kind != BoundKind::kInclStart || s.end.kind != BoundKind::kInclEnd) return false;
  if (s.start.prefix.size() != plan.clustering_count || s.end.prefix.size() != plan.clustering_count) return false;
  *clustering = s.start.prefix.data();
  return plan.CompareClusterings(s.start.prefix.data(), s.end.prefix.data()) == 0;
}

}  // namespace

MemtableCursor* PartitionReader::CursorAt(size_t i) {
  while (cursors_.size() <= i) cursors_.push_back(std::make_unique<MemtableCursor>());
  return cursors_[i].get();
}

PartitionState PartitionReader::Fail(Step step, StoreTable* table) {
  if (step == Step::kMiss) return PartitionState::kMiss;
  error_ = Status::Corrupt("a source of the table is damaged");
  for (const auto& source : table->sources)
    if (const Status status = source->error(); !status.ok()) error_ = status;
  return PartitionState::kCorrupt;
}

void PartitionReader::Emit(const PartitionQuery& query, const Row* row, PartitionProgress* progress, uint32_t* rows,
                           Writer* out) {
  progress->rows_given++;
  ++*rows;
  if (query.fold != nullptr) {
    if (row != nullptr && query.fold->plain()) return query.fold->AddRow(*row, query.now_seconds);
    folded_row_.bytes.clear();
    encoder_.Encode(row, static_live_ ? &static_row_ : nullptr, &folded_row_);
    query.fold->AddEncoded(Slice(folded_row_.bytes));
    return;
  }
  if (query.positions) {
    const size_t at = out->size();
    out->LE<uint16_t>(0);
    out->LE<uint16_t>(static_cast<uint16_t>(query.key.key.size));
    out->Bytes(query.key.key);
    out->LE<int64_t>(query.key.token);
    const bool clustering = row != nullptr && plan_->clustering_count > 0 && !query.distinct;
    out->U8(clustering ? 1 : 0);
    if (clustering) WriteClustering(out, row->clustering.data(), row->clustering.size());
    out->LE<uint32_t>(progress->rows_given);
    StoreLE(out->bytes.data() + at, static_cast<uint16_t>(out->size() - at - 2));
  }
  encoder_.Encode(row, static_live_ ? &static_row_ : nullptr, out);
}

PartitionState PartitionReader::Read(StoreTable* table, const PartitionQuery& query, PartitionProgress* progress,
                                     uint32_t* budget, uint32_t* rows, Writer* out, MissList* misses) {
  plan_ = table->plan;
  Spend(budget, kPartitionCost);
  static_live_ = false;
  const Slice* clustering;
  const bool statics = WantsStatics(*plan_, query);
  if (!statics && !query.distinct && IsPoint(*plan_, query, &clustering)) {
    if (progress->has_resume) return PartitionState::kDone;
    return ReadPoint(table, query, clustering, progress, rows, out, misses);
  }
  PartitionState state = OpenAll(table, query, progress, misses);
  if (state != PartitionState::kYield) return state;
  encoder_.Begin(*plan_, query.columns, query.key, query.now_seconds);
  in_place_ = in_place_ && (query.fold != nullptr ? query.fold->plain() : !query.positions && encoder_.BeginMemRows());
  if (statics) {
    const Step step = merger_.StaticRow(&static_row_);
    if (step != Step::kItem && step != Step::kEnd) return Fail(step, table);
    if (step == Step::kItem) static_live_ = RowIsLive(*plan_, static_row_, query.now_seconds, &progress->tombstones);
  }
  if (query.distinct && static_live_) {
    Emit(query, nullptr, progress, rows, out);
    return PartitionState::kDone;
  }
  state = ReadSlices(query, progress, budget, rows, out, table);
  if (state != PartitionState::kDone) return state;
  if (static_live_ && query.unrestricted && progress->rows_given == 0 && query.partition_max > 0)
    Emit(query, nullptr, progress, rows, out);
  return state;
}

// kYield when there is something to read, kDone when no source has the partition.
PartitionState PartitionReader::OpenAll(StoreTable* table, const PartitionQuery& query, PartitionProgress* progress,
                                        MissList* misses) {
  merger_.Reset(plan_, query.reversed);
  has_item_ = false;
  size_t used = 0;
  const auto add = [&](MemtableSource* source) {
    MemtableCursor* cursor = CursorAt(used);
    if (!source->OpenInto(query.key, query.reversed, cursor)) return;
    used++;
    merger_.Add(cursor);
  };
  add(table->memtable_source.get());
  for (const StoreTable::Frozen& frozen : table->frozen) add(frozen.source.get());
  bool missed = false;
  uint32_t sources = 0;
  for (const auto& source : table->sources) {
    std::unique_ptr<PartitionCursor> cursor;
    const Step step = source->Open(query.key, query.reversed, misses, &cursor);
    if (step == Step::kCorrupt) return Fail(step, table);
    if (step == Step::kMiss) missed = true;  // go on: the misses of all sources are fetched together
    if (step != Step::kItem) continue;
    sources++;
    merger_.Add(std::move(cursor));
  }
  if (missed) return PartitionState::kMiss;
  progress->sources = std::max(progress->sources, sources);
  in_place_ = !query.distinct && merger_.size() == 1 && used == 1 && !plan_->any_dropped && cursors_[0]->InPlace();
  return merger_.size() == 0 ? PartitionState::kDone : PartitionState::kYield;
}

PartitionState PartitionReader::ReadSlices(const PartitionQuery& query, PartitionProgress* progress, uint32_t* budget,
                                           uint32_t* rows, Writer* out, StoreTable* table) {
  if (progress->rows_given >= query.partition_max) return PartitionState::kDone;
  if (query.slices.empty()) return ReadSlice(query, nullptr, progress, budget, rows, out, table);
  for (size_t i = 0; i < query.slices.size(); i++) {
    const SliceBounds& slice = query.slices[query.reversed ? query.slices.size() - 1 - i : i];
    if (plan_->CompareBounds(slice.start, slice.end) >= 0) continue;
    if (progress->has_resume) {  // a slice that is behind
      if (!query.reversed && plan_->CompareBounds(slice.end, progress->resume) <= 0) continue;
      if (query.reversed && plan_->CompareBounds(slice.start, progress->resume) >= 0) continue;
    }
    const PartitionState state = ReadSlice(query, &slice, progress, budget, rows, out, table);
    if (state != PartitionState::kDone) return state;
    if (progress->rows_given >= (query.distinct ? 1 : query.partition_max)) return state;
  }
  return PartitionState::kDone;
}

// Goes to where the slice begins, or to where an earlier call stopped in it.
bool PartitionReader::SeekSlice(const PartitionQuery& query, const SliceBounds* slice, const PartitionProgress& progress,
                                Step* step) {
  const Bound* from = slice == nullptr ? nullptr : (query.reversed ? &slice->end : &slice->start);
  if (progress.has_resume) {
    const int c = from == nullptr ? -1 : plan_->CompareBounds(*from, progress.resume);
    if (from == nullptr || (query.reversed ? c > 0 : c < 0)) from = &progress.resume;
  }
  if (from == nullptr || (from->prefix.empty() && (SideOf(from->kind) > 0) == query.reversed)) return true;  // the very beginning
  if (has_item_) {
    const bool row = item_.is_row;
    const ClusteringValues& values = row ? item_.row.clustering : item_.marker.bound.prefix;
    const int c = plan_->CompareBounds(row ? BoundKind::kClustering : item_.marker.bound.kind, values.data(), values.size(),
                                       from->kind, from->prefix.data(), from->prefix.size());
    if (query.reversed ? c < 0 : c > 0) return true;  // read ahead already
    has_item_ = false;
  }
  *step = merger_.Seek(*from);
  return *step == Step::kItem || *step == Step::kEnd;
}

bool PartitionReader::PastEnd(const PartitionQuery& query, const SliceBounds* slice, const Unfiltered& item) const {
  if (slice == nullptr) return false;
  const Bound& end = query.reversed ? slice->start : slice->end;
  const ClusteringValues& values = item.is_row ? item.row.clustering : item.marker.bound.prefix;
  const int c = plan_->CompareBounds(item.is_row ? BoundKind::kClustering : item.marker.bound.kind, values.data(),
                                     values.size(), end.kind, end.prefix.data(), end.prefix.size());
  return query.reversed ? c < 0 : c > 0;
}

PartitionState PartitionReader::ReadSlice(const PartitionQuery& query, const SliceBounds* slice, PartitionProgress* progress,
                                          uint32_t* budget, uint32_t* rows, Writer* out, StoreTable* table) {
  Step step = Step::kItem;
  if (!SeekSlice(query, slice, *progress, &step)) return Fail(step, table);
  if (in_place_) return TakeSlice(query, slice, progress, budget, rows, out);
  const BoundKind after = query.reversed ? BoundKind::kExclEnd : BoundKind::kExclStart;
  for (;;) {
    if (!has_item_) {
      step = merger_.Next(&item_);
      if (step == Step::kEnd) return PartitionState::kDone;
      if (step != Step::kItem) return Fail(step, table);
      has_item_ = true;
    }
    if (PastEnd(query, slice, item_)) return PartitionState::kDone;
    has_item_ = false;
    Spend(budget, CostOf(item_));
    if (!item_.is_row) {
      progress->tombstones++;
      // Stopping where the call before stopped would be no progress.
      const bool again = progress->has_resume && plan_->CompareBounds(item_.marker.bound, progress->resume) == 0;
      if (*budget == 0 && !again) {
        progress->SetResume(item_.marker.bound.kind, item_.marker.bound.prefix);
        return PartitionState::kYield;
      }
      continue;
    }
    const bool live = RowIsLive(*plan_, item_.row, query.now_seconds, &progress->tombstones);
    if (live) {
      progress->live_rows++;
      Emit(query, query.distinct ? nullptr : &item_.row, progress, rows, out);
      if (query.distinct || progress->rows_given >= query.partition_max) return PartitionState::kDone;
    }
    // A miss may end the read at the next step, when the row's bytes are gone.
    if (!table->sources.empty()) progress->SetResume(after, item_.row.clustering);
    const bool limit = live && (*rows >= query.rows_max || out->size() >= query.bytes_max);
    if (!limit && *budget > 0) continue;
    progress->SetResume(after, item_.row.clustering);
    return limit ? PartitionState::kLimit : PartitionState::kYield;
  }
}

// The rows of a slice that are taken where they lie: folded ones are many for the price of one that is given.
PartitionState PartitionReader::TakeSlice(const PartitionQuery& query, const SliceBounds* slice, PartitionProgress* progress,
                                          uint32_t* budget, uint32_t* rows, Writer* out) {
  const bool folds = query.fold != nullptr;
  const uint32_t rows_per_unit = folds ? kFoldedRowsPerUnit : 1;
  const uint32_t units_per_row = folds ? 1 : 1 + static_cast<uint32_t>(query.columns.size()) / 8;
  RowRun run;
  run.fold = query.fold;
  if (!folds) {
    run.encoder = &encoder_;
    run.out = out;
    run.bytes_max = query.bytes_max;
  }
  run.now_seconds = query.now_seconds;
  run.rows_max = std::min(query.rows_max - *rows, query.partition_max - progress->rows_given);
  run.scan_max = std::clamp(*budget / units_per_row, 1u, UINT32_MAX / kFoldedRowsPerUnit) * rows_per_unit;
  cursors_[0]->TakeUpTo(slice == nullptr ? nullptr : (query.reversed ? &slice->start : &slice->end), &run);
  Spend(budget, (run.scanned + rows_per_unit - 1) / rows_per_unit * units_per_row);
  progress->tombstones += run.tombstones;
  progress->live_rows += run.rows;
  progress->rows_given += run.rows;
  *rows += run.rows;
  if (progress->rows_given >= query.partition_max) return PartitionState::kDone;
  if (run.last == nullptr) return PartitionState::kDone;
  ClusteringValues clustering(plan_->clustering_count);
  run.last->ReadClustering(clustering.size(), clustering.data());
  progress->SetResume(query.reversed ? BoundKind::kExclEnd : BoundKind::kExclStart, clustering);
  const bool limit = *rows >= query.rows_max || (!folds && run.rows > 0 && out->size() >= query.bytes_max);
  return limit ? PartitionState::kLimit : PartitionState::kYield;
}

Row* PartitionReader::NextRow(const Point& point) {
  if (spare_rows_.size() <= point.rows) spare_rows_.resize(point.rows + 8);
  return &spare_rows_[point.rows];
}

void PartitionReader::PointFromMemtable(MemtableSource* source, const DecoratedKey& key, const Slice* clustering, Point* point) {
  MemtableCursor* cursor = CursorAt(0);
  if (!source->OpenInto(key, false, cursor)) return;
  DeletionTime covering;
  if (cursor->RowAt(clustering, NextRow(*point), &covering)) point->rows++;
  if (covering.Supersedes(point->deletion)) point->deletion = covering;
  if (cursor->partition_deletion().Supersedes(point->deletion)) point->deletion = cursor->partition_deletion();
}

Step PartitionReader::PointFrom(PartitionCursor* cursor, const Slice* clustering, Point* point) {
  const size_t n = plan_->clustering_count;
  if (cursor->partition_deletion().Supersedes(point->deletion)) point->deletion = cursor->partition_deletion();
  if (n > 0) {
    seek_.kind = BoundKind::kInclStart;
    seek_.prefix.assign(clustering, clustering + n);
    const Step step = cursor->Seek(seek_);
    if (step != Step::kItem) return step;
  }
  DeletionTime open;
  for (;;) {
    const Step step = cursor->Next(&item_);
    if (step == Step::kEnd) break;
    if (step != Step::kItem) return step;
    if (!item_.is_row) {
      if (plan_->CompareBoundToClustering(item_.marker.bound, clustering, n) > 0) break;
      open = item_.marker.open;
      continue;
    }
    const int c = plan_->CompareClusterings(item_.row.clustering.data(), clustering);
    if (c < 0) continue;
    if (c == 0) {
      std::swap(*NextRow(*point), item_.row);
      point->rows++;
    }
    break;
  }
  if (open.Supersedes(point->deletion)) point->deletion = open;
  return Step::kItem;
}

// Whether no source with timestamps up to `source_max` can change what the query shows: everything asked for is found newer, and so is
// something that makes the row live; or all there is in it is deleted.
bool PartitionReader::PointIsComplete(const PartitionQuery& query, const Point& point, int64_t source_max) const {
  DeletionTime deletion = point.deletion;
  for (size_t i = 0; i < point.rows; i++)
    if (spare_rows_[i].deletion.Supersedes(deletion)) deletion = spare_rows_[i].deletion;
  if (!deletion.live() && deletion.Deletes(source_max)) return true;
  if (plan_->descriptor->is_counter) return false;
  bool live = false;
  const auto newer = [&](int64_t timestamp) { return timestamp > source_max && !deletion.Deletes(timestamp); };
  for (size_t i = 0; i < point.rows; i++) {
    const Liveness& l = spare_rows_[i].liveness;
    live |= l.LiveAt(query.now_seconds) && l.ttl == kNoTtl && newer(l.timestamp);
  }
  for (const SelectedColumn& c : query.columns) {
    if (c.what == SelectedKind::kPartitionKey || c.what == SelectedKind::kClustering || c.what == SelectedKind::kToken) continue;
    if (c.which == kUnknownColumn || plan_->descriptor->columns[c.which].multicell) return false;
    bool found = false;
    for (size_t i = 0; i < point.rows && !found; i++)
      for (const Cell& cell : spare_rows_[i].cells)
        found |= cell.column == c.which && newer(cell.timestamp) && cell.timestamp > plan_->dropped_at[c.which];
    if (!found) return false;
  }
  return live;
}

PartitionState PartitionReader::CollectPoint(StoreTable* table, const DecoratedKey& key, const PartitionQuery* query,
                                             const Slice* clustering, Point* point, MissList* misses) {
  opened_.clear();
  PointFromMemtable(table->memtable_source.get(), key, clustering, point);
  for (const StoreTable::Frozen& frozen : table->frozen) PointFromMemtable(frozen.source.get(), key, clustering, point);
  bool missed = false;
  for (const auto& source : table->sources) {  // newest first
    if (query != nullptr && !missed && PointIsComplete(*query, *point, source->max_timestamp())) break;
    std::unique_ptr<PartitionCursor> cursor;
    Step step = source->Open(key, false, misses, &cursor);
    if (step == Step::kItem) {
      point->sources++;
      step = PointFrom(cursor.get(), clustering, point);
      opened_.push_back(std::move(cursor));
    }
    if (step == Step::kMiss) missed = true;
    else if (step == Step::kCorrupt) return Fail(step, table);
  }
  return missed ? PartitionState::kMiss : PartitionState::kDone;
}

PartitionState PartitionReader::ReadPoint(StoreTable* table, const PartitionQuery& query, const Slice* clustering,
                                          PartitionProgress* progress, uint32_t* rows, Writer* out, MissList* misses) {
  if (query.partition_max == 0) return PartitionState::kDone;
  Point point;
  const PartitionState state = CollectPoint(table, query.key, &query, clustering, &point, misses);
  if (state != PartitionState::kDone) return state;
  progress->sources = std::max(progress->sources, point.sources);
  if (point.rows == 0) return state;
  row_pointers_.clear();
  for (size_t i = 0; i < point.rows; i++) row_pointers_.push_back(&spare_rows_[i]);
  if (!rows_.Merge(*plan_, row_pointers_.data(), row_pointers_.size(), point.deletion, &point_row_)) return state;
  if (!RowIsLive(*plan_, point_row_, query.now_seconds, &progress->tombstones)) return state;
  progress->live_rows++;
  encoder_.Begin(*plan_, query.columns, query.key, query.now_seconds);
  Emit(query, &point_row_, progress, rows, out);
  return state;
}

PartitionState PartitionReader::ReadRow(StoreTable* table, const DecoratedKey& key, bool is_static,
                                        std::span<const Slice> clustering, Row* out, bool* found, DeletionTime* covering,
                                        MissList* misses) {
  plan_ = table->plan;
  *found = false;
  if (is_static) {
    PartitionQuery query;
    query.key = key;
    PartitionProgress progress;
    const PartitionState state = OpenAll(table, query, &progress, misses);
    if (state != PartitionState::kYield) return state;
    const Step step = merger_.StaticRow(out);
    if (step != Step::kItem && step != Step::kEnd) return Fail(step, table);
    *found = step == Step::kItem;
    return PartitionState::kDone;
  }
  Point point;
  const PartitionState state = CollectPoint(table, key, nullptr, clustering.data(), &point, misses);
  if (covering != nullptr) *covering = point.deletion;
  if (state != PartitionState::kDone || point.rows == 0) return state;
  row_pointers_.clear();
  for (size_t i = 0; i < point.rows; i++) row_pointers_.push_back(&spare_rows_[i]);
  *found = rows_.Merge(*plan_, row_pointers_.data(), row_pointers_.size(), point.deletion, out);
  return PartitionState::kDone;
}

}  // namespace ferrosa

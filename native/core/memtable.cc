// The writing half of the memtable: partitions, rows, cells. Range tombstones are in memtable_ranges.cc, reading in memtable_cursor.cc.
#include "memtable.h"

#include <algorithm>

#include "counter.h"
#include "merge.h"

namespace ferrosa {
namespace {

// A write of more cells than this is of a collection: what a row has of it in the end is not known.
constexpr size_t kExpectedCellsMax = 64;

size_t VarSize(uint64_t v) {
  size_t n = 1;
  while (v >= 0x80) {
    v >>= 7;
    n++;
  }
  return n;
}

uint8_t* PutVar(uint8_t* p, uint64_t v) {
  while (v >= 0x80) {
    *p++ = static_cast<uint8_t>(v) | 0x80;
    v >>= 7;
  }
  *p++ = static_cast<uint8_t>(v);
  return p;
}

size_t CellBytes(uint8_t flags, size_t path, size_t value) {
  return sizeof(MemCell) + (flags & MemCell::kTimes ? 8 : 0) + (flags & MemCell::kPath ? 4 + path : 0) + value;
}

uint8_t FlagsOf(const Cell& cell) {
  uint8_t flags = cell.tombstone ? MemCell::kTombstone | MemCell::kTimes : 0;
  if (cell.ttl != kNoTtl) flags |= MemCell::kTimes;
  if (!cell.path.is_null()) flags |= MemCell::kPath;
  return flags;
}

void FillCell(MemCell* out, uint8_t flags, const Cell& cell) {
  out->timestamp = cell.timestamp;
  out->value_size = static_cast<uint32_t>(cell.value.size);
  out->column = cell.column;
  out->flags = flags;
  out->slack = 0;
  uint8_t* p = reinterpret_cast<uint8_t*>(out + 1);
  if (flags & MemCell::kTimes) {
    StoreLE(p, cell.ttl);
    StoreLE(p + 4, cell.local_deletion_time);
    p += 8;
  }
  if (flags & MemCell::kPath) {
    StoreLE(p, static_cast<uint32_t>(cell.path.size));
    if (cell.path.size > 0) std::memcpy(p + 4, cell.path.data, cell.path.size);
    p += 4 + cell.path.size;
  }
  if (cell.value.size > 0) std::memcpy(p, cell.value.data, cell.value.size);
}

}  // namespace

// Compares a probe key with the entries of the partition tree.
struct PartitionCompare {
  uint64_t prefix;
  Slice key;
  int operator()(const BTreeEntry& e) const {
    if (e.prefix != prefix) return e.prefix < prefix ? -1 : 1;
    return Compare(static_cast<const MemPartition*>(e.item)->key(), key);
  }
};

// Compares a full clustering with the entries of a row tree.
struct RowCompare {
  const DescriptorPlan& plan;
  uint64_t prefix;
  const Slice* clustering;
  int operator()(const BTreeEntry& e) const {
    if (e.prefix != prefix) return e.prefix < prefix ? -1 : 1;
    const uint8_t* p = static_cast<const MemRow*>(e.item)->clustering_bytes();
    for (size_t i = 0; i < plan.clustering_count; i++) {
      Slice value;
      p = MemRow::ReadValue(p, &value);
      if (value == clustering[i]) continue;
      const int c = plan.CompareOne(i, value, clustering[i]);
      if (c != 0) return c;
    }
    return 0;
  }
};

Memtable::Memtable(std::shared_ptr<const DescriptorPlan> plan) : plan_(std::move(plan)) {}
Memtable::~Memtable() = default;

void Memtable::TrackTimestamp(int64_t timestamp) {
  stats_.min_timestamp = std::min(stats_.min_timestamp, timestamp);
  stats_.max_timestamp = std::max(stats_.max_timestamp, timestamp);
}

void Memtable::TrackDeletionTime(uint32_t seconds) {
  stats_.min_local_deletion_time = std::min(stats_.min_local_deletion_time, seconds);
  if (seconds != kNoDeletionTime) stats_.max_local_deletion_time = std::max(stats_.max_local_deletion_time, seconds);
}

MemPartition* Memtable::Upsert(const DecoratedKey& key) {
  bool inserted;
  const PartitionCompare compare{TokenPrefix(key.token), key.key};
  auto make = [&] {
    auto* p = static_cast<MemPartition*>(arena_.Allocate(MemPartition::kHeadBytes + key.key.size));
    p->extra = nullptr;
    p->single = nullptr;
    p->has_tree = 0;
    p->key_size = static_cast<uint16_t>(key.key.size);
    if (key.key.size > 0) std::memcpy(const_cast<uint8_t*>(p->key_bytes()), key.key.data, key.key.size);
    return BTreeEntry{compare.prefix, p};
  };
  auto* partition = static_cast<MemPartition*>(partitions_.Upsert(&arena_, compare, make, &inserted));
  if (inserted) {
    version_++;
    stats_.partitions++;
    stats_.data_bytes += key.key.size;
  }
  return partition;
}

const MemPartition* Memtable::Find(const DecoratedKey& key) const {
  const PartitionCompare compare{TokenPrefix(key.token), key.key};
  const BTreePlace place = partitions_.LowerBound(compare);
  if (!place.valid() || compare(place.entry()) != 0) return nullptr;
  return static_cast<const MemPartition*>(place.entry().item);
}

PartitionExtra* Memtable::ExtraOf(MemPartition* partition) {
  if (partition->extra == nullptr) partition->extra = arena_.New<PartitionExtra>();
  return partition->extra;
}

RowExtra* Memtable::ExtraOf(MemRow* row) {
  if (row->extra == nullptr) row->extra = arena_.New<RowExtra>();
  return row->extra;
}

MemRow* Memtable::NewRow(const Slice* clustering, size_t count) {
  size_t bytes = sizeof(MemRow);
  for (size_t i = 0; i < count; i++) {
    bytes += clustering[i].is_null() ? 1 : VarSize(clustering[i].size + 1) + clustering[i].size;
    stats_.data_bytes += clustering[i].size;
  }
  auto* row = static_cast<MemRow*>(arena_.Allocate(bytes));
  row->liveness_timestamp = kNoTimestamp;
  row->extra = nullptr;
  row->one = nullptr;
  row->count = 0;
  row->capacity = 0;
  row->torn = 0;
  uint8_t* p = reinterpret_cast<uint8_t*>(row + 1);
  for (size_t i = 0; i < count; i++) {
    p = PutVar(p, clustering[i].is_null() ? 0 : clustering[i].size + 1);
    if (clustering[i].size > 0) std::memcpy(p, clustering[i].data, clustering[i].size);
    p += clustering[i].size;
  }
  stats_.rows++;
  return row;
}

void Memtable::Expect(MemRow* row, size_t cells) {
  if (row->capacity > 0 || cells < 2 || cells > kExpectedCellsMax) return;
  row->many = static_cast<MemCell**>(arena_.Allocate(sizeof(MemCell*) * cells));
  row->capacity = static_cast<uint32_t>(cells);
}

MemRow* Memtable::UpsertRow(MemPartition* partition, const Slice* clustering, size_t count) {
  if (count == 0) {
    if (partition->single == nullptr) partition->single = NewRow(nullptr, 0);
    return partition->single;
  }
  const RowCompare compare{*plan_, plan_->ClusteringPrefix(clustering[0]), clustering};
  bool inserted;
  if (!partition->has_tree) {
    MemRow* first = partition->single;
    if (first == nullptr) return partition->single = NewRow(clustering, count);
    Slice value;
    MemRow::ReadValue(first->clustering_bytes(), &value);
    const BTreeEntry entry{plan_->ClusteringPrefix(value), first};
    if (compare(entry) == 0) return first;
    auto* tree = arena_.New<BTree>();
    tree->Upsert(&arena_, [](const BTreeEntry&) { return 1; }, [&] { return entry; }, &inserted);
    partition->tree = tree;
    partition->has_tree = 1;
  }
  auto make = [&] { return BTreeEntry{compare.prefix, NewRow(clustering, count)}; };
  return static_cast<MemRow*>(partition->tree->Upsert(&arena_, compare, make, &inserted));
}

MemRow* Memtable::UpsertStaticRow(MemPartition* partition) {
  PartitionExtra* extra = ExtraOf(partition);
  if (extra->static_row == nullptr) extra->static_row = NewRow(nullptr, 0);
  return extra->static_row;
}

void Memtable::ApplyPartitionDeletion(MemPartition* partition, DeletionTime deletion) {
  TrackTimestamp(deletion.marked_for_delete_at);
  TrackDeletionTime(deletion.local_deletion_time);
  stats_.has_partition_deletions = true;
  PartitionExtra* extra = ExtraOf(partition);
  if (deletion.Supersedes(extra->deletion)) extra->deletion = deletion;
}

void Memtable::ApplyLiveness(MemRow* row, const Liveness& liveness) {
  TrackTimestamp(liveness.timestamp);
  if (liveness.ttl != kNoTtl) {
    stats_.min_ttl = std::min(stats_.min_ttl, liveness.ttl);
    stats_.max_ttl = std::max(stats_.max_ttl, liveness.ttl);
    TrackDeletionTime(liveness.expires_at);
  }
  if (!row->liveness().empty() && !LivenessSupersedes(liveness, row->liveness())) return;
  if (row->deletion().Deletes(liveness.timestamp) && !row->deletion().live()) return;
  row->liveness_timestamp = liveness.timestamp;
  if (liveness.ttl == kNoTtl && row->extra == nullptr) return;
  RowExtra* extra = ExtraOf(row);
  extra->ttl = liveness.ttl;
  extra->expires_at = liveness.expires_at;
}

void Memtable::ApplyRowDeletion(MemRow* row, DeletionTime deletion) {
  TrackTimestamp(deletion.marked_for_delete_at);
  TrackDeletionTime(deletion.local_deletion_time);
  RowExtra* extra = ExtraOf(row);
  if (!deletion.Supersedes(extra->deletion)) return;
  extra->deletion = deletion;
  if (deletion.Deletes(row->liveness_timestamp)) {
    row->liveness_timestamp = kNoTimestamp;
    extra->ttl = kNoTtl;
    extra->expires_at = kNoDeletionTime;
  }
  MemCell** cells = row->cells();
  uint32_t kept = 0;
  for (uint32_t i = 0; i < row->count; i++)
    if (!deletion.Deletes(cells[i]->timestamp)) cells[kept++] = cells[i];
  row->count = kept;
}

void Memtable::ApplyComplexDeletion(MemRow* row, uint16_t column, DeletionTime deletion) {
  TrackTimestamp(deletion.marked_for_delete_at);
  TrackDeletionTime(deletion.local_deletion_time);
  if (row->deletion().Deletes(deletion.marked_for_delete_at) && !row->deletion().live()) return;
  RowExtra* extra = ExtraOf(row);
  uint32_t at = 0;
  while (at < extra->complex_count && extra->complex[at].column < column) at++;
  if (at < extra->complex_count && extra->complex[at].column == column) {
    if (!deletion.Supersedes(extra->complex[at].deletion)) return;
    extra->complex[at].deletion = deletion;
  } else {
    if (extra->complex_count == extra->complex_capacity) {
      const uint32_t capacity = extra->complex_capacity == 0 ? 1 : extra->complex_capacity * 2;
      auto* larger = static_cast<ComplexDeletion*>(arena_.Allocate(sizeof(ComplexDeletion) * capacity));
      if (extra->complex_count > 0) std::memcpy(larger, extra->complex, sizeof(ComplexDeletion) * extra->complex_count);
      extra->complex = larger;
      extra->complex_capacity = capacity;
    }
    std::memmove(extra->complex + at + 1, extra->complex + at, sizeof(ComplexDeletion) * (extra->complex_count - at));
    extra->complex[at] = ComplexDeletion{column, deletion};
    extra->complex_count++;
  }
  MemCell** cells = row->cells();
  uint32_t kept = 0;
  for (uint32_t i = 0; i < row->count; i++)
    if (cells[i]->column != column || !deletion.Deletes(cells[i]->timestamp)) cells[kept++] = cells[i];
  row->count = kept;
}

MemCell* Memtable::NewCell(const Cell& cell) {
  const uint8_t flags = FlagsOf(cell);
  auto* out = static_cast<MemCell*>(arena_.Allocate(CellBytes(flags, cell.path.size, cell.value.size)));
  FillCell(out, flags, cell);
  stats_.data_bytes += cell.path.size + cell.value.size;
  return out;
}

// In place when it takes no more room, so that a column that is written again and again does not fill the arena.
void Memtable::ReplaceCell(MemRow* row, size_t index, const Cell& cell) {
  MemCell* old = row->cells()[index];
  const uint8_t flags = FlagsOf(cell);
  const auto round = [](size_t n) { return (n + 7) & ~size_t{7}; };
  const size_t old_path = old->path().size;
  const size_t room = round(CellBytes(old->flags, old_path, old->value_size)) + size_t{old->slack} * 8;
  const size_t bytes = round(CellBytes(flags, cell.path.size, cell.value.size));
  stats_.data_bytes -= old_path + old->value_size;
  if (bytes > room) {
    row->cells()[index] = NewCell(cell);
    return;
  }
  FillCell(old, flags, cell);
  old->slack = static_cast<uint8_t>(std::min<size_t>(255, (room - bytes) / 8));
  stats_.data_bytes += cell.path.size + cell.value.size;
}

bool Memtable::MergeCounter(MemRow* row, size_t index, const Cell& cell) {
  const MemCell* old = row->cells()[index];
  // A tombstone wins whatever the timestamps are (CASSANDRA-7346); among tombstones the later one.
  if (cell.tombstone || old->tombstone()) return cell.tombstone && (!old->tombstone() || cell.timestamp > old->timestamp);
  MergeCounterContexts(old->value(), cell.value, &scratch_);
  Cell merged = cell;
  merged.timestamp = std::max(cell.timestamp, old->timestamp);
  merged.value = Slice(scratch_);
  ReplaceCell(row, index, merged);
  return false;
}

void Memtable::ApplyCell(MemRow* row, const Cell& cell) {
  stats_.cells++;
  TrackTimestamp(cell.timestamp);
  if (cell.local_deletion_time != kNoDeletionTime) TrackDeletionTime(cell.local_deletion_time);
  if (cell.ttl != kNoTtl) {
    stats_.min_ttl = std::min(stats_.min_ttl, cell.ttl);
    stats_.max_ttl = std::max(stats_.max_ttl, cell.ttl);
  }
  if (cell.tombstone || cell.ttl != kNoTtl) row->torn = 1;
  if (row->extra != nullptr) {
    if (!row->extra->deletion.live() && row->extra->deletion.Deletes(cell.timestamp)) return;
    for (uint32_t i = 0; i < row->extra->complex_count; i++)
      if (row->extra->complex[i].column == cell.column && row->extra->complex[i].deletion.Deletes(cell.timestamp)) return;
  }
  // Cells mostly come in order: look at the end first.
  MemCell** cells = row->cells();
  uint32_t low = 0, high = row->count;
  bool found = false;
  while (low < high) {
    const uint32_t middle = high - low == row->count ? high - 1 : (low + high) / 2;
    int c = static_cast<int>(cells[middle]->column) - static_cast<int>(cell.column);
    if (c == 0) c = plan_->ComparePaths(cell.column, cells[middle]->path(), cell.path);
    if (c == 0) {
      low = middle;
      found = true;
      break;
    }
    if (c < 0) low = middle + 1;
    else high = middle;
  }
  if (found) {
    if (plan_->descriptor->columns[cell.column].counter) {
      if (MergeCounter(row, low, cell)) ReplaceCell(row, low, cell);
      return;
    }
    Cell old;
    cells[low]->Read(&old);
    if (SecondWins(old, cell)) ReplaceCell(row, low, cell);
    return;
  }
  if (row->count == row->capacity && !(row->capacity == 0)) {
    const uint32_t capacity = row->capacity == 1 ? 4u : row->capacity * 2u;
    auto** larger = static_cast<MemCell**>(arena_.Allocate(sizeof(MemCell*) * capacity));
    std::memcpy(larger, cells, sizeof(MemCell*) * row->count);
    row->many = larger;
    row->capacity = capacity;
  } else if (row->capacity == 0) {
    row->capacity = 1;
  }
  cells = row->cells();
  std::memmove(cells + low + 1, cells + low, sizeof(MemCell*) * (row->count - low));
  cells[low] = NewCell(cell);
  row->count++;
}

void Memtable::Apply(const MutationReader& checked) {
  MutationReader reader(*plan_, checked.header());
  MemPartition* partition = Upsert(reader.header().key);
  if (!reader.header().partition_deletion.live()) ApplyPartitionDeletion(partition, reader.header().partition_deletion);
  for (;;) {
    const MutationReader::Item item = reader.NextItem();
    if (item == MutationReader::Item::kRangeTombstone) {
      ApplyRangeTombstone(partition, reader.start(), reader.end(), reader.deletion());
      continue;
    }
    if (item != MutationReader::Item::kRow) return;
    const MutationRow& head = reader.row();
    MemRow* row = head.is_static ? UpsertStaticRow(partition)
                                 : UpsertRow(partition, reader.clustering().data(), reader.clustering().size());
    if (!head.deletion.live()) ApplyRowDeletion(row, head.deletion);
    if (!head.liveness.empty()) ApplyLiveness(row, head.liveness);
    Expect(row, head.operations);
    for (uint64_t i = 0; i < head.operations; i++) {
      MutationOperation operation;
      if (!reader.NextOperation(&operation)) return;
      if (operation.cell.column == kUnknownColumn) continue;
      if (operation.kind == MutationOperation::kComplexDeletion) {
        ApplyComplexDeletion(row, operation.cell.column, {operation.cell.timestamp, operation.cell.local_deletion_time});
      } else if (operation.kind == MutationOperation::kCell) {
        ApplyCell(row, operation.cell);
      }
    }
  }
}

}  // namespace ferrosa

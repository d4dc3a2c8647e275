#include "scanner.h"

namespace ferrosa {
namespace {

enum : uint8_t { kPartition = 1, kRow = 2, kStatic = 3, kMarker = 4 };

void PutSlice(Slice s, Writer* w) {
  w->Var(s.is_null() ? 0 : s.size + 1);
  if (!s.is_null()) w->Bytes(s);
}

void PutClustering(const ClusteringValues& values, Writer* w) {
  w->Var(values.size());
  for (const Slice& value : values) PutSlice(value, w);
}

void PutDeletion(const DeletionTime& d, Writer* w) {
  w->LE<int64_t>(d.marked_for_delete_at);
  w->LE<uint32_t>(d.local_deletion_time);
}

void PutRow(uint8_t kind, const Row& row, Writer* w) {
  w->U8(kind);
  PutClustering(row.clustering, w);
  w->LE<int64_t>(row.liveness.timestamp);
  w->LE<uint32_t>(row.liveness.ttl);
  w->LE<uint32_t>(row.liveness.expires_at);
  PutDeletion(row.deletion, w);
  w->Var(row.complex_deletions.size());
  for (const ComplexDeletion& d : row.complex_deletions) {
    w->LE<uint16_t>(d.column);
    PutDeletion(d.deletion, w);
  }
  w->Var(row.cells.size());
  for (const Cell& cell : row.cells) {
    w->LE<uint16_t>(cell.column);
    w->U8(cell.tombstone ? 1 : 0);
    w->LE<int64_t>(cell.timestamp);
    w->LE<uint32_t>(cell.ttl);
    w->LE<uint32_t>(cell.local_deletion_time);
    PutSlice(cell.path, w);
    PutSlice(cell.value, w);
  }
}

}  // namespace

void EncodePartitionStart(const DecoratedKey& key, const DeletionTime& deletion, Writer* out) {
  out->U8(kPartition);
  out->LE<int64_t>(key.token);
  out->LE<uint16_t>(static_cast<uint16_t>(key.key.size));
  out->Bytes(key.key);
  PutDeletion(deletion, out);
}

void EncodeStaticRow(const Row& row, Writer* out) { PutRow(kStatic, row, out); }

void EncodeUnfiltered(const Unfiltered& item, Writer* out) {
  if (item.is_row) {
    PutRow(kRow, item.row, out);
    return;
  }
  out->U8(kMarker);
  out->U8(static_cast<uint8_t>(item.marker.bound.kind));
  PutClustering(item.marker.bound.prefix, out);
  PutDeletion(item.marker.close, out);
  PutDeletion(item.marker.open, out);
}

Step SSTableScanner::Copy(PartitionCursor* cursor, const DecoratedKey& key, const Bound* seek, Writer* out) {
  EncodePartitionStart(key, cursor->partition_deletion(), out);
  Row static_row;
  Step step = cursor->StaticRow(&static_row);
  if (step == Step::kItem) EncodeStaticRow(static_row, out);
  if (step != Step::kItem && step != Step::kEnd) return step;
  if (seek) {
    step = cursor->Seek(*seek);
    if (step != Step::kItem) return step;
  }
  Unfiltered item;
  while ((step = cursor->Next(&item)) == Step::kItem) EncodeUnfiltered(item, out);
  return step;
}

Step SSTableScanner::Read(const DecoratedKey& key, const Bound* seek, MissList* misses, Writer* out) {
  pins_.Restart();
  PinScope scope(sstable_->cache(), &pins_);
  std::unique_ptr<PartitionCursor> cursor;
  const size_t before = out->size();
  Step step = sstable_->Open(key, reversed_, misses, &cursor);
  if (step != Step::kItem) return step;
  step = Copy(cursor.get(), key, seek, out);
  if (step == Step::kEnd) return Step::kItem;
  out->bytes.resize(before);
  return step;
}

Step SSTableScanner::Next(size_t bytes_min, MissList* misses, Writer* out) {
  pins_.Restart();
  PinScope scope(sstable_->cache(), &pins_);
  while (out->size() < bytes_min) {
    const DecoratedKey from{last_token_, started_ ? ValueOf(last_key_) : Slice()};
    std::vector<uint8_t> key_bytes;
    DecoratedKey key;
    Step step = sstable_->NextPartition(from, started_, misses, &key_bytes, &key);
    if (step != Step::kItem) return step;
    std::unique_ptr<PartitionCursor> cursor;
    step = sstable_->Open(key, reversed_, misses, &cursor);
    if (step == Step::kEnd) return sstable_->Corrupt(sstable_->data_file(), 0, "a partition that the index has and the data has not");
    if (step != Step::kItem) return step;
    const size_t before = out->size();
    step = Copy(cursor.get(), key, nullptr, out);
    if (step != Step::kEnd) {
      out->bytes.resize(before);
      return step;
    }
    last_key_ = std::move(key_bytes);
    last_token_ = key.token;
    started_ = true;
  }
  return Step::kItem;
}

}  // namespace ferrosa

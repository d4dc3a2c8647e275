// The content of one partition of an SSTable, forwards or backwards, with the row index where there is one.
#include "../byte_comparable.h"
#include "row_decoder.h"
#include "row_format.h"
#include "sstable.h"

namespace ferrosa {
namespace {

constexpr uint8_t kPayloadHasDeletion = 8;

// A stretch of a partition as the row index cuts it.
struct Block {
  uint64_t position = 0;  // in Data.db
  DeletionTime open;      // the range tombstone that is open where it starts
};

class SSTableCursor : public PartitionCursor {
 public:
  SSTableCursor(SSTable* sstable, const PartitionEntry& entry, bool reversed, MissList* misses)
      : sstable_(sstable),
        entry_(entry),
        reversed_(reversed),
        data_(sstable->cache(), &sstable->data_file(), misses),
        static_data_(sstable->cache(), &sstable->data_file(), misses),
        index_(sstable->cache(), &sstable->rows_file(), entry.row_index_root, misses) {}

  // Reads the partition header; kEnd when the partition there is another one.
  Step Start(const DecoratedKey& key);

  DeletionTime partition_deletion() const override { return deletion_; }
  Step StaticRow(Row* out) override;
  Step Next(Unfiltered* out) override { return reversed_ ? NextReversed(out) : NextForward(out); }
  Step Seek(const Bound& bound) override { return reversed_ ? SeekReversed(bound) : SeekForward(bound); }

 private:
  Step Read(uint64_t position, bool body, Unfiltered* out, uint64_t* size) { return Read(&data_, position, body, out, size); }
  Step Read(FileView* view, uint64_t position, bool body, Unfiltered* out, uint64_t* size);
  Step ReadBlock(Block* out);
  Step NextForward(Unfiltered* out);
  Step SeekForward(const Bound& bound);
  Step NextReversed(Unfiltered* out);
  Step SeekReversed(const Bound& bound);
  Step LoadBlockBefore();
  Step ListBlock(const Block& block, uint64_t end, const ByteString* upto, DeletionTime* open);
  int CompareTo(const Unfiltered& item, const ByteString& bound);
  void EmitOpen(const Bound& bound, const DeletionTime& deletion);

  SSTable* sstable_;
  PartitionEntry entry_;
  bool reversed_;
  FileView data_;
  FileView static_data_;  // of its own: a reader keeps the static row beside the rows
  TrieCursor index_;
  DeletionTime deletion_;
  uint64_t static_position_ = 0;  // 0: the file has no static columns
  uint64_t rows_position_ = 0;
  uint64_t position_ = 0;  // forwards: of the next item
  bool ended_ = false;
  DeletionTime open_;  // forwards: the range tombstone open at position_
  // A marker that Seek made up, with its own copy of the bound.
  bool has_pending_ = false;
  Marker pending_;
  std::vector<std::vector<uint8_t>> pending_values_;
  // Backwards: the items of the current block, to be taken from the end, and where that block starts.
  std::vector<uint64_t> items_;
  uint64_t block_start_ = 0;
  bool index_placed_ = false;
  bool first_block_loaded_ = false;
  Unfiltered scratch_;
  ByteString comparable_;
};

Step SSTableCursor::Start(const DecoratedKey& key) {
  Slice s;
  Step step = data_.Fetch(entry_.data_position, 2 + key.key.size + 12, &s);
  if (step == Step::kMiss) return step;
  const ComponentFile& file = sstable_->data_file();
  if (step == Step::kEnd || s.size < 3) return sstable_->Corrupt(file, entry_.data_position, "a partition outside of the file");
  const size_t n = LoadBE<uint16_t>(s.data);
  if (n != key.key.size) return Step::kEnd;
  if (s.size < 2 + n + 1) return sstable_->Corrupt(file, entry_.data_position, "a partition that is cut off");
  if (!(Slice(s.data + 2, n) == Slice(key.key.data, key.key.size))) return Step::kEnd;
  Reader r(Slice(s.data + 2 + n, s.size - 2 - n));
  const size_t before = r.left();
  if (!ReadDeletionTime(r, &deletion_)) return sstable_->Corrupt(file, entry_.data_position, "a partition deletion that makes no sense");
  rows_position_ = entry_.data_position + 2 + n + (before - r.left());
  if (!sstable_->header().statics.empty()) {
    static_position_ = rows_position_;
    uint64_t size;
    step = Read(static_position_, false, &scratch_, &size);
    if (step == Step::kMiss || step == Step::kCorrupt) return step;
    if (step == Step::kEnd || !scratch_.is_row || !scratch_.row.is_static)
      return sstable_->Corrupt(file, static_position_, "no static row where one must be");
    rows_position_ += size;
  }
  position_ = rows_position_;
  return Step::kItem;
}

// Reads one item. kEnd at the end of the partition.
Step SSTableCursor::Read(FileView* view, uint64_t position, bool body, Unfiltered* out, uint64_t* size) {
  uint64_t want = 1;
  while (true) {
    Slice s;
    const Step step = view->Fetch(position, want, &s);
    if (step == Step::kMiss) return step;
    if (step != Step::kItem || s.size < want) return sstable_->Corrupt(sstable_->data_file(), position, "a row outside of the file");
    switch (DecodeUnfiltered(s, sstable_->header(), sstable_->header().clustering.size(), body, out, size, &want)) {
      case Decode::kOk:
        return Step::kItem;
      case Decode::kEndOfPartition:
        return Step::kEnd;
      case Decode::kMore:
        if (want > sstable_->data_file().length - position) return sstable_->Corrupt(sstable_->data_file(), position, "a row that is cut off");
        break;
      case Decode::kCorrupt:
        return sstable_->Corrupt(sstable_->data_file(), position, "a row that makes no sense");
    }
  }
}

Step SSTableCursor::StaticRow(Row* out) {
  if (static_position_ == 0) return Step::kEnd;
  uint64_t size;
  const Step step = Read(&static_data_, static_position_, true, &scratch_, &size);
  if (step != Step::kItem) return step;
  Row& row = scratch_.row;
  if (row.cells.empty() && row.complex_deletions.empty() && row.liveness.empty() && row.deletion.live()) return Step::kEnd;
  std::swap(*out, row);
  return Step::kItem;
}

Step SSTableCursor::NextForward(Unfiltered* out) {
  if (has_pending_) {
    has_pending_ = false;
    out->is_row = false;
    out->marker = pending_;
    return Step::kItem;
  }
  if (ended_) return Step::kEnd;
  uint64_t size;
  const Step step = Read(position_, true, out, &size);
  if (step == Step::kEnd) ended_ = true;
  if (step != Step::kItem) return step;
  if (out->is_row && out->row.is_static) return sstable_->Corrupt(sstable_->data_file(), position_, "a static row among the rows");
  position_ += size;
  if (!out->is_row) open_ = out->marker.open;
  return step;
}

// The payload of the row index: the distance from the start of the partition, then the open deletion if there is one.
Step SSTableCursor::ReadBlock(Block* out) {
  const size_t bytes = index_.payload_bits() & 7;
  Reader r(index_.payload());
  Slice s;
  out->open = DeletionTime();
  bool ok = bytes > 0 && r.Bytes(bytes, &s);
  uint64_t offset = 0;
  for (size_t i = 0; ok && i < bytes; i++) offset = offset << 8 | s.data[i];
  if (ok && index_.payload_bits() & kPayloadHasDeletion) ok = ReadDeletionTime(r, &out->open);
  out->position = entry_.data_position + offset;
  if (!ok || out->position < rows_position_ || out->position >= sstable_->data_file().length)
    return sstable_->Corrupt(sstable_->rows_file(), entry_.row_index_root, "a row index that makes no sense");
  return Step::kItem;
}

int SSTableCursor::CompareTo(const Unfiltered& item, const ByteString& bound) {
  comparable_.clear();
  if (item.is_row) AppendComparableClustering(sstable_->table(), item.row.clustering, BoundKind::kClustering, &comparable_);
  else AppendComparableClustering(sstable_->table(), item.marker.bound.prefix, item.marker.bound.kind, &comparable_);
  return Compare(Slice(comparable_), Slice(bound));
}

void SSTableCursor::EmitOpen(const Bound& bound, const DeletionTime& deletion) {
  pending_ = Marker();
  pending_values_.clear();
  for (const Slice& value : bound.prefix) {
    pending_values_.emplace_back();
    if (!value.is_null()) {
      pending_values_.back().reserve(value.size + 1);  // an empty value must not become null
      pending_values_.back().assign(value.data, value.data + value.size);
    }
  }
  for (size_t i = 0; i < bound.prefix.size(); i++)
    pending_.bound.prefix.push_back(bound.prefix[i].is_null() ? Slice() : Slice(pending_values_[i].data(), pending_values_[i].size()));
  // The same place, seen from the side on which the deletion lies.
  const BoundKind kind = bound.kind;
  const bool after = kind == BoundKind::kExclStart || kind == BoundKind::kInclEnd || kind == BoundKind::kInclEndExclStart;
  if (reversed_) {
    pending_.bound.kind = after ? BoundKind::kInclEnd : BoundKind::kExclEnd;
    pending_.close = deletion;
  } else {
    pending_.bound.kind = after ? BoundKind::kExclStart : BoundKind::kInclStart;
    pending_.open = deletion;
  }
  has_pending_ = true;
}

Step SSTableCursor::SeekForward(const Bound& bound) {
  ByteString target;
  AppendComparableClustering(sstable_->table(), bound.prefix, bound.kind, &target);
  if (entry_.indexed) {
    Step step = index_.Floor(Slice(target));
    if (step == Step::kCorrupt) return sstable_->Corrupt(index_.error());
    if (step == Step::kMiss) return step;
    Block block;
    if (step == Step::kItem) {
      step = ReadBlock(&block);
      if (step != Step::kItem) return step;
      if (block.position > position_) {
        position_ = block.position;
        open_ = block.open;
      }
    }
  }
  while (!ended_) {
    uint64_t size;
    Step step = Read(position_, false, &scratch_, &size);
    if (step == Step::kEnd) {
      ended_ = true;
      break;
    }
    if (step != Step::kItem) return step;
    const int order = CompareTo(scratch_, target);
    if (order > 0 || (order == 0 && scratch_.is_row)) break;
    if (!scratch_.is_row) {
      step = Read(position_, true, &scratch_, &size);
      if (step != Step::kItem) return step;
      open_ = scratch_.marker.open;
    }
    position_ += size;
  }
  has_pending_ = false;
  if (!open_.live() && !ended_) EmitOpen(bound, open_);
  return Step::kItem;
}

// Lists the items from the start of `block` to `end` (0: the end of the partition), or to the last that is at or before `upto`; `*open` becomes
// the range tombstone that is open there.
Step SSTableCursor::ListBlock(const Block& block, uint64_t end, const ByteString* upto, DeletionTime* open) {
  items_.clear();
  block_start_ = block.position;
  DeletionTime deletion = block.open;
  for (uint64_t position = block.position; end == 0 || position < end;) {
    uint64_t size;
    Step step = Read(position, false, &scratch_, &size);
    if (step == Step::kEnd) break;
    if (step != Step::kItem) return step;
    const int order = upto ? CompareTo(scratch_, *upto) : -1;
    if (order > 0 || (order == 0 && !scratch_.is_row)) break;
    if (upto && !scratch_.is_row) {
      step = Read(position, true, &scratch_, &size);
      if (step != Step::kItem) return step;
      deletion = scratch_.marker.open;
    }
    items_.push_back(position);
    position += size;
  }
  *open = deletion;
  return Step::kItem;
}

// Fills items_ from the block before the current one (the last one at first). kEnd when there is none.
Step SSTableCursor::LoadBlockBefore() {
  DeletionTime open;
  if (!entry_.indexed) {
    if (first_block_loaded_) return Step::kEnd;
    first_block_loaded_ = true;
    return ListBlock(Block{rows_position_, DeletionTime()}, 0, nullptr, &open);
  }
  const Step moved = index_placed_ ? index_.Previous() : index_.Last();
  if (moved == Step::kCorrupt) return sstable_->Corrupt(index_.error());
  if (moved != Step::kItem) return moved;
  Block block;
  Step step = ReadBlock(&block);
  if (step != Step::kItem) return step;
  const uint64_t end = index_placed_ ? block_start_ : 0;
  if (end != 0 && block.position >= end) return sstable_->Corrupt(sstable_->rows_file(), entry_.row_index_root, "a row index out of order");
  index_placed_ = true;
  return ListBlock(block, end, nullptr, &open);
}

Step SSTableCursor::NextReversed(Unfiltered* out) {
  if (has_pending_) {
    has_pending_ = false;
    out->is_row = false;
    out->marker = pending_;
    return Step::kItem;
  }
  while (items_.empty()) {
    const Step step = LoadBlockBefore();
    if (step != Step::kItem) return step;
  }
  uint64_t size;
  const Step step = Read(items_.back(), true, out, &size);
  if (step == Step::kItem) items_.pop_back();
  return step;
}

Step SSTableCursor::SeekReversed(const Bound& bound) {
  ByteString target;
  AppendComparableClustering(sstable_->table(), bound.prefix, bound.kind, &target);
  // Only onwards: nothing that was given before.
  const bool started = index_placed_ || first_block_loaded_;
  const uint64_t limit = !started ? UINT64_MAX : items_.empty() ? block_start_ : items_.back() + 1;
  Block block{rows_position_, DeletionTime()};
  if (entry_.indexed) {
    Step step = index_.Floor(Slice(target));
    if (step == Step::kCorrupt) return sstable_->Corrupt(index_.error());
    if (step == Step::kMiss) return step;
    if (step == Step::kItem) {
      step = ReadBlock(&block);
      if (step != Step::kItem) return step;
      index_placed_ = true;
    } else {
      items_.clear();
      index_placed_ = true;
    }
  } else {
    first_block_loaded_ = true;
  }
  DeletionTime open;
  const Step step = ListBlock(block, 0, &target, &open);
  if (step != Step::kItem) return step;
  while (!items_.empty() && items_.back() >= limit) items_.pop_back();
  has_pending_ = false;
  if (!open.live()) EmitOpen(bound, open);
  return Step::kItem;
}

}  // namespace

Step OpenSSTableCursor(SSTable* sstable, const DecoratedKey& key, const PartitionEntry& entry, bool reversed, MissList* misses,
                       std::unique_ptr<PartitionCursor>* out) {
  auto cursor = std::make_unique<SSTableCursor>(sstable, entry, reversed, misses);
  const Step step = cursor->Start(key);
  if (step == Step::kItem) *out = std::move(cursor);
  return step;
}

}  // namespace ferrosa

#include "sstable_writer.h"

#include "../hash.h"
#include "../vint.h"
#include "row_decoder.h"
#include "row_format.h"

namespace ferrosa {
namespace {

constexpr uint8_t kPayloadHasHash = 8;
constexpr uint8_t kPayloadHasDeletion = 8;

void PutSizedInt(int64_t value, int size, TriePayload* payload) {
  for (int i = size - 1; i >= 0; i--) payload->bytes[payload->size++] = static_cast<uint8_t>(value >> (8 * i));
}

TriePayload BlockPayload(uint64_t offset, const DeletionTime& open) {
  TriePayload payload;
  const int size = SizedIntSize(static_cast<int64_t>(offset));
  payload.bits = static_cast<uint8_t>(size | (open.live() ? 0 : kPayloadHasDeletion));
  PutSizedInt(static_cast<int64_t>(offset), size, &payload);
  if (!open.live()) {
    Writer w;
    WriteDeletionTime(w, open);
    std::memcpy(payload.bytes + payload.size, w.bytes.data(), w.size());
    payload.size = static_cast<uint8_t>(payload.size + w.size());
  }
  return payload;
}

// Whether `low` lies below `high` and is no prefix of it, as rows in order do.
bool Separable(const ByteString& low, const ByteString& high) {
  size_t i = 0;
  while (i < low.size() && i < high.size() && low[i] == high[i]) i++;
  return i < low.size() && i < high.size() && low[i] < high[i];
}

// The shortest string above `low` and not above `high`, ending in a byte that is one more than low's there.
ByteString SeparatorOf(const ByteString& low, const ByteString& high) {
  size_t i = 0;
  while (i < low.size() && i < high.size() && low[i] == high[i]) i++;
  DB_ASSERT(i < low.size() && i < high.size() && low[i] < high[i]);
  ByteString separator(low.begin(), low.begin() + static_cast<ptrdiff_t>(i) + 1);
  separator.back()++;
  return separator;
}

// Slightly above `max`: its first byte from `at` on that can grow does.
ByteString NudgedAbove(const ByteString& max, size_t at) {
  ByteString out(max.begin(), max.begin() + static_cast<ptrdiff_t>(at));
  while (at < max.size() && max[at] == 0xff) out.push_back(max[at++]);
  out.push_back(at < max.size() ? static_cast<uint8_t>(max[at] + 1) : 0);
  return out;
}

}  // namespace

SSTableWriter::SSTableWriter(DescriptorPtr table, const EncodingStats& stats, uint64_t expected_keys, const PartitionLimits& limits)
    : table_(std::move(table)),
      row_writer_(table_.get(), stats),
      statistics_(table_.get()),
      filter_(expected_keys, table_->bloom_filter_fp_chance),
      row_trie_(&rows_),
      partition_trie_(&partitions_),
      limits_(limits) {}

void SSTableWriter::StartPartition(const DecoratedKey& key, const DeletionTime& deletion) {
  key_.assign(key.key.data, key.key.data + key.key.size);
  token_ = key.token;
  deletion_ = deletion;
  opened_ = false;
  static_written_ = false;
  if (!deletion.live()) OpenPartition();
}

void SSTableWriter::OpenPartition() {
  opened_ = true;
  partition_start_ = data_bytes();
  previous_start_ = 0;
  block_count_ = 0;
  in_block_ = false;
  open_ = DeletionTime();
  row_trie_.Reset();
  data_.BE<uint16_t>(static_cast<uint16_t>(key_.size()));
  data_.Bytes(Slice(key_));
  WriteDeletionTime(data_, deletion_);
  statistics_.StartPartition(Slice(key_), deletion_);
}

void SSTableWriter::AddStatic(const Row& row) {
  if (!opened_) OpenPartition();
  row_writer_.WriteRow(row, 0, &data_);
  static_written_ = true;
  statistics_.AddRow(row);
}

void SSTableWriter::StartItems() {
  if (!opened_) OpenPartition();
  if (static_written_ || !row_writer_.has_statics()) return;
  row_writer_.WriteEmptyStatic(&data_);
  static_written_ = true;
}

void SSTableWriter::Add(const Unfiltered& item) {
  StartItems();
  const uint64_t position = Position();
  const ClusteringValues& values = item.is_row ? item.row.clustering : item.marker.bound.prefix;
  const BoundKind kind = item.is_row ? BoundKind::kClustering : item.marker.bound.kind;
  const auto comparable = [&](ByteString* out) {
    out->clear();
    AppendComparableClustering(*table_, values, kind, out);
  };
  if (!in_block_) {
    in_block_ = true;
    block_start_ = position;
    block_open_ = open_;
    comparable(&block_first_);
  }
  if (item.is_row) {
    row_writer_.WriteRow(item.row, position - previous_start_, &data_);
    statistics_.AddRow(item.row);
  } else {
    row_writer_.WriteMarker(item.marker, position - previous_start_, &data_);
    statistics_.AddMarker(item.marker);
    open_ = item.marker.open;
  }
  previous_start_ = position;
  // The index keeps the deletion that is open where a block begins, and has the sign of its time for "none".
  const bool is_keepable = open_.live() || open_.marked_for_delete_at >= 0;
  const bool full = is_keepable && Position() - block_start_ >= table_->column_index_bytes;
  if (full || block_count_ > 0) comparable(&item_);
  if (full) AddIndexBlock();
}

void SSTableWriter::AddIndexBlock() {
  if (block_count_ > 0 && (!Separable(previous_max_, block_first_) || item_ < block_first_)) {
    disordered_ = true;
    return;
  }
  const ByteString separator = block_count_ == 0 ? ByteString() : SeparatorOf(previous_max_, block_first_);
  row_trie_.Add(Slice(separator.data(), separator.size()), BlockPayload(block_start_, block_open_));
  previous_separator_ = separator;
  previous_max_ = item_;
  in_block_ = false;
  block_count_++;
}

void SSTableWriter::EndPartition() {
  if (!opened_) return;
  StartItems();
  const uint64_t end = Position();
  data_.U8(kEndOfPartition);
  if (block_count_ > 0 && in_block_) AddIndexBlock();
  if (disordered_) return;
  int64_t position = ~static_cast<int64_t>(partition_start_);
  if (block_count_ > 1) {
    // One more entry behind the last block turns away what is above it.
    size_t common = 0;
    while (common < previous_separator_.size() && previous_separator_[common] == previous_max_[common]) common++;
    const ByteString after = NudgedAbove(previous_max_, common);
    row_trie_.Add(Slice(after), BlockPayload(end, DeletionTime()));
    const uint64_t root = row_trie_.Complete();
    position = static_cast<int64_t>(rows_.position());
    rows_.writer.BE<uint16_t>(static_cast<uint16_t>(key_.size()));
    rows_.writer.Bytes(Slice(key_));
    const uint64_t base = rows_.position();
    WriteUnsignedVint(rows_.writer, partition_start_);
    WriteVint(rows_.writer, static_cast<int64_t>(root) - static_cast<int64_t>(base));
    WriteUnsignedVint(rows_.writer, block_count_);
    WriteDeletionTime(rows_.writer, deletion_);
  }
  AddToPartitionIndex(position);
  NoteSize(data_bytes() - partition_start_);
  if (statistics_.partitions == 1) first_key_ = key_;
  last_key_ = key_;
}

void SSTableWriter::NoteSize(uint64_t bytes) {
  statistics_.EndPartition(bytes);
  const uint64_t tombstones = statistics_.partition_tombstones;
  if (bytes <= limits_.bytes && tombstones <= limits_.tombstones) return;
  if (large_partitions_.size() < kLargePartitionsMax) large_partitions_.push_back({key_, bytes, tombstones});
  else large_partitions_left_out_++;
}

void SSTableWriter::AddToPartitionIndex(int64_t position) {
  uint64_t hash[2];
  Murmur3(Slice(key_), 0, hash);
  filter_.Add(hash);
  index_scratch_.clear();
  AppendComparableKey(DecoratedKey{token_, Slice(key_)}, &index_scratch_);
  if (has_index_key_) {
    size_t difference = 0;
    while (index_key_[difference] == index_scratch_[difference]) difference++;
    difference++;
    FlushPartitionIndex(std::max(difference, index_difference_));
    index_difference_ = difference;
  }
  has_index_key_ = true;
  std::swap(index_key_, index_scratch_);
  index_payload_ = TriePayload();
  const int size = SizedIntSize(position);
  index_payload_.bits = static_cast<uint8_t>(kPayloadHasHash + size - 1);
  index_payload_.bytes[index_payload_.size++] = static_cast<uint8_t>(hash[1]);
  PutSizedInt(position, size, &index_payload_);
}

void SSTableWriter::FlushPartitionIndex(size_t length) {
  partition_trie_.Add(Slice(index_key_.data(), std::min(length, index_key_.size())), index_payload_);
}

void SSTableWriter::Finish() {
  DB_ASSERT(has_index_key_);
  FlushPartitionIndex(index_difference_);
  const uint64_t root = partition_trie_.Complete();
  const uint64_t keys = partitions_.position();
  Writer& w = partitions_.writer;
  for (const auto* key : {&first_key_, &last_key_}) {
    w.BE<uint16_t>(static_cast<uint16_t>(key->size()));
    w.Bytes(Slice(*key));
  }
  w.BE<uint64_t>(keys);
  w.BE<uint64_t>(partition_trie_.count());
  w.BE<uint64_t>(root);
}

std::vector<uint8_t> SSTableWriter::TakeData() {
  data_base_ += data_.size();
  std::vector<uint8_t> taken = std::move(data_.bytes);
  data_.bytes.clear();
  return taken;
}

}  // namespace ferrosa

#include "sstable.h"

#include "../byte_comparable.h"
#include "../hash.h"
#include "../vint.h"
#include "row_decoder.h"

namespace ferrosa {
namespace {

constexpr uint8_t kPayloadHasHash = 8;
constexpr size_t kKeyBytesMax = 65535;

// The position that a payload of the partition index holds: negative for Data.db (its complement), else in Rows.db. False when cut off.
bool ReadPosition(const TrieCursor& cursor, int64_t* out) {
  Slice payload = cursor.payload();
  size_t bytes = cursor.payload_bits();
  size_t skip = 0;
  if (bytes >= kPayloadHasHash) {
    bytes -= kPayloadHasHash - 1;
    skip = 1;
  }
  if (payload.size < skip + bytes || bytes == 0) return false;
  int64_t v = static_cast<int8_t>(payload.data[skip]);
  for (size_t i = 1; i < bytes; i++) v = static_cast<int64_t>(static_cast<uint64_t>(v) << 8 | payload.data[skip + i]);
  *out = v;
  return true;
}

// The path of another component of the same SSTable.
std::string Sibling(const std::string& data_path, const char* component) {
  const size_t at = data_path.rfind("Data.db");
  return at == std::string::npos ? data_path : data_path.substr(0, at) + component;
}

Status At(const std::string& path, const Status& status) {
  return status.ok() ? status : Status::Corrupt(path + ": " + status.message());
}

bool HashMatches(const TrieCursor& cursor, uint8_t hash_byte) {
  if (cursor.payload_bits() < kPayloadHasHash) return true;
  return cursor.payload().size > 0 && cursor.payload().data[0] == hash_byte;
}

}  // namespace

Status SSTable::Open(std::shared_ptr<ChunkCache> cache, SSTableOptions options, std::shared_ptr<SSTable>* out) {
  std::shared_ptr<SSTable> sstable(new SSTable(std::move(cache), std::move(options)));
  SSTableOptions& o = sstable->options_;
  for (const ComponentFile* file : {&o.data, &o.partitions, &o.rows})
    if (file->chunk_bytes == 0) return Status::Corrupt(file->path + ": chunks of no bytes");
  if (o.first_key.size() > kKeyBytesMax || o.last_key.size() > kKeyBytesMax) return Status::Corrupt(o.partitions.path + ": a key that is too long");
  if (o.partition_root >= o.partitions.length) return Status::Corrupt(o.partitions.path + ": the root of the index is outside of the file");
  RETURN_IF_ERROR(sstable->SetTable(o.table));
  // A filter only spares reads: without it every key may be there.
  sstable->filter_damaged_ = !o.filter.empty() && !BloomFilter::Parse(Slice(o.filter), &sstable->filter_);
  sstable->first_ = DecoratedKey{MurmurToken(Slice(o.first_key)), ValueOf(o.first_key)};
  sstable->last_ = DecoratedKey{MurmurToken(Slice(o.last_key)), ValueOf(o.last_key)};
  *out = std::move(sstable);
  return Status::Ok();
}

SSTable::~SSTable() = default;

Status SSTable::SetTable(DescriptorPtr table) {
  SerializationHeader header;
  RETURN_IF_ERROR(At(Sibling(options_.data.path, "Statistics.db"), ParseSerializationHeader(Slice(options_.header), *table, &header)));
  if (header.clustering.size() != table->clustering.size())
    return Status::Corrupt(options_.data.path + ": has " + std::to_string(header.clustering.size()) + " clustering columns, the table has " +
                           std::to_string(table->clustering.size()));
  header_ = std::move(header);
  options_.table = std::move(table);
  return Status::Ok();
}

Step SSTable::Corrupt(const ComponentFile& file, uint64_t position, const char* what) {
  return Corrupt(Status::Corrupt(file.path + ": " + what + " at " + std::to_string(position)));
}

Step SSTable::Corrupt(const Status& status) {
  error_ = status;
  return Step::kCorrupt;
}

Step SSTable::Open(const DecoratedKey& key, bool reversed, MissList* misses, std::unique_ptr<PartitionCursor>* out) {
  PartitionEntry entry;
  if (!found_key_.empty() && Slice(found_key_) == key.key) {
    entry = found_;
  } else {
    const Step step = Find(key, misses, &entry);
    if (step != Step::kItem) return step;
  }
  return OpenSSTableCursor(this, key, entry, reversed, misses, out);
}

bool SSTable::MayContain(const DecoratedKey& key) const {
  if (CompareKeys(key, first_) < 0 || CompareKeys(key, last_) > 0) return false;
  uint64_t hash[2];
  Murmur3(key.key, 0, hash);
  return filter_.MayContain(hash);
}

Step SSTable::Find(const DecoratedKey& key, MissList* misses, PartitionEntry* entry) {
  if (key.key.is_null() || CompareKeys(key, first_) < 0 || CompareKeys(key, last_) > 0) return Step::kEnd;
  uint64_t hash[2];
  Murmur3(key.key, 0, hash);
  if (!filter_.MayContain(hash)) return Step::kEnd;
  thread_local ByteString comparable;
  comparable.clear();
  AppendComparableKey(key, &comparable);
  TrieCursor cursor(cache_.get(), &options_.partitions, options_.partition_root, misses);
  Step step = cursor.Exact(Slice(comparable));
  if (step == Step::kCorrupt) return Corrupt(cursor.error());
  if (step != Step::kItem) return step;
  if (!HashMatches(cursor, static_cast<uint8_t>(hash[1]))) return Step::kEnd;
  int64_t position;
  if (!ReadPosition(cursor, &position)) return Corrupt(options_.partitions, 0, "an index payload that is cut off");
  if (position < 0) {  // the cursor compares the key that Data.db has there
    entry->data_position = static_cast<uint64_t>(~position);
    return Step::kItem;
  }
  std::vector<uint8_t> found;
  step = ReadRowsEntry(static_cast<uint64_t>(position), misses, &found, entry);
  if (step != Step::kItem) return step;
  return Slice(found) == key.key ? Step::kItem : Step::kEnd;
}

Step SSTable::ReadEntry(const TrieCursor& cursor, MissList* misses, std::vector<uint8_t>* key, PartitionEntry* entry) {
  int64_t position;
  if (!ReadPosition(cursor, &position)) return Corrupt(options_.partitions, 0, "an index payload that is cut off");
  *entry = PartitionEntry();
  if (position >= 0) return ReadRowsEntry(static_cast<uint64_t>(position), misses, key, entry);
  entry->data_position = static_cast<uint64_t>(~position);
  return ReadDataKey(entry->data_position, misses, key);
}

Step SSTable::ReadDataKey(uint64_t position, MissList* misses, std::vector<uint8_t>* key) {
  FileView view(cache_.get(), &options_.data, misses);
  Slice s;
  Step step = view.Fetch(position, 2, &s);
  if (step == Step::kItem && s.size >= 2) {
    const size_t n = LoadBE<uint16_t>(s.data);
    step = view.Fetch(position, 2 + n, &s);
    if (step == Step::kItem && s.size >= 2 + n) {
      key->assign(s.data + 2, s.data + 2 + n);
      return Step::kItem;
    }
  }
  return step == Step::kMiss ? step : Corrupt(options_.data, position, "a partition key outside of the file");
}

// Key, position in Data.db, distance from here to the root of the row index, number of blocks, partition deletion.
Step SSTable::ReadRowsEntry(uint64_t position, MissList* misses, std::vector<uint8_t>* key, PartitionEntry* entry) {
  constexpr size_t kRestBytesMax = 9 + 9 + 9 + 12;
  FileView view(cache_.get(), &options_.rows, misses);
  Slice s;
  Step step = view.Fetch(position, 2, &s);
  if (step == Step::kItem && s.size >= 2) {
    const size_t n = LoadBE<uint16_t>(s.data);
    step = view.Fetch(position, 2 + n + kRestBytesMax, &s);
    if (step == Step::kItem && s.size >= 2 + n) {
      key->assign(s.data + 2, s.data + 2 + n);
      Reader r(Slice(s.data + 2 + n, s.size - 2 - n));
      uint64_t blocks;
      int64_t distance;
      const uint64_t base = position + 2 + n;
      if (ReadUnsignedVint(r, &entry->data_position) && ReadVint(r, &distance) && ReadUnsignedVint(r, &blocks) &&
          ReadDeletionTime(r, &entry->deletion) && distance < 0 && static_cast<uint64_t>(-distance) <= base) {
        entry->indexed = true;
        entry->row_index_root = base - static_cast<uint64_t>(-distance);
        return Step::kItem;
      }
    }
  }
  return step == Step::kMiss ? step : Corrupt(options_.rows, position, "a row index entry that makes no sense");
}

Step SSTable::NextPartition(const DecoratedKey& from, bool strictly_after, MissList* misses, std::vector<uint8_t>* key_bytes,
                            DecoratedKey* out) {
  if (CompareKeys(last_, from) < 0) return Step::kEnd;
  ByteString comparable;
  AppendComparableKey(from, &comparable);
  TrieCursor cursor(cache_.get(), &options_.partitions, options_.partition_root, misses);
  Step step = cursor.Ceiling(Slice(comparable));
  // The index has prefixes only: the first find may stand for a smaller key.
  for (; step == Step::kItem; step = cursor.Next()) {
    PartitionEntry entry;
    std::vector<uint8_t> key;
    step = ReadEntry(cursor, misses, &key, &entry);
    if (step != Step::kItem) return step;
    const DecoratedKey found{MurmurToken(Slice(key)), ValueOf(key)};
    const int order = found.token != from.token ? (found.token < from.token ? -1 : 1)
                      : from.key.is_null()      ? 1
                                                : Compare(found.key, from.key);
    if (order < 0 || (order == 0 && strictly_after)) continue;
    found_key_ = key;
    found_ = entry;
    *key_bytes = std::move(key);
    *out = DecoratedKey{found.token, ValueOf(*key_bytes)};
    return Step::kItem;
  }
  return step == Step::kCorrupt ? Corrupt(cursor.error()) : step;
}

}  // namespace ferrosa

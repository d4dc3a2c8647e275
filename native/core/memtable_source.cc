// The reading half of the memtable: its partitions as a Source, frozen memtables by number, sources by number.
#include <mutex>
#include <unordered_map>

#include "frozen_memtable.h"
#include "memtable_cursor.h"
#include "source_registry.h"

namespace ferrosa {
namespace {

template <typename T>
struct Registry {
  std::mutex mutex;
  uint32_t next = 1;
  std::unordered_map<uint32_t, std::shared_ptr<T>> items;
};
Registry<FrozenMemtable>& Frozen() {
  static auto* registry = new Registry<FrozenMemtable>();
  return *registry;
}
Registry<Source>& Sources() {
  static auto* registry = new Registry<Source>();
  return *registry;
}
template <typename T>
std::shared_ptr<T> FindIn(Registry<T>& registry, uint32_t number) {
  const std::lock_guard<std::mutex> lock(registry.mutex);
  const auto it = registry.items.find(number);
  return it == registry.items.end() ? nullptr : it->second;
}
template <typename T>
void ReleaseIn(Registry<T>& registry, uint32_t number) {
  std::shared_ptr<T> last;  // destroyed after the lock is given back
  const std::lock_guard<std::mutex> lock(registry.mutex);
  const auto it = registry.items.find(number);
  if (it == registry.items.end()) return;
  last = std::move(it->second);
  registry.items.erase(it);
}

// A partition, its first row and cell mostly lie side by side.
void PrefetchPartition(const void* item) {
  const auto* p = static_cast<const uint8_t*>(item);
  __builtin_prefetch(p);
  __builtin_prefetch(p + 64);
  __builtin_prefetch(p + 128);
}

// Compares (token prefix, key) with the partitions; a null key is before every key of its token.
struct KeyCompare {
  uint64_t prefix;
  Slice key;
  int operator()(const BTreeEntry& e) const {
    if (e.prefix != prefix) return e.prefix < prefix ? -1 : 1;
    if (key.is_null()) return 1;
    return Compare(static_cast<const MemPartition*>(e.item)->key(), key);
  }
};

}  // namespace

MemtableSource::MemtableSource(std::shared_ptr<const Memtable> memtable, const DescriptorPtr& reading)
    : memtable_(std::move(memtable)) {
  SetDescriptor(reading);
}

void MemtableSource::SetDescriptor(const DescriptorPtr& reading) {
  mapping_.clear();
  const TableDescriptor& own = *memtable_->descriptor();
  if (reading == memtable_->descriptor() || SameColumns(own, *reading)) return;
  for (const Column& column : own.columns) {
    const int index = reading->IndexOf(column.id);
    const bool same_shape = index >= 0 && reading->columns[static_cast<size_t>(index)].multicell == column.multicell;
    mapping_.push_back(same_shape ? index : -1);
  }
}

const MemPartition* MemtableSource::Find(const DecoratedKey& key) {
  const KeyCompare compare{TokenPrefix(key.token), key.key};
  if (place_version_ == memtable_->version_ && place_.valid() && compare(place_.entry()) == 0)
    return static_cast<const MemPartition*>(place_.entry().item);
  const BTreePlace place = memtable_->partitions_.LowerBound(compare);
  if (!place.valid()) return nullptr;
  PrefetchPartition(place.entry().item);
  if (compare(place.entry()) != 0) return nullptr;
  return static_cast<const MemPartition*>(place.entry().item);
}

bool MemtableSource::OpenInto(const DecoratedKey& key, bool reversed, MemtableCursor* cursor) {
  const MemPartition* partition = Find(key);
  if (partition == nullptr) return false;
  cursor->Open(this, partition, reversed);
  return true;
}

Step MemtableSource::Open(const DecoratedKey& key, bool reversed, MissList* misses, std::unique_ptr<PartitionCursor>* out) {
  (void)misses;
  auto cursor = std::make_unique<MemtableCursor>();
  if (!OpenInto(key, reversed, cursor.get())) return Step::kEnd;
  *out = std::move(cursor);
  return Step::kItem;
}

BTreePlace MemtableSource::PlaceFrom(const DecoratedKey& from, bool strictly_after) {
  const KeyCompare compare{TokenPrefix(from.token), from.key};
  BTreePlace place = place_;
  if (place_version_ != memtable_->version_ || !place.valid() || from.key.is_null() || compare(place.entry()) != 0)
    place = memtable_->partitions_.LowerBound(compare);
  if (strictly_after && !from.key.is_null() && place.valid() && compare(place.entry()) == 0) place.Next();
  place_ = place;
  place_version_ = memtable_->version_;
  return place;
}

Step MemtableSource::NextPartition(const DecoratedKey& from, bool strictly_after, MissList* misses,
                                   std::vector<uint8_t>* key_bytes, DecoratedKey* out) {
  (void)misses;
  const BTreePlace place = PlaceFrom(from, strictly_after);
  if (!place.valid()) return Step::kEnd;
  // A scan comes by here again soon.
  for (int ahead = place.index + 1; ahead <= place.index + 3 && ahead < place.leaf->count; ahead++)
    PrefetchPartition(place.leaf->entries[ahead].item);
  const Slice key = static_cast<const MemPartition*>(place.entry().item)->key();
  key_bytes->assign(key.data, key.data + key.size);
  out->token = TokenOfPrefix(place.entry().prefix);
  out->key = ValueOf(*key_bytes);
  return Step::kItem;
}

std::shared_ptr<FrozenMemtable> RegisterFrozen(std::shared_ptr<const Memtable> memtable) {
  Registry<FrozenMemtable>& registry = Frozen();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  auto frozen = std::make_shared<FrozenMemtable>(registry.next++, std::move(memtable));
  registry.items[frozen->number()] = frozen;
  return frozen;
}
std::shared_ptr<FrozenMemtable> FindFrozen(uint32_t number) { return FindIn(Frozen(), number); }
void ReleaseFrozen(uint32_t number) { ReleaseIn(Frozen(), number); }

uint32_t RegisterSource(std::shared_ptr<Source> source) {
  Registry<Source>& registry = Sources();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  registry.items[registry.next] = std::move(source);
  return registry.next++;
}
std::shared_ptr<Source> FindSource(uint32_t number) { return FindIn(Sources(), number); }
void ReleaseSource(uint32_t number) { ReleaseIn(Sources(), number); }

}  // namespace ferrosa

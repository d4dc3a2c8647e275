// native/core/btree.h: a B+tree of pointers with an inline 64-bit prefix of their keys, in an arena. Insert and search only: items are
// never removed. Leaves are linked, so that a place can step both ways. The comparison is the caller's.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "arena.h"

namespace ferrosa {

struct BTreeEntry {
  uint64_t prefix;
  void* item;
};

struct BTreeLeaf {
  uint16_t count;
  uint16_t capacity;  // the root leaf starts small and grows
  BTreeLeaf* previous;
  BTreeLeaf* next;
  BTreeEntry entries[1];
};

inline constexpr int kBTreeFan = 64;

struct BTreeInner {
  uint16_t count;  // children; keys[i] is the least entry below children[i] (keys[0] is not looked at)
  BTreeEntry keys[kBTreeFan];
  void* children[kBTreeFan];
};

// A position in a tree: an entry, or the end (leaf == nullptr). Void after an insert.
struct BTreePlace {
  BTreeLeaf* leaf = nullptr;
  uint16_t index = 0;
  bool valid() const { return leaf != nullptr; }
  const BTreeEntry& entry() const { return leaf->entries[index]; }
  void Next() {
    if (++index < leaf->count) return;
    leaf = leaf->next;
    index = 0;
  }
  void Previous() {
    if (index > 0) {
      index--;
      return;
    }
    leaf = leaf->previous;
    if (leaf != nullptr) index = static_cast<uint16_t>(leaf->count - 1);
  }
};

class BTree {
 public:
  uint64_t size() const { return size_; }

  // The first entry that is not before the probe. `compare(entry)` is negative when the entry is before it.
  template <typename Compare>
  BTreePlace LowerBound(const Compare& compare) const {
    if (size_ == 0) return {};
    void* node = root_;
    for (int level = height_; level > 0; level--) node = static_cast<BTreeInner*>(node)->children[Child(node, compare)];
    BTreeLeaf* leaf = static_cast<BTreeLeaf*>(node);
    // All lines of the leaf at once: a binary search would wait for each after the other.
    const auto* line = reinterpret_cast<const uint8_t*>(leaf);
    for (size_t i = 0; i < sizeof(BTreeEntry) * static_cast<size_t>(leaf->capacity); i += 64) __builtin_prefetch(line + i);
    BTreePlace place{leaf, static_cast<uint16_t>(LowerIn(leaf->entries, 0, leaf->count, compare))};
    if (place.index == leaf->count) place = BTreePlace{leaf->next, 0};
    return place;
  }
  BTreePlace First() const {
    if (size_ == 0) return {};
    void* node = root_;
    for (int level = height_; level > 0; level--) node = static_cast<BTreeInner*>(node)->children[0];
    return {static_cast<BTreeLeaf*>(node), 0};
  }
  BTreePlace Last() const {
    if (size_ == 0) return {};
    void* node = root_;
    for (int level = height_; level > 0; level--) {
      auto* inner = static_cast<BTreeInner*>(node);
      node = inner->children[inner->count - 1];
    }
    auto* leaf = static_cast<BTreeLeaf*>(node);
    return {leaf, static_cast<uint16_t>(leaf->count - 1)};
  }

  // Finds the entry that compares equal, or inserts what `make()` returns. *inserted tells which.
  template <typename Compare, typename Make>
  void* Upsert(Arena* arena, const Compare& compare, const Make& make, bool* inserted) {
    BTreeInner* path[kHeightMax];
    int slots[kHeightMax];
    void* node = root_;
    for (int level = height_; level > 0; level--) {
      auto* inner = static_cast<BTreeInner*>(node);
      path[level] = inner;
      slots[level] = Child(inner, compare);
      node = inner->children[slots[level]];
    }
    auto* leaf = static_cast<BTreeLeaf*>(node);
    const int at = leaf == nullptr ? 0 : LowerIn(leaf->entries, 0, leaf->count, compare);
    if (leaf != nullptr && at < leaf->count && compare(leaf->entries[at]) == 0) {
      *inserted = false;
      return leaf->entries[at].item;
    }
    *inserted = true;
    const BTreeEntry entry = make();
    InsertAt(arena, leaf, at, entry, path, slots);
    size_++;
    return entry.item;
  }

 private:
  static constexpr int kHeightMax = 16;

  template <typename Compare>
  static int LowerIn(const BTreeEntry* entries, int low, int high, const Compare& compare) {
    while (low < high) {
      const int middle = (low + high) / 2;
      if (compare(entries[middle]) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  // The child that holds the probe: the last one whose least entry is not after it.
  template <typename Compare>
  static int Child(const void* node, const Compare& compare) {
    const auto* inner = static_cast<const BTreeInner*>(node);
    int low = 1, high = inner->count;
    while (low < high) {
      const int middle = (low + high) / 2;
      if (compare(inner->keys[middle]) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
  static BTreeLeaf* NewLeaf(Arena* arena, int capacity) {
    auto* leaf = static_cast<BTreeLeaf*>(
        arena->Allocate(offsetof(BTreeLeaf, entries) + sizeof(BTreeEntry) * static_cast<size_t>(capacity)));
    leaf->count = 0;
    leaf->capacity = static_cast<uint16_t>(capacity);
    leaf->previous = leaf->next = nullptr;
    return leaf;
  }
  static void PutIn(BTreeLeaf* leaf, int at, const BTreeEntry& entry) {
    std::memmove(&leaf->entries[at + 1], &leaf->entries[at], sizeof(BTreeEntry) * static_cast<size_t>(leaf->count - at));
    leaf->entries[at] = entry;
    leaf->count++;
  }
  void InsertAt(Arena* arena, BTreeLeaf* leaf, int at, const BTreeEntry& entry, BTreeInner** path, int* slots);
  void InsertChild(Arena* arena, const BTreeEntry& key, void* child, BTreeInner** path, int* slots);

  void* root_ = nullptr;
  uint32_t height_ = 0;  // levels of inner nodes
  uint32_t unused_ = 0;
  uint64_t size_ = 0;
};

}  // namespace ferrosa

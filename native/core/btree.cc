#include "btree.h"

namespace ferrosa {

void BTree::InsertAt(Arena* arena, BTreeLeaf* leaf, int at, const BTreeEntry& entry, BTreeInner** path, int* slots) {
  if (leaf == nullptr) {
    leaf = NewLeaf(arena, 2);
    root_ = leaf;
  }
  if (leaf->count < leaf->capacity) {
    PutIn(leaf, at, entry);
    return;
  }
  if (leaf->capacity < kBTreeFan) {  // only a root leaf is smaller
    BTreeLeaf* larger = NewLeaf(arena, leaf->capacity * 2);
    std::memcpy(larger->entries, leaf->entries, sizeof(BTreeEntry) * leaf->count);
    larger->count = leaf->count;
    root_ = larger;
    PutIn(larger, at, entry);
    return;
  }
  // Ascending inserts leave full leaves behind; others halve them.
  const int keep = leaf->next == nullptr && at == leaf->count ? leaf->count : kBTreeFan / 2;
  BTreeLeaf* right = NewLeaf(arena, kBTreeFan);
  right->count = static_cast<uint16_t>(leaf->count - keep);
  std::memcpy(right->entries, &leaf->entries[keep], sizeof(BTreeEntry) * right->count);
  leaf->count = static_cast<uint16_t>(keep);
  right->next = leaf->next;
  right->previous = leaf;
  if (right->next != nullptr) right->next->previous = right;
  leaf->next = right;
  if (at < keep || (at == keep && right->count > 0)) PutIn(leaf, at, entry);
  else PutIn(right, at - keep, entry);
  InsertChild(arena, right->entries[0], right, path, slots);
}

void BTree::InsertChild(Arena* arena, const BTreeEntry& first_key, void* first_child, BTreeInner** path, int* slots) {
  BTreeEntry key = first_key;
  void* child = first_child;
  for (uint32_t level = 1; level <= height_; level++) {
    BTreeInner* inner = path[level];
    int at = slots[level] + 1;
    BTreeInner* target = inner;
    BTreeInner* right = nullptr;
    if (inner->count == kBTreeFan) {
      const int keep = at == inner->count ? inner->count - 1 : kBTreeFan / 2;
      right = static_cast<BTreeInner*>(arena->Allocate(sizeof(BTreeInner)));
      right->count = static_cast<uint16_t>(inner->count - keep);
      std::memcpy(right->keys, &inner->keys[keep], sizeof(BTreeEntry) * right->count);
      std::memcpy(right->children, &inner->children[keep], sizeof(void*) * right->count);
      inner->count = static_cast<uint16_t>(keep);
      if (at > keep) {
        target = right;
        at -= keep;
      }
    }
    const size_t moved = static_cast<size_t>(target->count - at);
    std::memmove(&target->keys[at + 1], &target->keys[at], sizeof(BTreeEntry) * moved);
    std::memmove(&target->children[at + 1], &target->children[at], sizeof(void*) * moved);
    target->keys[at] = key;
    target->children[at] = child;
    target->count++;
    if (right == nullptr) return;
    key = right->keys[0];
    child = right;
  }
  DB_ASSERT(height_ + 1 < kHeightMax);
  auto* root = static_cast<BTreeInner*>(arena->Allocate(sizeof(BTreeInner)));
  root->count = 2;
  root->keys[0] = BTreeEntry{0, nullptr};
  root->children[0] = root_;
  root->keys[1] = key;
  root->children[1] = child;
  root_ = root;
  height_++;
}

}  // namespace ferrosa

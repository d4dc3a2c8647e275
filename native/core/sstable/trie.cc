#include "trie.h"

namespace ferrosa {
namespace {

enum class Shape : uint8_t { kPayload, kSingle4, kSingle12, kSingle, kSparse, kDense };
struct NodeType {
  Shape shape;
  int pointer_bits;
};
// By type nibble.
constexpr NodeType kTypes[16] = {
    {Shape::kPayload, 0}, {Shape::kSingle4, 4},  {Shape::kSingle, 8},  {Shape::kSingle12, 12}, {Shape::kSingle, 16}, {Shape::kSparse, 8},
    {Shape::kSparse, 12}, {Shape::kSparse, 16},  {Shape::kSparse, 24}, {Shape::kSparse, 40},   {Shape::kDense, 12},  {Shape::kDense, 16},
    {Shape::kDense, 24},  {Shape::kDense, 32},   {Shape::kDense, 40},  {Shape::kDense, 64},
};
constexpr size_t kNodeBytesMax = kTriePageBytes;

}  // namespace

bool ParseTrieNode(Slice s, TrieNode* out) {
  if (s.size < 1) return false;
  const uint8_t first = s.data[0];
  const NodeType type = kTypes[first >> 4];
  *out = TrieNode();
  out->pointer_bits_ = type.pointer_bits;
  out->payload_bits = first & 0xf;
  size_t size = 1;
  switch (type.shape) {
    case Shape::kPayload:
      break;
    case Shape::kSingle4:
    case Shape::kSingle12:
      size = type.shape == Shape::kSingle4 ? 2 : 3;
      if (s.size < size) return false;
      out->payload_bits = 0;
      out->range_ = 1;
      out->single_ = size == 2 ? first & 0xf : static_cast<uint64_t>(first & 0xf) << 8 | s.data[1];
      out->transitions_ = s.data + size - 1;
      break;
    case Shape::kSingle:
      size = 2 + static_cast<size_t>(type.pointer_bits) / 8;
      if (s.size < size) return false;
      out->range_ = 1;
      out->transitions_ = s.data + 1;
      out->pointers_ = s.data + 2;
      break;
    case Shape::kSparse:
      if (s.size < 2) return false;
      out->range_ = s.data[1];
      out->transitions_ = s.data + 2;
      out->pointers_ = s.data + 2 + out->range_;
      size = 2 + static_cast<size_t>(out->range_) + (static_cast<size_t>(out->range_) * static_cast<size_t>(type.pointer_bits) + 7) / 8;
      break;
    case Shape::kDense:
      if (s.size < 3) return false;
      out->dense_ = true;
      out->range_ = s.data[2] + 1;
      out->transitions_ = s.data + 1;
      out->pointers_ = s.data + 3;
      size = 3 + (static_cast<size_t>(out->range_) * static_cast<size_t>(type.pointer_bits) + 7) / 8;
      break;
  }
  if (s.size < size) return false;
  out->payload = Slice(s.data + size, s.size - size);
  return true;
}

uint64_t TrieNode::Pointer(int index) const {
  if (!pointers_) return single_;
  if (pointer_bits_ == 12) {
    const uint8_t* p = pointers_ + 3 * index / 2;
    return index & 1 ? static_cast<uint64_t>(p[0] & 0xf) << 8 | p[1] : static_cast<uint64_t>(p[0]) << 4 | p[1] >> 4;
  }
  const int bytes = pointer_bits_ / 8;
  const uint8_t* p = pointers_ + bytes * index;
  uint64_t v = 0;
  for (int i = 0; i < bytes; i++) v = v << 8 | p[i];
  return v;
}

int TrieNode::Search(uint8_t byte) const {
  if (range_ == 0) return -1;
  if (dense_) {
    const int i = static_cast<int>(byte) - transitions_[0];
    if (i < 0) return -1;
    if (i >= range_) return -1 - range_;
    return Pointer(i) != 0 ? i : -1 - i;
  }
  int low = 0;
  int high = range_;
  while (low < high) {
    const int middle = (low + high) / 2;
    if (transitions_[middle] < byte) low = middle + 1;
    else high = middle;
  }
  return low < range_ && transitions_[low] == byte ? low : -1 - low;
}

bool TrieNode::Child(int index, uint64_t* distance) const {
  *distance = Pointer(index);
  return *distance != 0;
}

Step TrieCursor::Corrupt(uint64_t position, const char* what) {
  error_ = Status::Corrupt(view_.file().path + ": " + what + " at " + std::to_string(position));
  return Step::kCorrupt;
}

Step TrieCursor::Go(uint64_t position) {
  Slice bytes;
  const Step step = view_.Fetch(position, 1, &bytes);
  if (step == Step::kEnd) return Corrupt(position, "a trie node outside the file");
  if (step != Step::kItem) return step;
  if (!ParseTrieNode(Slice(bytes.data, std::min(bytes.size, kNodeBytesMax)), &node_)) return Corrupt(position, "a trie node that is cut off");
  position_ = position;
  return Step::kItem;
}

// Goes to a child of the node on top of the path and pushes it.
Step TrieCursor::GoChild(int index) {
  uint64_t distance;
  if (!node_.Child(index, &distance) || distance > position_) return Corrupt(position_, "a trie pointer that leads nowhere");
  path_.back().child = index;
  const Step step = Go(position_ - distance);
  if (step == Step::kItem) path_.push_back(Frame{position_, -1});
  return step;
}

// From the node on top: to its own or its subtree's first (last) payload.
Step TrieCursor::Descend(bool to_last) {
  while (true) {
    if (!to_last && node_.payload_bits != 0) return Step::kItem;
    int child = -1;
    uint64_t distance;
    if (to_last) {
      for (child = node_.children() - 1; child >= 0 && !node_.Child(child, &distance);) child--;
    } else {
      for (child = 0; child < node_.children() && !node_.Child(child, &distance);) child++;
      if (child == node_.children()) child = -1;
    }
    if (child < 0) return node_.payload_bits != 0 ? Step::kItem : Corrupt(position_, "a trie node without payload or children");
    const Step step = GoChild(child);
    if (step != Step::kItem) return step;
  }
}

Step TrieCursor::Exact(Slice key) {
  uint64_t position = root_;
  for (size_t i = 0;; i++) {
    const Step step = Go(position);
    if (step != Step::kItem) return step;
    const int child = i < key.size ? node_.Search(key.data[i]) : -1;
    if (child < 0) {
      if (i < key.size && node_.children() > 0) return Step::kEnd;
      return node_.payload_bits != 0 ? Step::kItem : Step::kEnd;
    }
    uint64_t distance;
    if (!node_.Child(child, &distance) || distance > position) return Corrupt(position, "a trie pointer that leads nowhere");
    position -= distance;
  }
}

Step TrieCursor::Ceiling(Slice key) {
  path_.clear();
  Step step = Go(root_);
  if (step != Step::kItem) return step;
  path_.push_back(Frame{root_, -1});
  for (size_t i = 0;; i++) {
    const int child = i < key.size ? node_.Search(key.data[i]) : -1;
    if (child >= 0) {
      step = GoChild(child);
      if (step != Step::kItem) return step;
      continue;
    }
    if (node_.payload_bits != 0) return Step::kItem;
    path_.back().child = -2 - child;  // the one before where the key would be
    return Next();
  }
}

Step TrieCursor::Floor(Slice key) {
  path_.clear();
  Step step = Go(root_);
  if (step != Step::kItem) return step;
  path_.push_back(Frame{root_, -1});
  size_t best_depth = 0;  // frames of the path that lead to the best so far; 0 none
  int best_child = -1;    // the child below which its last payload is; -1 the node's own payload
  for (size_t i = 0;; i++) {
    const int found = i < key.size ? node_.Search(key.data[i]) : -1;
    int lesser = found >= 0 ? found - 1 : -2 - found;
    uint64_t distance;
    while (lesser >= 0 && !node_.Child(lesser, &distance)) lesser--;
    if (lesser >= 0) {
      best_depth = path_.size();
      best_child = lesser;
    } else if (node_.payload_bits != 0) {
      best_depth = path_.size();
      best_child = -1;
    }
    if (found < 0) break;
    step = GoChild(found);
    if (step != Step::kItem) return step;
  }
  if (best_depth == 0) return Step::kEnd;
  path_.resize(best_depth);
  path_.back().child = -1;
  step = Go(path_.back().position);
  if (step != Step::kItem || best_child < 0) return step;
  step = GoChild(best_child);
  return step == Step::kItem ? Descend(true) : step;
}

Step TrieCursor::Last() {
  path_.clear();
  const Step step = Go(root_);
  if (step != Step::kItem) return step;
  path_.push_back(Frame{root_, -1});
  return Descend(true);
}

Step TrieCursor::Next() {
  // Below the node itself first: longer paths follow their prefix.
  while (!path_.empty()) {
    Step step = Go(path_.back().position);
    if (step != Step::kItem) return step;
    uint64_t distance;
    int child = path_.back().child + 1;
    while (child < node_.children() && !node_.Child(child, &distance)) child++;
    if (child < node_.children()) {
      step = GoChild(child);
      return step == Step::kItem ? Descend(false) : step;
    }
    path_.pop_back();
  }
  return Step::kEnd;
}

Step TrieCursor::Previous() {
  if (path_.empty()) return Step::kEnd;
  path_.pop_back();
  while (!path_.empty()) {
    Step step = Go(path_.back().position);
    if (step != Step::kItem) return step;
    uint64_t distance;
    int child = path_.back().child - 1;
    while (child >= 0 && !node_.Child(child, &distance)) child--;
    if (child >= 0) {
      step = GoChild(child);
      return step == Step::kItem ? Descend(true) : step;
    }
    if (node_.payload_bits != 0) {
      path_.back().child = -1;
      return Step::kItem;
    }
    path_.pop_back();
  }
  return Step::kEnd;
}

}  // namespace ferrosa

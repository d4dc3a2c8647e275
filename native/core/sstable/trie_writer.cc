#include "trie_writer.h"

#include <algorithm>

namespace ferrosa {
namespace {

// Type nibbles by the index of the least pointer size that fits: 4, 8, 12, 16, 24, 32, 40, 64 bits.
constexpr int kPointerBits[8] = {4, 8, 12, 16, 24, 32, 40, 64};
constexpr uint8_t kSingle[8] = {1, 2, 3, 4, 12, 13, 14, 15};
constexpr uint8_t kSparse[8] = {5, 5, 6, 7, 8, 9, 9, 15};
constexpr uint8_t kDense[8] = {10, 10, 10, 11, 12, 13, 14, 15};
constexpr int kTypeBits[16] = {0, 4, 8, 12, 16, 8, 12, 16, 24, 40, 12, 16, 24, 32, 40, 64};
constexpr uint8_t kFirstSparse = 5;
constexpr uint8_t kFirstDense = 10;

uint32_t SizeOfType(int type, int first, int last, size_t children) {
  const size_t bits = static_cast<size_t>(kTypeBits[type]);
  if (type == 0) return 1;
  if (type == 1) return 2;
  if (type == 3) return 3;
  if (type < kFirstSparse) return static_cast<uint32_t>(2 + bits / 8);
  if (type < kFirstDense) return static_cast<uint32_t>(2 + children + (children * bits + 7) / 8);
  return static_cast<uint32_t>(3 + (static_cast<size_t>(last - first + 1) * bits + 7) / 8);
}

// Appends pointers of a fixed number of bits, 12-bit ones two in three bytes.
class PointerWriter {
 public:
  PointerWriter(Writer* out, int bits) : out_(out), bits_(bits) {}
  void Add(uint64_t v) {
    if (bits_ != 12) {
      for (int shift = bits_ - 8; shift >= 0; shift -= 8) out_->U8(static_cast<uint8_t>(v >> shift));
      return;
    }
    if (odd_) {
      out_->U8(static_cast<uint8_t>(carry_ | v >> 8));
      out_->U8(static_cast<uint8_t>(v));
    } else {
      out_->U8(static_cast<uint8_t>(v >> 4));
      carry_ = static_cast<uint8_t>(v << 4);
    }
    odd_ = !odd_;
  }
  void Finish() {
    if (odd_) out_->U8(carry_);
  }

 private:
  Writer* out_;
  int bits_;
  bool odd_ = false;
  uint8_t carry_ = 0;
};

}  // namespace

int SizedIntSize(int64_t value) {
  const uint64_t magnitude = static_cast<uint64_t>(value < 0 ? ~value : value);
  return magnitude == 0 ? 1 : (64 - __builtin_clzll(magnitude)) / 8 + 1;
}

TrieWriter::NodeId TrieWriter::NewNode(uint8_t transition) {
  NodeId id;
  if (free_.empty()) {
    id = static_cast<NodeId>(nodes_.size());
    nodes_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
    nodes_[id] = Node();
  }
  nodes_[id].transition = transition;
  return id;
}

void TrieWriter::Reset() {
  nodes_.clear();
  free_.clear();
  stack_.clear();
  previous_.clear();
  count_ = 0;
  stack_.push_back(NewNode(0));
}

void TrieWriter::Add(Slice key, const TriePayload& payload) {
  count_++;
  size_t common = 0;
  while (common < key.size && common < previous_.size() && key.data[common] == previous_[common]) common++;
  DB_ASSERT(count_ == 1 || (common < key.size && (common == previous_.size() || key.data[common] > previous_[common])));
  while (stack_.size() > common + 1) CompleteLast();
  for (size_t i = common; i < key.size; i++) {
    const NodeId child = NewNode(key.data[i]);
    nodes_[stack_.back()].children.push_back(child);
    stack_.push_back(child);
  }
  nodes_[stack_.back()].payload = payload;
  previous_.assign(key.data, key.data + key.size);
}

void TrieWriter::CompleteLast() {
  const NodeId id = stack_.back();
  stack_.pop_back();
  CompleteNode(id);
}

uint64_t TrieWriter::MaxDistance(const Node& node, uint64_t position) const {
  const Node& first = nodes_[node.children[0]];
  if (!node.far_children) return node.branch_size - first.branch_size;
  uint64_t distance = 0;
  bool unplaced = false;
  for (const NodeId id : node.children) {
    const Node& child = nodes_[id];
    if (child.placed) {
      distance = std::max(distance, position - child.position);
    } else if (!unplaced) {  // the first of those is the farthest
      distance = std::max<uint64_t>(distance, node.branch_size - child.branch_size);
      unplaced = true;
    }
  }
  return distance;
}

int TrieWriter::TypeFor(const Node& node, uint64_t position) const {
  if (node.children.empty()) return 0;
  const uint64_t distance = MaxDistance(node, position);
  int i = 0;
  while (kPointerBits[i] < 64 && distance >> kPointerBits[i] != 0) i++;
  if (node.children.size() == 1) {
    if (node.payload.bits != 0 && (i == 0 || i == 2)) i++;
    return kSingle[i];
  }
  const int first = nodes_[node.children.front()].transition;
  const int last = nodes_[node.children.back()].transition;
  const uint32_t sparse = SizeOfType(kSparse[i], first, last, node.children.size());
  const uint32_t dense = SizeOfType(kDense[i], first, last, node.children.size());
  return sparse < dense ? kSparse[i] : kDense[i];
}

uint32_t TrieWriter::SizeOf(const Node& node, uint64_t position) const {
  const int type = TypeFor(node, position);
  const int first = node.children.empty() ? 0 : nodes_[node.children.front()].transition;
  const int last = node.children.empty() ? 0 : nodes_[node.children.back()].transition;
  return SizeOfType(type, first, last, node.children.size()) + node.payload.size;
}

void TrieWriter::CompleteNode(NodeId id) {
  Node& node = nodes_[id];
  node.branch_size = 0;
  node.far_children = false;
  node.far_in_branch = false;
  for (const NodeId c : node.children) {
    const Node& child = nodes_[c];
    node.branch_size += child.branch_size + child.node_size;
    if (child.placed) node.far_children = true;
    else if (child.far_children || child.far_in_branch) node.far_in_branch = true;
  }
  node.node_size = SizeOf(node, out_->position());
  if (node.node_size + node.branch_size >= kTriePageBytes) LayoutChildren(id);
}

// Lists the subtree of `id` without what is placed, children before parents.
void TrieWriter::PostOrder(NodeId id) {
  order_.clear();
  std::vector<NodeId> pending{id};
  while (!pending.empty()) {  // parents first, last children first; turned around below
    const NodeId next = pending.back();
    pending.pop_back();
    order_.push_back(next);
    for (const NodeId child : nodes_[next].children)
      if (!nodes_[child].placed) pending.push_back(child);
  }
  std::reverse(order_.begin(), order_.end());
}

// Sizes of nodes with far children depend on where they will be.
uint32_t TrieWriter::Resize(NodeId id, uint64_t position) {
  if (nodes_[id].far_children || nodes_[id].far_in_branch) {
    PostOrder(id);
    uint64_t at = position;
    for (const NodeId n : order_) {
      Node& node = nodes_[n];
      if (node.far_children || node.far_in_branch) {
        node.branch_size = 0;
        for (const NodeId child : node.children)
          if (!nodes_[child].placed) node.branch_size += nodes_[child].branch_size + nodes_[child].node_size;
        node.node_size = SizeOf(node, at);
      }
      at += node.node_size;
    }
  }
  return nodes_[id].branch_size + nodes_[id].node_size;
}

void TrieWriter::Place(NodeId id) {
  PostOrder(id);
  for (const NodeId n : order_) {
    Node& node = nodes_[n];
    const uint64_t position = out_->position();
    WriteNode(node, position);
    node.placed = true;
    node.position = position;
    for (const NodeId child : node.children) free_.push_back(child);
    node.children.clear();
  }
  nodes_[id].branch_size = 0;
  nodes_[id].node_size = 0;
}

void TrieWriter::LayoutChildren(NodeId id) {
  std::vector<NodeId> left;
  for (const NodeId child : nodes_[id].children)
    if (!nodes_[child].placed) left.push_back(child);
  const auto size = [this](NodeId n) { return nodes_[n].branch_size + nodes_[n].node_size; };
  while (!left.empty()) {
    // The largest that fits, of equal ones the last; when none does, the largest in a page of its own.
    size_t best = left.size();
    for (size_t i = 0; i < left.size(); i++)
      if (size(left[i]) <= out_->LeftInPage() && (best == left.size() || size(left[i]) >= size(left[best]))) best = i;
    if (best == left.size()) {
      out_->PadToPage();
      best = 0;
      for (size_t i = 1; i < left.size(); i++)
        if (size(left[i]) >= size(left[best])) best = i;
    }
    const NodeId child = left[best];
    if (nodes_[child].far_children || nodes_[child].far_in_branch) {
      if (Resize(child, out_->position()) > out_->LeftInPage()) {
        if (out_->LeftInPage() == kTriePageBytes) LayoutChildren(child);
        continue;  // again, with its new size
      }
    }
    left.erase(left.begin() + static_cast<ptrdiff_t>(best));
    Place(child);
  }
  Node& node = nodes_[id];
  node.branch_size = 0;
  node.far_children = true;
  node.far_in_branch = false;
  node.node_size = SizeOf(node, out_->position());
}

uint64_t TrieWriter::Complete() {
  while (stack_.size() > 1) CompleteLast();
  const NodeId root = stack_[0];
  CompleteNode(root);
  uint32_t size = Resize(root, out_->position());
  if (size > out_->LeftInPage()) {
    if (size <= kTriePageBytes) {
      out_->PadToPage();
      size = Resize(root, out_->position());
    }
    if (size > out_->LeftInPage()) {
      LayoutChildren(root);
      if (nodes_[root].node_size > out_->LeftInPage()) {
        out_->PadToPage();
        Resize(root, out_->position());
      }
    }
  }
  Place(root);
  return nodes_[root].position;
}

void TrieWriter::WriteNode(const Node& node, uint64_t position) {
  const int type = TypeFor(node, position);
  const auto distance = [&](NodeId child) { return position - nodes_[child].position; };
  Writer& w = out_->writer;
  const uint8_t head = static_cast<uint8_t>(type << 4);
  if (type == 0) {
    w.U8(head | node.payload.bits);
  } else if (type == 1 || type == 3) {
    const uint64_t d = distance(node.children[0]);
    w.U8(static_cast<uint8_t>(head | (type == 1 ? d : d >> 8)));
    if (type == 3) w.U8(static_cast<uint8_t>(d));
    w.U8(nodes_[node.children[0]].transition);
  } else {
    PointerWriter pointers(&w, kTypeBits[type]);
    w.U8(head | node.payload.bits);
    if (type < kFirstSparse) {
      w.U8(nodes_[node.children[0]].transition);
      pointers.Add(distance(node.children[0]));
    } else if (type < kFirstDense) {
      w.U8(static_cast<uint8_t>(node.children.size()));
      for (const NodeId child : node.children) w.U8(nodes_[child].transition);
      for (const NodeId child : node.children) pointers.Add(distance(child));
    } else {
      int next = nodes_[node.children.front()].transition;
      w.U8(static_cast<uint8_t>(next));
      w.U8(static_cast<uint8_t>(nodes_[node.children.back()].transition - next));
      for (const NodeId child : node.children) {
        for (; next < nodes_[child].transition; next++) pointers.Add(0);
        pointers.Add(distance(child));
        next++;
      }
    }
    pointers.Finish();
  }
  w.Bytes(Slice(node.payload.bytes, node.payload.size));
}

}  // namespace ferrosa

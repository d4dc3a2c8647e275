// native/core/sstable/trie_writer.h: builds an on-disk trie from keys in order, bottom up, packing branches into pages of 4096 bytes as Cassandra's
// IncrementalTrieWriterPageAware does: a branch is held back until it and its siblings are larger than a page, then the largest that fits goes out.
#pragma once
#include <cstdint>
#include <vector>

#include "../bytes.h"
#include "trie.h"

namespace ferrosa {

// The file that a trie is appended to: `bytes` are not taken yet, `position` is where the next goes.
struct PagedOutput {
  Writer writer;
  uint64_t base = 0;  // bytes that were taken before
  uint64_t position() const { return base + writer.size(); }
  size_t LeftInPage() const { return kTriePageBytes - static_cast<size_t>(position() % kTriePageBytes); }
  void PadToPage() {
    if (LeftInPage() != kTriePageBytes) writer.bytes.resize(writer.bytes.size() + LeftInPage());
  }
  std::vector<uint8_t> Take() {
    base += writer.size();
    return std::move(writer.bytes);
  }
};

struct TriePayload {
  uint8_t bits = 0;  // 1 to 15; 0: none
  uint8_t size = 0;
  uint8_t bytes[20] = {};
};

class TrieWriter {
 public:
  explicit TrieWriter(PagedOutput* out) : out_(out) { Reset(); }
  // REQUIRES: greater than the key before.
  void Add(Slice key, const TriePayload& payload);
  // Writes what is left and returns the position of the root. REQUIRES: a key was added. Reset before the next trie.
  uint64_t Complete();
  void Reset();
  uint64_t count() const { return count_; }

 private:
  using NodeId = uint32_t;
  struct Node {
    uint8_t transition = 0;
    bool placed = false;
    bool far_children = false;   // a child is already in the file
    bool far_in_branch = false;  // some node below has such a child
    TriePayload payload;
    uint64_t position = 0;    // when placed
    uint32_t branch_size = 0;  // of what is below and not placed
    uint32_t node_size = 0;
    std::vector<NodeId> children;
  };
  NodeId NewNode(uint8_t transition);
  void CompleteLast();
  void CompleteNode(NodeId id);
  void LayoutChildren(NodeId id);
  void Place(NodeId id);
  uint32_t Resize(NodeId id, uint64_t position);
  void PostOrder(NodeId id);
  uint32_t SizeOf(const Node& node, uint64_t position) const;
  uint64_t MaxDistance(const Node& node, uint64_t position) const;
  int TypeFor(const Node& node, uint64_t position) const;
  void WriteNode(const Node& node, uint64_t position);

  PagedOutput* out_;
  std::vector<Node> nodes_;
  std::vector<NodeId> free_;
  std::vector<NodeId> stack_;
  std::vector<uint8_t> previous_;
  std::vector<NodeId> order_;
  uint64_t count_ = 0;
};

// Bytes of a signed number of the least size, 1 to 8. Source: SizedInts.nonZeroSize.
int SizedIntSize(int64_t value);

}  // namespace ferrosa

// native/core/sstable/trie.h: walking the on-disk tries of Partitions.db and Rows.db. Nodes and their payloads do not cross pages of 4096 bytes;
// children lie before their parent. Source: BtiFormat.md, "Trie nodes"; TrieNode; Walker.
#pragma once
#include <cstdint>
#include <vector>

#include "file_view.h"

namespace ferrosa {

inline constexpr size_t kTriePageBytes = 4096;

// A node as its bytes describe it. Valid while those are.
struct TrieNode {
  uint8_t payload_bits = 0;  // 0: no payload
  Slice payload;             // from the payload to the end of the page (at least)
  int children() const { return range_; }
  // Index of the child for `byte`; when there is none, -1 - (index of the first child above it).
  int Search(uint8_t byte) const;
  // False when the slot is a hole of a dense node; else the child's distance before this node.
  bool Child(int index, uint64_t* distance) const;

 private:
  friend bool ParseTrieNode(Slice bytes, TrieNode* out);
  uint64_t Pointer(int index) const;
  const uint8_t* transitions_ = nullptr;  // sparse: the bytes; single: one byte; dense: the first byte
  const uint8_t* pointers_ = nullptr;
  int range_ = 0;
  int pointer_bits_ = 0;
  bool dense_ = false;
  uint64_t single_ = 0;
};

// False when the bytes end before the node does.
bool ParseTrieNode(Slice bytes, TrieNode* out);

// Moves over the payloads of a trie in order. Each move gives kItem, kEnd, kMiss or kCorrupt (error() tells).
class TrieCursor {
 public:
  TrieCursor(ChunkCache* cache, const ComponentFile* file, uint64_t root, MissList* misses)
      : view_(cache, file, misses), root_(root) {}

  // The payload on the longest path that is a prefix of `key` (or all of it); kEnd when that node has children and key bytes are left.
  Step Exact(Slice key);
  // The first payload whose path is a prefix of `key`, equal or greater.
  Step Ceiling(Slice key);
  // The last payload whose path is a prefix of `key`, equal or smaller.
  Step Floor(Slice key);
  Step Last();
  Step Next();
  Step Previous();

  uint8_t payload_bits() const { return node_.payload_bits; }
  Slice payload() const { return node_.payload; }
  const Status& error() const { return error_; }

 private:
  struct Frame {
    uint64_t position;
    int child;  // index of the child that the path goes through; -1: the path ends here
  };
  Step Go(uint64_t position);
  Step GoChild(int index);
  Step Descend(bool to_last);
  Step Corrupt(uint64_t position, const char* what);

  FileView view_;
  uint64_t root_;
  uint64_t position_ = 0;
  TrieNode node_;
  std::vector<Frame> path_;
  Status error_;
};

}  // namespace ferrosa

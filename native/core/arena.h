// native/core/arena.h: memory that is given out in pieces and freed all at once.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "huge_blocks.h"
#include "status.h"

namespace ferrosa {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    for (void* block : blocks_) std::free(block);
    for (void* block : huge_blocks_) GiveHugeBlock(block);
  }
  // 8-byte aligned, not zeroed. Running out of memory stops the process, like everywhere in the addon.
  void* Allocate(size_t bytes) {
    bytes = (bytes + 7) & ~size_t{7};
    if (static_cast<size_t>(end_ - next_) < bytes) return Slow(bytes);
    void* p = next_;
    next_ += bytes;
    return p;
  }
  template <typename T>
  T* New() {
    return new (Allocate(sizeof(T))) T();
  }
  uint64_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kFirstBlockBytes = 2048;  // a node has a hundred small tables

  void* Slow(size_t bytes) {
    // A large piece gets a block of its own, so that the rest of the current one is not lost.
    if (bytes > block_bytes_ / 4 && bytes > kFirstBlockBytes / 4) return Block(bytes);
    uint8_t* block = static_cast<uint8_t*>(block_bytes_ == kHugeBlockBytes ? HugeBlock() : Block(block_bytes_));
    next_ = block + bytes;
    end_ = block + block_bytes_;
    if (block_bytes_ < kHugeBlockBytes) block_bytes_ *= 2;
    return block;
  }
  void* HugeBlock() {
    void* block = TakeHugeBlock();
    huge_blocks_.push_back(block);
    bytes_ += kHugeBlockBytes;
    return block;
  }
  void* Block(size_t bytes) {
    void* block = std::malloc(bytes);
    DB_ASSERT(block != nullptr);
    blocks_.push_back(block);
    bytes_ += bytes;
    return block;
  }
  uint8_t* next_ = nullptr;
  uint8_t* end_ = nullptr;
  size_t block_bytes_ = kFirstBlockBytes;
  uint64_t bytes_ = 0;
  std::vector<void*> blocks_;
  std::vector<void*> huge_blocks_;
};

}  // namespace ferrosa

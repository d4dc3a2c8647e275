// native/core/arena.h: memory that is given out in pieces and freed all at once.
#pragma once
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "status.h"

namespace ferrosa {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    for (void* block : blocks_) std::free(block);
    for (void* block : huge_blocks_) munmap(block, kHugeBlockBytes);
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
  // The page size of huge pages on x86-64 and, by default, AArch64. What is searched at random in a large memtable misses the
  // TLB at nearly every step with small pages.
  static constexpr size_t kHugeBlockBytes = size_t{2} << 20;

  void* Slow(size_t bytes) {
    // A large piece gets a block of its own, so that the rest of the current one is not lost.
    if (bytes > block_bytes_ / 4 && bytes > kFirstBlockBytes / 4) return Block(bytes);
    uint8_t* block = static_cast<uint8_t*>(block_bytes_ == kHugeBlockBytes ? HugeBlock() : Block(block_bytes_));
    next_ = block + bytes;
    end_ = block + block_bytes_;
    if (block_bytes_ < kHugeBlockBytes) block_bytes_ *= 2;
    return block;
  }
  // Aligned, so that the kernel can give one huge page for it.
  void* HugeBlock() {
    void* map = mmap(nullptr, 2 * kHugeBlockBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    DB_ASSERT(map != MAP_FAILED);
    uint8_t* from = static_cast<uint8_t*>(map);
    const size_t before = (kHugeBlockBytes - reinterpret_cast<uintptr_t>(from) % kHugeBlockBytes) % kHugeBlockBytes;
    if (before > 0) munmap(from, before);
    munmap(from + before + kHugeBlockBytes, kHugeBlockBytes - before);
#ifdef MADV_HUGEPAGE
    (void)madvise(from + before, kHugeBlockBytes, MADV_HUGEPAGE);
#endif
    huge_blocks_.push_back(from + before);
    bytes_ += kHugeBlockBytes;
    return from + before;
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

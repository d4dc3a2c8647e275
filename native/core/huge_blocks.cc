#include "huge_blocks.h"

#include <sys/mman.h>

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "status.h"

namespace ferrosa {
namespace {

std::mutex mutex;
std::vector<void*> kept;
size_t taken = 0;
size_t blocks_max = 0;

// Aligned, so that the kernel can give one huge page for it.
void* Map() {
  void* map = mmap(nullptr, 2 * kHugeBlockBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  DB_ASSERT(map != MAP_FAILED);
  uint8_t* from = static_cast<uint8_t*>(map);
  const size_t before = (kHugeBlockBytes - reinterpret_cast<uintptr_t>(from) % kHugeBlockBytes) % kHugeBlockBytes;
  if (before > 0) munmap(from, before);
  munmap(from + before + kHugeBlockBytes, kHugeBlockBytes - before);
#ifdef MADV_HUGEPAGE
  (void)madvise(from + before, kHugeBlockBytes, MADV_HUGEPAGE);
#endif
  return from + before;
}

}  // namespace

void* TakeHugeBlock() {
  {
    const std::lock_guard lock(mutex);
    taken++;
    if (!kept.empty()) {
      void* block = kept.back();
      kept.pop_back();
      return block;
    }
  }
  return Map();
}

void GiveHugeBlock(void* block) {
  {
    const std::lock_guard lock(mutex);
    taken--;
    if (taken + kept.size() < blocks_max) {
      kept.push_back(block);
      return;
    }
  }
  munmap(block, kHugeBlockBytes);
}

void KeepHugeBlocks(size_t count) {
  const std::lock_guard lock(mutex);
  blocks_max = count;
}

void TrimHugeBlocks() {
  std::vector<void*> blocks;
  {
    const std::lock_guard lock(mutex);
    blocks = std::exchange(kept, {});
  }
  for (void* block : blocks) munmap(block, kHugeBlockBytes);
}

}  // namespace ferrosa

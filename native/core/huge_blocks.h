// native/core/huge_blocks.h: blocks of memory of the size of a huge page, for memtables. Those that are given back are kept for the next
// one: a fresh block costs the kernel 2 MiB of zeros, some 200 us in the middle of a write.
#pragma once
#include <cstddef>

namespace ferrosa {

// The page size of huge pages on x86-64 and, by default, AArch64. What is searched at random in a large memtable misses the TLB at
// nearly every step with small pages.
inline constexpr size_t kHugeBlockBytes = size_t{2} << 20;

// From any thread. Aligned to its size; what it holds is anything. Running out of memory stops the process.
void* TakeHugeBlock();
void GiveHugeBlock(void* block);
// Blocks that are given back are kept while no more than so many are taken and kept together; none until this is called.
void KeepHugeBlocks(size_t count);
// Gives the blocks that are kept back to the system.
void TrimHugeBlocks();

}  // namespace ferrosa

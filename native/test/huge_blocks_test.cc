// Blocks that memtables leave behind: kept for the next one up to a bound, given back when they are trimmed.
#include <sys/mman.h>

#include <cstring>

#include "core/huge_blocks.h"
#include "test.h"

using namespace ferrosa;
using namespace ferrosa::test;

TEST(huge_blocks_are_kept_for_the_next_up_to_a_bound) {
  KeepHugeBlocks(1);
  void* a = TakeHugeBlock();
  void* b = TakeHugeBlock();
  CHECK(a != b && reinterpret_cast<uintptr_t>(a) % kHugeBlockBytes == 0 && reinterpret_cast<uintptr_t>(b) % kHugeBlockBytes == 0);
  std::memset(a, 0xa5, kHugeBlockBytes);
  std::memset(b, 0xa5, kHugeBlockBytes);
  GiveHugeBlock(a);
  GiveHugeBlock(b);
  void* again = TakeHugeBlock();
  CHECK(again == a);
  unsigned char resident = 0;
  // The one beyond the bound is gone from the process.
  CHECK(mincore(b, 4096, &resident) != 0);
  GiveHugeBlock(again);
  TrimHugeBlocks();
  CHECK(mincore(a, 4096, &resident) != 0);
  KeepHugeBlocks(0);
}

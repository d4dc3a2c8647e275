// Blocks that memtables leave behind: kept for the next one as long as there are few in all, given back when they are trimmed.
#include <sys/mman.h>

#include <cstring>

#include "core/huge_blocks.h"
#include "test.h"

using namespace ferrosa;
using namespace ferrosa::test;

TEST(huge_blocks_are_kept_for_the_next_while_there_are_few) {
  KeepHugeBlocks(2);
  void* a = TakeHugeBlock();
  void* b = TakeHugeBlock();
  void* c = TakeHugeBlock();
  CHECK(a != b && reinterpret_cast<uintptr_t>(a) % kHugeBlockBytes == 0 && reinterpret_cast<uintptr_t>(b) % kHugeBlockBytes == 0);
  std::memset(a, 0xa5, kHugeBlockBytes);
  std::memset(b, 0xa5, kHugeBlockBytes);
  unsigned char resident = 0;
  GiveHugeBlock(b);
  // Two are taken still: it is gone from the process.
  CHECK(mincore(b, 4096, &resident) != 0);
  GiveHugeBlock(a);
  void* again = TakeHugeBlock();
  CHECK(again == a);
  GiveHugeBlock(again);
  GiveHugeBlock(c);
  TrimHugeBlocks();
  CHECK(mincore(a, 4096, &resident) != 0);
  KeepHugeBlocks(0);
}

// native/core/writeback.h: pages that the disk may begin with before anybody waits for them.
#pragma once
#include <fcntl.h>

#include <cstdint>

namespace ferrosa {

#ifdef SYNC_FILE_RANGE_WRITE
inline constexpr bool kHasWriteback = true;
#else
inline constexpr bool kHasWriteback = false;
#endif

// Hands written pages of a file to the disk and does not wait for it. What the system cannot, or fails to, is up to a sync.
inline void BeginWriteback(int fd, uint64_t from, uint64_t bytes) {
#ifdef SYNC_FILE_RANGE_WRITE
  (void)::sync_file_range(fd, static_cast<off64_t>(from), static_cast<off64_t>(bytes), SYNC_FILE_RANGE_WRITE);
#else
  (void)fd, (void)from, (void)bytes;
#endif
}

}  // namespace ferrosa

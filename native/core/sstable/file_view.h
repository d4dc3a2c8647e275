// native/core/sstable/file_view.h: a component of an SSTable as the chunks of the cache.
#pragma once
#include <cstdint>
#include <string>

#include "../chunk_cache.h"
#include "../unfiltered.h"

namespace ferrosa {

// One immutable file. `length` counts uncompressed bytes; every chunk but the last has chunk_bytes.
struct ComponentFile {
  uint32_t number = 0;  // ChunkCache::NewFile
  uint64_t length = 0;
  uint32_t chunk_bytes = 16384;
  std::string path;  // for messages
};


// Reads ranges of one file. A range that lies in one chunk is given as it is, another is copied together; either lives until the next Fetch.
class FileView {
 public:
  FileView(ChunkCache* cache, const ComponentFile* file, MissList* misses) : cache_(cache), file_(file), misses_(misses) {}

  // At least `want` bytes from `position` (all that the chunk has when they are in it); fewer only at the end of the file.
  // kItem, kMiss (all chunks of the range that are absent are listed) or kEnd when position is not in the file.
  Step Fetch(uint64_t position, uint64_t want, Slice* out);

  const ComponentFile& file() const { return *file_; }

 private:
  ChunkPtr Chunk(uint32_t index);

  ChunkCache* cache_;
  const ComponentFile* file_;
  MissList* misses_;
  ChunkPtr chunk_;
  uint32_t chunk_index_ = 0;
  uint64_t chunk_start_ = 0;  // in the file
  std::vector<uint8_t> joined_;
};

}  // namespace ferrosa

// native/core/chunk_cache.h: verified chunks of immutable files, by (file, chunk). The addon reads no disk: a cursor that needs a chunk that
// is absent lists it as a miss; JavaScript reads, checks, decompresses and inserts it and calls again.
//
// A chunk lives as long as somebody holds its ChunkPtr, whatever the cache evicts. A chunk that was inserted and not yet read is not evicted: a read
// that wants more than the budget at once gets it. A read may also pass ReadPins: what one attempt touched stays reachable in the next.
//
// Thread safety: none; a cache belongs to one thread.
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "bytes.h"

namespace ferrosa {

using ChunkBytes = std::vector<uint8_t>;
using ChunkPtr = std::shared_ptr<const ChunkBytes>;

inline constexpr uint64_t kFreshInsertions = 1 << 16;
inline constexpr size_t kLooksPerInsertion = 32;  // however many are fresh: what is left to evict is met at later insertions
inline constexpr size_t kChunksKeptMin = 64;  // never evicted below: one descent through indexes and data, whatever the budget

// What one read holds on to across its attempts.
class ReadPins {
 public:
  // Forgets the attempt before the last; call before each attempt.
  void Restart() {
    previous_ = std::move(current_);
    current_.clear();
  }

 private:
  friend class ChunkCache;
  std::unordered_map<uint64_t, ChunkPtr> previous_;
  std::unordered_map<uint64_t, ChunkPtr> current_;
};

class ChunkCache {
 public:
  explicit ChunkCache(size_t budget_bytes) : budget_(budget_bytes) {}
  ChunkCache(const ChunkCache&) = delete;
  ChunkCache& operator=(const ChunkCache&) = delete;

  // A number for a file that is opened; never given again.
  uint32_t NewFile() { return next_file_++; }
  // Drops every chunk of the file.
  void RemoveFile(uint32_t file);
  // Null when absent.
  ChunkPtr Get(uint32_t file, uint32_t chunk);
  // Replaces what is there. The bytes are verified: nobody checks them again.
  void Insert(uint32_t file, uint32_t chunk, ChunkPtr bytes);
  // Called for a chunk that is absent: on threads that may block, where nothing is a miss. Null from it is a miss all the same.
  using Loader = std::function<ChunkPtr(uint32_t file, uint32_t chunk)>;
  void SetLoader(Loader loader) { loader_ = std::move(loader); }
  // The read that runs now, null for none. The pins outlive their use here.
  void SetPins(ReadPins* pins) { pins_ = pins; }
  ReadPins* pins() const { return pins_; }

  void SetBudget(size_t bytes) {
    budget_ = bytes;
    Evict(map_.size());
  }
  size_t used_bytes() const { return used_; }
  size_t chunks() const { return map_.size(); }
  uint64_t hits() const { return hits_; }
  uint64_t misses() const { return misses_; }

 private:
  struct Entry {
    uint64_t key;
    ChunkPtr bytes;
    uint64_t fresh_until;  // insertions after which nobody will come for it any more; 0 once it was read
  };
  using Lru = std::list<Entry>;  // most recently used first
  static uint64_t Key(uint32_t file, uint32_t chunk) { return static_cast<uint64_t>(file) << 32 | chunk; }
  void Insert(uint32_t file, uint32_t chunk, ChunkPtr bytes, uint64_t fresh_until);
  // Looks at so many of the least recently used.
  void Evict(size_t looks);

  size_t budget_;
  size_t used_ = 0;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
  uint64_t insertions_ = 0;
  uint32_t next_file_ = 1;
  ReadPins* pins_ = nullptr;
  Loader loader_;
  Lru lru_;
  std::unordered_map<uint64_t, Lru::iterator> map_;
};

// Holds `pins` as the cache's while it lives.
class PinScope {
 public:
  PinScope(ChunkCache* cache, ReadPins* pins) : cache_(cache), before_(cache->pins()) { cache->SetPins(pins); }
  ~PinScope() { cache_->SetPins(before_); }
  PinScope(const PinScope&) = delete;
  PinScope& operator=(const PinScope&) = delete;

 private:
  ChunkCache* cache_;
  ReadPins* before_;
};

}  // namespace ferrosa

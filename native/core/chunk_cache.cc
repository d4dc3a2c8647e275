#include "chunk_cache.h"

namespace ferrosa {

void ChunkCache::RemoveFile(uint32_t file) {
  for (auto it = lru_.begin(); it != lru_.end();) {
    if (it->key >> 32 != file) {
      ++it;
      continue;
    }
    used_ -= it->bytes->size();
    map_.erase(it->key);
    it = lru_.erase(it);
  }
}

ChunkPtr ChunkCache::Get(uint32_t file, uint32_t chunk) {
  const uint64_t key = Key(file, chunk);
  ChunkPtr found;
  const auto it = map_.find(key);
  if (it != map_.end()) {
    if (it->second != lru_.begin()) lru_.splice(lru_.begin(), lru_, it->second);
    found = it->second->bytes;
    it->second->fresh_until = 0;
  } else if (pins_) {
    const auto pinned = pins_->previous_.find(key);
    if (pinned != pins_->previous_.end()) found = pinned->second;
  }
  if (!found) {
    misses_++;
    if (!loader_) return nullptr;
    found = loader_(file, chunk);
    if (found) Insert(file, chunk, found, 0);  // this is its read
    return found;
  }
  hits_++;
  if (pins_) pins_->current_.emplace(key, found);
  return found;
}

void ChunkCache::Insert(uint32_t file, uint32_t chunk, ChunkPtr bytes) {
  Insert(file, chunk, std::move(bytes), insertions_ + 1 + kFreshInsertions);
}

void ChunkCache::Insert(uint32_t file, uint32_t chunk, ChunkPtr bytes, uint64_t fresh_until) {
  const uint64_t key = Key(file, chunk);
  if (pins_) pins_->current_[key] = bytes;
  const auto it = map_.find(key);
  if (it != map_.end()) {
    used_ -= it->second->bytes->size();
    lru_.erase(it->second);
    map_.erase(it);
  }
  used_ += bytes->size();
  insertions_++;
  lru_.push_front(Entry{key, std::move(bytes), fresh_until});
  map_[key] = lru_.begin();
  Evict(kLooksPerInsertion);
}

void ChunkCache::Evict(size_t looks) {
  for (; looks > 0 && used_ > budget_ && map_.size() > kChunksKeptMin; looks--) {
    const auto last = std::prev(lru_.end());
    if (last->fresh_until > insertions_) {
      lru_.splice(lru_.begin(), lru_, last);
      continue;
    }
    used_ -= last->bytes->size();
    map_.erase(last->key);
    lru_.erase(last);
  }
}

}  // namespace ferrosa

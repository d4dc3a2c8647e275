#include "file_view.h"

#include <algorithm>

namespace ferrosa {

ChunkPtr FileView::Chunk(uint32_t index) {
  if (chunk_ && chunk_index_ == index) return chunk_;
  ChunkPtr found = cache_->Get(file_->number, index);
  if (!found) misses_->push_back(Miss{file_->number, index});
  return found;
}

Step FileView::Fetch(uint64_t position, uint64_t want, Slice* out) {
  if (position >= file_->length) return Step::kEnd;
  want = std::min(std::max<uint64_t>(want, 1), file_->length - position);
  // Most fetches are behind the one before, in its chunk.
  if (chunk_ && position >= chunk_start_ && position - chunk_start_ + want <= chunk_->size()) {
    const size_t at = static_cast<size_t>(position - chunk_start_);
    *out = Slice(chunk_->data() + at, chunk_->size() - at);
    return Step::kItem;
  }
  const uint32_t first = static_cast<uint32_t>(position / file_->chunk_bytes);
  const uint32_t last = static_cast<uint32_t>((position + want - 1) / file_->chunk_bytes);
  const size_t offset = static_cast<size_t>(position % file_->chunk_bytes);
  if (first == last) {
    ChunkPtr found = Chunk(first);
    if (!found) return Step::kMiss;
    chunk_ = std::move(found);
    chunk_index_ = first;
    chunk_start_ = position - offset;
    if (chunk_->size() < offset + want) return Step::kEnd;
    *out = Slice(chunk_->data() + offset, chunk_->size() - offset);
    return Step::kItem;
  }
  std::vector<ChunkPtr> parts;
  bool missing = false;
  for (uint32_t i = first; i <= last; i++) {
    parts.push_back(Chunk(i));
    missing = missing || !parts.back();
  }
  if (missing) return Step::kMiss;
  joined_.clear();
  for (size_t i = 0; i < parts.size(); i++) {
    const size_t from = i == 0 ? offset : 0;
    if (from > parts[i]->size()) return Step::kEnd;
    joined_.insert(joined_.end(), parts[i]->begin() + static_cast<ptrdiff_t>(from), parts[i]->end());
  }
  if (joined_.size() < want) return Step::kEnd;
  chunk_ = std::move(parts.back());
  chunk_index_ = last;
  chunk_start_ = uint64_t{last} * file_->chunk_bytes;
  *out = Slice(joined_);
  return Step::kItem;
}

}  // namespace ferrosa

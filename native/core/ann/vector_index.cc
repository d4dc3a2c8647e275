// Rows of vectors. Searches are in vector_search.cc, files in vector_file.cc.
#include "vector_index.h"

#include <algorithm>

#include "../hash.h"

namespace ferrosa {
namespace {

constexpr size_t kLinks = 1;  // a piece of work

uint64_t RowHash(const VectorRow& row) {
  return std::hash<std::string_view>()(row.id) ^ (static_cast<uint64_t>(row.token) * 0x9e3779b97f4a7c15ULL);
}

}  // namespace

Slice VectorIndex::KeyOf(std::string_view id) {
  if (id.size() < 2) return {};
  const auto* bytes = reinterpret_cast<const uint8_t*>(id.data());
  const size_t n = LoadLE<uint16_t>(bytes);
  return n + 2 > id.size() ? Slice() : Slice(bytes + 2, n);
}

void VectorIndex::Place(uint32_t slot, const VectorRow& row, int64_t timestamp, int64_t fingerprint) {
  if (rows_.size() <= slot) rows_.resize(slot + 1);
  Row& r = rows_[slot];
  id_bytes_ += row.id.size();
  r.token = row.token;
  r.timestamp = timestamp;
  r.fingerprint = fingerprint;
  r.stamp = ++stamp_;
  r.pass = pass_;
  r.live = true;
  r.id.assign(row.id);
  by_row_.emplace(RowHash(row), slot);
  live_++;
  NoteChange(slot);
}

void VectorIndex::Take(uint32_t slot) {
  Row& r = rows_[slot];
  auto [at, end] = by_row_.equal_range(RowHash({r.token, r.id}));
  for (; at != end; ++at)
    if (at->second == slot) {
      by_row_.erase(at);
      break;
    }
  r.live = false;
  id_bytes_ -= r.id.size();
  r.id.clear();
  r.id.shrink_to_fit();
  live_--;
  finder_->Remove(slot);
}

bool VectorIndex::Add(const VectorRow& row, int64_t timestamp, Slice value) {
  prepared_.resize(finder_->padded());
  if (!finder_->Prepare(value, prepared_.data())) return false;
  AddPrepared(row, timestamp, MurmurToken(value), prepared_.data());
  return true;
}

void VectorIndex::AddPrepared(const VectorRow& row, int64_t timestamp, int64_t fingerprint, const float* prepared) {
  auto [at, end] = by_row_.equal_range(RowHash(row));
  while (at != end) {
    const uint32_t slot = at->second;
    ++at;  // Take ends what it points at
    Row& r = rows_[slot];
    if (r.token != row.token || r.id != row.id) continue;
    if (r.fingerprint == fingerprint) {
      // Whoever has found it stale has looked before this write.
      r.timestamp = std::max(r.timestamp, timestamp);
      r.stamp = ++stamp_;
      r.pass = pass_;
      return;
    }
    if (r.timestamp < timestamp) Take(slot);
  }
  const uint32_t slot = finder_->Add(prepared);
  Place(slot, row, timestamp, fingerprint);
  waiting_.push_back(slot);
  if (waiting() > limits_.waiting_max) LinkNext();
}

void VectorIndex::Delete(const VectorRow& row, int64_t timestamp) {
  auto [at, end] = by_row_.equal_range(RowHash(row));
  while (at != end) {
    const uint32_t slot = at->second;
    ++at;
    const Row& r = rows_[slot];
    if (r.token == row.token && r.id == row.id && r.timestamp <= timestamp) Take(slot);
  }
}

void VectorIndex::DeletePartition(int64_t token, Slice key, int64_t timestamp) {
  for (uint32_t slot = 0; slot < rows_.size(); slot++) {
    const Row& r = rows_[slot];
    if (r.live && r.token == token && r.timestamp <= timestamp && KeyOf(r.id) == key) Take(slot);
  }
}

void VectorIndex::Forget(uint32_t slot, uint64_t stamp) {
  if (slot < rows_.size() && rows_[slot].live && rows_[slot].stamp == stamp) Take(slot);
}

float VectorIndex::Score(float distance) const {
  if (shape().similarity == Similarity::kEuclidean) return 1 / (1 + distance);
  return (1 - distance) / 2;
}

void VectorIndex::LinkNext() {
  while (first_waiting_ < waiting_.size()) {
    const uint32_t slot = waiting_[first_waiting_++];
    if (finder_->state(slot) != VectorSlots::State::kWaiting) continue;
    finder_->Link(slot);
    NoteChange(slot);
    break;
  }
  if (first_waiting_ == waiting_.size()) {
    waiting_.clear();
    first_waiting_ = 0;
  } else if (first_waiting_ > 1024 && first_waiting_ * 2 > waiting_.size()) {
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<long>(first_waiting_));
    first_waiting_ = 0;
  }
}

bool VectorIndex::Work() {
  if (first_waiting_ < waiting_.size()) {
    for (size_t i = 0; i < kLinks; i++) LinkNext();
  } else if (finder_->untidy()) {
    finder_->Tidy();
  }
  return has_work();
}

void VectorIndex::EndPass() {
  for (uint32_t slot = 0; slot < rows_.size(); slot++)
    if (rows_[slot].live && rows_[slot].pass < pass_) Take(slot);
}

size_t VectorIndex::bytes() const {
  // A node of the map: two pointers, hash and pair.
  return finder_->bytes() + rows_.size() * sizeof(Row) + id_bytes_ + by_row_.size() * 40 + by_row_.bucket_count() * 8 +
         waiting_.capacity() * 4;
}

}  // namespace ferrosa

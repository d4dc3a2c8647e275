// Linking, centres and upkeep. Searches and files are in lists_search.cc.
#include "lists.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ferrosa {

// xorshift64*
uint64_t Lists::Random() {
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  return random_ * 0x2545f4914f6cdd1dULL;
}

// By distance, whatever the similarity: of vectors of length one it is in the order of cosines, and parts those that lie together.
uint32_t Lists::NearestOf(const std::vector<float>& centres, const float* vector) const {
  uint32_t nearest = 0;
  float least = std::numeric_limits<float>::infinity();
  const size_t count = CountOf(centres);
  for (uint32_t i = 0; i < count; i++) {
    const float distance = SquaredDistance(vector, centres.data() + i * padded_, padded_);
    if (!(distance < least)) continue;
    least = distance;
    nearest = i;
  }
  return nearest;
}

void Lists::Link(uint32_t slot) {
  const uint32_t list = NearestOf(centres_, vector(slot));
  lists_[list].push_back(slot);
  if (list_of_.size() < slots()) list_of_.resize(slots(), kNone);
  list_of_[slot] = list;
  states_[slot] = State::kLinked;
  linked_++;
  // The move has passed it by.
  if (training_ == nullptr || !training_->moving || slot >= training_->at) return;
  const uint32_t to = NearestOf(training_->centres, vector(slot));
  training_->lists[to].push_back(slot);
  training_->list_of[slot] = to;
}

void Lists::StartTraining() {
  training_ = std::make_unique<Training>();
  std::vector<uint32_t>& sample = training_->sample;
  // Some come twice, which does no harm.
  while (sample.size() < shape_.lists * kSampleAList) {
    const auto slot = static_cast<uint32_t>(Random() % slots());
    if (IsLive(slot)) sample.push_back(slot);
  }
  for (size_t i = 0; i < shape_.lists; i++)
    training_->centres.insert(training_->centres.end(), vector(sample[i]), vector(sample[i]) + padded_);
  training_->sums.assign(shape_.lists * padded_, 0);
  training_->counts.assign(shape_.lists, 0);
}

// Some of the sample to their centres.
void Lists::Part() {
  Training& t = *training_;
  const size_t end = std::min(t.sample.size(), t.at + std::max<size_t>(1, kPiece / shape_.lists));
  for (; t.at < end; t.at++) {
    // A slot that was given to another vector meanwhile is as good a sample.
    const float* from = vector(t.sample[t.at]);
    const uint32_t nearest = NearestOf(t.centres, from);
    float* sum = t.sums.data() + nearest * padded_;
    for (size_t i = 0; i < padded_; i++) sum[i] += from[i];
    t.counts[nearest]++;
  }
}

void Lists::MoveCentres() {
  Training& t = *training_;
  for (size_t i = 0; i < shape_.lists; i++) {
    float* centre = t.centres.data() + i * padded_;
    const float* sum = t.sums.data() + i * padded_;
    // A centre that nobody is nearest to tries elsewhere.
    const float* from = t.counts[i] == 0 ? vector(t.sample[Random() % t.sample.size()]) : sum;
    const float part = t.counts[i] == 0 ? 1 : 1 / static_cast<float>(t.counts[i]);
    for (size_t k = 0; k < padded_; k++) centre[k] = from[k] * part;
    if (shape_.similarity == Similarity::kCosine) Normalize(centre, padded_);
  }
  std::fill(t.sums.begin(), t.sums.end(), 0.0f);
  std::fill(t.counts.begin(), t.counts.end(), 0);
  t.at = 0;
  if (++t.round < kRounds) return;
  t.moving = true;
  t.lists.resize(shape_.lists);
}

void Lists::MoveVectors() {
  Training& t = *training_;
  t.list_of.resize(slots(), kNone);
  const size_t end = std::min(slots(), t.at + std::max<size_t>(1, kPiece / shape_.lists));
  for (; t.at < end; t.at++) {
    const auto slot = static_cast<uint32_t>(t.at);
    if (!IsLive(slot)) continue;
    const uint32_t list = NearestOf(t.centres, vector(slot));
    t.lists[list].push_back(slot);
    t.list_of[slot] = list;
  }
}

void Lists::TakeOver() {
  Training& t = *training_;
  t.list_of.resize(slots(), kNone);
  // What had been deleted when its turn came is in no list any more.
  for (uint32_t slot = 0; slot < slots(); slot++)
    if (states_[slot] == State::kDeleted && t.list_of[slot] == kNone) {
      Free(slot);
      deleted_--;
    }
  centres_ = std::move(t.centres);
  lists_ = std::move(t.lists);
  list_of_ = std::move(t.list_of);
  trained_at_ = linked_;
  generation_++;
  tidying_ = false;
  training_.reset();
}

// Deleted vectors of some lists.
void Lists::TakeOut() {
  if (!tidying_) tidied_ = 0;
  tidying_ = true;
  for (size_t seen = 0; tidied_ < lists_.size() && seen < kTidyPiece; tidied_++) {
    std::vector<uint32_t>& list = lists_[tidied_];
    seen += list.size() + 1;
    std::erase_if(list, [this](uint32_t slot) {
      if (states_[slot] != State::kDeleted) return false;
      Free(slot);
      deleted_--;
      return true;
    });
  }
  generation_++;
  tidying_ = tidied_ < lists_.size();
}

bool Lists::Tidy() {
  if (training_ == nullptr && WantsCentres() && !tidying_) StartTraining();
  if (training_ == nullptr) {
    if (tidying_ || TooManyDeleted()) TakeOut();
    return untidy();
  }
  if (!training_->moving) {
    Part();
    if (training_->at == training_->sample.size()) MoveCentres();
  } else {
    MoveVectors();
    if (training_->at == slots()) TakeOver();
  }
  return true;
}

size_t Lists::bytes() const {
  size_t all = slot_bytes() + centres_.capacity() * sizeof(float) + list_of_.capacity() * sizeof(uint32_t);
  for (const auto& list : lists_) all += sizeof(list) + list.capacity() * sizeof(uint32_t);
  return all;
}

}  // namespace ferrosa

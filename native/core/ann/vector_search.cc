// Searches of a vector index.
#include "vector_search.h"

#include <algorithm>
#include <utility>

#include "vector_index.h"

namespace ferrosa {
namespace {

// A part of the vectors that is this small is compared one by one: the graph would lead through all the others.
constexpr size_t kScopePart = 16;
// Rows whose scope is looked at for the cost of a comparison.
constexpr size_t kScopeRows = 8;
// Candidates whose exact distances are worth computing, beside as many as are wanted twice.
constexpr size_t kRankMore = 16;

}  // namespace

VectorSearch::~VectorSearch() {
  if (index_ != nullptr) index_->Leave(this);
}

VectorIndex::~VectorIndex() {
  while (!open_.empty()) Leave(open_.back());
}

void VectorIndex::Leave(VectorSearch* search) {
  if (search->listed_) std::erase(open_, search);
  search->listed_ = false;
  search->index_ = nullptr;
}

void VectorIndex::NoteChange(uint32_t slot) {
  for (VectorSearch* search : open_) search->since_.push_back(slot);
}

bool VectorIndex::Admits(const VectorScope& scope, const Row& row) const {
  return scope.all || (row.token >= scope.start && row.token <= scope.end && (scope.key.is_null() || KeyOf(row.id) == scope.key));
}

bool VectorIndex::Begin(Slice query, size_t count, size_t beam, const VectorScope& scope, VectorSearch* search) {
  VectorSearch& s = *search;
  if (s.index_ != nullptr) s.index_->Leave(search);
  s.query_.resize(finder_->padded());
  if (!finder_->Prepare(query, s.query_.data())) return false;
  s.code_.resize(finder_->code_bytes());
  finder_->Encode(s.query_.data(), s.code_.data());
  s.index_ = this;
  s.count_ = std::max<size_t>(1, count);
  s.beam_ = std::max(s.count_, beam);
  s.scope_ = scope;
  if (!scope.key.is_null()) {
    s.key_.assign(reinterpret_cast<const char*>(scope.key.data), scope.key.size);
    s.scope_.key = Slice(s.key_);
  }
  s.allowed_.clear();
  s.admitted_ = scope.all ? live_ : 0;
  s.at_ = 0;
  s.found_.clear();
  s.ranked_.clear();
  s.since_.clear();
  s.hits_.clear();
  s.phase_ = scope.all ? VectorSearch::Phase::kChoose : VectorSearch::Phase::kScope;
  return true;
}

bool VectorIndex::Continue(VectorSearch* search, size_t budget) {
  VectorSearch& s = *search;
  while (Advance(&s, &budget))
    if (s.phase_ == VectorSearch::Phase::kRank && s.at_ == s.found_.size()) {
      Settle(&s);
      Leave(&s);
      return true;
    }
  // From here on it is told of what changes.
  if (!s.listed_) open_.push_back(search);
  s.listed_ = true;
  return false;
}

// One phase, or as much of it as the budget allows. False: that was not all.
bool VectorIndex::Advance(VectorSearch* s, size_t* budget) {
  using Phase = VectorSearch::Phase;
  if (*budget == 0) return false;
  switch (s->phase_) {
    case Phase::kScope:
      if (!Sift(s, budget)) return false;
      s->phase_ = Phase::kChoose;
      return true;
    case Phase::kChoose:
      s->at_ = 0;
      if (s->admitted_ <= limits_.exact_max || s->admitted_ <= s->count_ || (!s->scope_.all && s->admitted_ < live_ / kScopePart)) {
        s->phase_ = Phase::kExact;
        return true;
      }
      finder_->Begin({s->query_.data(), s->code_.data()}, s->beam_, &s->walk_);
      s->phase_ = Phase::kGraph;
      return true;
    case Phase::kExact:
      if (!Exact(s, budget)) return false;
      s->phase_ = Phase::kGather;
      return true;
    case Phase::kGraph:
      if (!finder_->Continue({s->query_.data(), s->code_.data()}, s->scope_.all ? nullptr : &s->allowed_, &s->walk_, budget))
        return false;
      TakeNearest(s);
      TakeWaiting(s);
      s->phase_ = Phase::kGather;
      return true;
    case Phase::kGather:
      TakeChanges(s);
      s->phase_ = Phase::kRank;
      s->at_ = 0;
      return true;
    case Phase::kRank:
      return Rank(s, budget);
  }
  return true;
}

// Which rows are of the scope.
bool VectorIndex::Sift(VectorSearch* s, size_t* budget) const {
  s->allowed_.resize(rows_.size());
  for (; s->at_ < rows_.size(); s->at_++) {
    if (s->at_ % kScopeRows == 0) {
      if (*budget == 0) return false;
      --*budget;
    }
    const Row& row = rows_[s->at_];
    const bool admits = row.live && Admits(s->scope_, row);
    s->allowed_[s->at_] = admits;
    s->admitted_ += admits;
  }
  return true;
}

bool VectorIndex::Exact(VectorSearch* s, size_t* budget) const {
  for (; s->at_ < rows_.size(); s->at_++) {
    const auto slot = static_cast<uint32_t>(s->at_);
    if (*budget == 0) return false;
    const bool wanted = rows_[slot].live && (s->scope_.all || (slot < s->allowed_.size() && s->allowed_[slot]));
    if (!wanted) {
      if (slot % kScopeRows == 0) --*budget;
      continue;
    }
    *budget -= std::min(*budget, finder_->cost());
    AddRanked(s, slot);
  }
  return true;
}

void VectorIndex::AddRanked(VectorSearch* s, uint32_t slot) const {
  if (!rows_[slot].live) return;
  const VectorSearch::Ranked one{{finder_->Distance(s->query_.data(), slot), slot}, rows_[slot].stamp};
  if (s->ranked_.size() >= s->count_ && !(one < s->ranked_.front())) return;
  s->ranked_.push_back(one);
  std::push_heap(s->ranked_.begin(), s->ranked_.end());
  if (s->ranked_.size() <= s->count_) return;
  std::pop_heap(s->ranked_.begin(), s->ranked_.end());
  s->ranked_.pop_back();
}

// Of what the walk has found, as many as may be among the nearest by exact distances.
void VectorIndex::TakeNearest(VectorSearch* s) const {
  s->found_.assign(s->walk_.best.begin(), s->walk_.best.end());
  std::sort(s->found_.begin(), s->found_.end());
  const size_t worth = s->count_ * 2 + kRankMore;
  if (s->found_.size() > worth) s->found_.resize(worth);
}

// What the graph does not have.
void VectorIndex::TakeWaiting(VectorSearch* s) const {
  for (size_t i = first_waiting_; i < waiting_.size(); i++)
    if (finder_->state(waiting_[i]) == VectorSlots::State::kWaiting && Admits(s->scope_, rows_[waiting_[i]])) s->found_.push_back({0, waiting_[i]});
}

// What was written or linked behind the back of the search. Each slot once: what is ranked already is ranked anew.
void VectorIndex::TakeChanges(VectorSearch* s) const {
  for (const uint32_t slot : std::exchange(s->since_, {}))
    if (rows_[slot].live && Admits(s->scope_, rows_[slot])) s->found_.push_back({0, slot});
  const auto by_slot = [](const SlotHit& a, const SlotHit& b) { return a.slot < b.slot; };
  std::sort(s->found_.begin(), s->found_.end(), by_slot);
  const auto same = [](const SlotHit& a, const SlotHit& b) { return a.slot == b.slot; };
  s->found_.erase(std::unique(s->found_.begin(), s->found_.end(), same), s->found_.end());
  std::erase_if(s->ranked_, [&](const VectorSearch::Ranked& one) {
    return std::binary_search(s->found_.begin(), s->found_.end(), one.hit, by_slot);
  });
  std::make_heap(s->ranked_.begin(), s->ranked_.end());
}

bool VectorIndex::Rank(VectorSearch* s, size_t* budget) const {
  for (; s->at_ < s->found_.size(); s->at_++) {
    if (*budget == 0) return false;
    if (s->at_ + 1 < s->found_.size()) finder_->PrefetchVector(s->found_[s->at_ + 1].slot);
    *budget -= std::min(*budget, finder_->cost());
    AddRanked(s, s->found_[s->at_].slot);
  }
  return true;
}

// What has changed since it was compared is compared again; what is gone is no hit.
void VectorIndex::Settle(VectorSearch* s) const {
  if (!s->since_.empty()) {
    s->found_.clear();
    TakeChanges(s);
    for (const SlotHit& hit : s->found_) AddRanked(s, hit.slot);
  }
  std::erase_if(s->ranked_, [&](VectorSearch::Ranked& one) {
    const Row& row = rows_[one.hit.slot];
    if (!row.live || !Admits(s->scope_, row)) return true;
    if (row.stamp != one.stamp) one.hit.distance = finder_->Distance(s->query_.data(), one.hit.slot);
    return false;
  });
  std::sort(s->ranked_.begin(), s->ranked_.end());
  for (const VectorSearch::Ranked& one : s->ranked_) {
    const Row& row = rows_[one.hit.slot];
    s->hits_.push_back({one.hit.distance, one.hit.slot, row.stamp, row.fingerprint});
  }
  s->all_ = s->hits_.size() >= s->admitted_;
}

}  // namespace ferrosa

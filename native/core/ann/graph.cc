// Linking and removing. Searches are in graph_search.cc.
#include "graph.h"

#include <algorithm>
#include <cmath>

namespace ferrosa {

// Room for the links of every slot.
void Graph::Grow() {
  while (lowest_.size() * kBlock < slots()) lowest_.push_back(std::make_unique<uint32_t[]>(kBlock * (Room(0) + 1)));
  if (levels_.size() >= slots()) return;
  levels_.resize(slots(), 0);
  upper_.resize(slots());
}

const uint32_t* Graph::Neighbours(uint32_t slot, int layer) const {
  if (layer == 0) return lowest_[slot / kBlock].get() + (slot % kBlock) * (Room(0) + 1);
  return upper_[slot].data() + static_cast<size_t>(layer - 1) * (Room(1) + 1);
}

// xorshift64*; a level is geometric with 1/connections, as in the paper.
int Graph::RandomLevel() {
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  const double unit = (static_cast<double>((random_ * 0x2545f4914f6cdd1dULL) >> 11) + 1) / 9007199254740993.0;
  const double level = -std::log(unit) / std::log(static_cast<double>(shape_.connections));
  return level > kLevelMax ? kLevelMax : static_cast<int>(level);
}

void Graph::Link(uint32_t slot) {
  Grow();
  const int level = RandomLevel();
  levels_[slot] = static_cast<uint8_t>(level);
  upper_bytes_ -= upper_[slot].capacity() * sizeof(uint32_t);
  upper_[slot].assign(static_cast<size_t>(level) * (Room(1) + 1), 0);
  upper_bytes_ += upper_[slot].capacity() * sizeof(uint32_t);
  List(slot, 0)[0] = 0;
  const VectorProbe probe = ProbeOf(slot);
  // With nothing but deleted vectors there is nobody to be a neighbour of: the graph begins anew.
  if (linked_ == 0) entry_ = kNone;
  if (entry_ != kNone) {
    const int top = levels_[entry_];
    uint32_t from = level < top ? Descend(probe, entry_, level) : entry_;
    for (int layer = std::min(level, top); layer >= 0; layer--) {
      Enter(probe, from, shape_.beam, &walk_);
      size_t budget = SIZE_MAX;
      Follow(probe, layer, nullptr, &walk_, &budget);
      near_.assign(walk_.best.begin(), walk_.best.end());
      std::sort(near_.begin(), near_.end());
      if (near_.empty()) continue;
      from = near_[0].slot;
      Choose(&near_, layer == 0 ? shape_.connections : Room(layer), &chosen_);
      uint32_t* list = List(slot, layer);
      list[0] = static_cast<uint32_t>(chosen_.size());
      std::copy(chosen_.begin(), chosen_.end(), list + 1);
      for (uint32_t i = 1; i <= list[0]; i++) LinkBack(list[i], slot, layer);
    }
  }
  states_[slot] = State::kLinked;
  linked_++;
  if (entry_ == kNone || level > levels_[entry_]) entry_ = slot;
  if (linked_ < kJudgeAll || linked_ % kJudgeEvery == 0) Judge(slot);
}

// How much codes blur the distances to neighbours, as a part of what those differ by among each other. Where it is too much (vectors close
// together and far from zero), walks by codes would not find their way: from then on vectors are compared.
void Graph::Judge(uint32_t slot) {
  const uint32_t* list = Neighbours(slot, 0);
  if (!by_codes_ || shape_.method == VectorMethod::kCodedGraph || list[0] < kJudgeNeighbours) return;
  const VectorProbe probe = ProbeOf(slot);
  double sums[2] = {};
  double squares[2] = {};
  for (uint32_t i = 1; i <= list[0]; i++) {
    const double exact = Distance(probe.floats, list[i]);
    const double error = static_cast<double>(Near(probe, list[i])) - exact;
    if (!std::isfinite(exact) || !std::isfinite(error)) return;
    sums[0] += exact;
    squares[0] += exact * exact;
    sums[1] += error;
    squares[1] += error * error;
  }
  const double n = list[0];
  const double spread = squares[0] / n - sums[0] * sums[0] / n / n;
  const double blur = squares[1] / n - sums[1] * sums[1] / n / n;
  // Vectors that are the same are so by codes as well.
  if (!(spread > 0)) return;
  judged_ += std::min(kBlurMost, std::sqrt(std::max(0.0, blur) / spread));
  judged_count_++;
  if (judged_count_ >= kJudgeMin && judged_ > kBlurMax * static_cast<double>(judged_count_)) by_codes_ = false;
  if (judged_count_ < 4 * kJudgeMin) return;
  judged_ /= 2;  // what was long ago counts less
  judged_count_ /= 2;
}

// Of candidates in the order of their distances those that no chosen one is nearer to than the origin: neighbours in all directions. Room that
// is left gets the nearest of the others.
void Graph::Choose(std::vector<SlotHit>* candidates, size_t room, std::vector<uint32_t>* out) {
  out->clear();
  size_t kept = 0;
  for (size_t i = 0; i < candidates->size() && out->size() < room; i++) {
    const SlotHit candidate = (*candidates)[i];
    const VectorProbe point = ProbeOf(candidate.slot);
    bool covered = false;
    for (const uint32_t chosen : *out)
      if (Near(point, chosen) < candidate.distance) {
        covered = true;
        break;
      }
    if (!covered) out->push_back(candidate.slot);
    else (*candidates)[kept++] = candidate;
  }
  for (size_t i = 0; i < kept && out->size() < room; i++) out->push_back((*candidates)[i].slot);
}

void Graph::LinkBack(uint32_t to, uint32_t from, int layer) {
  uint32_t* list = List(to, layer);
  const uint32_t room = Room(layer);
  if (list[0] < room) {
    list[++list[0]] = from;
    return;
  }
  const VectorProbe origin = ProbeOf(to);
  std::vector<SlotHit>& all = all_;
  all.clear();
  for (uint32_t i = 1; i <= list[0]; i++) Prefetch(list[i]);
  all.push_back({Near(origin, from), from});
  for (uint32_t i = 1; i <= list[0]; i++) all.push_back({Near(origin, list[i]), list[i]});
  std::sort(all.begin(), all.end());
  std::vector<uint32_t>& out = chosen_;
  Choose(&all, room, &out);
  list[0] = static_cast<uint32_t>(out.size());
  std::copy(out.begin(), out.end(), list + 1);
}

void Graph::FindEntry() {
  entry_ = kNone;
  for (uint32_t i = 0; i < states_.size(); i++)
    if (IsLive(i) && (entry_ == kNone || levels_[i] > levels_[entry_])) entry_ = i;
}

// The neighbours of neighbours that leave become its own.
void Graph::HandOn(uint32_t slot, int layer) {
  uint32_t* list = List(slot, layer);
  bool touched = false;
  for (uint32_t i = 1; i <= list[0]; i++) touched = touched || states_[list[i]] == State::kLeaving;
  if (!touched) return;
  const VectorProbe origin = ProbeOf(slot);
  StartWalk(&walk_);
  walk_.seen[slot] = walk_.number;
  std::vector<SlotHit>& all = all_;
  all.clear();
  const auto take = [&](uint32_t other) {
    if (walk_.seen[other] == walk_.number || !IsLive(other)) return;
    walk_.seen[other] = walk_.number;
    all.push_back({Near(origin, other), other});
  };
  for (uint32_t i = 1; i <= list[0]; i++) {
    if (states_[list[i]] != State::kLeaving) {
      take(list[i]);
      continue;
    }
    const uint32_t* beyond = Neighbours(list[i], layer);
    for (uint32_t k = 1; k <= beyond[0]; k++) take(beyond[k]);
  }
  std::sort(all.begin(), all.end());
  Choose(&all, Room(layer), &chosen_);
  list[0] = static_cast<uint32_t>(chosen_.size());
  std::copy(chosen_.begin(), chosen_.end(), list + 1);
}

bool Graph::Tidy() {
  if (!tidying_) {
    if (deleted_ == 0) return false;
    for (State& state : states_)
      if (state == State::kDeleted) state = State::kLeaving;
    tidying_ = true;
    tidied_ = 0;
  }
  const size_t end = std::min(states_.size(), static_cast<size_t>(tidied_) + kTidyNodes);
  for (; tidied_ < end; tidied_++) {
    // What was deleted meanwhile leads on until the next round.
    if (states_[tidied_] != State::kLinked && states_[tidied_] != State::kDeleted) continue;
    for (int layer = levels_[tidied_]; layer >= 0; layer--) HandOn(tidied_, layer);
  }
  if (tidied_ < states_.size()) return true;
  tidying_ = false;
  bool lost_entry = false;
  for (uint32_t i = 0; i < states_.size(); i++) {
    if (states_[i] != State::kLeaving) continue;
    Free(i);
    lost_entry = lost_entry || i == entry_;
    deleted_--;
  }
  if (lost_entry) FindEntry();
  // Without an entry nothing can be found: what was deleted meanwhile goes as well.
  if (entry_ == kNone)
    for (uint32_t i = 0; i < states_.size(); i++)
      if (states_[i] == State::kDeleted) {
        Free(i);
        deleted_--;
      }
  return false;
}

size_t Graph::bytes() const {
  const size_t links = lowest_.size() * kBlock * (Room(0) + 1) * sizeof(uint32_t);
  return slot_bytes() + links + levels_.size() * (sizeof(uint8_t) + sizeof(upper_[0])) + upper_bytes_;
}

void Graph::SaveSlot(uint32_t slot, Writer* out) const {
  out->U8(levels_[slot]);
  for (int layer = 0; layer <= levels_[slot]; layer++) {
    const uint32_t* list = Neighbours(slot, layer);
    out->Var(list[0]);
    for (uint32_t i = 1; i <= list[0]; i++) out->LE<uint32_t>(list[i]);
  }
}

bool Graph::LoadSlot(uint32_t slot, const float* prepared, uint8_t level, Reader* reader) {
  if (level > kLevelMax) return false;
  GrowSlots(static_cast<size_t>(slot) + 1);
  Grow();
  if (states_[slot] != State::kFree) return false;
  levels_[slot] = level;
  upper_bytes_ -= upper_[slot].capacity() * sizeof(uint32_t);
  upper_[slot].assign(static_cast<size_t>(level) * (Room(1) + 1), 0);
  upper_bytes_ += upper_[slot].capacity() * sizeof(uint32_t);
  for (int layer = 0; layer <= level; layer++) {
    uint64_t n;
    if (!reader->Var(&n) || n > Room(layer)) return false;
    uint32_t* list = List(slot, layer);
    list[0] = static_cast<uint32_t>(n);
    for (uint32_t i = 1; i <= list[0]; i++)
      if (!reader->U32(&list[i])) return false;
  }
  Put(slot, prepared);
  states_[slot] = State::kLinked;
  linked_++;
  return true;
}

void Graph::FinishLoad() {
  for (uint32_t slot = 0; slot < states_.size(); slot++) {
    if (states_[slot] == State::kFree) free_.push_back(slot);
    if (states_[slot] != State::kLinked) continue;
    for (int layer = 0; layer <= levels_[slot]; layer++) {
      uint32_t* list = List(slot, layer);
      uint32_t kept = 0;
      for (uint32_t i = 1; i <= list[0]; i++) {
        const uint32_t other = list[i];
        if (other >= states_.size() || other == slot || states_[other] != State::kLinked || levels_[other] < layer) continue;
        list[++kept] = other;
      }
      list[0] = kept;
    }
  }
  FindEntry();
  const size_t every = std::max<size_t>(1, states_.size() / kJudgeAll);
  for (size_t slot = 0; slot < states_.size(); slot += every)
    if (IsLive(static_cast<uint32_t>(slot))) Judge(static_cast<uint32_t>(slot));
}

}  // namespace ferrosa

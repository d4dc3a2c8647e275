#include "spread.h"

#include <algorithm>

#include "limits.h"

namespace ferrosa {
namespace {

// A number names a spread and a part of it.
constexpr uint32_t kPartBits = 9;
constexpr uint32_t kEnd = (1u << kPartBits) - 1;  // the part that ends the entry
constexpr uint64_t kAgainMicros = 1'000'000;
static_assert(kSpreadsMax <= (1u << (31 - kPartBits)));

}  // namespace

Spreads::Spread* Spreads::Find(uint32_t number, Part** part) {
  const uint32_t index = number >> kPartBits;
  const uint32_t which = number & kEnd;
  if (index >= spreads_.size() || !spreads_[index].used) return nullptr;
  Spread& spread = spreads_[index];
  if (which != kEnd && which >= spread.parts.size()) return nullptr;
  *part = which == kEnd ? &spread.end : &spread.parts[which];
  return (*part)->done ? nullptr : &spread;
}

void Spreads::Send(uint32_t spread, uint32_t which) {
  Part& part = which == kEnd ? spreads_[spread].end : spreads_[spread].parts[which];
  part.again = 0;
  sink_->SendPart(part.shard, part.kind, spread << kPartBits | which, Slice(part.payload));
}

bool Spreads::Begin(uint64_t request, uint32_t leader, Slice payload) {
  Spread spread;
  Reader reader(payload);
  uint16_t n;
  if (!reader.U16(&n) || n == 0 || n >= kEnd) return false;
  const auto read = [&](Part* part) {
    uint32_t bytes;
    Slice content;
    if (!reader.U32(&bytes) || !reader.Bytes(bytes, &content)) return false;
    part->payload.assign(content.data, content.data + content.size);
    return true;
  };
  for (uint16_t i = 0; i < n; i++) {
    Part& part = spread.parts.emplace_back();
    if (!reader.U32(&part.shard) || !read(&part)) return false;
  }
  spread.end.shard = leader;
  spread.end.kind = RecordKind::kMutation;
  if (!read(&spread.end) || reader.left() != 0) return false;
  uint32_t index;
  if (free_.empty()) {
    index = static_cast<uint32_t>(spreads_.size());
    spreads_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  spread.used = true;
  spread.request = request;
  spread.left = n;
  spread.serial = begun_++;
  spreads_[index] = std::move(spread);
  open_++;
  for (uint32_t i = 0; i < n; i++) Send(index, i);
  return true;
}

void Spreads::PartDone(uint32_t index, Part* part) {
  Spread& spread = spreads_[index];
  part->done = true;
  if (part == &spread.end) {
    spread = Spread{};
    free_.push_back(index);
    open_--;
    return;
  }
  if (--spread.left > 0) return;
  if (!std::exchange(spread.answered, true)) sink_->SpreadEnded(spread.request, false);
  Send(index, kEnd);
}

void Spreads::Done(uint32_t number) {
  Part* part;
  if (Find(number, &part) != nullptr) PartDone(number >> kPartBits, part);
}

// A table of the batch was dropped meanwhile: each of its mutations for itself.
bool Spreads::TakeApart(uint32_t index, Slice batch, uint32_t shard) {
  Reader reader(batch);
  uint32_t n;
  if (!reader.U32(&n) || spreads_[index].parts.size() + n >= kEnd) return false;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t bytes;
    Slice mutation;
    if (!reader.U32(&bytes) || !reader.Bytes(bytes, &mutation)) return false;
    Part part;
    part.shard = shard;
    part.kind = RecordKind::kMutation;
    part.payload.assign(mutation.data, mutation.data + mutation.size);
    spreads_[index].parts.push_back(std::move(part));
    spreads_[index].left++;
    Send(index, static_cast<uint32_t>(spreads_[index].parts.size() - 1));
  }
  return true;
}

void Spreads::Failed(uint32_t number, Code code, uint64_t now_micros) {
  Part* part;
  Spread* spread = Find(number, &part);
  if (spread == nullptr) return;
  const uint32_t index = number >> kPartBits;
  if (code == Code::kInvalid && part != &spread->end) {
    const std::vector<uint8_t> batch = std::move(part->payload);
    const uint32_t shard = part->shard;
    // Alone it is of a table that is no more.
    if (part->kind == RecordKind::kBatch) TakeApart(index, Slice(batch), shard);
    if (Find(number, &part) != nullptr) PartDone(index, part);
    return;
  }
  part->again = now_micros + kAgainMicros;
  if (!std::exchange(spread->answered, true)) sink_->SpreadEnded(spread->request, true);
}

void Spreads::Retry(uint64_t now_micros) {
  if (open_ == 0) return;
  for (uint32_t index = 0; index < spreads_.size(); index++) {
    if (!spreads_[index].used) continue;
    const auto due = [&](const Part& part) { return !part.done && part.again != 0 && part.again <= now_micros; };
    for (uint32_t i = 0; i < spreads_[index].parts.size(); i++)
      if (due(spreads_[index].parts[i])) Send(index, i);
    if (due(spreads_[index].end)) Send(index, kEnd);
  }
}

uint64_t Spreads::oldest() const {
  uint64_t oldest = begun_;
  for (const Spread& spread : spreads_)
    if (spread.used) oldest = std::min(oldest, spread.serial);
  return oldest;
}

}  // namespace ferrosa

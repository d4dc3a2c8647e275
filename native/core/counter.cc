#include "counter.h"

#include <algorithm>

namespace ferrosa {
namespace {

constexpr size_t kShardBytes = 32;
enum Kind : uint8_t { kRemote, kLocal, kGlobal };

struct Shard {
  const uint8_t* id;
  int64_t clock;
  int64_t count;
  Kind kind;
};

bool Parse(Slice context, std::vector<Shard>* out) {
  out->clear();
  if (context.size < 2) return false;
  const size_t entries = LoadBE<uint16_t>(context.data);
  const size_t header = 2 + entries * 2;
  if (context.size < header || (context.size - header) % kShardBytes != 0) return false;
  const size_t count = (context.size - header) / kShardBytes;
  for (size_t i = 0; i < count; i++) {
    const uint8_t* p = context.data + header + i * kShardBytes;
    out->push_back({p, static_cast<int64_t>(LoadBE<uint64_t>(p + 16)), static_cast<int64_t>(LoadBE<uint64_t>(p + 24)), kRemote});
  }
  for (size_t i = 0; i < entries; i++) {
    const int16_t entry = static_cast<int16_t>(LoadBE<uint16_t>(context.data + 2 + i * 2));
    const size_t index = entry < 0 ? static_cast<size_t>(entry - INT16_MIN) : static_cast<size_t>(entry);
    if (index >= count) return false;
    (*out)[index].kind = entry < 0 ? kGlobal : kLocal;
  }
  return true;
}

Shard MergeShards(const Shard& a, const Shard& b) {
  if (a.kind == kLocal && b.kind == kLocal)
    return {a.id, static_cast<int64_t>(static_cast<uint64_t>(a.clock) + static_cast<uint64_t>(b.clock)),
            static_cast<int64_t>(static_cast<uint64_t>(a.count) + static_cast<uint64_t>(b.count)), kLocal};
  if (a.kind != b.kind) return a.kind > b.kind ? a : b;
  if (a.clock != b.clock) return a.clock > b.clock ? a : b;
  return a.count >= b.count ? a : b;
}

}  // namespace

void MergeCounterContexts(Slice a, Slice b, std::vector<uint8_t>* out) {
  std::vector<Shard> left, right, merged;
  const bool left_ok = Parse(a, &left);
  if (!Parse(b, &right) || !left_ok) {
    const Slice kept = left_ok ? a : b;
    out->assign(kept.data, kept.data + kept.size);
    return;
  }
  size_t i = 0, j = 0;
  while (i < left.size() || j < right.size()) {
    const int c = i == left.size() ? 1 : (j == right.size() ? -1 : std::memcmp(left[i].id, right[j].id, 16));
    if (c < 0) merged.push_back(left[i++]);
    else if (c > 0) merged.push_back(right[j++]);
    else merged.push_back(MergeShards(left[i++], right[j++]));
  }
  Writer w;
  const auto special = std::count_if(merged.begin(), merged.end(), [](const Shard& s) { return s.kind != kRemote; });
  w.BE<uint16_t>(static_cast<uint16_t>(special));
  for (size_t k = 0; k < merged.size(); k++) {
    if (merged[k].kind == kRemote) continue;
    const int entry = merged[k].kind == kGlobal ? static_cast<int>(k) + INT16_MIN : static_cast<int>(k);
    w.BE<uint16_t>(static_cast<uint16_t>(entry));
  }
  for (const Shard& s : merged) {
    w.Bytes(Slice(s.id, 16));
    w.BE<uint64_t>(static_cast<uint64_t>(s.clock));
    w.BE<uint64_t>(static_cast<uint64_t>(s.count));
  }
  out->swap(w.bytes);
}

int64_t CounterTotal(Slice context) {
  if (context.size < 2) return 0;
  const size_t header = 2 + size_t{LoadBE<uint16_t>(context.data)} * 2;
  uint64_t total = 0;
  for (size_t at = header; at + kShardBytes <= context.size; at += kShardBytes)
    total += LoadBE<uint64_t>(context.data + at + 24);
  return static_cast<int64_t>(total);
}

bool FindCounterShard(Slice context, const uint8_t* id, int64_t* clock, int64_t* count) {
  std::vector<Shard> shards;
  if (!Parse(context, &shards)) return false;
  for (const Shard& s : shards) {
    if (s.kind != kGlobal || std::memcmp(s.id, id, 16) != 0) continue;
    *clock = s.clock;
    *count = s.count;
    return true;
  }
  return false;
}

void WriteCounterContext(const uint8_t* id, int64_t clock, int64_t count, Writer* out) {
  out->BE<uint16_t>(1);
  out->BE<uint16_t>(static_cast<uint16_t>(INT16_MIN));
  out->Bytes(Slice(id, 16));
  out->BE<uint64_t>(static_cast<uint64_t>(clock));
  out->BE<uint64_t>(static_cast<uint64_t>(count));
}

}  // namespace ferrosa

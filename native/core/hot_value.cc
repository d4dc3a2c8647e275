#include "hot_value.h"

#include <algorithm>

#include "type_compare.h"

namespace ferrosa {
namespace {

constexpr uint64_t kNanosADay = 86'400'000'000'000;

bool IsAscii(Slice s) {
  size_t i = 0;
  for (; i + 8 <= s.size; i += 8)
    if (LoadLE<uint64_t>(s.data + i) & 0x8080808080808080ULL) return false;
  for (; i < s.size; i++)
    if (s.data[i] & 0x80) return false;
  return true;
}

// Length of the well-formed UTF-8 sequence at p, 0 when it is none (Unicode 15, table 3-7).
size_t SequenceAt(const uint8_t* p, size_t left) {
  const uint8_t b = p[0];
  if (b < 0x80) return 1;
  const auto tail = [&](size_t i) { return i < left && (p[i] & 0xc0) == 0x80; };
  if (b >= 0xc2 && b <= 0xdf) return tail(1) ? 2 : 0;
  if (b >= 0xe0 && b <= 0xef) {
    if (!tail(1) || !tail(2)) return 0;
    if (b == 0xe0 && p[1] < 0xa0) return 0;
    if (b == 0xed && p[1] > 0x9f) return 0;
    return 3;
  }
  if (b >= 0xf0 && b <= 0xf4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (b == 0xf0 && p[1] < 0x90) return 0;
    if (b == 0xf4 && p[1] > 0x8f) return 0;
    return 4;
  }
  return 0;
}

bool IsUtf8(Slice s) {
  size_t i = 0;
  while (i < s.size) {
    if (i + 8 <= s.size && (LoadLE<uint64_t>(s.data + i) & 0x8080808080808080ULL) == 0) {
      i += 8;
      continue;
    }
    const size_t n = SequenceAt(s.data + i, s.size - i);
    if (n == 0) return false;
    i += n;
  }
  return true;
}

uint32_t FixedBytes(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBoolean:
    case TypeKind::kTinyint:
      return 1;
    case TypeKind::kSmallint:
      return 2;
    case TypeKind::kInt:
    case TypeKind::kFloat:
    case TypeKind::kDate:
      return 4;
    case TypeKind::kBigint:
    case TypeKind::kCounter:
    case TypeKind::kDouble:
    case TypeKind::kTimestamp:
      return 8;
    case TypeKind::kUuid:
      return 16;
    default:
      return 0;
  }
}

ValueRule Collection(ValueRule::Kind kind, const Type& type) {
  ValueRule rule{kind, 0};
  for (const Type& child : type.children) {
    rule.parts.push_back(ValueRule::Of(child));
    if (rule.parts.back().kind == ValueRule::kNever) return {};
  }
  if (kind != ValueRule::kList) rule.order = std::make_shared<const Type>(type.children[0]);
  return rule;
}

bool AllDiffer(const Type& type, std::vector<Slice>* keys) {
  const auto before = [&](Slice a, Slice b) { return CompareValues(type, a, b) < 0; };
  std::sort(keys->begin(), keys->end(), before);
  const auto same = [&](Slice a, Slice b) { return CompareValues(type, a, b) == 0; };
  return std::adjacent_find(keys->begin(), keys->end(), same) == keys->end();
}

bool AcceptsCollection(const ValueRule& rule, Slice value, bool must_be_sorted) {
  ElementReader elements(value);
  std::vector<Slice> keys;
  const bool paths = !must_be_sorted && rule.kind != ValueRule::kList;
  while (elements.Next()) {
    Slice key;
    for (size_t i = 0; i < rule.parts.size(); i++) {
      Slice part;
      if (!elements.Take(&part) || !rule.parts[i].Accepts(part)) return false;
      if (i == 0) key = part;
    }
    if (paths && key.size > UINT16_MAX) return false;
    if (rule.order != nullptr) keys.push_back(key);
  }
  if (!elements.ended()) return false;
  const auto sorted = [&] {
    for (size_t i = 1; i < keys.size(); i++)
      if (CompareValues(*rule.order, keys[i - 1], keys[i]) >= 0) return false;
    return true;
  };
  if (rule.order == nullptr || sorted()) return true;
  return !must_be_sorted && AllDiffer(*rule.order, &keys);
}

}  // namespace

ValueRule ValueRule::Of(const Type& type) {
  const uint32_t fixed = FixedBytes(type.kind);
  if (fixed != 0) return {kFixed, fixed};
  switch (type.kind) {
    case TypeKind::kAscii:
      return {kAscii, 0};
    case TypeKind::kText:
      return {kUtf8, 0};
    case TypeKind::kBlob:
      // A custom class ordered by its bytes travels as a blob, but validates in its own way.
      return type.class_name == "org.apache.cassandra.db.marshal.BytesType" ? ValueRule{kAny, 0} : ValueRule{};
    case TypeKind::kTimeuuid:
      return {kTimeuuid, 16};
    case TypeKind::kTime:
      return {kTimeOfDay, 8};
    case TypeKind::kInet:
      return {kInet, 0};
    case TypeKind::kVarint:
      return {kAtLeast, 1};
    case TypeKind::kDecimal:
      return {kAtLeast, 5};
    case TypeKind::kVector: {
      const uint32_t element = type.children.size() == 1 ? FixedBytes(type.children[0].kind) : 0;
      // Elements of other sizes carry their length each (VectorType.VariableLengthSerializer).
      const bool plain = element != 0 && type.children[0].kind != TypeKind::kTinyint &&
                         type.children[0].kind != TypeKind::kSmallint && type.children[0].kind != TypeKind::kDate;
      return plain && type.dimensions > 0 && type.dimensions <= 8192 ? ValueRule{kFixed, element * type.dimensions}
                                                                      : ValueRule{};
    }
    case TypeKind::kList:
      return type.children.size() == 1 ? Collection(kList, type) : ValueRule{};
    case TypeKind::kSet:
      return type.children.size() == 1 ? Collection(kSet, type) : ValueRule{};
    case TypeKind::kMap:
      return type.children.size() == 2 ? Collection(kMap, type) : ValueRule{};
    default:
      return {};
  }
}

bool ValueRule::Accepts(Slice value) const {
  switch (kind) {
    case kAny:
      return true;
    case kFixed:
      return value.size == bytes;
    case kAscii:
      return IsAscii(value);
    case kUtf8:
      return IsUtf8(value);
    case kTimeuuid:
      return value.size == 16 && (value.data[6] >> 4) == 1;
    case kTimeOfDay:
      return value.size == 8 && LoadBE<uint64_t>(value.data) < kNanosADay;
    case kInet:
      return value.size == 4 || value.size == 16;
    case kAtLeast:
      return value.size >= bytes;
    case kList:
    case kSet:
    case kMap:
      return AcceptsCollection(*this, value, true);
    case kNever:
      return false;
  }
  return false;
}

bool ValueRule::AcceptsElements(Slice value) const {
  const bool collection = kind == kList || kind == kSet || kind == kMap;
  return collection && AcceptsCollection(*this, value, false);
}

}  // namespace ferrosa

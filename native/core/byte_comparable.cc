#include "byte_comparable.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "composite.h"
#include "vint.h"

namespace ferrosa {
namespace {

// Separators and ends of sequences, all within 0x10 to 0xef, where no escaped value can continue.
constexpr uint8_t kNextComponent = 0x40;
constexpr uint8_t kNextEmpty = 0x3f;
constexpr uint8_t kNextEmptyReversed = 0x41;
constexpr uint8_t kNextNull = 0x3e;
constexpr uint8_t kTerminator = 0x38;
constexpr uint8_t kBeforeAll = 0x20;  // smaller than any continuation
constexpr uint8_t kAfterAll = 0x60;
constexpr uint8_t kExcluded = 0x18;  // static rows
constexpr int kVarintFullForm = 7;   // bytes from which a varint carries its length
constexpr int kDepthMax = 40;

bool AppendValue(const Type& type, Slice value, int depth, ByteString* out);

// Zeros become 00, FE for each further zero and FF when something follows; the end is 00 or, after a zero, FE.
void AppendEscaped(Slice s, ByteString* out) {
  bool escaped = false;
  for (size_t i = 0; i < s.size; i++) {
    const uint8_t b = s.data[i];
    if (!escaped) {
      escaped = b == 0;
      out->push_back(b);
    } else if (b == 0) {
      out->push_back(0xfe);
    } else {
      out->push_back(0xff);
      out->push_back(b);
      escaped = false;
    }
  }
  out->push_back(escaped ? 0xfe : 0x00);
}

void AppendRaw(Slice s, ByteString* out) { out->insert(out->end(), s.data, s.data + s.size); }

void AppendSignedFixed(Slice s, ByteString* out) {
  out->push_back(s.data[0] ^ 0x80);
  AppendRaw(Slice(s.data + 1, s.size - 1), out);
}

void AppendFloat(Slice s, ByteString* out) {
  const bool negative = s.data[0] & 0x80;
  for (size_t i = 0; i < s.size; i++) {
    uint8_t b = s.data[i];
    if (negative) b = static_cast<uint8_t>(~b);
    else if (i == 0) b |= 0x80;
    out->push_back(b);
  }
}

// A long in 1 to 9 bytes: inverted sign, as many equal bits as further bytes, two's complement.
void AppendVariableLong(int64_t value, ByteString* out) {
  const uint64_t flip = value < 0 ? ~0ULL : 0;
  uint64_t v = static_cast<uint64_t>(value) ^ flip;
  const int bits = 64 - __builtin_clzll(v | 1);
  int bytes = bits / 7 + 1;
  if (bytes >= 9) {
    v |= 0x8000000000000000ULL;
    out->push_back(static_cast<uint8_t>(~flip));
    bytes = 8;
  } else {
    const uint64_t mask = (static_cast<uint64_t>(-0x100) >> bytes) & 0xff;
    v |= mask << (8 * bytes - 8);
  }
  v ^= flip;
  for (int i = bytes - 1; i >= 0; i--) out->push_back(static_cast<uint8_t>(v >> (8 * i)));
}

void AppendVarint(Slice s, ByteString* out) {
  const uint8_t first = s.data[0];
  size_t p = 0;
  if (first == 0 || first == 0xff)
    while (p + 1 < s.size)
      if (s.data[++p] != first) break;
  const uint8_t sign = first & 0x80 ? 0xff : 0;
  if (s.size - p < kVarintFullForm) {
    uint64_t v = sign ? ~0ULL : 0;
    for (size_t i = s.size > 8 ? s.size - 8 : 0; i < s.size; i++) v = v << 8 | s.data[i];
    AppendVariableLong(static_cast<int64_t>(v), out);
    return;
  }
  out->push_back(sign ^ 0xff);
  const uint64_t length = s.size - p - kVarintFullForm;  // as UTF-8 has it: leading ones for the bytes that follow
  const int extra = (63 - __builtin_clzll(length | 1)) / 7;
  const uint8_t mask = static_cast<uint8_t>(-256 >> extra);
  out->push_back(static_cast<uint8_t>((length >> (8 * extra)) | mask) ^ sign);
  for (int i = extra - 1; i >= 0; i--) out->push_back(static_cast<uint8_t>(length >> (8 * i)) ^ sign);
  AppendRaw(Slice(s.data + p, s.size - p), out);
}

// The decimal digits of a big-endian two's complement number, most significant first; empty for zero.
std::string DecimalDigits(Slice s, bool* negative) {
  *negative = s.size > 0 && (s.data[0] & 0x80);
  std::vector<uint8_t> magnitude(s.data, s.data + s.size);
  if (*negative) {
    int carry = 1;
    for (size_t i = magnitude.size(); i-- > 0;) {
      const int b = static_cast<uint8_t>(~magnitude[i]) + carry;
      magnitude[i] = static_cast<uint8_t>(b);
      carry = b >> 8;
    }
  }
  std::vector<uint32_t> limbs;  // base 10^9, least significant first
  for (const uint8_t b : magnitude) {
    uint64_t carry = b;
    for (uint32_t& limb : limbs) {
      const uint64_t v = static_cast<uint64_t>(limb) * 256 + carry;
      limb = static_cast<uint32_t>(v % 1000000000);
      carry = v / 1000000000;
    }
    if (carry) limbs.push_back(static_cast<uint32_t>(carry));
  }
  std::string digits;
  for (size_t i = limbs.size(); i-- > 0;) {
    std::string part = std::to_string(limbs[i]);
    if (i + 1 != limbs.size()) part.insert(0, 9 - part.size(), '0');
    digits += part;
  }
  return digits;
}

// Sign, base-100 exponent with its length, then the mantissa in pairs of digits; a negative mantissa is rounded down pair by pair.
bool AppendDecimal(Slice s, ByteString* out) {
  if (s.size < 4) return false;
  const int64_t scale = LoadBE<int32_t>(s.data);
  bool negative;
  std::string digits = DecimalDigits(Slice(s.data + 4, s.size - 4), &negative);
  if (digits.empty()) {
    out->push_back(0x80);
    return true;
  }
  const int64_t shift = scale - static_cast<int64_t>(digits.size());
  if (shift & 1) digits.insert(0, 1, '0');
  const int64_t exponent = -(shift & ~1LL) >> 1;
  const int32_t modulated = static_cast<int32_t>(negative ? -exponent : exponent);
  const uint32_t absolute = static_cast<uint32_t>(std::llabs(modulated));
  const int length = absolute == 0 ? 0 : 4 - __builtin_clz(absolute) / 8;
  out->push_back(static_cast<uint8_t>((negative ? 0 : 0x80) + 0x40 + (modulated < 0 ? -length : length)));
  for (int i = length - 1; i >= 0; i--) out->push_back(static_cast<uint8_t>(modulated >> (8 * i)));
  while (digits.back() == '0') digits.pop_back();
  if (digits.size() & 1) digits.push_back('0');
  const size_t pairs = digits.size() / 2;
  for (size_t i = 0; i < pairs; i++) {
    int pair = (digits[2 * i] - '0') * 10 + digits[2 * i + 1] - '0';
    const bool last = i + 1 == pairs;
    if (negative) pair = i == 0 ? (last ? -pair : -pair - 1) : (last ? 100 - pair : 99 - pair);
    out->push_back(static_cast<uint8_t>(0x80 + pair));
  }
  out->push_back(0);
  return true;
}

uint64_t ReorderTimestamp(uint64_t high) {
  return (high << 48) | ((high << 16) & 0xffff00000000ULL) | (high >> 32);
}

void AppendUuid(Slice s, bool time_only, ByteString* out) {
  if (s.size != 16) return AppendRaw(s, out);
  const uint64_t high = LoadBE<uint64_t>(s.data);
  const uint64_t version = (high >> 12) & 0xf;
  uint64_t low = LoadBE<uint64_t>(s.data + 8);
  uint64_t reordered;
  if (time_only || version == 1) reordered = ReorderTimestamp(high);
  else reordered = version << 60 | ((high >> 4) & 0x0ffffffffffff000ULL) | (high & 0xfff);
  if (time_only) low ^= 0x8080808080808080ULL;
  uint8_t bytes[16];
  StoreBE(bytes, reordered);
  StoreBE(bytes + 8, low);
  AppendRaw(Slice(bytes, 16), out);
}

// One component of a sequence inside a value: absent ones have their own separator.
void AppendComponent(const Type& type, Slice value, int depth, ByteString* out) {
  const size_t at = out->size();
  out->push_back(kNextComponent);
  if (value.is_null() || !AppendValue(type, value, depth, out)) (*out)[at] = kNextNull;
}

// i32 length and bytes; negative is null. Stops quietly at the end of what is there.
bool NextField(Slice* s, Slice* field) {
  if (s->size < 4) return false;
  const int32_t n = LoadBE<int32_t>(s->data);
  *s = Slice(s->data + 4, s->size - 4);
  *field = Slice();
  if (n < 0) return true;
  const size_t size = std::min(static_cast<size_t>(n), s->size);
  *field = Slice(s->data, size);
  *s = Slice(s->data + size, s->size - size);
  return true;
}

void AppendCollection(const Type& type, Slice s, int depth, ByteString* out) {
  if (s.size >= 4) {
    s = Slice(s.data + 4, s.size - 4);
    Slice field;
    for (size_t i = 0; NextField(&s, &field); i++) AppendComponent(type.children[i % type.children.size()], field, depth, out);
  }
  out->push_back(kTerminator);
}

void AppendTuple(const Type& type, Slice s, int depth, ByteString* out) {
  size_t end = out->size();  // trailing nulls are not written
  Slice field;
  for (size_t i = 0; i < type.children.size() && NextField(&s, &field); i++) {
    AppendComponent(type.children[i], field, depth, out);
    if (!field.is_null()) end = out->size();
  }
  out->resize(end);
  out->push_back(kTerminator);
}

// Static ones first, then by component its class where the value names it, its value, and its end as a signed byte.
void AppendComposite(const Type& type, Slice s, int depth, ByteString* out) {
  CompositeReader reader(type, s);
  out->push_back(reader.is_static() ? kNextNull : kNextComponent);
  CompositePart part;
  while (reader.Next(&part)) {
    if (type.kind == TypeKind::kDynamicComposite) {
      for (const Slice name : {SimpleClassName(*part.type), FullClassName(*part.type)}) {
        out->push_back(kNextComponent);
        AppendEscaped(name, out);
      }
    }
    AppendComponent(*part.type, part.value, depth, out);
    out->push_back(kNextComponent);
    out->push_back(static_cast<uint8_t>(part.end) ^ 0x80);
  }
  out->push_back(kTerminator);
}

// Two signed halves, as LexicalUUIDType.
void AppendLexicalUuid(Slice s, ByteString* out) {
  for (size_t i = 0; i < s.size; i++) out->push_back(i % 8 == 0 ? s.data[i] ^ 0x80 : s.data[i]);
}

int FixedLength(const Type& type);

void AppendVector(const Type& type, Slice s, int depth, ByteString* out) {
  const int fixed = FixedLength(type.children[0]);
  Reader r(s);
  for (uint32_t i = 0; i < type.dimensions; i++) {
    Slice element;
    if (!(fixed >= 0 ? r.Bytes(static_cast<size_t>(fixed), &element) : ReadVintBytes(r, &element))) break;
    AppendComponent(type.children[0], element, depth, out);
  }
  out->push_back(kTerminator);
}

// valueLengthIfFixed of Cassandra's types: smallint, tinyint, date and time count as variable there.
int FixedLength(const Type& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return 1;
    case TypeKind::kFloat:
    case TypeKind::kInt:
      return 4;
    case TypeKind::kBigint:
    case TypeKind::kDouble:
    case TypeKind::kTimestamp:
      return 8;
    case TypeKind::kUuid:
    case TypeKind::kTimeuuid:
    case TypeKind::kLexicalUuid:
      return 16;
    case TypeKind::kVector: {
      const int element = FixedLength(type.children[0]);
      return element < 0 ? -1 : element * static_cast<int>(type.dimensions);
    }
    default:
      return -1;
  }
}

bool AppendValue(const Type& type, Slice value, int depth, ByteString* out) {
  switch (type.kind) {
    case TypeKind::kAscii:
    case TypeKind::kText:
    case TypeKind::kBlob:
    case TypeKind::kInet:
    case TypeKind::kDuration:
      AppendEscaped(value, out);
      return true;
    default:
      break;
  }
  if (value.size == 0 || type.kind == TypeKind::kEmpty || depth > kDepthMax) return false;
  switch (type.kind) {
    case TypeKind::kBoolean:
      out->push_back(value.data[0] != 0);
      break;
    case TypeKind::kTinyint:
      out->push_back(value.data[0] ^ 0x80);  // nothing behind the first byte counts in its order (type_compare.cc)
      break;
    case TypeKind::kSmallint:
    case TypeKind::kInt:
    case TypeKind::kTimestamp:
      AppendSignedFixed(value, out);
      break;
    case TypeKind::kBigint:
    case TypeKind::kCounter:
      if (value.size == 8) AppendVariableLong(LoadBE<int64_t>(value.data), out);
      else AppendRaw(value, out);
      break;
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      AppendFloat(value, out);
      break;
    case TypeKind::kVarint:
      AppendVarint(value, out);
      break;
    case TypeKind::kDecimal:
      return AppendDecimal(value, out);
    case TypeKind::kUuid:
      AppendUuid(value, false, out);
      break;
    case TypeKind::kTimeuuid:
      AppendUuid(value, true, out);
      break;
    case TypeKind::kList:
    case TypeKind::kSet:
    case TypeKind::kMap:
      AppendCollection(type, value, depth + 1, out);
      break;
    case TypeKind::kTuple:
    case TypeKind::kUdt:
      AppendTuple(type, value, depth + 1, out);
      break;
    case TypeKind::kVector:
      AppendVector(type, value, depth + 1, out);
      break;
    case TypeKind::kComposite:
    case TypeKind::kDynamicComposite:
      AppendComposite(type, value, depth + 1, out);
      break;
    case TypeKind::kLexicalUuid:
      AppendLexicalUuid(value, out);
      break;
    default:
      AppendRaw(value, out);  // date, time: unsigned, fixed length
      break;
  }
  return true;
}

uint8_t EndOf(BoundKind kind) {
  switch (kind) {
    case BoundKind::kExclEnd:
    case BoundKind::kInclStart:
    case BoundKind::kExclEndInclStart:
      return kBeforeAll;
    case BoundKind::kInclEnd:
    case BoundKind::kExclStart:
    case BoundKind::kInclEndExclStart:
      return kAfterAll;
    case BoundKind::kStaticClustering:
      return kExcluded;
    case BoundKind::kClustering:
      break;
  }
  return kTerminator;
}

}  // namespace

bool AppendComparableValue(const Type& type, Slice value, ByteString* out) { return AppendValue(type, value, 0, out); }

void AppendComparableKey(const DecoratedKey& key, ByteString* out) {
  out->push_back(kNextComponent);
  uint8_t token[8];
  StoreBE<uint64_t>(token, static_cast<uint64_t>(key.token) ^ 0x8000000000000000ULL);
  AppendRaw(Slice(token, 8), out);
  if (key.key.is_null()) {
    out->push_back(kBeforeAll);
    return;
  }
  out->push_back(kNextComponent);
  AppendEscaped(key.key, out);
  out->push_back(kTerminator);
}

void AppendComparableClustering(const TableDescriptor& table, const ClusteringValues& values, BoundKind kind, ByteString* out) {
  const size_t n = std::min(values.size(), table.clustering.size());
  for (size_t i = 0; i < n; i++) {
    if (values[i].is_null()) {
      out->push_back(kNextNull);
      continue;
    }
    const ClusteringColumn& column = table.clustering[i];
    const size_t at = out->size();
    out->push_back(kNextComponent);
    if (!AppendComparableValue(column.type, values[i], out)) {
      (*out)[at] = column.reversed ? kNextEmptyReversed : kNextEmpty;
    } else if (column.reversed) {
      for (size_t j = at + 1; j < out->size(); j++) (*out)[j] = static_cast<uint8_t>(~(*out)[j]);
    }
  }
  out->push_back(EndOf(kind));
}

}  // namespace ferrosa

#include "type_compare.h"

#include <algorithm>
#include <string>

#include "composite.h"

namespace ferrosa {
namespace {

constexpr uint64_t kSign = 0x8000000000000000ULL;

int Sign(int64_t v) { return v < 0 ? -1 : (v > 0 ? 1 : 0); }
template <typename T>
int Order(T a, T b) {
  return a < b ? -1 : (a > b ? 1 : 0);
}
int EmptyOrder(Slice a, Slice b) { return Order(a.size != 0, b.size != 0); }

// Signed big-endian integers of one width.
template <typename T>
int CompareSigned(Slice a, Slice b) {
  if (a.size != sizeof(T) || b.size != sizeof(T)) return Compare(a, b);
  return Order(static_cast<T>(LoadBE<std::make_unsigned_t<T>>(a.data)), static_cast<T>(LoadBE<std::make_unsigned_t<T>>(b.data)));
}

// By the first byte, which has the sign; as a constant a blob of any length is taken for a tinyint, as in Cassandra.
int CompareTinyints(Slice a, Slice b) {
  if (a.size == 0 || b.size == 0) return EmptyOrder(a, b);
  return Order(static_cast<int8_t>(a.data[0]), static_cast<int8_t>(b.data[0]));
}

// Bits of a float so that they order as Java's compare: -0 before 0, one NaN after everything.
template <typename U, typename F>
U FloatOrder(const uint8_t* p) {
  U bits = LoadBE<U>(p);
  F value;
  std::memcpy(&value, &bits, sizeof value);
  constexpr U sign = U{1} << (sizeof(U) * 8 - 1);
  if (value != value) return ~U{0};
  return bits & sign ? ~bits : bits | sign;
}

uint64_t TimeuuidOrder(const uint8_t* p) {
  const uint64_t msb = LoadBE<uint64_t>(p);
  return (msb << 48) | ((msb << 16) & 0xFFFF00000000ULL) | (msb >> 32);
}

// UUIDType: by version, time-based ones by timestamp, then unsigned bytes.
int CompareUuids(const uint8_t* a, const uint8_t* b) {
  const int version_a = a[6] >> 4;
  const int version_b = b[6] >> 4;
  if (version_a != version_b) return version_a - version_b;
  if (version_a == 1) {
    const int c = Order(static_cast<int64_t>(TimeuuidOrder(a)), static_cast<int64_t>(TimeuuidOrder(b)));
    if (c != 0) return c;
    return Order(LoadBE<uint64_t>(a + 8), LoadBE<uint64_t>(b + 8));
  }
  return std::memcmp(a, b, 16);
}

// Two's complement of any length.
int CompareVarints(Slice a, Slice b) {
  if (a.size == 0 || b.size == 0) return EmptyOrder(a, b);
  const uint8_t sign_a = a.data[0] & 0x80 ? 0xff : 0;
  const uint8_t sign_b = b.data[0] & 0x80 ? 0xff : 0;
  if (sign_a != sign_b) return sign_a ? -1 : 1;
  while (a.size > 0 && a.data[0] == sign_a) a = Slice(a.data + 1, a.size - 1);
  while (b.size > 0 && b.data[0] == sign_b) b = Slice(b.data + 1, b.size - 1);
  if (a.size != b.size) return (a.size < b.size) == (sign_a == 0) ? -1 : 1;
  return a.size == 0 ? 0 : std::memcmp(a.data, b.data, a.size);
}

// Decimal digits of the magnitude of a two's complement integer, most significant first, no leading zero.
std::string Digits(Slice varint) {
  const bool negative = varint.data[0] & 0x80;
  std::vector<uint32_t> limbs;  // base 1e9, least significant first
  uint32_t carry_in = negative ? 1 : 0;
  std::vector<uint8_t> magnitude(varint.data, varint.data + varint.size);
  if (negative)
    for (size_t i = magnitude.size(); i-- > 0;) {
      const uint32_t v = static_cast<uint32_t>(static_cast<uint8_t>(~magnitude[i])) + carry_in;
      magnitude[i] = static_cast<uint8_t>(v);
      carry_in = v >> 8;
    }
  if (carry_in && negative) magnitude.insert(magnitude.begin(), 1);
  for (const uint8_t byte : magnitude) {
    uint64_t carry = byte;
    for (uint32_t& limb : limbs) {
      carry += static_cast<uint64_t>(limb) << 8;
      limb = static_cast<uint32_t>(carry % 1000000000);
      carry /= 1000000000;
    }
    if (carry) limbs.push_back(static_cast<uint32_t>(carry));
  }
  std::string out;
  for (size_t i = limbs.size(); i-- > 0;) {
    const std::string part = std::to_string(limbs[i]);
    if (i + 1 != limbs.size()) out.append(9 - part.size(), '0');
    out += part;
  }
  return out;
}

// BigDecimal.compareTo of i32 scale and unscaled varint.
int CompareDecimals(Slice a, Slice b) {
  if (a.size < 5 || b.size < 5) return a.size == 0 || b.size == 0 ? EmptyOrder(a, b) : Compare(a, b);
  const int64_t scale_a = LoadBE<int32_t>(a.data);
  const int64_t scale_b = LoadBE<int32_t>(b.data);
  const Slice int_a(a.data + 4, a.size - 4);
  const Slice int_b(b.data + 4, b.size - 4);
  if (scale_a == scale_b) return CompareVarints(int_a, int_b);
  const bool negative_a = int_a.data[0] & 0x80;
  const bool negative_b = int_b.data[0] & 0x80;
  const std::string digits_a = Digits(int_a);
  const std::string digits_b = Digits(int_b);
  const int sign_a = digits_a.empty() ? 0 : (negative_a ? -1 : 1);
  const int sign_b = digits_b.empty() ? 0 : (negative_b ? -1 : 1);
  if (sign_a != sign_b || sign_a == 0) return sign_a - sign_b;
  const int64_t exponent_a = static_cast<int64_t>(digits_a.size()) - scale_a;
  const int64_t exponent_b = static_cast<int64_t>(digits_b.size()) - scale_b;
  if (exponent_a != exponent_b) return exponent_a < exponent_b ? -sign_a : sign_a;
  const size_t n = std::max(digits_a.size(), digits_b.size());
  for (size_t i = 0; i < n; i++) {
    const char x = i < digits_a.size() ? digits_a[i] : '0';
    const char y = i < digits_b.size() ? digits_b[i] : '0';
    if (x != y) return x < y ? -sign_a : sign_a;
  }
  return 0;
}

bool TakeSized(Slice* s, Slice* out) {
  if (s->size < 4) return false;
  const int32_t n = LoadBE<int32_t>(s->data);
  *s = Slice(s->data + 4, s->size - 4);
  if (n < 0) {
    *out = Slice();
    return true;
  }
  if (static_cast<size_t>(n) > s->size) return false;
  *out = Slice(s->data, static_cast<size_t>(n));
  *s = Slice(s->data + n, s->size - static_cast<size_t>(n));
  return true;
}

int CompareNullable(const Type& type, Slice a, Slice b) {
  if (a.is_null() || b.is_null()) return Order(!a.is_null(), !b.is_null());
  return CompareValues(type, a, b);
}

// Frozen lists, sets (one child) and maps (two): element by element, then the size.
int CompareCollections(const Type& type, Slice a, Slice b) {
  if (a.size < 4 || b.size < 4) return a.size == 0 || b.size == 0 ? EmptyOrder(a, b) : Compare(a, b);
  const int32_t count_a = LoadBE<int32_t>(a.data);
  const int32_t count_b = LoadBE<int32_t>(b.data);
  Slice rest_a(a.data + 4, a.size - 4);
  Slice rest_b(b.data + 4, b.size - 4);
  for (int32_t i = 0; i < count_a && i < count_b; i++)
    for (const Type& child : type.children) {
      Slice x, y;
      if (!TakeSized(&rest_a, &x) || !TakeSized(&rest_b, &y)) return Compare(a, b);
      const int c = CompareNullable(child, x, y);
      if (c != 0) return c;
    }
  return Order(count_a, count_b);
}

bool AllNull(Slice s) {
  Slice value;
  while (s.size > 0) {
    if (!TakeSized(&s, &value) || !value.is_null()) return false;
  }
  return true;
}

int CompareTuples(const Type& type, Slice a, Slice b) {
  if (a.size == 0 || b.size == 0) return EmptyOrder(a, b);
  Slice rest_a = a, rest_b = b;
  for (const Type& field : type.children) {
    if (rest_a.size == 0 || rest_b.size == 0) break;
    Slice x, y;
    if (!TakeSized(&rest_a, &x) || !TakeSized(&rest_b, &y)) return Compare(a, b);
    const int c = CompareNullable(field, x, y);
    if (c != 0) return c;
  }
  const bool null_a = AllNull(rest_a);
  const bool null_b = AllNull(rest_b);
  if (null_a && null_b) return 0;
  if (rest_a.size > 0 && rest_b.size > 0) return null_a ? -1 : null_b ? 1 : Compare(rest_a, rest_b);  // more fields than the type has
  if (rest_a.size == 0) return null_b ? 0 : -1;
  return null_a ? 0 : 1;
}

// Bytes of an element in a vector, 0 when its length is written before it.
size_t FixedLength(const Type& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return 1;
    case TypeKind::kInt:
    case TypeKind::kFloat:
      return 4;
    case TypeKind::kBigint:
    case TypeKind::kDouble:
    case TypeKind::kTimestamp:
      return 8;
    case TypeKind::kUuid:
    case TypeKind::kTimeuuid:
    case TypeKind::kLexicalUuid:
      return 16;
    case TypeKind::kVector:
      return type.children.empty() ? 0 : FixedLength(type.children[0]) * type.dimensions;
    default:
      return 0;
  }
}

// Cassandra's unsigned vint.
bool TakeVint(Slice* s, uint64_t* out) {
  if (s->size == 0) return false;
  const uint8_t first = s->data[0];
  const int extra = first == 0xff ? 8 : __builtin_clz(static_cast<uint32_t>(static_cast<uint8_t>(~first)) << 24);
  if (s->size < static_cast<size_t>(extra) + 1) return false;
  uint64_t v = extra >= 7 ? 0 : first & (0xff >> (extra + 1));
  for (int i = 1; i <= extra; i++) v = (v << 8) | s->data[i];
  *s = Slice(s->data + extra + 1, s->size - static_cast<size_t>(extra) - 1);
  *out = v;
  return true;
}

bool TakeElement(size_t fixed, Slice* s, Slice* out) {
  uint64_t n = fixed;
  if (fixed == 0 && !TakeVint(s, &n)) return false;
  if (n > s->size) return false;
  *out = Slice(s->data, n);
  *s = Slice(s->data + n, s->size - n);
  return true;
}

int CompareVectors(const Type& type, Slice a, Slice b) {
  if (a.size == 0 || b.size == 0 || type.children.empty()) return EmptyOrder(a, b);
  const size_t fixed = FixedLength(type.children[0]);
  Slice rest_a = a, rest_b = b;
  for (uint32_t i = 0; i < type.dimensions; i++) {
    Slice x, y;
    if (!TakeElement(fixed, &rest_a, &x) || !TakeElement(fixed, &rest_b, &y)) return Compare(a, b);
    const int c = CompareValues(type.children[0], x, y);
    if (c != 0) return c;
  }
  return 0;
}

// Components in turn; of different types, which only a dynamic composite has, by the names of their classes.
int CompareComposites(const Type& type, Slice a, Slice b) {
  if (a.size == 0 || b.size == 0) return EmptyOrder(a, b);
  CompositeReader left(type, a), right(type, b);
  if (left.is_static() != right.is_static()) return left.is_static() ? -1 : 1;
  CompositePart x, y;
  while (!left.at_end() && !right.at_end()) {
    if (!left.Next(&x) || !right.Next(&y)) return Compare(a, b);
    int c = x.type == y.type ? 0 : Compare(SimpleClassName(*x.type), SimpleClassName(*y.type));
    if (c == 0) c = CompareValues(*x.type, x.value, y.value);
    if (c == 0) c = Order(x.end, y.end);
    if (c != 0) return c;
  }
  return Order(!left.at_end(), !right.at_end());
}

// As Java's UUID.compareTo: two signed halves.
int CompareLexicalUuids(Slice a, Slice b) {
  if (a.size != 16 || b.size != 16) return Compare(a, b);
  const int c = CompareSigned<int64_t>(Slice(a.data, 8), Slice(b.data, 8));
  return c != 0 ? c : CompareSigned<int64_t>(Slice(a.data + 8, 8), Slice(b.data + 8, 8));
}

}  // namespace

int CompareTimeuuids(const uint8_t* a, const uint8_t* b) {
  const int c = Order(static_cast<int64_t>(TimeuuidOrder(a)), static_cast<int64_t>(TimeuuidOrder(b)));
  if (c != 0) return c;
  // Signed bytes: flipping each byte's sign bit makes them order as unsigned.
  constexpr uint64_t flip = 0x8080808080808080ULL;
  return Order(LoadBE<uint64_t>(a + 8) ^ flip, LoadBE<uint64_t>(b + 8) ^ flip);
}

int CompareValues(const Type& type, Slice a, Slice b) {
  switch (type.kind) {
    case TypeKind::kInt:
      return CompareSigned<int32_t>(a, b);
    case TypeKind::kBigint:
    case TypeKind::kTimestamp:
    case TypeKind::kCounter:
      return CompareSigned<int64_t>(a, b);
    case TypeKind::kSmallint:
      return CompareSigned<int16_t>(a, b);
    case TypeKind::kTinyint:
      return CompareTinyints(a, b);
    case TypeKind::kFloat:
      if (a.size != 4 || b.size != 4) return Compare(a, b);
      return Order(FloatOrder<uint32_t, float>(a.data), FloatOrder<uint32_t, float>(b.data));
    case TypeKind::kDouble:
      if (a.size != 8 || b.size != 8) return Compare(a, b);
      return Order(FloatOrder<uint64_t, double>(a.data), FloatOrder<uint64_t, double>(b.data));
    case TypeKind::kBoolean:
      if (a.size != 1 || b.size != 1) return Compare(a, b);
      return Order(a.data[0] != 0, b.data[0] != 0);
    case TypeKind::kUuid:
    case TypeKind::kTimeuuid:
      if (a.size != 16 || b.size != 16) return Compare(a, b);
      return Sign(type.kind == TypeKind::kUuid ? CompareUuids(a.data, b.data) : CompareTimeuuids(a.data, b.data));
    case TypeKind::kVarint:
      return CompareVarints(a, b);
    case TypeKind::kDecimal:
      return CompareDecimals(a, b);
    case TypeKind::kList:
    case TypeKind::kSet:
    case TypeKind::kMap:
      return CompareCollections(type, a, b);
    case TypeKind::kTuple:
    case TypeKind::kUdt:
      return CompareTuples(type, a, b);
    case TypeKind::kVector:
      return CompareVectors(type, a, b);
    case TypeKind::kComposite:
    case TypeKind::kDynamicComposite:
      return CompareComposites(type, a, b);
    case TypeKind::kLexicalUuid:
      return CompareLexicalUuids(a, b);
    case TypeKind::kEmpty:
      return 0;
    default:
      return Compare(a, b);
  }
}

uint64_t OrderPrefix(const Type& type, Slice v) {
  if (v.size == 0) return 0;
  switch (type.kind) {
    case TypeKind::kInt:
      return v.size == 4 ? static_cast<uint64_t>(LoadBE<uint32_t>(v.data) ^ 0x80000000u) << 32 : 0;
    case TypeKind::kBigint:
    case TypeKind::kTimestamp:
      return v.size == 8 ? LoadBE<uint64_t>(v.data) ^ kSign : 0;
    case TypeKind::kTimeuuid:
      return v.size == 16 ? TimeuuidOrder(v.data) ^ kSign : 0;
    case TypeKind::kAscii:
    case TypeKind::kText:
    case TypeKind::kBlob:
    case TypeKind::kInet:
    case TypeKind::kDate:
    case TypeKind::kTime: {
      uint64_t p = 0;
      std::memcpy(&p, v.data, v.size < 8 ? v.size : 8);
      return Swap(p);
    }
    default:
      return 0;
  }
}

}  // namespace ferrosa

#include "plain_text.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <string_view>

#include "hot_plan.h"

namespace ferrosa {
namespace {

constexpr size_t kUuidCharacters = 36;
constexpr uint32_t kFlagValues = 0x01;
constexpr uint32_t kFlagSkipMetadata = 0x02;
constexpr uint32_t kFlagNames = 0x40;

bool IsDigit(uint8_t c) { return c >= '0' && c <= '9'; }
bool IsLetter(uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsWord(uint8_t c) { return IsLetter(c) || IsDigit(c) || c == '_'; }
int HexValue(uint8_t c) {
  if (IsDigit(c)) return c - '0';
  const uint8_t lower = c | 0x20;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}
bool IsDashPlace(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

class Scanner {
 public:
  Scanner(Slice text, PlainText* out) : at_(text.data), end_(text.data + text.size), out_(out) {}

  bool Run() {
    out_->skeleton.clear();
    out_->literals.clear();
    while (at_ < end_)
      if (!Next()) return false;
    return true;
  }

 private:
  // The character `ahead` of the next one; 0, which is no token's, past the end.
  uint8_t Peek(size_t ahead) const { return ahead < static_cast<size_t>(end_ - at_) ? at_[ahead] : 0; }

  bool Next() {
    const uint8_t c = *at_;
    if (IsLetter(c)) return Word();
    if (IsDigit(c)) return Number(0);
    switch (c) {
      case ' ':
      case '\t':
      case '\n':
      case '\r':
      case '(':
      case ')':
      case '[':
      case ']':
      case '{':
      case '}':
      case ',':
      case ';':
      case '=':
      case '<':
      case '>':
      case '+':
      case '*':
      case '%':
        return Copy(1);
      case '?':
        return Take(LiteralKind::kMarker, 1);
      case '\'':
        return String();
      case '"':
        return QuotedName();
      case '.':
        return Peek(1) != '.' && Copy(1);
      case '!':
        return Peek(1) == '=' && Copy(2);
      case '/':
        return Peek(1) != '/' && Peek(1) != '*' && Copy(1);
      case '-':
        if (IsDigit(Peek(1))) return Number(1);
        // A comment, or a word of its own: -NaN, -Infinity, a duration.
        return Peek(1) != '-' && !IsLetter(Peek(1)) && Copy(1);
      default:
        return false;
    }
  }

  bool Copy(size_t n) {
    out_->skeleton.insert(out_->skeleton.end(), at_, at_ + n);
    at_ += n;
    return true;
  }
  bool Take(LiteralKind kind, size_t n) {
    out_->literals.push_back({kind, Slice(at_, n)});
    out_->skeleton.push_back(kLiteralByte);
    at_ += n;
    return true;
  }
  // A literal that more of a word or number would make another token is left alone.
  bool TakeAlone(LiteralKind kind, size_t n) {
    const uint8_t next = Peek(n);
    return !IsWord(next) && next != '.' && next != '-' && next < 0x80 && Take(kind, n);
  }

  bool IsUuid() const {
    if (static_cast<size_t>(end_ - at_) < kUuidCharacters) return false;
    for (size_t i = 0; i < kUuidCharacters; i++)
      if (IsDashPlace(i) ? at_[i] != '-' : HexValue(at_[i]) < 0) return false;
    return true;
  }

  bool Word() {
    if (IsUuid()) return TakeAlone(LiteralKind::kUuid, kUuidCharacters);
    size_t n = 1;
    while (IsWord(Peek(n))) n++;
    const std::string_view word(reinterpret_cast<const char*>(at_), n);
    // What begins as an ISO 8601 duration does, a UUID cut short, and the call of an index's expression.
    if (word[0] == 'P' && (IsDigit(Peek(1)) || Peek(1) == 'T')) return false;
    const uint8_t next = Peek(n);
    if (next == '-' || next >= 0x80 || (word == "expr" && next == '(')) return false;
    if (IsBoolean(word)) return Take(LiteralKind::kBoolean, n);
    return Copy(n);
  }

  static bool Same(std::string_view word, std::string_view lower) {
    if (word.size() != lower.size()) return false;
    for (size_t i = 0; i < word.size(); i++)
      if ((word[i] | 0x20) != lower[i]) return false;
    return true;
  }
  static bool IsBoolean(std::string_view word) { return Same(word, "true") || Same(word, "false"); }

  // `sign`: characters before the first digit.
  bool Number(size_t sign) {
    if (sign == 0 && IsUuid()) return TakeAlone(LiteralKind::kUuid, kUuidCharacters);
    size_t n = sign;
    while (IsDigit(Peek(n))) n++;
    if (sign == 0 && n == 1 && *at_ == '0' && (Peek(1) | 0x20) == 'x') {
      n = 2;
      while (HexValue(Peek(n)) >= 0) n++;
      return TakeAlone(LiteralKind::kHex, n);
    }
    LiteralKind kind = LiteralKind::kInteger;
    if (Peek(n) == '.' && Peek(n + 1) != '.') {
      kind = LiteralKind::kFloat;
      n++;
      while (IsDigit(Peek(n))) n++;
    }
    if ((Peek(n) | 0x20) == 'e') {
      kind = LiteralKind::kFloat;
      n++;
      if (Peek(n) == '+' || Peek(n) == '-') n++;
      if (!IsDigit(Peek(n))) return false;
      while (IsDigit(Peek(n))) n++;
    }
    return TakeAlone(kind, n);
  }

  // The end of what `quote` encloses, behind the closing one; null when it does not end.
  const uint8_t* EndOfQuoted(uint8_t quote) const {
    const uint8_t* p = at_ + 1;
    for (;;) {
      p = static_cast<const uint8_t*>(std::memchr(p, quote, static_cast<size_t>(end_ - p)));
      if (p == nullptr) return nullptr;
      if (p + 1 == end_ || p[1] != quote) return p + 1;
      p += 2;
      if (p == end_) return nullptr;
    }
  }
  bool String() {
    const uint8_t* end = EndOfQuoted('\'');
    if (end == nullptr) return false;
    out_->literals.push_back({LiteralKind::kString, Slice(at_ + 1, static_cast<size_t>(end - at_) - 2)});
    out_->skeleton.push_back(kLiteralByte);
    at_ = end;
    return true;
  }
  bool QuotedName() {
    const uint8_t* end = EndOfQuoted('"');
    return end != nullptr && Copy(static_cast<size_t>(end - at_));
  }

  const uint8_t* at_;
  const uint8_t* const end_;
  PlainText* out_;
};

template <typename T>
void Append(T value, std::vector<uint8_t>* out) {
  if constexpr (sizeof value == 1) {
    out->push_back(value);
  } else {
    const size_t at = out->size();
    out->resize(at + sizeof value);
    StoreBE(out->data() + at, value);
  }
}
// Appends a value's length, then its bytes.
template <typename T>
bool AppendFixed(T value, std::vector<uint8_t>* out) {
  Append(static_cast<uint32_t>(sizeof value), out);
  Append(value, out);
  return true;
}
template <typename T>
bool AppendInteger(int64_t value, std::vector<uint8_t>* out) {
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) return false;
  return AppendFixed(static_cast<std::make_unsigned_t<T>>(value), out);
}

// Reads a whole text as a number. The standard library rounds once, to the nearest, as Java does.
template <typename T>
bool Parse(Slice text, T* out) {
  const char* first = reinterpret_cast<const char*>(text.data);
  const std::from_chars_result r = std::from_chars(first, first + text.size, *out);
  return r.ec == std::errc() && r.ptr == first + text.size;
}

template <typename Float, typename Bits>
bool AppendFloating(Slice text, std::vector<uint8_t>* out) {
#if defined(__cpp_lib_to_chars)
  Float value;
  return Parse(text, &value) && AppendFixed(std::bit_cast<Bits>(value), out);
#else
  return false;
#endif
}
bool AppendFloating(Slice text, TypeKind type, std::vector<uint8_t>* out) {
  if (type == TypeKind::kFloat) return AppendFloating<float, uint32_t>(text, out);
  return type == TypeKind::kDouble && AppendFloating<double, uint64_t>(text, out);
}

bool AppendInteger(Slice text, TypeKind type, std::vector<uint8_t>* out) {
  if (type == TypeKind::kFloat || type == TypeKind::kDouble) return AppendFloating(text, type, out);
  int64_t value;
  if (!Parse(text, &value)) return false;
  switch (type) {
    case TypeKind::kTinyint:
      return AppendInteger<int8_t>(value, out);
    case TypeKind::kSmallint:
      return AppendInteger<int16_t>(value, out);
    case TypeKind::kInt:
      return AppendInteger<int32_t>(value, out);
    case TypeKind::kBigint:
    case TypeKind::kTimestamp:
      return AppendInteger<int64_t>(value, out);
    default:
      return false;
  }
}

bool AppendString(Slice text, std::vector<uint8_t>* out) {
  const size_t start = out->size();
  Append(static_cast<uint32_t>(text.size), out);
  const uint8_t* p = text.data;
  const uint8_t* const end = p + text.size;
  while (p < end) {
    const auto* quote = static_cast<const uint8_t*>(std::memchr(p, '\'', static_cast<size_t>(end - p)));
    if (quote == nullptr) break;
    out->insert(out->end(), p, quote + 1);
    p = quote + 2;
  }
  if (p < end) out->insert(out->end(), p, end);
  StoreBE(out->data() + start, static_cast<uint32_t>(out->size() - start - 4));
  return true;
}

bool IsAscii(Slice text) {
  return std::all_of(text.data, text.data + text.size, [](uint8_t byte) { return byte < 0x80; });
}

// Version 1 (RFC 9562): the first digit of the third group.
bool IsTimeBased(Slice uuid) { return uuid.data[14] == '1'; }

bool AppendHexBytes(Slice digits, std::vector<uint8_t>* out) {
  if (digits.size % 2 != 0) return false;
  Append(static_cast<uint32_t>(digits.size / 2), out);
  for (size_t i = 0; i < digits.size; i += 2)
    out->push_back(static_cast<uint8_t>(HexValue(digits.data[i]) << 4 | HexValue(digits.data[i + 1])));
  return true;
}

bool AppendUuid(Slice text, std::vector<uint8_t>* out) {
  uint8_t digits[32];
  size_t n = 0;
  for (size_t i = 0; i < kUuidCharacters; i++)
    if (!IsDashPlace(i)) digits[n++] = text.data[i];
  return AppendHexBytes(Slice(digits, n), out);
}

}  // namespace

bool ScanPlainText(Slice text, PlainText* out) { return Scanner(text, out).Run(); }

bool AppendLiteral(const Literal& literal, TypeKind type, std::vector<uint8_t>* out) {
  const Slice text = literal.text;
  switch (literal.kind) {
    case LiteralKind::kMarker:
      return false;
    case LiteralKind::kString:
      return (type == TypeKind::kText || (type == TypeKind::kAscii && IsAscii(text))) && AppendString(text, out);
    case LiteralKind::kInteger:
      return AppendInteger(text, type, out);
    case LiteralKind::kFloat:
      return AppendFloating(text, type, out);
    case LiteralKind::kUuid:
      return (type == TypeKind::kUuid || (type == TypeKind::kTimeuuid && IsTimeBased(text))) && AppendUuid(text, out);
    case LiteralKind::kHex:
      return type == TypeKind::kBlob && AppendHexBytes(Slice(text.data + 2, text.size - 2), out);
    case LiteralKind::kBoolean:
      return type == TypeKind::kBoolean && AppendFixed(static_cast<uint8_t>(text.size == 4), out);  // "true"
  }
  return false;
}

bool AppendExecuteOptions(const HotPlan& plan, uint8_t version, const PlainText& text, Slice options,
                          std::vector<uint8_t>* out) {
  Reader reader(options);
  uint16_t consistency;
  uint32_t flags;
  uint8_t byte = 0;
  if (text.literals.size() != plan.binds.size() || !reader.U16(&consistency)) return false;
  if (version >= 5 ? !reader.U32(&flags) : !reader.U8(&byte)) return false;
  flags = version >= 5 ? Swap(flags) : byte;
  if (flags & kFlagNames) return false;
  const uint32_t wanted = (flags | kFlagValues) & ~kFlagSkipMetadata;
  Append(Swap(consistency), out);
  if (version >= 5) Append(wanted, out);
  else Append(static_cast<uint8_t>(wanted), out);
  Append(static_cast<uint16_t>(plan.binds.size()), out);
  uint16_t given = 0;
  if (flags & kFlagValues) {
    if (!reader.U16(&given)) return false;
    given = Swap(given);
  }
  for (size_t i = 0; i < text.literals.size(); i++) {
    const Literal& literal = text.literals[i];
    if (literal.kind != LiteralKind::kMarker) {
      if (!AppendLiteral(literal, plan.binds[i].type, out)) return false;
      continue;
    }
    uint32_t length;
    Slice value;
    if (given-- == 0 || !reader.U32(&length)) return false;
    const int32_t n = static_cast<int32_t>(Swap(length));
    if (n > 0 && !reader.Bytes(static_cast<size_t>(n), &value)) return false;
    Append(static_cast<uint32_t>(n), out);
    if (n > 0) out->insert(out->end(), value.data, value.data + value.size);
  }
  Slice rest;
  if (given != 0 || !reader.Bytes(reader.left(), &rest)) return false;
  if (rest.size > 0) out->insert(out->end(), rest.data, rest.data + rest.size);
  return true;
}

}  // namespace ferrosa

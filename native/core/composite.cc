#include "composite.h"

#include <string>
#include <vector>

namespace ferrosa {
namespace {

constexpr uint16_t kStaticMarker = 0xffff;
constexpr uint16_t kAliasFlag = 0x8000;
const std::string kPackage = "org.apache.cassandra.db.marshal.";

// Classes without parameters: a dynamic composite may name any of them.
const std::vector<Type>& PlainTypes() {
  static const std::vector<Type> types = [] {
    const std::vector<std::pair<TypeKind, const char*>> names = {
        {TypeKind::kAscii, "AsciiType"},          {TypeKind::kBigint, "LongType"},
        {TypeKind::kBlob, "BytesType"},           {TypeKind::kBoolean, "BooleanType"},
        {TypeKind::kDate, "SimpleDateType"},      {TypeKind::kDecimal, "DecimalType"},
        {TypeKind::kDouble, "DoubleType"},        {TypeKind::kEmpty, "EmptyType"},
        {TypeKind::kFloat, "FloatType"},          {TypeKind::kInet, "InetAddressType"},
        {TypeKind::kInt, "Int32Type"},            {TypeKind::kLexicalUuid, "LexicalUUIDType"},
        {TypeKind::kSmallint, "ShortType"},       {TypeKind::kText, "UTF8Type"},
        {TypeKind::kTime, "TimeType"},            {TypeKind::kTimestamp, "TimestampType"},
        {TypeKind::kTimeuuid, "TimeUUIDType"},    {TypeKind::kTinyint, "ByteType"},
        {TypeKind::kUuid, "UUIDType"},            {TypeKind::kVarint, "IntegerType"},
    };
    std::vector<Type> all;
    for (const auto& [kind, name] : names) {
      Type type;
      type.kind = kind;
      type.class_name = kPackage + name;
      all.push_back(std::move(type));
    }
    return all;
  }();
  return types;
}

const Type* PlainTypeNamed(Slice name) {
  for (const Type& type : PlainTypes())
    if (name == SimpleClassName(type) || name == Slice(type.class_name)) return &type;
  return nullptr;
}

}  // namespace

CompositeReader::CompositeReader(const Type& type, Slice value) : type_(type), rest_(value) {
  if (type.kind != TypeKind::kComposite || value.size < 2 || LoadBE<uint16_t>(value.data) != kStaticMarker) return;
  is_static_ = true;
  rest_ = Slice(value.data + 2, value.size - 2);
}

bool CompositeReader::Take(size_t n, Slice* out) {
  if (rest_.size < n) return false;
  *out = Slice(rest_.data, n);
  rest_ = Slice(rest_.data + n, rest_.size - n);
  return true;
}

bool CompositeReader::TakeSized(Slice* out) {
  Slice size;
  return Take(2, &size) && Take(LoadBE<uint16_t>(size.data), out);
}

const Type* CompositeReader::NextType() {
  if (type_.kind == TypeKind::kComposite) return index_ < type_.children.size() ? &type_.children[index_] : nullptr;
  if (rest_.size < 2) return nullptr;
  Slice name;
  const uint16_t header = LoadBE<uint16_t>(rest_.data);
  if (!(header & kAliasFlag)) return TakeSized(&name) ? PlainTypeNamed(name) : nullptr;
  Take(2, &name);
  const size_t at = type_.aliases.find(static_cast<char>(header & 0xff));
  return at == std::string::npos ? nullptr : &type_.children[at];
}

bool CompositeReader::Next(CompositePart* part) {
  if (at_end()) return false;
  Slice end;
  part->type = NextType();
  if (part->type == nullptr || !TakeSized(&part->value) || !Take(1, &end)) return false;
  part->end = static_cast<int8_t>(end.data[0]);
  index_++;
  return true;
}

Slice FullClassName(const Type& type) {
  const size_t open = type.class_name.find('(');
  const Slice all(type.class_name);
  return open == std::string::npos ? all : Slice(all.data, open);
}

Slice SimpleClassName(const Type& type) {
  const Slice full = FullClassName(type);
  if (type.class_name.compare(0, kPackage.size(), kPackage) != 0) return full;
  return Slice(full.data + kPackage.size(), full.size - kPackage.size());
}

}  // namespace ferrosa

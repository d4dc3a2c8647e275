#include "serialization_header.h"

#include <algorithm>
#include <cstdlib>

#include "../vint.h"

namespace ferrosa {
namespace {

constexpr int64_t kTimestampEpoch = 1442880000000000;
constexpr int64_t kDeletionTimeEpoch = 1442880000;
constexpr int kTypeDepthMax = 32;

// "a.b.Name(arguments)" as Name and arguments.
void Split(const std::string& blank_padded, std::string* name, std::string* arguments) {
  const size_t first = blank_padded.find_first_not_of(' ');
  const std::string text = first == std::string::npos ? "" : blank_padded.substr(first, blank_padded.find_last_not_of(' ') + 1 - first);
  const size_t open = text.find('(');
  const size_t end = open == std::string::npos ? text.size() : open;
  const size_t dot = end == 0 ? std::string::npos : text.rfind('.', end - 1);
  *name = text.substr(dot == std::string::npos ? 0 : dot + 1, end - (dot == std::string::npos ? 0 : dot + 1));
  arguments->clear();
  if (open != std::string::npos && text.back() == ')') *arguments = text.substr(open + 1, text.size() - open - 2);
}

int FixedLengthOf(const std::string& name) {
  static const struct {
    const char* name;
    int length;
  } kFixed[] = {{"BooleanType", 1}, {"FloatType", 4},  {"Int32Type", 4},    {"LongType", 8},        {"DoubleType", 8},
                {"DateType", 8},    {"UUIDType", 16},  {"TimeUUIDType", 16}, {"LexicalUUIDType", 16}, {"TimestampType", 8},
                {"EmptyType", 0}};
  for (const auto& type : kFixed)
    if (name == type.name) return type.length;
  return -1;
}

FileType Parse(const std::string& text, int depth) {
  FileType type;
  std::string name;
  std::string arguments;
  Split(text, &name, &arguments);
  if (depth > kTypeDepthMax) return type;
  if (name == "ReversedType") return Parse(arguments, depth + 1);
  if (name == "FrozenType") {
    type = Parse(arguments, depth + 1);
    type.multicell = false;
    return type;
  }
  if (name == "VectorType") {
    const size_t comma = arguments.rfind(',');
    if (comma == std::string::npos) return type;
    const FileType element = Parse(arguments.substr(0, comma), depth + 1);
    const long dimensions = std::strtol(arguments.c_str() + comma + 1, nullptr, 10);
    if (element.fixed_length >= 0 && dimensions > 0 && dimensions < 1 << 20)
      type.fixed_length = element.fixed_length * static_cast<int>(dimensions);
    return type;
  }
  type.multicell = name == "ListType" || name == "SetType" || name == "MapType" || name == "UserType";
  type.counter = name == "CounterColumnType";
  type.fixed_length = FixedLengthOf(name);
  return type;
}

bool ReadString(Reader& r, std::string* out) {
  Slice s;
  if (!ReadVintBytes(r, &s)) return false;
  out->assign(reinterpret_cast<const char*>(s.data), s.size);
  return true;
}

void FindTarget(const TableDescriptor& table, bool is_static, FileColumn* column) {
  for (size_t i = 0; i < table.columns.size(); i++) {
    const Column& c = table.columns[i];
    if (c.name != column->name || c.is_static != is_static) continue;
    if (c.dropped || c.dropped_at != 0) column->dropped_at = std::max(column->dropped_at, c.dropped_at);
    if (!c.dropped && c.multicell == column->type.multicell) column->target = static_cast<int>(i);
  }
}

bool ReadColumns(Reader& r, const TableDescriptor& table, bool is_static, std::vector<FileColumn>* out) {
  uint64_t n;
  if (!ReadUnsignedVint(r, &n) || n > r.left()) return false;
  for (uint64_t i = 0; i < n; i++) {
    FileColumn column;
    std::string type;
    if (!ReadString(r, &column.name) || !ReadString(r, &type)) return false;
    column.type = ParseFileType(type);
    FindTarget(table, is_static, &column);
    out->push_back(std::move(column));
  }
  return true;
}

}  // namespace

FileType ParseFileType(const std::string& class_name) { return Parse(class_name, 0); }

Status ParseSerializationHeader(Slice bytes, const TableDescriptor& table, SerializationHeader* out) {
  const Status bad = Status::Corrupt("a serialization header that is cut off");
  Reader r(bytes);
  uint64_t timestamp;
  uint64_t deletion;
  uint64_t ttl;
  if (!ReadUnsignedVint(r, &timestamp) || !ReadUnsignedVint(r, &deletion) || !ReadUnsignedVint(r, &ttl)) return bad;
  out->stats.min_timestamp = static_cast<int64_t>(timestamp + static_cast<uint64_t>(kTimestampEpoch));
  out->stats.min_local_deletion_time = static_cast<int64_t>(deletion + static_cast<uint64_t>(kDeletionTimeEpoch));
  out->stats.min_ttl = static_cast<int32_t>(ttl);
  std::string text;
  uint64_t n;
  if (!ReadString(r, &text) || !ReadUnsignedVint(r, &n) || n > r.left()) return bad;
  for (uint64_t i = 0; i < n; i++) {
    if (!ReadString(r, &text)) return bad;
    out->clustering.push_back(ParseFileType(text));
  }
  if (!ReadColumns(r, table, true, &out->statics) || !ReadColumns(r, table, false, &out->regulars)) return bad;
  return Status::Ok();
}

}  // namespace ferrosa

// native/core/descriptor.h: what the engine knows of a table's schema. Byte layout: docs/format/table-descriptor.md.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bytes.h"

namespace ferrosa {

// The option numbers of the native protocol where it has one; 0x80 and up are ours.
enum class TypeKind : uint8_t {
  kAscii = 0x01,
  kBigint = 0x02,
  kBlob = 0x03,  // also custom classes ordered by their bytes
  kBoolean = 0x04,
  kCounter = 0x05,
  kDecimal = 0x06,
  kDouble = 0x07,
  kFloat = 0x08,
  kInt = 0x09,
  kTimestamp = 0x0b,
  kUuid = 0x0c,
  kText = 0x0d,
  kVarint = 0x0e,
  kTimeuuid = 0x0f,
  kInet = 0x10,
  kDate = 0x11,
  kTime = 0x12,
  kSmallint = 0x13,
  kTinyint = 0x14,
  kDuration = 0x15,
  kList = 0x20,
  kMap = 0x21,
  kSet = 0x22,
  kUdt = 0x30,
  kTuple = 0x31,
  kVector = 0x80,
  kEmpty = 0x81,
  kComposite = 0x82,         // components of the types of its children
  kDynamicComposite = 0x83,  // components that name their types: an alias of one of its children, or a class
  kLexicalUuid = 0x84,
};

struct Type {
  TypeKind kind = TypeKind::kBlob;
  uint32_t dimensions = 0;       // vector
  std::vector<Type> children;    // list and set: element; map: key, value; tuple and udt: fields; vector: element; composites
  std::string aliases;           // dynamic composite: one character a child
  std::string class_name;        // Cassandra's marshal class, for the serialization header of SSTables
};

struct ClusteringColumn {
  Type type;
  bool reversed = false;
};

struct Column {
  uint16_t id = 0;  // stable for the life of the table, never used again after DROP
  bool is_static = false;
  bool multicell = false;  // non-frozen collection or user type: one cell an element, ordered by path
  bool counter = false;
  bool dropped = false;
  int64_t dropped_at = 0;  // microseconds: cells at or below it are not there; also of a column that came back
  std::string name;        // as in the schema, UTF-8
  Type type;
};

// An index of a vector column: what the shard keeps of it in memory (native/core/ann).
struct VectorIndexDescriptor {
  enum class Of : uint8_t { kRegular = 0, kStatic = 1, kClustering = 2, kPartitionKey = 3 };
  std::array<uint8_t, 16> id{};
  Of of = Of::kRegular;
  uint16_t column = 0;  // id of a regular or static column, position of a component of the key
  uint32_t dimensions = 0;
  uint8_t similarity = 0;
  uint8_t method = 0;
  uint16_t connections = 0;
  uint16_t beam = 0;
  uint16_t lists = 0;
};

struct TableDescriptor {
  std::array<uint8_t, 16> id{};
  uint32_t version = 0;  // grows with every ALTER
  bool is_counter = false;
  uint32_t gc_grace_seconds = 0;
  uint32_t default_ttl = 0;
  double bloom_filter_fp_chance = 0.01;
  uint32_t column_index_bytes = 0;  // row index granularity
  uint32_t chunk_bytes = 0;         // compression chunk, 0 when uncompressed
  std::string keyspace;
  std::string name;
  std::vector<Type> partition_key;
  std::vector<ClusteringColumn> clustering;
  // Statics before regulars; in each, simple before multicell, then by name bytes: the order of cells in SSTables.
  std::vector<Column> columns;
  std::vector<VectorIndexDescriptor> vector_indexes;
  // -1 when the id is not a column of this version.
  int IndexOf(uint16_t column_id) const {
    for (size_t i = 0; i < columns.size(); i++)
      if (columns[i].id == column_id) return static_cast<int>(i);
    return -1;
  }
};

using DescriptorPtr = std::shared_ptr<const TableDescriptor>;

// Parses the layout of docs/format/table-descriptor.md. Returns Invalid when the bytes are not one.
Status ParseDescriptor(Slice bytes, DescriptorPtr* out);

// Reads one type in the same layout; the reader stands after it. Invalid when there is none.
Status ParseType(Reader* reader, Type* out);

}  // namespace ferrosa

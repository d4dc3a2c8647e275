// native/core/sstable/serialization_header.h: what Statistics.db tells of how Data.db is encoded. Source: SerializationHeader, EncodingStats.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "../bytes.h"
#include "../descriptor.h"

namespace ferrosa {

// The least values of the file: what timestamps, deletion times and ttls are stored as differences from.
struct EncodingStats {
  int64_t min_timestamp = 1442880000000000;  // 2015-09-22, the epoch that stands for "none"
  int64_t min_local_deletion_time = 1442880000;
  int32_t min_ttl = 0;
};

// A type as far as the layout of its values goes.
struct FileType {
  int fixed_length = -1;  // bytes; -1: a length precedes each value
  bool multicell = false;
  bool counter = false;
};

struct FileColumn {
  std::string name;
  FileType type;
  int target = -1;                        // index in the reading descriptor; -1: skipped
  int64_t dropped_at = INT64_MIN;         // cells at or below it are skipped
};

struct SerializationHeader {
  EncodingStats stats;
  std::vector<FileType> clustering;
  std::vector<FileColumn> statics;
  std::vector<FileColumn> regulars;
};

// The layout of a type by its marshal class text, e.g. "org.apache.cassandra.db.marshal.MapType(...)".
FileType ParseFileType(const std::string& class_name);

// Parses the HEADER component and finds its columns in `table` by name and kind.
Status ParseSerializationHeader(Slice bytes, const TableDescriptor& table, SerializationHeader* out);

}  // namespace ferrosa

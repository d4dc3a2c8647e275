// native/core/sstable/row_decoder.h: rows and range tombstone markers as Data.db has them. Source: UnfilteredSerializer, Cell.Serializer,
// Columns.Serializer, ClusteringPrefix.Serializer, DeletionTime.Serializer of Cassandra 5.0 (versions oa and da).
#pragma once
#include <cstdint>

#include "../unfiltered.h"
#include "serialization_header.h"

namespace ferrosa {

enum class Decode : uint8_t {
  kOk,
  kEndOfPartition,
  kMore,     // the bytes end first: `*want` are needed from the same place
  kCorrupt,
};

// Decodes the row or marker that starts at bytes[0]. With `body` false only clustering (or bound) and size are read.
//   size  bytes of the whole item
Decode DecodeUnfiltered(Slice bytes, const SerializationHeader& header, size_t clustering_columns, bool body, Unfiltered* out, uint64_t* size,
                        uint64_t* want);

// Partition deletion as in versions oa and da: one byte 0x80 when live, else i64 timestamp and u32 local deletion time, big-endian.
bool ReadDeletionTime(Reader& r, DeletionTime* out);
void WriteDeletionTime(Writer& w, const DeletionTime& d);

}  // namespace ferrosa

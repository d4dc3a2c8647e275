// native/core/sstable/row_writer.h: rows and markers as bytes of Data.db, the other side of row_decoder.h.
#pragma once
#include "../unfiltered.h"
#include "serialization_header.h"

namespace ferrosa {

// Encodes for one SSTable: with its least values and all live columns of the table.
class RowWriter {
 public:
  RowWriter(const TableDescriptor* table, const EncodingStats& stats);

  // `previous` is the distance from the item before, 0 for a static row.
  void WriteRow(const Row& row, uint64_t previous, Writer* out);
  void WriteMarker(const Marker& marker, uint64_t previous, Writer* out);
  // The static row of a partition that has none, in a table with static columns.
  void WriteEmptyStatic(Writer* out);
  bool has_statics() const { return !statics_.empty(); }
  // The HEADER component of Statistics.db.
  std::vector<uint8_t> Header() const;
  // Valid clusterings, as Slice.serializer has them in the STATS component: values behind two bits each.
  void WriteValues(const ClusteringValues& values, Writer* out) const;

 private:
  struct OutColumn {
    FileType type;
    int index;  // in the descriptor
  };
  void WriteBody(const Row& row, uint8_t flags, Writer* out);
  void WriteSubset(const std::vector<OutColumn>& columns, size_t present, Writer* out);
  void WriteCell(const Row& row, const OutColumn& column, const Cell& cell, Writer* out);
  void WriteTimes(const DeletionTime& d, Writer* out) const;
  void WriteTimestamp(int64_t timestamp, Writer* out) const;
  void WriteLocalDeletionTime(uint32_t seconds, Writer* out) const;
  void WriteTtl(uint32_t ttl, Writer* out) const;

  const TableDescriptor* table_;
  EncodingStats stats_;
  std::vector<FileType> clustering_;
  std::vector<OutColumn> statics_;
  std::vector<OutColumn> regulars_;
  std::vector<uint8_t> present_;  // of the row in hand, by column
  Writer body_;
};

}  // namespace ferrosa

#include "row_writer.h"

#include "../vint.h"
#include "row_format.h"

namespace ferrosa {
namespace {

constexpr int64_t kTimestampEpoch = 1442880000000000;
constexpr int64_t kDeletionTimeEpoch = 1442880000;

void WriteText(const std::string& text, Writer* out) { WriteVintBytes(*out, Slice(text)); }

std::string KeyTypeOf(const TableDescriptor& table) {
  if (table.partition_key.size() == 1) return table.partition_key[0].class_name;
  std::string text = "org.apache.cassandra.db.marshal.CompositeType(";
  for (size_t i = 0; i < table.partition_key.size(); i++) text += (i == 0 ? "" : ",") + table.partition_key[i].class_name;
  return text + ")";
}

std::string ClusteringTypeOf(const ClusteringColumn& column) {
  return column.reversed ? "org.apache.cassandra.db.marshal.ReversedType(" + column.type.class_name + ")" : column.type.class_name;
}

void WriteValue(Slice value, int fixed_length, Writer* out) {
  if (fixed_length < 0) WriteUnsignedVint(*out, value.size);
  out->Bytes(value);
}

}  // namespace

RowWriter::RowWriter(const TableDescriptor* table, const EncodingStats& stats) : table_(table), stats_(stats) {
  for (const ClusteringColumn& column : table->clustering) clustering_.push_back(ParseFileType(column.type.class_name));
  for (size_t i = 0; i < table->columns.size(); i++) {
    const Column& column = table->columns[i];
    if (column.dropped) continue;
    FileType type = ParseFileType(column.type.class_name);
    type.multicell = column.multicell;
    (column.is_static ? statics_ : regulars_).push_back(OutColumn{type, static_cast<int>(i)});
  }
}

std::vector<uint8_t> RowWriter::Header() const {
  Writer w;
  WriteUnsignedVint(w, static_cast<uint64_t>(stats_.min_timestamp) - static_cast<uint64_t>(kTimestampEpoch));
  WriteUnsignedVint(w, static_cast<uint64_t>(stats_.min_local_deletion_time) - static_cast<uint64_t>(kDeletionTimeEpoch));
  WriteUnsignedVint(w, static_cast<uint64_t>(stats_.min_ttl));
  WriteText(KeyTypeOf(*table_), &w);
  WriteUnsignedVint(w, table_->clustering.size());
  for (const ClusteringColumn& column : table_->clustering) WriteText(ClusteringTypeOf(column), &w);
  for (const auto* columns : {&statics_, &regulars_}) {
    WriteUnsignedVint(w, columns->size());
    for (const OutColumn& column : *columns) {
      const Column& c = table_->columns[static_cast<size_t>(column.index)];
      WriteText(c.name, &w);
      WriteText(c.type.class_name, &w);
    }
  }
  return std::move(w.bytes);
}

void RowWriter::WriteTimestamp(int64_t timestamp, Writer* out) const {
  WriteUnsignedVint(*out, static_cast<uint64_t>(timestamp) - static_cast<uint64_t>(stats_.min_timestamp));
}
void RowWriter::WriteLocalDeletionTime(uint32_t seconds, Writer* out) const {
  WriteUnsignedVint(*out, static_cast<uint64_t>(seconds) - static_cast<uint64_t>(stats_.min_local_deletion_time));
}
void RowWriter::WriteTtl(uint32_t ttl, Writer* out) const {
  WriteUnsignedVint(*out, static_cast<uint64_t>(static_cast<int64_t>(ttl) - stats_.min_ttl));
}
void RowWriter::WriteTimes(const DeletionTime& d, Writer* out) const {
  WriteTimestamp(d.marked_for_delete_at, out);
  WriteLocalDeletionTime(d.local_deletion_time, out);
}

void RowWriter::WriteValues(const ClusteringValues& values, Writer* out) const {
  for (size_t i = 0; i < values.size(); i++) {
    if (i % 32 == 0) {
      uint64_t header = 0;
      for (size_t j = i; j < values.size() && j < i + 32; j++) {
        if (values[j].is_null()) header |= 2ull << (2 * (j - i));
        else if (values[j].size == 0) header |= 1ull << (2 * (j - i));
      }
      WriteUnsignedVint(*out, header);
    }
    if (!values[i].is_null() && values[i].size > 0) WriteValue(values[i], clustering_[i].fixed_length, out);
  }
}

void RowWriter::WriteEmptyStatic(Writer* out) {
  Row empty;
  empty.is_static = true;
  WriteRow(empty, 0, out);
}

void RowWriter::WriteRow(const Row& row, uint64_t previous, Writer* out) {
  const std::vector<OutColumn>& columns = row.is_static ? statics_ : regulars_;
  present_.assign(table_->columns.size(), 0);
  for (const Cell& cell : row.cells) present_[cell.column] = 1;
  for (const ComplexDeletion& d : row.complex_deletions) present_[d.column] = 1;
  size_t present = 0;
  for (const OutColumn& column : columns) present += present_[static_cast<size_t>(column.index)];
  uint8_t flags = 0;
  if (!row.liveness.empty()) flags |= kRowHasTimestamp;
  if (!row.liveness.empty() && row.liveness.ttl != kNoTtl) flags |= kRowHasTtl;
  if (!row.deletion.live()) flags |= kRowHasDeletion;
  if (!row.complex_deletions.empty()) flags |= kRowHasComplexDeletion;
  if (present == columns.size()) flags |= kRowHasAllColumns;
  if (row.is_static) flags |= kExtension;
  out->U8(flags);
  if (row.is_static) out->U8(kExtendedStatic);
  else WriteValues(row.clustering, out);
  body_.bytes.clear();
  WriteUnsignedVint(body_, previous);
  WriteBody(row, flags, &body_);
  WriteUnsignedVint(*out, body_.size());
  out->Bytes(Slice(body_.bytes));
}

void RowWriter::WriteBody(const Row& row, uint8_t flags, Writer* out) {
  if (flags & kRowHasTimestamp) WriteTimestamp(row.liveness.timestamp, out);
  if (flags & kRowHasTtl) {
    WriteTtl(row.liveness.ttl, out);
    WriteLocalDeletionTime(row.liveness.expires_at, out);
  }
  if (flags & kRowHasDeletion) WriteTimes(row.deletion, out);
  const std::vector<OutColumn>& columns = row.is_static ? statics_ : regulars_;
  if (!(flags & kRowHasAllColumns)) {
    size_t present = 0;
    for (const OutColumn& column : columns) present += present_[static_cast<size_t>(column.index)];
    WriteSubset(columns, present, out);
  }
  size_t cell = 0;
  size_t deletion = 0;
  for (const OutColumn& column : columns) {
    const size_t index = static_cast<size_t>(column.index);
    if (!present_[index]) continue;
    while (cell < row.cells.size() && row.cells[cell].column < index) cell++;
    size_t end = cell;
    while (end < row.cells.size() && row.cells[end].column == index) end++;
    if (column.type.multicell) {
      while (deletion < row.complex_deletions.size() && row.complex_deletions[deletion].column < index) deletion++;
      const bool has = deletion < row.complex_deletions.size() && row.complex_deletions[deletion].column == index;
      if (flags & kRowHasComplexDeletion) WriteTimes(has ? row.complex_deletions[deletion].deletion : DeletionTime(), out);
      WriteUnsignedVint(*out, end - cell);
    }
    for (; cell < end; cell++) WriteCell(row, column, row.cells[cell], out);
  }
}

// Up to 63 columns: a bit for each that is absent. More: how many are absent, then the indexes of the present or of the absent ones, whichever
// are fewer.
void RowWriter::WriteSubset(const std::vector<OutColumn>& columns, size_t present, Writer* out) {
  if (columns.size() < 64) {
    uint64_t absent = 0;
    for (size_t i = 0; i < columns.size(); i++)
      if (!present_[static_cast<size_t>(columns[i].index)]) absent |= 1ull << i;
    WriteUnsignedVint(*out, absent);
    return;
  }
  WriteUnsignedVint(*out, columns.size() - present);
  const uint8_t listed = present < columns.size() / 2 ? 1 : 0;
  for (size_t i = 0; i < columns.size(); i++)
    if (present_[static_cast<size_t>(columns[i].index)] == listed) WriteUnsignedVint(*out, i);
}

void RowWriter::WriteCell(const Row& row, const OutColumn& column, const Cell& cell, Writer* out) {
  const bool expiring = !cell.tombstone && cell.ttl != kNoTtl;
  const bool row_timestamp = !row.liveness.empty() && cell.timestamp == row.liveness.timestamp;
  const bool row_ttl = expiring && row.liveness.ttl != kNoTtl && cell.ttl == row.liveness.ttl && cell.local_deletion_time == row.liveness.expires_at;
  uint8_t flags = 0;
  if (cell.value.size == 0) flags |= kCellEmpty;
  if (cell.tombstone) flags |= kCellDeleted;
  else if (expiring) flags |= kCellExpiring;
  if (row_timestamp) flags |= kCellRowTimestamp;
  if (row_ttl) flags |= kCellRowTtl;
  out->U8(flags);
  if (!row_timestamp) WriteTimestamp(cell.timestamp, out);
  if ((cell.tombstone || expiring) && !row_ttl) WriteLocalDeletionTime(cell.local_deletion_time, out);
  if (expiring && !row_ttl) WriteTtl(cell.ttl, out);
  if (column.type.multicell) WriteVintBytes(*out, cell.path);
  if (cell.value.size > 0) WriteValue(cell.value, column.type.multicell ? -1 : column.type.fixed_length, out);
}

void RowWriter::WriteMarker(const Marker& marker, uint64_t previous, Writer* out) {
  out->U8(kIsMarker);
  out->U8(static_cast<uint8_t>(marker.bound.kind));
  out->BE<uint16_t>(static_cast<uint16_t>(marker.bound.prefix.size()));
  WriteValues(marker.bound.prefix, out);
  body_.bytes.clear();
  WriteUnsignedVint(body_, previous);
  switch (marker.bound.kind) {
    case BoundKind::kExclEndInclStart:
    case BoundKind::kInclEndExclStart:
      WriteTimes(marker.close, &body_);
      WriteTimes(marker.open, &body_);
      break;
    case BoundKind::kInclStart:
    case BoundKind::kExclStart:
      WriteTimes(marker.open, &body_);
      break;
    default:
      WriteTimes(marker.close, &body_);
      break;
  }
  WriteUnsignedVint(*out, body_.size());
  out->Bytes(Slice(body_.bytes));
}

}  // namespace ferrosa

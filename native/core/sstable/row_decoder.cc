#include "row_decoder.h"

#include "../vint.h"
#include "row_format.h"

namespace ferrosa {
namespace {

bool ReadTimestamp(Reader& r, const EncodingStats& stats, int64_t* out) {
  uint64_t v;
  if (!ReadUnsignedVint(r, &v)) return false;
  *out = static_cast<int64_t>(v + static_cast<uint64_t>(stats.min_timestamp));
  return true;
}

// Seconds; what does not fit the unsigned 32 bits of version da counts as the latest.
bool ReadLocalDeletionTime(Reader& r, const EncodingStats& stats, uint32_t* out) {
  uint64_t v;
  if (!ReadUnsignedVint(r, &v)) return false;
  const int64_t t = static_cast<int64_t>(v + static_cast<uint64_t>(stats.min_local_deletion_time));
  *out = t < 0 ? 0 : t > kLocalDeletionTimeMax ? kLocalDeletionTimeMax : static_cast<uint32_t>(t);
  return true;
}

bool ReadTtl(Reader& r, const EncodingStats& stats, uint32_t* out) {
  uint64_t v;
  if (!ReadUnsignedVint(r, &v)) return false;
  *out = static_cast<uint32_t>(static_cast<int64_t>(v) + stats.min_ttl);
  return true;
}

bool ReadDelta(Reader& r, const EncodingStats& stats, DeletionTime* out) {
  return ReadTimestamp(r, stats, &out->marked_for_delete_at) && ReadLocalDeletionTime(r, stats, &out->local_deletion_time);
}

bool ReadValue(Reader& r, int fixed_length, Slice* out) {
  return fixed_length >= 0 ? r.Bytes(static_cast<size_t>(fixed_length), out) : ReadVintBytes(r, out);
}

// Values in groups of 32, each group after two bits a value: 1 empty, 2 null.
bool ReadClustering(Reader& r, const std::vector<FileType>& types, size_t n, ClusteringValues* out) {
  out->clear();
  if (n > types.size()) return false;
  uint64_t header = 0;
  for (size_t i = 0; i < n; i++) {
    if (i % 32 == 0 && !ReadUnsignedVint(r, &header)) return false;
    const unsigned bits = header >> (2 * (i % 32)) & 3;
    Slice value;
    if (bits == 1) value = Slice(r.position(), 0);
    else if (bits == 0 && !ReadValue(r, types[i].fixed_length, &value)) return false;
    out->push_back(value);
  }
  return true;
}

// Which of the header's columns a row has. `present` has one entry a column.
bool ReadColumnSubset(Reader& r, size_t columns, std::vector<uint8_t>* present) {
  uint64_t encoded;
  if (!ReadUnsignedVint(r, &encoded)) return false;
  if (encoded == 0) {
    present->assign(columns, 1);
    return true;
  }
  if (columns < 64) {
    present->assign(columns, 0);
    for (size_t i = 0; i < columns; i++) (*present)[i] = (encoded >> i & 1) == 0;
    return true;
  }
  if (encoded > columns) return false;
  const uint64_t count = columns - encoded;
  const bool lists_present = count < columns / 2;
  present->assign(columns, lists_present ? 0 : 1);
  for (uint64_t i = lists_present ? count : encoded; i > 0; i--) {
    uint64_t index;
    if (!ReadUnsignedVint(r, &index) || index >= columns) return false;
    (*present)[index] = lists_present;
  }
  return true;
}

struct CellContext {
  const EncodingStats& stats;
  const Liveness& row;
};

bool ReadCell(Reader& r, const CellContext& context, const FileColumn& column, Cell* cell) {
  uint8_t flags;
  if (!r.U8(&flags) || flags & ~kCellFlagsAll) return false;
  *cell = Cell();
  cell->tombstone = flags & kCellDeleted;
  const bool expiring = flags & kCellExpiring;
  const bool row_ttl = flags & kCellRowTtl;
  if (flags & kCellRowTimestamp) cell->timestamp = context.row.timestamp;
  else if (!ReadTimestamp(r, context.stats, &cell->timestamp)) return false;
  if (row_ttl) {
    cell->local_deletion_time = context.row.expires_at;
    cell->ttl = context.row.ttl;
  } else {
    if ((cell->tombstone || expiring) && !ReadLocalDeletionTime(r, context.stats, &cell->local_deletion_time)) return false;
    if (expiring && !ReadTtl(r, context.stats, &cell->ttl)) return false;
  }
  if (column.type.multicell && !ReadVintBytes(r, &cell->path)) return false;
  if (!(flags & kCellEmpty)) return ReadValue(r, column.type.multicell ? -1 : column.type.fixed_length, &cell->value);
  if (!cell->tombstone) cell->value = Slice(r.position(), 0);
  return true;
}

bool ReadColumn(Reader& r, const CellContext& context, const FileColumn& column, bool complex_deletion, Row* row) {
  uint64_t cells = 1;
  if (column.type.multicell) {
    DeletionTime deletion;
    if (complex_deletion && !ReadDelta(r, context.stats, &deletion)) return false;
    if (column.target >= 0 && !deletion.live() && deletion.marked_for_delete_at > column.dropped_at)
      row->complex_deletions.push_back(ComplexDeletion{static_cast<uint16_t>(column.target), deletion});
    if (!ReadUnsignedVint(r, &cells)) return false;
  }
  for (; cells > 0; cells--) {
    Cell cell;
    if (!ReadCell(r, context, column, &cell)) return false;
    if (column.target < 0 || cell.timestamp <= column.dropped_at) continue;
    cell.column = static_cast<uint16_t>(column.target);
    row->cells.push_back(cell);
  }
  return true;
}

bool ReadRowBody(Reader& r, uint8_t flags, const SerializationHeader& header, Row* row) {
  const EncodingStats& stats = header.stats;
  if (flags & kRowHasTimestamp && !ReadTimestamp(r, stats, &row->liveness.timestamp)) return false;
  if (flags & kRowHasTtl && (!ReadTtl(r, stats, &row->liveness.ttl) || !ReadLocalDeletionTime(r, stats, &row->liveness.expires_at))) return false;
  if (flags & kRowHasDeletion && !ReadDelta(r, stats, &row->deletion)) return false;
  const std::vector<FileColumn>& columns = row->is_static ? header.statics : header.regulars;
  thread_local std::vector<uint8_t> present;
  if (flags & kRowHasAllColumns) present.assign(columns.size(), 1);
  else if (!ReadColumnSubset(r, columns.size(), &present)) return false;
  const CellContext context{stats, row->liveness};
  for (size_t i = 0; i < columns.size(); i++)
    if (present[i] && !ReadColumn(r, context, columns[i], flags & kRowHasComplexDeletion, row)) return false;
  return true;
}

bool ReadMarkerBody(Reader& r, const EncodingStats& stats, Marker* marker) {
  switch (marker->bound.kind) {
    case BoundKind::kExclEndInclStart:
    case BoundKind::kInclEndExclStart:
      return ReadDelta(r, stats, &marker->close) && ReadDelta(r, stats, &marker->open);
    case BoundKind::kInclStart:
    case BoundKind::kExclStart:
      return ReadDelta(r, stats, &marker->open);
    case BoundKind::kExclEnd:
    case BoundKind::kInclEnd:
      return ReadDelta(r, stats, &marker->close);
    default:
      return false;
  }
}

// Flags and clustering (or bound). Returns false when the bytes end first; *valid false when they make no sense.
bool ReadStart(Reader& r, uint8_t* flags, const SerializationHeader& header, size_t clustering_columns, Unfiltered* out, bool* valid) {
  if (!r.U8(flags)) return false;
  uint8_t extended = 0;
  if (*flags & kExtension && !r.U8(&extended)) return false;
  out->is_row = !(*flags & kIsMarker);
  if (*flags & kEndOfPartition) return true;
  if (out->is_row) {
    out->row.Clear();
    out->row.is_static = extended & kExtendedStatic;
    return out->row.is_static || ReadClustering(r, header.clustering, clustering_columns, &out->row.clustering);
  }
  out->marker = Marker();
  uint8_t kind;
  Slice size;
  if (!r.U8(&kind) || !r.Bytes(2, &size)) return false;
  out->marker.bound.kind = static_cast<BoundKind>(kind);
  const size_t n = LoadBE<uint16_t>(size.data);
  *valid = kind <= static_cast<uint8_t>(BoundKind::kExclStart) && n <= clustering_columns;
  return *valid && ReadClustering(r, header.clustering, n, &out->marker.bound.prefix);
}

}  // namespace

Decode DecodeUnfiltered(Slice bytes, const SerializationHeader& header, size_t clustering_columns, bool body, Unfiltered* out, uint64_t* size,
                        uint64_t* want) {
  Reader r(bytes);
  uint8_t flags;
  bool valid = true;
  uint64_t length;
  if (!ReadStart(r, &flags, header, clustering_columns, out, &valid)) {
    *want = bytes.size + 1;
    return valid ? Decode::kMore : Decode::kCorrupt;
  }
  if (flags & kEndOfPartition) {
    *size = 1;
    return Decode::kEndOfPartition;
  }
  if (!ReadUnsignedVint(r, &length)) {
    *want = bytes.size + 1;
    return Decode::kMore;
  }
  const uint64_t start = static_cast<uint64_t>(r.position() - bytes.data);
  if (length > kUnfilteredLengthMax) return Decode::kCorrupt;
  *size = start + length;
  if (!body) return Decode::kOk;
  if (*size > bytes.size) {
    *want = *size;
    return Decode::kMore;
  }
  Reader content(Slice(r.position(), static_cast<size_t>(length)));
  uint64_t previous_size;
  if (!ReadUnsignedVint(content, &previous_size)) return Decode::kCorrupt;
  const bool ok = out->is_row ? ReadRowBody(content, flags, header, &out->row) : ReadMarkerBody(content, header.stats, &out->marker);
  return ok ? Decode::kOk : Decode::kCorrupt;
}

bool ReadDeletionTime(Reader& r, DeletionTime* out) {
  *out = DeletionTime();
  if (r.left() < 1) return false;
  Slice s;
  if (*r.position() & kDeletionLive) {
    uint8_t flags;
    return r.U8(&flags) && flags == kDeletionLive;
  }
  if (!r.Bytes(12, &s)) return false;
  out->marked_for_delete_at = LoadBE<int64_t>(s.data);
  out->local_deletion_time = LoadBE<uint32_t>(s.data + 8);
  return true;
}

void WriteDeletionTime(Writer& w, const DeletionTime& d) {
  if (d.live()) {
    w.U8(kDeletionLive);
    return;
  }
  w.BE<int64_t>(d.marked_for_delete_at);
  w.BE<uint32_t>(d.local_deletion_time);
}

}  // namespace ferrosa

#include "mutation.h"

namespace ferrosa {
namespace {

bool ReadDeletion(Reader* r, DeletionTime* out) {
  return r->I64(&out->marked_for_delete_at) && r->U32(&out->local_deletion_time);
}

bool ReadVarBytes(Reader* r, Slice* out) {
  uint64_t n;
  return r->Var(&n) && n <= r->left() && r->Bytes(n, out);
}

}  // namespace

bool ReadClustering(Reader* r, size_t max, ClusteringValues* out) {
  uint64_t n;
  out->clear();
  if (!r->Var(&n) || n > max) return false;
  for (uint64_t i = 0; i < n; i++) {
    uint64_t length;
    Slice value;
    if (!r->Var(&length)) return false;
    if (length > 0 && (length - 1 > r->left() || !r->Bytes(length - 1, &value))) return false;
    out->push_back(value);
  }
  return true;
}

void WriteClustering(Writer* out, const Slice* values, size_t count) {
  out->Var(count);
  for (size_t i = 0; i < count; i++) {
    if (values[i].is_null()) {
      out->U8(0);
    } else {
      out->Var(values[i].size + 1);
      out->Bytes(values[i]);
    }
  }
}

Status ReadMutationHeader(Slice mutation, MutationHeader* out) {
  Reader r(mutation);
  uint8_t format, flags;
  uint16_t key_size;
  if (!r.U8(&format) || format != kMutationFormat) return Status::Corrupt("mutation: unknown format");
  if (!r.U8(&flags) || !r.Bytes(16, &out->table_id) || !r.I64(&out->key.token) || !r.U16(&key_size) ||
      !r.Bytes(key_size, &out->key.key))
    return Status::Corrupt("mutation: header is cut short");
  out->partition_deletion = {};
  if ((flags & kMutationHasPartitionDeletion) && !ReadDeletion(&r, &out->partition_deletion))
    return Status::Corrupt("mutation: header is cut short");
  out->items = Slice(r.position(), r.left());
  return Status::Ok();
}

Status MutationReader::Check(bool* has_deltas) const {
  MutationReader reader(plan_, header_);
  *has_deltas = false;
  for (;;) {
    switch (reader.NextItem()) {
      case Item::kEnd:
        return Status::Ok();
      case Item::kBad:
        return Status::Corrupt("mutation: bad item");
      case Item::kRangeTombstone:
        break;
      case Item::kRow:
        for (uint64_t i = 0; i < reader.row().operations; i++) {
          MutationOperation operation;
          if (!reader.NextOperation(&operation)) return Status::Corrupt("mutation: bad operation");
          *has_deltas |= operation.kind == MutationOperation::kCounterDelta;
        }
    }
  }
}

MutationReader::Item MutationReader::NextItem() {
  if (reader_.left() == 0) return Item::kEnd;
  uint8_t kind;
  if (!reader_.U8(&kind)) return Item::kBad;
  if (kind == kItemRangeTombstone) return ReadRange() ? Item::kRangeTombstone : Item::kBad;
  if (kind != kItemRow && kind != kItemStaticRow) return Item::kBad;
  row_ = {};
  row_.is_static = kind == kItemStaticRow;
  return ReadRow() ? Item::kRow : Item::kBad;
}

bool MutationReader::ReadRow() {
  clustering_.clear();
  if (!row_.is_static) {
    if (!ReadClustering(&reader_, plan_.clustering_count, &clustering_)) return false;
    if (clustering_.size() != plan_.clustering_count) return false;
  }
  uint8_t flags;
  if (!reader_.U8(&flags)) return false;
  if (flags & kRowLiveness) {
    if (!reader_.I64(&row_.liveness.timestamp)) return false;
    if ((flags & kRowLivenessTtl) && (!reader_.U32(&row_.liveness.ttl) || !reader_.U32(&row_.liveness.expires_at)))
      return false;
  }
  if ((flags & kRowDeletion) && !ReadDeletion(&reader_, &row_.deletion)) return false;
  // An operation has 11 bytes at least: a count that cannot be is refused before anything is done with it.
  return reader_.Var(&row_.operations) && row_.operations <= reader_.left() / 11;
}

bool MutationReader::ReadRange() {
  uint8_t start, end;
  if (!reader_.U8(&start) || !ReadClustering(&reader_, plan_.clustering_count, &start_.prefix)) return false;
  if (!reader_.U8(&end) || !ReadClustering(&reader_, plan_.clustering_count, &end_.prefix)) return false;
  start_.kind = static_cast<BoundKind>(start);
  end_.kind = static_cast<BoundKind>(end);
  if (start_.kind != BoundKind::kInclStart && start_.kind != BoundKind::kExclStart) return false;
  if (end_.kind != BoundKind::kInclEnd && end_.kind != BoundKind::kExclEnd) return false;
  return ReadDeletion(&reader_, &deletion_);
}

bool MutationReader::NextOperation(MutationOperation* out) {
  uint16_t id;
  uint8_t flags;
  Cell& cell = out->cell;
  if (!reader_.U16(&id) || !reader_.U8(&flags) || !reader_.I64(&cell.timestamp)) return false;
  cell.ttl = kNoTtl;
  cell.local_deletion_time = kNoDeletionTime;
  cell.path = cell.value = Slice();
  cell.tombstone = flags & kOperationTombstone;
  if ((flags & kOperationTtl) && !reader_.U32(&cell.ttl)) return false;
  if ((flags & (kOperationTombstone | kOperationTtl | kOperationComplexDeletion)) &&
      !reader_.U32(&cell.local_deletion_time))
    return false;
  if ((flags & kOperationPath) && !ReadVarBytes(&reader_, &cell.path)) return false;
  const bool no_value = flags & (kOperationTombstone | kOperationComplexDeletion);
  if (!no_value && !ReadVarBytes(&reader_, &cell.value)) return false;
  out->kind = flags & kOperationComplexDeletion ? MutationOperation::kComplexDeletion
              : flags & kOperationCounterDelta  ? MutationOperation::kCounterDelta
                                                : MutationOperation::kCell;
  const int index = plan_.IndexOf(id);
  cell.column = index < 0 ? kUnknownColumn : static_cast<uint16_t>(index);
  return Fits(*out);
}

bool MutationReader::Fits(const MutationOperation& operation) const {
  const Cell& cell = operation.cell;
  if (cell.tombstone && cell.ttl != kNoTtl) return false;
  if (cell.column == kUnknownColumn) return true;
  const Column& column = plan_.descriptor->columns[cell.column];
  if (column.is_static != row_.is_static) return false;
  switch (operation.kind) {
    case MutationOperation::kComplexDeletion:
      return column.multicell && !cell.tombstone && cell.path.is_null();
    case MutationOperation::kCounterDelta:
      return column.counter && !cell.tombstone && cell.path.is_null() && cell.value.size == 8;
    default:
      if (column.multicell != !cell.path.is_null()) return false;
      // The order of list elements reads 16 bytes.
      return !column.multicell || column.type.kind != TypeKind::kList || cell.path.size == 16;
  }
}

}  // namespace ferrosa

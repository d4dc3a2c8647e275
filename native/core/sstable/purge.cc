#include "purge.h"

namespace ferrosa {
namespace {

// False when the cell goes.
bool PurgeCell(const PurgeRules& rules, Cell* cell) {
  if (cell->LiveAt(rules.now_seconds)) return true;
  if (rules.MayPurge(cell->timestamp, cell->local_deletion_time)) return false;
  if (cell->tombstone) return true;
  // Expired: a tombstone as of the time it was written is smaller, and may be purgeable at once.
  cell->tombstone = true;
  cell->local_deletion_time = cell->local_deletion_time >= cell->ttl ? cell->local_deletion_time - cell->ttl : 0;
  cell->ttl = kNoTtl;
  cell->value = Slice();
  return !rules.MayPurge(cell->timestamp, cell->local_deletion_time);
}

}  // namespace

bool PurgeRow(const PurgeRules& rules, Row* row) {
  if (!row->liveness.empty() && !row->liveness.LiveAt(rules.now_seconds) && rules.MayPurge(row->liveness.timestamp, row->liveness.expires_at))
    row->liveness = Liveness();
  if (rules.MayPurge(row->deletion)) row->deletion = DeletionTime();
  std::erase_if(row->complex_deletions, [&rules](const ComplexDeletion& d) { return rules.MayPurge(d.deletion); });
  std::erase_if(row->cells, [&rules](Cell& cell) { return !PurgeCell(rules, &cell); });
  return !row->liveness.empty() || !row->deletion.live() || !row->complex_deletions.empty() || !row->cells.empty();
}

bool PurgeMarker(const PurgeRules& rules, Marker* marker) {
  const bool close = !marker->close.live() && !rules.MayPurge(marker->close);
  const bool open = !marker->open.live() && !rules.MayPurge(marker->open);
  if (!close && !open) return false;
  if (!close) marker->close = DeletionTime();
  if (!open) marker->open = DeletionTime();
  BoundKind& kind = marker->bound.kind;
  if (close && open) return true;
  if (kind == BoundKind::kExclEndInclStart) kind = close ? BoundKind::kExclEnd : BoundKind::kInclStart;
  if (kind == BoundKind::kInclEndExclStart) kind = close ? BoundKind::kInclEnd : BoundKind::kExclStart;
  return true;
}

}  // namespace ferrosa

// native/core/sstable/purge.h: what compaction may forget. Source: PurgeFunction, DeletionPurger, AbstractCell.purge, BTreeRow.purge.
#pragma once
#include <functional>

#include "../unfiltered.h"

namespace ferrosa {

struct PurgeRules {
  uint32_t now_seconds = 0;
  uint32_t gc_before = 0;  // tombstones of this second and later stay; 0: all stay
  // A tombstone at or above this stays, since something that is not compacted may hold what it deletes.
  int64_t max_purgeable_timestamp = INT64_MAX;

  bool MayPurge(int64_t timestamp, uint32_t local_deletion_time) const {
    return local_deletion_time < gc_before && timestamp < max_purgeable_timestamp;
  }
  bool MayPurge(const DeletionTime& d) const { return !d.live() && MayPurge(d.marked_for_delete_at, d.local_deletion_time); }
};

// Removes purgeable tombstones and turns expired cells into tombstones. False when nothing is left.
bool PurgeRow(const PurgeRules& rules, Row* row);
// False when nothing is left of the marker. A boundary of which one side goes becomes a bound.
bool PurgeMarker(const PurgeRules& rules, Marker* marker);

}  // namespace ferrosa

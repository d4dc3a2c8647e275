// native/core/descriptor_plan.h: what decoding, comparing and merging look up in a table descriptor, derived once.
#pragma once
#include <memory>
#include <vector>

#include "descriptor.h"
#include "unfiltered.h"

namespace ferrosa {

struct DescriptorPlan {
  explicit DescriptorPlan(DescriptorPtr table);

  DescriptorPtr descriptor;
  size_t clustering_count = 0;
  // Index of a column by its id, -1 for none; ids beyond the end are none.
  std::vector<int32_t> index_by_id;
  // For each column: cells with timestamp <= this are not there. Of a column that was dropped and added again under its name,
  // the time of the drop, since SSTables know columns by name.
  std::vector<int64_t> dropped_at;
  bool any_dropped = false;
  bool has_statics = false;
  // For each column: the type that orders its cells' paths (multicell only).
  std::vector<Type> path_types;

  int IndexOf(uint16_t column_id) const {
    return column_id < index_by_id.size() ? index_by_id[column_id] : -1;
  }
  // Cassandra's order of clusterings, reversed columns included. A value that is null sorts first.
  int CompareClusterings(const Slice* a, const Slice* b) const {
    return ComparePrefixes(a, b, clustering_count);
  }
  int ComparePrefixes(const Slice* a, const Slice* b, size_t count) const;
  // Order of two values of one clustering column.
  int CompareOne(size_t column, Slice a, Slice b) const;
  // Order of two bounds, or of a bound and a clustering (a Bound of kind kClustering).
  int CompareBounds(const Bound& a, const Bound& b) const {
    return CompareBounds(a.kind, a.prefix.data(), a.prefix.size(), b.kind, b.prefix.data(), b.prefix.size());
  }
  int CompareBounds(BoundKind a_kind, const Slice* a, size_t a_count, BoundKind b_kind, const Slice* b,
                    size_t b_count) const;
  int CompareBoundToClustering(const Bound& bound, const Slice* clustering, size_t count) const {
    return CompareBounds(bound.kind, bound.prefix.data(), bound.prefix.size(), BoundKind::kClustering, clustering, count);
  }
  // An integer that orders like the first clustering value wherever it differs; equal means: compare in full.
  uint64_t ClusteringPrefix(const Slice& first) const;
  int ComparePaths(uint16_t column, Slice a, Slice b) const;
};

// -1 for a bound that stands before all clusterings it is a prefix of, 1 after them, 0 for a clustering.
inline int SideOf(BoundKind kind) {
  switch (kind) {
    case BoundKind::kExclEnd:
    case BoundKind::kInclStart:
    case BoundKind::kExclEndInclStart:
      return -1;
    case BoundKind::kStaticClustering:
    case BoundKind::kClustering:
      return 0;
    default:
      return 1;
  }
}

// Whether two descriptors have the same columns in the same order (so that indexes mean the same).
bool SameColumns(const TableDescriptor& a, const TableDescriptor& b);

}  // namespace ferrosa

#include "descriptor_plan.h"

#include <algorithm>

#include "type_compare.h"

namespace ferrosa {
namespace {

// The type that orders the cells of a multicell column.
Type PathType(const Type& type) {
  Type path;
  switch (type.kind) {
    case TypeKind::kList:
      path.kind = TypeKind::kTimeuuid;
      return path;
    case TypeKind::kSet:
    case TypeKind::kMap:
      return type.children.empty() ? path : type.children[0];
    default:
      path.kind = TypeKind::kSmallint;  // index of a user type's field
      return path;
  }
}

}  // namespace

DescriptorPlan::DescriptorPlan(DescriptorPtr table) : descriptor(std::move(table)) {
  const TableDescriptor& d = *descriptor;
  clustering_count = d.clustering.size();
  for (size_t i = 0; i < d.columns.size(); i++) {
    const Column& c = d.columns[i];
    if (c.id >= index_by_id.size()) index_by_id.resize(size_t{c.id} + 1, -1);
    index_by_id[c.id] = static_cast<int32_t>(i);
    path_types.push_back(c.multicell ? PathType(c.type) : Type{});
    has_statics |= c.is_static && !c.dropped;
    int64_t at = kNoTimestamp;
    for (const Column& other : d.columns)
      if (other.name == c.name && (other.dropped || other.dropped_at != 0)) at = std::max(at, other.dropped_at);
    dropped_at.push_back(at);
    any_dropped |= at != kNoTimestamp;
  }
}

int DescriptorPlan::CompareOne(size_t column, Slice a, Slice b) const {
  if (a.is_null() || b.is_null()) return a.is_null() == b.is_null() ? 0 : (a.is_null() ? -1 : 1);
  const ClusteringColumn& c = descriptor->clustering[column];
  return c.reversed ? CompareValues(c.type, b, a) : CompareValues(c.type, a, b);
}

int DescriptorPlan::ComparePrefixes(const Slice* a, const Slice* b, size_t count) const {
  for (size_t i = 0; i < count; i++) {
    const int c = CompareOne(i, a[i], b[i]);
    if (c != 0) return c;
  }
  return 0;
}

int DescriptorPlan::CompareBounds(BoundKind a_kind, const Slice* a, size_t a_count, BoundKind b_kind, const Slice* b,
                                  size_t b_count) const {
  const int c = ComparePrefixes(a, b, std::min(a_count, b_count));
  if (c != 0) return c;
  if (a_count == b_count) return SideOf(a_kind) - SideOf(b_kind);
  return a_count < b_count ? SideOf(a_kind) : -SideOf(b_kind);
}

uint64_t DescriptorPlan::ClusteringPrefix(const Slice& first) const {
  if (first.is_null()) return 0;
  const ClusteringColumn& column = descriptor->clustering[0];
  const uint64_t prefix = OrderPrefix(column.type, first);
  return column.reversed ? ~prefix : prefix;
}

int DescriptorPlan::ComparePaths(uint16_t column, Slice a, Slice b) const {
  if (a.is_null() || b.is_null()) return a.is_null() == b.is_null() ? 0 : (a.is_null() ? -1 : 1);
  const int c = CompareValues(path_types[column], a, b);
  // Different bytes that compare equal (map keys of decimal 1.0 and 1.00) are one path, as in Cassandra.
  return c;
}

bool SameColumns(const TableDescriptor& a, const TableDescriptor& b) {
  if (a.columns.size() != b.columns.size()) return false;
  for (size_t i = 0; i < a.columns.size(); i++)
    if (a.columns[i].id != b.columns[i].id || a.columns[i].multicell != b.columns[i].multicell) return false;
  return true;
}

}  // namespace ferrosa

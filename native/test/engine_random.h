// native/test/engine_random.h: a table with every kind of column, and random mutations and read commands for it.
#pragma once
#include <set>
#include <span>

#include "core/hash.h"
#include "core/store.h"
#include "test.h"

namespace ferrosa {

using test::Prng;

inline DescriptorPtr MakeTable(uint32_t version) {
  auto d = std::make_shared<TableDescriptor>();
  d->version = version;
  d->partition_key.push_back(Type{TypeKind::kInt});
  d->clustering.push_back({Type{TypeKind::kInt}, false});
  d->clustering.push_back({Type{TypeKind::kText}, true});  // not decimal: 1.0 and 1.00 are one row, and either may name it
  const auto add = [&](uint16_t id, const char* name, Type type, bool is_static, bool multicell) {
    Column c;
    c.id = id;
    c.name = name;
    c.type = std::move(type);
    c.is_static = is_static;
    c.multicell = multicell;
    d->columns.push_back(c);
  };
  Type map{TypeKind::kMap};
  map.children = {Type{TypeKind::kInt}, Type{TypeKind::kText}};
  Type list{TypeKind::kList};
  list.children = {Type{TypeKind::kInt}};
  Type udt{TypeKind::kUdt};
  udt.children = {Type{TypeKind::kInt}, Type{TypeKind::kText}};
  add(1, "s", Type{TypeKind::kInt}, true, false);
  add(2, "v", Type{TypeKind::kInt}, false, false);
  add(3, "l", list, false, true);
  add(4, "m", map, false, true);
  add(5, "u", udt, false, true);
  return d;
}

inline void PutValue(Prng& prng, size_t n, Writer* out) {
  out->Var(n + 1);
  for (size_t i = 0; i < n; i++) out->U8(static_cast<uint8_t>(prng.Below(4)));
}

inline constexpr uint64_t kFirsts = 12;

inline void PutFirst(uint8_t first, Writer* out) {
  const uint8_t value[4] = {0, 0, 0, first};
  out->Var(5);
  out->Bytes(Slice(value, 4));
}

inline void PutClustering(Prng& prng, size_t n, Writer* out) {
  out->Var(n);
  if (n > 0) PutFirst(static_cast<uint8_t>(prng.Below(kFirsts)), out);
  if (n > 1) PutValue(prng, 5 + prng.Below(2), out);
}

// `expires`: some cells do, within the seconds that commands may have for now.
inline void PutOperation(Prng& prng, uint16_t id, bool expires, Writer* out) {
  const bool multicell = id > 2;
  const uint64_t kind = prng.Below(multicell ? 3 : 2);
  const bool ttl = expires && kind == 0 && prng.Below(3) == 0;
  const uint8_t flags = static_cast<uint8_t>((kind == 0 ? 0 : kind == 1 ? kOperationTombstone : kOperationComplexDeletion) |
                                             (multicell && kind < 2 ? kOperationPath : 0) | (ttl ? kOperationTtl : 0));
  out->LE<uint16_t>(id);
  out->U8(flags);
  out->LE<int64_t>(static_cast<int64_t>(prng.Below(20)));
  if (kind > 0) out->LE<uint32_t>(100);
  if (ttl) out->LE<uint32_t>(50), out->LE<uint32_t>(100);
  if (flags & kOperationPath) {
    const size_t n = id == 3 ? 16 : id == 4 ? 4 : 2;
    out->Var(n);
    for (size_t i = 0; i < n; i++) out->U8(i + 1 == n ? static_cast<uint8_t>(prng.Below(3)) : 0);
  }
  if (kind == 0) {
    out->Var(4);
    out->LE<uint32_t>(static_cast<uint32_t>(prng.Next()));
  }
}

// Rows and ranges may be written and deleted before 1970, partitions are not.
inline constexpr int64_t kEarliest = -3;

// `covers`: some delete partitions and ranges; otherwise some rows and cells expire.
inline Writer MakeMutation(Prng& prng, bool covers = true) {
  Writer out;
  out.U8(1);
  const bool deletion = covers && prng.Below(10) == 0;
  out.U8(deletion ? 1 : 0);
  for (int i = 0; i < 16; i++) out.U8(0);
  uint8_t key[4] = {0, 0, 0, static_cast<uint8_t>(prng.Below(6))};
  out.LE<int64_t>(MurmurToken(Slice(key, 4)));
  out.LE<uint16_t>(4);
  out.Bytes(Slice(key, 4));
  const auto put_deletion = [&](int64_t earliest) {
    out.LE<int64_t>(earliest + static_cast<int64_t>(prng.Below(20)));
    out.LE<uint32_t>(100);
  };
  if (deletion) put_deletion(0);
  for (uint64_t items = 1 + prng.Below(3); items > 0; items--) {
    const uint64_t kind = 1 + prng.Below(covers ? 3 : 2);
    out.U8(static_cast<uint8_t>(kind));
    if (kind == kItemRangeTombstone) {
      out.U8(prng.Below(2) ? 1 : 7);
      PutClustering(prng, prng.Below(3), &out);
      out.U8(prng.Below(2) ? 6 : 0);
      PutClustering(prng, prng.Below(3), &out);
      put_deletion(kEarliest);
      continue;
    }
    if (kind == kItemRow) PutClustering(prng, 2, &out);
    uint64_t flags = prng.Below(8) & ~uint64_t{kRowLivenessTtl};
    if (!covers && (flags & kRowLiveness) && prng.Below(3) == 0) flags |= kRowLivenessTtl;
    out.U8(static_cast<uint8_t>(flags));
    if (flags & kRowLiveness) out.LE<int64_t>(kEarliest + static_cast<int64_t>(prng.Below(20)));
    if (flags & kRowLivenessTtl) out.LE<uint32_t>(50), out.LE<uint32_t>(100);
    if (flags & kRowDeletion) put_deletion(kEarliest);
    const uint64_t operations = prng.Below(4);
    out.Var(operations);
    for (uint64_t i = 0; i < operations; i++)
      PutOperation(prng, kind == kItemStaticRow ? 1 : static_cast<uint16_t>(2 + prng.Below(4)), !covers, &out);
  }
  return out;
}

// Something of every kind that can be selected: `which` is a key component or a column's id.
inline constexpr SelectedColumn kEverySelection[] = {
    {SelectedKind::kPartitionKey, 0}, {SelectedKind::kClustering, 0}, {SelectedKind::kClustering, 1}, {SelectedKind::kValue, 1},
    {SelectedKind::kValue, 2},        {SelectedKind::kValue, 3},      {SelectedKind::kValue, 4},      {SelectedKind::kValue, 5},
    {SelectedKind::kWritetime, 5},    {SelectedKind::kTtl, 4},        {SelectedKind::kMaxWritetime, 3}, {SelectedKind::kPaths, 4}};

// No slice, one with any two bounds (empty when they are the wrong way round), or a few that ascend and do not meet, as an IN makes them.
inline void PutSlices(Prng& prng, Writer* out) {
  const uint64_t slices = prng.Below(4);
  out->LE<uint16_t>(static_cast<uint16_t>(slices));
  if (slices == 1) {
    out->U8(prng.Below(2) ? 1 : 7);
    PutClustering(prng, prng.Below(3), out);
    out->U8(prng.Below(2) ? 6 : 0);
    PutClustering(prng, prng.Below(3), out);
    return;
  }
  std::set<uint8_t> firsts;
  while (firsts.size() < 2 * slices) firsts.insert(static_cast<uint8_t>(prng.Below(kFirsts)));
  for (auto first = firsts.begin(); first != firsts.end(); ++first) {
    const uint8_t from = *first, to = *++first;
    Writer row;
    row.Var(2);
    PutFirst(from, &row);
    PutValue(prng, 5 + prng.Below(2), &row);
    const bool one_row = prng.Below(2) == 0;
    out->U8(1);
    if (one_row) out->Bytes(Slice(row.bytes));
    else out->Var(1), PutFirst(from, out);
    out->U8(6);
    if (one_row) out->Bytes(Slice(row.bytes));
    else out->Var(1), PutFirst(to, out);
  }
}

inline Writer MakeCommand(Prng& prng, std::span<const SelectedColumn> selection = kEverySelection) {
  Writer out;
  out.U8(1);
  out.U8(static_cast<uint8_t>(prng.Below(16)));
  for (int i = 0; i < 16; i++) out.U8(0);
  out.LE<uint32_t>(static_cast<uint32_t>(prng.Below(200)));
  out.LE<uint32_t>(static_cast<uint32_t>(1 + prng.Below(20)));
  out.LE<uint32_t>(static_cast<uint32_t>(1 + prng.Below(20)));
  out.LE<uint32_t>(1000);
  if (prng.Below(2)) {
    out.U8(1);
    out.LE<int64_t>(INT64_MIN);
    out.U8(1);
    out.LE<int64_t>(INT64_MAX);
    out.U8(1);
  } else {
    out.U8(0);
    out.LE<uint16_t>(2);
    for (uint8_t k = 0; k < 2; k++) {
      out.LE<uint16_t>(4);
      out.U8(0), out.U8(0), out.U8(0), out.U8(k);
    }
  }
  PutSlices(prng, &out);
  out.U8(0);
  out.LE<uint16_t>(static_cast<uint16_t>(selection.size()));
  for (const SelectedColumn& column : selection) {
    out.U8(static_cast<uint8_t>(column.what));
    out.LE<uint16_t>(column.which);
  }
  return out;
}

}  // namespace ferrosa

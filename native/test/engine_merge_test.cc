// The merged stream that flush and compaction write: well formed in both directions, and meaning what the writes meant.
#include <algorithm>

#include "core/memtable_cursor.h"
#include "core/merge.h"
#include "engine_random.h"

namespace ferrosa {
namespace {

struct Merged {
  std::vector<std::shared_ptr<FrozenMemtable>> frozen;
  std::vector<std::shared_ptr<MemtableSource>> sources;
  MergingCursor cursor;

  bool Open(const std::shared_ptr<const DescriptorPlan>& plan, const DecoratedKey& key, bool reversed) {
    cursor.Reset(plan, reversed);
    for (const auto& source : sources) {
      std::unique_ptr<PartitionCursor> one;
      if (source->Open(key, reversed, nullptr, &one) == Step::kItem) cursor.Add(std::move(one));
    }
    return cursor.size() > 0;
  }
};

struct Place {
  BoundKind kind = BoundKind::kClustering;
  std::vector<std::vector<uint8_t>> values;
  bool any = false;

  void Set(const Unfiltered& item) {
    kind = item.is_row ? BoundKind::kClustering : item.marker.bound.kind;
    const ClusteringValues& from = item.is_row ? item.row.clustering : item.marker.bound.prefix;
    values.clear();
    for (const Slice& v : from) values.emplace_back(v.data, v.data + v.size);
    any = true;
  }
  ClusteringValues Slices() const {
    ClusteringValues out;
    static const uint8_t kEmpty = 0;
    for (const auto& v : values) out.emplace_back(v.empty() ? &kEmpty : v.data(), v.size());
    return out;
  }
};

void Put(Memtable* into, MemRow* target, const Row& row) {
  if (!row.deletion.live()) into->ApplyRowDeletion(target, row.deletion);
  if (!row.liveness.empty()) into->ApplyLiveness(target, row.liveness);
  for (const ComplexDeletion& d : row.complex_deletions) into->ApplyComplexDeletion(target, d.column, d.deletion);
  for (const Cell& cell : row.cells) into->ApplyCell(target, cell);
}

// Reads the cursor to its end and checks order and the pairing of markers. Applies what it gives to `into` unless null (forward only).
void Drain(const DescriptorPlan& plan, MergingCursor* cursor, bool reversed, Memtable* into, MemPartition* partition) {
  Unfiltered item;
  Place last;
  Place opened;
  DeletionTime open;
  for (;;) {
    const Step step = cursor->Next(&item);
    if (step == Step::kEnd) break;
    CHECK(step == Step::kItem);
    const ClusteringValues& values = item.is_row ? item.row.clustering : item.marker.bound.prefix;
    const BoundKind kind = item.is_row ? BoundKind::kClustering : item.marker.bound.kind;
    if (last.any) {
      const ClusteringValues before = last.Slices();
      const int c = plan.CompareBounds(last.kind, before.data(), before.size(), kind, values.data(), values.size());
      CHECK(reversed ? c > 0 : c < 0);
    }
    last.Set(item);
    if (item.is_row) {
      const Row& row = item.row;
      CHECK(!row.liveness.empty() || !row.deletion.live() || !row.cells.empty() || !row.complex_deletions.empty());
      for (const Cell& cell : row.cells) CHECK(!open.Deletes(cell.timestamp) && !row.deletion.Deletes(cell.timestamp));
      for (size_t i = 1; i < row.cells.size(); i++) {
        const Cell& a = row.cells[i - 1];
        const Cell& b = row.cells[i];
        CHECK(a.column < b.column || (a.column == b.column && plan.ComparePaths(a.column, a.path, b.path) < 0));
      }
      if (into != nullptr) Put(into, into->UpsertRow(partition, row.clustering.data(), row.clustering.size()), row);
      continue;
    }
    const Marker& m = item.marker;
    CHECK(!(m.close == m.open));
    CHECK((reversed ? m.open : m.close) == open);
    const bool boundary = m.bound.kind == BoundKind::kExclEndInclStart || m.bound.kind == BoundKind::kInclEndExclStart;
    CHECK(boundary == (!m.close.live() && !m.open.live()));
    if (into != nullptr && !open.live()) {
      const bool before = SideOf(m.bound.kind) < 0;
      const Bound start{SideOf(opened.kind) < 0 ? BoundKind::kInclStart : BoundKind::kExclStart, opened.Slices()};
      const Bound end{before ? BoundKind::kExclEnd : BoundKind::kInclEnd, m.bound.prefix};
      into->ApplyRangeTombstone(partition, start, end, open);
    }
    open = reversed ? m.close : m.open;
    opened.Set(item);
  }
  CHECK(open.live());
}

Slice Body(ReadOperation* operation, Store* store, Slice command) {
  operation->Start(command);
  MissList misses;
  ReadState state;
  CHECK(store->Read(operation, 1 << 20, &state, &misses).ok() && state == ReadState::kDone);
  const Slice out = operation->output();
  std::fill(const_cast<uint8_t*>(out.data) + 12, const_cast<uint8_t*>(out.data) + 24, 0);
  return out;
}

}  // namespace

TEST(MergedStreamsAreWellFormedAndMeanTheSame) {
  Prng prng(test::Seed());
  for (int round = 0; round < 60; round++) {
    Store store({});
    Store rebuilt({});
    const DescriptorPtr table = MakeTable(1);
    store.SetTable(table);
    rebuilt.SetTable(table);
    const auto plan = store.Find(table->id)->plan;
    Merged merged;
    for (uint64_t source = 1 + prng.Below(4); source > 0; source--) {
      for (int i = 0; i < 20; i++) CHECK(store.Apply(Slice(MakeMutation(prng).bytes)).ok());
      merged.frozen.push_back(store.Freeze({}));
      merged.sources.push_back(merged.frozen.back()->OpenSource(table));
    }
    Memtable& target = *rebuilt.Find(table->id)->memtable;
    for (uint8_t k = 0; k < 6; k++) {
      uint8_t bytes[4] = {0, 0, 0, k};
      const DecoratedKey key{MurmurToken(Slice(bytes, 4)), Slice(bytes, 4)};
      if (!merged.Open(plan, key, false)) continue;
      MemPartition* partition = target.Upsert(key);
      if (!merged.cursor.partition_deletion().live())
        target.ApplyPartitionDeletion(partition, merged.cursor.partition_deletion());
      Row statics;
      if (merged.cursor.StaticRow(&statics) == Step::kItem) Put(&target, target.UpsertStaticRow(partition), statics);
      Drain(*plan, &merged.cursor, false, &target, partition);
      CHECK(merged.Open(plan, key, true));
      Drain(*plan, &merged.cursor, true, nullptr, nullptr);
      for (int i = 0; i < 4; i++) {
        Writer values;
        PutClustering(prng, prng.Below(3), &values);
        Reader reader{Slice(values.bytes)};
        Bound bound;
        CHECK(ReadClustering(&reader, 2, &bound.prefix));
        const bool reversed = prng.Below(2) != 0;
        bound.kind = reversed ? (prng.Below(2) ? BoundKind::kInclEnd : BoundKind::kExclEnd)
                              : (prng.Below(2) ? BoundKind::kInclStart : BoundKind::kExclStart);
        CHECK(merged.Open(plan, key, reversed));
        CHECK(merged.cursor.Seek(bound) == Step::kItem);
        Drain(*plan, &merged.cursor, reversed, nullptr, nullptr);
      }
    }
    for (int i = 0; i < 30; i++) {
      const Writer command = MakeCommand(prng);
      ReadOperation a, b;
      CHECK(Body(&a, &store, Slice(command.bytes)) == Body(&b, &rebuilt, Slice(command.bytes)));
    }
  }
}

}  // namespace ferrosa

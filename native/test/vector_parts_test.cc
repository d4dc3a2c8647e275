// What a vector index is made of outside memory: its parts in files, mutations of its table, requests; and damage to each.
#include "fuzz.h"
#include "vector_rig.h"

using namespace ferrosa;
using namespace ferrosa::test;

TEST(vector_index_comes_back_from_its_parts) {
  for (const VectorMethod method : kMethods) {
    RandomVectors random(Seed() + 6, kDimensions, 20);
    VectorIndex index(Shape(Similarity::kCosine, method), 5, kAlwaysGraph);
    for (uint32_t i = 0; i < 1500; i++) index.Add({i, RowId(i)}, 1, Slice(Serialized(random.Next())));
    for (uint32_t i = 0; i < 1500; i += 7) index.Delete({i, RowId(i)}, 1);
    for (int i = 0; i < 1400; i++) index.Work();
    std::vector<std::vector<uint8_t>> parts;
    uint32_t from = 0;
    std::vector<uint8_t> part;
    while (index.Export(&from, 10000, &part)) parts.push_back(part);
    VectorIndex since(Shape(Similarity::kCosine, method), 6, kAlwaysGraph);
    since.Add({3, RowId(3)}, 2, Slice(Serialized(random.Next())));
    since.Add({9999, RowId(9999)}, 2, Slice(Serialized(random.Next())));
    VectorIndex loaded(Shape(Similarity::kCosine, method), 7, kAlwaysGraph);
    for (const auto& one : parts) CHECK(loaded.Import(Slice(one)).ok());
    loaded.FinishImport(since);
    CHECK(loaded.live() == index.live() + 1);
    Finish(loaded);
    CHECK(Recall(loaded, random, 10, 100) >= 0.95);
    for (uint32_t i = 0; i < 500; i++) loaded.Add({i, RowId(i)}, 3, Slice(Serialized(random.Next())));
    Finish(loaded);
    CHECK(Recall(loaded, random, 10, 100) >= 0.95);
  }
}

TEST(vector_index_survives_damaged_parts) {
  for (const VectorMethod method : kMethods) {
    RandomVectors random(Seed() + 7, kDimensions, 5);
    VectorIndex index({kDimensions, Similarity::kCosine, 4, 20, method, 1}, 5);
    for (uint32_t i = 0; i < 60; i++) index.Add({i, RowId(i)}, 1, Slice(Serialized(random.Next())));
    for (int i = 0; i < 50; i++) index.Work();
    uint32_t from = 0;
    std::vector<uint8_t> part;
    CHECK(index.Export(&from, 1 << 20, &part));
    const VectorIndex none({kDimensions, Similarity::kCosine, 4, 20, method, 1}, 5);
    size_t taken = 0;
    for (int i = 0; i < 150; i++) {
      const std::vector<uint8_t> bytes = Damaged(random.prng(), part);
      VectorIndex loaded({kDimensions, Similarity::kCosine, 4, 20, method, 1}, 5, kAlwaysGraph);
      if (!loaded.Import(Slice(bytes)).ok()) continue;
      taken++;
      loaded.FinishImport(none);
      std::vector<VectorHit> hits;
      bool all;
      Search(loaded, Slice(Serialized(random.Next())), 5, 20, {}, &hits, &all);
      loaded.Add({1, RowId(1000)}, 5, Slice(Serialized(random.Next())));
      Finish(loaded);
    }
    CHECK(taken > 0);
  }
}

namespace {

DescriptorPtr VectorTable() {
  auto d = std::make_shared<TableDescriptor>();
  d->id.fill(1);
  d->version = 1;
  d->keyspace = "k";
  d->name = "t";
  d->partition_key.emplace_back().kind = TypeKind::kInt;
  Column& column = d->columns.emplace_back();
  column.id = 5;
  column.name = "v";
  column.type.kind = TypeKind::kVector;
  column.type.dimensions = 4;
  column.type.children.emplace_back().kind = TypeKind::kFloat;
  VectorIndexDescriptor& index = d->vector_indexes.emplace_back();
  index.id.fill(2);
  index.column = 5;
  index.dimensions = 4;
  index.similarity = 2;
  index.connections = 8;
  index.beam = 20;
  index.lists = 1;
  return d;
}

std::vector<uint8_t> SearchBytes(const std::vector<float>& vector, uint8_t flags = 0) {
  Writer out;
  for (int i = 0; i < 16; i++) out.U8(1);
  for (int i = 0; i < 16; i++) out.U8(2);
  out.LE<uint32_t>(3);
  out.LE<uint32_t>(10);
  out.U8(flags);
  out.LE<int64_t>(INT64_MIN);
  out.LE<int64_t>(INT64_MAX);
  out.LE<uint16_t>(0);
  const auto bytes = Serialized(vector);
  out.Bytes(Slice(bytes));
  return out.bytes;
}

// A write of one row as the hot path makes it.
std::vector<uint8_t> WriteOf(const StoreTable& table, uint32_t key, int64_t timestamp, const std::vector<uint8_t>& value) {
  uint8_t key_bytes[4];
  StoreBE(key_bytes, key);
  CellWrite cell;
  cell.value = Slice(value);
  cell.tombstone = value.empty();
  cell.local_deletion_time = value.empty() ? 1 : kNoDeletionTime;
  RowWrite write;
  write.key = {static_cast<int64_t>(key), Slice(key_bytes, 4)};
  write.timestamp = timestamp;
  write.cells = std::span<const CellWrite>(&cell, 1);
  Writer out;
  Store::EncodeRow(table, write, &out);
  return out.bytes;
}

uint32_t Found(Store& store, const std::vector<float>& vector) {
  VectorQuery query;
  const auto bytes = SearchBytes(vector);
  CHECK(VectorQuery::Parse(Slice(bytes), &query).ok());
  Writer out;
  VectorSearch search;
  bool done = false;
  CHECK(store.SearchVectors(query, SIZE_MAX, &search, &done, &out).ok() && done);
  return LoadLE<uint32_t>(out.bytes.data() + 1);
}

}  // namespace

TEST(vectors_of_mutations_are_found_until_they_are_deleted) {
  Store store({});
  store.SetTable(VectorTable());
  const StoreTable& table = *store.Find(VectorTable()->id);
  CHECK(store.Apply(Slice(WriteOf(table, 1, 10, Serialized({1, 2, 3, 4})))).ok());
  CHECK(store.Apply(Slice(WriteOf(table, 2, 10, Serialized({4, 2, 3, 4})))).ok());
  CHECK(Found(store, {1, 2, 3, 4}) == 2);
  CHECK(store.Apply(Slice(WriteOf(table, 1, 9, {}))).ok());
  CHECK(Found(store, {1, 2, 3, 4}) == 2);
  CHECK(store.Apply(Slice(WriteOf(table, 1, 10, {}))).ok());
  CHECK(Found(store, {1, 2, 3, 4}) == 1);
  store.LimitVectors(1);
  for (uint32_t i = 0; i < 200; i++) CHECK(store.Apply(Slice(WriteOf(table, i, 20, Serialized({1, 1, 1, 1})))).ok());
  bool counters = false;
  CHECK(store.Check(Slice(WriteOf(table, 1, 30, Serialized({1, 1, 1, 1}))), &counters).code() == Code::kOverloaded);
  CHECK(store.Check(Slice(WriteOf(table, 1, 30, {})), &counters).ok());
  CHECK(store.Truncate(VectorTable()->id).ok());
  CHECK(Found(store, {1, 2, 3, 4}) == 0);
}

TEST(vector_requests_survive_damage) {
  Prng prng(Seed() + 8);
  Store store({});
  store.SetTable(VectorTable());
  Writer rows;
  for (int i = 0; i < 16; i++) rows.U8(1);
  for (int i = 0; i < 16; i++) rows.U8(2);
  for (uint32_t key = 0; key < 5; key++) {
    const std::string id = RowId(key, 0);
    const auto value = Serialized({1, 2, static_cast<float>(key), 4});
    rows.LE<int64_t>(key);
    rows.LE<int64_t>(10);
    rows.LE<uint32_t>(static_cast<uint32_t>(id.size()));
    rows.Bytes(Slice(id));
    rows.LE<uint32_t>(static_cast<uint32_t>(value.size()));
    rows.Bytes(Slice(value));
  }
  CHECK(store.AddVectors(Slice(rows.bytes)).ok());
  CHECK(Found(store, {1, 2, 3, 4}) == 3);
  Writer claims;
  claims.Bytes(Slice(rows.bytes.data(), 32));
  claims.LE<uint32_t>(0);
  claims.LE<uint64_t>(1);
  const auto search = SearchBytes({1, 2, 3, 4}, 3);
  for (int i = 0; i < 20000; i++) {
    const auto one = Damaged(prng, rows.bytes, 32);
    const auto two = Damaged(prng, claims.bytes, 32);
    const auto three = Damaged(prng, search, 36);
    (void)store.AddVectors(Slice(one)).ok();
    (void)store.ForgetVectors(Slice(two)).ok();
    VectorQuery query;
    Writer out;
    if (VectorQuery::Parse(Slice(three), &query).ok()) {
      query.beam = query.beam % 100;
      VectorSearch one_search;
      bool done = false;
      (void)store.SearchVectors(query, SIZE_MAX, &one_search, &done, &out).ok();
    }
    store.VectorWork();
  }
}

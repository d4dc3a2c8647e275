// The vector index: results beside those of comparing one by one, and a plain list as the twin of adds, deletes and searches.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "core/store.h"
#include "fuzz.h"
#include "vector_random.h"

using namespace ferrosa;
using namespace ferrosa::test;

namespace {

constexpr uint32_t kDimensions = 24;

constexpr VectorMethod kMethods[] = {VectorMethod::kGraph, VectorMethod::kLists, VectorMethod::kCodedGraph};

// Few lists: there are enough vectors for them soon.
VectorShape Shape(Similarity similarity, VectorMethod method = VectorMethod::kGraph) {
  return {kDimensions, similarity, 16, 100, method, 12};
}

// Everything through graph or lists: nothing is small enough to be compared one by one.
constexpr VectorLimits kAlwaysGraph{64, 0};

// A whole search, in one step or in as many as `budget` makes of it.
bool Search(VectorIndex& index, Slice query, size_t count, size_t beam, const VectorScope& scope, std::vector<VectorHit>* hits,
            bool* all, size_t budget = SIZE_MAX) {
  VectorSearch search;
  if (!index.Begin(query, count, beam, scope, &search)) return false;
  while (!index.Continue(&search, budget)) {
  }
  *hits = search.hits();
  *all = search.all();
  return true;
}

std::vector<uint32_t> Nearest(VectorIndex& index, const std::vector<uint8_t>& query, size_t count, size_t beam,
                              const VectorScope& scope = {}) {
  std::vector<VectorHit> hits;
  bool all = false;
  CHECK(Search(index, Slice(query), count, beam, scope, &hits, &all));
  std::vector<uint32_t> keys;
  for (size_t i = 0; i < hits.size(); i++) {
    CHECK(i == 0 || hits[i - 1].distance <= hits[i].distance);
    keys.push_back(LoadLE<uint32_t>(reinterpret_cast<const uint8_t*>(index.row(hits[i].slot).id.data()) + 2));
  }
  return keys;
}

// Part of the true nearest that a search finds.
double Recall(VectorIndex& index, RandomVectors& random, size_t count, size_t beam) {
  size_t found = 0;
  const size_t queries = 50;
  for (size_t q = 0; q < queries; q++) {
    const auto query = Serialized(random.Next());
    const auto all = Nearest(index, query, index.live(), index.live());
    CHECK(all.size() == index.live());
    const std::set<uint32_t> truth(all.begin(), all.begin() + static_cast<long>(count));
    for (const uint32_t key : Nearest(index, query, count, beam)) found += truth.count(key);
  }
  return static_cast<double>(found) / static_cast<double>(queries * count);
}

void Finish(VectorIndex& index) {
  while (index.has_work()) index.Work();
}

}  // namespace

TEST(vector_index_finds_the_nearest_by_each_similarity) {
  for (const VectorMethod method : kMethods) {
    for (const Similarity similarity : {Similarity::kCosine, Similarity::kDotProduct, Similarity::kEuclidean}) {
      RandomVectors random(Seed(), kDimensions, 40);
      VectorIndex index(Shape(similarity, method), 5, kAlwaysGraph);
      for (uint32_t i = 0; i < 3000; i++) CHECK(index.Add({i, RowId(i)}, 1, Slice(Serialized(random.Next()))));
      Finish(index);
      const double recall = Recall(index, random, 10, 100);
      std::printf("  recall %.3f\n", recall);
      CHECK(recall >= 0.95);
    }
  }
}

TEST(vector_index_keeps_its_recall_when_most_of_it_is_replaced) {
  for (const VectorMethod method : kMethods) {
    RandomVectors random(Seed() + 1, kDimensions, 40);
    VectorIndex index(Shape(Similarity::kEuclidean, method), 5, kAlwaysGraph);
    for (uint32_t i = 0; i < 2000; i++) index.Add({i, RowId(i)}, 1, Slice(Serialized(random.Next())));
    Finish(index);
    const size_t bytes = index.bytes();
    for (int64_t round = 2; round < 5; round++)
      for (uint32_t i = 0; i < 2000; i++) {
        index.Add({i, RowId(i)}, round, Slice(Serialized(random.Next())));
        index.Work();
        index.Work();
      }
    Finish(index);
    CHECK(index.live() == 2000);
    CHECK(Recall(index, random, 10, 100) >= 0.95);
    // Slots are used again.
    CHECK(index.bytes() < bytes * 2);
  }
}

TEST(vector_index_agrees_with_a_list_after_any_mix_of_writes) {
  for (const VectorMethod method : kMethods) {
    RandomVectors random(Seed() + 2, kDimensions, 10);
    Prng& prng = random.prng();
    VectorIndex index(Shape(Similarity::kEuclidean, method), 5, {8, 0});
    struct Entry {
      int64_t timestamp;
      std::vector<float> vector;
    };
    std::map<uint32_t, Entry> model;
    for (int64_t step = 1; step < 2500; step++) {
      const uint32_t key = static_cast<uint32_t>(prng.Below(120));
      const uint64_t what = prng.Below(10);
      if (what < 6) {
        const std::vector<float> v = random.Next();
        index.Add({key, RowId(key)}, step, Slice(Serialized(v)));
        model[key] = {step, v};
      } else if (what < 8) {
        index.Delete({key, RowId(key)}, step);
        model.erase(key);
      } else if (what < 9) {
        // As old as can be: nothing of it is true any more, and nothing may be lost by it.
        index.Delete({key, RowId(key)}, 0);
      } else {
        index.Work();
      }
      if (step % 20 != 0) continue;
      const std::vector<float> query = random.Next();
      std::vector<std::pair<float, uint32_t>> expected;
      for (const auto& [k, entry] : model) {
        float sum = 0;
        for (size_t i = 0; i < query.size(); i++) sum += (query[i] - entry.vector[i]) * (query[i] - entry.vector[i]);
        expected.push_back({sum, k});
      }
      std::sort(expected.begin(), expected.end());
      CHECK(index.live() == model.size());
      const auto found = Nearest(index, Serialized(query), 5, 200);
      CHECK(found.size() == std::min<size_t>(5, expected.size()));
      for (size_t i = 0; i < found.size(); i++) CHECK(found[i] == expected[i].second);
    }
  }
}

TEST(vector_index_scopes_are_exact_for_tokens_and_partitions) {
  RandomVectors random(Seed() + 3, kDimensions, 10);
  VectorIndex index(Shape(Similarity::kCosine), 5, kAlwaysGraph);
  for (uint32_t i = 0; i < 1000; i++) index.Add({i / 10, RowId(i / 10, static_cast<int>(i % 10))}, 1, Slice(Serialized(random.Next())));
  Finish(index);
  const auto query = Serialized(random.Next());
  VectorScope scope;
  scope.all = false;
  const uint32_t key = 42;
  scope.start = scope.end = key;
  uint8_t bytes[4];
  StoreLE(bytes, key);
  scope.key = Slice(bytes, 4);
  CHECK(Nearest(index, query, 100, 100, scope) == std::vector<uint32_t>(10, key));
  scope.key = {};
  scope.start = 10;
  scope.end = 79;
  for (const uint32_t found : Nearest(index, query, 20, 100, scope)) CHECK(found >= 10 && found < 80);
  index.DeletePartition(42, Slice(bytes, 4), 1);
  CHECK(index.live() == 990);
  scope.start = scope.end = key;
  CHECK(Nearest(index, query, 100, 100, scope).empty());
}

TEST(vector_index_forgets_only_what_was_not_written_again) {
  VectorIndex index(Shape(Similarity::kEuclidean), 5);
  RandomVectors random(Seed() + 4, kDimensions, 3);
  const auto vector = Serialized(random.Next());
  index.Add({1, RowId(1)}, 10, Slice(vector));
  std::vector<VectorHit> hits;
  bool all = false;
  Search(index, Slice(vector), 1, 10, {}, &hits, &all);
  CHECK(hits.size() == 1 && all);
  index.Add({1, RowId(1)}, 10, Slice(vector));
  CHECK(index.live() == 1);
  index.Forget(hits[0].slot, hits[0].stamp);
  CHECK(index.live() == 1);
  Search(index, Slice(vector), 1, 10, {}, &hits, &all);
  index.Forget(hits[0].slot, hits[0].stamp);
  CHECK(index.live() == 0);
}

TEST(vector_index_refuses_what_cannot_be_compared) {
  VectorIndex index({3, Similarity::kCosine, 16, 100}, 5);
  CHECK(!index.Add({1, RowId(1)}, 1, Slice(Serialized({0, 0, 0}))));
  CHECK(!index.Add({1, RowId(1)}, 1, Slice(Serialized({1, NAN, 0}))));
  CHECK(!index.Add({1, RowId(1)}, 1, Slice(Serialized({1, INFINITY, 0}))));
  CHECK(!index.Add({1, RowId(1)}, 1, Slice(Serialized({1, 2}))));
  CHECK(index.Add({1, RowId(1)}, 1, Slice(Serialized({1e30f, 1e30f, 1e-30f}))));
  CHECK(index.live() == 1);
}

// Their products overflow to both infinities, and the sum of those is no number.
TEST(vector_index_ends_with_elements_of_any_size) {
  for (const Similarity similarity : {Similarity::kDotProduct, Similarity::kEuclidean}) {
    RandomVectors random(Seed() + 11, 4, 6);
    VectorIndex index({4, similarity, 4, 20}, 5, kAlwaysGraph);
    const auto huge = [&] {
      std::vector<float> vector = random.Next();
      for (float& element : vector) element = element < 0 ? -3e38f : 3e38f;
      return Serialized(vector);
    };
    for (uint32_t i = 0; i < 300; i++) CHECK(index.Add({i, RowId(i)}, 1, Slice(i % 3 == 0 ? Serialized(random.Next()) : huge())));
    Finish(index);
    std::vector<VectorHit> hits;
    bool all;
    for (int i = 0; i < 50; i++) CHECK(Search(index, Slice(huge()), 5, 20, {}, &hits, &all));
    CHECK(hits.size() == 5);
  }
}

TEST(vector_code_products_are_the_same_on_every_processor_and_nearly_those_of_the_vectors) {
  Prng prng(Seed() + 12);
  for (const size_t dimensions : {1, 3, 63, 64, 65, 100, 128, 384, 1000, 4096}) {
    const CodeMath math(dimensions);
    std::vector<std::vector<float>> vectors(2);
    std::vector<std::vector<int8_t>> codes(2, std::vector<int8_t>(CodeRecordBytes(dimensions)));
    const float off = static_cast<float>(prng.Below(5));
    for (size_t v = 0; v < 2; v++) {
      for (size_t i = 0; i < dimensions; i++) vectors[v].push_back(Gauss(prng) + off);
      EncodeVector(vectors[v].data(), dimensions, codes[v].data());
    }
    const size_t n = PaddedCode(dimensions);
    const int32_t steps = CodeMath::Tail(codes[1].data(), n).steps;
    CHECK(BestCodeProduct()(codes[0].data(), codes[1].data(), n, steps) == PortableCodeProduct(codes[0].data(), codes[1].data(), n, steps));
    double dot = 0;
    double squared = 0;
    double squares = 0;
    for (size_t i = 0; i < dimensions; i++) {
      dot += static_cast<double>(vectors[0][i]) * vectors[1][i];
      squared += std::pow(static_cast<double>(vectors[0][i]) - vectors[1][i], 2);
      squares += std::pow(static_cast<double>(vectors[0][i]), 2) + std::pow(static_cast<double>(vectors[1][i]), 2);
    }
    CHECK(std::abs(math.Dot(codes[0].data(), codes[1].data()) - dot) < squares * 0.02);
    CHECK(std::abs(math.Squared(codes[0].data(), codes[1].data()) - squared) < squares * 0.03);
  }
}

// What a code rounds off is more than what parts these: walks by codes would find anything.
TEST(vector_index_finds_neighbours_that_codes_cannot_tell_apart) {
  for (const bool restored : {false, true}) {
    Prng prng(Seed() + 13);
    const auto next = [&] {
      std::vector<float> v;
      for (uint32_t i = 0; i < kDimensions; i++) v.push_back((i % 2 == 0 ? 1000.0f : -1000.0f) + Gauss(prng));
      return Serialized(v);
    };
    VectorIndex index(Shape(Similarity::kEuclidean), 5, kAlwaysGraph);
    for (uint32_t i = 0; i < 3000; i++) index.Add({i, RowId(i)}, 1, Slice(next()));
    Finish(index);
    CHECK(!index.by_codes());
    VectorIndex loaded(Shape(Similarity::kEuclidean), 5, kAlwaysGraph);
    std::vector<uint8_t> part;
    for (uint32_t from = 0; index.Export(&from, 1 << 20, &part);) CHECK(loaded.Import(Slice(part)).ok());
    loaded.FinishImport(VectorIndex(Shape(Similarity::kEuclidean), 6, kAlwaysGraph));
    CHECK(!loaded.by_codes());
    size_t found = 0;
    for (int q = 0; q < 50; q++) {
      const auto query = next();
      VectorIndex& one = restored ? loaded : index;
      const auto all = Nearest(one, query, one.live(), one.live());
      const std::set<uint32_t> truth(all.begin(), all.begin() + 10);
      for (const uint32_t key : Nearest(one, query, 10, 100)) found += truth.count(key);
    }
    CHECK(found >= 475);
  }
}

TEST(vector_index_searches_in_steps_as_in_one) {
  for (const VectorMethod method : kMethods) {
    RandomVectors random(Seed() + 14, kDimensions, 10);
    VectorIndex index(Shape(Similarity::kCosine, method), 5, {64, 100});
    for (uint32_t i = 0; i < 2000; i++) index.Add({i % 500, RowId(i % 500, static_cast<int>(i / 500))}, 1, Slice(Serialized(random.Next())));
    for (int i = 0; i < 1980; i++) index.Work();
    uint8_t key[4];
    StoreLE<uint32_t>(key, 77);
    const VectorScope scopes[] = {{}, {false, 100, 400, {}}, {false, 10, 20, {}}, {false, 77, 77, Slice(key, 4)}};
    for (const VectorScope& scope : scopes)
      for (const size_t count : {1, 10, 300, 3000})
        for (const size_t budget : {1, 7, 100, 4096}) {
          const auto query = Serialized(random.Next());
          std::vector<VectorHit> once;
          std::vector<VectorHit> steps;
          bool all[2];
          CHECK(Search(index, Slice(query), count, 64, scope, &once, &all[0]));
          CHECK(Search(index, Slice(query), count, 64, scope, &steps, &all[1], budget));
          CHECK(all[0] == all[1] && once.size() == steps.size());
          for (size_t i = 0; i < once.size(); i++) CHECK(once[i].slot == steps[i].slot && once[i].distance == steps[i].distance);
        }
  }
}

// Method: between the steps rows come, go and change. Those that are left alone, and those that are written, are found as comparing all
// finds them; the walk may miss one now and then.
TEST(vector_index_finds_in_steps_what_is_there_throughout) {
  for (const VectorMethod method : kMethods) {
    RandomVectors random(Seed() + 15, kDimensions, 10);
    Prng& prng = random.prng();
    for (const size_t exact_max : {size_t{0}, size_t{100000}}) {
      VectorIndex index(Shape(Similarity::kEuclidean, method), 5, {8, exact_max});
      int64_t now = 1;
      std::map<uint32_t, std::vector<float>> rows;
      const auto write = [&](uint32_t key) {
        rows[key] = random.Next();
        index.Add({key, RowId(key)}, now++, Slice(Serialized(rows[key])));
      };
      for (uint32_t i = 0; i < 800; i++) write(i);
      size_t missed = 0;
      for (int round = 0; round < 40; round++) {
        const std::vector<float> query = random.Next();
        VectorSearch search;
        CHECK(index.Begin(Slice(Serialized(query)), 500, 600, {round % 3 == 0, 0, 100000, {}}, &search));
        while (!index.Continue(&search, 100)) {
          for (int i = 0; i < 8; i++) {
            const auto key = static_cast<uint32_t>(prng.Below(800));
            if (prng.Below(4) > 0) {
              write(key);
            } else {
              index.Delete({key, RowId(key)}, now++);
              rows.erase(key);
            }
            index.Work();
          }
        }
        std::set<uint32_t> found;
        for (const VectorHit& hit : search.hits())
          CHECK(found.insert(LoadLE<uint32_t>(reinterpret_cast<const uint8_t*>(index.row(hit.slot).id.data()) + 2)).second);
        std::vector<std::pair<double, uint32_t>> nearest;
        for (const auto& [key, vector] : rows) {
          double sum = 0;
          for (size_t i = 0; i < vector.size(); i++) sum += std::pow(static_cast<double>(vector[i]) - query[i], 2);
          nearest.push_back({sum, key});
        }
        for (const uint32_t key : found) CHECK(rows.count(key) == 1);
        std::sort(nearest.begin(), nearest.end());
        // Of those that were deleted meanwhile the search had some among its 500.
        for (size_t i = 0; i < 350; i++) missed += found.count(nearest[i].second) == 0;
        for (uint32_t key = 0; key < 800; key++)
          if (rows.count(key) == 0) write(key);
        Finish(index);
      }
      std::printf("  missed %zu of %d\n", missed, 40 * 350);
      CHECK(missed <= 8);
    }
  }
}

TEST(vector_search_learns_that_its_index_is_gone) {
  RandomVectors random(Seed() + 16, kDimensions, 10);
  auto index = std::make_unique<VectorIndex>(Shape(Similarity::kCosine), 5);
  for (uint32_t i = 0; i < 100; i++) index->Add({i, RowId(i)}, 1, Slice(Serialized(random.Next())));
  VectorSearch search;
  const auto query = Serialized(random.Next());
  CHECK(index->Begin(Slice(query), 5, 10, {}, &search));
  CHECK(!index->Continue(&search, 10));
  CHECK(search.index() == index.get());
  index.reset();
  CHECK(search.index() == nullptr);
  VectorIndex other(Shape(Similarity::kCosine), 5);
  CHECK(other.Begin(Slice(query), 5, 10, {}, &search));
  CHECK(other.Continue(&search, 10) && search.hits().empty() && search.all());
}

TEST(vector_index_drops_what_a_pass_over_the_table_does_not_meet) {
  RandomVectors random(Seed() + 5, kDimensions, 3);
  VectorIndex index(Shape(Similarity::kEuclidean), 5);
  const auto kept = Serialized(random.Next());
  index.Add({1, RowId(1)}, 1, Slice(kept));
  index.Add({2, RowId(2)}, 1, Slice(Serialized(random.Next())));
  index.BeginPass();
  index.Add({1, RowId(1)}, 1, Slice(kept));
  index.Add({3, RowId(3)}, 2, Slice(Serialized(random.Next())));
  index.EndPass();
  CHECK(index.live() == 2);
}

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

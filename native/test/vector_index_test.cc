// The vector index: results beside those of comparing one by one, and a plain list as the twin of adds, deletes and searches.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "vector_rig.h"

using namespace ferrosa;
using namespace ferrosa::test;

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

// The engine under hostile and random input: nothing may read past its bytes, and comparisons must be orders.
#include <algorithm>
#include <set>

#include "core/btree.h"
#include "core/type_compare.h"
#include "engine_random.h"

namespace ferrosa {
namespace {

void Damage(Prng& prng, std::vector<uint8_t>* bytes) {
  const uint64_t how = prng.Below(4);
  if (bytes->empty()) return;
  if (how == 0) bytes->resize(prng.Below(bytes->size()));
  else if (how == 1) bytes->insert(bytes->begin() + static_cast<long>(prng.Below(bytes->size())), static_cast<uint8_t>(prng.Next()));
  else
    for (uint64_t n = 1 + prng.Below(3); n > 0; n--) (*bytes)[18 % bytes->size() + prng.Below(bytes->size() - 18 % bytes->size())] = static_cast<uint8_t>(prng.Next());
}

void RunRead(Store* store, Slice command) {
  // A copy of its exact size, so that a read past its end is seen.
  ReadOperation operation;
  operation.Start(command);
  MissList misses;
  for (int calls = 0; calls < 1000; calls++) {
    ReadState state;
    if (!store->Read(&operation, 7, &state, &misses).ok() || state == ReadState::kDone) return;
  }
  CHECK(!"the read ends");
}

}  // namespace

TEST(DamagedMutationsAndCommandsAreRefusedOrHarmless) {
  Prng prng(test::Seed());
  for (int round = 0; round < 20; round++) {
    Store store({});
    store.SetTable(MakeTable(1));
    for (int i = 0; i < 400; i++) {
      std::vector<uint8_t> bytes = MakeMutation(prng).bytes;
      const bool damaged = prng.Below(2) == 0;
      if (damaged) Damage(prng, &bytes);
      bytes.shrink_to_fit();
      const Status status = store.Apply(Slice(bytes));
      CHECK(damaged || status.ok());
      if (prng.Below(60) == 0) (void)store.Freeze({});
      std::vector<uint8_t> command = MakeCommand(prng).bytes;
      if (prng.Below(2) == 0) Damage(prng, &command);
      RunRead(&store, Slice(command));
    }
  }
}

TEST(CounterIncrementsAreRewrittenAndDamagedOnesRefused) {
  Prng prng(test::Seed());
  auto d = std::make_shared<TableDescriptor>();
  d->is_counter = true;
  d->partition_key.push_back(Type{TypeKind::kInt});
  Column c;
  c.id = 1;
  c.name = "c";
  c.counter = true;
  c.type.kind = TypeKind::kCounter;
  d->columns.push_back(c);
  Store store({});
  store.SetTable(d);
  for (int i = 0; i < 500; i++) {
    Writer m;
    m.U8(1);
    m.U8(0);
    for (int k = 0; k < 16; k++) m.U8(0);
    m.LE<int64_t>(1);
    m.LE<uint16_t>(4);
    m.LE<uint32_t>(1);
    m.U8(kItemRow);
    m.Var(0);
    m.U8(0);
    m.Var(1);
    m.LE<uint16_t>(1);
    m.U8(kOperationCounterDelta);
    m.LE<int64_t>(i);
    m.Var(8);
    m.BE<uint64_t>(1);
    if (prng.Below(3) == 0) Damage(prng, &m.bytes);
    std::vector<uint8_t> final;
    MissList misses;
    ReadState state;
    if (!store.PrepareCounter(Slice(m.bytes), &final, &misses, &state).ok()) continue;
    (void)store.Apply(Slice(final)).ok();
  }
}

TEST(TreeKeepsEveryKeyInOrder) {
  Prng prng(test::Seed());
  for (const bool ascending : {false, true}) {
    Arena arena;
    BTree tree;
    std::set<uint64_t> model;
    for (uint64_t i = 0; i < 20000; i++) {
      const uint64_t key = ascending ? i : prng.Below(30000);
      bool inserted;
      const auto compare = [&](const BTreeEntry& e) { return e.prefix < key ? -1 : e.prefix > key ? 1 : 0; };
      tree.Upsert(&arena, compare, [&] { return BTreeEntry{key, nullptr}; }, &inserted);
      CHECK(inserted == model.insert(key).second);
    }
    CHECK(tree.size() == model.size());
    BTreePlace place = tree.First();
    for (const uint64_t key : model) {
      CHECK(place.valid() && place.entry().prefix == key);
      place.Next();
    }
    CHECK(!place.valid());
    place = tree.Last();
    for (auto it = model.rbegin(); it != model.rend(); ++it) {
      CHECK(place.valid() && place.entry().prefix == *it);
      place.Previous();
    }
    for (int i = 0; i < 1000; i++) {
      const uint64_t key = prng.Below(31000);
      const BTreePlace found = tree.LowerBound([&](const BTreeEntry& e) { return e.prefix < key ? -1 : e.prefix > key ? 1 : 0; });
      const auto want = model.lower_bound(key);
      CHECK(found.valid() == (want != model.end()));
      CHECK(!found.valid() || found.entry().prefix == *want);
    }
  }
}

TEST(ComparisonsOfAnyBytesStayInBoundsAndAreAntisymmetric) {
  Prng prng(test::Seed());
  std::vector<Type> types;
  for (int kind = 1; kind <= 0x15; kind++) types.push_back(Type{static_cast<TypeKind>(kind)});
  for (const TypeKind kind : {TypeKind::kList, TypeKind::kSet, TypeKind::kMap, TypeKind::kTuple, TypeKind::kUdt, TypeKind::kVector}) {
    Type type{kind};
    type.dimensions = 2;
    type.children.push_back(Type{prng.Below(2) ? TypeKind::kInt : TypeKind::kDecimal});
    if (kind == TypeKind::kMap || kind == TypeKind::kTuple) type.children.push_back(Type{TypeKind::kText});
    types.push_back(type);
  }
  types.push_back(Type{TypeKind::kLexicalUuid});
  for (const TypeKind kind : {TypeKind::kComposite, TypeKind::kDynamicComposite}) {
    Type type{kind};
    type.children = {Type{TypeKind::kText}, Type{TypeKind::kInt}};
    type.aliases = std::string("\x01\x02");
    types.push_back(type);
  }
  const auto value = [&] {
    std::vector<uint8_t> bytes(prng.Below(20));
    for (uint8_t& b : bytes) b = prng.Below(3) ? static_cast<uint8_t>(prng.Below(5)) : static_cast<uint8_t>(prng.Next());
    bytes.shrink_to_fit();
    return bytes;
  };
  const auto sign = [](int v) { return v < 0 ? -1 : v > 0 ? 1 : 0; };
  for (const Type& type : types)
    for (int i = 0; i < 2000; i++) {
      const std::vector<uint8_t> a = value();
      const std::vector<uint8_t> b = value();
      const Slice x(a), y(b);
      CHECK(sign(CompareValues(type, x, y)) == -sign(CompareValues(type, y, x)));
      CHECK(CompareValues(type, x, x) == 0);
      (void)OrderPrefix(type, x);
    }
}

}  // namespace ferrosa

// The engine under hostile and random input: nothing may read past its bytes, and comparisons must be orders.
#include <algorithm>
#include <set>

#include "core/btree.h"
#include "core/hash.h"
#include "core/store.h"
#include "core/type_compare.h"
#include "test.h"

namespace ferrosa {
namespace {

using test::Prng;

DescriptorPtr MakeTable(uint32_t version) {
  auto d = std::make_shared<TableDescriptor>();
  d->version = version;
  d->partition_key.push_back(Type{TypeKind::kInt});
  d->clustering.push_back({Type{TypeKind::kInt}, false});
  d->clustering.push_back({Type{TypeKind::kDecimal}, true});
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

void PutValue(Prng& prng, size_t n, Writer* out) {
  out->Var(n + 1);
  for (size_t i = 0; i < n; i++) out->U8(static_cast<uint8_t>(prng.Below(4)));
}

void PutClustering(Prng& prng, size_t n, Writer* out) {
  out->Var(n);
  if (n > 0) PutValue(prng, 4, out);
  if (n > 1) PutValue(prng, 5 + prng.Below(2), out);
}

void PutOperation(Prng& prng, uint16_t id, Writer* out) {
  const bool multicell = id > 2;
  const uint64_t kind = prng.Below(multicell ? 3 : 2);
  const uint8_t flags = static_cast<uint8_t>((kind == 0 ? 0 : kind == 1 ? kOperationTombstone : kOperationComplexDeletion) |
                                             (multicell && kind < 2 ? kOperationPath : 0));
  out->LE<uint16_t>(id);
  out->U8(flags);
  out->LE<int64_t>(static_cast<int64_t>(prng.Below(20)));
  if (kind > 0) out->LE<uint32_t>(100);
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

Writer MakeMutation(Prng& prng) {
  Writer out;
  out.U8(1);
  const bool deletion = prng.Below(10) == 0;
  out.U8(deletion ? 1 : 0);
  for (int i = 0; i < 16; i++) out.U8(0);
  uint8_t key[4] = {0, 0, 0, static_cast<uint8_t>(prng.Below(6))};
  out.LE<int64_t>(MurmurToken(Slice(key, 4)));
  out.LE<uint16_t>(4);
  out.Bytes(Slice(key, 4));
  const auto put_deletion = [&] {
    out.LE<int64_t>(static_cast<int64_t>(prng.Below(20)));
    out.LE<uint32_t>(100);
  };
  if (deletion) put_deletion();
  for (uint64_t items = 1 + prng.Below(3); items > 0; items--) {
    const uint64_t kind = 1 + prng.Below(3);
    out.U8(static_cast<uint8_t>(kind));
    if (kind == kItemRangeTombstone) {
      out.U8(prng.Below(2) ? 1 : 7);
      PutClustering(prng, prng.Below(3), &out);
      out.U8(prng.Below(2) ? 6 : 0);
      PutClustering(prng, prng.Below(3), &out);
      put_deletion();
      continue;
    }
    if (kind == kItemRow) PutClustering(prng, 2, &out);
    const uint64_t flags = prng.Below(8) & ~uint64_t{2};
    out.U8(static_cast<uint8_t>(flags));
    if (flags & kRowLiveness) out.LE<int64_t>(static_cast<int64_t>(prng.Below(20)));
    if (flags & kRowDeletion) put_deletion();
    const uint64_t operations = prng.Below(4);
    out.Var(operations);
    for (uint64_t i = 0; i < operations; i++)
      PutOperation(prng, kind == kItemStaticRow ? 1 : static_cast<uint16_t>(2 + prng.Below(4)), &out);
  }
  return out;
}

Writer MakeCommand(Prng& prng) {
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
  const uint64_t slices = prng.Below(2);
  out.LE<uint16_t>(static_cast<uint16_t>(slices));
  for (uint64_t i = 0; i < slices; i++) {
    out.U8(prng.Below(2) ? 1 : 7);
    PutClustering(prng, prng.Below(3), &out);
    out.U8(prng.Below(2) ? 6 : 0);
    PutClustering(prng, prng.Below(3), &out);
  }
  out.U8(0);
  out.LE<uint16_t>(12);
  const uint8_t what[] = {0, 1, 1, 2, 2, 2, 2, 2, 3, 4, 5, 7};
  const uint16_t which[] = {0, 0, 1, 1, 2, 3, 4, 5, 5, 4, 3, 4};
  for (int i = 0; i < 12; i++) {
    out.U8(what[i]);
    out.LE<uint16_t>(which[i]);
  }
  return out;
}

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

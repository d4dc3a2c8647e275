// Hot plans, requests of them, and the tables that they are of, for tests of the hot path.
#pragma once
#include "core/hash.h"
#include "core/hot_plan.h"
#include "core/hot_record.h"
#include "core/ring.h"
#include "core/store.h"
#include "engine_random.h"
#include "fuzz.h"

namespace ferrosa {

inline void PutType(TypeKind kind, Writer* out) {
  out->U8(static_cast<uint8_t>(kind));
  out->LE<uint16_t>(0);
  if (kind != TypeKind::kMap) return;
  PutType(TypeKind::kInt, out);
  PutType(TypeKind::kText, out);
}

struct Bind {
  BindTarget target;
  uint16_t which;
  TypeKind type;
};

// Of the plan that writes to columns 4, a map, and 3, a list.
inline const std::vector<HotOperation> kOperations = {HotOperation::kElement, HotOperation::kReplace, HotOperation::kClear};

// The views of tables 21, by the value of column 2, and 22, by the first clustering.
inline void PutViews(bool viewed, Writer* out) {
  using enum HotView::KeyPart::Source;
  out->LE<uint16_t>(viewed ? 2 : 0);
  if (!viewed) return;
  const auto put_key = [&](const std::vector<HotView::KeyPart>& key) {
    out->U8(static_cast<uint8_t>(key.size()));
    for (const HotView::KeyPart& part : key) {
      out->U8(part.source);
      out->LE<uint16_t>(part.which);
    }
  };
  for (int i = 0; i < 16; i++) out->U8(21);
  put_key({{kValue, 2}});
  put_key({{kPartitionKey, 0}, {kClustering, 0}, {kClustering, 1}});
  out->LE<uint16_t>(0);
  for (int i = 0; i < 16; i++) out->U8(22);
  put_key({{kClustering, 0}, {kPartitionKey, 0}});
  put_key({{kClustering, 1}});
  out->LE<uint16_t>(1);
  out->LE<uint16_t>(7);
  out->LE<uint16_t>(2);
}

inline std::vector<uint8_t> MakePlan(HotKind kind, uint8_t flags, uint8_t id, const std::vector<Bind>& binds, const std::string& text = "",
                              bool folded = false, const std::vector<HotOperation>& operations = {},
                              bool if_not_exists = false, bool viewed = false) {
  Writer out;
  out.U8(5);
  out.U8(static_cast<uint8_t>(kind));
  out.U8(flags);
  for (int i = 0; i < 16; i++) out.U8(id);
  for (int i = 0; i < 16; i++) out.U8(0);
  out.LE<uint32_t>(1);
  out.LE<uint16_t>(static_cast<uint16_t>(operations.size()));
  for (const HotOperation operation : operations) {
    out.U8(static_cast<uint8_t>(operation));
    out.LE<uint16_t>(operation == HotOperation::kClear ? 3 : 4);
  }
  out.U8(static_cast<uint8_t>(if_not_exists ? HotConditions::kNotExists : HotConditions::kNone));
  if (if_not_exists) {
    out.LE<uint16_t>(0);
    out.LE<uint16_t>(0);
    for (int version = 0; version < 2; version++) {
      out.LE<uint32_t>(8);
      out.BE<uint32_t>(0);
      out.BE<uint32_t>(1);
    }
  }
  out.LE<uint16_t>(0);
  PutViews(viewed, &out);
  out.LE<uint16_t>(static_cast<uint16_t>(binds.size()));
  for (const Bind& b : binds) {
    out.U8(static_cast<uint8_t>(b.target));
    out.LE<uint16_t>(b.which);
    PutType(b.type, &out);
  }
  out.LE<uint16_t>(0);
  out.U8(3);
  out.LE<uint32_t>(0);
  out.LE<uint16_t>(0x0472);
  out.LE<uint32_t>(UINT32_MAX);
  out.LE<uint32_t>(UINT32_MAX);
  const bool read = kind != HotKind::kWrite;
  const std::vector<std::pair<uint8_t, uint16_t>> columns =
      read ? std::vector<std::pair<uint8_t, uint16_t>>{{0, 0}, {1, 0}, {2, 1}, {2, 2}, {3, 2}, {4, 2}} : std::vector<std::pair<uint8_t, uint16_t>>{};
  out.LE<uint16_t>(static_cast<uint16_t>(columns.size()));
  for (const auto& [what, which] : columns) {
    out.U8(what);
    out.LE<uint16_t>(which);
  }
  out.LE<uint16_t>(folded ? 3 : 0);
  if (folded)
    for (const uint8_t fold : {0, 3, 4}) {
      out.U8(fold);
      out.LE<uint16_t>(fold == 0 ? 0 : 3);
    }
  out.LE<uint16_t>(folded ? 3 : 0);
  if (folded)
    for (const uint16_t output : {0, 1, 2}) {
      out.U8(output == 0 ? 0 : output == 1 ? 3 : 2);
      out.U8(4);
      out.LE<uint16_t>(output);
      out.LE<uint16_t>(0);
    }
  if (kind == HotKind::kIndexRead) {
    for (int i = 0; i < 16; i++) out.U8(9);
    out.LE<uint16_t>(2);
    out.LE<uint16_t>(1);
    out.LE<uint16_t>(1);
    out.U8(7);
  }
  for (int version = 0; version < 2; version++) {
    out.LE<uint32_t>(8);
    out.BE<uint32_t>(0);
    out.BE<uint32_t>(static_cast<uint32_t>(columns.size()));
  }
  for (int i = 0; i < 16; i++) out.U8(0xee);
  out.LE<uint32_t>(static_cast<uint32_t>(text.size()));
  out.Bytes(Slice(text));
  out.LE<uint16_t>(0);
  return out.bytes;
}

inline const std::vector<std::vector<Bind>>& PlanBinds() {
  using enum BindTarget;
  static const std::vector<std::vector<Bind>> binds = {
      {{kPartitionKey, 0, TypeKind::kInt}, {kClustering, 0, TypeKind::kInt}, {kClustering, 1, TypeKind::kText}, {kValue, 2, TypeKind::kInt}},
      {{kPartitionKey, 0, TypeKind::kInt}, {kClustering, 0, TypeKind::kInt}, {kClustering, 1, TypeKind::kText}, {kValue, 2, TypeKind::kInt},
       {kValue, 1, TypeKind::kInt}, {kTtl, 0, TypeKind::kInt}, {kTimestamp, 0, TypeKind::kBigint}},
      {{kPartitionKey, 0, TypeKind::kInt}, {kClustering, 0, TypeKind::kInt}, {kClustering, 1, TypeKind::kText}},
      {{kPartitionKey, 0, TypeKind::kInt}},
      {{kPartitionKey, 0, TypeKind::kInt}},
      {{kPartitionKey, 0, TypeKind::kInt}, {kSliceStart, 0, TypeKind::kInt}, {kSliceEnd, 0, TypeKind::kInt}, {kLimit, 0, TypeKind::kInt}},
      {{kTerm, 2, TypeKind::kInt}, {kLimit, 0, TypeKind::kInt}},
      {{kValue, 0, TypeKind::kInt}, {kValue, 1, TypeKind::kText}},
      {{kPartitionKey, 0, TypeKind::kInt}, {kClustering, 0, TypeKind::kInt}, {kClustering, 1, TypeKind::kText},
       {kOperationKey, 0, TypeKind::kInt}, {kOperationValue, 0, TypeKind::kText}, {kOperationValue, 1, TypeKind::kMap}},
      {{kPartitionKey, 0, TypeKind::kInt}, {kClustering, 0, TypeKind::kInt}, {kClustering, 1, TypeKind::kText}, {kValue, 2, TypeKind::kInt}},
      {{kPartitionKey, 0, TypeKind::kInt}, {kComputed, 0, TypeKind::kBlob}, {kSliceStart, 0, TypeKind::kInt}},
      {{kPartitionKey, 0, TypeKind::kInt}, {kClustering, 0, TypeKind::kInt}, {kClustering, 1, TypeKind::kText}, {kValue, 2, TypeKind::kInt},
       {kTtl, 0, TypeKind::kInt}, {kTimestamp, 0, TypeKind::kBigint}},
      {{kPartitionKey, 0, TypeKind::kInt}, {kClustering, 0, TypeKind::kInt}, {kClustering, 1, TypeKind::kText}},
  };
  return binds;
}

inline std::string WriteText(const std::vector<std::string>& values) {
  return "INSERT INTO \"K\".t (p, c, d, v) VALUES (" + values[0] + ", " + values[1] + ", " + values[2] + "," + values[3] + ") ;";
}
inline std::string PreparedText(const std::string& key, const std::string& value) {
  return "SELECT count(*) FROM \"K\".t WHERE p IN (" + key + ") AND d = " + value;
}
inline std::string ReadText(const std::string& value) { return "SELECT * FROM \"K\".t\nWHERE p=" + value; }

inline std::vector<std::vector<uint8_t>> MakePlans() {
  const auto& b = PlanBinds();
  return {MakePlan(HotKind::kWrite, kHotInsert, 0, b[0]),       MakePlan(HotKind::kWrite, kHotInsert, 1, b[1]),
          MakePlan(HotKind::kWrite, kHotDeleteRow, 2, b[2]),    MakePlan(HotKind::kWrite, kHotDeletePartition, 3, b[3]),
          MakePlan(HotKind::kRead, kHotUnrestricted, 4, b[4]),  MakePlan(HotKind::kRead, 0, 5, b[5]),
          MakePlan(HotKind::kWrite, kHotInsert, 6, b[0], WriteText({"1", "2", "'x'", "?"})),
          MakePlan(HotKind::kRead, kHotUnrestricted, 7, b[4], ReadText("7")),
          MakePlan(HotKind::kRead, kHotUnrestricted, 8, b[4], "", true), MakePlan(HotKind::kIndexRead, 0, 9, b[6]),
          MakePlan(HotKind::kPrepared, 0, 10, b[7], PreparedText("7", "'x'")),
          MakePlan(HotKind::kWrite, 0, 11, b[8], "", false, kOperations), MakePlan(HotKind::kWrite, kHotInsert, 12, b[9], "", false, {}, true),
          MakePlan(HotKind::kComputedRead, kHotUnrestricted, 13, b[10]),
          MakePlan(HotKind::kWrite, kHotInsert, 14, b[11], "", false, {}, false, true),
          MakePlan(HotKind::kWrite, kHotDeleteRow, 15, b[12], "", false, {}, false, true)};
}

inline void PutMap(Prng& prng, Writer* out) {
  Writer map;
  const uint64_t n = prng.Below(4);
  map.BE<uint32_t>(static_cast<uint32_t>(prng.Below(20) == 0 ? prng.Next() : n));
  for (uint64_t i = 0; i < n; i++) {
    map.BE<uint32_t>(4);
    map.BE<uint32_t>(static_cast<uint32_t>(prng.Below(5)));
    map.BE<uint32_t>(prng.Below(20) == 0 ? UINT32_MAX : 1);
    map.U8(static_cast<uint8_t>(prng.Below(128)));
  }
  out->BE<uint32_t>(static_cast<uint32_t>(map.size()));
  out->Bytes(Slice(map.bytes));
}

inline void PutBound(Prng& prng, const Bind& bind, Writer* out) {
  const uint64_t kind = prng.Below(24);
  if (kind < 2) {
    out->BE<uint32_t>(kind == 0 ? UINT32_MAX : UINT32_MAX - 1);
    return;
  }
  if (bind.type == TypeKind::kMap && kind > 2) return PutMap(prng, out);
  size_t n = bind.type == TypeKind::kBigint ? 8 : bind.type == TypeKind::kText ? prng.Below(4) : 4;
  if (kind == 2) n = prng.Below(70000);
  out->BE<uint32_t>(static_cast<uint32_t>(n));
  for (size_t i = 0; i < n; i++) out->U8(i + 1 < n && kind > 3 ? 0 : static_cast<uint8_t>(prng.Below(kind > 3 ? 5 : 256)));
}

inline void PutValues(Prng& prng, size_t plan, Writer* out) {
  const auto& binds = PlanBinds()[plan];
  out->BE<uint16_t>(static_cast<uint16_t>(binds.size()));
  for (const Bind& b : binds) PutBound(prng, b, out);
}

inline std::vector<uint8_t> Enclose(uint8_t version, int16_t stream, uint8_t opcode, const Writer& body) {
  Writer out;
  out.U8(version);
  out.U8(0);
  out.BE<uint16_t>(static_cast<uint16_t>(stream));
  out.U8(opcode);
  out.BE<uint32_t>(static_cast<uint32_t>(body.size()));
  out.Bytes(Slice(body.bytes));
  return out.bytes;
}

// A literal, or what nearly is one.
inline std::string MakeLiteral(Prng& prng) {
  static const char* const kLiterals[] = {"0", "1", "2", "-3", "2147483648", "99999999999999999999", "1.5", "1e", "0x", "0xabc", "'a''b'", "''", "'",
                                          "true", "?", "1-2", "abcdef01-2345-6789-abcd-ef0123456789", "$$x$$", "--", "/*", "P1Y", "2h", "null"};
  return kLiterals[prng.Below(prng.Below(3) == 0 ? std::size(kLiterals) : 4)];
}

inline std::vector<uint8_t> MakeRequest(Prng& prng, uint8_t version, int16_t stream) {
  Writer body;
  const auto put_id = [&](uint8_t id) {
    body.BE<uint16_t>(16);
    for (int i = 0; i < 16; i++) body.U8(id);
  };
  const auto put_flags = [&](uint32_t flags) {
    if (version >= 5) body.BE<uint32_t>(flags);
    else body.U8(static_cast<uint8_t>(flags));
  };
  if (prng.Below(4) == 0) {
    const std::string string = prng.Below(4) == 0 ? MakeLiteral(prng) : "'y'";
    const uint64_t shape = prng.Below(3);
    const std::string text = shape == 0   ? ReadText(MakeLiteral(prng))
                             : shape == 1 ? PreparedText(MakeLiteral(prng), string)
                                          : WriteText({MakeLiteral(prng), MakeLiteral(prng), string, MakeLiteral(prng)});
    body.BE<uint32_t>(static_cast<uint32_t>(text.size() + (prng.Below(20) == 0 ? prng.Below(300) : 0)));
    body.Bytes(Slice(text));
    body.BE<uint16_t>(1);
    const bool values = prng.Below(4) == 0;
    put_flags(values ? 1 : prng.Below(8) == 0 ? 4 : 0);
    if (values) {
      body.BE<uint16_t>(static_cast<uint16_t>(prng.Below(3)));
      PutBound(prng, PlanBinds()[0][0], &body);
    }
    return Enclose(version, stream, kOpcodeQuery, body);
  }
  if (prng.Below(4) == 0) {
    body.U8(static_cast<uint8_t>(prng.Below(3)));
    const uint64_t n = 1 + prng.Below(4);
    body.BE<uint16_t>(static_cast<uint16_t>(n));
    for (uint64_t i = 0; i < n; i++) {
      const uint64_t plan = prng.Below(4) == 0 ? 8 : prng.Below(4);
      body.U8(1);
      put_id(plan == 8 ? 11 : static_cast<uint8_t>(plan));
      PutValues(prng, plan, &body);
    }
    body.BE<uint16_t>(1);
    put_flags(prng.Below(3) == 0 ? 0x20 : 0);
    if (prng.Below(3) == 0) body.BE<uint64_t>(prng.Next());
    return Enclose(version, stream, 0x0d, body);
  }
  const uint64_t plan = prng.Below(PlanBinds().size());
  put_id(plan >= 6 ? static_cast<uint8_t>(plan + 3) : plan == 4 && prng.Below(2) == 0 ? 8 : static_cast<uint8_t>(plan));
  if (version >= 5) {
    body.BE<uint16_t>(16);
    for (int i = 0; i < 16; i++) body.U8(0xee);
  }
  body.BE<uint16_t>(static_cast<uint16_t>(1 + prng.Below(10)));
  const bool paged = prng.Below(3) == 0;
  const bool timed = prng.Below(5) == 0;
  put_flags(1u | (prng.Below(2) ? 2u : 0u) | (paged ? 4u : 0u) | (timed ? 0x20u : 0u));
  PutValues(prng, plan, &body);
  if (paged) body.BE<uint32_t>(static_cast<uint32_t>(prng.Below(6)));
  if (timed) body.BE<uint64_t>(prng.Next() >> prng.Below(60));
  return Enclose(version, stream, 0x0a, body);
}

// The entries of an index on `v`, half of them of rows that are not there.
inline void AddEntries(Store* store) {
  auto d = std::make_shared<TableDescriptor>();
  d->id.fill(9);
  d->version = 1;
  d->partition_key.push_back(Type{TypeKind::kBlob});
  for (const TypeKind kind : {TypeKind::kInt, TypeKind::kBigint, TypeKind::kBlob, TypeKind::kInt}) d->clustering.push_back({Type{kind}, false});
  d->clustering.push_back({Type{TypeKind::kText}, true});
  Column column;
  column.id = 1;
  column.name = "p";
  column.type = Type{TypeKind::kBlob};
  d->columns.push_back(column);
  store->SetTable(d);
  const uint8_t bucket = 7;
  for (uint8_t i = 0; i < 32; i++) {
    const uint8_t value[4] = {0, 0, 0, static_cast<uint8_t>(i % 4)};
    const uint8_t key[4] = {0, 0, 0, static_cast<uint8_t>(i / 4 % 4)};
    uint8_t token[8];
    StoreBE<int64_t>(token, MurmurToken(Slice(key, 4)));
    const Slice clustering[] = {Slice(value, 4), Slice(token, 8), Slice(key, 4), Slice(value, 4), Slice(value, i / 16)};
    RowWrite write;
    write.key = {MurmurToken(Slice(&bucket, 1)), Slice(&bucket, 1)};
    write.clustering = clustering;
    write.has_liveness = true;
    write.timestamp = 1;
    store->ApplyRow(store->Find(d->id.data()), write);
  }
}

// The tables of PutViews.
inline void AddViewTables(Store* store) {
  const auto make = [&](uint8_t id, std::initializer_list<TypeKind> key, std::initializer_list<TypeKind> clustering) {
    auto d = std::make_shared<TableDescriptor>();
    d->id.fill(id);
    d->version = 1;
    d->gc_grace_seconds = 864'000;
    for (const TypeKind kind : key) d->partition_key.push_back(Type{kind});
    for (const TypeKind kind : clustering) d->clustering.push_back({Type{kind}, false});
    Column column;
    column.id = 7;
    column.name = "v";
    column.type = Type{TypeKind::kInt};
    d->columns.push_back(column);
    store->SetTable(d);
  };
  make(21, {TypeKind::kInt}, {TypeKind::kInt, TypeKind::kInt, TypeKind::kText});
  make(22, {TypeKind::kInt, TypeKind::kInt}, {TypeKind::kText});
}

// system.batches.
inline constexpr uint8_t kBatches = 20;

inline void AddBatches(Store* store) {
  auto d = std::make_shared<TableDescriptor>();
  d->id.fill(kBatches);
  d->version = 1;
  d->keyspace = "system";
  d->name = "batches";
  d->partition_key.push_back(Type{TypeKind::kTimeuuid});
  const auto add = [&](uint16_t id, const char* name, Type type, bool multicell) {
    Column column;
    column.id = id;
    column.name = name;
    column.type = std::move(type);
    column.multicell = multicell;
    d->columns.push_back(column);
  };
  Type list{TypeKind::kList};
  list.children = {Type{TypeKind::kBlob}};
  add(1, "version", Type{TypeKind::kInt}, false);
  add(2, "mutations", list, true);
  store->SetTable(d);
}

// Registers a plan with the shard at the other end.
inline void OfferPlan(RingProducer* to_shard, uint32_t number, const std::vector<uint8_t>& plan) {
  Writer payload;
  payload.LE<uint32_t>(number);
  payload.Bytes(Slice(plan));
  CHECK(to_shard->Offer({RecordKind::kPlan, 0, 0, 0, {}}, Slice(payload.bytes)));
}

// A ring in memory of its own.
struct TestRing {
  explicit TestRing(size_t capacity) : memory(RingSharedBytes(capacity)) { CHECK(RingView::At(memory.data(), memory.size(), &view).ok()); }
  std::vector<uint8_t> memory;
  RingView view;
};

}  // namespace ferrosa

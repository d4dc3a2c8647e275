// The path of a request with damaged bytes everywhere: plans, socket bytes, segments, batches, ring records, descriptors. One frontend and
// one shard loop in this thread; every request that was taken must be answered or handed on, and nothing may be left open.
#include "core/frontend.h"
#include "core/shard_loop.h"
#include "engine_random.h"
#include "fuzz.h"

namespace ferrosa {
namespace {

using test::Damaged;

void PutType(TypeKind kind, Writer* out) {
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
const std::vector<HotOperation> kOperations = {HotOperation::kElement, HotOperation::kReplace, HotOperation::kClear};

std::vector<uint8_t> MakePlan(HotKind kind, uint8_t flags, uint8_t id, const std::vector<Bind>& binds, const std::string& text = "",
                              bool folded = false, const std::vector<HotOperation>& operations = {},
                              bool if_not_exists = false) {
  Writer out;
  out.U8(4);
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

const std::vector<std::vector<Bind>>& PlanBinds() {
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
  };
  return binds;
}

std::string WriteText(const std::vector<std::string>& values) {
  return "INSERT INTO \"K\".t (p, c, d, v) VALUES (" + values[0] + ", " + values[1] + ", " + values[2] + "," + values[3] + ") ;";
}
std::string PreparedText(const std::string& key, const std::string& value) {
  return "SELECT count(*) FROM \"K\".t WHERE p IN (" + key + ") AND d = " + value;
}
std::string ReadText(const std::string& value) { return "SELECT * FROM \"K\".t\nWHERE p=" + value; }

std::vector<std::vector<uint8_t>> MakePlans() {
  const auto& b = PlanBinds();
  return {MakePlan(HotKind::kWrite, kHotInsert, 0, b[0]),       MakePlan(HotKind::kWrite, kHotInsert, 1, b[1]),
          MakePlan(HotKind::kWrite, kHotDeleteRow, 2, b[2]),    MakePlan(HotKind::kWrite, kHotDeletePartition, 3, b[3]),
          MakePlan(HotKind::kRead, kHotUnrestricted, 4, b[4]),  MakePlan(HotKind::kRead, 0, 5, b[5]),
          MakePlan(HotKind::kWrite, kHotInsert, 6, b[0], WriteText({"1", "2", "'x'", "?"})),
          MakePlan(HotKind::kRead, kHotUnrestricted, 7, b[4], ReadText("7")),
          MakePlan(HotKind::kRead, kHotUnrestricted, 8, b[4], "", true), MakePlan(HotKind::kIndexRead, 0, 9, b[6]),
          MakePlan(HotKind::kPrepared, 0, 10, b[7], PreparedText("7", "'x'")),
          MakePlan(HotKind::kWrite, 0, 11, b[8], "", false, kOperations), MakePlan(HotKind::kWrite, kHotInsert, 12, b[9], "", false, {}, true),
          MakePlan(HotKind::kComputedRead, kHotUnrestricted, 13, b[10])};
}

void PutMap(Prng& prng, Writer* out) {
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

void PutBound(Prng& prng, const Bind& bind, Writer* out) {
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

void PutValues(Prng& prng, size_t plan, Writer* out) {
  const auto& binds = PlanBinds()[plan];
  out->BE<uint16_t>(static_cast<uint16_t>(binds.size()));
  for (const Bind& b : binds) PutBound(prng, b, out);
}

std::vector<uint8_t> Enclose(uint8_t version, int16_t stream, uint8_t opcode, const Writer& body) {
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
std::string MakeLiteral(Prng& prng) {
  static const char* const kLiterals[] = {"0", "1", "2", "-3", "2147483648", "99999999999999999999", "1.5", "1e", "0x", "0xabc", "'a''b'", "''", "'",
                                          "true", "?", "1-2", "abcdef01-2345-6789-abcd-ef0123456789", "$$x$$", "--", "/*", "P1Y", "2h", "null"};
  return kLiterals[prng.Below(prng.Below(3) == 0 ? std::size(kLiterals) : 4)];
}

std::vector<uint8_t> MakeRequest(Prng& prng, uint8_t version, int16_t stream) {
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
void AddEntries(Store* store) {
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

// A ring in memory of its own.
struct TestRing {
  explicit TestRing(size_t capacity) : memory(RingSharedBytes(capacity)) { CHECK(RingView::At(memory.data(), memory.size(), &view).ok()); }
  std::vector<uint8_t> memory;
  RingView view;
};

uint64_t g_now = 1'000'000;

struct Node {
  Node() : requests(64 * 1024), answers(64 * 1024), to_shard(requests.view, WakeFd()), at_shard(requests.view, WakeFd()),
           to_main(answers.view, WakeFd()), at_main(answers.view, WakeFd()), store({}), frontend({}),
           loop(&store, nullptr, {[] { return g_now; }, [] { return static_cast<int64_t>(g_now); }}) {
    store.SetTable(MakeTable(1));
    AddEntries(&store);
    frontend.AddShard(&to_shard, &at_main);
    loop.AddAsker(&at_shard, &to_main);
    uint32_t number = 0;
    for (const auto& plan : MakePlans()) {
      CHECK(frontend.SetPlan(number, Slice(plan)).ok());
      Writer payload;
      payload.LE<uint32_t>(number++);
      payload.Bytes(Slice(plan));
      CHECK(to_shard.Offer({RecordKind::kPlan, 0, 0, 0, {}}, Slice(payload.bytes)));
    }
  }
  // Items of whose rows an answer is to be made are whole; of every third none can be made.
  void NoteComputed() {
    for (const Frontend::Item& item : frontend.items()) {
      if (item.kind != Frontend::ItemKind::kComputed) continue;
      Reader reader(Slice(frontend.bytes().data() + item.start, item.end - item.start));
      uint32_t plan, length, rows;
      Slice envelope;
      CHECK(reader.U32(&plan) && reader.U32(&length) && reader.Bytes(length, &envelope) && reader.U32(&rows));
      CHECK(envelope.size >= kEnvelopeHeaderBytes && LoadBE<uint32_t>(envelope.data + 5) == envelope.size - kEnvelopeHeaderBytes);
      frontend.NoteComputed(plan, computed++ % 3 == 0 ? -1 : rows);
    }
  }
  // Until nothing moves any more.
  void Settle() {
    for (int i = 0; i < 10000; i++) {
      g_now += 10;
      frontend.Flush();
      const uint32_t outcome = loop.Run(1'000'000);
      (void)loop.TakeEvents();
      for (const auto& miss : loop.TakeMisses()) loop.Fail(miss.park, Status::Server("no chunks here"));
      const bool more = frontend.Drain(g_now, 1 << 20);
      NoteComputed();
      if (!(outcome & ShardLoop::kMore) && !more && frontend.stats().open == 0) return;
    }
    CHECK(!"the node comes to rest");
  }
  TestRing requests, answers;
  RingProducer to_shard;
  RingConsumer at_shard;
  RingProducer to_main;
  RingConsumer at_main;
  Store store;
  Frontend frontend;
  ShardLoop loop;
  uint64_t computed = 0;
};

}  // namespace

TEST(DamagedHotPlansAreRefusedOrKept) {
  Prng prng(test::Seed());
  const auto plans = MakePlans();
  HotPlans registry;
  for (int i = 0; i < 30000; i++) {
    const std::vector<uint8_t> bytes = Damaged(prng, plans[prng.Below(plans.size())], 3);
    const uint32_t number = static_cast<uint32_t>(prng.Below(8));
    if (!registry.Set(number, Slice(bytes)).ok()) continue;
    const HotPlan* plan = registry.Find(number);
    if (plan == nullptr) continue;
    const std::vector<uint8_t> envelope = MakeRequest(prng, 4, 1);
    HotRequest request;
    HotBatch batch;
    if (envelope.size() < 30) continue;
    (void)ParseBatch(registry, 4, Slice(envelope.data() + 9, envelope.size() - 9), &batch);
    if (!ParseExecute(*plan, 4, Slice(envelope.data() + 27, envelope.size() - 27), &request)) continue;
    if (!ValidateRequest(*plan, request)) continue;
    std::vector<uint8_t> scratch;
    Slice key;
    (void)PartitionKeyOf(*plan, request, &scratch, &key);
  }
}

TEST(DamagedSocketBytesNeverLeaveRequestsOpen) {
  Prng prng(test::Seed());
  Node node;
  uint64_t hot = 0;
  for (int round = 0; round < 2500; round++) {
    const uint8_t version = static_cast<uint8_t>(3 + prng.Below(3));
    const bool lz4 = version == 5 && prng.Below(3) == 0;
    const uint32_t id = node.frontend.Open(version, lz4 ? Compression::kLz4 : Compression::kNone, prng.Below(2) == 0);
    std::vector<uint8_t> stream;
    for (uint64_t requests = 1 + prng.Below(12); requests > 0; requests--) {
      std::vector<uint8_t> envelope = MakeRequest(prng, version, static_cast<int16_t>(requests));
      if (prng.Below(4) == 0) envelope = Damaged(prng, envelope);
      if (version == 5 && !envelope.empty()) {
        // Damage inside of the checksums; the header's length stays true, as Seal requires whole envelopes.
        if (envelope.size() < 9) envelope.resize(9);
        StoreBE<uint32_t>(envelope.data() + 5, static_cast<uint32_t>(envelope.size() - 9));
        std::vector<uint8_t> sealed(SealedBytes(Slice(envelope), lz4));
        Seal(Slice(envelope), lz4, sealed.data());
        envelope = std::move(sealed);
      }
      stream.insert(stream.end(), envelope.begin(), envelope.end());
    }
    if (prng.Below(4) == 0) stream = Damaged(prng, stream);
    for (size_t at = 0; at < stream.size();) {
      const size_t n = std::min<size_t>(stream.size() - at, 1 + prng.Below(stream.size()));
      const std::vector<uint8_t> chunk(stream.begin() + static_cast<long>(at), stream.begin() + static_cast<long>(at + n));
      node.frontend.Data(id, Slice(chunk), ++g_now);
      at += n;
      if (prng.Below(4) == 0) node.Settle();
    }
    if (prng.Below(3) == 0) node.frontend.Close(id);
    node.Settle();
    CHECK(node.frontend.stats().open == 0);
    node.frontend.Close(id);
    hot = node.frontend.stats().hot;
  }
  CHECK(hot > 1000);
  CHECK(node.frontend.stats().texts > 100);
  CHECK(node.frontend.stats().handed > 100);
  CHECK(node.computed > 50);
}

TEST(DamagedRingRecordsAreAnsweredWithErrors) {
  Prng prng(test::Seed());
  Node node;
  node.Settle();
  const auto plans = MakePlans();
  for (int round = 0; round < 4000; round++) {
    std::vector<uint8_t> payload;
    const uint64_t kind = prng.Below(6);
    if (kind == 0) payload = MakeMutation(prng).bytes;
    else if (kind == 1) payload = MakeCommand(prng).bytes;
    else if (kind == 2) {
      Writer batch;
      const uint64_t n = prng.Below(4);
      batch.LE<uint32_t>(static_cast<uint32_t>(n));
      for (uint64_t i = 0; i < n; i++) {
        const Writer mutation = MakeMutation(prng);
        batch.LE<uint32_t>(static_cast<uint32_t>(mutation.size()));
        batch.Bytes(Slice(mutation.bytes));
      }
      payload = batch.bytes;
    } else if (kind == 3) {
      Writer plan;
      plan.LE<uint32_t>(static_cast<uint32_t>(13 + prng.Below(3)));
      plan.Bytes(Slice(plans[prng.Below(plans.size())]));
      payload = plan.bytes;
    } else {
      const uint8_t version = static_cast<uint8_t>(3 + prng.Below(3));
      const std::vector<uint8_t> envelope = MakeRequest(prng, version, 1);
      const bool batch = envelope[4] == 0x0d;
      payload.resize(kHotHeadBytes);
      HotHead head;
      head.plan = batch ? kHotBatchPlan : static_cast<uint32_t>(prng.Below(14));
      head.version = version;
      head.opcode = prng.Below(3) == 0 ? static_cast<uint8_t>(prng.Next()) : envelope[4];
      head.options_at = head.opcode == kOpcodeQuery ? static_cast<uint16_t>(prng.Below(envelope.size())) : version >= 5 ? 36 : 18;
      StoreHotHead(payload.data(), head);
      payload.insert(payload.end(), envelope.begin() + 9, envelope.end());
    }
    if (prng.Below(4) > 0) payload = Damaged(prng, payload);
    const RecordKind kinds[] = {RecordKind::kMutation, RecordKind::kRead, RecordKind::kBatch, RecordKind::kPlan, RecordKind::kHot, RecordKind::kHot};
    (void)node.to_shard.Offer({kinds[kind], 0, UINT64_MAX, 0, {}}, Slice(payload));
    node.to_shard.Flush();
    for (int i = 0; node.loop.Run(1'000'000) & ShardLoop::kMore; i++) CHECK(i < 10000);
    (void)node.loop.TakeEvents();
    for (const auto& miss : node.loop.TakeMisses()) node.loop.Fail(miss.park, Status::Server("no chunks here"));
    node.loop.Flush();
    Record record;
    while (node.at_main.Peek(&record)) node.at_main.Pop();
    node.at_main.Release();
  }
}

TEST(DamagedDescriptorsAreRefused) {
  Prng prng(test::Seed());
  Writer d;
  d.U8(1);
  for (int i = 0; i < 16; i++) d.U8(0);
  d.LE<uint32_t>(1);
  d.U8(0);
  for (int i = 0; i < 6; i++) d.LE<uint32_t>(1);
  const auto text = [&](const char* s) {
    d.LE<uint16_t>(static_cast<uint16_t>(std::strlen(s)));
    d.Bytes(Slice(std::string(s)));
  };
  text("k");
  text("t");
  d.LE<uint16_t>(1);
  PutType(TypeKind::kInt, &d);
  d.LE<uint16_t>(1);
  d.U8(0);
  PutType(TypeKind::kText, &d);
  d.LE<uint16_t>(1);
  d.LE<uint16_t>(1);
  d.U8(2);
  d.LE<int64_t>(0);
  text("m");
  PutType(TypeKind::kMap, &d);
  d.LE<uint16_t>(1);  // a vector index
  for (int i = 0; i < 16; i++) d.U8(7);
  d.U8(0);
  d.LE<uint16_t>(1);
  d.LE<uint32_t>(4);
  d.U8(2);
  d.LE<uint16_t>(16);
  d.LE<uint16_t>(100);
  DescriptorPtr out;
  CHECK(ParseDescriptor(Slice(d.bytes), &out).ok());
  for (int i = 0; i < 50000; i++) {
    const std::vector<uint8_t> bytes = Damaged(prng, d.bytes);
    (void)ParseDescriptor(Slice(bytes), &out).ok();
  }
}

}  // namespace ferrosa

// The path of a request with damaged bytes everywhere: plans, socket bytes, segments, batches, ring records, descriptors. One frontend and
// one shard loop in this thread; every request that was taken must be answered or handed on, and nothing may be left open.
#include "core/frontend.h"
#include "core/server_clock.h"
#include "core/shard_loop.h"
#include "hot_random.h"

namespace ferrosa {
namespace {

using test::Damaged;

uint64_t g_now = 1'000'000;

struct Node {
  Node() : requests(64 * 1024), answers(64 * 1024), to_shard(requests.view, WakeFd()), at_shard(requests.view, WakeFd()),
           to_main(answers.view, WakeFd()), at_main(answers.view, WakeFd()), store({}), frontend({}),
           loop(&store, nullptr, {[] { return g_now; }, [] { return static_cast<int64_t>(g_now); }}) {
    store.SetTable(MakeTable(1));
    AddEntries(&store);
    AddViewTables(&store);
    SetStampBound(INT64_MAX);
    frontend.AddShard(&to_shard, &at_main);
    loop.AddAsker(&at_shard, &to_main);
    uint32_t number = 0;
    for (const auto& plan : MakePlans()) {
      CHECK(frontend.SetPlan(number, Slice(plan)).ok());
      OfferPlan(&to_shard, number++, plan);
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
      plan.LE<uint32_t>(static_cast<uint32_t>(15 + prng.Below(3)));
      plan.Bytes(Slice(plans[prng.Below(plans.size())]));
      payload = plan.bytes;
    } else {
      const uint8_t version = static_cast<uint8_t>(3 + prng.Below(3));
      const std::vector<uint8_t> envelope = MakeRequest(prng, version, 1);
      const bool batch = envelope[4] == 0x0d;
      payload.resize(kHotHeadBytes);
      HotHead head;
      head.plan = batch ? kHotBatchPlan : static_cast<uint32_t>(prng.Below(16));
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
  d.U8(1);
  d.LE<uint16_t>(16);
  d.LE<uint16_t>(100);
  d.LE<uint16_t>(10);
  DescriptorPtr out;
  CHECK(ParseDescriptor(Slice(d.bytes), &out).ok());
  for (int i = 0; i < 50000; i++) {
    const std::vector<uint8_t> bytes = Damaged(prng, d.bytes);
    (void)ParseDescriptor(Slice(bytes), &out).ok();
  }
}

}  // namespace ferrosa

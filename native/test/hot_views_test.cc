// Hot writes of a table with two views over two shards, with damaged requests among them: whenever everything has come to rest each view shows what
// the base shows, whichever shard was slow meanwhile, and no entry of system.batches is left.
#include <set>

#include "core/frontend.h"
#include "core/server_clock.h"
#include "core/shard_loop.h"
#include "core/shard_source.h"
#include "hot_random.h"

namespace ferrosa {
namespace {

using test::Damaged;
using Rows = std::multiset<std::vector<std::string>>;

uint64_t g_now = 1'000'000'000;

struct Shard {
  Shard() : requests(64 * 1024), answers(64 * 1024), to_shard(requests.view, WakeFd()), at_shard(requests.view, WakeFd()),
            to_main(answers.view, WakeFd()), at_main(answers.view, WakeFd()), store({}),
            loop(&store, nullptr, {[] { return g_now; }, [] { return static_cast<int64_t>(g_now); }}) {
    store.SetTable(MakeTable(1));
    AddBatches(&store);
    AddViewTables(&store);
    loop.AddAsker(&at_shard, &to_main);
  }
  TestRing requests, answers;
  RingProducer to_shard;
  RingConsumer at_shard;
  RingProducer to_main;
  RingConsumer at_main;
  Store store;
  ShardLoop loop;
};

struct Node {
  Node() : frontend({}) {
    SetStampBound(INT64_MAX);
    for (uint32_t i = 0; i < 2; i++) {
      frontend.AddShard(&shards[i].to_shard, &shards[i].at_main);
      shards[i].loop.SetShard(i, 2);
    }
    const auto plans = MakePlans();
    for (const uint32_t number : {14u, 15u}) {
      CHECK(frontend.SetPlan(number, Slice(plans[number])).ok());
      for (Shard& shard : shards) OfferPlan(&shard.to_shard, number, plans[number]);
    }
  }
  void Step(uint64_t which) {
    g_now += 10;
    frontend.Flush();
    if (which < 2) {
      (void)shards[which].loop.Run(1'000'000);
      (void)shards[which].loop.TakeEvents();
    } else {
      (void)frontend.Drain(g_now, 1 << 20);
      for (const Frontend::Item& item : frontend.items()) declined += item.kind == Frontend::ItemKind::kDeclined;
    }
  }
  void Settle() {
    for (int i = 0; i < 10000; i++) {
      for (const uint64_t which : {0, 1, 2}) Step(which);
      if (frontend.stats().open == 0 && frontend.spreads_begun() == frontend.spreads_ended()) return;
    }
    CHECK(!"the node comes to rest");
  }
  Shard shards[2];
  Frontend frontend;
  uint64_t declined = 0;
};

std::vector<uint8_t> MakeWrite(Prng& prng, int16_t stream) {
  const bool removes = prng.Below(4) == 0;
  Writer body;
  body.BE<uint16_t>(16);
  for (int i = 0; i < 16; i++) body.U8(removes ? 15 : 14);
  body.BE<uint16_t>(1);
  body.U8(removes ? 0x21 : 1);
  const auto put_int = [&](uint32_t value) {
    body.BE<uint32_t>(4);
    body.BE<uint32_t>(value);
  };
  body.BE<uint16_t>(removes ? 3 : 6);
  put_int(static_cast<uint32_t>(prng.Below(5)));
  put_int(static_cast<uint32_t>(prng.Below(3)));
  body.BE<uint32_t>(1);
  body.U8(static_cast<uint8_t>('a' + prng.Below(2)));
  const uint64_t timestamp = 1 + prng.Below(60);
  if (removes) {
    body.BE<uint64_t>(timestamp);
    return Enclose(4, stream, kOpcodeExecute, body);
  }
  const uint64_t value = prng.Below(8);
  if (value < 6) put_int(static_cast<uint32_t>(value));
  else body.BE<uint32_t>(value == 6 ? UINT32_MAX : UINT32_MAX - 1);
  put_int(prng.Below(6) == 0 ? 100'000 : 0);
  body.BE<uint32_t>(8);
  body.BE<uint64_t>(timestamp);
  return Enclose(4, stream, kOpcodeExecute, body);
}

// The rows of a table, of both shards: `columns` as in docs/format/read-command.md.
Rows RowsOf(Node* node, uint8_t table, const std::vector<std::pair<SelectedKind, uint16_t>>& columns) {
  Writer command;
  command.U8(1);
  command.U8(0);
  for (int i = 0; i < 16; i++) command.U8(table);
  command.LE<uint32_t>(static_cast<uint32_t>(g_now / 1'000'000));
  for (int i = 0; i < 3; i++) command.LE<uint32_t>(UINT32_MAX);
  command.U8(1);
  for (const int64_t token : {INT64_MIN, INT64_MAX}) {
    command.LE<int64_t>(token);
    command.U8(1);
  }
  command.LE<uint16_t>(0);
  command.U8(0);
  command.LE<uint16_t>(static_cast<uint16_t>(columns.size()));
  for (const auto& [what, which] : columns) {
    command.U8(static_cast<uint8_t>(what));
    command.LE<uint16_t>(which);
  }
  Rows rows;
  for (uint32_t shard = 0; shard < 2; shard++) {
    ReadOperation read;
    read.Start(Slice(command.bytes));
    ReadState state = ReadState::kDone;
    MissList misses;
    CHECK(node->shards[shard].store.Read(&read, UINT32_MAX, &state, &misses).ok() && state == ReadState::kDone);
    Reader reader(read.output());
    Slice skipped;
    uint32_t n;
    CHECK(reader.Bytes(4 + 5 * 4, &skipped) && reader.U32(&n) && n == 0);
    while (reader.left() > 0) {
      int64_t token;
      uint16_t key;
      uint32_t count, bytes;
      CHECK(reader.I64(&token) && reader.U16(&key) && reader.Bytes(key, &skipped) && reader.U32(&count) && reader.U32(&bytes));
      CHECK(ShardOfToken(token, 2) == shard);
      for (uint32_t i = 0; i < count; i++) {
        std::vector<std::string> row;
        for (size_t column = 0; column < columns.size(); column++) {
          CHECK(reader.U32(&n));
          Slice cell;
          CHECK(Swap(n) == UINT32_MAX || reader.Bytes(Swap(n), &cell));
          row.push_back(cell.is_null() ? "null" : std::string(reinterpret_cast<const char*>(cell.data), cell.size));
        }
        rows.insert(row);
      }
    }
  }
  return rows;
}

// Returns how many rows there are.
size_t CheckViews(Node* node) {
  using enum SelectedKind;
  const Rows base = RowsOf(node, 0, {{kPartitionKey, 0}, {kClustering, 0}, {kClustering, 1}, {kValue, 2}});
  Rows by_value;
  for (const auto& row : base)
    if (row[3] != "null") by_value.insert(row);
  CHECK(RowsOf(node, 21, {{kClustering, 0}, {kClustering, 1}, {kClustering, 2}, {kPartitionKey, 0}}) == by_value);
  CHECK(RowsOf(node, 22, {{kPartitionKey, 1}, {kPartitionKey, 0}, {kClustering, 0}, {kValue, 7}}) == base);
  CHECK(RowsOf(node, kBatches, {{kPartitionKey, 0}}).empty());
  return base.size();
}

void Hold(Node* node, Slice name, uint8_t flags) {
  for (Shard& shard : node->shards) {
    CHECK(shard.to_shard.Offer({RecordKind::kHold, flags, UINT64_MAX, 0, {}}, name));
    shard.to_shard.Flush();
  }
}

}  // namespace

TEST(ViewsOfHotWritesOverTwoShardsShowWhatTheBaseShows) {
  Prng prng(test::Seed());
  Node node;
  node.Settle();
  size_t rows = 0;
  for (int round = 0; round < 400; round++) {
    const uint32_t connection = node.frontend.Open(4, Compression::kNone, false);
    for (int16_t i = 0; i < 30; i++) {
      node.frontend.Data(connection, Slice(MakeWrite(prng, i)), g_now);
      if (prng.Below(10) == 0) {
        const uint32_t other = node.frontend.Open(4, Compression::kNone, false);
        node.frontend.Data(other, Slice(Damaged(prng, MakeWrite(prng, 1))), g_now);
        node.frontend.Close(other);
      }
      if (prng.Below(2) == 0) node.Step(prng.Below(3));
    }
    node.Settle();
    node.frontend.Close(connection);
    rows += CheckViews(&node);
  }
  CHECK(rows > 400);
  CHECK(node.frontend.stats().spread > 1000);
}

// Nothing of a table that is held, or of a partition of it, is run.
TEST(HotWritesOfHeldTablesWithViewsAreDeclined) {
  Prng prng(test::Seed());
  const TableId table{};
  const std::vector<uint8_t> partition(20, 0);  // of the key 0
  for (const Slice name : {Slice(table.data(), table.size()), Slice(partition)}) {
    Node node;
    node.Settle();
    Hold(&node, name, 0);
    node.Settle();
    const bool whole = name.size == table.size();
    const uint64_t before = node.shards[0].loop.stats().hot_writes + node.shards[1].loop.stats().hot_writes;
    const uint64_t declined = node.declined;
    const uint32_t connection = node.frontend.Open(4, Compression::kNone, false);
    // Fewer than make the plan JavaScript's for a while.
    for (int16_t i = 0; i < 3; i++) {
      std::vector<uint8_t> write = MakeWrite(prng, i);
      StoreBE<uint32_t>(write.data() + 9 + 18 + 3 + 2 + 4, whole ? 3 : 0);
      node.frontend.Data(connection, Slice(write), g_now);
      node.Settle();
    }
    CHECK(node.declined == declined + 3);
    CHECK(node.shards[0].loop.stats().hot_writes + node.shards[1].loop.stats().hot_writes == before);
    Hold(&node, name, 1);
    node.Settle();
    node.frontend.Data(connection, Slice(MakeWrite(prng, 4)), g_now);
    node.Settle();
    CHECK(node.shards[0].loop.stats().hot_writes + node.shards[1].loop.stats().hot_writes == before + 1);
    CheckViews(&node);
  }
}

}  // namespace ferrosa

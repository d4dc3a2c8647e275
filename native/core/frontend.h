// native/core/frontend.h: the connections of one thread, and the hot path between them and the shards: statements with hot plans go from
// the socket's bytes into the owning shard's ring, answers go from the rings into one buffer a connection. Everything else is handed
// to JavaScript. Bounded: requests open in all and a connection; a full ring or bound stops a connection until there is space.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "connection_filter.h"
#include "hot_plan.h"
#include "hot_record.h"
#include "hot_request.h"
#include "ring.h"
#include "spread.h"
#include "table_figures.h"

namespace ferrosa {

struct FrontendOptions {
  uint32_t frame_bytes_max = 16u << 20;  // native_transport_max_frame_size
  uint32_t open_max = 65536;
  uint32_t open_per_connection_max = 32768;  // stream ids
  uint64_t answer_bytes_max = 16u << 20;     // of the answers that a connection's open requests may have
  uint64_t write_timeout_micros = 2'000'000;
  uint64_t counter_timeout_micros = 5'000'000;  // of writes to counters
  uint64_t read_timeout_micros = 5'000'000;
  uint32_t ignore_msb = 12;
  int32_t own_shard = -1;  // the shard of this thread, -1 for none
  bool several_partitions = true;  // batches of several partitions are hot
};

// The shard that owns a token: ScyllaDB's rule (src/shard/token.ts).
inline uint32_t ShardOfToken(int64_t token, uint32_t shards, uint32_t ignore_msb) {
  const uint64_t biased = (static_cast<uint64_t>(token) + (uint64_t{1} << 63)) << ignore_msb;
  return static_cast<uint32_t>((static_cast<unsigned __int128>(biased) * shards) >> 64);
}

struct FrontendStats {
  uint64_t hot = 0;         // requests put into rings
  uint64_t local = 0;       // of those, for the shard of this thread
  uint64_t lent = 0;        // of those, run by this thread in the place of a shard's that slept
  uint64_t left = 0;        // envelopes left to JavaScript
  uint64_t declined = 0;    // of `hot`, those that shards declined: handed to JavaScript
  uint64_t handed = 0;      // texts that went to JavaScript as an EXECUTE; not among `hot`
  uint64_t timeouts = 0;
  uint64_t overloaded = 0;  // answered with Overloaded
  uint64_t stops = 0;       // connections stopped for a full ring or a bound
  uint64_t spread = 0;  // batches of several shards
  // Batches by the number of their partitions; those of more than the last one has are counted there.
  std::array<uint64_t, 65> logged_batches{};
  std::array<uint64_t, 65> unlogged_batches{};
  uint64_t texts = 0;         // of `hot`, those that came as text
  uint32_t open = 0;        // hot requests in flight
  uint32_t connections = 0;
};

class Frontend : private Spreads::Sink {
 public:
  // Something for a connection's JavaScript. Bytes are bytes()[start, end).
  enum class ItemKind : uint8_t {
    kLeft = 0,      // bytes for the connection's decoder
    kDeclined = 1,  // a whole envelope for JavaScript to run, apart from the stream
    kStopped = 2,   // pause the socket
    kResumed = 3,   // resume the socket
    kComputed = 5,  // rows out of which JavaScript makes the answer: u32 plan, u32 length, the request's envelope, u32 rows, their cells
  };
  struct Item {
    ItemKind kind;
    uint32_t connection;
    size_t start = 0;
    size_t end = 0;
  };
  struct Outgoing {
    uint32_t connection;
    size_t start;  // in sealed()
    size_t end;
    bool compress;  // plain envelopes that JavaScript compresses and frames
  };

  explicit Frontend(const FrontendOptions& options) : options_(options), spreads_(this) {}
  void AddShard(RingProducer* requests, RingConsumer* answers) { lanes_.push_back({requests, answers}); }
  // Registers a plan under its number, for nobody but group 0; empty bytes forget it. Invalid and Overloaded as HotPlans::Set.
  Status SetPlan(uint32_t number, Slice plan);
  // What the hot plans have measured since the last call, those that are forgotten meanwhile among them.
  struct TakenFigures {
    std::array<uint8_t, 16> prepared_id;
    std::array<uint8_t, 16> table_id;
    bool write;
    bool conditional;
    std::shared_ptr<PlanFigures> figures;
  };
  std::vector<TakenFigures> TakeFigures();

  // A connection that has sent STARTUP and has its answer: from the next byte on its data comes here.
  // throw_on_overload: of the STARTUP options. Its EXECUTEs are looked at while `hot` is set.
  uint32_t Open(uint8_t version, Compression compression, bool throw_on_overload);
  void Close(uint32_t connection);
  void SetHot(uint32_t connection, bool hot);
  // While its client leaves too much unread no request of it is put into a ring. What waits goes on with the next Drain.
  void SetHeld(uint32_t connection, bool held);
  // What USE has chosen; empty for none.
  void SetKeyspace(uint32_t connection, Slice keyspace);
  // Who asks by a connection. Group 0 may run every plan, others those that Allow names.
  void SetGroup(uint32_t connection, uint32_t group);
  // Lets a group's connections run a plan, until it is forgotten or DisallowAll.
  // REQUIRES: 0 < group < kHotGroupsMax, plan < kHotPlansMax
  void Allow(uint32_t group, uint32_t plan);
  void DisallowAll() { allowed_.clear(); }
  // Hot requests of a connection in flight.
  uint32_t OpenOf(uint32_t connection);
  // Hot requests of a connection so far, declined ones among them.
  uint64_t TakenOf(uint32_t connection);

  // Bytes of the socket. Fills items(), valid until the next call of Data or Drain. What is short and few is run here and now where a shard's
  // thread sleeps.
  void Data(uint32_t connection, Slice bytes, uint64_t now_micros);
  // A whole envelope that JavaScript has decompressed (its flag cleared). False: JavaScript must run it.
  bool Envelope(uint32_t connection, Slice envelope, uint64_t now_micros);
  // Takes answers until all rings are empty or about `bytes_max` were taken; fills items(), outgoing(), sealed() and generic() (answers
  // that the router completes, as in RingConsumer's drain). True when there is more.
  bool Drain(uint64_t now_micros, size_t bytes_max);
  // Answers what is past its deadline with a timeout error: seen by the next Drain.
  void Expire(uint64_t now_micros);
  // Shows requests to the shards.
  void Flush();
  // What JavaScript has made of an item kComputed: how many rows its answer has; less than 0: none, the request was run in full.
  void NoteComputed(uint32_t plan, int64_t rows);
  // Answers all requests of a shard that has ended with a server error, and hands later ones to JavaScript.
  void ShardEnded(uint32_t shard);

  const std::vector<Item>& items() const { return items_; }
  const std::vector<uint8_t>& bytes() const { return bytes_; }
  const std::vector<Outgoing>& outgoing() const { return outgoing_; }
  const std::vector<uint8_t>& sealed() const { return sealed_; }
  const std::vector<uint8_t>& generic() const { return generic_; }
  const FrontendStats& stats() const { return stats_; }
  // Batches that other shards have a part of: how many have begun, and how many of the first have all ended.
  uint64_t spreads_begun() const { return spreads_.begun(); }
  uint64_t spreads_ended() const { return spreads_.oldest(); }
  // A drain is to follow the call before.
  bool has_answers() const { return answered_ || !dirty_.empty(); }
  bool has_requests() const;
  // Something is in flight that Expire looks after.
  bool is_open() const { return stats_.open > 0 || spreads_.size() > 0; }

 private:
  struct Lane {
    RingProducer* requests;
    RingConsumer* answers;
    bool ended = false;
    uint32_t waiting = 0;  // requests for this shard alone that are not shown to it yet
  };
  struct Connection {
    Connection(uint32_t number, uint8_t version, Compression compression, uint32_t frame_bytes_max)
        : id(number), filter(version, compression, frame_bytes_max) {}
    uint32_t id;
    ConnectionFilter filter;
    bool hot = true;
    uint32_t group = 0;
    std::vector<uint8_t> keyspace;
    bool throw_on_overload = false;
    bool stopped = false;
    bool held = false;
    bool dirty = false;
    uint32_t open = 0;
    uint64_t answer_bytes = 0;  // that the open requests may have
    uint64_t taken = 0;  // requests so far that JavaScript did not find in the bytes
    std::vector<uint8_t> out;  // whole envelopes
  };
  // As the protocol names it in a timeout.
  enum class WriteType : uint8_t { kSimple, kCounter, kBatch, kUnloggedBatch, kCas };
  // A hot request in flight.
  struct Slot {
    uint32_t connection = 0;
    uint32_t generation = 0;
    uint64_t deadline = 0;
    uint32_t shard = 0;
    uint32_t plan = 0;
    uint16_t consistency = 0;
    int16_t stream = 0;
    uint8_t version = 0;
    bool used = false;
    bool write = false;
    WriteType type = WriteType::kSimple;
    uint16_t partitions = 0;     // of a batch
    uint32_t measured_plan = 0;  // `plan`, or that of a batch's first statement
    uint64_t answer_bytes = 0;   // that it may have
    int32_t gather = -1;         // of a request that every shard got
  };
  // What the shards have answered to such a request (frontend_gather.cc).
  struct Gather {
    uint32_t waiting = 0;  // shards that have not answered
    uint64_t plan = 0;     // its serial
    bool skip_metadata = false;
    uint32_t limit = 0;
    uint32_t page = 0;  // rows that the page has room for; the limit when pages do not matter
    std::vector<uint8_t> request;  // as a shard declines it
    std::vector<std::vector<uint8_t>> parts;
  };
  using Taken = ConnectionFilter::Taken;
  class FilterSink;

  Connection* Find(uint32_t id);
  // Whether the connection's JavaScript has said that this plan needs no further check of permissions.
  bool MayRun(const Connection& connection, const HotPlan& plan) const {
    if (connection.group == 0) return true;
    if (connection.group >= allowed_.size()) return false;
    const std::vector<bool>& plans = allowed_[connection.group];
    return plan.number < plans.size() && plans[plan.number];
  }
  // Whether a plan is there that the connection may run and that shards have not declined lately. What they have counts as a try.
  bool IsReady(const Connection& connection, HotPlan* plan) const;
  // Connections of a shard's own thread leave what several shards have parts of to main, which TRUNCATE asks whether they have ended.
  bool MaySpread() const { return options_.own_shard < 0 && spreads_.size() < kSpreadsMax; }
  Taken TryHot(Connection* connection, Slice envelope);
  Taken Execute(Connection* connection, Slice envelope);
  Taken Query(Connection* connection, Slice envelope);
  Taken HandAsExecute(Connection* connection, Slice envelope, const HotPlan& plan, size_t options_at);
  Taken PutStatement(Connection* connection, Slice envelope, HotPlan* plan, Slice body, size_t options_at);
  Taken Batch(Connection* connection, Slice envelope);
  Taken Put(Connection* connection, const Slot& slot, HotHead* head, Slice body);
  Taken PutToAll(Connection* connection, const Slot& slot, HotHead* head, Slice body, const HotPlan& plan);
  Record RequestOf(uint32_t number) const;
  uint32_t OpenSlot(Connection* connection, const Slot& wanted);
  Taken Full(Connection* connection, int16_t stream, uint8_t version);
  // What becomes of a request for which there is no room; null when there is.
  std::optional<Taken> Refusal(Connection* connection, const Slot& wanted);
  void AddItem(ItemKind kind, uint32_t connection, size_t start);
  void NoteStop(Connection* connection);
  void BeginCall();
  uint32_t TakeSlot();
  uint64_t TimeoutOf(const Slot& slot) const;
  Slot* SlotOf(uint64_t request);
  void FreeSlot(Slot* slot, Connection* connection);
  void NoteLatency(const Slot& slot, uint32_t rows);
  int32_t TakeGather();
  void OnPart(const Record& record, Slot* slot);
  void Merge(Slot* slot, HotPlan* plan, std::vector<Slice>* parts, uint32_t rows);
  void CountBatch(Slice body, size_t partitions, int64_t change);
  struct BatchPlaces {
    int64_t token = 0;  // of the first partition
    size_t partitions = 0;
    bool spans = false;  // several shards
  };
  bool PlaceBatch(const Connection& connection, BatchPlaces* out);
  void OnAnswer(const Record& record, uint32_t shard);
  // frontend_spread.cc
  void OnSpread(const Record& record, uint32_t shard);
  void OnSpreadPart(const Record& record);
  void SendPart(uint32_t shard, RecordKind kind, uint32_t number, Slice payload) override;
  void SpreadEnded(uint64_t request, bool failed) override;
  void OnFrame(const Record& record);
  void OnDeclined(const Record& record);
  void OnComputed(const Record& record);
  void Decline(Slot* slot, const HotHead& head, Slice body);
  void HandToJavaScript(const Connection& connection, uint8_t version, int16_t stream, uint8_t opcode, Slice body);
  void AppendEnvelope(uint8_t version, int16_t stream, uint8_t opcode, Slice body);
  static void NoteDecline(HotPlan* plan);
  void TellApart();
  std::vector<uint8_t>* OutOf(Connection* connection);
  void AnswerError(Connection* connection, uint8_t version, int16_t stream, uint32_t code, const char* message);
  void AnswerTimeout(Connection* connection, const Slot& slot);
  void ResumeStopped();
  void SealOutgoing();
  void RunHere();

  // Requests of the hot path in their ring: numbers with this bit are slots, smaller ones are the router's. All fit into a double.
  static constexpr uint64_t kHotRequest = uint64_t{1} << 52;
  static constexpr uint32_t kGenerationMask = 0xfffff;
  // In the number of a request: it is a part of a spread.
  static constexpr uint32_t kPartRequest = uint32_t{1} << 31;

  const FrontendOptions options_;
  std::vector<Lane> lanes_;
  HotPlans plans_;
  std::vector<TakenFigures> retired_figures_;
  std::vector<std::vector<bool>> allowed_;  // by group and plan number
  std::vector<std::unique_ptr<Connection>> connections_;  // by the low bits of the id
  std::vector<uint32_t> free_connections_;
  std::vector<uint32_t> connection_generations_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::vector<Gather> gathers_;
  std::vector<int32_t> free_gathers_;
  std::vector<Slice> parts_;
  std::vector<uint32_t> stopped_;
  std::vector<uint32_t> dirty_;
  uint64_t now_ = 0;
  PlainText text_;
  std::vector<uint8_t> rewritten_;
  // What is for JavaScript apart from the stream: it is told behind what the filter leaves.
  struct Apart {
    ItemKind kind;
    uint32_t connection;
    size_t bytes;
  };
  std::vector<Apart> apart_;
  std::vector<uint8_t> apart_bytes_;
  bool answered_ = false;    // shards have answered in the call that ran
  bool tells_items_ = true;  // whether the call that runs ends in items
  HotRequest request_;
  HotBatch batch_;
  std::vector<uint8_t> other_key_;
  std::vector<uint8_t> key_;
  std::vector<Item> items_;
  std::vector<uint8_t> bytes_;
  std::vector<Outgoing> outgoing_;
  std::vector<uint8_t> sealed_;
  std::vector<uint8_t> generic_;
  std::vector<int64_t> tokens_;
  Spreads spreads_;
  FrontendStats stats_;
};

}  // namespace ferrosa

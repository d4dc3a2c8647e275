// native/core/shard_loop.h: the shard's side of the rings: one call a wake-up runs every record that has come against the Store and the
// commit log and puts the answers into the rings back. What needs JavaScript (control messages, chunks that are not cached) is listed.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "batch_entry.h"
#include "commit_log.h"
#include "hot_execute.h"
#include "ring.h"
#include "store.h"
#include "tick_clock.h"

namespace ferrosa {

inline constexpr uint8_t kNotDurable = 1;  // flag of mutations and batches

struct ShardClocks {
  uint64_t (*monotonic_micros)();
  int64_t (*real_micros)();
};

// For metrics.
struct ShardLoopStats {
  uint64_t records = 0;
  uint64_t hot_writes = 0;
  uint64_t hot_reads = 0;
  uint64_t declined = 0;
  uint64_t mutations = 0;
  uint64_t reads = 0;
  uint64_t parked = 0;   // reads that waited for chunks
  uint64_t yielded = 0;  // times a read was put behind other work
  uint64_t expired = 0;  // dropped: past their deadline when their turn came
  uint64_t errors = 0;
  uint64_t vector_searches = 0;
  uint32_t held = 0;     // answers that wait for a sync of the log
  uint32_t waiting = 0;  // parked now
};

class ShardLoop {
 public:
  // Both must outlive the loop. log: null for a shard without one (nothing is durable).
  ShardLoop(Store* store, CommitLog* log, ShardClocks clocks)
      : store_(store), log_(log), clocks_(clocks), executor_(store, &plans_) {}

  // While `reason` is not empty writes are answered with Overloaded and this text; reads go on.
  void RefuseWrites(std::string reason) { refusal_ = reason.empty() ? Status::Ok() : Status::Overloaded(std::move(reason)); }

  // Another thread (or connection host of this one) that asks. Returns its number.
  uint32_t AddAsker(RingConsumer* requests, RingProducer* answers);
  // batch and group mode: acknowledgements wait for Synced.
  void HoldForSync(bool hold) { hold_ = hold; }

  // Which shard of how many this is.
  void SetShard(uint32_t shard, uint32_t shards) { executor_.SetShard(shard, shards); }

  enum Outcome : uint32_t { kMore = 1, kEvents = 2, kMisses = 4 };
  // Runs what there is for about `budget_micros`. kMore: call again after other events of the thread; without it the waker is armed.
  // kEvents and kMisses: take events() and misses() before the next call.
  uint32_t Run(uint64_t budget_micros);
  // By who has borrowed the shard: runs the requests of one asker up to the first that may take long. False: the shard's thread has something to
  // do and must be woken. *ran: how many it were.
  bool RunShort(uint32_t asker, uint32_t* ran);
  // Whether writes are among those. They are at first.
  void LendWrites(bool lends) { lends_writes_ = lends; }

  // The log is on disk up to `lsn`: releases answers.
  void Synced(uint64_t lsn);
  // The chunks of a parked request are in the cache: it goes on. It may park again.
  void Resume(uint32_t park);
  // A chunk could not be read.
  void Fail(uint32_t park, const Status& status);
  // An answer of JavaScript to a control message.
  void Answer(uint32_t asker, uint64_t request, RecordKind kind, Slice payload);
  // Sends what was answered outside of Run.
  void Flush();

  // A control message for JavaScript, or news of what the loop did to the Store: kTable (payload: descriptor; number: of the memtable
  // that was frozen, or 0), kDropTable (payload: id). Only kControl wants an Answer.
  struct Event {
    RecordKind kind;
    uint32_t asker;
    uint64_t request;
    uint32_t number;
    std::vector<uint8_t> payload;
  };
  struct ParkMiss {
    uint32_t park;
    Miss miss;
  };
  std::vector<Event> TakeEvents();
  std::vector<ParkMiss> TakeMisses();
  const ShardLoopStats& stats() const { return stats_; }

 private:
  struct Asker {
    RingConsumer* requests;
    RingProducer* answers;
  };
  // Where an answer goes.
  struct Origin {
    uint32_t asker = 0;
    uint64_t request = 0;
    uint64_t deadline = 0;
  };
  // A request that waits: for chunks (parked) or for its next turn (yielded).
  struct Pending {
    Origin origin;
    RecordKind kind = RecordKind::kRead;
    uint8_t flags = 0;
    uint32_t done = 0;  // mutations of a batch with counters
    std::vector<uint8_t> payload;
    std::unique_ptr<ReadOperation> read;
    std::unique_ptr<VectorSearch> search;  // of a vector search; then `read` reads the rows of what it found, which `payload` has
    uint64_t started = 0;  // ticks
  };
  struct Held {
    uint64_t lsn;
    Origin origin;
    bool hot;
    HotHead head;
    std::vector<uint8_t> frame;  // of a hot write that answers with one
    RecordKind kind = RecordKind::kFrame;
  };

  bool IsShort(const Record& record) const;
  void Handle(const Record& record, uint32_t asker);
  void OnMutation(const Origin& origin, uint8_t flags, Slice mutation);
  void OnBatch(const Origin& origin, uint8_t flags, Slice payload);
  // False: it was parked.
  bool CounterMutation(const Origin& origin, RecordKind kind, uint8_t flags, Slice payload, Slice mutation, uint32_t done,
                       Status* status);
  void CounterBatch(const Origin& origin, uint8_t flags, Slice payload, uint32_t done);
  void OnRead(const Origin& origin, Slice command);
  bool Advance(std::unique_ptr<Pending>* pending);
  void StepRead(std::unique_ptr<Pending> pending);
  std::unique_ptr<ReadOperation> TakeRead();
  void KeepRead(std::unique_ptr<ReadOperation> read);
  void OnHot(const Origin& origin, Slice payload);
  void HotWriteRequest(const Origin& origin, const HotHead& head, Slice payload);
  bool DecideHot(const Origin& origin, const HotHead& head, Slice payload, HotTime* time);
  HotTime TimeOfHot() const;
  Status LogWrite(const HotWrite& write, uint8_t flags, uint64_t* lsn);
  void AcknowledgeFrame(const Origin& origin, uint64_t lsn, RecordKind kind = RecordKind::kFrame);
  void OnHold(const Origin& origin, uint8_t flags, Slice payload);
  void HotCounterRequest(const Origin& origin, const HotHead& head, Slice payload);
  void Decline(const Origin& origin, Slice payload);
  bool IsHeld();
  void ParkHot(const Origin& origin, Slice payload);
  void HotBatchRequest(const Origin& origin, const HotHead& head, Slice payload);
  bool BuildBatch();
  bool KeepBatch();
  void HotViewRequest(const Origin& origin, const HotHead& head, Slice payload);
  bool PutViews();
  void NoteViewWrites();
  void ClearParts();
  void PutPart(const Writer& mutation, uint32_t owner);
  void PutEntry();
  void ApplyEntry();
  void PutSpread();
  Status LogParts(uint8_t flags, uint64_t* lsn);
  void AcknowledgeParts(const Origin& origin, const HotHead& head, uint64_t lsn);
  void OnVectorSearch(const Origin& origin, uint8_t flags, Slice payload);
  void StepVectorSearch(std::unique_ptr<Pending> pending);
  void StepVectorSearch(std::unique_ptr<Pending> pending, Slice payload);
  bool TakeSearch(Pending* pending);
  void DropSearch(Pending* pending);
  Status AddKeys(Slice command, Slice answer);
  void StepVectorRead(std::unique_ptr<Pending> pending);
  void OnVectorRows(const Origin& origin, Slice payload);
  bool WorkOnVectors();
  void OnTable(const Origin& origin, Slice payload);
  void OnPlan(const Origin& origin, Slice payload);
  void OnDropTable(const Origin& origin, Slice payload);
  Status Log(LogRecord kind, Slice payload, uint8_t flags, uint64_t* lsn);
  void Acknowledge(const Origin& origin, uint64_t lsn);
  void AcknowledgeHot(const Origin& origin, const HotHead& head, uint64_t lsn);
  void SendVoid(const Origin& origin, const HotHead& head);
  void Send(const Origin& origin, RecordKind kind, Slice payload);
  void SendError(const Origin& origin, const Status& status);
  void Park(std::unique_ptr<Pending> pending, const MissList& misses);
  std::unique_ptr<Pending> TakeParked(uint32_t park);
  void RunYielded();
  void ReadClocks();
  bool AllAsleep();
  uint64_t TakeElapsed();
  void NoteHotRead();
  void NoteWrites(StoreTable* table, uint64_t nanos, uint64_t writes);

  Store* store_;
  CommitLog* log_;
  const ShardClocks clocks_;
  HotPlans plans_;
  HotExecutor executor_;
  bool hold_ = false;
  bool lends_writes_ = true;
  Status refusal_;
  std::vector<Asker> askers_;
  uint64_t monotonic_ = 0;
  int64_t real_ = 0;
  const TickClock& ticks_ = TickClock::Get();
  uint64_t started_ = 0;  // ticks: when the work on the current request began, which is when the one before it ended
  std::deque<Held> held_;  // ascending by lsn
  // Partitions that JavaScript reads to write them, and how many times it does, or, by its id, a whole table: what reads before it writes is
  // JavaScript's own there meanwhile.
  std::unordered_map<std::string, uint32_t> partitions_held_;
  std::string partition_name_;
  std::deque<Origin> held_rows_;  // rows of builds of vector indexes that wait for room
  std::vector<std::unique_ptr<Pending>> parked_;
  std::vector<uint32_t> free_parks_;
  std::deque<std::unique_ptr<Pending>> yielded_;
  std::vector<std::unique_ptr<ReadOperation>> free_reads_;
  std::vector<std::unique_ptr<VectorSearch>> free_searches_;
  size_t searches_ = 0;  // that there are, free or not
  uint32_t weight_ = 1;  // of the record that was handled last, in records
  std::vector<Event> events_;
  std::vector<ParkMiss> park_misses_;
  MissList misses_;
  HotWrite write_;
  std::vector<std::unique_ptr<HotWrite>> writes_;  // of a batch
  Writer frame_;
  Writer batch_;
  // Of a batch or a write with views: what belongs to other shards, by shard, and the entry that keeps it meanwhile. spread_ has the shards of those in use.
  std::vector<Writer> parts_;
  std::vector<uint32_t> spread_;
  std::vector<uint32_t> part_mutations_;
  uint32_t batch_mutations_ = 0;
  size_t batch_bytes_ = 0;
  std::vector<uint32_t> owners_;
  BatchEntry entry_;
  size_t entry_at_ = 0;  // of its mutation, in batch_
  Writer entry_end_;
  std::vector<uint8_t> counter_;
  ShardLoopStats stats_;
};

}  // namespace ferrosa

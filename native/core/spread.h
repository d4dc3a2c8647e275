// native/core/spread.h: logged batches whose partitions belong to several shards. The shard of the first one has kept what is to be done, and done
// its own part; here the other shards get theirs, the client its answer when all have them, and the first shard what ends the entry.
// Bytes: docs/format/ring.md, kind 133.
#pragma once
#include <cstdint>
#include <vector>

#include "ring.h"

namespace ferrosa {

class Spreads {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void SendPart(uint32_t shard, RecordKind kind, uint32_t number, Slice payload) = 0;
    // All parts are written; or one of them could not be, for now. `request`: as given to Begin.
    virtual void SpreadEnded(uint64_t request, bool failed) = 0;
  };
  explicit Spreads(Sink* sink) : sink_(sink) {}

  // Sends the parts that an answer of kind kSpread names. False when the bytes are none: the entry is left to the next start.
  bool Begin(uint64_t request, uint32_t leader, Slice payload);
  // An answer to a part, or to what ends an entry: its shard has taken it, or has an error of this code.
  void Done(uint32_t number);
  void Failed(uint32_t number, Code code, uint64_t now_micros);
  // Sends again what has failed a second ago.
  void Retry(uint64_t now_micros);
  // Spreads that have not ended, those whose clients have their answers among them.
  size_t size() const { return open_; }
  // They are counted as they begin: all that began before some `begun()` have ended when oldest() is not below it.
  uint64_t begun() const { return begun_; }
  uint64_t oldest() const;

 private:
  struct Part {
    uint32_t shard = 0;
    RecordKind kind = RecordKind::kBatch;
    std::vector<uint8_t> payload;
    bool done = false;
    uint64_t again = 0;  // when it is sent again; 0: it is on its way
  };
  struct Spread {
    bool used = false;
    bool answered = false;
    uint64_t serial = 0;
    uint64_t request = 0;
    uint32_t left = 0;  // parts that are not done
    std::vector<Part> parts;
    Part end;  // goes when all parts are done
  };
  Spread* Find(uint32_t number, Part** part);
  void Send(uint32_t spread, uint32_t part);
  bool TakeApart(uint32_t spread, Slice batch, uint32_t shard);
  void PartDone(uint32_t spread, Part* part);

  Sink* sink_;
  std::vector<Spread> spreads_;
  std::vector<uint32_t> free_;
  size_t open_ = 0;
  uint64_t begun_ = 0;
};

}  // namespace ferrosa

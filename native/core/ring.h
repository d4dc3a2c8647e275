// native/core/ring.h: a single-producer single-consumer byte queue in memory that two threads share.
// Record layout: docs/format/ring.md. One RingProducer and one RingConsumer a ring, each used by one thread only.
//
// Waking: the consumer says that it sleeps only when it has found the ring empty; the producer writes the consumer's
// eventfd only then, once a batch. A producer that found no space says so, and the consumer writes the producer's eventfd
// when half of the ring is free again.
//
// A shard says in its rings by whom they are consumed, so that their producer may do it in its place while it sleeps (lender.h).
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "bytes.h"
#include "limits.h"

namespace ferrosa {

enum class RecordKind : uint8_t {
  kPadding = 0,
  kMutation = 1,
  kRead = 2,
  kHot = 3,
  kBatch = 4,
  kTable = 5,
  kDropTable = 6,
  kPlan = 7,
  kControl = 8,
  kVectorSearch = 9,
  kVectorRows = 10,
  kVectorForget = 11,
  kHold = 12,
  kAck = 129,
  kRows = 130,
  kFrame = 131,
  kDeclined = 132,
  kSpread = 133,
  kComputed = 134,
  kControlAnswer = 136,
  kError = 255,
};

inline constexpr size_t kRecordHeaderBytes = 24;
inline constexpr uint16_t kRecordContinues = 1;  // in `reserved`: the next record carries more of this payload

struct Record {
  RecordKind kind = RecordKind::kPadding;
  uint8_t flags = 0;
  uint64_t request = 0;
  uint64_t deadline = 0;  // monotonic microseconds, 0 none
  Slice payload;          // lives until the record is popped
};

// Writes a record's header in the layout of docs/format/ring.md; `to` has kRecordHeaderBytes.
void StoreRecordHeader(uint8_t* to, const Record& record, size_t payload_bytes, bool continues);

// The shared part. Fields that different threads write are on cache lines of their own.
class Lender;
class ShardLoop;

struct RingHeader {
  alignas(64) std::atomic<uint64_t> tail;             // bytes ever written; by the producer
  alignas(64) std::atomic<uint64_t> head;             // bytes ever consumed; by the consumer
  alignas(64) std::atomic<uint32_t> consumer_sleeps;  // 1: the next publish must write the consumer's eventfd
  alignas(64) std::atomic<uint32_t> producer_waits;   // 1: the next release of space must write the producer's eventfd
  alignas(64) std::atomic<Lender*> lender;            // of the consumer, nullptr for none
  ShardLoop* loop;                                    // that consumes; nullptr when it has ended. Its thread's, or who has borrowed it
  uint32_t asker;                                     // which of the loop's
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

// Bytes of shared memory for a ring of `capacity`, with slack for alignment.
inline constexpr size_t RingSharedBytes(size_t capacity) { return capacity + sizeof(RingHeader) + 64; }

// Where a ring lies in shared memory. Returns Invalid when `size` does not belong to a power of two of at least
// kRingBytesMin. Zeroed memory is an empty ring.
struct RingView {
  RingHeader* header = nullptr;
  uint8_t* data = nullptr;
  size_t capacity = 0;
  static Status At(uint8_t* memory, size_t size, RingView* out);
};

// An eventfd, duplicated so that it stays valid whatever its creator does. -1: none, then Signal does nothing.
class WakeFd {
 public:
  WakeFd() = default;
  explicit WakeFd(int fd);
  ~WakeFd();
  WakeFd(WakeFd&& o) noexcept : fd_(o.fd_) { o.fd_ = -1; }
  WakeFd& operator=(WakeFd&& o) noexcept;
  WakeFd(const WakeFd&) = delete;
  WakeFd& operator=(const WakeFd&) = delete;
  void Signal() const;

 private:
  int fd_ = -1;
};

class RingProducer {
 public:
  RingProducer(RingView view, WakeFd consumer) : view_(view), consumer_(std::move(consumer)) {
    tail_ = published_ = view.header->tail.load(std::memory_order_relaxed);
    head_seen_ = view.header->head.load(std::memory_order_acquire);
  }
  // Space for a payload of `payload_bytes` of one record that is written in place; nullptr when the ring has no space
  // or an overflow waits (then the producer is woken when there is space again), or when it needs fragments.
  uint8_t* Reserve(size_t payload_bytes);
  // Finishes the record begun by Reserve; payload_bytes may be smaller than reserved.
  void Commit(const Record& header, size_t payload_bytes);
  // Queues a record whose payload is `a` followed by `b`. False when the ring is full: nothing was queued and the
  // producer is woken when there is space. A record in fragments is taken when nothing waits, its tail in the overflow.
  bool Offer(const Record& header, Slice a, Slice b = {});
  // Queues a record always; what does not fit waits in the overflow. For answers, whose number the requests bound.
  void Send(const Record& header, Slice a, Slice b = {});
  // Moves overflow into the ring. True when nothing waits any more.
  bool Pump();
  // Makes all queued records visible and wakes the consumer when it sleeps.
  void Flush();
  // The same without waking: for who consumes them itself. Wake is for when something is left.
  void FlushQuietly();
  void Wake();
  const RingHeader& header() const { return *view_.header; }
  bool has_unpublished() const { return tail_ != published_; }
  bool fits(size_t payload_bytes) const;  // without fragments
  size_t overflow_bytes() const { return overflow_.size() - overflow_at_; }
  uint64_t full_count() const { return full_count_; }
  uint64_t used_bytes() const { return tail_ - view_.header->head.load(std::memory_order_relaxed); }
  size_t capacity() const { return view_.capacity; }

 private:
  size_t FragmentBytes() const { return view_.capacity / kRingFragmentDivisor; }
  uint8_t* Place(size_t record_bytes);  // contiguous, padding written before it
  bool HasSpace(size_t record_bytes);
  bool SpaceOrWait(size_t record_bytes);
  void Append(const Record& header, Slice a, Slice b, bool overflow);
  void Publish();
  RingView view_;
  WakeFd consumer_;
  uint64_t tail_ = 0;       // ahead of header->tail by what is not published
  uint64_t published_ = 0;
  uint64_t head_seen_ = 0;  // the consumer's position as last read: saves touching its cache line
  uint64_t full_count_ = 0;
  uint8_t* reserved_ = nullptr;
  std::vector<uint8_t> overflow_;  // records with headers, padded to 8, as they go into the ring
  size_t overflow_at_ = 0;
};

class RingConsumer {
 public:
  RingConsumer(RingView view, WakeFd producer) : view_(view), producer_(std::move(producer)) {
    head_ = tail_seen_ = view.header->head.load(std::memory_order_relaxed);
  }
  // The next whole record, in place; its payload lives until Pop. False when there is none.
  bool Peek(Record* out);
  // Consumes the record that Peek gave.
  void Pop();
  // Gives the space of popped records back and wakes a waiting producer.
  void Release();
  // Call when Peek returned false: true when the consumer may wait for its eventfd, false when records came meanwhile.
  bool Sleep();
  // Call when the thread runs again: until the next Sleep the producer needs no eventfd.
  void Awake() { view_.header->consumer_sleeps.store(0, std::memory_order_relaxed); }
  // Says by whom the ring is consumed; nullptr for nobody any more.
  // REQUIRES: the thread owns what it lends
  void SetLoop(ShardLoop* loop, uint32_t asker, Lender* lender);

 private:
  RingView view_;
  WakeFd producer_;
  uint64_t head_ = 0;  // ahead of header->head by what is popped and not released
  uint64_t tail_seen_ = 0;
  size_t peeked_ = 0;  // bytes of the record that Peek gave
  bool assembled_ = false;
  std::vector<uint8_t> assembly_;  // payload of a record in fragments
};

}  // namespace ferrosa

#include "ring.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace ferrosa {
namespace {

size_t Padded(size_t n) { return (n + 7) & ~size_t{7}; }

}  // namespace

void StoreRecordHeader(uint8_t* to, const Record& record, size_t payload_bytes, bool continues) {
  StoreLE<uint32_t>(to, static_cast<uint32_t>(kRecordHeaderBytes + payload_bytes));
  to[4] = static_cast<uint8_t>(record.kind);
  to[5] = record.flags;
  StoreLE<uint16_t>(to + 6, continues ? kRecordContinues : 0);
  StoreLE<uint64_t>(to + 8, record.request);
  StoreLE<uint64_t>(to + 16, record.deadline);
}

Status RingView::At(uint8_t* memory, size_t size, RingView* out) {
  if (size < RingSharedBytes(kRingBytesMin)) return Status::Invalid("ring: too little shared memory");
  const size_t capacity = size - RingSharedBytes(0);
  if (capacity > kRingBytesMax || (capacity & (capacity - 1)) != 0) {
    return Status::Invalid("ring: capacity must be a power of two");
  }
  uint8_t* aligned = reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(memory) + 63) & ~uintptr_t{63});
  out->header = reinterpret_cast<RingHeader*>(aligned);
  out->data = aligned + sizeof(RingHeader);
  out->capacity = capacity;
  return Status::Ok();
}

WakeFd::WakeFd(int fd) : fd_(fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0)) {}

WakeFd::~WakeFd() {
  if (fd_ >= 0) close(fd_);
}

WakeFd& WakeFd::operator=(WakeFd&& o) noexcept {
  std::swap(fd_, o.fd_);
  return *this;
}

void WakeFd::Signal() const {
  if (fd_ < 0) return;
  const uint64_t one = 1;
  // EAGAIN means that the counter is at its maximum: the reader wakes anyway.
  [[maybe_unused]] const ssize_t n = write(fd_, &one, sizeof one);
}

bool RingProducer::HasSpace(size_t record_bytes) {
  const size_t at = tail_ & (view_.capacity - 1);
  const size_t to_end = view_.capacity - at;
  const size_t need = record_bytes > to_end ? to_end + record_bytes : record_bytes;
  if (tail_ - head_seen_ + need <= view_.capacity) return true;
  head_seen_ = view_.header->head.load(std::memory_order_acquire);
  return tail_ - head_seen_ + need <= view_.capacity;
}

bool RingProducer::SpaceOrWait(size_t record_bytes) {
  if (HasSpace(record_bytes)) return true;
  // The consumer must see what is there, or it would never free the space that is waited for.
  Flush();
  view_.header->producer_waits.store(1, std::memory_order_seq_cst);
  head_seen_ = view_.header->head.load(std::memory_order_seq_cst);
  if (HasSpace(record_bytes)) {
    view_.header->producer_waits.store(0, std::memory_order_seq_cst);
    return true;
  }
  full_count_++;
  return false;
}

uint8_t* RingProducer::Place(size_t record_bytes) {
  size_t at = tail_ & (view_.capacity - 1);
  const size_t to_end = view_.capacity - at;
  if (record_bytes > to_end) {
    StoreLE<uint32_t>(view_.data + at, static_cast<uint32_t>(to_end));
    StoreLE<uint32_t>(view_.data + at + 4, 0);
    tail_ += to_end;
    at = 0;
  }
  return view_.data + at;
}

bool RingProducer::fits(size_t payload_bytes) const { return kRecordHeaderBytes + payload_bytes <= FragmentBytes(); }

uint8_t* RingProducer::Reserve(size_t payload_bytes) {
  if (!fits(payload_bytes)) return nullptr;
  if (overflow_bytes() > 0 && !Pump()) return nullptr;
  const size_t bytes = Padded(kRecordHeaderBytes + payload_bytes);
  if (!SpaceOrWait(bytes)) return nullptr;
  reserved_ = Place(bytes);
  return reserved_ + kRecordHeaderBytes;
}

void RingProducer::Commit(const Record& header, size_t payload_bytes) {
  DB_ASSERT(reserved_ != nullptr);
  StoreRecordHeader(reserved_, header, payload_bytes, false);
  reserved_ = nullptr;
  tail_ += Padded(kRecordHeaderBytes + payload_bytes);
  if (tail_ - published_ >= kRingPublishBytes) Publish();
}

// Writes one record into the ring or the overflow, in fragments when it is long.
void RingProducer::Append(const Record& header, Slice a, Slice b, bool overflow) {
  const size_t total = a.size + b.size;
  DB_ASSERT(total <= kRecordBytesMax);
  const size_t step = FragmentBytes() - kRecordHeaderBytes;
  size_t done = 0;
  do {
    const size_t n = std::min(step, total - done);
    const bool continues = done + n < total;
    const size_t bytes = Padded(kRecordHeaderBytes + n);
    if (!overflow && !SpaceOrWait(bytes)) overflow = true;
    uint8_t* to;
    if (overflow) {
      const size_t at = overflow_.size();
      overflow_.resize(at + bytes);
      to = overflow_.data() + at;
    } else {
      to = Place(bytes);
    }
    StoreRecordHeader(to, header, n, continues);
    to += kRecordHeaderBytes;
    const size_t from_a = done < a.size ? std::min(n, a.size - done) : 0;
    if (from_a > 0) std::memcpy(to, a.data + done, from_a);
    if (n > from_a) std::memcpy(to + from_a, b.data + (done + from_a - a.size), n - from_a);
    if (!overflow) tail_ += bytes;
    done += n;
  } while (done < total);
  if (tail_ - published_ >= kRingPublishBytes) Publish();
}

bool RingProducer::Offer(const Record& header, Slice a, Slice b) {
  if (overflow_bytes() > 0 && !Pump()) return false;
  if (fits(a.size + b.size) && !SpaceOrWait(Padded(kRecordHeaderBytes + a.size + b.size))) return false;
  Append(header, a, b, false);
  return true;
}

void RingProducer::Send(const Record& header, Slice a, Slice b) {
  const bool overflow = overflow_bytes() > 0 && !Pump();
  Append(header, a, b, overflow);
}

bool RingProducer::Pump() {
  while (overflow_at_ < overflow_.size()) {
    const uint8_t* from = overflow_.data() + overflow_at_;
    const size_t bytes = Padded(LoadLE<uint32_t>(from));
    if (!SpaceOrWait(bytes)) return false;
    std::memcpy(Place(bytes), from, bytes);
    tail_ += bytes;
    overflow_at_ += bytes;
  }
  overflow_.clear();
  if (overflow_.capacity() > view_.capacity) overflow_.shrink_to_fit();
  overflow_at_ = 0;
  return true;
}

void RingProducer::Publish() {
  if (tail_ == published_) return;
  published_ = tail_;
  view_.header->tail.store(tail_, std::memory_order_seq_cst);
  if (view_.header->consumer_sleeps.load(std::memory_order_seq_cst) != 0) Wake();
}

void RingProducer::Flush() { Publish(); }

void RingProducer::FlushQuietly() {
  published_ = tail_;
  view_.header->tail.store(tail_, std::memory_order_seq_cst);
}

void RingProducer::Wake() {
  if (view_.header->consumer_sleeps.exchange(0, std::memory_order_seq_cst) != 0) consumer_.Signal();
}

bool RingConsumer::Peek(Record* out) {
  for (;;) {
    if (head_ == tail_seen_) {
      tail_seen_ = view_.header->tail.load(std::memory_order_acquire);
      if (head_ == tail_seen_) return false;
    }
    const uint8_t* at = view_.data + (head_ & (view_.capacity - 1));
    const uint32_t length = LoadLE<uint32_t>(at);
    if (at[4] == static_cast<uint8_t>(RecordKind::kPadding)) {
      head_ += length;
      continue;
    }
    DB_ASSERT(length >= kRecordHeaderBytes && length <= view_.capacity);
    const bool continues = (LoadLE<uint16_t>(at + 6) & kRecordContinues) != 0;
    const Slice payload(at + kRecordHeaderBytes, length - kRecordHeaderBytes);
    if (continues || !assembly_.empty()) {
      if (!assembled_) assembly_.insert(assembly_.end(), payload.data, payload.data + payload.size);
      if (continues) {
        DB_ASSERT(assembly_.size() <= kRecordBytesMax);
        head_ += Padded(length);
        // A record longer than the ring comes only as fast as its fragments are released.
        Release();
        continue;
      }
      assembled_ = true;
      out->payload = Slice(assembly_);
    } else {
      out->payload = payload;
    }
    out->kind = static_cast<RecordKind>(at[4]);
    out->flags = at[5];
    out->request = LoadLE<uint64_t>(at + 8);
    out->deadline = LoadLE<uint64_t>(at + 16);
    peeked_ = Padded(length);
    return true;
  }
}

void RingConsumer::Pop() {
  head_ += peeked_;
  peeked_ = 0;
  if (assembled_) {
    assembled_ = false;
    assembly_.clear();
    if (assembly_.capacity() > view_.capacity) assembly_.shrink_to_fit();
  }
}

void RingConsumer::SetLoop(ShardLoop* loop, uint32_t asker, Lender* lender) {
  view_.header->loop = loop;
  view_.header->asker = asker;
  view_.header->lender.store(lender, std::memory_order_release);
}

void RingConsumer::Release() {
  RingHeader& h = *view_.header;
  if (h.head.load(std::memory_order_relaxed) == head_) return;
  h.head.store(head_, std::memory_order_seq_cst);
  if (h.producer_waits.load(std::memory_order_seq_cst) == 0) return;
  const uint64_t used = h.tail.load(std::memory_order_acquire) - head_;
  if (used <= view_.capacity / 2 && h.producer_waits.exchange(0, std::memory_order_seq_cst) != 0) producer_.Signal();
}

bool RingConsumer::Sleep() {
  Release();
  RingHeader& h = *view_.header;
  h.consumer_sleeps.store(1, std::memory_order_seq_cst);
  tail_seen_ = h.tail.load(std::memory_order_seq_cst);
  if (tail_seen_ == head_) return true;
  h.consumer_sleeps.store(0, std::memory_order_seq_cst);
  return false;
}

}  // namespace ferrosa

#include "server_clock.h"

namespace ferrosa {
namespace {
// One for the process: the addon is loaded once, whatever the number of threads.
alignas(64) std::atomic<int64_t> last_micros{0};
alignas(64) std::atomic<int64_t> last_stamp{0};
std::atomic<int64_t> stamp_bound{0};
}  // namespace

int64_t NextServerMicros(int64_t now_micros) {
  int64_t last = last_micros.load(std::memory_order_relaxed);
  int64_t next;
  do {
    next = now_micros > last ? now_micros : last + 1;
  } while (!last_micros.compare_exchange_weak(last, next, std::memory_order_relaxed));
  return next;
}

int64_t NextStampMicros(int64_t now_micros) {
  int64_t last = last_stamp.load(std::memory_order_relaxed);
  int64_t next;
  do {
    next = now_micros > last ? now_micros : last + 1;
    if (next >= stamp_bound.load(std::memory_order_relaxed)) return 0;
  } while (!last_stamp.compare_exchange_weak(last, next, std::memory_order_relaxed));
  return next;
}

int64_t TakeStampMicros(int64_t now_micros) {
  int64_t last = last_stamp.load(std::memory_order_relaxed);
  int64_t next;
  do {
    next = now_micros > last ? now_micros : last + 1;
  } while (!last_stamp.compare_exchange_weak(last, next, std::memory_order_relaxed));
  return next;
}

int64_t LastStampMicros() { return last_stamp.load(std::memory_order_relaxed); }

void StartStampsAt(int64_t micros) {
  int64_t last = last_stamp.load(std::memory_order_relaxed);
  while (last < micros && !last_stamp.compare_exchange_weak(last, micros, std::memory_order_relaxed)) {
  }
}

void SetStampBound(int64_t micros) { stamp_bound.store(micros, std::memory_order_relaxed); }

}  // namespace ferrosa

#include "server_clock.h"

namespace ferrosa {
namespace {
// One for the process: the addon is loaded once, whatever the number of threads.
alignas(64) std::atomic<int64_t> last_micros{0};
alignas(64) std::atomic<int64_t> last_stamp{0};
std::atomic<int64_t> stamp_bound{0};

// `now`, or the last one plus 1, which nobody else is given. 0 and nothing is given when that is not below `*bound`; null: no bound.
int64_t Next(std::atomic<int64_t>* clock, int64_t now, const std::atomic<int64_t>* bound) {
  int64_t last = clock->load(std::memory_order_relaxed);
  int64_t next;
  do {
    next = now > last ? now : last + 1;
    if (bound != nullptr && next >= bound->load(std::memory_order_relaxed)) return 0;
  } while (!clock->compare_exchange_weak(last, next, std::memory_order_relaxed));
  return next;
}
}  // namespace

int64_t NextServerMicros(int64_t now_micros) { return Next(&last_micros, now_micros, nullptr); }

int64_t NextStampMicros(int64_t now_micros) { return Next(&last_stamp, now_micros, &stamp_bound); }

int64_t TakeStampMicros(int64_t now_micros) { return Next(&last_stamp, now_micros, nullptr); }

int64_t LastStampMicros() { return last_stamp.load(std::memory_order_relaxed); }

void StartStampsAt(int64_t micros) {
  int64_t last = last_stamp.load(std::memory_order_relaxed);
  while (last < micros && !last_stamp.compare_exchange_weak(last, micros, std::memory_order_relaxed)) {
  }
}

void SetStampBound(int64_t micros) { stamp_bound.store(micros, std::memory_order_relaxed); }

}  // namespace ferrosa

#include "server_clock.h"

namespace ferrosa {
namespace {
// One for the process: the addon is loaded once, whatever the number of threads.
alignas(64) std::atomic<int64_t> last_micros{0};
}  // namespace

int64_t NextServerMicros(int64_t now_micros) {
  int64_t last = last_micros.load(std::memory_order_relaxed);
  int64_t next;
  do {
    next = now_micros > last ? now_micros : last + 1;
  } while (!last_micros.compare_exchange_weak(last, next, std::memory_order_relaxed));
  return next;
}

}  // namespace ferrosa

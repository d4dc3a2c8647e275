#include "tick_clock.h"

namespace ferrosa {
namespace {

struct Pair {
  uint64_t ticks;
  uint64_t nanos;
};

// Both clocks as near to each other as it gets: a thread that is put aside in between would be seen as a slow counter.
Pair Look() {
  Pair best{};
  uint64_t nearest = UINT64_MAX;
  for (int i = 0; i < 16; i++) {
    const uint64_t before = Ticks();
    const uint64_t nanos = MonotonicNanos();
    const uint64_t after = Ticks();
    if (after - before >= nearest) continue;
    nearest = after - before;
    best = {before + (after - before) / 2, nanos};
  }
  return best;
}

}  // namespace

TickClock::TickClock() {
  constexpr uint64_t kMeasureNanos = 500'000;
  const Pair start = Look();
  while (MonotonicNanos() - start.nanos < kMeasureNanos) {
  }
  const Pair end = Look();
  const uint64_t ticks = end.ticks > start.ticks ? end.ticks - start.ticks : 1;
  nanos_per_tick_ = static_cast<uint64_t>((static_cast<unsigned __int128>(end.nanos - start.nanos) << 32) / ticks);
}

const TickClock& TickClock::Get() {
  static const TickClock clock;
  return clock;
}

}  // namespace ferrosa

// native/core/tick_clock.h: a clock that costs a few nanoseconds a look: the processor's own counter, which runs at one rate on all cores of
// the machines that we run on (x86 with an invariant time-stamp counter, ARM). Elsewhere it is the monotonic clock.
#pragma once
#include <time.h>

#include <cstdint>

namespace ferrosa {

inline uint64_t MonotonicNanos() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

// Not in any unit: differences go through TickClock.
inline uint64_t Ticks() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t ticks;
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
  return MonotonicNanos();
#endif
}

class TickClock {
 public:
  // Measures the counter's rate: takes half a millisecond, once a process.
  static const TickClock& Get();
  uint64_t Nanos(uint64_t ticks) const {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(ticks) * nanos_per_tick_) >> 32);
  }

 private:
  TickClock();
  uint64_t nanos_per_tick_;  // in units of 2^-32
};

}  // namespace ferrosa

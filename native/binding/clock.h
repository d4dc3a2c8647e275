// native/binding/clock.h: the clocks of the process, given to the core as arguments.
#pragma once
#include <time.h>

#include <cstdint>

namespace ferrosa {

inline uint64_t MonotonicMicros() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000 + static_cast<uint64_t>(t.tv_nsec) / 1000;
}

inline int64_t RealMicros() {
  timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return static_cast<int64_t>(t.tv_sec) * 1'000'000 + t.tv_nsec / 1000;
}

}  // namespace ferrosa

// native/core/in_steps.h: long work of a background thread, done in steps with a rest between them. Who computes without a rest is displaced
// only at a tick of the scheduler, up to 4 ms later, and requests wait that long for the core; a step is over sooner than they would notice.
#pragma once
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace ferrosa {

inline constexpr std::chrono::microseconds kRestBetweenSteps{100};
// A step that took longer is followed by smaller ones: what a page costs differs tenfold between machines.
inline constexpr std::chrono::microseconds kStepMax{60};
inline constexpr uint64_t kStepBytesMin = 16 << 10;  // or a page

inline uint64_t PageBytes() {
  static const uint64_t bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

// Calls step(offset, bytes) for all of [from, to), `bytes_a_step` at most each; steps but the last are whole pages. The caller's thread
// sleeps between. REQUIRES: bytes_a_step is a power of two, and a page at least
template <class Step>
void InSteps(uint64_t from, uint64_t to, uint64_t bytes_a_step, Step step) {
  const uint64_t bytes_min = std::max(kStepBytesMin, PageBytes());
  uint64_t bytes = bytes_a_step;
  for (uint64_t at = from; at < to;) {
    if (at > from) std::this_thread::sleep_for(kRestBetweenSteps);
    const uint64_t n = std::min(bytes, to - at);
    const auto began = std::chrono::steady_clock::now();
    step(at, n);
    const auto took = std::chrono::steady_clock::now() - began;
    if (took > kStepMax) bytes = std::max(bytes / 2, bytes_min);
    else if (took < kStepMax / 3) bytes = std::min(bytes * 2, bytes_a_step);
    at += n;
  }
}

}  // namespace ferrosa

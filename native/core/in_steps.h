// native/core/in_steps.h: long work of a background thread, done in steps with a rest between them. Who computes without a rest is displaced
// only at a tick of the scheduler, up to 4 ms later, and requests wait that long for the core; a step is over sooner than they would notice.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace ferrosa {

inline constexpr std::chrono::microseconds kRestBetweenSteps{100};

// Calls step(offset, bytes) for all of [from, to), `bytes_a_step` at most each. The caller's thread sleeps between.
template <class Step>
void InSteps(uint64_t from, uint64_t to, uint64_t bytes_a_step, Step step) {
  for (uint64_t at = from; at < to; at += bytes_a_step) {
    if (at > from) std::this_thread::sleep_for(kRestBetweenSteps);
    step(at, std::min(bytes_a_step, to - at));
  }
}

}  // namespace ferrosa

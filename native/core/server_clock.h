// native/core/server_clock.h: the timestamps that the server gives to writes.
#pragma once
#include <atomic>
#include <cstdint>

namespace ferrosa {

// Microseconds, strictly increasing over all threads of the process: `now_micros` (real time), or the last one given plus 1.
int64_t NextServerMicros(int64_t now_micros);

}  // namespace ferrosa

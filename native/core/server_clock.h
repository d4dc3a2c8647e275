// native/core/server_clock.h: the timestamps that the server gives to writes.
#pragma once
#include <atomic>
#include <cstdint>

namespace ferrosa {

// Microseconds, strictly increasing over all threads of the process: `now_micros` (real time), or the last one given plus 1.
int64_t NextServerMicros(int64_t now_micros);

// The clock of what the node derives from clients' writes (src/cli/node/stamp-clock.ts): entries of indexes and the like. Microseconds,
// larger than all before, over all threads and also over restarts: no stamp reaches the bound before a larger one is on disk.
// 0: the bound is reached, which JavaScript raises.
int64_t NextStampMicros(int64_t now_micros);
// The same for who raises the bound: it is not looked at.
int64_t TakeStampMicros(int64_t now_micros);
int64_t LastStampMicros();
// Goes on where an earlier process ended, if that is later.
void StartStampsAt(int64_t micros);
void SetStampBound(int64_t micros);

}  // namespace ferrosa

// native/core/list_paths.h: the paths of list elements that the hot path appends: time-based UUIDs, each later than all before, also than those
// that JavaScript has given (src/query/write/list-paths.ts): both take their time from NextServerMicros.
#pragma once
#include <array>
#include <cstdint>

namespace ferrosa {

using ListPath = std::array<uint8_t, 16>;

// Thread safety: any thread.
ListPath NextListPath();

}  // namespace ferrosa

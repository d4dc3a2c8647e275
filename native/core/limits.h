// native/core/limits.h: the bounds of the addon's queues and buffers, in one place.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ferrosa {

// Rings between threads (docs/format/ring.md).
inline constexpr size_t kRingBytesMin = 64 * 1024;
inline constexpr size_t kRingBytesMax = size_t{1} << 30;
// A record longer than this part of its ring travels in fragments, so that one record never needs the whole ring.
inline constexpr size_t kRingFragmentDivisor = 8;
static_assert(kRingFragmentDivisor >= 4, "a fragment and the padding before it must fit into half a ring");
// One record, whole: a mutation is at most 16 MiB (max_mutation_size), a page of rows may pass that by its last row.
inline constexpr size_t kRecordBytesMax = size_t{256} << 20;
// What a producer publishes at the latest, so that the consumer starts before a long batch ends.
inline constexpr size_t kRingPublishBytes = 16 * 1024;

}  // namespace ferrosa

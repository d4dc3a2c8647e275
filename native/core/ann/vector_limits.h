// native/core/ann/vector_limits.h: the bounds of vector indexes.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ferrosa {

// Neighbours of a vector in a graph, at most (twice as many in the lowest layer).
inline constexpr uint32_t kVectorConnectionsMax = 128;
// Lists of an inverted file, at most, and the floats of all their centres.
inline constexpr uint32_t kVectorListsMax = 4096;
inline constexpr size_t kVectorCentreFloatsMax = 8'000'000;
// One step of a search: comparisons, some 100 microseconds.
inline constexpr size_t kVectorSearchBudget = 4096;
// Searches of a shard under way: each needs 4 bytes for every vector of an index. More wait for their turn.
inline constexpr size_t kVectorSearchesMax = 4;

}  // namespace ferrosa

// native/core/ann/vector_math.h: what the graph of a vector index computes of two vectors. Vectors are padded with zeros to a whole number
// of kVectorLanes, so that no loop has a tail; the compiler makes vector instructions of them for the processor that runs them.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../bytes.h"

namespace ferrosa {

inline constexpr size_t kVectorLanes = 16;
inline constexpr size_t PaddedDimensions(size_t dimensions) {
  return (dimensions + kVectorLanes - 1) / kVectorLanes * kVectorLanes;
}

// n: a multiple of kVectorLanes.
float DotProduct(const float* a, const float* b, size_t n);
float SquaredDistance(const float* a, const float* b, size_t n);

// The floats of a serialized vector (big-endian), padded. False when the size is not that of the dimensions or a number is not finite.
bool UnpackVector(Slice value, size_t dimensions, float* out);
// Scales to length one. False for a vector without a direction: all zeros.
bool Normalize(float* vector, size_t n);

}  // namespace ferrosa

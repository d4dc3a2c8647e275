#include "vector_math.h"

#include <bit>
#include <cmath>

namespace ferrosa {

// One body a kind of processor, chosen when the addon is loaded. Sanitizers run before the choice can be made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define FERROSA_BY_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FERROSA_BY_PROCESSOR
#endif

FERROSA_BY_PROCESSOR float DotProduct(const float* a, const float* b, size_t n) {
  float sums[2][kVectorLanes] = {};
  size_t i = 0;
  for (; i + 2 * kVectorLanes <= n; i += 2 * kVectorLanes)
    for (size_t part = 0; part < 2; part++)
      for (size_t j = 0; j < kVectorLanes; j++)
        sums[part][j] += a[i + part * kVectorLanes + j] * b[i + part * kVectorLanes + j];
  for (; i < n; i += kVectorLanes)
    for (size_t j = 0; j < kVectorLanes; j++) sums[0][j] += a[i + j] * b[i + j];
  float sum = 0;
  for (size_t j = 0; j < kVectorLanes; j++) sum += sums[0][j] + sums[1][j];
  return sum;
}

FERROSA_BY_PROCESSOR float SquaredDistance(const float* a, const float* b, size_t n) {
  float sums[2][kVectorLanes] = {};
  size_t i = 0;
  for (; i + 2 * kVectorLanes <= n; i += 2 * kVectorLanes)
    for (size_t part = 0; part < 2; part++)
      for (size_t j = 0; j < kVectorLanes; j++) {
        const float d = a[i + part * kVectorLanes + j] - b[i + part * kVectorLanes + j];
        sums[part][j] += d * d;
      }
  for (; i < n; i += kVectorLanes)
    for (size_t j = 0; j < kVectorLanes; j++) {
      const float d = a[i + j] - b[i + j];
      sums[0][j] += d * d;
    }
  float sum = 0;
  for (size_t j = 0; j < kVectorLanes; j++) sum += sums[0][j] + sums[1][j];
  return sum;
}

bool UnpackVector(Slice value, size_t dimensions, float* out) {
  if (value.data == nullptr || value.size != dimensions * 4) return false;
  bool finite = true;
  for (size_t i = 0; i < dimensions; i++) {
    out[i] = std::bit_cast<float>(LoadBE<uint32_t>(value.data + i * 4));
    finite = finite && std::isfinite(out[i]);
  }
  for (size_t i = dimensions; i < PaddedDimensions(dimensions); i++) out[i] = 0;
  return finite;
}

bool Normalize(float* vector, size_t n) {
  // In double: the squares of the largest floats are no floats any more.
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += static_cast<double>(vector[i]) * vector[i];
  if (!(sum > 0)) return false;
  const double scale = 1 / std::sqrt(sum);
  for (size_t i = 0; i < n; i++) vector[i] = static_cast<float>(vector[i] * scale);
  return true;
}

}  // namespace ferrosa

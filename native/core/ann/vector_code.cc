#include "vector_code.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ferrosa {
namespace {

constexpr float kStepMax = 127;

#if defined(__x86_64__)

#define FERROSA_AVX2 __attribute__((target("avx2")))
#define FERROSA_VNNI __attribute__((target("avx512f,avx512bw,avx512vnni")))

FERROSA_AVX2 int32_t Avx2CodeProduct(const int8_t* a, const int8_t* b, size_t n, int32_t) {
  __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  for (size_t i = 0; i < n; i += 32)
    for (size_t half = 0; half < 2; half++) {
      const auto* x = reinterpret_cast<const __m128i*>(a + i + half * 16);
      const auto* y = reinterpret_cast<const __m128i*>(b + i + half * 16);
      const __m256i products = _mm256_madd_epi16(_mm256_cvtepi8_epi16(_mm_loadu_si128(x)), _mm256_cvtepi8_epi16(_mm_loadu_si128(y)));
      sums[half] = _mm256_add_epi32(sums[half], products);
    }
  const __m256i sum = _mm256_add_epi32(sums[0], sums[1]);
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1));
  return _mm_cvtsi128_si32(four);
}

// The instruction multiplies unsigned by signed bytes: a is moved up by 128, and 128 times the steps of b are taken off again.
FERROSA_VNNI int32_t VnniCodeProduct(const int8_t* a, const int8_t* b, size_t n, int32_t steps) {
  const __m512i up = _mm512_set1_epi8(static_cast<char>(0x80));
  __m512i even = _mm512_setzero_si512();
  __m512i odd = _mm512_setzero_si512();
  size_t i = 0;
  for (; i + 128 <= n; i += 128) {
    even = _mm512_dpbusd_epi32(even, _mm512_xor_si512(_mm512_loadu_si512(a + i), up), _mm512_loadu_si512(b + i));
    odd = _mm512_dpbusd_epi32(odd, _mm512_xor_si512(_mm512_loadu_si512(a + i + 64), up), _mm512_loadu_si512(b + i + 64));
  }
  if (i < n) even = _mm512_dpbusd_epi32(even, _mm512_xor_si512(_mm512_loadu_si512(a + i), up), _mm512_loadu_si512(b + i));
  alignas(64) int32_t lanes[16];
  _mm512_store_si512(lanes, _mm512_add_epi32(even, odd));
  int32_t sum = 0;
  for (const int32_t lane : lanes) sum += lane;
  return sum - 128 * steps;
}

#endif

}  // namespace

int32_t PortableCodeProduct(const int8_t* a, const int8_t* b, size_t n, int32_t) {
  int32_t sum = 0;
  for (size_t i = 0; i < n; i++) sum += static_cast<int32_t>(a[i]) * b[i];
  return sum;
}

CodeProduct BestCodeProduct() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw")) return VnniCodeProduct;
  if (__builtin_cpu_supports("avx2")) return Avx2CodeProduct;
#endif
  return PortableCodeProduct;
}

void EncodeVector(const float* vector, size_t dimensions, int8_t* record) {
  const size_t padded = PaddedCode(dimensions);
  const auto [least, greatest] = std::minmax_element(vector, vector + dimensions);
  // Halves: the difference of the largest floats is no float.
  const float middle = *least / 2 + *greatest / 2;
  const float reach = *greatest / 2 - *least / 2;
  CodeTail tail{middle, reach / kStepMax, 0, 0, 0};
  double sum = 0;
  double square = 0;
  for (size_t i = 0; i < dimensions; i++) {
    const float step = tail.scale > 0 ? std::nearbyint((vector[i] - middle) / tail.scale) : 0;
    record[i] = static_cast<int8_t>(std::clamp(step, -kStepMax, kStepMax));
    tail.steps += record[i];
    const double element = static_cast<double>(middle) + static_cast<double>(tail.scale) * record[i];
    sum += element;
    square += element * element;
  }
  tail.sum = static_cast<float>(sum);
  tail.square = static_cast<float>(square);
  std::memset(record + dimensions, 0, CodeRecordBytes(dimensions) - dimensions);
  std::memcpy(record + padded, &tail, sizeof tail);
}

}  // namespace ferrosa

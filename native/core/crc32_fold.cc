#include "crc32_fold.h"

#include "status.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ferrosa {

#if defined(__x86_64__)

namespace {

#define FERROSA_FOLDS __attribute__((target("pclmul,sse4.1")))

// Remainders of powers of x modulo the polynomial, bit-reflected: x^(distance of the fold +- 32). Barrett's constants in kBarrett.
const uint64_t kFold64[2] = {0x0154442bd4, 0x01c6e41596};
const uint64_t kFold16[2] = {0x01751997d0, 0x00ccaa009e};
const uint64_t kFold8[2] = {0x0163cd6124, 0};
const uint64_t kBarrett[2] = {0x01db710641, 0x01f7011641};

FERROSA_FOLDS inline __m128i Load(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }

// Moves `x` forward by the distance of the constants and adds what lies there.
FERROSA_FOLDS inline __m128i Fold(__m128i x, __m128i constants, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(x, constants, 0x00);
  const __m128i high = _mm_clmulepi64_si128(x, constants, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

// 128 bits to the 32 of the register.
FERROSA_FOLDS inline uint32_t Reduce(__m128i x) {
  const __m128i mask = _mm_setr_epi32(-1, 0, -1, 0);
  __m128i t = _mm_clmulepi64_si128(x, Load(kFold16), 0x10);
  x = _mm_xor_si128(_mm_srli_si128(x, 8), t);
  t = _mm_srli_si128(x, 4);
  x = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(x, mask), Load(kFold8), 0x00), t);
  const __m128i barrett = Load(kBarrett);
  t = _mm_clmulepi64_si128(_mm_and_si128(x, mask), barrett, 0x10);
  t = _mm_clmulepi64_si128(_mm_and_si128(t, mask), barrett, 0x00);
  return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(x, t), 1));
}

}  // namespace

bool CanFoldCrc32() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}

FERROSA_FOLDS uint32_t FoldCrc32(uint32_t crc, const uint8_t* p, size_t n) {
  DB_ASSERT(n >= kCrcFoldBytesMin && n % kCrcFoldBlock == 0);
  __m128i a = _mm_xor_si128(Load(p), _mm_cvtsi32_si128(static_cast<int>(crc)));
  __m128i b = Load(p + 16);
  __m128i c = Load(p + 32);
  __m128i d = Load(p + 48);
  const __m128i by64 = Load(kFold64);
  for (p += 64, n -= 64; n >= 64; p += 64, n -= 64) {
    a = Fold(a, by64, Load(p));
    b = Fold(b, by64, Load(p + 16));
    c = Fold(c, by64, Load(p + 32));
    d = Fold(d, by64, Load(p + 48));
  }
  const __m128i by16 = Load(kFold16);
  a = Fold(a, by16, b);
  a = Fold(a, by16, c);
  a = Fold(a, by16, d);
  for (; n >= 16; p += 16, n -= 16) a = Fold(a, by16, Load(p));
  return Reduce(a);
}

#else

bool CanFoldCrc32() { return false; }
uint32_t FoldCrc32(uint32_t crc, const uint8_t*, size_t) { return crc; }

#endif

}  // namespace ferrosa

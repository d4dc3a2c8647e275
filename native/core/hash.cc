#include "hash.h"

#include "crc32_fold.h"

namespace ferrosa {
namespace {

inline uint64_t Rotl(uint64_t v, int n) { return (v << n) | (v >> (64 - n)); }
inline uint64_t Mix(uint64_t k) {
  k ^= k >> 33;
  k *= 0xff51afd7ed558ccdULL;
  k ^= k >> 33;
  k *= 0xc4ceb9fe1a85ec53ULL;
  k ^= k >> 33;
  return k;
}
// Java's bytes are signed, and Cassandra's tail loop sign-extends them.
inline uint64_t Signed(uint8_t b) { return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int8_t>(b))); }

struct CrcTables {
  uint32_t t[8][256];
  CrcTables() {
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t c = i;
      for (int k = 0; k < 8; k++) c = (c & 1) ? 0xEDB88320u ^ (c >> 1) : c >> 1;
      t[0][i] = c;
    }
    for (int k = 1; k < 8; k++)
      for (uint32_t i = 0; i < 256; i++) t[k][i] = (t[k - 1][i] >> 8) ^ t[0][t[k - 1][i] & 0xff];
  }
};
const CrcTables kCrc;
const bool kFolds = CanFoldCrc32();

}  // namespace

void Murmur3(Slice key, uint64_t seed, uint64_t out[2]) {
  constexpr uint64_t c1 = 0x87c37b91114253d5ULL;
  constexpr uint64_t c2 = 0x4cf5ad432745937fULL;
  uint64_t h1 = seed;
  uint64_t h2 = seed;
  const size_t blocks = key.size / 16;
  for (size_t i = 0; i < blocks; i++) {
    uint64_t k1 = LoadLE<uint64_t>(key.data + i * 16);
    uint64_t k2 = LoadLE<uint64_t>(key.data + i * 16 + 8);
    k1 *= c1;
    k1 = Rotl(k1, 31);
    k1 *= c2;
    h1 ^= k1;
    h1 = Rotl(h1, 27) + h2;
    h1 = h1 * 5 + 0x52dce729;
    k2 *= c2;
    k2 = Rotl(k2, 33);
    k2 *= c1;
    h2 ^= k2;
    h2 = Rotl(h2, 31) + h1;
    h2 = h2 * 5 + 0x38495ab5;
  }
  const uint8_t* tail = key.data + blocks * 16;
  const size_t left = key.size & 15;
  uint64_t k1 = 0;
  uint64_t k2 = 0;
  for (size_t i = left; i > 8; i--) k2 ^= Signed(tail[i - 1]) << (8 * (i - 9));
  if (left > 8) {
    k2 *= c2;
    k2 = Rotl(k2, 33);
    k2 *= c1;
    h2 ^= k2;
  }
  for (size_t i = left < 8 ? left : 8; i > 0; i--) k1 ^= Signed(tail[i - 1]) << (8 * (i - 1));
  if (left > 0) {
    k1 *= c1;
    k1 = Rotl(k1, 31);
    k1 *= c2;
    h1 ^= k1;
  }
  h1 ^= key.size;
  h2 ^= key.size;
  h1 += h2;
  h2 += h1;
  h1 = Mix(h1);
  h2 = Mix(h2);
  h1 += h2;
  h2 += h1;
  out[0] = h1;
  out[1] = h2;
}

int64_t MurmurToken(Slice key) {
  if (key.size == 0) return INT64_MIN;
  uint64_t h[2];
  Murmur3(key, 0, h);
  const int64_t token = static_cast<int64_t>(h[0]);
  return token == INT64_MIN ? INT64_MAX : token;
}

uint32_t Crc32(uint32_t crc, Slice s) {
  const auto& t = kCrc.t;
  const uint8_t* p = s.data;
  size_t n = s.size;
  crc = ~crc;
  if (kFolds && n >= kCrcFoldBytesMin) {
    const size_t folded = n & ~(kCrcFoldBlock - 1);
    crc = FoldCrc32(crc, p, folded);
    p += folded;
    n -= folded;
  }
  while (n >= 8) {
    const uint32_t a = LoadLE<uint32_t>(p) ^ crc;
    const uint32_t b = LoadLE<uint32_t>(p + 4);
    crc = t[7][a & 0xff] ^ t[6][(a >> 8) & 0xff] ^ t[5][(a >> 16) & 0xff] ^ t[4][a >> 24] ^ t[3][b & 0xff] ^
          t[2][(b >> 8) & 0xff] ^ t[1][(b >> 16) & 0xff] ^ t[0][b >> 24];
    p += 8;
    n -= 8;
  }
  while (n-- > 0) crc = (crc >> 8) ^ t[0][(crc ^ *p++) & 0xff];
  return ~crc;
}

uint32_t Crc24(Slice s) {
  uint32_t crc = 0x875060;
  for (size_t i = 0; i < s.size; i++) {
    crc ^= static_cast<uint32_t>(s.data[i]) << 16;
    for (int j = 0; j < 8; j++) {
      crc <<= 1;
      if (crc & 0x1000000) crc ^= 0x1974F0B;
    }
  }
  return crc & 0xffffff;
}

}  // namespace ferrosa

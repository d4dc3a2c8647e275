// native/test/fuzz.h: damage for the tests that feed bad bytes.
#pragma once
#include <vector>

#include "core/bytes.h"
#include "test.h"

namespace ferrosa::test {

// Cuts, inserts, removes, repeats or changes bytes from `from` on; the result has its exact size, so that a read past its end is seen.
inline std::vector<uint8_t> Damaged(Prng& prng, const std::vector<uint8_t>& from_bytes, size_t from = 0) {
  std::vector<uint8_t> bytes = from_bytes;
  const uint8_t edges[] = {0, 1, 2, 0x7f, 0x80, 0xfe, 0xff};
  for (uint64_t edits = 1 + prng.Below(3); edits > 0 && bytes.size() > from; edits--) {
    const size_t at = from + prng.Below(bytes.size() - from);
    const size_t left = bytes.size() - at;
    const auto place = bytes.begin() + static_cast<long>(at);
    switch (prng.Below(8)) {
      case 0: bytes.resize(at); break;
      case 1: bytes.insert(place, static_cast<uint8_t>(prng.Next())); break;
      case 2: bytes.erase(place, place + static_cast<long>(1 + prng.Below(left < 8 ? left : 8))); break;
      case 3: bytes[at] = edges[prng.Below(7)]; break;
      case 4:
        for (size_t i = 0; i < left && i < 4; i++) bytes[at + i] = prng.Below(2) ? 0xff : 0x7f;
        break;
      case 5: bytes[at] = static_cast<uint8_t>(bytes[at] ^ (1u << prng.Below(8))); break;
      default: bytes[at] = static_cast<uint8_t>(prng.Next());
    }
  }
  return std::vector<uint8_t>(bytes);
}

}  // namespace ferrosa::test

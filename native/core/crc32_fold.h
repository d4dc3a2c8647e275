// native/core/crc32_fold.h: the middle of a CRC-32 by carry-less multiplication, 16 bytes a step, on processors that have it.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ferrosa {

// Least length for which folding pays, and its granularity.
inline constexpr size_t kCrcFoldBytesMin = 64;
inline constexpr size_t kCrcFoldBlock = 16;

// Whether this processor can fold.
bool CanFoldCrc32();

// The CRC register (not inverted) after `n` bytes.
// REQUIRES: CanFoldCrc32(), n >= kCrcFoldBytesMin, n a multiple of kCrcFoldBlock.
// Source: Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009, for the reflected
// polynomial 0xEDB88320.
uint32_t FoldCrc32(uint32_t crc, const uint8_t* p, size_t n);

}  // namespace ferrosa

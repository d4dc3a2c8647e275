// native/core/segment.h: the outer framing of protocol v5 (native_protocol_v5.spec section 2): segments with checksums.
#pragma once
#include <cstdint>

#include "bytes.h"

namespace ferrosa {

inline constexpr size_t kSegmentPayloadMax = 131071;  // 17 bits
inline constexpr size_t kSegmentTrailerBytes = 4;     // CRC-32 of the payload
inline constexpr size_t SegmentHeaderBytes(bool lz4) { return lz4 ? 8 : 6; }

// The CRC-32 of a segment's payload: over the four bytes FA 2D 55 CA and then the payload.
uint32_t SegmentCrc(Slice payload);

struct SegmentHeader {
  uint32_t payload_bytes = 0;       // as it travels
  uint32_t uncompressed_bytes = 0;  // LZ4 only; 0: the payload is not compressed
  bool self_contained = false;
  uint32_t crc = 0;       // as read
  uint32_t computed = 0;  // over the header's bytes
};
// `p` has SegmentHeaderBytes(lz4). False when crc and computed differ.
bool LoadSegmentHeader(const uint8_t* p, bool lz4, SegmentHeader* out);
// Writes header.payload_bytes, uncompressed_bytes and self_contained with their CRC.
void StoreSegmentHeader(uint8_t* p, bool lz4, const SegmentHeader& header);

// Bytes of `envelopes` (whole envelopes end to end) once they are in segments. At least 1 envelope.
size_t SealedBytes(Slice envelopes, bool lz4);
// Puts the envelopes into segments, uncompressed (in the LZ4 framing: marked as such); `to` has SealedBytes. Envelopes share a segment
// until it is full; one that is longer than a segment has segments of its own that are not self-contained.
void Seal(Slice envelopes, bool lz4, uint8_t* to);

}  // namespace ferrosa

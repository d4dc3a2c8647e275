#include "segment.h"

#include <algorithm>

#include "hash.h"

namespace ferrosa {
namespace {

constexpr size_t kEnvelopeHeader = 9;

// Bytes of the envelope at `at`; the rest when its header is cut or its length nonsense (ours never are).
size_t EnvelopeAt(Slice envelopes, size_t at) {
  const size_t left = envelopes.size - at;
  if (left < kEnvelopeHeader) return left;
  const size_t bytes = kEnvelopeHeader + LoadBE<uint32_t>(envelopes.data + at + 5);
  return std::min(bytes, left);
}

// Calls visit(from, bytes, self_contained) for each segment.
template <typename Visit>
void ForEachSegment(Slice envelopes, Visit visit) {
  size_t at = 0;
  while (at < envelopes.size) {
    size_t bytes = EnvelopeAt(envelopes, at);
    if (bytes > kSegmentPayloadMax) {
      const size_t end = at + bytes;
      while (at < end) {
        const size_t n = std::min(kSegmentPayloadMax, end - at);
        visit(at, n, false);
        at += n;
      }
      continue;
    }
    while (at + bytes < envelopes.size) {
      const size_t next = EnvelopeAt(envelopes, at + bytes);
      if (bytes + next > kSegmentPayloadMax) break;
      bytes += next;
    }
    visit(at, bytes, true);
    at += bytes;
  }
}

}  // namespace

uint32_t SegmentCrc(Slice payload) {
  static const uint8_t kInitial[4] = {0xfa, 0x2d, 0x55, 0xca};
  static const uint32_t start = Crc32(0, Slice(kInitial, 4));
  return Crc32(start, payload);
}

bool LoadSegmentHeader(const uint8_t* p, bool lz4, SegmentHeader* out) {
  const size_t fields = lz4 ? 5 : 3;
  uint64_t bits = 0;
  for (size_t i = 0; i < fields; i++) bits |= static_cast<uint64_t>(p[i]) << (8 * i);
  out->payload_bytes = static_cast<uint32_t>(bits & 0x1ffff);
  out->uncompressed_bytes = lz4 ? static_cast<uint32_t>(bits >> 17 & 0x1ffff) : 0;
  out->self_contained = bits >> (lz4 ? 34 : 17) & 1;
  out->crc = static_cast<uint32_t>(p[fields]) | static_cast<uint32_t>(p[fields + 1]) << 8 |
             static_cast<uint32_t>(p[fields + 2]) << 16;
  out->computed = Crc24(Slice(p, fields));
  return out->crc == out->computed;
}

void StoreSegmentHeader(uint8_t* p, bool lz4, const SegmentHeader& header) {
  const size_t fields = lz4 ? 5 : 3;
  uint64_t bits = header.payload_bytes;
  if (lz4) bits |= static_cast<uint64_t>(header.uncompressed_bytes) << 17;
  if (header.self_contained) bits |= uint64_t{1} << (lz4 ? 34 : 17);
  for (size_t i = 0; i < fields; i++) p[i] = static_cast<uint8_t>(bits >> (8 * i));
  const uint32_t crc = Crc24(Slice(p, fields));
  for (size_t i = 0; i < 3; i++) p[fields + i] = static_cast<uint8_t>(crc >> (8 * i));
}

size_t SealedBytes(Slice envelopes, bool lz4) {
  size_t bytes = envelopes.size;
  ForEachSegment(envelopes, [&](size_t, size_t, bool) { bytes += SegmentHeaderBytes(lz4) + kSegmentTrailerBytes; });
  return bytes;
}

void Seal(Slice envelopes, bool lz4, uint8_t* to) {
  ForEachSegment(envelopes, [&](size_t from, size_t bytes, bool self_contained) {
    SegmentHeader header;
    header.payload_bytes = static_cast<uint32_t>(bytes);
    header.self_contained = self_contained;
    StoreSegmentHeader(to, lz4, header);
    to += SegmentHeaderBytes(lz4);
    std::memcpy(to, envelopes.data + from, bytes);
    StoreLE<uint32_t>(to + bytes, SegmentCrc(Slice(to, bytes)));
    to += bytes + kSegmentTrailerBytes;
  });
}

}  // namespace ferrosa

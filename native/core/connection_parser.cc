#include "connection_parser.h"

#include <algorithm>

namespace ferrosa {
namespace {

constexpr size_t kEnvelopeHeader = 9;
constexpr uint8_t kVersionMin = 3;
constexpr uint8_t kVersionMax = 5;

int64_t StreamOf(const uint8_t* header) { return static_cast<int16_t>(LoadBE<uint16_t>(header + 2)); }
int32_t LengthOf(const uint8_t* header) { return LoadBE<int32_t>(header + 5); }

}  // namespace

void ConnectionParser::Start(uint8_t version, Compression compression) {
  version_ = version;
  compression_ = compression;
  started_ = true;
}

void ConnectionParser::Fault(Sink* sink, FrameFault fault, int64_t a, int64_t b) {
  if (fault != FrameFault::kTooLong) broken_ = true;
  sink->OnFault(fault, a, b);
}

// Checks version and length. False: the stream is broken, or (too_long) the envelope must be skipped.
bool ConnectionParser::CheckHeader(const uint8_t* header, Sink* sink, bool* too_long) {
  const uint8_t version = header[0] & 0x7f;
  *too_long = false;
  if (header[0] & 0x80) {
    Fault(sink, FrameFault::kResponse, header[4], StreamOf(header));
    return false;
  }
  if (version_ != 0 && version != version_) {
    Fault(sink, FrameFault::kVersionMismatch, version, version_);
    return false;
  }
  const int32_t length = LengthOf(header);
  if (length < 0) {
    Fault(sink, FrameFault::kNegativeLength, length, StreamOf(header));
    return false;
  }
  version_ = version;
  if (static_cast<uint32_t>(length) > frame_bytes_max_) {
    *too_long = true;
    Fault(sink, FrameFault::kTooLong, length, StreamOf(header));
    return false;
  }
  return true;
}

size_t ConnectionParser::EnvelopeBytes(Slice bytes, Sink* sink) {
  // Headers of v1 and v2 are shorter: their version is known by the first byte.
  const uint8_t version = bytes.data[0] & 0x7f;
  if (version < kVersionMin || version > kVersionMax) {
    Fault(sink, FrameFault::kUnsupportedVersion, version, bytes.size > 1 ? bytes.data[1] : 0);
    return 0;
  }
  if (bytes.size < kEnvelopeHeader) return 0;
  bool too_long;
  if (CheckHeader(bytes.data, sink, &too_long)) {
    return kEnvelopeHeader + static_cast<size_t>(LengthOf(bytes.data));
  }
  if (too_long) skip_ = kEnvelopeHeader + static_cast<uint64_t>(LengthOf(bytes.data));
  return 0;
}

size_t ConnectionParser::UnitBytes(Slice bytes, Sink* sink) {
  if (!segments()) return EnvelopeBytes(bytes, sink);
  const bool lz4 = compression_ == Compression::kLz4;
  if (bytes.size < SegmentHeaderBytes(lz4)) return 0;
  SegmentHeader header;
  if (!LoadSegmentHeader(bytes.data, lz4, &header)) {
    Fault(sink, FrameFault::kHeaderCrc, header.crc, header.computed);
    return 0;
  }
  return SegmentHeaderBytes(lz4) + header.payload_bytes + kSegmentTrailerBytes;
}

void ConnectionParser::Dispatch(Slice envelope, Sink* sink) {
  if (!stopped_ && sink->OnEnvelope(envelope)) return;
  stopped_ = true;
  held_.insert(held_.end(), envelope.data, envelope.data + envelope.size);
}

void ConnectionParser::Resume(Sink* sink) {
  if (!stopped_) return;
  stopped_ = false;
  std::vector<uint8_t> held = std::move(held_);
  held_.clear();
  for (size_t at = 0; at < held.size();) {
    const size_t bytes = kEnvelopeHeader + static_cast<size_t>(LengthOf(held.data() + at));
    Dispatch(Slice(held.data() + at, bytes), sink);
    at += bytes;
  }
}

void ConnectionParser::OnUnit(Slice unit, Sink* sink) {
  if (!segments()) return Dispatch(unit, sink);
  const bool lz4 = compression_ == Compression::kLz4;
  SegmentHeader header;
  LoadSegmentHeader(unit.data, lz4, &header);
  const Slice payload(unit.data + SegmentHeaderBytes(lz4), header.payload_bytes);
  const uint32_t crc = LoadLE<uint32_t>(payload.data + payload.size);
  const uint32_t computed = SegmentCrc(payload);
  if (crc != computed) return Fault(sink, FrameFault::kPayloadCrc, crc, computed);
  if (header.uncompressed_bytes != 0) to_decompress_ = true;
  if (to_decompress_) {
    sink->OnSegment(payload, header.uncompressed_bytes, header.self_contained);
  } else {
    Payload(payload, header.self_contained, sink);
  }
}

// One segment's part of an envelope that spans segments.
void ConnectionParser::LargePart(Slice payload, Sink* sink) {
  if (skip_ > 0) {
    if (payload.size > skip_) return Fault(sink, FrameFault::kBadSegment, 0, 0);
    skip_ -= payload.size;
    return;
  }
  if (large_.empty()) {
    // The first part begins with the envelope's header (spec section 2.1).
    if (payload.size < kEnvelopeHeader) return Fault(sink, FrameFault::kBadSegment, 0, 0);
    const size_t bytes = EnvelopeBytes(payload, sink);
    if (broken_) return;
    if (skip_ > 0) return LargePart(payload, sink);
    large_.reserve(bytes);
  }
  large_.insert(large_.end(), payload.data, payload.data + payload.size);
  const size_t bytes = kEnvelopeHeader + static_cast<size_t>(LengthOf(large_.data()));
  if (large_.size() < bytes) return;
  if (large_.size() > bytes) return Fault(sink, FrameFault::kBadSegment, 0, 0);
  const std::vector<uint8_t> whole = std::move(large_);
  large_.clear();
  Dispatch(Slice(whole), sink);
}

void ConnectionParser::Payload(Slice payload, bool self_contained, Sink* sink) {
  if (broken_) return;
  if (!self_contained) return LargePart(payload, sink);
  if (!large_.empty() || skip_ > 0) return Fault(sink, FrameFault::kBadSegment, 0, 0);
  while (payload.size > 0) {
    const size_t bytes = EnvelopeBytes(payload, sink);
    if (broken_) return;
    const size_t step = skip_ > 0 ? static_cast<size_t>(skip_) : bytes;
    const bool skipped = skip_ > 0;
    skip_ = 0;
    if (step == 0 || step > payload.size) return Fault(sink, FrameFault::kBadSegment, 0, 0);
    if (!skipped) Dispatch(Slice(payload.data, step), sink);
    payload = Slice(payload.data + step, payload.size - step);
  }
}

void ConnectionParser::Data(Slice bytes, Sink* sink) {
  to_decompress_ = false;
  while (!broken_ && bytes.size > 0) {
    if (skip_ > 0 && !segments()) {
      const size_t n = static_cast<size_t>(std::min<uint64_t>(skip_, bytes.size));
      skip_ -= n;
      bytes = Slice(bytes.data + n, bytes.size - n);
      continue;
    }
    if (rest_.empty()) {
      const size_t unit = UnitBytes(bytes, sink);
      if (broken_) return;
      if (skip_ > 0 && !segments()) continue;
      if (unit == 0 || unit > bytes.size) {
        rest_.assign(bytes.data, bytes.data + bytes.size);
        if (unit > rest_.capacity()) rest_.reserve(unit);
        return;
      }
      OnUnit(Slice(bytes.data, unit), sink);
      bytes = Slice(bytes.data + unit, bytes.size - unit);
      continue;
    }
    // Only what completes the cut unit is copied; the rest is parsed in place.
    const size_t header = segments() ? SegmentHeaderBytes(compression_ == Compression::kLz4) : kEnvelopeHeader;
    const size_t have = rest_.size();
    size_t want = header;
    if (have >= header) {
      // Was checked when its header came: only the length is of interest here.
      SegmentHeader h;
      if (segments()) {
        LoadSegmentHeader(rest_.data(), compression_ == Compression::kLz4, &h);
        want = header + h.payload_bytes + kSegmentTrailerBytes;
      } else {
        want = header + static_cast<size_t>(LengthOf(rest_.data()));
      }
    }
    const size_t n = std::min(want - have, bytes.size);
    rest_.insert(rest_.end(), bytes.data, bytes.data + n);
    bytes = Slice(bytes.data + n, bytes.size - n);
    if (rest_.size() < want) return;
    if (have < header) {
      // The header is whole now: check it, and see whether the unit is (it is when it is nothing but a header).
      const size_t unit = UnitBytes(Slice(rest_), sink);
      if (broken_) return;
      if (skip_ > 0 && !segments()) {
        skip_ -= rest_.size();
        rest_.clear();
        continue;
      }
      if (unit > rest_.size()) {
        rest_.reserve(unit);
        continue;
      }
    }
    std::vector<uint8_t> unit = std::move(rest_);
    rest_.clear();
    OnUnit(Slice(unit), sink);
    if (rest_.empty()) {  // keep the memory for the next cut unit
      unit.clear();
      if (unit.capacity() <= 2 * kSegmentPayloadMax) rest_ = std::move(unit);
    }
  }
}

}  // namespace ferrosa

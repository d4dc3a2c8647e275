#include "connection_filter.h"

#include <algorithm>

namespace ferrosa {
namespace {

constexpr size_t kEnvelopeHeader = 9;

size_t EnvelopeSize(const uint8_t* header) {
  return kEnvelopeHeader + static_cast<size_t>(LoadBE<uint32_t>(header + 5));
}
void Append(std::vector<uint8_t>* to, Slice bytes) {
  if (bytes.size > 0) to->insert(to->end(), bytes.data, bytes.data + bytes.size);
}

}  // namespace

size_t ConnectionFilter::EnvelopeBytes(const uint8_t* header) const {
  // The direction bit and every other version make the byte another one.
  if (header[0] != version_ || LoadBE<int32_t>(header + 5) < 0) return 0;
  return EnvelopeSize(header);
}

size_t ConnectionFilter::UnitBytes(const uint8_t* header) {
  if (segments()) {
    SegmentHeader h;
    if (!LoadSegmentHeader(header, lz4(), &h)) return 0;
    return HeaderBytes() + h.payload_bytes + kSegmentTrailerBytes;
  }
  const size_t bytes = EnvelopeBytes(header);
  if (bytes > frame_bytes_max_) skip_ = bytes;
  return bytes;
}

// What was not taken so far, in segments again when the connection has them.
void ConnectionFilter::FlushLeft(std::vector<uint8_t>* left) {
  if (left_.empty()) return;
  if (segments()) {
    const size_t at = left->size();
    left->resize(at + SealedBytes(Slice(left_), lz4()));
    Seal(Slice(left_), lz4(), left->data() + at);
  } else {
    Append(left, Slice(left_));
  }
  left_.clear();
}

void ConnectionFilter::GiveUp(Slice bytes, std::vector<uint8_t>* left) {
  transparent_ = true;
  // Envelopes that wait behind a stop come before these bytes.
  Append(&left_, Slice(held_));
  held_.clear();
  stopped_ = false;
  FlushLeft(left);
  // The parts of an unfinished envelope, as parts again.
  for (size_t at = 0; at < large_.size();) {
    const size_t n = std::min(kSegmentPayloadMax, large_.size() - at);
    SegmentHeader header;
    header.payload_bytes = static_cast<uint32_t>(n);
    const size_t start = left->size();
    left->resize(start + HeaderBytes());
    StoreSegmentHeader(left->data() + start, lz4(), header);
    const Slice part(large_.data() + at, n);
    Append(left, part);
    left->resize(left->size() + kSegmentTrailerBytes);
    StoreLE<uint32_t>(left->data() + left->size() - kSegmentTrailerBytes, SegmentCrc(part));
    at += n;
  }
  large_.clear();
  Append(left, bytes);
}

void ConnectionFilter::Dispatch(Slice envelope, Sink* sink) {
  if (!stopped_) {
    switch (sink->OnEnvelope(envelope)) {
      case Taken::kTaken:
        return;
      case Taken::kLeft:
        return Append(&left_, envelope);
      case Taken::kStop:
        stopped_ = true;
    }
  }
  Append(&held_, envelope);
}

void ConnectionFilter::Resume(Sink* sink, std::vector<uint8_t>* left) {
  if (!stopped_) return;
  stopped_ = false;
  const std::vector<uint8_t> held = std::move(held_);
  held_.clear();
  for (size_t at = 0; at < held.size();) {
    const size_t bytes = EnvelopeSize(held.data() + at);
    Dispatch(Slice(held.data() + at, bytes), sink);
    at += bytes;
  }
  FlushLeft(left);
}

// One segment's part of an envelope that spans segments. False: it is not what it should be.
bool ConnectionFilter::OnPart(Slice payload, Sink* sink) {
  if (large_.empty()) {
    // The first part begins with the envelope's header (spec section 2.1).
    if (payload.size < kEnvelopeHeader) return false;
    const size_t bytes = EnvelopeBytes(payload.data);
    if (bytes == 0 || bytes > frame_bytes_max_) return false;
  }
  if (large_.size() + payload.size > EnvelopeSize(large_.empty() ? payload.data : large_.data())) return false;
  Append(&large_, payload);
  if (large_.size() < EnvelopeSize(large_.data())) return true;
  const std::vector<uint8_t> whole = std::move(large_);
  large_.clear();
  Dispatch(Slice(whole), sink);
  return true;
}

void ConnectionFilter::OnSegment(Slice unit, Sink* sink, std::vector<uint8_t>* left) {
  SegmentHeader header;
  LoadSegmentHeader(unit.data, lz4(), &header);
  const Slice payload(unit.data + HeaderBytes(), header.payload_bytes);
  if (LoadLE<uint32_t>(payload.data + payload.size) != SegmentCrc(payload)) return GiveUp(unit, left);
  if (header.uncompressed_bytes != 0) {
    // JavaScript decompresses it and offers its envelopes again one by one. Parts of one envelope must stay together.
    if (!header.self_contained) return GiveUp(unit, left);
    FlushLeft(left);
    return Append(left, unit);
  }
  if (!header.self_contained) {
    if (!OnPart(payload, sink)) GiveUp(unit, left);
    return;
  }
  if (!large_.empty()) return GiveUp(unit, left);
  // All envelopes are looked at before the first is taken: a bad segment goes on as a whole.
  for (size_t at = 0; at < payload.size;) {
    if (payload.size - at < kEnvelopeHeader) return GiveUp(unit, left);
    const size_t bytes = EnvelopeBytes(payload.data + at);
    if (bytes == 0 || bytes > payload.size - at) return GiveUp(unit, left);
    at += bytes;
  }
  for (size_t at = 0; at < payload.size;) {
    const size_t bytes = EnvelopeSize(payload.data + at);
    Dispatch(Slice(payload.data + at, bytes), sink);
    at += bytes;
  }
}

void ConnectionFilter::OnUnit(Slice unit, Sink* sink, std::vector<uint8_t>* left) {
  if (segments()) {
    OnSegment(unit, sink, left);
  } else {
    Dispatch(unit, sink);
  }
}

void ConnectionFilter::Data(Slice bytes, Sink* sink, std::vector<uint8_t>* left) {
  const size_t header = HeaderBytes();
  while (bytes.size > 0) {
    if (transparent_) return Append(left, bytes);
    if (skip_ > 0) {
      const size_t n = static_cast<size_t>(std::min<uint64_t>(skip_, bytes.size));
      FlushLeft(left);
      Append(left, Slice(bytes.data, n));
      skip_ -= n;
      bytes = Slice(bytes.data + n, bytes.size - n);
      continue;
    }
    if (rest_.empty()) {
      const size_t unit = bytes.size < header ? SIZE_MAX : UnitBytes(bytes.data);
      if (unit == 0) return GiveUp(bytes, left);
      if (skip_ > 0) continue;
      if (unit <= bytes.size) {
        OnUnit(Slice(bytes.data, unit), sink, left);
        bytes = Slice(bytes.data + unit, bytes.size - unit);
        continue;
      }
      // A version that has a shorter header must not wait for the rest of ours.
      if (!segments() && bytes.data[0] != version_) return GiveUp(bytes, left);
      Append(&rest_, bytes);
      break;
    }
    // Only what completes the cut unit is copied; what follows is parsed in place.
    const bool had_header = rest_.size() >= header;
    const size_t want = had_header ? UnitBytes(rest_.data()) : header;
    const size_t n = std::min(want - rest_.size(), bytes.size);
    Append(&rest_, Slice(bytes.data, n));
    bytes = Slice(bytes.data + n, bytes.size - n);
    if (rest_.size() < want) break;
    std::vector<uint8_t> unit = std::move(rest_);
    rest_.clear();
    if (!had_header) {
      const size_t whole = UnitBytes(unit.data());
      if (whole == 0) {
        GiveUp(Slice(unit), left);
        continue;
      }
      if (skip_ > 0) {
        FlushLeft(left);
        Append(left, Slice(unit));
        skip_ -= unit.size();
        continue;
      }
      if (whole > unit.size()) {
        rest_ = std::move(unit);
        continue;
      }
    }
    OnUnit(Slice(unit), sink, left);
    unit.clear();
    if (rest_.empty() && unit.capacity() <= 2 * kSegmentPayloadMax) rest_ = std::move(unit);  // its memory is used again
  }
  if (!transparent_) FlushLeft(left);
}

}  // namespace ferrosa

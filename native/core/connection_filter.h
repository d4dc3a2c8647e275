// native/core/connection_filter.h: takes requests of the hot path out of the bytes of one connection. What it does not take goes on
// unchanged in meaning to the decoder in JavaScript (src/protocol), which alone knows what is wrong with bad bytes: at the first byte
// that is not as it should be the filter becomes transparent for the rest of the connection.
#pragma once
#include <cstdint>
#include <vector>

#include "bytes.h"
#include "segment.h"

namespace ferrosa {

enum class Compression : uint8_t { kNone = 0, kLz4 = 1, kSnappy = 2 };

class ConnectionFilter {
 public:
  enum class Taken : uint8_t {
    kTaken,
    kLeft,  // it goes to JavaScript
    kStop,  // no room: it and the envelopes after it are kept until Resume; the caller pauses the socket, so that they are no more
            // than what was read
  };
  class Sink {
   public:
    // `envelope` is whole and lives for the call.
    virtual Taken OnEnvelope(Slice envelope) = 0;

   protected:
    ~Sink() = default;
  };

  // version: 3, 4 or 5, of every envelope; v5 comes in segments. frame_bytes_max: header and body of an envelope.
  ConnectionFilter(uint8_t version, Compression compression, uint32_t frame_bytes_max)
      : version_(version), compression_(compression), frame_bytes_max_(frame_bytes_max) {}

  // Bytes as they come from the socket, cut anywhere. What is not taken is appended to *left.
  void Data(Slice bytes, Sink* sink, std::vector<uint8_t>* left);
  // Goes on after a stop.
  void Resume(Sink* sink, std::vector<uint8_t>* left);
  bool stopped() const { return stopped_; }
  bool transparent() const { return transparent_; }
  bool segments() const { return version_ >= 5; }
  uint8_t version() const { return version_; }
  Compression compression() const { return compression_; }
  size_t buffered_bytes() const { return rest_.size() + held_.size() + large_.size(); }

 private:
  bool lz4() const { return compression_ == Compression::kLz4; }
  size_t HeaderBytes() const { return segments() ? SegmentHeaderBytes(lz4()) : 9; }
  // Bytes of the unit (envelope or segment) with this header; 0: becomes transparent.
  size_t UnitBytes(const uint8_t* header);
  // Bytes of the envelope; 0 when it is not one that may be here.
  size_t EnvelopeBytes(const uint8_t* header) const;
  void OnUnit(Slice unit, Sink* sink, std::vector<uint8_t>* left);
  void OnSegment(Slice unit, Sink* sink, std::vector<uint8_t>* left);
  bool OnPart(Slice payload, Sink* sink);
  void Dispatch(Slice envelope, Sink* sink);
  void GiveUp(Slice bytes, std::vector<uint8_t>* left);
  void FlushLeft(std::vector<uint8_t>* left);

  const uint8_t version_;
  const Compression compression_;
  const uint32_t frame_bytes_max_;
  bool transparent_ = false;
  bool stopped_ = false;
  uint64_t skip_ = 0;           // bytes of a too long envelope that still go on to JavaScript
  std::vector<uint8_t> rest_;   // a cut unit
  std::vector<uint8_t> held_;   // whole envelopes after a stop
  std::vector<uint8_t> large_;  // an envelope that spans segments
  std::vector<uint8_t> left_;   // envelopes not taken, not yet in segments
};

}  // namespace ferrosa

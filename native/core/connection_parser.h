// native/core/connection_parser.h: finds the envelopes in the bytes of one connection: bare (v3, v4, and v5 before STARTUP was
// answered) or in v5 segments. Bytes may be cut anywhere; what is whole is handed out in place.
#pragma once
#include <cstdint>
#include <vector>

#include "bytes.h"
#include "segment.h"

namespace ferrosa {

enum class Compression : uint8_t { kNone = 0, kLz4 = 1, kSnappy = 2 };

// What is wrong with a stream of bytes; the numbers are those of src/native/frontend.ts.
enum class FrameFault : uint8_t {
  kNone = 0,
  kHeaderCrc = 1,           // a: read, b: computed; the connection must be closed
  kPayloadCrc = 2,          // a: read, b: computed; the connection must be closed
  kUnsupportedVersion = 3,  // a: version; the connection must be closed
  kVersionMismatch = 4,     // a: version, b: the connection's; the connection must be closed
  kTooLong = 5,             // a: length of the body, b: stream; the envelope is skipped
  kNegativeLength = 6,      // a: length, b: stream; the connection must be closed
  kBadSegment = 7,          // an envelope that is cut at the end of a self-contained segment; the connection must be closed
  kResponse = 8,            // a: opcode; the direction bit says response; the connection must be closed
};

class ConnectionParser {
 public:
  // What a parse hands out. Bytes live until the call returns. Returning false stops the flow: this envelope and all after it are kept until
  // Resume; the caller pauses the socket, so that they are no more than what it had read.
  class Sink {
   public:
    virtual bool OnEnvelope(Slice envelope) = 0;
    // A compressed segment: decompress it and give it to Payload(). Segments after it in the same call come here too, compressed or
    // not (uncompressed_bytes 0), so that their order is kept.
    virtual void OnSegment(Slice payload, uint32_t uncompressed_bytes, bool self_contained) = 0;
    virtual void OnFault(FrameFault fault, int64_t a, int64_t b) = 0;

   protected:
    ~Sink() = default;
  };

  explicit ConnectionParser(uint32_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}
  // From the next byte on: this version only; v5 in segments.
  void Start(uint8_t version, Compression compression);
  void Data(Slice bytes, Sink* sink);
  // The payload of a segment that OnSegment gave, decompressed.
  void Payload(Slice payload, bool self_contained, Sink* sink);
  // Hands out what was kept after a stop.
  void Resume(Sink* sink);
  bool stopped() const { return stopped_; }
  bool broken() const { return broken_; }
  uint8_t version() const { return version_; }
  bool segments() const { return started_ && version_ >= 5; }
  Compression compression() const { return compression_; }
  // What waits for more bytes or for Resume.
  size_t buffered_bytes() const { return rest_.size() + held_.size() + large_.size(); }

 private:
  // Bytes of the unit (envelope or segment) at the head of `bytes`; 0 when not even that is known. May break the stream.
  size_t UnitBytes(Slice bytes, Sink* sink);
  size_t EnvelopeBytes(Slice bytes, Sink* sink);
  bool CheckHeader(const uint8_t* header, Sink* sink, bool* too_long);
  void OnUnit(Slice unit, Sink* sink);
  void LargePart(Slice payload, Sink* sink);
  void Dispatch(Slice envelope, Sink* sink);
  void Fault(Sink* sink, FrameFault fault, int64_t a, int64_t b);

  const uint32_t frame_bytes_max_;
  uint8_t version_ = 0;  // 0: not known yet
  bool started_ = false;
  Compression compression_ = Compression::kNone;
  bool broken_ = false;
  bool stopped_ = false;
  bool to_decompress_ = false;  // in this call a compressed segment was handed out
  uint64_t skip_ = 0;           // bytes of a too long envelope still to come: bare, or as parts in segments
  std::vector<uint8_t> rest_;   // a cut unit
  std::vector<uint8_t> held_;   // whole envelopes after a stop
  std::vector<uint8_t> large_;  // an envelope that spans segments
};

}  // namespace ferrosa

// native/core/vint.h: Cassandra's variable-length integers. The number of leading ones of the first byte is the number of bytes that follow it;
// the rest is the value, big-endian. Signed values are zigzag-encoded first. Source: VIntCoding.
#pragma once
#include <cstdint>

#include "bytes.h"

namespace ferrosa {

// False when the reader ends before the value does.
inline bool ReadUnsignedVint(Reader& r, uint64_t* out) {
  uint8_t first;
  if (!r.U8(&first)) return false;
  if (first < 0x80) {
    *out = first;
    return true;
  }
  const int extra = __builtin_clz(static_cast<uint32_t>(static_cast<uint8_t>(~first)) << 24 | 0x800000);
  Slice rest;
  if (!r.Bytes(static_cast<size_t>(extra), &rest)) return false;
  uint64_t v = extra >= 7 ? 0 : first & (0xffu >> extra);
  for (int i = 0; i < extra; i++) v = v << 8 | rest.data[i];
  *out = v;
  return true;
}

inline bool ReadVint(Reader& r, int64_t* out) {
  uint64_t v;
  if (!ReadUnsignedVint(r, &v)) return false;
  *out = static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
  return true;
}

// A vint of the length and that many bytes.
inline bool ReadVintBytes(Reader& r, Slice* out) {
  uint64_t n;
  return ReadUnsignedVint(r, &n) && n <= r.left() && r.Bytes(static_cast<size_t>(n), out);
}

// 1 to 9 bytes.
inline int UnsignedVintSize(uint64_t v) { return (639 - __builtin_clzll(v | 1) * 9) >> 6; }

inline void WriteUnsignedVint(Writer& w, uint64_t v) {
  const int size = UnsignedVintSize(v);
  const int extra = size - 1;
  if (extra == 8) {
    w.U8(0xff);
    w.BE(v);
    return;
  }
  w.U8(static_cast<uint8_t>(static_cast<uint8_t>(~(0xffu >> extra)) | static_cast<uint8_t>(v >> (8 * extra))));
  for (int i = extra - 1; i >= 0; i--) w.U8(static_cast<uint8_t>(v >> (8 * i)));
}

inline void WriteVint(Writer& w, int64_t v) {
  WriteUnsignedVint(w, static_cast<uint64_t>(v) << 1 ^ static_cast<uint64_t>(v >> 63));
}

inline void WriteVintBytes(Writer& w, Slice s) {
  WriteUnsignedVint(w, s.size);
  w.Bytes(s);
}

}  // namespace ferrosa

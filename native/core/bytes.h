// native/core/bytes.h: borrowed byte ranges and bounds-checked little-endian and big-endian access.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "status.h"

namespace ferrosa {

// A borrowed range. data == nullptr means null (absent); an empty value has data != nullptr and size 0.
struct Slice {
  const uint8_t* data = nullptr;
  size_t size = 0;
  Slice() = default;
  Slice(const uint8_t* d, size_t n) : data(d), size(n) {}
  explicit Slice(const std::string& s) : data(reinterpret_cast<const uint8_t*>(s.data())), size(s.size()) {}
  explicit Slice(const std::vector<uint8_t>& v) : data(v.data()), size(v.size()) {}
  bool is_null() const { return data == nullptr; }
  bool operator==(const Slice& o) const {
    return is_null() == o.is_null() && size == o.size && (size == 0 || std::memcmp(data, o.data, size) == 0);
  }
};

// Bytes as a value: not null when there are none.
inline Slice ValueOf(const std::vector<uint8_t>& bytes) {
  static constexpr uint8_t kNothing = 0;
  return Slice(bytes.empty() ? &kNothing : bytes.data(), bytes.size());
}

// Unsigned lexicographic order.
inline int Compare(Slice a, Slice b) {
  const size_t n = a.size < b.size ? a.size : b.size;
  const int c = n == 0 ? 0 : std::memcmp(a.data, b.data, n);
  if (c != 0) return c;
  return a.size < b.size ? -1 : (a.size > b.size ? 1 : 0);
}

template <typename T>
inline T LoadLE(const uint8_t* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <typename T>
inline void StoreLE(uint8_t* p, T v) {
  std::memcpy(p, &v, sizeof v);
}
inline uint16_t Swap(uint16_t v) { return __builtin_bswap16(v); }
inline uint32_t Swap(uint32_t v) { return __builtin_bswap32(v); }
inline uint64_t Swap(uint64_t v) { return __builtin_bswap64(v); }
inline int32_t Swap(int32_t v) { return static_cast<int32_t>(__builtin_bswap32(static_cast<uint32_t>(v))); }
inline int64_t Swap(int64_t v) { return static_cast<int64_t>(__builtin_bswap64(static_cast<uint64_t>(v))); }
template <typename T>
inline T LoadBE(const uint8_t* p) {
  return Swap(LoadLE<T>(p));
}
template <typename T>
inline void StoreBE(uint8_t* p, T v) {
  StoreLE(p, Swap(v));
}

// Reads from outside bytes; every getter returns false past the end and then leaves the reader unusable.
class Reader {
 public:
  explicit Reader(Slice s) : p_(s.data), end_(s.data + s.size) {}
  size_t left() const { return static_cast<size_t>(end_ - p_); }
  const uint8_t* position() const { return p_; }
  bool U8(uint8_t* v) { return Fixed(v); }
  bool U16(uint16_t* v) { return Fixed(v); }
  bool U32(uint32_t* v) { return Fixed(v); }
  bool U64(uint64_t* v) { return Fixed(v); }
  bool I64(int64_t* v) { return Fixed(v); }
  bool Bytes(size_t n, Slice* v) {
    if (left() < n) return false;
    *v = Slice(p_, n);
    p_ += n;
    return true;
  }
  // LEB128, at most 64 bits: our own formats only (Cassandra's vint is in vint.h).
  bool Var(uint64_t* v) {
    uint64_t r = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (p_ == end_) return false;
      const uint8_t b = *p_++;
      r |= static_cast<uint64_t>(b & 0x7f) << shift;
      if (!(b & 0x80)) {
        *v = r;
        return true;
      }
    }
    return false;
  }

 private:
  template <typename T>
  bool Fixed(T* v) {
    if (left() < sizeof(T)) return false;
    *v = LoadLE<T>(p_);
    p_ += sizeof(T);
    return true;
  }
  const uint8_t* p_;
  const uint8_t* end_;
};

// A growable output buffer.
class Writer {
 public:
  void U8(uint8_t v) { bytes.push_back(v); }
  template <typename T>
  void LE(T v) {
    const size_t at = bytes.size();
    bytes.resize(at + sizeof v);
    StoreLE(bytes.data() + at, v);
  }
  template <typename T>
  void BE(T v) {
    LE(Swap(v));
  }
  void Bytes(Slice s) { bytes.insert(bytes.end(), s.data, s.data + s.size); }
  void Var(uint64_t v) {
    while (v >= 0x80) {
      bytes.push_back(static_cast<uint8_t>(v) | 0x80);
      v >>= 7;
    }
    bytes.push_back(static_cast<uint8_t>(v));
  }
  size_t size() const { return bytes.size(); }
  std::vector<uint8_t> bytes;
};

}  // namespace ferrosa

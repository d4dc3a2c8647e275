#include "list_paths.h"

#include <chrono>
#include <random>

#include "bytes.h"
#include "server_clock.h"

namespace ferrosa {
namespace {

// 100-nanosecond steps from the start of the Gregorian calendar to 1970 (RFC 9562, section 5.1).
constexpr uint64_t kGregorianOffset = 122'192'928'000'000'000;

// Clock sequence and node: of this process, with the multicast bit that tells that the node is no hardware address.
std::array<uint8_t, 8> ClockAndNode() {
  std::random_device random;
  std::array<uint8_t, 8> bytes;
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  bytes[0] = (bytes[0] & 0x3f) | 0x80;
  bytes[2] |= 0x01;
  return bytes;
}

}  // namespace

ListPath NextListPath() {
  static const std::array<uint8_t, 8> clock_and_node = ClockAndNode();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const int64_t micros = NextServerMicros(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  const uint64_t time = static_cast<uint64_t>(micros) * 10 + kGregorianOffset;
  ListPath path;
  StoreBE(path.data(), static_cast<uint32_t>(time));
  StoreBE(path.data() + 4, static_cast<uint16_t>(time >> 32));
  StoreBE(path.data() + 6, static_cast<uint16_t>((time >> 48 & 0x0fff) | 0x1000));
  std::memcpy(path.data() + 8, clock_and_node.data(), 8);
  return path;
}

}  // namespace ferrosa

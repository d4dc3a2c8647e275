// native/core/status.h: the result of an operation that bytes from outside may make fail. No exceptions cross it.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

namespace ferrosa {

// Maps one to one onto the `code` of the FerrosaError that the binding throws (src/common/errors.ts).
enum class Code : uint8_t { kOk, kInvalid, kProtocol, kCorrupt, kOverloaded, kServer };

class [[nodiscard]] Status {
 public:
  Status() = default;
  static Status Ok() { return {}; }
  static Status Invalid(std::string m) { return {Code::kInvalid, std::move(m)}; }
  static Status Protocol(std::string m) { return {Code::kProtocol, std::move(m)}; }
  static Status Corrupt(std::string m) { return {Code::kCorrupt, std::move(m)}; }
  static Status Overloaded(std::string m) { return {Code::kOverloaded, std::move(m)}; }
  static Status Server(std::string m) { return {Code::kServer, std::move(m)}; }
  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}
  Code code_ = Code::kOk;
  std::string message_;
};

// An assertion that stays on in release builds: a bug of ours stops the process instead of spreading.
#define DB_ASSERT(condition)                                                                   \
  do {                                                                                         \
    if (__builtin_expect(!(condition), 0)) {                                                   \
      std::fprintf(stderr, "ferrosa: assertion failed: %s (%s:%d)\n", #condition, __FILE__, __LINE__); \
      std::abort();                                                                            \
    }                                                                                          \
  } while (0)

#define RETURN_IF_ERROR(expression)        \
  do {                                     \
    ::ferrosa::Status s_ = (expression);   \
    if (!s_.ok()) return s_;               \
  } while (0)

}  // namespace ferrosa

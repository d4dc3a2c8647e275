// native/test/test.h: the smallest frame for tests of native/core: TEST(name) registers, CHECK fails the process.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace ferrosa::test {

struct Case {
  const char* name;
  void (*run)();
};
std::vector<Case>& Cases();
struct Register {
  Register(const char* name, void (*run)()) { Cases().push_back({name, run}); }
};

// splitmix64: the same numbers for the same seed everywhere. Seed from DB_TEST_SEED, else fixed.
class Prng {
 public:
  explicit Prng(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t n) { return n == 0 ? 0 : Next() % n; }

 private:
  uint64_t state_;
};
uint64_t Seed();

}  // namespace ferrosa::test

#define TEST(name)                                                       \
  static void name();                                                    \
  static const ::ferrosa::test::Register register_##name(#name, &name);  \
  static void name()

#define CHECK(condition)                                                                       \
  do {                                                                                         \
    if (!(condition)) {                                                                        \
      std::fprintf(stderr, "check failed: %s (%s:%d)\n", #condition, __FILE__, __LINE__);      \
      std::exit(1);                                                                            \
    }                                                                                          \
  } while (0)
